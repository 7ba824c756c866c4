"""From a clone to PPO: the policy holds still while the critic learns, and is held near after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from racegym import load_scenario
from racegym.errors import ScenarioError
from racegym.run import resume_training, train
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.agent import Agent
from racegym_cleanrl.checkpoint import Checkpoint
from racegym_cleanrl.networks import Layout
from racegym_cleanrl.ppo import PPO, Args
from racegym_cleanrl.ppo import Learner as PPOLearner
from racegym_cleanrl.warm_start import WarmStart, divergence

SIZE = spaces.Box(-1.0, 1.0, (3,), np.float32)
SMALL = {
    "name": "ppo", "num_envs": 8, "num_steps": 16, "num_minibatches": 2, "hidden": [32],
    "device": "cpu",
}  # fmt: skip


def agents(kind: str) -> tuple[Agent, Agent]:
    torch.manual_seed(1)
    space = spaces.Discrete(4) if kind == "discrete" else spaces.Box(-1.0, 1.0, (2,), np.float32)
    actions = Actions.of(space, "beta" if kind == "beta" else "gaussian")
    made = [Agent(Layout.of(SIZE), actions, (8,), normalize=False) for _ in range(2)]
    with torch.no_grad():
        for parameter in made[1].parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return made[0], made[1]


@pytest.mark.parametrize("kind", ["gaussian", "beta", "discrete"])
def test_the_divergence_is_the_mean_difference_of_log_probabilities(kind: str) -> None:
    one, other = agents(kind)
    seen = {"numbers": torch.randn(1, 3)}
    with torch.no_grad():
        head, of_other = one.head(seen), other.head(seen)
        found = divergence(one.policy, head, other.policy, of_other)
        many = head.expand(100_000, -1)
        drawn = one.policy.sample(many)
        before = one.policy.log_prob(many, drawn)
        after = other.policy.log_prob(of_other.expand(100_000, -1), drawn)
        assert float(found[0]) == pytest.approx(float((before - after).mean()), rel=0.05, abs=2e-3)
        assert float(divergence(one.policy, head, one.policy, head)[0]) == pytest.approx(
            0, abs=1e-6
        )


def test_its_weight_falls_to_nothing() -> None:
    args = Args(steps=1000, clone_kl=2.0, clone_kl_until=0.5, critic_warmup=3)
    warm = WarmStart(args, agents("gaussian")[0], batch=100, cloned=True)
    assert [warm.weight(steps) for steps in (0, 250, 500, 900)] == [2.0, 1.0, 0.0, 0.0]
    assert [warm.only_critic(steps) for steps in (100, 300, 400)] == [True, True, False]
    assert [warm.holds(steps) for steps in (300, 400, 500)] == [False, True, False]


def test_the_policy_begins_with_steps_as_small_as_if_the_critic_had_not_learned_alone() -> None:
    """Adam's steps are about as large as the learning rate, however long it has waited."""
    args = Args(steps=10_000, critic_warmup=150)
    agent, _ = agents("gaussian")
    warm = WarmStart(args, agent, batch=1, cloned=True)
    optimizer = torch.optim.Adam(agent.parameters(), lr=1e-3, eps=1e-5, fused=True)
    weights = agent.policy.mean.weight  # type: ignore[union-attr]
    before = weights.detach().clone()
    for steps in range(1, 161):
        seen = torch.randn(16, 3)
        loss = (agent.policy(agent.actor({"numbers": seen})) - 5.0).square().mean()
        loss = loss + agent.value_of({"numbers": seen}).square().mean()
        optimizer.zero_grad()
        loss.backward()
        warm.hold(agent, steps)
        optimizer.step()
        if steps == 150:
            torch.testing.assert_close(weights, before, rtol=0, atol=0)
    assert float((weights.detach() - before).abs().max()) < 1.1 * 10 * 1e-3


class Progress:
    """Keeps what is told, and what the agent was after each rollout."""

    def __init__(self, seen: list[dict[str, torch.Tensor]]):
        self.seen, self.figures = seen, list[dict[str, float]]()
        self.stop_asked, self.evaluation = False, dict[str, float]()

    def update(self, steps: int, total: int, **figures: float) -> None:
        self.figures.append(figures)
        agent = LEARNERS[-1].agent
        self.seen.append({name: x.clone() for name, x in agent.state_dict().items()})

    def checkpoint_due(self, steps: int) -> bool:
        return False


LEARNERS: list[PPOLearner] = []


def begun(
    clone: Path, learner: dict[str, Any], monkeypatch: pytest.MonkeyPatch, **given: Any
) -> Progress:
    original = PPOLearner.__init__

    def kept(self: PPOLearner, *args: Any, **more: Any) -> None:
        original(self, *args, **more)
        LEARNERS.append(self)

    monkeypatch.setattr(PPOLearner, "__init__", kept)
    scenario = {**learner, "task": "train", "trainer": {**SMALL, "steps": 512, **given}}
    loaded = load_scenario(scenario)
    assert loaded.trainer is not None
    progress = Progress([])
    PPO(loaded.trainer.options).begin_from(loaded, clone.parent, clone, progress)
    return progress


def test_only_the_critic_learns_at_first_and_the_normalisation_stays(
    clone: Path, learner: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = begun(
        clone, learner, monkeypatch, critic_warmup=2, clone_kl=1.0, clone_std=0.2,
        clone_kl_until=0.9,
    )  # fmt: skip
    assert len(told.seen) == 4
    warm = LEARNERS[-1].warm
    assert warm is not None
    start = warm.clone.state_dict()
    for name, values in start.items():
        same = [bool(torch.equal(values, seen[name])) for seen in told.seen]
        judges = name.startswith(("critic.", "value_head."))
        if name.startswith("eye."):
            assert all(same), name
        elif judges:
            assert not any(same), name
        elif name not in ("policy.middle", "policy.reach"):
            assert same[:2] == [True, True] and not same[2], name
    assert float(start["policy.logstd"].exp().mean()) == pytest.approx(0.2, rel=1e-5)
    assert ["losses/clone_kl" in figures for figures in told.figures] == [False, False, True, False]


def test_a_resume_while_only_the_critic_learns_leaves_no_trace(
    clone: Path, learner: dict[str, Any], tmp_path: Path
) -> None:
    def trained(steps: int) -> Path:
        trainer = {
            **SMALL, "steps": steps, "anneal_lr": False, "tensorboard": False,
            "critic_warmup": 2, "clone_kl": 1.0, "clone_kl_until": 1.0,
        }  # fmt: skip
        training = {"init_from": str(clone)}
        data = {**learner, "task": "train", "trainer": trainer, "training": training}
        return train(data, runs_dir=tmp_path / str(steps), plots=False).folder

    whole, begun = trained(512), trained(128)
    done = resume_training(begun, ["trainer.steps=512"], plots=False).folder
    one, other = (Checkpoint.read(f / "checkpoints" / "last.safetensors") for f in (whole, done))
    assert one.head == other.head and one.tensors.keys() == other.tensors.keys()
    for name, values in one.tensors.items():
        assert values.numpy().tobytes() == other.tensors[name].numpy().tobytes(), name


def test_the_normalisation_goes_on_where_that_is_asked_for(
    clone: Path, learner: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = begun(clone, learner, monkeypatch, keep_normalization=False, steps=128)
    warm = LEARNERS[-1].warm
    assert warm is not None
    name = "eye.normalizer.mean"
    assert not torch.equal(warm.clone.state_dict()[name], told.seen[0][name])


def test_a_policy_of_another_network_is_no_beginning(
    clone: Path, learner: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ScenarioError, match=r"write trainer\.hidden: \[32\]"):
        begun(clone, learner, monkeypatch, hidden=[16])
    with pytest.raises(ScenarioError, match="other sensors"):
        begun(clone, {**learner, "observation": ["state"]}, monkeypatch)
