"""Places and gaps, from any mixture of cars that race, have finished, or are out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from racegym.interfaces import Status
from racegym.kernels.race import rank_cars

LAP = 100.0  # [m]
RACING, FINISHED = Status.RACING, Status.FINISHED


def ranked(cars):
    """Rank (status, progress, finish time) of cars; return positions and both gaps."""
    status, progress, finish = (np.array([column]) for column in zip(*cars, strict=True))
    laps = (progress // LAP).astype(np.int64)
    position = np.zeros(status.shape, np.int64)
    ahead, leader = np.full(status.shape, np.nan), np.full(status.shape, np.nan)
    speed = np.full(status.shape, 10.0, np.float32)
    rank_cars(
        np.array([0]), status.astype(np.int8), progress, laps, finish, speed,
        position, ahead, leader,
    )  # fmt: skip
    return position[0].tolist(), ahead[0], leader[0]


def test_a_lapped_finisher_is_not_ahead_of_those_who_still_race_on_the_lead_lap():
    position, ahead, leader = ranked([
        (FINISHED, 300.0, 60.0),
        (FINISHED, 201.0, 61.0),  # a lap down, and waved off
        (RACING, 290.0, np.nan),
        (RACING, 190.0, np.nan),
        (Status.RETIRED, 250.0, np.nan),
    ])  # fmt: skip
    assert position == [1, 3, 2, 4, 5]
    np.testing.assert_allclose(ahead, [0, 8.9, 1.0, 1.1, -6.0])
    np.testing.assert_allclose(leader, [0, 1.0, 1.0, 11.0, 5.0])


def test_who_is_out_comes_last_and_who_is_disqualified_last_of_all():
    statuses = (Status.DISQUALIFIED, Status.RETIRED, RACING, Status.RETIRED, FINISHED)
    cars = [(status, 10.0 * k, 60.0) for k, status in enumerate(statuses)]
    assert ranked(cars)[0] == [5, 4, 1, 3, 2]


CARS = st.lists(
    st.tuples(
        st.sampled_from([RACING, FINISHED, Status.RETIRED, Status.DISQUALIFIED]),
        st.integers(0, 40).map(lambda tenths: 10.0 * tenths),
        st.integers(50, 55).map(float),
    ),
    min_size=1,
    max_size=8,
)


@given(CARS)
def test_every_place_is_taken_once_and_gaps_are_numbers(cars):
    position, ahead, leader = ranked(cars)
    assert sorted(position) == list(range(1, len(cars) + 1))
    assert np.isfinite(ahead).all() and np.isfinite(leader).all()
    for status, place in zip((car[0] for car in cars), position, strict=True):
        if status > FINISHED:
            assert place > sum(car[0] <= FINISHED for car in cars)
