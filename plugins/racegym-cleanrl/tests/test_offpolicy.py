"""SAC, TD3 and DQN where the answer is known, and what they do when something is wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from pydantic import ValidationError

from racegym.errors import ScenarioError, TrainingError
from racegym.run import resume_training, train
from racegym_cleanrl import dqn, offpolicy, sac, td3
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.checkpoint import AGENT, Checkpoint
from racegym_cleanrl.critics import Critic, follow
from racegym_cleanrl.export import export
from racegym_cleanrl.networks import Layout, tensors_of
from racegym_cleanrl.offpolicy_checkpoint import checkpoint_of, restore
from racegym_cleanrl.policies import policy_network
from racegym_cleanrl.tasks import Task

NUMBER = spaces.Box(-1.0, 1.0, (1,), np.float32)
STEERING = spaces.Box(np.array([-3.0], np.float32), np.array([1.0], np.float32))
SEEN = spaces.Dict({"camera": spaces.Box(0, 255, (36, 36, 3), np.uint8), "speed": NUMBER})


class OneState(VectorEnv[Any, Any, Any]):
    """Always looks the same; an episode has ``length`` steps, and then resets in a step."""

    def __init__(
        self,
        action: spaces.Space[Any],
        reward: Callable[[Any], Any],
        *,
        observation: spaces.Space[Any] = NUMBER,
        length: int = 10**9,
        terminates: bool = False,
        n_envs: int = 4,
    ):
        self.num_envs, self.reward = n_envs, reward
        self.length, self.terminates = length, terminates
        self.single_observation_space, self.single_action_space = observation, action
        self.observation_space = batch_space(observation, n_envs)
        self.action_space = batch_space(action, n_envs)
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        self.age = np.zeros(n_envs, np.int64)
        self.observation_space.seed(0)
        self.told = self.observation_space.sample()

    def reset(self, *, seed: Any = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self.age[:] = 0
        return self.told, {}

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        assert all(self.single_action_space.contains(a) for a in actions)
        restarted = self.age == self.length
        self.age = np.where(restarted, 0, self.age + 1)
        reward = np.where(restarted, 0.0, self.reward(actions.reshape(self.num_envs)))
        ended = (self.age == self.length) & ~restarted
        return self.told, reward, ended & self.terminates, ended & (not self.terminates), {}


class Silent:
    """A progress that nobody looks at."""

    stop_asked = False

    def update(self, steps: int, total: int, **figures: float) -> None:
        self.figures = figures

    def checkpoint_due(self, steps: int) -> bool:
        return False


SMALL: dict[str, Any] = {
    "num_envs": 4, "learning_starts": 64, "batch_size": 32, "hidden": [16],
    "updates_per_step": 0.25, "device": "cpu", "log_every": 400, "gamma": 0.5,
}  # fmt: skip


def learned(module: Any, env: OneState, **settings: Any) -> Any:
    torch.set_num_threads(1)
    args = module.Args(**{**SMALL, "steps": 1000, **settings})
    learner = module.Learner(args, Task(env, seed=1))
    module.learn(learner, Silent())
    return learner


QUICK_SAC = {"q_lr": 1e-2, "policy_lr": 1e-2, "tau": 0.1, "autotune": False, "alpha": 0.5}
QUICK_TD3 = {"learning_rate": 1e-2, "tau": 0.1, "policy_frequency": 1}
QUICK_DQN = {"learning_rate": 1e-2, "target_network_frequency": 10, "start_e": 1.0, "end_e": 0.5}


def judged(learner: Any, *actions: float) -> list[float]:
    """Return what actions are worth to the judges, in their mean."""
    told = tensors_of(learner.task.envs.told)
    with torch.no_grad():
        encoded = learner.agent.critic.encode(learner.agent.eye(told))[:1]
        values = [learner.agent.critic(encoded, torch.tensor([[a]])).mean() for a in actions]
    return [float(value) for value in values]


ENDINGS: list[tuple[dict[str, Any], bool]] = [  # and whether the future counts
    ({}, True),  # it goes on for ever
    ({"length": 1, "terminates": True}, False),  # each episode is one step and over
    ({"length": 1}, True),  # each is cut off after one step, and would have gone on
]


@pytest.mark.parametrize(("ending", "goes_on"), ENDINGS)
def test_td3_knows_what_one_state_is_worth(ending: Any, goes_on: bool) -> None:
    learner = learned(td3, OneState(STEERING, np.ones_like, **ending), n_step=3, **QUICK_TD3)
    worth = 1.0 / (1.0 - 0.5) if goes_on else 1.0
    assert judged(learner, -0.5, 0.5) == pytest.approx([worth, worth], abs=0.25)


@pytest.mark.parametrize(("sign", "best"), [(1.0, 1.0), (-1.0, -3.0)])
def test_td3_finds_the_best_action_at_the_end_of_the_box(sign: float, best: float) -> None:
    env = OneState(STEERING, lambda action: sign * action)
    learner = learned(td3, env, steps=600, **QUICK_TD3)
    with torch.no_grad():
        found = learner.agent(tensors_of(env.told))
    assert found.shape == (4, 1)
    assert found[0, 0] == pytest.approx(best, abs=0.1)


@pytest.mark.parametrize(("ending", "goes_on"), ENDINGS[1:])
def test_sac_knows_what_one_state_is_worth(ending: Any, goes_on: bool) -> None:
    learner = learned(sac, OneState(STEERING, np.ones_like, **ending), **QUICK_SAC)
    # The reward is the same whatever it does, so that the best policy is even over [-1, 1]: its
    # entropy is log 2, and each step after the first is worth 1 + alpha log 2.
    worth = 1.0 + (0.5 / 0.5 * (1.0 + 0.5 * log(2.0)) if goes_on else 0.0)
    assert judged(learner, -0.5, 0.5) == pytest.approx([worth, worth], abs=0.1)


def test_sac_adapts_alpha_until_the_entropy_is_the_one_wanted() -> None:
    env = OneState(STEERING, lambda action: 10.0 * action)
    quick = {**QUICK_SAC, "autotune": True, "target_entropy": -0.5, "q_lr": 3e-2}
    learner = learned(sac, env, steps=1200, **quick)
    told = tensors_of(env.told)
    with torch.no_grad():
        encoded = learner.agent.critic.encode(learner.agent.eye(told)).expand(4, -1)
        _, log_prob = learner.agent.actor.sample(encoded[:1].expand(4000, -1))
        assert learner.agent(told)[0, 0] > 0.0
    assert -log_prob.mean() == pytest.approx(-0.5, abs=0.3)


def test_the_density_of_sacs_actions_is_that_of_a_bent_normal_distribution() -> None:
    torch.manual_seed(0)
    actor = sac.Actor(Layout.of(NUMBER), 1, Actions("gaussian", (1,), (-1.0,), (1.0,)), [8])
    with torch.no_grad():
        encoded = torch.ones(200_000, 1)
        mean, logstd = (part[0, 0] for part in actor(encoded[:1]))
        drawn, log_prob = actor.sample(encoded)
        # By the change of variables: p(a) = N(atanh a) / (1 - a^2).
        normal = torch.distributions.Normal(mean.double(), logstd.double().exp())
        exact = drawn[:, 0].double()
        exact = normal.log_prob(exact.atanh()) - (1.0 - exact**2).log()  # type: ignore[no-untyped-call]
        inner = drawn[:, 0].abs() < 0.99  # beyond, float32's atanh has lost its digits
        torch.testing.assert_close(log_prob[inner].double(), exact[inner], atol=2e-3, rtol=1e-3)
        assert (1.0 / log_prob[drawn[:, 0].abs() < 0.2].exp()).sum() / 200_000 == pytest.approx(
            0.4, abs=0.02
        )  # the mean of 1/p over a part of the box is the size of that part


def test_dqn_knows_what_actions_are_worth() -> None:
    rewards = np.array([0.0, 1.0, 0.5])
    for settings in ({}, {"dueling": False, "double": False, "loss": "huber", "n_step": 1}):
        env = OneState(spaces.Discrete(3), lambda action: rewards[action])
        learner = learned(dqn, env, **{"n_step": 1, **QUICK_DQN, **settings})
        with torch.no_grad():
            told = tensors_of(env.told)
            values = learner.agent.values(learner.agent.eye(told))[0]
        # The best action for ever is worth 2; another first, and then the best: r + gamma 2.
        assert values.tolist() == pytest.approx([1.0, 2.0, 1.5], abs=0.05)
        assert learner.agent(told).tolist() == [1] * 4


def test_targets_are_those_of_the_papers() -> None:
    rewards, discounts = torch.tensor([1.0, 2.0]), torch.tensor([0.9, 0.0])
    judged = torch.tensor([[3.0, 5.0], [4.0, 1.0]])
    found = td3.twin_targets(rewards, discounts, judged)
    torch.testing.assert_close(found, torch.tensor([1.0 + 0.9 * 3.0, 2.0]))
    log_prob, alpha = torch.tensor([-1.0, 7.0]), torch.tensor(0.5)
    found = sac.soft_targets(rewards, discounts, judged, log_prob, alpha)
    torch.testing.assert_close(found, torch.tensor([1.0 + 0.9 * (3.0 + 0.5), 2.0]))
    found = dqn.targets(rewards, discounts, judged, None)
    torch.testing.assert_close(found, torch.tensor([1.0 + 0.9 * 5.0, 2.0]))
    found = dqn.targets(rewards, discounts, judged, torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    torch.testing.assert_close(found, torch.tensor([1.0 + 0.9 * 3.0, 2.0]))


def test_targets_follow_by_their_share() -> None:
    torch.manual_seed(0)
    one, other = (Critic(Layout.of(NUMBER), 1, [4], layer_norm=True) for _ in range(2))
    before = [p.clone() for p in other.parameters()]
    follow(other, one, 0.25)
    for now, was, aim in zip(other.parameters(), before, one.parameters(), strict=True):
        torch.testing.assert_close(now, 0.75 * was + 0.25 * aim)
    follow(other, one, 1.0)
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), one.parameters(), strict=True))


def test_noise_on_the_targets_is_cut_off() -> None:
    torch.manual_seed(0)
    found = td3.smoothed(torch.tensor([[0.0], [0.9]]).expand(2, 1000), 1.0, 0.5)
    assert found[0].min() == -0.5 and found[0].max() == 0.5
    assert found[1].min() == pytest.approx(0.4) and found[1].max() == 1.0


def test_epsilon_falls_and_stays() -> None:
    args = dqn.Args(steps=1000, exploration_fraction=0.5, start_e=1.0, end_e=0.2)
    assert [dqn.epsilon(args, n) for n in (0, 250, 500, 900)] == pytest.approx([1.0, 0.6, 0.2, 0.2])


@pytest.mark.parametrize(
    ("module", "action"), [(sac, STEERING), (td3, STEERING), (dqn, spaces.Discrete(3))]
)
def test_pictures_and_numbers_are_learned_from_together_and_in_bfloat16(
    module: Any, action: Any
) -> None:
    env = OneState(action, np.ones_like, observation=SEEN, length=7)
    learner = learned(module, env, steps=96, layer_norm=True, batch_size=8)
    before = [p.clone() for p in learner.agent.parameters()]
    learner.amp = True
    told = module.update(learner)
    assert all(torch.isfinite(value) for value in told.values())
    after = learner.agent.parameters()
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert learner.replay.columns["seen.camera"].dtype == torch.uint8
    if module is not dqn:  # the actor must not move the eyes that the critics look with
        learner.optimizers["critic"].param_groups[0]["lr"] = 0.0
        eyes, actor = ([p.clone() for p in net.parameters()] for net in parts(learner))
        learner.updates = 0
        module.update(learner)
        now_eyes, now_actor = ([*net.parameters()] for net in parts(learner))
        assert all(torch.equal(a, b) for a, b in zip(eyes, now_eyes, strict=True))
        assert any(not torch.equal(a, b) for a, b in zip(actor, now_actor, strict=True))


def parts(learner: Any) -> tuple[Any, Any]:
    return learner.agent.critic.encoder, learner.agent.actor


@pytest.mark.parametrize(
    ("module", "action"), [(sac, STEERING), (td3, STEERING), (dqn, spaces.Discrete(3))]
)
def test_copies_of_a_step_are_shifted_each_by_itself_and_share_their_target(
    module: Any, action: Any
) -> None:
    env = OneState(action, np.ones_like, observation=SEEN)
    settings = {"batch_size": 16, "image_copies": 2, "image_shift": 4}
    learner = learned(module, env, steps=72, **settings)
    batch = learner.drawn()
    for values in (*batch.seen.values(), batch.actions, batch.rewards, batch.discounts):
        assert len(values) == 32
    assert torch.equal(batch.actions[:16], batch.actions[16:])
    assert torch.equal(batch.seen["numbers"][:16], batch.seen["numbers"][16:])
    one, other = batch.seen["camera"][:16], batch.seen["camera"][16:]
    assert (one != other).flatten(1).any(dim=1).sum() > 12  # one of 81 is moved alike
    worth = learner.averaged(torch.arange(32.0))
    torch.testing.assert_close(worth, (torch.arange(16.0) + 8.0).repeat(2))
    assert learned(module, OneState(action, np.ones_like), steps=4, **settings).copies == 1


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.int16])
def test_numbers_of_any_type_are_learned_from(dtype: Any, normalize: bool) -> None:
    seen = spaces.Box(-9, 9, (2,), dtype)
    env = OneState(STEERING, np.ones_like, observation=seen)
    learner = learned(td3, env, steps=96, batch_size=8, normalize_observations=normalize)
    assert learner.agent(tensors_of(env.told)).dtype == torch.float32


def test_it_learns_as_often_as_it_is_told() -> None:
    learner = learned(td3, OneState(STEERING, np.ones_like), steps=464, updates_per_step=0.3)
    assert learner.updates == int(0.3 * (464 - 64))
    assert learned(td3, OneState(STEERING, np.ones_like), steps=64).updates == 0


def test_who_is_asked_to_stop_does_so_between_gradient_steps_and_makes_the_others_later() -> None:
    class Impatient(Silent):
        @property
        def stop_asked(self) -> bool:  # type: ignore[override]
            return len(made) >= 3

    made: list[int] = []
    args = td3.Args(**{**SMALL, "steps": 68, "updates_per_step": 10, "learning_starts": 64})
    learner = td3.Learner(args, Task(OneState(STEERING, np.ones_like), seed=1))

    def update() -> dict[str, torch.Tensor]:
        made.append(1)
        return td3.update(learner)

    offpolicy.learn(learner, Impatient(), partial(td3.rollout, learner), update)
    assert (learner.steps, learner.updates, learner.owed) == (68, 3, 37.0)
    td3.learn(learner, Silent())
    assert (learner.steps, learner.updates, learner.owed) == (68, 40, 0.0)


def test_a_training_that_can_learn_nothing_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "racegym.cleanrl"):
        learned(td3, OneState(STEERING, np.ones_like), steps=64)
        assert "nothing is learned in 64 steps, since it begins after 64" in caplog.text
        assert "trainer.learning_starts" in caplog.text
        caplog.clear()
        learned(td3, OneState(STEERING, np.ones_like), steps=68)
        assert not caplog.text


@pytest.mark.parametrize("module", [sac, td3, dqn])
@pytest.mark.parametrize("width", [0, -1, 10**9])
def test_layers_of_no_width_are_refused(module: Any, width: int) -> None:
    with pytest.raises(ValidationError, match=r"hidden\.1"):
        module.Args(hidden=[8, width])


def test_what_an_algorithm_cannot_choose_from_is_refused() -> None:
    for module in (sac, td3):
        with pytest.raises(ScenarioError, match="write action: steer_accel, or trainer: dqn"):
            learned(module, OneState(spaces.Discrete(3), np.ones_like))
    with pytest.raises(ScenarioError, match="write action: discrete, or trainer: sac"):
        learned(dqn, OneState(STEERING, np.ones_like))
    with pytest.raises(ScenarioError, match="its first action is 1, and here the first is 0"):
        learned(dqn, OneState(spaces.Discrete(3, start=1), np.ones_like))
    with pytest.raises(ScenarioError, match="amp is there for a GPU"):
        learned(sac, OneState(STEERING, np.ones_like), amp=True)
    env = OneState(STEERING, np.ones_like)
    env.metadata["autoreset_mode"] = AutoresetMode.SAME_STEP
    with pytest.raises(ScenarioError, match="SameStep, and the replay needs NextStep"):
        learned(sac, env)


def test_a_loss_that_is_no_number_ends_it_and_is_named() -> None:
    with pytest.raises(TrainingError, match=r"after \d+ steps losses/qf1_loss is (nan|inf)"):
        learned(td3, OneState(STEERING, lambda action: action.astype(float) * 1e60))


SCENARIO: dict[str, Any] = {
    "name": "loop",
    "task": "train",
    "seed": 3,
    "backend": "kart2d",
    "track": {"generate": {"seed": 7, "count": 3, "length": 300}},
    "draw_tracks": "pool",
    "laps": 0,
    "start": {"kind": "random", "speed": 8.0},
    "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
    "reward": {"progress": 0.1, "off_track": 5.0},
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 4.0}},
}
TRAINED: dict[str, Any] = {
    "steps": 800, "num_envs": 8, "learning_starts": 200, "batch_size": 16, "hidden": [8],
    "n_step": 2, "updates_per_step": 0.1, "device": "cpu", "log_every": 100, "save_replay": True,
    "buffer_size": 480, "tensorboard": False,
}  # fmt: skip
KINDS = [
    ("sac", "steer_accel", {}), ("td3", "steer_accel", {}),
    ("dqn", "discrete", {"start_e": 0.2, "end_e": 0.2, "target_network_frequency": 7}),
]  # fmt: skip


def scenario_of(name: str, action: str, more: Any) -> dict[str, Any]:
    return {**SCENARIO, "action": action, "trainer": {"name": name, **TRAINED, **more}}


def tensors_in(folder: Path) -> dict[str, torch.Tensor]:
    return dict(Checkpoint.read(folder / "checkpoints" / "last.safetensors").tensors)


@pytest.mark.parametrize(("name", "action", "more"), KINDS)
def test_a_resumed_training_ends_with_the_same_bits(
    name: str, action: str, more: Any, tmp_path: Path
) -> None:
    torch.set_num_threads(1)
    given = scenario_of(name, action, more)
    whole = train(given, runs_dir=tmp_path / "whole", plots=False)
    half = {**given, "trainer": {**given["trainer"], "steps": 560}}
    begun = train(half, runs_dir=tmp_path / "half", plots=False)
    torch.manual_seed(99)
    resume_training(begun.folder, ["trainer.steps=800"], plots=False)
    one, other = tensors_in(whole.folder), tensors_in(begun.folder)
    assert one.keys() == other.keys()
    assert not {n for n in one if one[n].numpy().tobytes() != other[n].numpy().tobytes()}
    assert {n.partition(".")[0] for n in one} >= {"agent", "adam", "replay", "envs", "random"}


def test_a_resume_without_the_replay_fills_it_again_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torch.set_num_threads(1)
    begun = train(
        scenario_of("sac", "steer_accel", {"save_replay": False, "steps": 400}),
        runs_dir=tmp_path, plots=False,
    )  # fmt: skip
    file = begun.folder / "checkpoints" / "last.safetensors"
    before = Checkpoint.read(file)
    assert not any(name.startswith("replay.") for name in before.tensors)
    with caplog.at_level(logging.WARNING, "racegym.cleanrl"):
        resume_training(begun.folder, ["trainer.steps=800"], plots=False)
    assert "200 steps are driven to fill the replay" in caplog.text
    after = Checkpoint.read(file)
    assert after.head.state["learning_from"] == 600
    assert after.head.state["updates"] - before.head.state["updates"] == 20


def test_a_checkpoint_of_other_networks_is_refused(tmp_path: Path) -> None:
    begun = train(scenario_of("td3", "steer_accel", {"steps": 400}), runs_dir=tmp_path, plots=False)
    for override, said in (
        ("trainer.hidden=[9]", r"hidden: \[8\] and .* \[9\]; write trainer.hidden: \[8\]"),
        ("trainer.layer_norm=true", "; write trainer.layer_norm: false, or"),
        ("trainer.normalize_observations=false", "write trainer.normalize_observations: true"),
        ("observation=[state]", "other sensors"),
    ):
        with pytest.raises(ScenarioError, match=said):
            resume_training(begun.folder, ["trainer.steps=800", override], plots=False)


def test_a_training_begins_with_what_another_has_learned(tmp_path: Path) -> None:
    begun = train(scenario_of("sac", "steer_accel", {"steps": 400}), runs_dir=tmp_path, plots=False)
    given = scenario_of("sac", "steer_accel", {"steps": 8, "save_replay": False})
    other = {**given, "training": {"init_from": str(begun.folder)}, "seed": 9}
    after = train(other, runs_dir=tmp_path / "other", plots=False)
    one, two = tensors_in(begun.folder), tensors_in(after.folder)
    same = [n for n in one if n.startswith(("agent.actor", "target."))]
    assert same and all(torch.equal(one[n], two[n]) for n in same)
    assert Checkpoint.read(after.folder / "checkpoints" / "last.safetensors").head.steps == 8


def carried(module: Any, before: Any, file: Path, **settings: Any) -> Any:
    """Return another learner that goes on where one stands."""
    checkpoint_of(before).write(file)
    args = module.Args(**{**SMALL, "steps": 1000, **settings})
    after = module.Learner(args, Task(before.task.envs, seed=1))
    restore(after, Checkpoint.read(file), file)
    return after


@pytest.mark.parametrize(("module", "action"), [(td3, STEERING), (dqn, spaces.Discrete(3))])
def test_who_knows_something_does_not_drive_at_random_also_after_a_resume(
    module: Any, action: Any, tmp_path: Path
) -> None:
    before = learned(module, OneState(action, np.ones_like), steps=8, save_replay=True)
    assert module is dqn or carried(module, before, tmp_path / "a").drives_at_random
    before.knows_nothing = False  # as where it has begun from a checkpoint
    after = carried(module, before, tmp_path / "b")
    assert not after.drives_at_random
    if module is dqn:
        assert [after.epsilon, before.epsilon] == [after.args.end_e] * 2


def test_without_its_replay_one_that_has_learned_nothing_goes_on_at_random(tmp_path: Path) -> None:
    before = learned(td3, OneState(STEERING, np.ones_like), steps=48)
    after = carried(td3, before, tmp_path / "a")
    after.steps = 100
    assert after.learning_from == 48 + 64 and after.drives_at_random
    before = learned(td3, OneState(STEERING, np.ones_like), steps=80)
    assert before.updates and not carried(td3, before, tmp_path / "a").drives_at_random


def test_a_fixed_alpha_is_that_of_the_settings_whatever_a_checkpoint_had(tmp_path: Path) -> None:
    before = learned(sac, OneState(STEERING, np.ones_like), steps=80, alpha=0.5)
    fixed = carried(sac, before, tmp_path / "a", autotune=False, alpha=0.01)
    fixed.replay = before.replay
    fixed.shares = before.shares
    assert float(sac.update(fixed)["losses/alpha"]) == pytest.approx(0.01)
    goes_on = carried(sac, before, tmp_path / "a", alpha=0.01)
    assert float(goes_on.alpha) == float(before.alpha) != pytest.approx(0.5)


def test_weights_that_are_no_numbers_are_not_saved(tmp_path: Path) -> None:
    learner = learned(td3, OneState(STEERING, np.ones_like), steps=80)
    next(learner.agent.actor.parameters()).data[0, 0] = torch.nan
    with pytest.raises(TrainingError, match=r"after 80 steps agent\.actor\.body\.0\.weight is nan"):
        checkpoint_of(learner)


@pytest.mark.parametrize(
    ("state", "without", "said"),
    [
        ({}, None, "lacks what a resume goes on from: KeyError: 'updates'"),
        (None, "target_actor.mean.bias", 'Missing key.*"mean.bias"'),
        (None, "random.cpu", "lacks what a resume goes on from: KeyError: 'cpu'"),
    ],
)
def test_a_checkpoint_that_lacks_something_is_refused(
    state: Any, without: str | None, said: str, tmp_path: Path
) -> None:
    before = learned(td3, OneState(STEERING, np.ones_like), steps=80)
    made = checkpoint_of(before)
    head = made.head if state is None else made.head.model_copy(update={"state": state})
    tensors = {name: values for name, values in made.tensors.items() if name != without}
    with pytest.raises(ScenarioError, match=said):
        restore(before, Checkpoint(head, tensors), tmp_path / "a")


def test_nothing_of_a_checkpoint_stays_open_once_it_is_brought_back(tmp_path: Path) -> None:
    before = learned(sac, OneState(STEERING, np.ones_like), steps=80, save_replay=True)
    checkpoint_of(before).write(tmp_path / "a")
    begun = Checkpoint.read(tmp_path / "a")
    restore(before, begun, tmp_path / "a")
    held = [tensor for column in (before.agent, *before.others.values())
            for tensor in column.state_dict().values()]  # fmt: skip
    for optimizer in before.optimizers.values():
        held += [tensor for state in optimizer.state.values() for tensor in state.values()]
    mapped = {tensor.untyped_storage().data_ptr() for tensor in begun.tensors.values()}
    assert len(held) > 40
    assert mapped.isdisjoint(
        tensor.untyped_storage().data_ptr() for tensor in [*held, *before.replay.columns.values()]
    )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "action", "more"), KINDS)
def test_what_was_learned_drives_from_an_onnx_file(
    name: str, action: str, more: Any, tmp_path: Path
) -> None:
    import onnxruntime

    begun = train(scenario_of(name, action, {**more, "steps": 400}), runs_dir=tmp_path, plots=False)
    file = begun.folder / "checkpoints" / "last.safetensors"
    export(file, tmp_path / "policy.onnx")
    network = policy_network(Checkpoint.read(file, only=AGENT), file)
    session = onnxruntime.InferenceSession(str(tmp_path / "policy.onnx"))
    layout = Layout.from_plain(Checkpoint.read(file).head.network["layout"])
    told = {n: torch.randn(64, *shape) for n, shape in layout.shapes.items()}
    with torch.inference_mode():
        expected = network(told).numpy()
    (found,) = session.run(None, {n: values.numpy() for n, values in told.items()})
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("module", [sac, td3])
def test_pendulum_is_learned(module: Any) -> None:
    args = module.Args(
        steps=12_000, num_envs=4, updates_per_step=1.0, learning_starts=4000, gamma=0.98,
        hidden=(64, 64), device="cpu", **({} if module is sac else {"learning_rate": 1e-3}),
    )  # fmt: skip
    # One that swings up and stays there has -100 to -200, depending on where it begins.
    assert evaluated(module, "Pendulum-v1", args) > -250.0


@pytest.mark.slow
def test_cartpole_is_learned() -> None:
    args = dqn.Args(
        steps=60_000, num_envs=8, updates_per_step=0.25, learning_starts=1000, learning_rate=1e-3,
        target_network_frequency=200, hidden=(64, 64), device="cpu", exploration_fraction=0.2,
    )  # fmt: skip
    assert evaluated(dqn, "CartPole-v1", args) > 400.0


def evaluated(module: Any, name: str, args: Any, n_envs: int = 20) -> float:
    """Return the mean return of first episodes, driven with the best actions."""
    torch.set_num_threads(1)
    task = Task.of_gymnasium(name, args.num_envs, seed=1)
    learner = module.Learner(args, task)
    offpolicy_progress: Any = Silent()
    module.learn(learner, offpolicy_progress)
    task.envs.close()
    envs = Task.of_gymnasium(name, n_envs, seed=1).envs
    told, _ = envs.reset(seed=10_000)
    returns, is_over = np.zeros(n_envs), np.zeros(n_envs, np.bool_)
    while not is_over.all():
        with torch.inference_mode():
            actions = learner.agent(tensors_of(told)).numpy()
        told, rewards, terminated, truncated, _ = envs.step(actions)
        returns += rewards * ~is_over
        is_over |= terminated | truncated
    envs.close()
    return float(returns.mean())
