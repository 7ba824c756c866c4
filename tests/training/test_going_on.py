"""A training that dies at an odd moment, or is asked for more, ends as if nothing had been."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from racegym import plugins
from racegym.cli.training import tell_training
from racegym.drivers.idle import Idle
from racegym.errors import ScenarioError
from racegym.interfaces import Trainer, TrainerOptions, options
from racegym.plugins import Offer
from racegym.record import RunFolder, find_runs, repair
from racegym.record.trained import read_training
from racegym.record.training import TrainingLog
from racegym.report.training import WIDE, LiveTraining
from racegym.run import TrainingResult, one_training, resume_training, train
from racegym.run.curriculum import LEVEL
from racegym.run.examination import COMPLETION, RETURN
from racegym.scenario import load_scenario

pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")

SCENARIO: dict[str, Any] = {
    "name": "counted",
    "task": "train",
    "trainer": {"name": "counter", "steps": 40},
    "backend": "kart2d",
    "track": {"generate": {"seed": 3, "length": 300}},
    "cars": [{"name": "Learner", "vehicle": "rental_kart", "driver": "agent"}],
}
CURRICULUM = {
    "window": 1,
    "stages": [
        {"name": "near", "up": f"{COMPLETION} >= 1"},
        {"name": "far", "set": {"track.generate.length": 400}},
    ],
}


class Died(BaseException):
    """The process is gone."""


class Counter(Trainer):
    """Counts; what it learns are its steps, and it tells them."""

    driver = Idle
    log: list[tuple[str, float]] = []  # noqa: RUF012 - what it did, and after how many steps

    class Options(TrainerOptions):
        stride: int = 1

    def __init__(self, given: Any):
        super().__init__(given)
        self.options = options.read(self.Options, given, "trainer 'counter'")

    def train(self, scenario, run_dir, progress):  # type: ignore[no-untyped-def]
        self._go(0, scenario, progress)

    def resume(self, scenario, run_dir, checkpoint, progress):  # type: ignore[no-untyped-def]
        self._go(int(checkpoint.read_text()), scenario, progress)

    def begin_from(self, scenario, run_dir, checkpoint, progress):  # type: ignore[no-untyped-def]
        assert checkpoint.is_file()
        self._go(0, scenario, progress)

    def _go(self, steps, scenario, progress):  # type: ignore[no-untyped-def]
        (track,) = scenario.every_track
        while steps < self.options.steps and not progress.stop_asked:
            steps += self.options.stride
            self.log.append((f"learned on {track.generate.length:g}", steps))
            often = {"often": float(steps)} if steps != 7 else {"seldom": 7.0}
            progress.update(steps, self.options.steps, **often)
            self._save(steps, progress)
        self._save(steps, progress)

    def _save(self, steps, progress):  # type: ignore[no-untyped-def]
        if progress.checkpoint_due(steps):
            with progress.checkpoint("last.txt") as file:
                file.write_text(str(steps))
            self.log.append(("saved", steps))


class Examined:
    """Judges a checkpoint by its steps."""

    dies_at = -1

    def __init__(self, *given: Any):
        pass

    def __call__(self, checkpoint: Path) -> dict[str, float]:
        steps = int(checkpoint.read_text())
        if steps == self.dies_at:
            type(self).dies_at = -1
            raise Died
        return {COMPLETION: float(steps >= 20), RETURN: float(steps)}

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    offer = Offer(kind="trainer", name="counter", dist="racegym", target="somewhere:Counter")
    load = Offer.load
    monkeypatch.setattr(Offer, "load", lambda self: Counter if self == offer else load(self))
    monkeypatch.setattr(one_training, "Examination", Examined)
    monkeypatch.setattr(Counter, "log", [])
    monkeypatch.setattr(Examined, "dies_at", -1)
    with plugins.load().lending(offer):
        yield


def learn(folder: Path, shown: Any = None, steps: int = 40, **training: Any) -> TrainingResult:
    trainer = {"name": "counter", "steps": steps}
    scenario = {**SCENARIO, "trainer": trainer, "training": training}
    return train(scenario, runs_dir=folder, shown=shown, plots=False)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        return [
            {name: cell for name, cell in row.items() if name != "seconds"}
            for row in csv.DictReader(file)
        ]


def saved() -> list[float]:
    return [steps for what, steps in Counter.log if what == "saved"]


def let_go(log: TrainingLog, end: str) -> None:
    """Leave a folder as a process that dies does."""
    assert log._figures is not None
    log._figures.close()
    log._lock.release()


class Stopper:
    """Presses Ctrl-C after so many steps, and keeps what is said."""

    def __init__(self, at: int = -1):
        self.at, self.said = at, []  # type: ignore[var-annotated]

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        if steps == self.at:
            self.at = -1
            os.kill(os.getpid(), signal.SIGINT)

    def say(self, text: str) -> None:
        self.said.append(text)


def test_learning_longer_saves_no_oftener(tmp_path: Path) -> None:
    done = learn(tmp_path, evaluate={})
    assert saved() == list(range(2, 41, 2))
    Counter.log.clear()
    longer = resume_training(done.folder, ["trainer.steps=80"], plots=False)
    assert saved() == list(range(44, 81, 4))
    judged = [int(row["steps"]) for row in rows(done.folder) if row[RETURN]]
    assert judged == [*range(2, 41, 2), *range(44, 81, 4)]
    assert (longer.training["total"], longer.state) == (80, "finished")


@pytest.mark.parametrize("stop_at", [{}, {COMPLETION: {"at_least": 1}}])
def test_one_that_died_in_its_last_evaluation_is_completed(stop_at: Any, tmp_path: Path) -> None:
    training = {"checkpoint_every": 10, "evaluate": {"every": 2}, "stop_at": stop_at}
    whole = learn(tmp_path / "whole", **training)
    Examined.dies_at = 20 if stop_at else 40
    with pytest.raises(Died):
        learn(tmp_path / "died", **training)
    (folder,) = find_runs(tmp_path / "died")
    done = resume_training(folder, plots=False)
    assert (done.state, repair(folder)["state"]) == ("finished", "finished")
    assert rows(done.folder) == rows(whole.folder)
    for key in ("checkpoints", "evaluation", "figures", "ended_by", "steps"):
        assert done.training[key] == whole.training[key], key
    again = resume_training(folder, plots=False)  # there is nothing left to do
    assert again.training == done.training


def test_one_that_died_after_its_last_checkpoint_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = learn(tmp_path)
    state = json.loads((whole.folder / "state.json").read_text())
    (whole.folder / "state.json").write_text(json.dumps(state | {"state": "running"}))
    assert repair(RunFolder(whole.folder))["state"] == "cut off"
    assert resume_training(whole.folder, plots=False).state == "finished"
    told = repair(RunFolder(whole.folder))
    assert told["state"] == "finished"
    assert read_training(RunFolder(whole.folder))["figures"] == whole.training["figures"]


def test_what_ends_by_its_target_is_judged_at_its_end(tmp_path: Path) -> None:
    done = learn(tmp_path, stop_at={"often": {"at_least": 5}}, checkpoint_every=20, evaluate={})
    assert (done.training["ended_by"], done.training["steps"]) == ("target", 5)
    assert done.checkpoint.name == "best.txt" and done.training["evaluation"][RETURN] == 5.0


def test_a_target_counts_what_was_told_before_a_stop(tmp_path: Path) -> None:
    """One of two figures is told once, long before the other is where it should be."""
    target = {"seldom": {"at_least": 7}, "often": {"at_least": 15}}
    whole = learn(tmp_path / "whole", stop_at=target)
    assert whole.training["steps"] == 15
    stopped = learn(tmp_path / "stopped", Stopper(11), stop_at=target)
    assert stopped.state == "stopped"
    done = resume_training(stopped.folder, plots=False)
    assert rows(done.folder) == rows(whole.folder)
    assert done.training["ended_by"] == "target"


def test_a_stage_that_an_evaluation_begins_begins_at_once_after_a_resume(tmp_path: Path) -> None:
    training = {"checkpoint_every": 10, "evaluate": {}, "curriculum": CURRICULUM}
    whole = learn(tmp_path / "whole", **training)
    expected = list(Counter.log)
    assert ("learned on 300", 20) in expected and ("learned on 400", 21) in expected
    Counter.log.clear()
    Examined.dies_at = 20
    with pytest.raises(Died):
        learn(tmp_path / "died", **training)
    (folder,) = find_runs(tmp_path / "died")
    done = resume_training(folder, plots=False)
    assert [entry for entry in Counter.log if entry != ("saved", 20)] == [
        entry for entry in expected if entry != ("saved", 20)
    ]
    assert rows(done.folder) == rows(whole.folder)


def test_a_target_is_to_be_met_in_its_stage(tmp_path: Path) -> None:
    """What was told in the stage before does not count."""
    target = {LEVEL: {"at_least": 1}, COMPLETION: {"at_least": 1}}
    done = learn(tmp_path, checkpoint_every=10, evaluate={}, curriculum=CURRICULUM, stop_at=target)
    assert done.training["steps"] == 30 and done.training["ended_by"] == "target"


@pytest.mark.parametrize("before", [True, False])
def test_it_knows_which_checkpoint_is_there_whenever_it_dies(
    before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies before the second checkpoint gets into its place, or right after."""
    training = {"checkpoint_every": 10, "keep": 3, "keep_every": 2, "evaluate": {}}
    whole = learn(tmp_path / "whole", **training)
    replace = Path.replace

    def dies(self: Path, target: Path) -> Path:
        if target.name == "last.txt" and self.read_text() == "20":
            if not before:
                replace(self, target)
            raise Died
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies)
        patch.setattr(TrainingLog, "finish", let_go)
        with pytest.raises(Died):
            learn(tmp_path / "died", **training)
    (folder,) = find_runs(tmp_path / "died")
    assert repair(folder)["state"] == "cut off"
    last = read_training(folder)["checkpoints"][-2]  # the best stands last
    there = int((folder.checkpoints / "last.txt").read_text())
    assert (last["name"], last["steps"], there) == ("last.txt", *((10, 10) if before else (20, 20)))
    assert "coming" not in json.loads(folder.training.read_text())
    done = resume_training(folder, plots=False)
    assert done.training["checkpoints"] == whole.training["checkpoints"]
    assert rows(done.folder) == rows(whole.folder)
    names = {entry["name"] for entry in whole.training["checkpoints"]}
    assert {file.name for file in folder.checkpoints.iterdir()} == names


def test_rows_after_the_checkpoint_are_dropped_even_where_others_follow_later(
    tmp_path: Path,
) -> None:
    done = learn(tmp_path, steps=7, checkpoint_every=5)
    last = done.folder / "checkpoints" / "last.txt"
    told = json.loads((done.folder / "train.json").read_text())
    told["checkpoints"][0]["steps"] = 5
    last.write_text("5")
    (done.folder / "train.json").write_text(json.dumps(told))
    wider = ["trainer.stride=10", "trainer.steps=30"]
    again = resume_training(done.folder, wider, plots=False)
    assert [int(row["steps"]) for row in rows(again.folder)] == [1, 2, 3, 4, 5, 15, 25, 35]


# --- figures that never come --------------------------------------------------------------


def test_a_figure_that_is_never_told_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = Stopper()
    done = learn(tmp_path, shown, stop_at={"oftn": {"at_least": 5}}, checkpoint_every=10)
    (said,) = shown.said
    assert said.startswith("oftn is waited for, and has not been told so far; did you mean 'often'")
    assert done.training["never_told"] == ["oftn"]
    tell_training(RunFolder(done.folder), done.state, done.training)
    assert "oftn was waited for, and never told; did you mean 'often'" in capsys.readouterr().out
    shown = Stopper()
    done = learn(tmp_path / "good", shown, stop_at={"seldom": {"at_least": 9}}, checkpoint_every=10)
    assert not shown.said and "never_told" not in done.training


@pytest.mark.parametrize(
    "training",
    [
        {"stop_at": {"evaluation/complete": {"at_least": 1}}},
        {"curriculum": {**CURRICULUM, "stages": [
            {"name": "near", "up": "evaluation/complete > 0"}, {"name": "far"}]}},
    ],
)  # fmt: skip
def test_a_figure_that_no_evaluation_tells_is_refused(training: Any) -> None:
    told = "evaluation/complete, which no evaluation tells; did you mean 'evaluation/completion'"
    with pytest.raises(ScenarioError, match=told):
        load_scenario({**SCENARIO, "training": {"evaluate": {}, **training}})


# --- several seeds ------------------------------------------------------------------------


def test_ctrl_c_at_the_end_of_a_seed_begins_no_other(tmp_path: Path) -> None:
    stopped = learn(tmp_path, Stopper(40), seeds=[1, 2])
    assert stopped.state == "stopped" and stopped.checkpoint.is_file()
    assert [row["state"] for row in stopped.training["seeds"]] == ["finished", "waiting"]
    done = resume_training(stopped.folder, plots=False)
    assert [row["state"] for row in done.training["seeds"]] == ["finished", "finished"]


def test_seeds_that_were_cut_off_are_told_as_they_are(tmp_path: Path) -> None:
    """Everything dies while the second seed learns."""
    done = learn(tmp_path, Stopper(), seeds=[1, 2, 3])
    folder, second = RunFolder(done.folder), RunFolder(done.folder / "seed-2")
    for one in (folder, second):
        state = json.loads(one.state.read_text())
        one.state.write_text(json.dumps(state | {"state": "running"}))
    third = done.folder / "seed-3"
    third.rename(tmp_path / "gone")
    told = json.loads(folder.training.read_text())
    nothing = {"steps": None, "seconds": None, "figures": None, "evaluation": None}
    told["seeds"][1] |= {"state": "running", **nothing}
    told["seeds"][2] |= {"state": "waiting", **nothing}
    folder.training.write_text(json.dumps(told | {"steps": 40}))
    assert repair(folder)["state"] == "cut off"
    told = read_training(folder)
    assert [row["state"] for row in told["seeds"]] == ["finished", "cut off", "waiting"]
    assert [row["steps"] for row in told["seeds"]] == [40, 40, None] and told["steps"] == 80


def test_a_seed_that_fails_is_told_so(tmp_path: Path) -> None:
    Examined.dies_at = 20
    with pytest.raises(Died):
        learn(tmp_path, seeds=[1, 2], evaluate={}, checkpoint_every=10)
    (folder,) = find_runs(tmp_path)
    assert [row["state"] for row in read_training(folder)["seeds"]] == ["failed", "waiting"]


# --- how it is shown ----------------------------------------------------------------------


def test_lines_are_short_and_rare_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = {f"losses/some_figure_with_a_long_name_{k}": 1.0 / 3.0 for k in range(30)}
    with LiveTraining(Console()) as live:
        for steps in range(1, 101):
            live.update(steps * 10_000_000, 10**9, {**many, "charts/episodic_return": -1234.5678})
        live.update(10**9, 10**9, {COMPLETION: 0.95})
        live.say("something is odd")
        live.say("something is odd")
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == "something is odd"
    assert len(lines) == 2 and all(len(line) <= WIDE for line in lines), lines
    assert re.match(r"10,000,000 of 1,000,000,000 steps", lines[0])
    assert "charts/episodic_return -1235" in lines[0]
    assert re.match(r"1,000,000,000 of 1,000,000,000 steps, .* a second, 0:00:00 left", lines[1])


def test_a_training_goes_on_when_what_it_began_from_is_gone(tmp_path: Path) -> None:
    origin = learn(tmp_path / "origin")
    begun = learn(tmp_path / "runs", Stopper(20), init_from=str(origin.folder))
    assert begun.state == "stopped"
    (origin.folder / "checkpoints" / "last.txt").unlink()
    shutil.rmtree(origin.folder)
    done = resume_training(begun.folder, plots=False)
    assert done.state == "finished" and done.training["begun_from"] == str(origin.checkpoint)
    assert load_scenario(begun.folder / "scenario.yaml", ["task=race"]).name == "counted"
