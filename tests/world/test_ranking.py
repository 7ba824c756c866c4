"""Places and gaps, from any mixture of cars that race, have finished, or are out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from racegym.interfaces import Status
from racegym.kernels.projection import LENGTH, TABLE_COLUMNS
from racegym.kernels.standings import rank_cars, start_standings

LAP = 100.0  # [m]
RACING, FINISHED = Status.RACING, Status.FINISHED


def ranked(cars, before=None):
    """Rank (status, progress, finish time[, best lap]) of cars; return places and both gaps.

    ``before``: the order of the step before, cars by place.
    """
    columns = zip(*((*car, np.nan)[:4] for car in cars), strict=True)
    status, progress, finish, best = (np.array([column]) for column in columns)
    table = np.zeros((1, TABLE_COLUMNS))
    table[0, LENGTH] = LAP
    races, track = np.array([0]), np.zeros(1, np.int32)
    order = np.zeros(status.shape, np.int32)
    first, after, place, behind = np.zeros((4, *status.shape), np.int64)
    start_standings(races, progress, track, table, 0, order, first, after)
    if before is not None:
        order[0] = before
    ahead, leader = np.zeros((2, *status.shape))
    chequered = np.array([(status == FINISHED).any()])
    rank_cars(
        races, status.astype(np.int8), np.zeros(status.shape, bool), chequered, progress, progress,
        (progress // LAP).astype(np.int32), finish, best, np.full(status.shape, 10.0, np.float32),
        np.array([70.0]), np.array([0.05]), track, table, 0, order, first, after,
        np.zeros((*status.shape, 256)), place, ahead, leader, behind,
    )  # fmt: skip
    assert place[0][order[0]].tolist() == list(range(1, len(cars) + 1))
    return place[0].tolist(), ahead[0], leader[0]


def test_a_lapped_finisher_is_not_ahead_of_those_who_still_race_on_the_lead_lap():
    position, ahead, leader = ranked([
        (FINISHED, 300.0, 60.0),
        (FINISHED, 201.0, 61.0),  # a lap down, and waved off
        (RACING, 290.0, np.nan),
        (RACING, 190.0, np.nan),
        (Status.RETIRED, 250.0, np.nan),
    ])  # fmt: skip
    assert position == [1, 3, 2, 4, 5]
    np.testing.assert_allclose(ahead, [0, 9.0, 1.0, 1.1, 0])
    np.testing.assert_allclose(leader, [0, 10.0, 1.0, 11.0, 0])


def test_who_is_out_comes_last_and_who_is_disqualified_last_of_all():
    statuses = (Status.DISQUALIFIED, Status.RETIRED, RACING, Status.RETIRED, FINISHED)
    cars = [(status, 10.0 * k, 60.0) for k, status in enumerate(statuses)]
    assert ranked(cars)[0] == [5, 4, 1, 3, 2]


def test_a_tie_at_the_line_goes_to_the_better_lap_then_to_the_lower_number():
    cars = [
        (FINISHED, 300.0, 60.0),
        (FINISHED, 300.5, 60.0, 19.0),
        (FINISHED, 300.0, 60.0, 18.5),
        (FINISHED, 300.2, 60.0, 19.0),
        (FINISHED, 300.0, np.nextafter(60.0, 0.0)),
    ]
    assert ranked(cars)[0] == [5, 3, 2, 4, 1]


CARS = st.lists(
    st.tuples(
        st.sampled_from([RACING, FINISHED, Status.RETIRED, Status.DISQUALIFIED]),
        st.integers(0, 40).map(lambda tenths: 10.0 * tenths),
        st.integers(50, 55).map(float),
        st.sampled_from([np.nan, 18.0, 19.0]),
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


@given(CARS, st.randoms(use_true_random=False))
def test_the_order_of_the_step_before_does_not_matter(cars, random):
    before = list(range(len(cars)))
    random.shuffle(before)
    assert ranked(cars, before)[0] == ranked(cars)[0]


@given(CARS)
def test_the_order_is_that_of_a_sort_by_what_the_rules_say(cars):
    flag = any(car[0] == FINISHED for car in cars)

    def key(number):
        status, progress, finish, best = cars[number]
        if status > FINISHED or not flag:
            return max(status, FINISHED), -progress, number
        done = status == FINISHED
        best = np.inf if np.isnan(best) else best
        rest = (finish, best) if done else (-progress,)
        return FINISHED, -(progress // LAP), done, *rest, number

    position = ranked(cars)[0]
    expected = sorted(range(len(cars)), key=key)
    assert [expected.index(number) + 1 for number in range(len(cars))] == position
