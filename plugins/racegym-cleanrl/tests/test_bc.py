"""Cloning: a teacher that can be met is met, and what was learned drives and goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from racegym import load_scenario, make_vec
from racegym.errors import RacegymError, RunError, ScenarioError
from racegym.run import resume_training, run, train
from racegym_cleanrl import bc
from racegym_cleanrl.actions import Actions, policy_of
from racegym_cleanrl.agent import Agent
from racegym_cleanrl.bc import Args
from racegym_cleanrl.checkpoint import Checkpoint
from racegym_cleanrl.imitation import loss_of, off_by, rounded_log_prob
from racegym_cleanrl.networks import ONLY, Layout
from racegym_cleanrl.pairs import Pairs
from racegym_cleanrl.teacher import lesson, with_teacher

SIZE = spaces.Box(-1.0, 1.0, (3,), np.float32)


def quick(trainer: dict[str, Any], scenario: dict[str, Any]) -> dict[str, Any]:
    return {
        **scenario, "task": "train",
        "trainer": {"name": "bc", "hidden": [32], "device": "cpu", "num_envs": 4, **trainer},
    }  # fmt: skip


def learned(agent: Agent, seen: torch.Tensor, acted: torch.Tensor, kind: Any, **more: Any) -> None:
    """Let an agent learn from pairs of numbers until nothing gets better."""
    wanted = [p for n, p in agent.named_parameters() if not n.startswith(("critic", "value"))]
    optimizer = torch.optim.LBFGS(wanted, max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of(agent, {"numbers": seen}, acted, kind, **more)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]


def test_errors_are_told_in_halves_of_the_range_whatever_the_distribution() -> None:
    box = spaces.Box(np.array([-2.0, 0.0], np.float32), np.array([2.0, 1.0], np.float32))
    given = torch.tensor([[1.0, 0.75]])  # the middle is 0, 0.5: half of half the range away
    for distribution in ("gaussian", "beta"):
        actions = Actions.of(box, distribution)  # type: ignore[arg-type]
        policy = policy_of(actions, 4)
        for parameter in policy.parameters():
            torch.nn.init.zeros_(parameter)
        off = off_by(policy, policy(torch.zeros(1, 4)), actions.learned(given)).detach()
        np.testing.assert_allclose(off.abs(), [[0.5, 0.5]], atol=1e-6)


@pytest.mark.parametrize("kind", ["mse", "likelihood"])
def test_a_linear_teacher_is_recovered(kind: Any) -> None:
    torch.manual_seed(0)
    box = spaces.Box(np.array([-2.0, 0.0], np.float32), np.array([2.0, 1.0], np.float32))
    layout, actions = Layout.of(SIZE), Actions.of(box, "gaussian")
    agent = Agent(layout, actions, (), normalize=False)  # no layers between: linear
    seen = torch.rand(500, 3) * 2 - 1
    matrix, shift = torch.tensor([[0.2, -0.3, 0.1], [0.1, 0.05, -0.2]]), torch.tensor([0.1, 0.5])
    given = seen @ matrix.T + shift
    noise = 0.05 * torch.randn_like(given) if kind == "likelihood" else 0.0
    learned(agent, seen, actions.learned(given + noise), kind)
    with torch.no_grad():
        off = (agent({ONLY: seen}) - given).abs().max()
    assert off < (1e-4 if kind == "mse" else 2e-2)
    if kind == "likelihood":  # the deviation, too: in halves of each range
        expected = 0.05 / np.array([2.0, 0.5])
        np.testing.assert_allclose(agent.policy.logstd.exp().detach()[0], expected, rtol=0.1)


def test_choices_are_learned_by_their_cross_entropy() -> None:
    torch.manual_seed(0)
    agent = Agent(Layout.of(SIZE), Actions.of(spaces.Discrete(4), "gaussian"), (), normalize=False)
    seen = torch.rand(400, 3) * 2 - 1
    acted = (seen @ torch.randn(3, 4)).argmax(dim=1)
    expected = torch.nn.functional.cross_entropy(agent.head({"numbers": seen}), acted)
    assert float(loss_of(agent, {"numbers": seen}, acted, "mse").detach()) == pytest.approx(
        float(expected.detach()), rel=1e-5
    )
    learned(agent, seen, acted, "mse")
    with torch.no_grad():
        assert (agent({ONLY: seen}) == acted).float().mean() > 0.99


def test_a_gear_has_the_probability_that_a_drawn_number_is_rounded_to_it() -> None:
    half = torch.tensor([0.5 / 4.5])  # of -1 to 8
    goals = ((torch.arange(10.0) - 1.0) - 3.5)[:, None] / 4.5
    for mean, std in ((0.1, 0.3), (-1.0, 0.05), (0.95, 0.01)):
        found = rounded_log_prob(
            torch.full((10, 1), mean), torch.full((10, 1), std), goals, half
        ).exp()
        assert float(found.sum()) == pytest.approx(1.0, abs=1e-4)
        drawn = (mean + std * torch.randn(20_000)) * 4.5 + 3.5
        counts = torch.bincount((torch.floor(drawn + 0.5).clamp(-1, 8) + 1).long(), minlength=10)
        np.testing.assert_allclose(found[:, 0], counts / 20_000, atol=0.015)


def test_gears_are_learned_beside_the_pedals() -> None:
    torch.manual_seed(0)
    low, high = np.array([-1, 0, 0, -1], np.float32), np.array([1, 1, 1, 6], np.float32)
    actions = Actions.of(spaces.Box(low, high), "gaussian")
    agent = Agent(Layout.of(SIZE), actions, (), normalize=False)
    seen = torch.rand(400, 3) * 2 - 1
    gear = torch.floor(2.5 + 2.5 * seen[:, :1] + 0.5)
    given = torch.cat([0.5 * seen[:, 1:2], seen[:, 1:2].abs(), seen[:, 2:].abs(), gear], dim=1)
    learned(agent, seen, actions.learned(given), "mse", rounded=(3,))
    with torch.no_grad():
        found = agent({ONLY: seen})
    assert ((found[:, 3] + 0.5).floor() == gear[:, 0]).float().mean() > 0.95
    np.testing.assert_allclose(found[:, 0], given[:, 0], atol=1e-3)


def test_whole_blocks_are_held_out_and_nothing_is_in_both() -> None:
    data = Pairs(Actions.of(SIZE, "gaussian"), 0.2, seed=1)
    for n in (1000, 300):
        data.add({ONLY: np.zeros((n, 3), np.float32)}, np.zeros((n, 3), np.float32))
    rows, held = set(data.rows.tolist()), set(data.held.tolist())
    assert not rows & held and rows | held == set(range(1300))
    assert len(held) == pytest.approx(260, abs=30)
    neighbours = sum(k + 1 in held for k in held)
    assert neighbours > 0.9 * len(held)


def test_a_teacher_says_what_it_would_do_as_if_it_drove(learner: dict[str, Any]) -> None:
    """Where it drives alone, its labels are what was done, and the drive is its own."""
    scenario = with_teacher(load_scenario(learner), {"name": "raceline", "pace": 80})
    school = make_vec(scenario, 3, copy=False)
    had = lesson(school, 40, None, seed=5, beta=1.0, noise=0.0)
    school.close()
    assert had is not None
    driver = {"name": "raceline", "pace": 80}
    own = load_scenario({**learner, "cars": [{**learner["cars"][0], "driver": driver}]})
    driven = own.world(n_races=3)
    driven.reset(seeds=[5, 6, 7])
    envs = make_vec(load_scenario(learner), 3, copy=False)
    envs.reset(seed=5)
    for step in range(40):
        driven.step()
        envs.step(had.executed[step])
        np.testing.assert_array_equal(driven.view.state.x, envs.world.view.state.x)
    envs.close()
    driven.close()
    # What follows each other in a race does so here: whole blocks of it are held out.
    assert had.actions.tobytes() == had.executed.swapaxes(0, 1).reshape(-1, 2).tobytes()


def test_a_lesson_is_had_again_from_what_was_done(learner: dict[str, Any]) -> None:
    scenario = with_teacher(load_scenario(learner), "pure_pursuit")
    school = make_vec(scenario, 3, copy=False)

    def policy(told: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.tensor([[0.3, 0.8]]).expand(len(told[ONLY]), 2)

    first = lesson(school, 60, policy, seed=5, beta=0.3, noise=0.1)
    assert first is not None and first.apart > 0
    again = lesson(school, 60, None, seed=5, beta=1.0, noise=0.0, executed=first.executed)
    school.close()
    assert again is not None
    assert first.told[ONLY].tobytes() == again.told[ONLY].tobytes()
    assert first.actions.tobytes() == again.actions.tobytes()
    off = np.abs(first.executed.swapaxes(0, 1).reshape(-1, 2)[: len(first.actions)] - first.actions)
    assert (off > 0.01).any()  # the learner drove, and the teacher corrected


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    return dict(Checkpoint.read(folder / "checkpoints" / "last.safetensors").tensors)


def test_a_clone_of_a_run_that_is_resumed_ends_with_the_same_bits(
    tmp_path: Path, taught: Path, learner: dict[str, Any]
) -> None:
    given = {
        "demonstrations": [str(taught)], "teacher": "raceline", "teacher_steps": 80,
        "dagger_rounds": 2, "dagger_steps": 80, "steps": 4000, "batch_size": 64,
        "anneal_lr": False,
    }  # fmt: skip
    whole = train(quick(given, learner), runs_dir=tmp_path / "whole", plots=False)
    assert (whole.folder / "demonstrations.json").exists()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bc, "learn", _until(2500))
        begun = train(quick(given, learner), runs_dir=tmp_path / "half", plots=False)
    assert 0 < begun.training["steps"] < 4000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bc, "study", lambda *_: False)  # stopped in the very first lesson
        early = train(quick(given, learner), runs_dir=tmp_path / "early", plots=False)
    assert early.training["steps"] == 0
    one = tensors_of(whole.folder)
    assert "executed.1" in one
    for part in (begun, early):
        resume_training(part.folder, plots=False)
        other = tensors_of(part.folder)
        assert one.keys() == other.keys()
        assert not {n for n in one if one[n].numpy().tobytes() != other[n].numpy().tobytes()}


def _until(steps: int) -> Any:
    original = bc.learn

    class Watched:
        def __init__(self, progress: Any, learner: Any):
            self.progress, self.learner = progress, learner

        @property
        def stop_asked(self) -> bool:
            return bool(self.learner.steps >= steps)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.progress, name)

    return lambda learner, progress: original(learner, Watched(progress, learner))


@pytest.mark.parametrize(
    ("trainer", "kind", "message"),
    [
        ({}, ScenarioError, "nothing to learn from; write demonstrations"),
        ({"dagger_rounds": 1, "demonstrations": ["x"]}, ScenarioError, "teacher: raceline"),
        ({"teacher": "racline"}, RacegymError, "did you mean 'raceline'"),
        ({"teacher": {"pace": 3}}, ScenarioError, "write teacher: raceline"),
        ({"demonstrations": ["no-run"]}, RunError, "there is no run 'no-run'"),
    ],
)
def test_what_can_not_be_cloned_is_told_plainly(
    tmp_path: Path, learner: dict[str, Any], trainer: Any, kind: Any, message: str
) -> None:
    with pytest.raises(kind, match=message):
        train(quick({"steps": 100, **trainer}, learner), runs_dir=tmp_path, plots=False)


def test_one_that_has_nothing_more_to_learn_is_saved_and_judged(
    tmp_path: Path, taught: Path, learner: dict[str, Any]
) -> None:
    """Long before the first checkpoint of so many steps is due."""
    judged = {"episodes": 1, "every": 20, "scenario": {"time_limit": 1.0}}
    given = {"demonstrations": [str(taught)], "steps": 10**8, "patience": 2, "batch_size": 64}
    done = train(
        quick(given, {**learner, "training": {"evaluate": judged}}), runs_dir=tmp_path, plots=False
    )
    told = done.training
    assert done.state == "finished" and 0 < told["steps"] == told["total"] < 10**6
    assert "evaluation/return" in told["evaluation"]
    assert Checkpoint.read(done.checkpoint).head.steps == told["steps"]
    again = resume_training(done.folder, plots=False)  # there still is nothing more
    assert (again.state, again.training["steps"]) == ("finished", told["steps"])


def test_a_resume_with_other_settings_fits_or_says_what_does_not(
    tmp_path: Path, taught: Path, learner: dict[str, Any]
) -> None:
    given = {
        "demonstrations": [str(taught)], "steps": 400, "teacher": "raceline", "teacher_steps": 20,
        "dagger_rounds": 2, "dagger_steps": 40,
    }  # fmt: skip
    done = train(quick(given, learner), runs_dir=tmp_path, plots=False)
    for override, message in (
        ("observation=[state]", "other sensors"),
        ("trainer.hidden=[8]", "hidden differs"),
        ("trainer.num_envs=8", r"num_envs: 4"),
        ("trainer={name: bc, steps: 900, hidden: [32], num_envs: 4, demonstrations: [$]}", "teach"),
    ):
        wanted = [override.replace("$", str(taught))]
        if not override.startswith("trainer={"):
            wanted.append("trainer.steps=900")
        with pytest.raises(ScenarioError, match=message):
            resume_training(done.folder, wanted, plots=False)
    for steps, override in enumerate(("dagger_rounds=1", "dagger_rounds=0", "dagger_steps=80")):
        wanted = [f"trainer.{override}", f"trainer.steps={500 + 100 * steps}"]
        resumed = resume_training(done.folder, wanted, plots=False)
        assert resumed.training["steps"] == 500 + 100 * steps


def test_args_say_what_each_setting_is() -> None:
    assert all(field.description for field in Args.model_fields.values())


@pytest.mark.slow
def test_twenty_laps_of_a_scripted_driver_are_enough_to_drive(tmp_path: Path) -> None:
    """Recorded, cleaned, cloned; then three laps from the grid that nobody corrects.

    Each is begun somewhere else and a little askew: twenty equal laps teach nothing of how to
    come back to the line.
    """
    circuit = {
        "backend": "kart2d", "dt": 0.1, "seed": 3, "record": {"limit": False},
        "track": {"generate": {"seed": 7, "length": 300}},
    }  # fmt: skip
    kart = {"name": "agent", "vehicle": "rental_kart"}
    anywhere = {
        "kind": "random", "speed": 8.0, "speed_noise": 4.0, "lateral_noise": 2.0,
        "heading_noise": 0.2,
    }  # fmt: skip
    teacher = {"name": "raceline", "pace": 85}
    twenty = run(
        {
            **circuit, "name": "teacher", "task": "evaluate", "episodes": 20, "laps": 1,
            "start": anywhere, "cars": [{**kart, "driver": teacher}],
        },
        runs_dir=tmp_path, plots=False,
    )  # fmt: skip
    clone = train(
        {
            **circuit, "name": "clone", "task": "train", "laps": 0,
            "cars": [{**kart, "driver": "agent"}], "observation": ["state", "lookahead"],
            "trainer": {
                "name": "bc", "steps": 1_000_000, "demonstrations": [str(twenty.folder)],
                "complete_laps": False, "device": "cpu",
            },
        },
        runs_dir=tmp_path, plots=False,
    )  # fmt: skip
    driver = {"name": "cleanrl", "file": str(clone.checkpoint)}
    drive = run(
        {**circuit, "name": "drive", "laps": 3, "cars": [{**kart, "driver": driver}]},
        runs_dir=tmp_path, plots=False,
    )  # fmt: skip
    (row,) = drive.classification
    assert row["status"] == "finished" and row["off_track"] == 0
    assert row["best_lap"] < 1.1 * twenty.result["summary"]["best_lap"]
