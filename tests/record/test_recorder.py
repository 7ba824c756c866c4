"""The recorder in a world made in code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from racegym.errors import RunError
from racegym.locks import Lock, is_held
from racegym.race_control import Rules
from racegym.record import About, Recorder, RunFolder
from racegym.record.stream import BLOCK, read_batches
from racegym.run import verify
from racegym.world import StartConfig, World


@pytest.mark.parametrize("races", [[0], [1, 2], [0, 3]])
def test_it_records_the_races_it_is_given(
    rail_world: World, tmp_path: Path, races: list[int]
) -> None:
    world = rail_world
    recorder = Recorder(world, tmp_path / "run", races=races)
    world.watchers.append(recorder)
    world.reset(seeds=[1, 2, 3, 4])
    seen = []
    for _ in range(30):
        world.step()
        seen.append(world.view.state.x[races].copy())
    world.close()
    table = pq.read_table(tmp_path / "run" / "telemetry.parquet")
    assert table["race"].to_pylist() == 30 * [race for race in races for _ in range(2)]
    assert np.array_equal(table["x"].to_numpy().reshape(30, len(races), 2), seen)
    controls = pa.Table.from_batches(read_batches(tmp_path / "run" / "controls.arrows"))
    assert controls.num_rows == 30 * len(races)
    assert controls["throttle"].to_pylist()[0] == pytest.approx([1.0, 0.9])
    assert controls["seed"].to_pylist()[: len(races)] == [race + 1 for race in races]


def test_channels_of_one_number_are_columns_with_their_unit(
    rail_world: World, tmp_path: Path
) -> None:
    recorder = Recorder(rail_world, tmp_path)
    rail_world.watchers.append(recorder)
    rail_world.reset(seeds=[1, 2, 3, 4])
    rail_world.step()
    recorder.finish("finished")
    table = pq.read_table(tmp_path / "telemetry.parquet")
    assert table["rain"].to_pylist() == [2.5, 2.5]
    assert table["heat_fr"].to_pylist() == [301, 301]
    assert table.schema.field("heat_fr").metadata[b"unit"] == b"K"
    assert table.schema.field("battery").metadata == {b"unit": b"1", b"doc": b"charge"}
    assert "pixels" not in table.column_names and "engine_speed" not in table.column_names


def test_racing_together_is_recorded(rail_world: World, tmp_path: Path) -> None:
    recorder = Recorder(rail_world, tmp_path)
    rail_world.watchers.append(recorder)
    rail_world.reset(seeds=[1, 2, 3, 4])
    rail_world.step()
    rail_world.view.race.incident_points[0, 1] = 4
    rail_world.view.race.overtakes_made[0, 0] = 2
    rail_world.step()
    result = recorder.finish("finished")
    table = pq.read_table(tmp_path / "telemetry.parquet")
    assert table["incident_points"].to_pylist()[2:] == [0, 4]
    assert table["overtakes_made"].to_pylist()[2:] == [2, 0]
    for name in ("overtakes_suffered", "car_impulse", "car_contact_count", "blame_points",
                 "penalty_laps", "penalty_due", "warnings", "flags"):  # fmt: skip
        assert name in table.column_names
    rows = {row["car"]: row for row in result["classification"]}
    assert [rows[car]["incident_points"] for car in (0, 1)] == [0, 4]
    assert [rows[car]["overtakes_made"] for car in (0, 1)] == [2, 0]
    assert rows[0]["contacts"] == {"0x": 0, "1x": 0, "2x": 0, "4x": 0}


def test_in_a_pursuit_who_has_driven_farther_is_before_who_is_ahead_on_the_road(
    rail_world: World, tmp_path: Path
) -> None:
    cars = [replace(car, grid=1 - slot) for slot, car in enumerate(rail_world.config.cars)]
    start = StartConfig(kind="pursuit", lights=(0.0, 0.0))
    world = World(replace(rail_world.config, cars=cars, start=start, rules=Rules(laps=0)))
    world.watchers.append(recorder := Recorder(world, tmp_path))
    world.reset(seeds=[1, 2, 3, 4])
    for _ in range(40):
        world.step()
    assert world.view.frame.progress[0, 0] < world.view.frame.progress[0, 1]
    rows = recorder.finish("finished")["classification"]
    assert [row["name"] for row in rows] == ["a", "b"]
    assert [row["road_position"] for row in rows] == [1, 2]
    assert rows[0]["distance"] == pytest.approx(80.0, abs=0.5)
    assert rows[0]["progress"] > rows[1]["progress"]


def test_a_race_that_starts_again_is_a_new_episode(rail_world: World, tmp_path: Path) -> None:
    world = rail_world
    recorder = Recorder(world, tmp_path, races=[1])
    world.watchers.append(recorder)
    world.reset(seeds=[1, 2, 3, 4])
    for _ in range(10):
        world.step()
    world.reset(races=[0, 1])
    for _ in range(5):
        world.step()
    world.reset(seeds=[77], races=[1])
    for _ in range(7):
        world.step()
    result = recorder.finish("finished")
    starts = [(e["episode"], e["seed"], e["steps"]) for e in result["episodes"]]
    assert starts == [(0, 2, 10), (1, 2, 5), (2, 77, 7)]
    controls = pa.Table.from_batches(read_batches(tmp_path / "controls.arrows"))
    assert controls["seed_episode"].to_pylist() == 10 * [0] + 5 * [1] + 7 * [0]


def test_a_lap_after_a_cut_is_not_valid(rail_world: World, tmp_path: Path) -> None:
    world = rail_world
    recorder = Recorder(world, tmp_path)
    world.watchers.append(recorder)
    world.reset(seeds=[1, 2, 3, 4])
    for step in range(200):
        if step == 40:
            world.view.race.lap_valid[0, 1] = False
        world.step()
    result = recorder.finish("finished")
    rows = {row["name"]: row for row in result["classification"]}
    assert rows["a"]["best_lap"] is not None and rows["b"]["best_lap"] is None
    assert rows["a"]["best_lap"] == world.view.race.best_lap_time[0, 0]
    lines = (tmp_path / "laps.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[3:8:4] for line in lines[1:]] == [["a", "1"], ["b", "0"]]


def test_a_lap_that_ended_in_a_cut_has_its_number_too(rail_world: World, tmp_path: Path) -> None:
    world = rail_world
    recorder = Recorder(world, tmp_path)
    world.watchers.append(recorder)
    world.reset(seeds=[1, 2, 3, 4])
    for step in range(400):
        if step == 40:
            world.view.race.laps_done[0, 1] = 1  # as a cut over the line does it
        world.step()
    recorder.finish("finished")
    lines = (tmp_path / "laps.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[3:5] for line in lines[1:]] == [["a", "1"], ["b", "2"]]


def test_what_is_flushed_can_be_read_while_it_writes(rail_world: World, tmp_path: Path) -> None:
    recorder = Recorder(rail_world, tmp_path)
    rail_world.watchers.append(recorder)
    rail_world.reset(seeds=[1, 2, 3, 4])
    for _ in range(2 * BLOCK + 3):
        rail_world.step()
    rows = sum(batch.num_rows for batch in read_batches(tmp_path / "telemetry.arrows"))
    assert rows >= 2 * 2 * BLOCK
    state = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))
    assert state["state"] == "running"
    assert is_held(RunFolder(tmp_path).lock)
    recorder.finish("finished")
    assert not is_held(RunFolder(tmp_path).lock)


def test_two_recorders_do_not_share_a_folder(rail_world: World, tmp_path: Path) -> None:
    first = Recorder(rail_world, tmp_path)
    with pytest.raises(RunError, match="another process writes this run"):
        Recorder(rail_world, tmp_path)
    first.close()


def test_a_run_without_steps_is_complete_and_empty(rail_world: World, tmp_path: Path) -> None:
    recorder = Recorder(rail_world, tmp_path, About(scenario="nothing"))
    result = recorder.finish("stopped")
    assert result["steps"] == 0 and result["classification"] == []
    assert pq.read_table(tmp_path / "telemetry.parquet").num_rows == 0
    assert recorder.finish("finished") == {}
    assert json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["state"] == "stopped"


def test_a_world_made_in_code_cannot_be_verified(rail_world: World, tmp_path: Path) -> None:
    Recorder(rail_world, tmp_path).close()
    with pytest.raises(RunError, match="is missing: a run can't be replayed without it"):
        verify(tmp_path)


def test_a_lock_is_free_once_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    lock = Lock(path)
    assert is_held(path)
    with pytest.raises(OSError, match=r"temporarily unavailable|denied"):
        Lock(path)
    lock.release()
    lock.release()
    assert not path.exists() and not is_held(path)
