"""What core does with any trainer's checkpoints, figures and seeds, and how a training ends."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from rich.console import Console

from racegym import load_scenario, plugins
from racegym.cli import main
from racegym.drivers.idle import Idle
from racegym.errors import RunError, ScenarioError, TrainingError
from racegym.interfaces import Trainer, check_losses
from racegym.plugins import Offer
from racegym.record import RunFolder, find_runs, repair
from racegym.record.due import CheckpointClock
from racegym.record.figures import read_figures
from racegym.record.kept import too_old
from racegym.report.training import LiveTraining, seeds_table
from racegym.run import TrainingResult, resume_training, run, train
from racegym.run.examination import COMPLETION, LAP_PERCENT, RETURN, is_better
from racegym.run.one_training import checkpoint_of
from racegym.scenario.held_out import held_out

pytestmark = pytest.mark.filterwarnings("error")

OTHER_TRACKS = {"track": {"generate": {"seed": 90, "count": 2, "length": 250}}, "laps": 1}
MANAGED: dict[str, Any] = {
    "checkpoint_every": 900,
    "keep": 2,
    "keep_every": 3,
    "evaluate": {"scenario": OTHER_TRACKS, "episodes": 2},
}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        return [
            {name: cell for name, cell in row.items() if name != "seconds"}
            for row in csv.DictReader(file)
        ]


def checkpoints(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / "checkpoints").iterdir()}


def told_in(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    return told


class Stopper:
    """Presses Ctrl-C once, after so many updates, those of evaluations included."""

    def __init__(self, after: int):
        self.left = after

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def managed(installed: None, base: dict[str, Any]) -> dict[str, Any]:
    return {**base, "training": MANAGED}


@pytest.fixture(scope="module")
def judged(managed: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    """A training whose checkpoints were judged; not to be changed."""
    return train(managed, runs_dir=tmp_path_factory.mktemp("judged"), plots=False)


# --- when, and what stays -----------------------------------------------------------------


def test_a_checkpoint_is_due_once_an_interval_and_at_the_end() -> None:
    clock = CheckpointClock(1000, every=100)
    written = []
    for steps in range(30, 1021, 30):
        if clock.is_due(steps, ending=False):
            clock.written()
            written.append(steps)
        assert not clock.is_due(steps, ending=True) or steps not in written
    assert written == [120, 210, 300, 420, 510, 600, 720, 810, 900, 1020]
    assert CheckpointClock(1000).every == 50


def test_it_stays_due_until_it_is_written_and_when_the_end_is_near() -> None:
    clock = CheckpointClock(1000, every=100, begun=250)
    assert not clock.is_due(250, ending=True)  # that is what it began with
    assert not clock.is_due(290, ending=False) and clock.is_due(290, ending=True)
    assert clock.is_due(310, ending=False) and clock.is_due(340, ending=False)
    clock.written()
    assert not clock.is_due(390, ending=False) and clock.is_due(410, ending=False)
    assert CheckpointClock(10).is_due(0, ending=True)  # stopped before the first step


def test_where_it_is_interrupted_does_not_change_when_one_is_due() -> None:
    def due(begun: int | None, first: int) -> list[int]:
        clock, found = CheckpointClock(2000, every=150, begun=begun), []
        for steps in range(first, 2001, 40):
            if clock.is_due(steps, ending=False):
                found.append(steps)
                clock.written()
        return found

    whole = due(None, 40)
    for begun in range(40, 2000, 40):
        assert due(begun, begun + 40) == [steps for steps in whole if steps > begun]


def test_what_is_too_old() -> None:
    entries: list[dict[str, Any]] = [
        {"name": f"step-{k:012d}.npz", "steps": k, "milestone": k % 3 == 0} for k in range(1, 8)
    ]
    entries += [{"name": "last.npz", "steps": 7}, {"name": "step-by-step.npz", "steps": 1}]
    assert too_old(entries, 2) == [f"step-{k:012d}.npz" for k in (1, 2, 4, 5)]
    assert too_old(entries, 1) == [f"step-{k:012d}.npz" for k in (1, 2, 4, 5, 7)]


def test_the_last_ones_stay_and_milestones_and_the_best(judged: TrainingResult) -> None:
    told = judged.training
    named = {entry["name"]: entry for entry in told["checkpoints"]}
    on_disk = checkpoints(judged.folder)
    assert set(named) == set(on_disk)
    kept = sorted(name for name in named if name.startswith("step-"))
    steps = [row["steps"] for row in rows(judged.folder) if row[RETURN]]
    marks = [int(name[5:17]) for name in kept]
    milestones = [
        int(b)
        for a, b in zip(["0", *steps], steps, strict=False)
        if int(a) // 2700 < int(b) // 2700
    ]
    assert milestones and marks == sorted({*milestones, *map(int, steps[-2:])})
    assert on_disk["last.npz"] == on_disk[kept[-1]]
    assert len({on_disk[name] for name in kept}) == len(kept)
    for name, mark in zip(kept, marks, strict=True):
        with np.load(judged.folder / "checkpoints" / name) as held:
            assert held["counts"][1] == mark == named[name]["steps"]
    assert "best-by-trainer.npz" in on_disk  # its own idea of the best gives way


def test_the_best_is_the_one_that_was_judged_the_best(judged: TrainingResult) -> None:
    evaluated = [row for row in rows(judged.folder) if row[RETURN]]
    assert len(evaluated) >= 5
    figures = [{name: float(cell) for name, cell in row.items() if cell} for row in evaluated]
    best = figures[0]
    for one in figures[1:]:
        best = one if is_better(one, best) else best
    entry = judged.training["checkpoints"][-1]
    assert (entry["name"], entry["resumable"]) == ("best.npz", False)
    assert entry["steps"] == best["steps"]
    for name, value in entry["figures"].items():
        assert best[name] == value or (value is None and np.isnan(best[name]))
    assert judged.checkpoint == judged.folder / "checkpoints" / "best.npz"
    with np.load(judged.checkpoint) as held:
        assert held["counts"][1] == best["steps"]
    assert judged.training["evaluation"][RETURN] == figures[-1][RETURN]


def test_it_is_judged_on_races_that_it_does_not_learn_from(
    managed: dict[str, Any], tmp_path: Path
) -> None:
    own = load_scenario(managed)
    races = held_out(own, load_scenario)
    assert (races.task, races.laps, races.trainer) == ("evaluate", 1, None)
    assert races.track is not None and races.track.generate is not None
    assert races.track.generate.seed == 90
    assert races.termination == own.termination and races.cars == own.cars
    several = {"evaluate": {"scenario": {"tracks": [OTHER_TRACKS["track"]] * 2, "seed": 77}}}
    races = held_out(load_scenario({**managed, "training": several}), load_scenario)
    assert races.track is None and len(races.tracks) == 2 and races.seed == 77
    ended = {**managed, "laps": 3, "termination": ["laps_done"]}
    races = held_out(load_scenario(ended), load_scenario)
    assert races.termination["laps_done"].options == {"laps": 1}
    races = held_out(load_scenario({**managed, "training": {"evaluate": {}}}), load_scenario)
    assert races.track == own.track
    file = tmp_path / "other.yaml"
    file.write_text(own.to_yaml().replace("laps: 3", "laps: 7"), encoding="utf-8")
    named = {**managed, "training": {"evaluate": {"scenario": str(file)}}}
    races = held_out(load_scenario(named), load_scenario)
    assert (races.task, races.laps) == ("evaluate", 7)


def test_completion_comes_before_lap_times_and_these_before_returns() -> None:
    order = [
        {COMPLETION: 0.0, RETURN: 9.0},
        {COMPLETION: 0.5, LAP_PERCENT: float("nan"), RETURN: 1.0},
        {COMPLETION: 0.5, RETURN: 2.0},
        {COMPLETION: 0.5, LAP_PERCENT: 130.0, RETURN: 1.0},
        {COMPLETION: 0.5, LAP_PERCENT: 120.0, RETURN: 0.0},
        {COMPLETION: 1.0, LAP_PERCENT: 150.0, RETURN: 0.0},
    ]
    assert is_better(order[0], None)
    for worse, better in pairwise(order):
        assert is_better(better, worse) and not is_better(worse, better)
        assert not is_better(worse, worse)


# --- broken off and gone on with ----------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
@pytest.mark.parametrize("after", [3, 4])
def test_a_stop_changes_nothing_of_what_is_judged_and_kept(
    after: int, managed: dict[str, Any], judged: TrainingResult, tmp_path: Path
) -> None:
    """Also where the stop comes with an evaluation that is due: the resume makes up for it."""
    stopped = train(managed, runs_dir=tmp_path, shown=Stopper(after), plots=False)
    assert stopped.state == "stopped"
    assert stopped.training["ended_by"] is None
    done = resume_training(stopped.folder, plots=False)
    assert done.state == "finished"
    assert rows(done.folder) == rows(judged.folder)
    kept, expected = checkpoints(done.folder), checkpoints(judged.folder)
    for name in ("last.npz", "best.npz", "best-by-trainer.npz"):
        assert kept[name] == expected[name]
    assert done.training["checkpoints"][-1] == judged.training["checkpoints"][-1]


def test_an_evaluation_that_was_cut_off_is_made_up_for(
    judged: TrainingResult, managed: dict[str, Any], tmp_path: Path, monkeypatch: Any
) -> None:
    """The process dies while it judges its third checkpoint."""

    class Died(BaseException):
        pass

    from racegym.run.one_training import Examination

    judge, count = Examination.__call__, 0

    def dies(self: Any, checkpoint: Path) -> dict[str, float]:
        nonlocal count
        count += 1
        if count == 3:
            raise Died
        return judge(self, checkpoint)

    with monkeypatch.context() as patch:
        patch.setattr(Examination, "__call__", dies)
        with pytest.raises(Died):
            train(managed, runs_dir=tmp_path, plots=False)
    (folder,) = find_runs(tmp_path)
    done = resume_training(folder, plots=False)
    assert rows(done.folder) == rows(judged.folder)
    assert checkpoints(done.folder) == checkpoints(judged.folder)


# --- how it ends --------------------------------------------------------------------------


def test_it_ends_when_its_target_is_met(base: dict[str, Any], tmp_path: Path) -> None:
    target = {"population_return": {"at_least": -1e9}, "spread": {"at_most": 10}}
    done = train({**base, "training": {"stop_at": target}}, runs_dir=tmp_path, plots=False)
    assert (done.state, done.training["ended_by"]) == ("finished", "target")
    assert len(rows(done.folder)) == 1 and done.training["steps"] < done.training["total"]
    assert "last.npz" in checkpoints(done.folder)
    never = {"population_return": {"at_least": -1e9}, "no_such_figure": {"at_least": 0}}
    done = train({**base, "training": {"stop_at": never}}, runs_dir=tmp_path, plots=False)
    assert (done.state, done.training["ended_by"]) == ("finished", None)


def test_an_evaluation_can_meet_the_target(managed: dict[str, Any], tmp_path: Path) -> None:
    target = {"stop_at": {RETURN: {"at_least": -1e9}}}
    scenario = {**managed, "training": {**MANAGED, **target}}
    done = train(scenario, runs_dir=tmp_path, plots=False)
    assert done.training["ended_by"] == "target"
    assert len([row for row in rows(done.folder) if row[RETURN]]) == 1


class Spoilt(Trainer):
    """Learns until its loss is no number."""

    driver = Idle

    def train(self, scenario, run_dir, progress):  # type: ignore[no-untyped-def]
        for steps in (10, 20, 30):
            losses = {"losses/value_loss": 1.0 if steps < 30 else float("nan"), "losses/kl": 0.0}
            check_losses(losses, steps)
            progress.update(steps, 100, **losses)
            if progress.checkpoint_due(steps):
                with progress.checkpoint("last.npz") as file:
                    file.write_text(str(steps), encoding="utf-8")

    def resume(self, scenario, run_dir, checkpoint, progress):  # type: ignore[no-untyped-def]
        pass


def test_losses_that_are_no_numbers_spoil_no_checkpoint(
    base: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = Offer(kind="trainer", name="spoilt", dist="racegym", target="somewhere:Spoilt")
    load = Offer.load
    monkeypatch.setattr(Offer, "load", lambda o: Spoilt if o == offer else load(o))
    scenario = {**base, "trainer": "spoilt", "training": {"checkpoint_every": 10}}
    with plugins.load().lending(offer), pytest.raises(TrainingError) as failed:
        train(scenario, runs_dir=tmp_path)
    assert re.search(
        r"after 30 steps losses/value_loss is nan: .*; the checkpoint of 20 steps is as it was; "
        r"go on from it with other settings: racegym runs resume ",
        str(failed.value),
    )
    (folder,) = find_runs(tmp_path)
    assert checkpoints(folder.path) == {"last.npz": b"20"}
    assert repair(folder)["state"] == "failed"
    with pytest.raises(TrainingError, match=r"a is inf, b is -inf"):
        check_losses({"a": float("inf"), "b": -float("inf"), "c": 0.0}, 1)


# --- from another training ----------------------------------------------------------------


def test_beginning_from_a_run_and_from_a_checkpoint(
    judged: TrainingResult, base: dict[str, Any], tmp_path: Path
) -> None:
    """Both are the same where the checkpoint is the run's best, and other than from nothing."""
    elsewhere = {**base, "track": {"generate": {"seed": 8, "length": 350}}, "seed": 5}
    shorter = {**elsewhere, "trainer": {**base["trainer"], "steps": 1500}}

    def learned(origin: Path | None) -> TrainingResult:
        training = {} if origin is None else {"training": {"init_from": str(origin)}}
        return train({**shorter, **training}, runs_dir=tmp_path, plots=False)

    nothing, from_run, from_file = map(learned, (None, judged.folder, judged.checkpoint))
    assert rows(from_run.folder) == rows(from_file.folder) != rows(nothing.folder)
    assert from_run.training["begun_from"] == str(judged.checkpoint)
    assert checkpoint_of(judged.folder.parent) == judged.checkpoint  # the latest training in it
    assert int(rows(from_run.folder)[0]["steps"]) < 1500 <= from_run.training["steps"]
    assert from_run.state == "finished"


def test_what_can_not_be_begun_from(
    judged: TrainingResult, base: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(origin: Path, **more: Any) -> str:
        scenario = {**base, **more, "training": {"init_from": str(origin)}}
        with pytest.raises((ScenarioError, RunError)) as told:
            train(scenario, runs_dir=tmp_path / "runs", plots=False)
        return str(told.value)

    assert "there is no file" in refused(tmp_path / "gone.npz")
    (tmp_path / "odd.npz").write_bytes(b"odd")
    assert "is no checkpoint of 'ice'" in refused(tmp_path / "odd.npz")
    assert "other sensors or actions" in refused(judged.checkpoint, observation=["state"])
    assert "train.json" in refused(tmp_path)
    offer = Offer(kind="trainer", name="spoilt", dist="racegym", target="somewhere:Spoilt")
    load = Offer.load
    monkeypatch.setattr(Offer, "load", lambda o: Spoilt if o == offer else load(o))
    with plugins.load().lending(offer):
        told = refused(judged.checkpoint, trainer="spoilt")
    assert "the trainer can't begin from a checkpoint; remove training.init_from" in told


# --- several seeds ------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_several_seeds_are_a_training_each(
    base: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Stopped in the second one and gone on with; what is told of all is their mean."""
    short = {**base, "trainer": {**base["trainer"], "steps": 2500}}
    alone = train({**short, "seed": 12}, runs_dir=tmp_path / "alone", plots=False)
    first = len(rows(alone.folder))
    scenario = {**short, "training": {"seeds": [12, 13, 14]}}
    runs = tmp_path / "runs"
    stopped = train(scenario, runs_dir=runs, shown=Stopper(first + 2), plots=False)
    assert stopped.state == "stopped" and not (stopped.folder / "seed-14").exists()
    states = [row["state"] for row in stopped.training["seeds"]]
    assert states == ["finished", "stopped", "waiting"]
    done = resume_training(stopped.folder)
    assert done.state == "finished" and done.folder == stopped.folder
    assert rows(done.folder / "seed-12") == rows(alone.folder)
    assert checkpoints(done.folder / "seed-12") == checkpoints(alone.folder)
    told = done.training
    assert [row["seed"] for row in told["seeds"]] == [12, 13, 14]
    finals = [row["figures"]["spread"] for row in told["seeds"]]
    assert len(set(finals)) == 3 and told["figures"]["spread"] == pytest.approx(np.mean(finals))
    assert told["steps"] == sum(row["steps"] for row in told["seeds"]) and told["total"] == 7500

    curve = json.loads((done.folder / "seeds.json").read_text(encoding="utf-8"))["curves"]["spread"]
    own = [read_figures(RunFolder(done.folder / f"seed-{s}")).rows for s in (12, 13, 14)]
    assert curve["steps"][0] == max(r[0]["steps"] for r in own)
    assert curve["steps"][-1] == min(r[-1]["steps"] for r in own)
    at = curve["steps"][3]
    values = [np.interp(at, [r["steps"] for r in one], [r["spread"] for r in one]) for one in own]
    assert curve["mean"][3] == pytest.approx(np.mean(values))
    half = 4.3027 * np.std(values, ddof=1) / np.sqrt(3)  # Student's t, two degrees of freedom
    assert curve["high"][3] - curve["mean"][3] == pytest.approx(half, rel=1e-4)
    assert matplotlib.image.imread(done.folder / "learning_curve.png").std() > 0.05

    monkeypatch.setenv("COLUMNS", "120")
    assert main(["runs", "show", str(done.folder)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^ *13 +finished +[\d,]+ *$", shown, re.M)
    assert "seeds 12, 13, 14" in shown and f"learned:     {done.checkpoint}" in shown
    assert len(find_runs(runs)) == 1
    best = load_scenario(short, ["task=race", "time_limit=1",
        f"cars[0].driver={json.dumps({'name': 'ice', 'file': str(done.checkpoint)})}"])  # fmt: skip
    assert run(best, runs_dir=tmp_path / "races", plots=False).state == "finished"


# --- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ("{kep: 3}", r"training\.kep: is unknown; did you mean 'keep'\?"),
        ("{keep: 0}", r"training\.keep: is 0; it should be greater than or equal to 1"),
        ("{checkpoint_every: 0}", r"training\.checkpoint_every: is 0"),
        ("{seeds: [1, 2, 1]}", r"training\.seeds: .*has the seed 1 twice"),
        ("{seeds: [-1]}", r"training\.seeds\[0\]: is -1"),
        ("{stop_at: {loss: {}}}", r"stop_at\.loss: .*give at_least, at_most or both"),
        (
            "{stop_at: {evaluation/completion: {at_least: 1}}}",
            r"training: .*stop_at waits for evaluation/completion, and nothing is evaluated",
        ),
        ("{evaluate: {episodes: 0}}", r"training\.evaluate\.episodes: is 0"),
        ("{evaluate: {scenario: {track: no_such}}}", r"evaluate\.scenario: .*'no_such'"),
        ("{evaluate: {scenario: 3}}", r"evaluate\.scenario: .*give a scenario's name"),
        ("{evaluate: {scenario: gone.yaml}}", r"there is no file .*gone\.yaml"),
        ("{evaluate: {scenario: {lapps: 1}}}", r"evaluate\.scenario: .*did you mean 'laps'\?"),
        ("{evaluate: {scenario: no_such}}", r"there is neither a file nor a scenario 'no_such'"),
        ("{init_from: gone}", r"training\.init_from: there is no file"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_written(
    training: str, told: str, base: dict[str, Any], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "wrong.yaml"
    text = load_scenario(base).to_yaml()
    file.write_text(f"{text}training: {training}\n", encoding="utf-8")
    assert main(["run", str(file), "--runs-dir", str(tmp_path / "runs")]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert re.search(told, error), error
    assert not (tmp_path / "runs").exists()


def test_settings_are_written_as_they_were_said(base: dict[str, Any], tmp_path: Path) -> None:
    scenario = load_scenario({**base, "training": {**MANAGED, "seeds": [1, 2]}})
    again = load_scenario(json.loads(json.dumps(scenario.resolved())))
    assert again == scenario and again.training.seeds == (1, 2)
    assert "training" not in load_scenario(base).resolved()
    assert "stop_at" not in scenario.resolved()["training"]


def test_the_display_tells_the_latest_lap_and_begins_anew_with_each_seed() -> None:
    console = Console(file=io.StringIO(), width=200)
    with LiveTraining(console) as live:
        live.update(500, 1000, {"seed": 1.0, "loss": 2.0})
        live.update(1000, 1000, {"seed": 1.0, "racing/lap_time": 83.4567, "evaluation/lap_time": 9})
        live.update(400, 400, {"seed": 2.0, "evaluation/lap_time": float("nan")})
    assert isinstance(console.file, io.StringIO)
    *_, first, second = console.file.getvalue().splitlines()
    assert re.match(r"seed 1: 1,000 of 1,000 steps, .* a second, 0:00:00 left", first)
    assert first.endswith(", latest lap 1:23.457")
    assert second == "seed 2: 400 of 400 steps"  # no rate yet, and no lap


# --- killed -------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(
    base: dict[str, Any], package: Path, tmp_path: Path
) -> None:
    """Twelve kills, most of them while a checkpoint is written, and the same bits at the end."""
    long = {
        **base,
        "trainer": {**base["trainer"], "steps": 60_000},
        "training": {"checkpoint_every": 1, "keep": 2},
    }
    whole = train(long, runs_dir=tmp_path / "whole", plots=False)
    file = tmp_path / "long.yaml"
    file.write_text(load_scenario(long).to_yaml(), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(package), *sys.path])}
    runs, chance = tmp_path / "runs", random.Random(4)
    words, in_writing = ["run", str(file)], 0
    for _ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-m", "racegym", *words, "--no-plots", "-q", "--runs-dir", str(runs)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
        )  # fmt: skip
        known = len(read_figures(find_runs(runs)[0]).rows) if find_runs(runs) else 0
        for _ in range(6000):
            found = find_runs(runs)
            if found and len(read_figures(found[0]).rows) > known + 3:
                break
            assert process.poll() is None, process.communicate()
            time.sleep(0.005)
        partial, until = [], time.time() + chance.uniform(0.2, 0.6)
        while time.time() < until and not partial:
            partial = list((find_runs(runs)[0].path / "checkpoints").glob(".partial-*"))
        in_writing += bool(partial)
        process.kill()
        process.communicate()
        (folder,) = find_runs(runs)
        assert repair(folder)["state"] in ("cut off", "finished")
        words = ["runs", "resume", str(folder.path)]
    done = resume_training(find_runs(runs)[0], plots=False)
    assert in_writing >= 6
    assert checkpoints(done.folder) == checkpoints(whole.folder)
    assert rows(done.folder) == rows(whole.folder)


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_of_seeds_is_whole_where_it_is_narrow(width: int) -> None:
    names = ("completion", "lap_percent", "lap_time", "return", "off_track_rate")
    judged = {f"evaluation/{name}": 123.456 for name in names}
    row = {"seed": 1, "state": "finished", "steps": 10_012_197, "evaluation": judged}
    console = Console(file=io.StringIO(), width=width)
    console.print(seeds_table([row]))
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in told and told.count("123.46") == len(judged)
    assert {word for name in names for word in name.split("_")} <= set(told.split())
