"""A hundred races of karts: passes equal a recount from what was recorded, places add up."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from recount import recount

from racegym.interfaces import EventKind, OvertakeKind, Status
from racegym.race_control import place_gains
from racegym.scenario import load_scenario
from racegym.world import Command

N_RACES = 100
SCENARIO = """
backend: kart2d
laps: 5
track: {generate: {seed: 11, length: 400, count: 20}}
rules: {retire_stuck: 10}
relief: [{name: pure_pursuit, pace: 70}, {name: pure_pursuit, pace: 98}]
start: {kind: grid, lateral_noise: 1, heading_noise: 0.05}
cars:
  - {name: A, vehicle: rental_kart, driver: {name: pure_pursuit, pace: 50}}
  - {name: B, vehicle: rental_kart, driver: {name: raceline, pace: 90}}
  - {name: C, vehicle: rental_kart, driver: {name: random, hold: 20}}
  - {name: D, vehicle: rental_kart, driver: {name: pure_pursuit, pace: 91}}
  - {name: E, vehicle: rental_kart, driver: {name: raceline, pace: 92}}
  - {name: F, vehicle: rental_kart, driver: {name: pure_pursuit, pace: 94}}
"""


@pytest.mark.slow
def test_a_hundred_races_of_karts(tmp_path):
    file = tmp_path / "race.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    scenario = load_scenario(file)
    world = scenario.world(N_RACES)
    world.reset(seeds=np.arange(N_RACES, dtype=np.uint64))
    race, frame = world.view.race, world.view.frame
    grid = race.position.copy()
    told = [[] for _ in range(N_RACES)]
    time, progress, racing, moved = [], [], [], np.zeros(grid.shape, bool)

    def record():
        time.append(race.time.copy())
        progress.append(frame.progress.copy())
        racing.append(race.status <= Status.PIT)

    record()
    draw = np.random.default_rng(1)
    for step in range(6000):
        if step % 10 == 0:  # others take over, who are faster or slower: attempts come to nothing
            car, driver = (int(draw.integers(3, 6)), int(draw.integers(0, 3)))
            for index in draw.choice(N_RACES, 20, replace=False):
                world.commands.append(
                    Command(kind="hand_over", race=int(index), car=car, driver=driver)
                )
        world.step()
        record()
        moved |= frame.jumped
        for event in world.events():
            told[event.race].append(event)
        if (race.status > Status.PIT).all():
            break
    assert (race.status > Status.PIT).all()
    times, places, at_work = np.array(time), np.array(progress), np.array(racing)
    laps = world.view.tracks.length[world.view.tracks.race_track]
    found: Counter[str] = Counter()
    for index, events in enumerate(told):
        passes = [e for e in events if e.kind in (EventKind.OVERTAKE, EventKind.FAILED_ATTEMPT)]
        gains = place_gains(passes)
        assert [gains[c] for c in range(6)] == (grid[index] - race.position[index]).tolist()
        mine = []
        for e in passes:
            if e.kind is EventKind.FAILED_ATTEMPT:
                mine.append(("attempt", e.car, e.other, e.time, e.details["laps"]))
                found["attempts"] += 1
                continue
            found[OvertakeKind(int(e.value)).name] += 1
            found["counted"] += int(e.details["counted"])
            found["off track"] += int(e.details["off_track"])
            found["by result"] += int(e.details["by_result"])
            found["moved"] += int(e.details["moved"])
            if not e.details["by_result"] and not e.details["moved"]:
                mine.append(("pass", e.car, e.other, e.time, e.details["laps"]))
        again = recount(
            times[:, index], places[:, index], at_work[:, index], laps[index],
            world.view.vehicle.length[index].astype(float),
        )  # fmt: skip
        cut = set(np.flatnonzero(moved[index]))  # the recount knows nothing of cuts
        tidy = [
            sorted((*r[:3], round(r[3], 5), int(r[4])) for r in rows if not cut & {r[1], r[2]})
            for rows in (mine, again)
        ]
        assert tidy[0] == tidy[1]
    world.close()
    assert found["TRACK"] > 300 and found["LAPPING"] > 150 and found["RETIREMENT"] > 300
    assert found["attempts"] > 20 and found["off track"] > 20
