"""Random races: passes equal those of a recount, places add up, slots and sides do not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recount import recount
from staging import DT, LENGTH, Stage

from racegym.interfaces import EventKind, OvertakeKind, Status
from racegym.race_control import place_gains

STEPS = 320
N_RACES = 6
N_CARS = 4
EXAMPLES = settings(max_examples=12, deadline=None)


def wander(seed, lap, *, lapped=False):
    """Return (steps, N_RACES, N_CARS) of progress and offset, of cars that mix with each other."""
    draw = np.random.default_rng(seed)
    shape = (1, N_RACES, N_CARS)
    time = np.arange(STEPS + 1)[:, None, None] * DT
    progress = -3.1 * (np.arange(N_CARS) + 1) + draw.uniform(-1.5, 1.5, shape)
    for _ in range(3):
        period, phase = draw.uniform(3, 20, shape), draw.uniform(0, 2 * np.pi, shape)
        size = draw.uniform(0, 4, shape)
        wave = np.sin(2 * np.pi * time / period + phase) - np.sin(phase)
        progress = progress + size * wave
    progress = progress + (12 + draw.uniform(-0.2, 0.2, shape)) * time
    if lapped:
        progress += lap * draw.integers(-1, 2, shape)
    d = 3 * np.sin(time * draw.uniform(0.1, 1, shape) + draw.uniform(0, 6, shape))
    return progress, d


def accidents(seed):
    """Return the step at which each car retires; most never do."""
    draw = np.random.default_rng(seed + 1)
    out = draw.integers(1, STEPS, (N_RACES, N_CARS))
    return np.where(draw.random(out.shape) < 0.25, out, STEPS + 1)


def play(progress, d, *, out=None, distance=np.inf, pit=None, jumps=None, stop=None):
    """Play the races; return the stage, what each told, and who raced at which step."""
    stage = Stage(progress.shape[1], progress.shape[2])
    stage.start(progress[0], d[0])
    stage.distance = distance
    told = [[] for _ in range(stage.n_races)]
    racing = [np.ones(progress.shape[1:], bool)]
    status = stage.view.race.status
    for k in range(1, len(progress)):
        if stop is not None and k == stop[0]:
            stop[1](stage)
        if pit is not None:
            lane = (status <= Status.PIT) & (pit[..., 0] <= k) & (k < pit[..., 1])
            status[status <= Status.PIT] = Status.RACING
            status[lane] = Status.PIT
        if out is not None:
            status[(status <= Status.PIT) & (out <= k)] = Status.RETIRED
        jumped = False if jumps is None else jumps == k
        for race, events in enumerate(stage.step(progress[k], d[k], jumped=jumped)):
            told[race] += events
        racing.append(status <= Status.PIT)
    return stage, told, np.array(racing)


def figures(events, *, names=None, sides=1):
    """Return events without their order, cars by other names, sides turned around."""
    rows = []
    for e in events:
        details = {n: sides * v if n == "side" else v for n, v in e.details.items()}
        car, other = (e.car, e.other) if names is None else (names[e.car], names[e.other])
        rows.append((e.kind, car, other, round(e.time, 9), e.value, tuple(details.items())))
    return sorted(rows)


@EXAMPLES
@given(seed=st.integers(0, 2**32), lapped=st.booleans())
def test_what_is_told_is_what_a_recount_finds(seed, lapped):
    progress, d = wander(seed, Stage(1, 2).lap, lapped=lapped)
    stage, told, racing = play(progress, d, out=accidents(seed))
    time = np.arange(len(progress)) * DT
    lengths = np.full(N_CARS, LENGTH)
    for race, events in enumerate(told):
        mine = []
        for e in events:
            figure = e.details
            if e.kind is EventKind.FAILED_ATTEMPT:
                mine.append(("attempt", e.car, e.other, e.time, figure["laps"], True))
            elif not figure["by_result"]:
                clean = not figure["from_overlap"]
                mine.append(("pass", e.car, e.other, e.time, figure["laps"], clean))
                lapping = figure["laps"] != 0
                assert (e.value == OvertakeKind.LAPPING) == lapping
                assert figure["counted"] == (clean and not lapping)
        again = recount(time, progress[:, race], racing[:, race], stage.lap, lengths)
        tidy = [sorted((*r[:3], round(r[3], 6), *r[4:]) for r in rows) for rows in (mine, again)]
        assert tidy[0] == tidy[1]


@EXAMPLES
@given(seed=st.integers(0, 2**32), lapped=st.booleans())
def test_places_add_up(seed, lapped):
    lap = Stage(1, 2).lap
    progress, d = wander(seed, lap, lapped=lapped)
    draw = np.random.default_rng(seed + 2)
    pit = np.sort(draw.integers(0, STEPS, (N_RACES, N_CARS, 2)), axis=2)
    jumps = draw.integers(1, 8 * STEPS, (N_RACES, N_CARS))
    ahead = draw.uniform(-30, 30, (N_RACES, N_CARS))
    progress = progress + np.where(np.arange(STEPS + 1)[:, None, None] >= jumps, ahead, 0.0)
    stage, told, racing = play(progress, d, out=accidents(seed), distance=lap, pit=pit, jumps=jumps)
    assert not racing[-1].any() or lapped
    place, grid = stage.view.race.position, stage.grid
    for race, events in enumerate(told):
        if racing[-1, race].any():
            continue
        gains = place_gains(events)
        assert [gains[car] for car in range(N_CARS)] == (grid[race] - place[race]).tolist()
        made = [0] * N_CARS
        for e in events:
            made[e.car] += e.kind is EventKind.OVERTAKE and int(e.details["counted"])
        assert made == stage.view.race.overtakes_made[race].tolist()
        assert sum(made) == stage.view.race.overtakes_suffered[race].sum()


@EXAMPLES
@given(seed=st.integers(0, 2**32), names=st.permutations(range(N_CARS)))
def test_slots_and_sides_change_names_and_sides_alone(seed, names):
    lap = Stage(1, 2).lap
    progress, d = wander(seed, lap)
    out, slots = accidents(seed), np.array(names)
    _, told, _ = play(progress, d, out=out, distance=lap)
    _, mirrored, _ = play(progress, -d, out=out, distance=lap)
    _, moved, _ = play(progress[..., slots], d[..., slots], out=out[:, slots], distance=lap)
    for race in range(N_RACES):
        assert figures(told[race]) == figures(mirrored[race], sides=-1)
        assert figures(told[race]) == figures(moved[race], names=names)


def test_a_race_in_a_batch_is_that_race_alone(lap):
    progress, d = wander(5, lap)
    out = accidents(5)
    _, told, _ = play(progress, d, out=out, distance=lap)
    assert sum(map(len, told)) > 20
    for race in range(N_RACES):
        one = slice(race, race + 1)
        _, alone, _ = play(progress[:, one], d[:, one], out=out[one], distance=lap)
        assert figures(alone[0]) == figures(told[race])


@pytest.mark.parametrize("step", [40, 101, 155])
def test_a_snapshot_in_the_middle_of_an_attempt_goes_on_as_before(lap, step):
    progress, d = wander(7, lap)
    kept = {}

    def keep(stage):
        kept["arrays"], kept["duels"] = stage.arrays.snapshot(), stage.passes.duels.filled.sum()

    _, told, _ = play(progress, d, distance=lap, stop=(step, keep))
    assert kept["duels"] > 0
    stage, _, _ = play(progress[:30] + 1, d[:30])
    stage.arrays.restore(kept["arrays"])
    stage.distance = lap
    rest = [[] for _ in range(N_RACES)]
    for k in range(step, len(progress)):
        for race, events in enumerate(stage.step(progress[k], d[k], jumped=False)):
            rest[race] += events
    for race in range(N_RACES):
        assert len(rest[race]) > 0
        assert figures(rest[race]) == figures(told[race][-len(rest[race]) :])


def test_a_crowd_that_has_more_duels_than_there_is_room_for_still_adds_up(lap):
    n_cars = 12
    draw = np.random.default_rng(3)
    time = np.arange(STEPS + 1)[:, None, None] * DT
    start = -0.05 * np.arange(n_cars)[None, None]
    speed = 12 + draw.uniform(-0.3, 0.3, (1, 1, n_cars))
    progress = start + speed * time
    stage, told, racing = play(progress, np.zeros(progress.shape), distance=lap)
    assert not racing[-1].any()
    gains = place_gains(told[0])
    place = stage.view.race.position[0]
    assert [gains[car] for car in range(n_cars)] == (stage.grid[0] - place).tolist()
