"""PPO: its advantages against a closed form, its heads, and that a resume leaves no trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from racegym.run import resume_training, train
from racegym_cleanrl.actions import Actions, policy_of
from racegym_cleanrl.checkpoint import Checkpoint
from racegym_cleanrl.ppo import Rollout, advantages

SCENARIO: dict[str, Any] = {
    "name": "loop",
    "task": "train",
    "trainer": {
        "name": "ppo", "steps": 4096, "num_envs": 16, "num_steps": 64, "num_minibatches": 2,
        "update_epochs": 2, "hidden": [16], "device": "cpu", "anneal_lr": False,
    },
    "seed": 3,
    "backend": "kart2d",
    "track": {"generate": {"seed": 7, "count": 3, "length": 300}},
    "draw_tracks": "pool",
    "laps": 0,
    "start": {"kind": "random", "speed": 8.0},
    "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
    "reward": {"progress": 0.1, "off_track": 5.0},
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 4.0}},
}  # fmt: skip


def rollout_of(rewards: Any, values: Any, following: Any, terminated: Any, ended: Any) -> Rollout:
    parts = [torch.tensor(x, dtype=torch.float32) for x in (
        rewards, values, following, terminated, ended,
    )]  # fmt: skip
    rewards, values, following, terminated, ended = parts
    return Rollout(
        seen={}, actions=rewards, logprobs=rewards, rewards=rewards, values=values,
        next_values=following, terminated=terminated, ended=ended,
        valid=torch.ones_like(rewards, dtype=torch.bool),
    )  # fmt: skip


def test_advantages_are_discounted_sums_where_the_value_is_known_to_be_nothing() -> None:
    zero = np.zeros((4, 1))
    found = advantages(rollout_of([[1.0], [2.0], [3.0], [4.0]], zero, zero, zero, zero), 0.5, 1.0)
    expected = [1 + 0.5 * (2 + 0.5 * (3 + 0.5 * 4)), 2 + 0.5 * (3 + 0.5 * 4), 3 + 0.5 * 4, 4.0]
    np.testing.assert_allclose(found[:, 0], expected)


def test_an_episode_hands_nothing_to_the_next_and_a_truncated_one_keeps_its_future() -> None:
    zero, one = np.zeros((3, 2)), np.ones((3, 2))
    ended = np.array([[0, 0], [1, 1], [0, 0]])
    terminated = np.array([[0, 0], [1, 0], [0, 0]])
    found = advantages(rollout_of(one, zero, 10 * one, terminated, ended), 0.9, 0.5)
    # The second step: terminated, it is worth its reward; truncated, what would have followed.
    np.testing.assert_allclose(found[1], [1.0, 1.0 + 9.0])
    np.testing.assert_allclose(found[0], 10.0 + 0.45 * found[1])


@pytest.mark.parametrize("kind", ["gaussian", "beta"])
def test_a_density_sums_to_one_over_the_box(kind: Any) -> None:
    torch.manual_seed(0)
    space = spaces.Box(np.array([-2.0], np.float32), np.array([6.0], np.float32))
    policy = policy_of(Actions.of(space, kind), 3)
    head = policy(torch.randn(1, 3))
    at = torch.linspace(-8, 8, 4001) if kind == "gaussian" else torch.linspace(1e-4, 1, 4001)
    with torch.no_grad():
        density = policy.log_prob(head.expand(len(at), -1), at[:, None]).exp()
        assert torch.trapezoid(density, at) == pytest.approx(1.0, abs=2e-3)
        entropy = -torch.trapezoid(density * density.clamp_min(1e-30).log(), at)
        assert policy.entropy(head)[0] == pytest.approx(float(entropy), abs=5e-3)
        drawn = policy.scaled(policy.sample(head.expand(1000, -1)))
    assert space.low[0] <= drawn.min() < drawn.max() <= space.high[0]


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    return dict(Checkpoint.read(folder / "checkpoints" / "last.safetensors").tensors)


def bits(values: torch.Tensor) -> bytes:
    return values.numpy().tobytes()


def test_a_resumed_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    whole = train(SCENARIO, runs_dir=tmp_path / "whole", plots=False)
    half = {**SCENARIO, "trainer": {**SCENARIO["trainer"], "steps": 2048}}
    begun = train(half, runs_dir=tmp_path / "half", plots=False)
    torch.manual_seed(99)
    resume_training(begun.folder, ["trainer.steps=4096"], plots=False)
    one, other = tensors_of(whole.folder), tensors_of(begun.folder)
    assert one.keys() == other.keys()
    assert not {name for name in one if bits(one[name]) != bits(other[name])}
    assert any(name.startswith("envs.array.") for name in one)
