"""A run with draws says what was drawn, and can be proved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from racegym.errors import ScenarioError
from racegym.record import About, Recorder, RunFolder
from racegym.run import run, verify
from racegym.run.episodes import start_episode
from racegym.scenario import load_scenario
from racegym.world import Command

VARIED: dict[str, Any] = {
    "name": "varied",
    "backend": "kart2d",
    "task": "evaluate",
    "episodes": 3,
    "seed": 5,
    "time_limit": 4,
    "track": {"generate": {"seed": 7, "length": 300}},
    "cars": [
        {"name": "drawn", "driver": {"name": "pure_pursuit", "pace": 70},
         "vehicle": {"base": "rental_kart", "mass": {"uniform": [150, 300]}}},
        {"name": "plain", "vehicle": "rental_kart", "driver": {"name": "pure_pursuit", "pace": 60},
         "variation": {"delay": 0}},
    ],
    "variation": {
        "grip": {"normal": [0.9, 0.05]},
        "delay": {"choice": [0, 0.04, 0.1]},
        "start": {"d": {"uniform": [-1, 1]}, "speed": {"uniform": [0, 5]}},
    },
}  # fmt: skip


def starts(folder: Path) -> list[dict[str, Any]]:
    lines = RunFolder(folder).events.read_text("utf-8").splitlines()
    return [line for line in map(json.loads, lines) if line["kind"] == "start"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(VARIED, runs_dir=tmp_path_factory.mktemp("runs"), plots=False).folder


def test_what_was_drawn_is_recorded_for_every_episode_and_car(folder: Path) -> None:
    told = [line["drawn"] for line in starts(folder)]
    batch = load_scenario(VARIED).world(3)
    batch.reset([5, 6, 7])
    assert told == [batch.variation.told(race) for race in range(3)]
    assert len({episode[0]["vehicle.mass"] for episode in told}) == 3
    for drawn, plain in told:
        assert drawn["grip"] == plain["grip"] and plain["delay"] == 0
        assert "vehicle.mass" not in plain
        assert drawn["delay"] in (0.0, 0.05, 0.1)  # whole control intervals of 0.05 s
    batch.close()


def test_what_was_drawn_is_in_the_telemetry(folder: Path) -> None:
    frame = pq.read_table(RunFolder(folder).telemetry).to_pandas()
    for line in starts(folder):
        rows = frame[(frame.episode == line["episode"]) & (frame.car == 0)]
        assert (rows["drawn.vehicle.mass"] == line["drawn"][0]["vehicle.mass"]).all()


def test_such_a_run_is_proved(folder: Path) -> None:
    proof = verify(folder)
    assert proof.difference is None and proof.steps == 240 and proof.hashes == 12


def test_a_run_on_another_road_is_not(folder: Path) -> None:
    scenario = RunFolder(folder).scenario
    text = scenario.read_text("utf-8")
    assert "normal: [0.9, 0.05]" in text
    try:
        scenario.write_text(text.replace("normal: [0.9, 0.05]", "normal: [0.8, 0.05]"), "utf-8")
        proof = verify(folder)
    finally:
        scenario.write_text(text, "utf-8")
    assert proof.difference is not None and proof.difference.episode == 0


def test_a_restart_in_the_middle_draws_the_next_episode(tmp_path: Path) -> None:
    scenario = load_scenario({**VARIED, "task": "race"})

    world = scenario.world()
    about = About(scenario="varied", scenario_yaml=scenario.to_yaml(), seed=5)
    recorder = Recorder(world, tmp_path / "run", about)
    world.watchers.append(recorder)
    start_episode(world, scenario, 5)
    for step in range(60):
        if step == 30:
            world.commands.append(Command(kind="reset", race=0, car=0))
        world.step()
    recorder.finish("finished")
    world.close()
    first, second = starts(tmp_path / "run")
    assert first["drawn"] != second["drawn"]
    assert verify(tmp_path / "run").difference is None


def test_a_run_without_draws_says_nothing_of_them(tmp_path: Path) -> None:
    plain = {**VARIED, "variation": {}, "task": "race", "time_limit": 0.5}
    plain["cars"] = [{"vehicle": "rental_kart", "driver": "idle"}]
    (line,) = starts(run(plain, runs_dir=tmp_path, plots=False).folder)
    assert "drawn" not in line


def test_a_grid_has_room_for_the_longest_vehicle_that_can_be_drawn() -> None:
    rare = {"choice": [2.0] * 500 + [20.0]}
    cars = [
        {"name": f"{n}", "vehicle": {"base": "rental_kart", "length": rare}, "driver": "idle"}
        for n in range(6)
    ]
    track = {"generate": {"seed": 7, "length": 150}}
    world = load_scenario({"backend": "kart2d", "cars": cars, "track": track}).world()
    with pytest.raises(ScenarioError, match=r"grid slot 5 is 190 m behind the line"):
        world.reset([1])
    assert world.view.vehicle.length.max() == 2
    world.close()


def test_a_grid_fits_on_every_track_that_is_to_come() -> None:
    tracks = [{"generate": {"seed": 7, "length": length}} for length in (400, 160)]
    cars = [{"name": f"{n}", "grid": 40 * n, "driver": "idle"} for n in range(3)]
    world = load_scenario({"backend": "kart2d", "cars": cars, "tracks": tracks}).world()
    with pytest.raises(ScenarioError, match=r"a lap is only 160 m long"):
        world.reset([1])
    world.close()


def test_a_delay_that_is_rounded_up_stays_within_its_channels_bounds() -> None:
    scenario = {"backend": "kart2d", "dt": 0.05, "cars": [{}]}
    drawn = {"delay": {"uniform": [0.03, 0.08]}}
    world = load_scenario({**scenario, "variation": drawn}).world(64)
    world.reset(range(64))
    channel, values = world.view.channel_specs["drawn.delay"], world.view.channels["drawn.delay"]
    assert channel.low == values.min() == 0.05 and channel.high == values.max() == 0.1
    world.close()
