"""Curricula: stages that follow from figures, and a resume that goes on in its stage."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from racegym import load_scenario, plugins
from racegym.drivers.idle import Idle
from racegym.errors import RunError, ScenarioError
from racegym.interfaces import Trainer
from racegym.plugins import Offer
from racegym.record import find_runs
from racegym.run import resume_training, train
from racegym.run.curriculum import LEVEL, Curriculum
from racegym.run.examination import is_better
from racegym.scenario.curriculum import CurriculumSettings, read_condition, staged

STAGES: list[dict[str, Any]] = [
    {"name": "short", "up": "rate >= 0.9"},
    {
        "name": "long",
        "set": {"track.generate.length": 400},
        "up": ["rate >= 0.8", "lap <= 110"],
        "down": "rate < 0.2",
    },
    {"name": "longest", "set": {"track.generate.length": 500, "start.speed": 9.0}},
]


class Told(Trainer):
    """Tells what a test wants; each step of it is one update, and each stop leaves a checkpoint."""

    driver = Idle
    script: list[dict[str, float]] = []  # noqa: RUF012 - set by the tests
    learned: list[tuple[int, float, float]] = []  # noqa: RUF012 - step, length, speed at the start
    silent = False

    def train(self, scenario, run_dir, progress):  # type: ignore[no-untyped-def]
        self._go(0, scenario, progress)

    def resume(self, scenario, run_dir, checkpoint, progress):  # type: ignore[no-untyped-def]
        self._go(int(checkpoint.read_text()), scenario, progress)

    def _go(self, step: int, scenario: Any, progress: Any) -> None:
        (track,) = scenario.every_track
        while step < len(self.script) and not progress.stop_asked:
            self.learned.append((step, track.generate.length, scenario.start.speed))
            step += 1
            progress.update(step, len(self.script), **self.script[step - 1])
            self._save(step, progress)
        self._save(step, progress)

    def _save(self, step: int, progress: Any) -> None:
        if not self.silent and progress.checkpoint_due(step):
            with progress.checkpoint("last.txt") as file:
                file.write_text(str(step))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Learns by a script; returns what was learned on, step by step."""
    offer = Offer(kind="trainer", name="told", dist="racegym", target="somewhere:Told")
    load = Offer.load
    monkeypatch.setattr(Offer, "load", lambda self: Told if self == offer else load(self))
    monkeypatch.setattr(Told, "learned", [])
    with plugins.load().lending(offer):
        yield Told


def scenario(stages: Any = STAGES, **settings: Any) -> dict[str, Any]:
    return {
        "name": "lesson",
        "task": "train",
        "trainer": "told",
        "training": {"checkpoint_every": 1, "curriculum": {"stages": stages, **settings}},
        "backend": "kart2d",
        "track": {"generate": {"seed": 3, "length": 300}},
        "start": {"speed": 6.0},
        "cars": [{"name": "Learner", "vehicle": "rental_kart", "driver": "agent"}],
    }


def levels(folder: Path) -> list[int]:
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        return [int(float(row[LEVEL])) for row in csv.DictReader(file)]


def rates(*values: float, lap: float = 100.0) -> list[dict[str, float]]:
    return [{"rate": value, "lap": lap} for value in values]


def test_stages_follow_each_other_up_and_down(
    told: type[Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = rates(0.5, 1.0, 0.1, 0.95, 0.5, 0.9, 0.9)
    monkeypatch.setattr(Told, "script", script)
    done = train(scenario(window=1), runs_dir=tmp_path, plots=False)
    assert done.state == "finished"
    # Up after the second, down after the third, up after the fourth and after the sixth.
    assert levels(done.folder) == [0, 0, 1, 0, 1, 1, 2]
    lengths = [300, 300, 400, 300, 400, 400, 500]
    assert told.learned == [(k, n, 9.0 if n == 500 else 6.0) for k, n in enumerate(lengths)]
    last = done.training["checkpoints"][-1]["curriculum"]
    assert (last["stage"], last["level"], last["since"]) == ("longest", 2, 6)
    assert [(m["steps"], m["stage"]) for m in last["moves"]] == [
        (2, "long"), (3, "short"), (4, "long"), (6, "longest"),
    ]  # fmt: skip
    assert load_scenario(done.folder / "scenario.yaml").training.curriculum is not None


def test_a_mean_of_values_decides_and_begins_anew_with_each_stage(
    told: type[Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Told, "script", rates(1.0, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9))
    done = train(scenario(window=3), runs_dir=tmp_path, plots=False)
    assert levels(done.folder) == [0, 0, 0, 1, 1, 1, 2]
    monkeypatch.setattr(Told, "script", rates(1.0, 1.0, 1.0, 1.0, 1.0))
    done = train(scenario(window=1, least_steps=2), runs_dir=tmp_path, plots=False)
    assert levels(done.folder) == [0, 0, 1, 1, 2]


def test_all_conditions_must_hold_and_what_is_no_number_never_does() -> None:
    settings = CurriculumSettings.model_validate({"stages": STAGES, "window": 1})
    whole = load_scenario({**scenario(), "task": "race", "trainer": None, "training": None})
    course = Curriculum(whole, settings)
    assert not course.told(1, {"rate": math.nan}) and not course.told(2, {"other": 1.0})
    assert course.told(3, {"rate": 0.9}) and course.stage == "long"
    assert not course.told(4, {"rate": 1.0, "lap": 1.0})  # of the stage that is being left
    assert course.scenario().every_track[0].generate.length == 400  # type: ignore[union-attr]
    assert not course.told(5, {"rate": 0.9})  # the lap is not known yet
    assert not course.told(6, {"lap": 111.0})
    assert course.told(7, {"lap": 110.0}) and course.stage == "longest"
    again = Curriculum(whole, settings, json.loads(json.dumps(course.state)))
    assert again.state == course.state and not again.moved


def test_a_resume_goes_on_in_its_stage_as_if_nothing_had_been(
    told: type[Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = rates(0.9, 0.9, 0.5, 0.95, 0.9, 0.9, 0.1, 0.1, 0.9)
    monkeypatch.setattr(Told, "script", script)
    whole = train(scenario(window=2), runs_dir=tmp_path / "whole", plots=False)
    expected = list(told.learned)
    for stop in (2, 5, 8):  # before a stage, in one, at the end of one
        monkeypatch.setattr(Told, "learned", [])
        shown = Stopper(stop)
        half = train(scenario(window=2), runs_dir=tmp_path / str(stop), shown=shown, plots=False)
        assert half.state == "stopped"
        done = resume_training(half.folder, plots=False)
        assert told.learned == expected
        assert levels(done.folder) == levels(whole.folder)
        assert done.training["checkpoints"] == whole.training["checkpoints"]


class Stopper:
    """Presses Ctrl-C once, after so many updates."""

    def __init__(self, after: int):
        self.left = after

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


def test_a_trainer_that_leaves_nothing_to_go_on_from_is_told_so(
    told: type[Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Told, "script", rates(1.0, 1.0))
    monkeypatch.setattr(Told, "silent", True)
    with pytest.raises(RunError, match="no checkpoint to go on from with the next stage"):
        train(scenario(window=1), runs_dir=tmp_path, plots=False)
    (run,) = find_runs(tmp_path)
    assert json.loads(run.state.read_text(encoding="utf-8"))["state"] == "failed"


def test_the_best_is_of_the_highest_stage() -> None:
    easy = {LEVEL: 0.0, "evaluation/completion": 1.0}
    hard = {LEVEL: 1.0, "evaluation/completion": 0.2}
    assert is_better(hard, easy) and not is_better(easy, hard)


def test_a_trainer_that_knows_nothing_of_it_learns_in_stages(
    short: dict[str, Any], tmp_path: Path
) -> None:
    """The template's, judged on the races of each stage."""
    stages = [
        {"name": "near", "up": "evaluation/return > -1000"},
        {"name": "far", "set": {"track.generate.length": 400}},
    ]
    taught = {
        **short,
        "training": {
            "checkpoint_every": 2000,
            "evaluate": {"episodes": 1},
            "curriculum": {"window": 1, "stages": stages},
        },
    }
    done = train(taught, runs_dir=tmp_path, plots=False)
    assert levels(done.folder)[0] == 0 and levels(done.folder)[-1] == 1
    assert levels(done.folder) == sorted(levels(done.folder))
    best = next(c for c in done.training["checkpoints"] if c["name"] == "best.npz")
    assert best["figures"][LEVEL] == 1.0


@pytest.mark.parametrize("text", ["rate", "rate > ", "rate >= fast", "> 3", "a b > 3", "x > .inf"])
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(ValueError, match="is no condition; write a figure"):
        read_condition(text)
    assert read_condition("charts/x>=1e-2") == ("charts/x", ">=", 0.01)


def without(index: int, key: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in s.items() if (i, k) != (index, key)} for i, s in enumerate(STAGES)]


def changed(index: int, **changes: Any) -> list[dict[str, Any]]:
    return [{**s, **changes} if i == index else s for i, s in enumerate(STAGES)]


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        (without(0, "up"), "the stage 'short' is never over"),
        (changed(2, up="rate > 1"), "no stage above 'longest'"),
        (changed(0, down="rate < 1"), "no stage below 'short'"),
        (changed(1, name="short"), "two stages are called 'short'"),
        (changed(1, up="rate"), "'rate' is no condition"),
        (changed(0, up="evaluation/completion > 0.5"), "nothing is evaluated; add evaluate"),
        (changed(1, set={"trainer.steps": 5}), "can't change trainer; it is the whole training's"),
        (changed(1, set={"observation": ["state"]}), "can't change observation; what is told"),
        (changed(1, set={"track.generate.lenght": 5}), "stage 'long': .*did you mean 'length'"),
        (changed(1, set={"cars[3].driver": "idle"}), r"there is no cars\[3\]; the last is"),
        (changed(1, set={"a b": 1}), "'a b' is no path of keys"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_stages_is_told(told: type[Told], stages: Any, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        load_scenario(scenario(stages))


def test_files_of_stages_lie_beside_the_scenario(told: type[Told], tmp_path: Path) -> None:
    vehicle = tmp_path / "mine.yaml"
    vehicle.write_text("base: rental_kart\n", encoding="utf-8")
    stages = changed(1, set={"cars[0].vehicle": "mine.yaml"})
    data = scenario(stages)
    file = tmp_path / "lesson.yaml"
    file.write_text(json.dumps(data), encoding="utf-8")
    curriculum = load_scenario(file).training.curriculum
    assert curriculum is not None
    assert curriculum.stages[1].set == {"cars[0].vehicle": str(vehicle)}


def test_a_stage_with_another_distance_ends_its_episodes_there(told: type[Told]) -> None:
    whole = load_scenario({**scenario(changed(1, set={"laps": 7})), "laps": 2})
    stages = whole.training.curriculum
    assert stages is not None
    short, long = (staged(whole, stage, load_scenario) for stage in stages.stages[:2])
    assert [one.termination["laps_done"].options["laps"] for one in (short, long)] == [2, 7]
