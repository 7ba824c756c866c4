"""What a run leaves behind, and that it says the same each time."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from racegym import plugins
from racegym.errors import RunError, ScenarioError
from racegym.interfaces import Status, Watcher
from racegym.record import RunFolder, find_runs, repair
from racegym.record.folder import MARGIN
from racegym.run import RunResult, run
from racegym.run.episodes import is_over
from racegym.scenario import Scenario, load_scenario


def without_wall(file: Path) -> dict[str, object]:
    result = json.loads(file.read_text(encoding="utf-8"))
    assert result.pop("wall")["seconds"] > 0
    return result


def test_two_runs_of_a_scenario_say_the_same(
    short: Scenario, finished: RunResult, tmp_path: Path
) -> None:
    again = RunFolder(run(short, runs_dir=tmp_path, csv=True, plots=False).folder)
    first = RunFolder(finished.folder)
    assert without_wall(again.result) == without_wall(first.result)
    for name in ("telemetry", "controls", "laps", "events", "telemetry_csv", "scenario"):
        assert getattr(again, name).read_bytes() == getattr(first, name).read_bytes(), name


def test_files_do_not_tell_how_often_they_were_flushed(
    short: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for seconds in (0.0, 1e9):
        monkeypatch.setattr("racegym.record.stream.FLUSH_AFTER", seconds)
        folder = RunFolder(run(short, runs_dir=tmp_path / str(seconds), plots=False).folder)
        found.append([getattr(folder, name).read_bytes() for name in ("telemetry", "controls")])
    assert found[0] == found[1]


def test_a_finished_folder_holds_every_file_and_nothing_of_the_writing(
    finished: RunResult,
) -> None:
    assert {file.name for file in finished.folder.iterdir()} == {
        "scenario.yaml", "state.json", "result.json", "laps.csv", "events.jsonl",
        "telemetry.parquet", "telemetry.csv", "controls.arrows", "track_map.png",
        "lap_times.png", "tracks.jsonl",
    }  # fmt: skip
    assert finished.folder.parent.name == "short_race"
    assert ":" not in finished.folder.name


def test_the_scenario_in_the_folder_is_the_one_that_ran(
    short: Scenario, finished: RunResult
) -> None:
    file = RunFolder(finished.folder).scenario
    assert load_scenario(file) == short
    assert file.read_text(encoding="utf-8").startswith("# Resolved by racegym ")


def test_the_classification_is_that_of_the_world(short: Scenario, finished: RunResult) -> None:
    world = short.world()
    world.reset(short.seeds(1))
    start = world.view.race.start_progress[0].copy()
    top, racing = np.zeros(3), np.zeros(3)
    while not is_over(world, short.time_limit):
        world.step()
        state, race = world.view.state, world.view.race
        top = np.maximum(top, np.hypot(state.vx[0], state.vy[0]))
        racing[race.status[0] <= Status.PIT] = race.time[0]
    race, length = world.view.race, world.view.tracks.track_of(0).length
    assert [row["name"] for row in finished.classification] == ["fast", "slow", "still"]
    for row in finished.classification:
        car = row["car"]
        assert row["position"] == race.position[0, car]
        assert row["laps"] == race.laps_done[0, car]
        assert row["top_speed"] == pytest.approx(top[car], rel=1e-6)
        assert row["off_track"] == race.off_track_count[0, car]
        if row["name"] == "still":
            assert row["status"] == "retired"
            assert row["total_time"] is None and row["best_lap"] is None
            assert row["time"] == pytest.approx(racing[car])
            continue
        assert row["status"] == "finished"
        assert row["total_time"] == race.finish_time[0, car]
        assert row["best_lap"] == race.best_lap_time[0, car]
        assert row["last_lap"] == race.last_lap_time[0, car]
        assert row["mean_lap"] == pytest.approx(race.finish_time[0, car] / 2)
        distance = 2 * length - start[car]
        assert row["average_speed"] == pytest.approx(distance / race.finish_time[0, car])
        assert row["theoretical_best"] == race.theoretical_best[0, car] <= row["best_lap"] + 1e-9
        assert row["penalty_time"] == row["penalty_places"] == 0 and row["classified"]
    fast, slow, _ = finished.classification
    assert slow["interval"] == slow["gap"] and fast["interval"] == 0
    assert fast["gap"] == 0 and slow["gap"] == slow["total_time"] - fast["total_time"]
    assert finished.result["steps"] == race.step[0]
    assert finished.result["time"] == race.time[0]


def test_laps_are_written_with_their_sectors(finished: RunResult) -> None:
    with RunFolder(finished.folder).laps.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    for row in rows:
        sectors = [float(time) for time in row["sector_times"].split()]
        assert len(sectors) == 3
        assert sum(sectors) == pytest.approx(float(row["lap_time"]))
        assert row["valid"] == "1"


def test_telemetry_has_a_row_per_car_and_step_with_units(finished: RunResult) -> None:
    folder = RunFolder(finished.folder)
    table = pq.read_table(folder.telemetry)
    assert table.num_rows == 3 * finished.result["steps"]
    units = {field.name: field.metadata[b"unit"].decode() for field in table.schema}
    expected = {
        "time": "s", "step": "", "car": "", "x": "m", "yaw": "rad", "vx": "m/s",
        "yaw_rate": "rad/s", "ax": "m/s^2", "steer": "rad", "throttle": "1", "s": "m", "d": "m",
        "heading_error": "rad", "progress": "m", "lap": "", "position": "", "gap_leader": "s",
        "status": "", "control_steer": "1", "load_fl": "N",
    }  # fmt: skip
    assert expected.items() <= units.items()
    assert "gear" not in units and "roll" not in units  # kart2d fills neither
    time, car = table["time"].to_numpy(), table["car"].to_numpy()
    assert np.array_equal(car[:6], [0, 1, 2, 0, 1, 2])
    assert time[3] == pytest.approx(0.1) and time[-1] == finished.result["time"]
    with folder.telemetry_csv.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == table.column_names
    assert len(lines) == table.num_rows + 1
    assert float(lines[-1][0]) == time[-1]


def test_telemetry_shows_what_the_world_had(short: Scenario, finished: RunResult) -> None:
    table = pq.read_table(RunFolder(finished.folder).telemetry)
    world = short.world()
    world.reset(short.seeds(1))
    for _ in range(200):
        world.step()
    rows = slice(199 * 3, 200 * 3)
    for name in ("x", "yaw", "vx", "engine_speed"):
        assert np.array_equal(table[name].to_numpy()[rows], getattr(world.view.state, name)[0])
    assert np.array_equal(table["control_steer"].to_numpy()[rows], world.control.steer[0])
    assert np.array_equal(
        table["slip_angle_rl"].to_numpy()[rows], world.view.state.slip_angle[0, :, 2]
    )


def test_an_evaluation_is_a_run_of_each_seed_on_its_own_track(tmp_path: Path) -> None:
    scenario = load_scenario(
        {
            "name": "exam",
            "task": "evaluate",
            "backend": "kart2d",
            "episodes": 3,
            "laps": 1,
            "time_limit": 60,
            "seed": 11,
            "tracks": [{"generate": {"seed": 1, "count": 2, "length": 250}}],
            "start": {"lateral_noise": 0.5},
            "cars": [{"vehicle": "rental_kart", "driver": {"name": "pure_pursuit", "pace": 80}}],
        }
    )
    done = run(scenario, runs_dir=tmp_path, plots=False)
    episodes = done.result["episodes"]
    assert [episode["seed"] for episode in episodes] == [11, 12, 13]
    world = scenario.world(3)
    world.reset(scenario.seeds(3))
    while not (world.view.race.status > Status.PIT).all():
        world.step()
    for race, episode in enumerate(episodes):
        assert episode["track"] == world.view.tracks.track_of(race).name
        assert episode["classification"][0]["total_time"] == world.view.race.finish_time[race, 0]
    assert episodes[0]["track"] == episodes[2]["track"] != episodes[1]["track"]
    times = [episode["classification"][0]["best_lap"] for episode in episodes]
    summary = done.result["summary"]
    assert summary["completion_rate"] == 1
    assert summary["best_lap"] == min(times)
    assert summary["mean_lap"] == pytest.approx(np.mean(times))


def test_without_telemetry_the_result_is_the_same(
    short: Scenario, finished: RunResult, tmp_path: Path
) -> None:
    lean = load_scenario({**short.resolved(), "record": {"telemetry": False}})
    done = run(lean, runs_dir=tmp_path)
    assert not RunFolder(done.folder).telemetry.exists()
    assert done.classification == finished.classification


def test_an_agent_has_nobody_to_drive_it(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"--set cars\[0\].driver=pure_pursuit"):
        run("time_trial", runs_dir=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_cars_that_have_no_room_on_the_grid_leave_no_run(tmp_path: Path) -> None:
    file = tmp_path / "far.yaml"
    file.write_text(
        "backend: kart2d\ntrack: {generate: {seed: 1, length: 300}}\n"
        "cars: [{name: A, driver: idle, grid: 900}]\n",
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError, match="but a lap is only 300 m long") as caught:
        run(file, runs_dir=tmp_path / "runs")
    assert caught.value.file == str(file)
    assert not list((tmp_path / "runs").iterdir())


def test_a_folder_that_cannot_be_written_is_told_before_the_race(
    short: Scenario, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(RunError, match="can't write a run there: Not a directory"):
        run(short, runs_dir=tmp_path / "file")


def test_a_disk_too_full_is_told_before_the_race(
    short: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @dataclass
    class Usage:
        free: int = MARGIN + 1000

    monkeypatch.setattr("racegym.record.folder.shutil.disk_usage", lambda path: Usage())
    with pytest.raises(RunError, match=r"the disk is too full: 32\.0 MB are free and the run may"):
        run(short, runs_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


@dataclass
class Faulty(Watcher):
    """Raises something at a step."""

    step: int
    error: BaseException
    seen: int = field(default=0)

    def see(self, view: object, events: object) -> None:
        self.seen += 1
        if self.seen == self.step:
            raise self.error


@pytest.mark.parametrize(
    ("error", "state"), [(ZeroDivisionError("x"), "failed"), (KeyboardInterrupt(), "stopped")]
)
def test_what_goes_wrong_on_the_way_leaves_a_folder_that_can_be_read(
    short: Scenario, tmp_path: Path, error: BaseException, state: str
) -> None:
    with pytest.raises(type(error)):
        run(short, runs_dir=tmp_path, watchers=[Faulty(40, error)])
    (path,) = (tmp_path / "short_race").iterdir()
    folder = RunFolder(path)
    assert json.loads(folder.state.read_text(encoding="utf-8"))["state"] == state
    assert pq.read_table(folder.telemetry).num_rows == 3 * 40
    assert json.loads(folder.result.read_text(encoding="utf-8"))["steps"] == 40


FILLS_UP = """
import resource, sys
from racegym.run import run
from racegym.scenario import load_scenario

scenario = load_scenario(sys.argv[1])
run(scenario, runs_dir="warm", plots=False)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
run(scenario, runs_dir="runs", plots=False)
"""


@pytest.mark.skipif(os.name == "nt", reason="sets a limit that Windows does not have")
def test_a_disk_that_fills_up_on_the_way_leaves_what_was_recorded(
    finished: RunResult, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILLS_UP, str(RunFolder(finished.folder).scenario)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "File too large; what was recorded before stays readable" in done.stderr
    (folder,) = find_runs(tmp_path / "runs")
    assert repair(folder)["state"] in ("failed", "cut off")
    rows = pq.read_table(folder.telemetry)
    whole = pq.read_table(RunFolder(finished.folder).telemetry)
    assert rows.num_rows >= 3
    assert rows.equals(whole.slice(0, rows.num_rows))


def test_plugins_hear_of_a_run_at_its_start_and_its_end(
    short: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    catalogue = plugins.load()
    monkeypatch.setattr(
        type(catalogue), "run_started",
        lambda self, run: heard.append((run.folder, (run.folder / "result.json").exists())),
    )  # fmt: skip
    monkeypatch.setattr(
        type(catalogue), "run_finished",
        lambda self, run: heard.append((run.folder, (run.folder / "result.json").exists())),
    )  # fmt: skip
    done = run(short, runs_dir=tmp_path, plots=False)
    assert heard == [(done.folder, False), (done.folder, True)]


def test_runs_that_begin_in_the_same_second_get_folders_of_their_own(tmp_path: Path) -> None:
    folders = {RunFolder.create(tmp_path, "a: b").path for _ in range(4)}
    assert len(folders) == 4
    assert {folder.parent.name for folder in folders} == {"a_b"}
