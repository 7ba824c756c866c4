"""Terminations: when each applies, and not a step sooner."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.terminations.laps_done import LapsDone
from racegym.terminations.off_track import OffTrack
from racegym.terminations.stuck import Stuck
from racegym.terminations.time_limit import TimeLimit
from racegym.terminations.wrong_way import WrongWay


def ends(rig, termination):
    out = np.ones((rig.view.n_races, rig.view.n_cars), bool)
    termination.compute(rig.view, out)
    return out


def test_off_track_waits_for_the_margin(make_ring, make_rig):
    rig = make_rig(make_ring(50.0, width=4.0), n_cars=4)
    rig.put(0.0, d=[4.5, 5.5, -6.5, 7.0])
    rig.view.race.off_track[0] = [False, True, True, True]
    assert ends(rig, OffTrack(rig.setup()))[0].tolist() == [False, True, True, True]
    termination = OffTrack(rig.setup({"margin": 2.0}))
    assert ends(rig, termination)[0].tolist() == [False, False, True, True]
    rig.view.race.off_track[...] = False
    assert not ends(rig, termination).any()


def test_off_track_may_ask_for_the_middle_only(make_ring, make_rig):
    rig = make_rig(make_ring(50.0, width=4.0), n_cars=4)
    rig.put(0.0, d=[3.9, 4.1, -4.1, 5.5])
    rig.view.race.off_track[...] = False
    termination = OffTrack(rig.setup({"part": "middle"}))
    assert ends(rig, termination)[0].tolist() == [False, True, True, True]
    termination = OffTrack(rig.setup({"part": "middle", "margin": 1.0}))
    assert ends(rig, termination)[0].tolist() == [False, False, False, True]


def test_wrong_way_counts_seconds(make_rig):
    rig = make_rig(n_cars=3)
    rig.view.race.wrong_way_time[0] = [0.0, 2.9, 3.0]
    assert ends(rig, WrongWay(rig.setup({"seconds": 3.0})))[0].tolist() == [False, False, True]


def first_step(rig, termination, moves, jumped=()):
    """Return the step, from 1, after which it applies; 0 for never."""
    view = rig.view
    for step, move in enumerate(moves, start=1):
        view.previous_frame.progress[...] = view.frame.progress
        view.frame.progress[...] += move
        view.frame.jumped[...] = step in jumped
        if ends(rig, termination)[0, 0]:
            return step
    return 0


@pytest.mark.parametrize(
    ("moves", "step"),
    [
        ([0.0] * 30, 20),  # it stands: 20 steps of 0.1 s are 2 s
        ([0.2] * 60, 0),  # 2 m/s, twice what is asked
        ([0.05] * 60, 20),  # half of it
        ([0.3, -0.3] * 30, 20),  # to and fro
        ([-0.3] * 30, 20),  # backwards
        ([1.0] * 10 + [0.0] * 30, 30),  # fast, then nothing: 2 s after its last gain of 2 m
    ],
)
def test_stuck_means_too_little_gained_in_the_time(make_rig, moves, step):
    rig = make_rig(dt=0.1)
    assert first_step(rig, Stuck(rig.setup({"seconds": 2.0, "speed": 1.0})), moves) == step


def test_a_jump_gains_nothing_and_a_reset_starts_the_clock_afresh(make_rig):
    rig = make_rig(dt=0.1)
    termination = Stuck(rig.setup({"seconds": 2.0, "speed": 1.0}))
    assert first_step(rig, termination, [50.0] * 30, jumped=range(1, 31)) == 20
    rig.arrays.reset(np.array([0]))
    rig.view.clock.elapsed[...] = 0.1
    assert first_step(rig, termination, [0.0] * 30) == 20


def test_laps_done(make_rig):
    rig = make_rig(n_cars=3)
    rig.view.race.laps_done[0] = [1, 2, 3]
    rig.view.frame.progress[0] = rig.view.tracks.length[0] * np.array([1.1, 2.1, 3.1])
    assert ends(rig, LapsDone(rig.setup({"laps": 2})))[0].tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("dt", "seconds", "steps"),
    [(0.02, 2.24, 112), (0.1, 0.3, 3), (0.05, 60.0, 1200), (0.02, 1.01, 51), (0.1, 0.01, 1)],
)
def test_a_time_limit_is_a_whole_number_of_steps(make_rig, dt, seconds, steps):
    rig = make_rig(n_races=2, n_cars=2, dt=dt)
    termination = TimeLimit(rig.setup({"seconds": seconds}))
    assert termination.truncates
    rig.view.race.step[...] = [steps - 1, steps]
    assert ends(rig, termination).tolist() == [[False, False], [True, True]]
    assert TimeLimit(rig.setup({"steps": 7})).steps == 7
