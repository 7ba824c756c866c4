"""Gaps in time, laps behind and best sectors, against an exact recount of hand-made drives."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.interfaces import EventKind, Status
from racegym.kernels.projection import LENGTH, TABLE_COLUMNS
from racegym.kernels.standings import (
    FEWEST,
    MOST,
    mini_sectors_of,
    rank_cars,
    start_standings,
)
from racegym.race_control import Rules
from racegym.race_control.rules import TimingRules

LAP = 2 * np.pi * 40.0  # [m] of the ring, nearly


def wave(mean, swing, phase):
    return lambda time: mean + swing * np.sin(0.6 * time + phase)


def drive_and_watch(world, steps):
    """Drive; return times (steps + 1,), progress, gaps to the leader and ahead, positions."""
    race, frame = world.view.race, world.view.frame
    rows = [(0.0, frame.progress[0].copy(), None, None, race.position[0].copy())]
    for _ in range(steps):
        world.step([np.zeros((world.n_cars, 4))])
        rows.append((
            float(race.time[0]), frame.progress[0].copy(), race.gap_leader[0].copy(),
            race.gap_ahead[0].copy(), race.position[0].copy(),
        ))  # fmt: skip
    return rows


def recounted(rows, k, car, other):
    """Return how long before step ``k`` the other car was where the car is at that step."""
    times = np.array([row[0] for row in rows[: k + 1]])
    path = np.array([row[1][other] for row in rows[: k + 1]])
    return times[-1] - np.interp(rows[k][1][car], path, times)


def test_gaps_are_what_the_trajectories_say(on_rails):
    speed = [wave(12.0, 3.0, 0.0), wave(11.0, 3.0, 1.0), wave(11.5, 2.0, 2.0)]
    world = on_rails(Rules(timing=TimingRules(mini_sectors=400)), speed=speed)
    rows = drive_and_watch(world, 900)
    seen = 0
    for k in range(100, 900, 7):  # the field is past where the leader stood at the start
        order = np.argsort(rows[k][4])
        for place, car in enumerate(order[1:], 1):
            leader = recounted(rows, k, car, order[0])
            ahead = recounted(rows, k, car, order[place - 1])
            assert rows[k][2][car] == pytest.approx(leader, abs=5e-3)
            assert rows[k][3][car] == pytest.approx(ahead, abs=5e-3)
            seen += leader > 1.0
    assert seen > 50


def test_with_few_mini_sectors_gaps_are_still_exact_at_constant_speeds(on_rails):
    world = on_rails(Rules(timing=TimingRules(mini_sectors=5)), speed=[14.0, 9.0])
    rows = drive_and_watch(world, 600)
    race = world.view.race
    for k in range(200, 600, 13):
        expected = rows[k][0] - (rows[k][1][1] + 5.0) / 14.0
        assert rows[k][2][1] == pytest.approx(expected, abs=2e-3)
    assert race.gap_leader[0, 0] == 0.0 and race.gap_ahead[0, 0] == 0.0


def test_a_gap_has_no_jump_when_the_first_gate_is_passed(on_rails):
    world = on_rails(speed=[10.0, 10.0], start=[-2.0, -8.0])
    gaps = [row[2][1] for row in drive_and_watch(world, 200)[1:]]
    np.testing.assert_allclose(gaps, 0.6, atol=1e-3)


def test_of_a_lapped_car_the_gap_is_in_time_and_laps_are_counted(on_rails):
    world = on_rails(speed=[16.0, 5.0], start=[-2.0, -8.0])
    lap = float(world.view.tracks.length[0])
    race, frame = world.view.race, world.view.frame
    laps = set()
    for _ in range(900):
        world.step([np.zeros((2, 4))])
        lead = float(frame.progress[0, 0] - frame.progress[0, 1])
        assert race.laps_behind[0].tolist() == [0, int(lead / lap)]
        laps.add(int(lead / lap))
        assert np.isfinite(race.gap_leader[0]).all() and (race.gap_leader[0] >= 0).all()
        if race.time[0] > 2.0 and lead < 1.9 * lap:
            exact = race.time[0] - (float(frame.progress[0, 1]) + 2.0) / 16.0
            assert race.gap_leader[0, 1] == pytest.approx(exact, abs=0.01)
    assert laps == {0, 1}


def test_a_car_that_is_thrown_ahead_leaves_no_times_on_the_way(on_rails):
    world = on_rails(speed=[12.0, 10.0], start=[-2.0, -6.0], jumps={(0, 60): 70.0})
    rows = drive_and_watch(world, 90)
    # Nobody drove where the follower is now: what is left of the way counts at its own speed.
    first = -2.0 + 12.0 * 61 * 0.05 + 70.0
    gate = np.ceil(first / (world.view.tracks.length[0] / 25)) * world.view.tracks.length[0] / 25
    at = (gate + 2.0 - 70.0) / 12.0
    exact = rows[90][0] - at + (gate - rows[90][1][1]) / 10.0
    assert rows[90][2][1] == pytest.approx(exact, abs=0.02)
    assert int(world.view.tracks.length[0] / 10.0) == 25


def test_a_car_put_back_is_timed_where_it_drives_again():
    table = np.zeros((1, TABLE_COLUMNS))
    table[0, LENGTH] = 400.0
    track, status = np.zeros(1, np.int32), np.ones((1, 2), np.int8)
    order, laps = np.zeros((2, 1, 2), np.int32)
    first, after, place, behind = np.zeros((4, 1, 2), np.int64)
    passed, gaps, no = np.zeros((1, 2, 256)), np.zeros((2, 1, 2)), np.zeros((1, 2), bool)
    nan, speed = np.full((1, 2), np.nan), np.full((1, 2), 10.0, np.float32)
    before, here = np.array([[60.0, 0.0]]), np.array([[60.0, 0.0]])
    start_standings(np.array([0]), here, track, table, 0, order, first, after)
    for step in range(1, 121):
        before[:] = here
        if step == 61:
            before[0, 0] -= 40.0  # between two steps
        here[:] = before + 1.0
        rank_cars(
            np.array([0]), status, no, np.zeros(1, bool), here, before, laps, nan, nan, speed,
            np.array([0.1 * step]), np.array([0.1]), track, table, 0, order, first, after, passed,
            place, *gaps, behind,
        )  # fmt: skip
        if step == 60:
            assert gaps[0, 0].tolist() == [0.0, pytest.approx(6.0)]
    assert here.tolist() == [[140.0, 120.0]]
    assert gaps[0, 0].tolist() == [0.0, pytest.approx(2.0)]


def test_the_number_of_mini_sectors_suits_the_lap():
    assert [mini_sectors_of.py_func(length, 0) for length in (90.0, 251.0, 7000.0)] == [
        FEWEST,
        25,
        MOST,
    ]
    assert mini_sectors_of.py_func(90.0, 7) == 7


def test_finishers_of_one_lap_are_apart_by_their_times(on_rails, drive):
    world = on_rails(Rules(laps=2), speed=[14.0, 13.0, 5.0])
    drive(world, 2000, until=lambda w: (w.view.race.status[0] == Status.FINISHED).all())
    race = world.view.race
    gaps = race.finish_time[0] - race.finish_time[0, 0]
    assert race.gap_leader[0, :2] == pytest.approx(gaps[:2], abs=1e-9)
    assert race.laps_behind[0].tolist() == [0, 0, 2 - race.laps_done[0, 2]]


def test_the_ideal_lap_is_made_of_the_best_sectors_of_valid_laps(on_rails, drive):
    def offset(time):
        return 9.0 if 41.0 <= time < 42.0 else 0.0  # spoils one of the laps

    world = on_rails(speed=[wave(10.0, 4.0, 0.3)], start=[-5.0], offset=[offset])
    events = drive(world, 2600)
    race = world.view.race
    sectors = [e.value for e in events if e.kind == EventKind.SECTOR]
    laps = [e for e in events if e.kind == EventKind.LAP]
    off = [e.time for e in events if e.kind == EventKind.OFF_TRACK]
    times = np.array(sectors[: 3 * len(laps)]).reshape(-1, 3)
    begins = np.array([0.0, *(lap.time for lap in laps[:-1])])
    ends = np.array([lap.time for lap in laps])
    valid = ~((begins < off[0]) & (off[0] <= ends))
    assert len(off) == 1 and valid.sum() == len(laps) - 1 >= 3
    assert race.theoretical_best[0, 0] == times[valid].min(axis=0).sum()
    assert race.theoretical_best[0, 0] <= race.best_lap_time[0, 0] + 1e-9


def test_no_valid_lap_no_ideal_lap(on_rails, drive):
    world = on_rails(speed=[13.0], start=[-5.0])
    drive(world, 100)
    assert np.isnan(world.view.race.theoretical_best[0, 0])
