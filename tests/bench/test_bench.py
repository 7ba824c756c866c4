"""The benchmark measures what it says it measures."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from racegym import kernels
from racegym.bench import bench, measure_memory
from racegym.bench.course import Course, all_agents
from racegym.bench.memory import resident
from racegym.bench.stages import STAGES, StagedWorld
from racegym.cli import main
from racegym.errors import BackendError, RunError
from racegym.scenario import Scenario, load_scenario
from racegym.world import World

pytest.importorskip(
    "racegym_kart2d", reason="needs a backend: pip install -e plugins/racegym-kart2d"
)

SMALL: dict[str, Any] = {
    "name": "small",
    "backend": "kart2d",
    "track": {"generate": {"seed": 7, "length": 300}},
    "cars": [
        {"vehicle": "rental_kart", "driver": "agent"},
        {"vehicle": "rental_kart", "driver": "pure_pursuit"},
    ],
    "start": {"kind": "random", "speed": 8.0},
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 4.0}},
}


@pytest.fixture(scope="module")
def small() -> Scenario:
    return load_scenario(SMALL)


def test_every_car_is_an_agents_and_acts_within_its_space(small: Scenario) -> None:
    course = Course(World(all_agents(small, 3)), 1)
    (group,) = course.world.groups
    assert len(group.cars) == 6
    actions = np.array([sets[0] for sets in course._pool])
    assert actions.shape == (16, 6, *group.action_space.shape)
    assert (actions >= group.action_space.low).all() and (actions <= group.action_space.high).all()
    assert actions.std() > 0.4


def test_races_start_anew_when_all_their_cars_are_done(small: Scenario) -> None:
    course = Course(World(all_agents(small, 8)), 1)
    race = course.world.view.race
    driven = 0
    for _ in range(300):
        driven += course.step()
        assert (race.time < 4.1).all()
    assert (race.episode >= 3).all()
    assert 0 < driven <= 300 * 16


def test_the_report_covers_what_was_asked(small: Scenario) -> None:
    before = kernels.threads()
    report = bench(small, races=[1, 4], threads=[1], seconds=0.2, memory=False)
    assert kernels.threads() == before
    assert [(rate.races, rate.cars, rate.threads) for rate in report.rates] == [
        (1, 2, 1), (4, 8, 1)
    ]  # fmt: skip
    for rate in report.rates:
        assert 0 < rate.car_steps_per_second <= rate.cars * rate.steps_per_second * 1.5
        assert rate.efficiency == 1
    assert set(report.shares) == {1, 4}
    for shares in report.shares.values():
        assert tuple(shares) == STAGES
        assert sum(shares.values()) == pytest.approx(1)
        assert min(shares.values()) >= 0 and shares["backend"] > 0.02 and shares["sensors"] > 0.01


def test_a_stage_that_is_slow_shows(small: Scenario) -> None:
    world = StagedWorld(all_agents(small, 2))
    course = Course(world, 1)
    course.step()
    step = world.backend.step

    def slow(*arguments: Any) -> None:
        for _ in range(200):
            np.sort(np.arange(1000.0)[::-1])
        step(*arguments)

    world.backend.step = slow  # type: ignore[method-assign]
    world.start_clock()
    for _ in range(20):
        course.step()
    assert world.seconds["backend"] > 0.6 * sum(world.seconds.values())


def test_a_timed_world_is_the_same_world(small: Scenario) -> None:
    plain = Course(World(all_agents(small, 3)), 5)
    timed = Course(StagedWorld(all_agents(small, 3)), 5)
    for _ in range(120):
        plain.step()
        timed.step()
    assert [plain.world.hash(race) for race in range(3)] == [
        timed.world.hash(race) for race in range(3)
    ]


@pytest.mark.skipif(resident() is None, reason="this system does not tell a process's memory")
def test_memory_is_measured_in_a_process_of_its_own(
    small: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACEGYM_THREADS", "1")  # or else all kernels would be compiled once more
    memory = measure_memory(small, 2000)
    assert memory is not None
    assert memory.imported > 20e6
    per_race = World(all_agents(small, 1)).arrays.bytes_per_race
    assert 2000 * per_race < memory.batch < 2000 * per_race + 300e6
    assert memory.batch > memory.single > 0


def test_what_cannot_be_measured_is_told(small: Scenario) -> None:
    with pytest.raises(RunError, match="must all be above 0"):
        bench(small, races=[], seconds=0.1)
    with pytest.raises(RunError, match="1000 threads asked for, but there are only"):
        bench(small, races=[1], threads=[1000], seconds=0.1)


def test_the_command_prints_json(
    tmp_path: Any, small: Scenario, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(small.to_yaml(), encoding="utf-8")
    options = ["--races", "2,1", "--threads", "1", "--seconds", "0.1", "--no-memory"]
    assert main(["bench", str(file), *options, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["scenario"] == "small" and report["memory"] is None
    assert [rate["races"] for rate in report["rates"]] == [1, 2]
    assert main(["bench", str(file), *options]) == 0
    shown = capsys.readouterr().out
    assert "car-steps/s" in shown and "projection" in shown


def test_a_list_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "time_trial", "--races", "1,x"]) == 2
    assert "is no list of whole numbers above 0" in capsys.readouterr().err


def test_a_backend_of_one_race_is_told_so(small: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from racegym_kart2d.backend import Kart2D

    monkeypatch.setattr(Kart2D, "spec", replace(Kart2D.spec, max_races=1))
    with pytest.raises(BackendError, match="runs at most 1 race"):
        bench(small, races=[2], seconds=0.1, memory=False)
