"""What a training leaves, how it is broken off and gone on with, and what else is refused."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest

from racegym import load_scenario, plugins
from racegym.cli import main
from racegym.documents.document import parse_text
from racegym.drivers.idle import Idle
from racegym.errors import RacegymError, RunError, ScenarioError
from racegym.interfaces import Trainer
from racegym.plugins import Offer
from racegym.record import RunFolder, find_runs, repair
from racegym.record.figures import read_figures
from racegym.run import TrainingResult, evaluate, resume_training, run, train
from racegym.scenario.schema import scenario_schema


def rows(folder: Path) -> list[dict[str, str]]:
    """Return the figures without the time that they took."""
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        return [
            {name: cell for name, cell in row.items() if name != "seconds"}
            for row in csv.DictReader(file)
        ]


def checkpoints(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / "checkpoints").iterdir()}


def state(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    return told


class Bare(Trainer):
    """Does what a test tells it."""

    driver = Idle

    def train(self, scenario, run_dir, progress):  # type: ignore[no-untyped-def]
        type(self).act(progress)

    def resume(self, scenario, run_dir, checkpoint, progress):  # type: ignore[no-untyped-def]
        pass

    @staticmethod
    def act(progress: Any) -> None:
        """Fail somehow."""


def _loads(load: Any, lent: Offer, made: type[Trainer]) -> Any:
    return lambda offer: made if offer == lent else load(offer)


class Stopper:
    """Presses Ctrl-C once, after so many updates."""

    def __init__(self, after: int):
        self.left = after

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


def test_a_training_leaves_its_folder(finished: TrainingResult) -> None:
    folder = finished.folder
    assert finished.state == "finished" == state(folder)["state"]
    assert {file.name for file in folder.iterdir()} == {
        "scenario.yaml", "state.json", "train.json", "train.csv", "checkpoints",
        "learning_curve.png",
    }  # fmt: skip
    assert set(checkpoints(folder)) == {"last.npz", "best.npz"}
    assert finished.checkpoint == folder / "checkpoints" / "best.npz"
    told = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    assert told == finished.training
    assert (told["trainer"], told["driver"], told["seed"]) == ("ice", "ice", 3)
    assert told["options"]["population"] == 8 and told["options"]["elite"] == 0.2
    assert told["steps"] >= told["total"] == 6000
    last = rows(folder)[-1]
    assert int(last["steps"]) == told["steps"]
    assert float(last["episode_return"]) == told["figures"]["episode_return"]
    assert state(folder)["versions"]["racegym-ice"] == "0.1.0"
    seconds = [row["seconds"] for row in read_figures(RunFolder(folder)).rows]
    assert seconds == sorted(seconds) and seconds[-1] <= told["seconds"]
    assert load_scenario(folder / "scenario.yaml").trainer is not None
    picture = matplotlib.image.imread(folder / "learning_curve.png")
    assert picture.std() > 0.05 and picture.shape[1] > 1000


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_a_stopped_training_goes_on_to_the_same_end(
    short: dict[str, Any], finished: TrainingResult, tmp_path: Path
) -> None:
    stopped = train(short, runs_dir=tmp_path, shown=Stopper(3), plots=False)
    assert stopped.state == "stopped" == state(stopped.folder)["state"]
    assert stopped.training["steps"] < stopped.training["total"]
    assert len(rows(stopped.folder)) == 3
    done = resume_training(stopped.folder, plots=False)
    assert done.folder == stopped.folder and done.state == "finished"
    assert checkpoints(done.folder) == checkpoints(finished.folder)
    assert rows(done.folder) == rows(finished.folder)
    assert [entry["steps"] for entry in done.training["resumed"]] == [stopped.training["steps"]]


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_killed_and_interrupted_by_a_terminal(
    short: dict[str, Any], package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A process is killed; another goes on until Ctrl-C; what they leave can be gone on with."""
    long = {**short, "trainer": {**short["trainer"], "steps": 10_000_000}}
    long["training"] = {"checkpoint_every": 5000}
    file = tmp_path / "long.yaml"
    file.write_text(load_scenario(long).to_yaml(), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(package), *sys.path])}
    runs_dir = str(tmp_path / "runs")

    def start(*words: str, rows_wanted: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "racegym", *words, "--runs-dir", runs_dir],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        )  # fmt: skip
        for _ in range(1200):
            assert process.poll() is None, process.communicate()[0]
            for folder in find_runs(Path(runs_dir)):
                if len(read_figures(folder).rows) >= rows_wanted:
                    return process
            time.sleep(0.02)
        process.kill()
        raise AssertionError(process.communicate()[0])

    process = start("run", str(file), rows_wanted=12)
    (folder,) = find_runs(Path(runs_dir))
    assert repair(folder)["state"] == "running"  # its writer lives: hands off
    with pytest.raises(RunError, match="still goes on"):
        resume_training(folder)
    process.kill()
    process.communicate()
    assert main(["runs", "list", "--runs-dir", runs_dir, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    known = len(read_figures(folder).rows)
    assert (row["state"], row["task"]) == ("cut off", "train")
    assert row["steps"] == read_figures(folder).rows[-1]["steps"]
    assert not folder.lock.exists()

    process = start("runs", "resume", "latest", rows_wanted=known + 10)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "stopped after" in output and f"racegym runs resume {folder.path}" in output
    assert state(folder.path)["state"] == "stopped"
    steps = [row["steps"] for row in read_figures(folder).rows]
    assert steps == sorted(set(steps))  # what was learned twice stands there once
    assert not [name for name in checkpoints(folder.path) if "partial" in name]


def test_the_command_line_shows_a_training_and_drives_with_it(
    copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copied.parents[2])
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["runs", "list"]) == 0
    assert "train" in capsys.readouterr().out
    assert main(["runs", "show", "latest", "--plots"]) == 0
    shown = capsys.readouterr().out
    assert "ice, finished after" in shown and "episode_return" in shown
    drive = next(line for line in shown.splitlines() if line.startswith("drive:"))
    words = shlex.split(drive.removeprefix("drive:"))
    assert main([*words[1:], "--set", "time_limit=1", "-q", "--no-plots"]) == 0
    capsys.readouterr()
    assert main(["runs", "show", copied.name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trainer"] == "ice"


@pytest.mark.parametrize("command", [["verify"], ["runs", "report"], ["runs", "export"]])
def test_there_is_no_race_in_it(
    command: list[str], copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file.name for file in copied.iterdir()}
    assert main([*command, str(copied)]) == 2
    assert f"this run trained: it holds no race to {command[-1]}" in capsys.readouterr().err
    assert {file.name for file in copied.iterdir()} == before


def test_opening_it_shows_the_learning_curve(
    copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("racegym.doctor.has_display", lambda: False)
    (copied / "learning_curve.png").unlink()
    assert main(["runs", "open", str(copied)]) == 0
    assert "learning_curve.png" in capsys.readouterr().out
    assert (copied / "learning_curve.png").exists()


def test_it_can_be_deleted(copied: Path) -> None:
    assert main(["runs", "delete", str(copied), "--yes"]) == 0
    assert not copied.exists()


def test_learning_longer_by_a_resume(copied: Path, finished: TrainingResult) -> None:
    longer = ["trainer.steps=8000"]
    done = resume_training(copied, longer, plots=False)
    assert done.training["total"] == 8000 <= done.training["steps"]
    assert rows(copied)[: len(rows(finished.folder))] == rows(finished.folder)
    trainer = load_scenario(copied / "scenario.yaml").trainer
    assert trainer is not None and trainer.options["steps"] == 8000


def contents(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_a_resume_that_is_refused_leaves_everything_as_it_was(copied: Path) -> None:
    before = contents(copied)
    with pytest.raises(ScenarioError, match="other sensors or actions"):
        resume_training(copied, ["observation=[state]", "trainer.steps=9000"])
    assert contents(copied) == before


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_stopped_before_the_first_step(short: dict[str, Any], tmp_path: Path) -> None:
    class AtOnce(Bare):
        @staticmethod
        def act(progress: Any) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            assert progress.stop_asked
            with progress.checkpoint("last.npz") as file:
                file.write_bytes(b"nothing learned")

    offer = Offer(kind="trainer", name="at_once", dist="racegym", target="somewhere:AtOnce")
    with plugins.load().lending(offer), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Offer, "load", _loads(Offer.load, offer, AtOnce))
        stopped = train({**short, "trainer": "at_once"}, runs_dir=tmp_path)
    assert stopped.state == "stopped" and stopped.picture is None


def test_a_finished_training_is_said_to_be_finished_and_how_it_goes_on(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(copied)
    for more in ([], ["--set", "trainer.steps=6000"]):
        assert main(["runs", "resume", str(copied), *more]) == 0
        told = capsys.readouterr().out
        assert re.search(r"the training is finished after [67],\d+ steps; nothing was done", told)
        assert f"racegym runs resume {copied} --set trainer.steps=12000" in told
        assert "figure" not in told
    assert contents(copied) == before
    assert main(["runs", "resume", str(copied), "-q"]) == 0
    assert capsys.readouterr().out == f"{copied}\n"


def test_what_cannot_be_resumed(copied: Path, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="is to race, not to train"):
        resume_training(copied, ["task=race"])
    assert state(copied)["state"] == "finished"
    (copied / "checkpoints" / "last.npz").unlink()
    with pytest.raises(RunError, match="no checkpoint to go on from; begin anew, with racegym run"):
        resume_training(copied)
    raced = {"backend": "kart2d", "time_limit": 0.3, "cars": [{"driver": "idle"}]}
    race = run(raced, runs_dir=tmp_path / "races", plots=False)
    with pytest.raises(RunError, match="is a race; only a training can be resumed"):
        resume_training(race.folder)


def test_a_race_can_be_driven_and_a_policy_judged_on_a_training_s_scenario(
    short: dict[str, Any], finished: TrainingResult, tmp_path: Path
) -> None:
    driver = json.dumps({"name": "ice", "file": str(finished.checkpoint)})
    raced = load_scenario(short, ["task=race", f"cars[0].driver={driver}", "time_limit=1"])
    assert run(raced, runs_dir=tmp_path, plots=False).state == "finished"
    assert evaluate(lambda _: [0.0, 0.5], load_scenario(short), episodes=1).episodes


# --- what is refused before anything is written -------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "task: train\ntrainer:\n",
            r"FILE:2: task: is train, and the scenario names no trainer; write trainer: (ice|ppo)",
        ),
        (
            "task: train\ntrainer: icy\n",
            r"FILE:3: trainer.name: unknown trainer 'icy'; did you mean 'ice'\?",
        ),
        (
            "trainer: {name: ice, step: 3}\n",
            r"FILE:2: trainer.step: is unknown; did you mean 'steps'\?",
        ),
        (
            "trainer:\n  name: ice\n  steps: 0\n",
            r"FILE:4: trainer.steps: is 0; it should be greater than or equal to 1",
        ),
        (
            "trainer: mine.py:Mine\n",
            r"FILE:2: .*a trainer comes from a plugin, not from a file",
        ),
        (
            "task: train\ntrainer: ice\ncars:\n  - {driver: idle}\n",
            r"FILE:4: cars: every car has a driver, so .* learn; give one driver: agent",
        ),
    ],
)
def test_a_wrong_scenario_is_told_with_its_line(
    short: dict[str, Any], change: str, told: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "wrong.yaml"
    file.write_text(f"backend: kart2d\n{change}", encoding="utf-8")
    assert main(["run", str(file), "--runs-dir", str(tmp_path / "runs")]) == 2
    error = " ".join(capsys.readouterr().err.split()).replace(str(file), "FILE")
    assert re.search(told, error), error
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("trainer: ice", True),
        ("trainer: {name: racegym-ice:ice, steps: 5}", True),
        ("trainer:", True),
        ("trainer: {name: ice, step: 5}", False),
        ("trainer: {name: ice, steps: 0}", False),
        ("trainer: {steps: 5}", False),
        ("trainer: [ice]", False),
        ("trainer: icy", False),
        ("training: {keep: 2, seeds: [1], stop_at: {loss: {at_most: 1}}}", True),
        ("training: {evaluate: {scenario: {laps: 1}, every: 2}}", True),
        ("training:", True),
        ("training: {evaluate: {scenario: 3}}", False),
        ("training: {keep: 0}", False),
        ("training: {stop_at: {loss: 3}}", False),
        ("training: {kep: 2}", False),
    ],
)
def test_the_schema_knows_what_is_installed(text: str, fits: bool, short: dict[str, Any]) -> None:
    """And agrees with the loader."""
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
    data = {"backend": "kart2d", **parse_text(text).data}
    assert jsonschema.Draft202012Validator(scenario_schema()).is_valid(data) == fits
    with nullcontext() if fits else pytest.raises(ScenarioError):
        load_scenario(data)


def test_what_the_page_shows_is_valid(
    short: dict[str, Any], root: Path, finished: TrainingResult
) -> None:
    page = (root / "docs" / "trainers.md").read_text(encoding="utf-8").replace("cem", "ice")
    examples = re.findall(r"^```yaml\n(.*?)^```$", page, re.S | re.M)
    assert len(examples) == 6
    for text in examples:
        data = {"backend": "kart2d", **parse_text(text).data}
        if "init_from" in data.get("training", {}):
            data["training"]["init_from"] = str(finished.folder)
        if data.get("trainer", {}).get("name", "ice") != "ice":  # one that is not here
            data["trainer"] = "ice"
        for car in data.get("cars", []):
            if isinstance(car["driver"], dict):
                car["driver"]["file"] = str(finished.checkpoint)
        load_scenario(data).world().close()


def test_without_any_trainer(monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path) -> None:
    monkeypatch.setenv("RACEGYM_PLUGINS", "racegym-kart2d")
    plugins.load(fresh=True)
    try:
        with pytest.raises(ScenarioError, match="no installed plugin brings one"):
            load_scenario({"backend": "kart2d", "task": "train"})
        new = ["scenario", "new", str(tmp_path / "a.yaml"), "--task", "train"]
        assert main(new) == 2
        assert "`racegym new-plugin trainer NAME`" in capsys.readouterr().err
    finally:
        monkeypatch.undo()
        plugins.load(fresh=True)


def test_a_new_scenario_trains(short: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    assert main(["scenario", "new", str(file), "--task", "train"]) == 0
    trained = load_scenario(file, ["trainer={name: ice, steps: 100, population: 4}"])
    assert trained.task == "train" and trained.trainer is not None
    assert train(trained, runs_dir=tmp_path / "runs", plots=False).state == "finished"


def test_a_training_is_no_race_and_a_race_no_training(
    short: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError, match=r"which racegym\.run\.train does"):
        run(short, runs_dir=tmp_path)
    with pytest.raises(ScenarioError, match="is to race, not to train"):
        train({**short, "task": "race"}, runs_dir=tmp_path)
    assert not list(tmp_path.iterdir())


# --- trainers that fail -------------------------------------------------------------------


@pytest.fixture
def bare(short: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    offer = Offer(kind="trainer", name="bare", dist="racegym", target="somewhere:Bare")
    monkeypatch.setattr(Offer, "load", _loads(Offer.load, offer, Bare))
    with plugins.load().lending(offer):
        yield {**short, "trainer": "bare"}


def outcome(scenario: Any, folder: Path, act: Any) -> tuple[str, Path]:
    """Return what a failing training says, and the folder that it leaves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bare, "act", staticmethod(act))
        with pytest.raises(Exception) as failed:
            train(scenario, runs_dir=folder)
    (run_folder,) = find_runs(folder)
    assert state(run_folder.path)["state"] == "failed"
    assert not run_folder.lock.exists()
    return str(failed.value), run_folder.path


@pytest.mark.parametrize("seeds", [[], [1, 2]])
def test_one_that_refuses_before_it_learns_leaves_nothing(
    seeds: list[int], bare: Any, tmp_path: Path
) -> None:
    def refuse(progress: Any) -> None:
        raise ScenarioError("device: there is no such device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bare, "act", staticmethod(refuse))
        with pytest.raises(ScenarioError, match="no such device"):
            train({**bare, "training": {"seeds": seeds}}, runs_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_one_that_refuses_after_it_has_learned_leaves_what_it_told(
    bare: Any, tmp_path: Path
) -> None:
    def refuse(progress: Any) -> None:
        progress.update(5, 10, loss=1.0)
        raise ScenarioError("no more of this")

    told, folder = outcome(bare, tmp_path, refuse)
    assert told.endswith("no more of this") and (folder / "train.csv").is_file()


def test_one_that_leaves_no_checkpoint(bare: Any, tmp_path: Path) -> None:
    told, _ = outcome(bare, tmp_path, lambda progress: progress.update(5, 5, loss=1.0))
    assert "the trainer 'bare' has left no checkpoint" in told


@pytest.mark.parametrize("name", ["../up.npz", "a/b", "", ".hidden", "x" * 101, "a\nb"])
def test_a_checkpoint_with_a_name_that_is_none(name: str, bare: Any, tmp_path: Path) -> None:
    def act(progress: Any) -> None:
        with progress.checkpoint(name):
            raise AssertionError("it was let in")

    told, folder = outcome(bare, tmp_path, act)
    assert "a name has letters, digits" in told
    assert checkpoints(folder) == {}


def test_one_that_fails_while_it_saves_leaves_what_was_there(bare: Any, tmp_path: Path) -> None:
    def act(progress: Any) -> None:
        with progress.checkpoint("last.npz") as file:
            file.write_bytes(b"whole")
        with progress.checkpoint("last.npz") as file:
            file.write_bytes(b"hal")
            raise RacegymError("out of luck")

    told, folder = outcome(bare, tmp_path, act)
    assert told == "out of luck"
    assert checkpoints(folder) == {"last.npz": b"whole"}


def test_one_that_writes_nothing(bare: Any, tmp_path: Path) -> None:
    def act(progress: Any) -> None:
        with progress.checkpoint("last.npz"):
            pass

    assert "wrote no file for the checkpoint 'last.npz'" in outcome(bare, tmp_path, act)[0]


def test_figures_may_come_later_and_need_not_be_finite(bare: Any, tmp_path: Path) -> None:
    def act(progress: Any) -> None:
        progress.update(1, 9, loss=0.5)
        progress.update(2, 9, **{"eval, mean": 7, "loss": float("nan")})
        progress.update(3, 9, loss=float("inf"))

    _, folder = outcome(bare, tmp_path, act)
    lines = (folder / "train.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == 'steps,seconds,loss,"eval, mean"'
    assert [line.split(",")[2:] for line in lines[1:]] == [["0.5", ""], ["nan", "7.0"], ["inf", ""]]
    told = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    assert told["figures"] == {"loss": None}


def test_a_table_cut_off_anywhere_is_read(copied: Path) -> None:
    folder = RunFolder(copied)
    whole, content = read_figures(folder).rows, folder.figures.read_bytes()
    for length in range(0, len(content), 17):
        folder.figures.write_bytes(content[:length])
        found = read_figures(folder).rows
        assert found == whole[: len(found)]
    folder.figures.write_bytes(b"time,loss\n1,2\n")
    with pytest.raises(RunError, match="is no table of figures"):
        read_figures(folder)


@pytest.mark.slow
def test_the_template_learns_to_lap(installed: None, package: Path, tmp_path: Path) -> None:
    """From nothing to two laps, whatever the seed."""
    for seed in (1, 2, 3):
        scenario = load_scenario(package / "scenario.yaml", [f"seed={seed}"])
        done = train(scenario, runs_dir=tmp_path)
        returns = [float(row["episode_return"]) for row in rows(done.folder)]
        assert returns[0] < 10 and max(returns) > 200
        driver = json.dumps({"name": "ice", "file": str(done.checkpoint)})
        raced = load_scenario(
            done.folder / "scenario.yaml", ["task=race", f"cars[0].driver={driver}"]
        )
        (car,) = run(raced, runs_dir=tmp_path, plots=False).classification
        assert car["laps"] == 2 and car["off_track"] == 0
