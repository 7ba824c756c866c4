"""Sweeps: what is tried, ended early, taken up again and told in the end."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest
from rich.console import Console

pytest.importorskip("optuna", reason="needs Optuna: pip install -e '.[sweep]'")
pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")

import racegym.sweep.search as search_module
from racegym import load_scenario, plugins
from racegym.cli import main
from racegym.cli.sweep import _table
from racegym.documents.document import parse_text
from racegym.drivers.idle import Idle
from racegym.errors import MissingLibraryError, RunError, ScenarioError, TrackError
from racegym.interfaces import Trainer, TrainerOptions, options
from racegym.plugins import Offer
from racegym.scenario.sweep_settings import SweepSettings
from racegym.sweep.results import patch, read_trials, set_arguments, write_results
from racegym.sweep.search import Sweep, open_study, read_space, search, take_up
from racegym.sweep.watching import TrialWatch

SPACE: dict[str, Any] = {
    "trainer.x": {"low": 0.001, "high": 1.0, "log": True},
    "trainer.n": {"low": 1, "high": 4},
    "trainer.form": [[1], [2, 3]],
}
SCENARIO: dict[str, Any] = {
    "name": "hill",
    "task": "train",
    "trainer": {"name": "hill", "steps": 100},
    "backend": "kart2d",
    "track": {"generate": {"seed": 3, "length": 300}},
    "cars": [{"name": "Learner", "vehicle": "rental_kart", "driver": "agent"}],
}


class Hill(Trainer):
    """Learns nothing; its figure rises to what its settings are worth."""

    driver = Idle
    stops_at: int | None = None  # asks for an end, as Ctrl-C does, at this step of its next run
    steps_done: list[int] = []  # noqa: RUF012 - of each training

    class Options(TrainerOptions):
        x: float = 0.1
        n: int = 1
        form: tuple[int, ...] = (1,)

    def __init__(self, given: Any):
        super().__init__(given)
        self.options = options.read(self.Options, given, "trainer 'hill'")

    def train(self, scenario, run_dir, progress):  # type: ignore[no-untyped-def]
        worth = self.options.x * self.options.n * sum(self.options.form)
        if self.options.n == 4:
            raise RunError("four are too many")
        step = 0
        while step < self.options.steps and not progress.stop_asked:
            step += 10
            if Hill.stops_at == step:
                Hill.stops_at = None
                os.kill(os.getpid(), signal.SIGINT)
            progress.update(step, self.options.steps, worth=worth * step / self.options.steps)
        Hill.steps_done.append(step)
        with progress.checkpoint("last.txt") as file:
            file.write_text(str(step))

    def resume(self, scenario, run_dir, checkpoint, progress): ...  # type: ignore[no-untyped-def]


@pytest.fixture(autouse=True)
def hill(monkeypatch: pytest.MonkeyPatch) -> Any:
    offer = Offer(kind="trainer", name="hill", dist="racegym", target="somewhere:Hill")
    load = Offer.load
    monkeypatch.setattr(Offer, "load", lambda self: Hill if self == offer else load(self))
    monkeypatch.setattr(Hill, "steps_done", [])
    with plugins.load().lending(offer):
        yield


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is not made to outlast a loss of power."""
    from sqlalchemy import event

    storage = search_module._storage

    def quick(folder: Path) -> Any:
        found = storage(folder)
        event.listen(found.engine, "connect", lambda c, _: c.execute("PRAGMA synchronous=OFF"))
        found.engine.dispose()
        return found

    monkeypatch.setattr(search_module, "_storage", quick)


def sweep(folder: Path, **settings: Any) -> Sweep:
    given = {"figure": "worth", "trials": 10, "space": SPACE, **settings}
    return Sweep(load_scenario(SCENARIO), SweepSettings.model_validate(given), folder)


def test_it_finds_the_best_and_tells_it(tmp_path: Path) -> None:
    whole, told = sweep(tmp_path), []
    study = open_study(whole)
    assert search(whole, told=told.append)
    assert len(told) == 10
    trials = read_trials(study, whole.settings)
    states = [trial.state for trial in trials]
    assert set(states) == {"done", "ended early", "failed"}
    done = [trial for trial in trials if trial.state == "done"]
    values = [trial.value for trial in done]
    assert values == sorted(values, reverse=True)  # type: ignore[type-var]
    for trial in done:
        worth = trial.values["trainer.x"] * trial.values["trainer.n"]
        worth *= sum(trial.values["trainer.form"])
        assert trial.value == pytest.approx(worth * 0.95)  # the mean of the last tenth
        assert (tmp_path / trial.run / "hill").is_dir()
    assert min(Hill.steps_done) < 100  # those that were ended early
    failed = next(trial for trial in trials if trial.state == "failed")
    assert failed.values["trainer.n"] == 4 and "too many" in failed.error
    console = Console(file=io.StringIO(), width=60)
    console.print(_table(whole.settings, trials))
    assert "…" not in console.file.getvalue()  # type: ignore[attr-defined]
    table, picture, best = write_results(tmp_path, whole.settings, trials)
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10 and float(rows[0]["worth"]) == values[0]
    assert json.loads(rows[0]["trainer.form"]) == done[0].values["trainer.form"]
    assert matplotlib.image.imread(picture).std() > 0.05
    laid_over = parse_text(best.read_text(encoding="utf-8")).data
    assert laid_over == {"trainer": {k.partition(".")[2]: v for k, v in done[0].values.items()}}


def test_little_can_be_good_too_and_nothing_be_ended_early(tmp_path: Path) -> None:
    space = {**SPACE, "trainer.n": [1, 2]}
    whole = sweep(tmp_path, goal="minimize", prune=False, trials=4, space=space)
    study = open_study(whole)
    assert search(whole)
    trials = read_trials(study, whole.settings)
    assert [trial.state for trial in trials] == ["done"] * 4
    assert trials[0].value == min(trial.value for trial in trials if trial.value)
    assert Hill.steps_done == [100] * 4


@pytest.mark.slow
def test_the_same_search_tries_the_same(tmp_path: Path) -> None:
    tried = []
    for name in ("one", "other"):
        whole = sweep(tmp_path / name, trials=4)
        study = open_study(whole)
        search(whole)
        tried.append([(t.number, dict(t.values)) for t in read_trials(study, whole.settings)])
    assert tried[0] == tried[1]


def test_what_was_broken_off_is_tried_again(tmp_path: Path) -> None:
    whole = sweep(tmp_path, trials=4, prune=False, space={**SPACE, "trainer.n": [1, 2]})
    study = open_study(whole)
    Hill.stops_at = 50
    assert not search(whole)  # the first one is stopped
    assert Hill.steps_done == [50]
    begun = study.ask()  # and another one's process was killed
    begun.suggest_float("trainer.x", 0.001, 1.0, log=True)
    stopped = study.get_trials()[0].params
    again = open_study(whole)
    assert take_up(again) == 2
    assert search(whole)
    trials = read_trials(again, whole.settings)
    assert [trial.state for trial in trials] == ["done"] * 4
    assert any(trial.values["trainer.x"] == stopped["trainer.x"] for trial in trials)
    more = sweep(tmp_path, trials=5, prune=False, space={**SPACE, "trainer.n": [1, 2]})
    assert search(more)
    assert len(read_trials(open_study(more), more.settings)) == 5


def test_a_folder_keeps_one_sweep(tmp_path: Path) -> None:
    open_study(sweep(tmp_path))
    with pytest.raises(RunError, match="another scenario or another space; choose another folder"):
        open_study(sweep(tmp_path, steps=50))


def test_a_damaged_study_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "sweep.db").write_bytes(b"no database" * 100)
    with pytest.raises(RunError, match=r"sweep\.db: can't be opened as a study of Optuna"):
        open_study(sweep(tmp_path))


def test_another_distance_ends_the_episodes_of_its_trials(tmp_path: Path) -> None:
    trial = sweep(tmp_path).trial({"laps": 7})
    assert trial.termination["laps_done"].options["laps"] == 7


def test_one_that_a_track_can_not_be_made_for_is_one_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise TrackError("no such track")

    monkeypatch.setattr(Hill, "train", fails)
    whole = sweep(tmp_path)
    study = open_study(whole)
    with pytest.raises(TrackError, match="no such track"):
        search(whole)
    assert {trial.state for trial in read_trials(study, whole.settings)} == {"failed"}


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_ctrl_c_between_two_trials_ends_it_and_nothing_is_lost(tmp_path: Path) -> None:
    whole = sweep(tmp_path, trials=3, prune=False, space={**SPACE, "trainer.n": [1, 2]})
    study = open_study(whole)
    assert not search(whole, told=lambda _: os.kill(os.getpid(), signal.SIGINT))
    assert [trial.state for trial in read_trials(study, whole.settings)] == ["done"]
    assert not search(whole, ended=lambda: True) and take_up(study) == 0
    assert not search(whole, ended=lambda: len(study.get_trials()) > 1)  # in the next one
    assert Hill.steps_done[-1] == 10 and take_up(study) == 1
    assert search(whole)
    assert [trial.state for trial in read_trials(study, whole.settings)] == ["done"] * 3


def test_if_nothing_works_it_ends(tmp_path: Path) -> None:
    whole = sweep(tmp_path, space={"trainer.n": [4, 4.0]})
    open_study(whole)
    with pytest.raises(RunError, match="four are too many"):
        search(whole)
    unknown = sweep(tmp_path / "other", figure="wort", space={"trainer.x": [1.0, 2.0]})
    open_study(unknown)
    with pytest.raises(RunError, match="no figure 'wort'; did you mean 'worth'"):
        search(unknown)


def test_a_wrong_dimension_is_told_before_anything_is_learned(tmp_path: Path) -> None:
    for space, message in (
        ({"trainer.y": [1, 2]}, r"sweep: trainer.y = 1: .*no|unknown"),
        (
            {"track.generate.length": {"low": -5.0, "high": 400.0}},
            "length = -5.0: .*greater than 0",
        ),
        ({"cars[2].driver": ["idle", "random"]}, r"there is no cars\[2\]"),
    ):
        with pytest.raises(ScenarioError, match=message):
            sweep(tmp_path, space=space).check()


def test_what_a_space_can_not_be() -> None:
    for space, message in (
        ({"trainer.steps": [1, 2]}, "trainer.steps can't be searched"),
        ({"task": ["race", "train"]}, "task can't be searched"),
        ({"trainer.x": {"low": 2.0, "high": 1.0}}, "low must be below high"),
        ({"trainer.x": {"low": 0.0, "high": 1.0, "log": True}}, "with log it must be above 0"),
        ({"trainer.x": {"low": 0.1, "hihg": 1.0}}, "did you mean 'high'"),
        ({"trainer.x": [1]}, "at least 2"),
        ({"trainer.n": {"low": 1, "high": 4, "step": 5}}, "leads from low beyond high"),
        ({"trainer": ["hill", "ppo"]}, "trainer can't be searched"),
        ({"trainer.preset": ["small", "large"]}, "search the settings that it stands for"),
    ):
        with pytest.raises(ScenarioError, match=message):
            load_scenario({**SCENARIO, "sweep": {"space": space}})


def test_a_space_stands_in_a_file_or_in_the_scenario(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = {"figure": "worth", "trials": 2, "space": {"trainer.x": [1.0, 2.0]}}
    loaded = load_scenario({**SCENARIO, "sweep": own})
    assert load_scenario(loaded.resolved()) == loaded
    Path("hill.yaml").write_text(json.dumps(SCENARIO), encoding="utf-8")
    assert main(["sweep", "hill.yaml"]) == 2
    assert "give a file with --space FILE" in capsys.readouterr().err
    Path("space.yaml").write_text(json.dumps({"sweep": own}), encoding="utf-8")
    assert read_space(Path("space.yaml")) == loaded.sweep
    assert main(["sweep", "hill.yaml", "--space", "space.yaml", "--trials", "1"]) == 0
    told = capsys.readouterr().out
    assert "trainer:\n  x: " in told and "--set trainer.x=" in told
    assert {file.name for file in Path("sweeps/hill").iterdir()} == {
        "sweep.db", "scenario.yaml", "trials", "trials.csv", "sweep.png", "best.yaml",
    }  # fmt: skip
    Path("space.yaml").write_text("sweep:\n  trials: none\n", encoding="utf-8")
    assert main(["sweep", "hill.yaml", "--space", "space.yaml"]) == 2
    assert "space.yaml:2: sweep.trials: is 'none'; it should be a whole" in capsys.readouterr().err


def test_a_patch_leaves_out_what_stands_in_lists() -> None:
    values = {"trainer.x": 0.5, "reward.progress.weight": 2, "cars[0].vehicle": "gt3"}
    assert patch(values) == {"trainer": {"x": 0.5}, "reward": {"progress": {"weight": 2}}}
    assert "--set 'cars[0].vehicle=\"gt3\"'" in set_arguments(values)


class Judged:
    """A trial that is to be ended at some part."""

    def __init__(self, bad_from: int):
        self.bad_from, self.told = bad_from, []  # type: ignore[var-annotated]

    def report(self, value: float, step: int) -> None:
        self.told.append((step, value))

    def should_prune(self) -> bool:
        return self.told[-1][0] >= self.bad_from


def test_a_trial_is_compared_once_a_part_and_never_at_its_end() -> None:
    settings = SweepSettings.model_validate({"figure": "f", "last": 0.5, "space": SPACE})
    for bad_from, stops in ((20, 0), (10, 1)):
        stopped, trial = [], Judged(bad_from)
        watch = TrialWatch(settings, lambda seen=stopped: seen.append(1), trial)
        for step in range(1, 101):
            watch.update(step, 100, {"f": float(step)} if step % 2 else {"g": 0.0})
            if stopped:
                break
        assert len(stopped) == stops == watch.pruned
        assert [step for step, _ in trial.told] == list(range(1, 11 if stops else 21))
    assert watch.value == 49.0 if stops else 75.0


def test_without_optuna_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingLibraryError, match=r'pip install "racegym\[sweep\]"'):
        open_study(sweep(tmp_path))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_processes_search_together_and_a_killed_sweep_goes_on(name: str, tmp_path: Path) -> None:
    pytest.importorskip("racegym_cleanrl")
    trainer = {"name": "ppo", "steps": 400_000, "num_envs": 64, "num_steps": 32, "hidden": [16]}
    own = {"trials": 4, "prune": False, "space": {"trainer.learning_rate": [1e-3, 1e-2]}}
    limits = {"termination": {"time_limit": {"seconds": 5.0}}, "laps": 0}
    data = {**SCENARIO, "trainer": trainer, "sweep": own, **limits}
    (tmp_path / "kart.yaml").write_text(json.dumps(data), encoding="utf-8")
    command = [sys.executable, "-m", "racegym", "sweep", "kart.yaml", "--processes", "2"]
    begun = subprocess.Popen(
        command, cwd=tmp_path, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    for _ in range(600):
        if len(list(tmp_path.glob("sweeps/hill/trials/*/*/*/train.csv"))) == 2:
            break
        time.sleep(0.1)
    os.killpg(begun.pid, getattr(signal, name))
    told, _ = begun.communicate(timeout=60)
    assert begun.returncode == (130 if name == "SIGINT" else -9), told
    command[command.index("--processes") :] = ["--processes", "2", "--set", "trainer.device=auto"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trying 2 again that was broken off" in done.stdout
    with (tmp_path / "sweeps/hill/trials.csv").open(encoding="utf-8", newline="") as file:
        assert [row["state"] for row in csv.DictReader(file)] == ["done"] * 4
