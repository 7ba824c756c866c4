"""The commands around runs, as a person uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from racegym.cli import main
from racegym.record import RunFolder
from racegym.run import RunResult
from racegym.scenario import Scenario


@pytest.fixture
def file(short: Scenario, tmp_path: Path) -> str:
    path = tmp_path / "short.yaml"
    path.write_text(short.to_yaml(), encoding="utf-8")
    return str(path)


def test_run_shows_the_race_and_where_it_is_recorded(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    runs = tmp_path / "runs"
    assert main(["run", file, "--runs-dir", str(runs), "--set", "laps=1", "--csv"]) == 0
    shown = capsys.readouterr().out
    (folder,) = (runs / "short_race").iterdir()
    assert "fast: lap 1 in" in shown and "fast finishes, position 1" in shown
    assert "Cars do not touch each other with this backend and its options." in shown
    assert f"recorded in {folder}" in shown
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    winner = result["classification"][0]
    assert f"{winner['total_time']:.3f}" in shown
    assert f"{3.6 * winner['average_speed']:.1f}" in shown
    assert "retired" in shown
    assert (folder / "telemetry.csv").exists() and (folder / "lap_times.png").exists()


def test_a_quiet_run_prints_its_folder_alone(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    options = ["--quiet", "--no-plots", "--set", "time_limit=1", "--runs-dir", str(runs)]
    assert main(["run", file, *options]) == 0
    (folder,) = (runs / "short_race").iterdir()
    assert capsys.readouterr().out == f"{folder}\n"
    assert not list(folder.glob("*.png"))


def test_one_car_is_not_told_about_touching(
    short: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = short.resolved()
    data["cars"] = data["cars"][:1]
    path = tmp_path / "alone.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert main(["run", str(path), "--set", "time_limit=2", "--runs-dir", str(tmp_path)]) == 0
    assert "touch" not in capsys.readouterr().out


def test_an_evaluation_is_shown_by_episode(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["task=evaluate", "episodes=2", "laps=1", "time_limit=60"]
    sets = [word for option in options for word in ("--set", option)]
    assert main(["run", file, *sets, "--runs-dir", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "Episodes" in shown
    assert "4 of 6 finished (67 %)" in shown


def test_verify_says_what_it_compared(
    finished: RunResult, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(finished.folder)]) == 0
    steps, seconds = finished.result["steps"], int(finished.result["time"] + 1e-9)
    assert capsys.readouterr().out.startswith(f"verified {steps} steps, {seconds} hashes")


def test_verify_fails_with_the_step_that_differs(
    copied: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    text = copied.scenario.read_text(encoding="utf-8")
    copied.scenario.write_text(text.replace("rental_kart", "gt3", 1), encoding="utf-8")
    assert main(["verify", "latest", "--runs-dir", str(copied.path.parents[1])]) == 1
    assert "differs at step 1 (0.05 s): the cars move differently" in capsys.readouterr().out


def test_runs_are_listed_and_shown(
    finished: RunResult, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    runs_dir = ["--runs-dir", str(finished.folder.parents[1])]
    assert main(["runs", "list", *runs_dir]) == 0
    shown = capsys.readouterr().out
    assert f"short_race/{finished.folder.name}" in shown and "finished" in shown
    for name in ("latest", "short_race", finished.folder.name, str(finished.folder)):
        assert main(["runs", "show", name, *runs_dir, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == finished.result
    assert main(["runs", "show", "shrt_race", *runs_dir]) == 2
    assert "did you mean 'short_race'?" in capsys.readouterr().err


def test_no_runs_are_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list", "--runs-dir", str(tmp_path / "none")]) == 0
    assert "there are no runs" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_fails_in_words(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", file, "--runs-dir", str(tmp_path / "short.yaml" / "x")]) == 2
    error = capsys.readouterr().err
    assert "can't write a run there" in error and "Traceback" not in error


def test_a_narrow_console_shows_the_names_of_runs_in_full(
    file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    runs = str(tmp_path / "runs")
    assert main(["run", file, "--runs-dir", runs, "--set", "laps=1", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["runs", "list", "--runs-dir", runs]) == 0
    (folder,) = (tmp_path / "runs" / "short_race").iterdir()
    assert f"short_race/{folder.name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--vehicle", "nokart"], "unknown vehicle 'nokart'"),
        (["--vehicle", "gt3", "--held-out", "gt3"], "'gt3' is fitted and held out"),
        (["--write", "nowhere/levels.yaml"], "there is no such folder"),
    ],
)
def test_a_calibration_that_can_come_to_nothing_is_refused_before_it_measures(
    options: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("racegym.run.calibration.calibrate", None)
    assert main(["calibrate", "raceline", "--tracks", "1", *options]) == 2
    assert told in capsys.readouterr().err
