"""Figures reach TensorBoard and services under the names that core was told."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from racegym.errors import MissingLibraryError, RunError
from racegym_cleanrl.__main__ import main
from racegym_cleanrl.standard import learn_standard
from racegym_cleanrl.tracking import TENSORBOARD, TrackedOptions, boards_of

SMALL = {"steps": 512, "num_envs": 4, "num_steps": 32, "num_minibatches": 2, "update_epochs": 1}


@pytest.mark.parametrize("env", ["CartPole-v1", "Pendulum-v1"])
def test_an_algorithm_learns_on_somebody_elses_environment(env: str, tmp_path: Path) -> None:
    settings = {**SMALL, "recurrent": "gru" if env == "Pendulum-v1" else "none"}
    found = learn_standard("ppo", env, 3, settings, tmp_path, episodes=2, quiet=True)
    folder = tmp_path / f"ppo-{env}-3"
    assert found["steps"] == 512
    assert {p.name for p in folder.iterdir()} == {
        "figures.jsonl", "last.safetensors", "outcome.json", TENSORBOARD,
    }  # fmt: skip
    events = EventAccumulator(str(folder / TENSORBOARD)).Reload()
    told = events.Scalars("losses/value_loss")
    assert [event.step for event in told] == [128, 256, 384, 512]
    assert {"charts/SPS", "charts/learning_rate"} <= set(events.Tags()["scalars"])


def test_settings_from_the_command_line_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    told = [f"--set={name}={value}" for name, value in SMALL.items()]
    ends = ["--set=tensorboard=false", "--out", str(tmp_path), "--episodes=1"]
    done = CliRunner().invoke(main, ["ppo", "CartPole-v1", "--seed=5", *told, *ends])
    assert done.exit_code == 0 and "ppo on CartPole-v1, seed 5: return" in done.output
    a_file = next(tmp_path.rglob("*.json"))
    for wrong, message in (
        (["pp", "CartPole-v1"], "did you mean 'ppo'?"),
        (["ppo", "CartPole-v1", "--set", "gama=1"], "gamma"),
        (["ppo", "CartPole-v1", "--set", "gamma"], "NAME=VALUE"),
        (["ppo", "CartPool-v1", *ends], "CartPole"),
        (["bc", "CartPole-v1"], "no algorithm 'bc' for Gymnasium"),
        (["ppo", "CartPole-v1", "--seed=-3"], "-3 is not in the range"),
        (["ppo", "CartPole-v1", "--episodes=0"], "0 is not in the range"),
        (["ppo", "CartPole-v1", "--out", str(a_file)], "Not a directory"),
        (["ppo", "CartPole-v1", "--set=device=cuda"], "torch finds no GPU"),
    ):
        refused = CliRunner().invoke(main, wrong)
        assert refused.exit_code == 2 and message in refused.output
        assert "Traceback" not in refused.output


class _Service(ModuleType):
    """A stand-in for wandb, as nobody should be told of a test."""

    def __init__(self) -> None:
        super().__init__("wandb")
        self.told: list[tuple[str, Any]] = []

    def init(self, **about: Any) -> None:
        self.told.append(("init", about))

    def log(self, figures: dict[str, float], step: int) -> None:
        self.told.append(("log", (step, figures)))

    def finish(self) -> None:
        self.told.append(("finish", None))


class _Silent:
    stop_asked = False
    evaluation: Mapping[str, float] = {}

    def __init__(self) -> None:
        self.updates: list[tuple[int, dict[str, float]]] = []

    def update(self, steps: int, total: int, **figures: float) -> None:
        self.updates.append((steps, figures))
        if steps == 30:  # what an interruption had left to be judged
            self.evaluation = {"evaluation/completion": 0.5}

    def checkpoint_due(self, steps: int) -> bool:
        return True

    @contextmanager
    def checkpoint(self, name: str, *, resumable: bool = True) -> Iterator[Path]:
        yield Path(name)
        self.evaluation = {"evaluation/completion": 1.0}


def test_evaluations_are_told_at_the_steps_of_their_checkpoints(tmp_path: Path) -> None:
    args, core = TrackedOptions(), _Silent()
    with boards_of(args, tmp_path, core, {}) as progress:  # type: ignore[arg-type]
        progress.update(30, 90, loss=3.0)
        progress.update(60, 90, loss=2.0)
    with boards_of(args, tmp_path, core, {}) as progress:  # type: ignore[arg-type]
        if progress.checkpoint_due(90):  # a resume with nothing left to learn
            with progress.checkpoint("last"):
                pass
    events = EventAccumulator(str(tmp_path / TENSORBOARD)).Reload()
    told = [(e.step, e.value) for e in events.Scalars("evaluation/completion")]
    assert told == [(30, 0.5), (90, 1.0)]
    assert [e.step for e in events.Scalars("loss")] == [30, 60]


def test_a_service_that_can_not_begin_is_told_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = _Service()
    monkeypatch.setattr(service, "init", lambda **_: service.absent)
    monkeypatch.setitem(sys.modules, "wandb", service)
    args = TrackedOptions(track="wandb", tensorboard=False)
    with (
        pytest.raises(RunError, match=r"track: wandb can't begin: .*absent.* trainer\.track: "),
        boards_of(args, tmp_path, _Silent(), {}),  # type: ignore[arg-type]
    ):
        pass


def test_a_service_is_told_what_core_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, core = _Service(), _Silent()
    monkeypatch.setitem(sys.modules, "wandb", service)
    args = TrackedOptions(track="wandb", tensorboard=False)
    with boards_of(args, tmp_path / "loop" / "today", core, {"seed": 4}) as progress:  # type: ignore[arg-type]
        progress.update(10, 20, **{"losses/value_loss": 0.5})
    assert core.updates == [(10, {"losses/value_loss": 0.5})]
    (_, about), (_, (step, figures)), last = service.told
    assert about["name"] == "loop-today" and about["config"]["seed"] == 4
    assert step == 10 and figures == {"losses/value_loss": 0.5, "global_step": 10}
    assert last == ("finish", None)


def test_a_service_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trackio", None)  # as if there were none
    args = TrackedOptions(track="trackio", tensorboard=False)
    with (
        pytest.raises(MissingLibraryError, match=r"racegym-cleanrl\[trackio\]"),
        boards_of(args, tmp_path, _Silent(), {}),  # type: ignore[arg-type]
    ):
        pass
