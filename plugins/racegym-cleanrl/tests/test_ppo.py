"""PPO: its advantages against a closed form, its heads, and that a resume leaves no trace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector.utils import batch_space
from torch import nn

from racegym import load_scenario, make_vec
from racegym.errors import ScenarioError, TrainingError
from racegym.run import resume_training, run, train, verify
from racegym_cleanrl import ppo, rollouts
from racegym_cleanrl.actions import Actions, policy_of
from racegym_cleanrl.agent import Agent
from racegym_cleanrl.checkpoint import Checkpoint
from racegym_cleanrl.networks import Eye, Layout, Tanh, mlp, tensors_of
from racegym_cleanrl.ppo import Args, Learner, advantages, losses, rollout, update, value_loss
from racegym_cleanrl.ppo_checkpoint import restore
from racegym_cleanrl.rollouts import Minibatch, Rollout, minibatches
from racegym_cleanrl.tasks import Task

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
        begins=torch.zeros_like(rewards), valid=torch.ones_like(rewards, dtype=torch.bool),
        memory=torch.zeros(rewards.shape[1], 0),
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


def driven(mode: str, recurrent: str) -> Learner:
    """Return a learner after a rollout in which it did the best it knew."""
    ends = {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 2.0}}
    scenario = load_scenario({**SCENARIO, "task": "race", "trainer": None, "termination": ends})
    envs = make_vec(scenario, 4, autoreset_mode=mode)
    args = Args(
        num_envs=4, num_steps=100, hidden=(8,), device="cpu", normalize_observations=False,
        normalize_rewards=False, recurrent=recurrent, recurrent_size=8,
    )  # fmt: skip
    learner = Learner(args, Task(envs, 3))
    learner.agent.policy.sample = learner.agent.policy.best  # type: ignore[method-assign]
    learner.told = tensors_of(learner.task.start({}, 0))
    rollout(learner)
    envs.close()
    return learner


@pytest.mark.parametrize("recurrent", ["none", "lstm"])
def test_all_autoreset_modes_give_the_same_advantages(recurrent: str) -> None:
    found = []
    for mode in ("NextStep", "SameStep", "Disabled"):
        learner = driven(mode, recurrent)
        advantage = advantages(learner.buffer, 0.97, 0.9)
        races = []
        for race in range(4):
            valid = learner.buffer.valid[:, race]
            ended = learner.buffer.ended[valid, race].nonzero()[:, 0]
            whole = slice(0, int(ended[1]) + 1)  # two episodes, ended one way or the other
            races += [advantage[valid, race][whole], learner.buffer.values[valid, race][whole]]
        found.append(races)
        truncated = learner.buffer.ended - learner.buffer.terminated
        assert truncated.any() and learner.buffer.terminated.any()
    for one, *others in zip(*found, strict=True):
        for other in others:
            np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-5)


def test_an_agent_with_a_memory_judges_a_rollout_as_it_was_driven() -> None:
    learner = driven("NextStep", "gru")
    for share in shares_of(learner):
        assert share.begins is not None and share.memory is not None
        features = learner.agent.features_along(share.seen, share.memory, share.begins)
        logprob, _, value = learner.agent.judge(features[share.rows], share.actions)
        np.testing.assert_allclose(value.detach(), share.values, atol=1e-5)
        np.testing.assert_allclose(logprob.detach(), share.logprobs, atol=1e-5)


def shares_of(learner: Learner) -> list[Minibatch]:
    advantage = advantages(learner.buffer, 0.97, 0.9)
    whole_races = learner.agent.memory_size > 0
    count = learner.args.num_minibatches
    return list(
        minibatches(learner.buffer, advantage, count, whole_races=whole_races, equal=learner.equal)
    )


@pytest.mark.parametrize("recurrent", ["none", "gru"])
def test_minibatches_for_cuda_graphs_are_of_one_size(recurrent: str) -> None:
    learner = driven("NextStep", recurrent)
    steps = int(learner.buffer.valid.sum())
    assert steps < learner.batch and sum(len(x.values) for x in shares_of(learner)) == steps
    learner.args = learner.args.model_copy(update={"num_minibatches": 3})
    learner.equal = True
    sizes = {len(share.values) for share in shares_of(learner)}
    assert sizes == {100 if recurrent == "gru" else learner.batch // 3}


def test_losses_in_bfloat16_are_those_in_single_precision_to_its_digits() -> None:
    learner = driven("NextStep", "none")
    for share in shares_of(learner):
        one, _ = losses(learner.agent, share, learner.args)
        with torch.autocast("cpu", torch.bfloat16):
            other, _ = losses(learner.agent, share, learner.args)
        torch.testing.assert_close(other, one, rtol=2e-2, atol=2e-2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # within torch
@pytest.mark.parametrize("recurrent", ["none", "gru"])
def test_compiled_losses_are_the_losses(recurrent: str) -> None:
    learner = driven("NextStep", recurrent)
    compiled = torch.compile(losses, fullgraph=True)
    for share in shares_of(learner)[:2]:
        grads = []
        for function in (losses, compiled):
            learner.agent.zero_grad()
            function(learner.agent, share, learner.args)[0].backward()
            grads.append([p.grad.clone() for p in learner.agent.parameters() if p.grad is not None])
        torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activation", [Tanh, nn.ReLU])
def test_layers_with_a_gradient_written_out_are_those_of_autograd(activation: Any) -> None:
    torch.manual_seed(0)
    fused = mlp([5, 16, 8], activation)
    plain = nn.Sequential(*(nn.Tanh() if isinstance(x, Tanh) else x for x in fused))
    seen = torch.randn(32, 5, requires_grad=True)
    grads = []
    for net in (fused, plain):
        net(seen).square().sum().backward()
        grads.append([p.grad.clone() for p in [seen, *plain.parameters()] if p.grad is not None])
        for parameter in [seen, *plain.parameters()]:
            parameter.grad = None
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("recurrent", ["none", "gru"])
def test_an_agent_begins_with_the_same_bits_however_many_threads_there_are(recurrent: Any) -> None:
    layout = Layout.of(spaces.Box(-1.0, 1.0, (60,), np.float32))
    actions = Actions.of(spaces.Discrete(4), "gaussian")
    before, made = torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        made.append(Agent(layout, actions, (64, 64), normalize=True, recurrent=recurrent))
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    for one, other in zip(*(agent.parameters() for agent in made), strict=True):
        assert torch.equal(one, other)


def test_losses_that_are_not_finite_end_the_training_and_the_checkpoint_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def poisoned(value: Any, before: Any, returns: Any, args: Args) -> Any:
        calls.append(1)
        loss = value_loss(value, before, returns, args)
        return loss * torch.nan if len(calls) > 8 else loss

    monkeypatch.setattr(ppo, "value_loss", poisoned)
    with pytest.raises(TrainingError, match=r"losses/value_loss is nan after 3,072 steps"):
        train(SCENARIO, runs_dir=tmp_path, plots=False)
    (last,) = tmp_path.glob("loop/*/checkpoints/last.safetensors")
    kept = Checkpoint.read(last)
    assert kept.head.steps == 2048
    assert all(x.isfinite().all() for name, x in kept.tensors.items() if name.startswith("agent."))


def test_numbers_of_any_kind_stand_side_by_side() -> None:
    space = spaces.Dict(
        a=spaces.Box(-1.0, 1.0, (), np.float32), b=spaces.Box(-1.0, 1.0, (2, 2), np.float64),
        c=spaces.Box(0, 255, (3,), np.uint8),
    )  # fmt: skip
    eye = Eye(Layout.of(space))
    told = tensors_of(batch_space(space, 5).sample())
    eye.learn(told)
    seen = eye(told)["numbers"]
    assert seen.shape == (5, 8) and seen.dtype == torch.float32 and seen.isfinite().all()
    with pytest.raises(ScenarioError, match="observation is empty"):
        Layout.of(spaces.Box(-1.0, 1.0, (0,), np.float32))
    with pytest.raises(ScenarioError, match=r"the action space is Discrete\(3, start=5\)"):
        Actions.of(spaces.Discrete(3, start=5), "gaussian")


def trained(folder: Path, **settings: Any) -> Any:
    trainer = {**SCENARIO["trainer"], "steps": 64, "tensorboard": False, **settings}
    return train({**SCENARIO, "trainer": trainer}, runs_dir=folder, plots=False)


@pytest.mark.parametrize(
    ("action", "place"), [("steer_accel", "obs"), ("discrete", "obs"), ("discrete", "reward")]
)
def test_what_is_told_and_is_not_finite_is_named_with_its_environment(
    action: str, place: str
) -> None:
    scenario = load_scenario({**SCENARIO, "task": "race", "trainer": None, "action": action})
    envs = make_vec(scenario, 4)
    learner = Learner(Args(num_envs=4, num_steps=8, device="cpu"), Task(envs, 3))
    learner.told = tensors_of(learner.task.start({}, 0))
    step, calls = envs.step, []

    def odd(actions: Any) -> Any:
        told, rewards, *rest = step(actions)
        calls.append(1)
        if len(calls) == 5:
            (told if place == "obs" else rewards)[2] = np.inf
        return told, rewards, *rest

    envs.step = odd  # type: ignore[method-assign]
    named = {"obs": "observation 'observation'", "reward": "reward"}[place]
    after = {"obs": 20, "reward": 16}[place]
    with pytest.raises(TrainingError, match=f"the {named} of environment 2 .* after {after} steps"):
        rollout(learner)
    envs.close()


@pytest.mark.parametrize("recurrent", ["none", "gru"])
def test_a_rollout_may_be_nothing_but_resets_or_have_a_single_step(recurrent: str) -> None:
    learner = driven("NextStep", recurrent)
    learner.args = learner.args.model_copy(update={"target_kl": 0.5, "update_epochs": 1})
    before = {name: x.clone() for name, x in learner.agent.state_dict().items()}
    learner.buffer.valid[:] = False
    assert update(learner) == {}
    assert all(torch.equal(x, before[name]) for name, x in learner.agent.state_dict().items())
    learner.buffer.valid[3, 1] = True
    told = update(learner)
    assert np.isnan(told.pop("losses/explained_variance"))
    assert np.isfinite(list(told.values())).all()


def test_widths_that_make_no_network_are_refused(tmp_path: Path) -> None:
    for wrong in (0, -3, 10**9):
        with pytest.raises(ScenarioError, match=r"trainer\.hidden\[0\]"):
            trained(tmp_path, hidden=[wrong])
    assert trained(tmp_path, hidden=[], recurrent="gru").state == "finished"


def test_a_rollout_that_would_not_fit_is_refused_before_it_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollouts, "free_memory", lambda: 1_000_000)
    with pytest.raises(ScenarioError, match=r"take 3\.0 MB .*trainer\.num_steps: 339 or less"):
        trained(tmp_path, num_envs=16, num_steps=1024)
    with pytest.raises(ScenarioError, match=r"trainer\.num_envs: 169 or less"):
        trained(tmp_path, num_envs=8192, num_steps=32)


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


def test_what_a_policy_does_on_average_is_told_in_closed_form() -> None:
    torch.manual_seed(0)
    space = spaces.Box(np.array([-2.0, 0.0], np.float32), np.array([6.0, 1.0], np.float32))
    policy = policy_of(Actions.of(space, "gaussian"), 3)
    with torch.no_grad():
        policy.logstd.copy_(torch.tensor([[-0.5, 0.3]]))  # type: ignore[union-attr, operator]
        for head in ([[0.2, -0.7]], [[1.5, -3.0]], [[0.9, 8.0]]):
            many = torch.tensor(head).expand(200_000, -1)
            drawn = policy.scaled(policy.sample(many)).mean(dim=0)
            told = policy.scaled(policy.expected(torch.tensor(head)))[0]
            torch.testing.assert_close(told, drawn, rtol=0.01, atol=0.01)


PICTURES: dict[str, Any] = {
    "vision": {"name": "camera", "width": 40, "height": 36, "stack": 2},
    "telemetry": "telemetry",
}


@pytest.mark.parametrize(
    ("observation", "action", "settings"),
    [
        (PICTURES, "steer_accel", {}),
        ({"vision": PICTURES["vision"]}, "discrete", {"recurrent": "gru"}),
        (["state", {"name": "lookahead", "stack": 3}], "discrete", {"recurrent": "lstm"}),
        (["state"], "with_gear", {"distribution": "beta"}),
    ],
    ids=["hybrid", "pixels", "memory", "beta"],
)
def test_what_was_learned_drives_and_goes_on_whatever_the_network(
    observation: Any, action: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    vehicle = {"base": "rental_kart"} if action != "with_gear" else "gt3"
    scenario = {
        **SCENARIO, "observation": observation, "action": action,
        "cars": [{"name": "agent", "vehicle": vehicle, "driver": "agent"}],
        "trainer": {
            **SCENARIO["trainer"], "steps": 64, "num_envs": 4, "num_steps": 16,
            "update_epochs": 1, "recurrent_size": 8, "tensorboard": False, **settings,
        },
    }  # fmt: skip
    begun = train(scenario, runs_dir=tmp_path, plots=False)
    done = resume_training(begun.folder, ["trainer.steps=128"], plots=False)
    assert Checkpoint.read(done.checkpoint).head.steps == 128
    race = {
        **scenario, "task": "race", "time_limit": 0.5,
        "cars": [{
            "name": "Learned {n}", "count": 2, "vehicle": vehicle,
            "driver": {"name": "cleanrl", "file": str(done.checkpoint)},
        }],
    }  # fmt: skip
    raced = run(race, runs_dir=tmp_path)
    assert raced.state == "finished" and verify(raced.folder).difference is None


def tensors_in(folder: Path) -> dict[str, torch.Tensor]:
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
    one, other = tensors_in(whole.folder), tensors_in(begun.folder)
    assert one.keys() == other.keys()
    assert not {name for name in one if bits(one[name]) != bits(other[name])}
    assert any(name.startswith("envs.array.") for name in one)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="looks at Linux's maps of memory")
def test_a_resume_lets_go_of_the_file(tmp_path: Path) -> None:
    file = trained(tmp_path).checkpoint
    scenario = load_scenario(SCENARIO)
    assert scenario.trainer is not None
    args = Args.model_validate(dict(scenario.trainer.options))
    learner = Learner(args, Task.of_scenario(scenario, args.num_envs))
    restore(learner, file)
    assert str(file) not in Path("/proc/self/maps").read_text(encoding="utf-8")
    learner.task.envs.close()


def test_a_resume_with_another_network_or_from_weights_that_are_none_is_refused(
    tmp_path: Path,
) -> None:
    done = trained(tmp_path)
    for other, message in (
        ("trainer.hidden=[9]", r"with hidden: \[16\], and .* say \[9\]; write trainer\.hidden: "),
        ("action=discrete", "other actions"),
    ):
        with pytest.raises(ScenarioError, match=message):
            resume_training(done.folder, ["trainer.steps=128", other], plots=False)
    read = Checkpoint.read(done.checkpoint)
    for name in ("random.cpu", "episodes.scaled"):
        less = {what: values for what, values in read.tensors.items() if what != name}
        Checkpoint(read.head, less).write(done.checkpoint)
        with pytest.raises(ScenarioError, match=r"lacks .* from: KeyError: .*training\.init_from"):
            resume_training(done.folder, ["trainer.steps=128"], plots=False)
    weights = {**read.tensors, "agent.value_head.weight": torch.full((1, 16), torch.nan)}
    Checkpoint(read.head, weights).write(done.checkpoint)
    for begin in (
        lambda: resume_training(done.folder, ["trainer.steps=128"], plots=False),
        lambda: train(
            {**SCENARIO, "training": {"init_from": str(done.checkpoint)}},
            runs_dir=tmp_path, plots=False,
        ),
    ):  # fmt: skip
        with pytest.raises(ScenarioError, match="weights that are not finite"):
            begin()
