"""Classification as a pure function: hand-made cases, and what holds for all of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racegym.record.classification import UNPUNISHED, classify, penalties_of

LENGTH = 250.0


def car_row(car, status, progress, finish=None, best_lap=None, **punished):
    return {
        "car": car, "road_position": car + 1, "status": status, "laps": int(progress // LENGTH),
        "total_time": finish, "progress": progress, "average_speed": 20.0, "best_lap": best_lap,
        "gap": None, "gap_laps": 0, "interval": None, **UNPUNISHED,
        **{f"penalty_{what}": amount for what, amount in punished.items()},
    }  # fmt: skip


def finisher(car, finish, driven=10, best_lap=None, **punished):
    return car_row(car, "finished", driven * LENGTH, finish, best_lap, **punished)


def other(car, progress, status="not finished", **punished):
    return car_row(car, status, progress, **punished)


def order(*rows):
    return [row["car"] for row in classify(rows, length=LENGTH)]


def test_without_penalties_the_order_is_that_of_the_road():
    assert order(finisher(0, 100.0), finisher(1, 101.0), finisher(2, 99.0, driven=9)) == [0, 1, 2]


def test_time_moves_a_finisher_behind_those_it_no_longer_beats():
    cars = finisher(0, 100.0, time=5.0), finisher(1, 101.0), finisher(2, 104.0), finisher(3, 106.0)
    assert order(*cars) == [1, 2, 0, 3]


def test_equal_times_are_decided_by_the_best_lap_then_the_road():
    a, b = finisher(0, 100.0, time=5.0), finisher(1, 105.0)
    assert order(a, b) == [0, 1]
    assert order(a, {**b, "best_lap": 9.0}) == [1, 0]
    assert order({**a, "best_lap": 8.0}, {**b, "best_lap": 9.0}) == [0, 1]


def test_time_never_costs_a_finisher_a_lap():
    assert order(finisher(0, 100.0, time=1e4), finisher(1, 101.0, driven=9)) == [0, 1]


def test_a_lap_taken_off_puts_a_car_behind_all_of_more_laps():
    assert order(finisher(0, 100.0), finisher(1, 101.0), finisher(2, 99.0, 9)) == [0, 1, 2]
    cars = finisher(0, 100.0, laps=1), finisher(1, 101.0)
    assert order(*cars, finisher(2, 99.0, driven=9)) == [1, 2, 0]


def test_places_are_lost_among_the_classified():
    cars = finisher(0, 100.0, places=2), finisher(1, 101.0), finisher(2, 102.0), finisher(3, 103.0)
    assert order(*cars) == [1, 2, 0, 3]
    assert order(*cars[:2], other(2, 900.0, "retired")) == [1, 0, 2]


def test_the_retired_come_last_but_for_the_disqualified():
    cars = (other(0, 2600.0, "disqualified"), other(1, 2400.0, "retired"), finisher(2, 100.0))
    assert order(*cars) == [2, 1, 0]


def test_a_race_that_was_ended_turns_time_into_distance():
    assert order(other(0, 1000.0, time=5.0), other(1, 901.0), other(2, 899.0)) == [1, 0, 2]
    assert order(other(0, 1000.0, laps=1), other(1, 760.0), other(2, 740.0)) == [1, 0, 2]


def test_penalties_are_added_up_from_events():
    def event(kind, value, amount=0.0):
        return {"kind": kind, "value": float(value), "evidence": {"amount": amount}}

    events = [event("penalty", 2, 5.0), event("penalty", 2, 10.0), event("penalty", 5, 3.0),
              event("penalty", 7, 1.0), event("penalty", 9, 0.5), event("penalty", 9, 0.5),
              event("penalty", 3), event("penalty", 6, 2.0), event("warning", 1)]  # fmt: skip
    assert penalties_of(events) == {
        "penalty_time": 15.0, "penalty_places": 3, "penalty_laps": 1, "score": 0.25, "warnings": 1,
    }  # fmt: skip


@st.composite
def races(draw):
    count = draw(st.integers(2, 6))
    entries = []
    for car in range(count):
        status = draw(st.sampled_from(["finished", "not finished", "retired", "disqualified"]))
        laps = draw(st.integers(1, 4))
        done = status == "finished"
        far = LENGTH * laps if done else draw(st.floats(0, 1000))
        finish = draw(st.integers(50, 60)) * 1.0 if done else None
        entries.append(
            car_row(
                car, status, far, finish, draw(st.none() | st.floats(10, 12)),
                time=draw(st.integers(0, 8)) * 1.0, laps=draw(st.integers(0, 1)),
                places=draw(st.integers(0, 2)),
            )
        )  # fmt: skip
    return entries


@given(races(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_entries_does_not_matter_and_nobody_is_lost(entries, random):
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert order(*shuffled) == order(*entries)
    assert sorted(order(*entries)) == list(range(len(entries)))


@given(races(), st.data())
@settings(max_examples=200, deadline=None)
def test_one_more_penalty_never_gains_a_place(entries, data):
    car = data.draw(st.integers(0, len(entries) - 1))
    more = data.draw(st.sampled_from([{"time": 3.0}, {"laps": 1}, {"places": 1}]))
    ((what, amount),) = more.items()
    harder = [*entries]
    key = f"penalty_{what}"
    harder[car] = {**entries[car], key: entries[car][key] + amount}
    assert order(*harder).index(car) >= order(*entries).index(car)


def test_an_unknown_status_is_an_error():
    with pytest.raises(KeyError):
        order(other(0, 10.0, "lost"))
