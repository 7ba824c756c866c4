"""The classification, against lists made by hand."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from racegym.record import classification
from racegym.record.classification import UNPUNISHED


def row(car: int, status: str, laps: int, time: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "car": car, "status": status, "laps": laps, "total_time": time, "best_lap": None,
        "road_position": car + 1, "gap": 1.5 * car, "gap_laps": 0, "interval": 1.5,
        "progress": 250.0 * laps + 20 - car, "average_speed": 20.0, **UNPUNISHED, **more,
    }  # fmt: skip


def classify(
    rows: list[dict[str, Any]], penalties: dict[int, dict[str, Any]], share: float = 0.0
) -> list[dict[str, Any]]:
    punished = [{**row, **penalties.get(row["car"], {})} for row in rows]
    return classification.classify(punished, length=250.0, share=share)


def cars(rows: list[dict[str, Any]]) -> list[int]:
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["car"] for row in rows]


FIELD = [
    row(0, "finished", 10, 600.0),
    row(1, "finished", 10, 602.0),
    row(2, "finished", 10, 610.0),
    row(3, "finished", 9, 605.0),
    row(4, "retired", 9),
    row(5, "retired", 2),
    row(6, "disqualified", 8),
]


def test_without_penalties_places_stay_and_gaps_are_taken():
    rows = classify(FIELD, {})
    assert cars(rows) == [0, 1, 2, 3, 4, 5, 6]
    assert [row["gap"] for row in rows] == [0.0, 2.0, 10.0, None, 6.0, 7.5, None]
    assert [row["interval"] for row in rows] == [0.0, 2.0, 8.0, None, 1.5, 1.5, None]
    assert [row["gap_laps"] for row in rows] == [0, 0, 0, 1, 0, 0, 0]
    assert [row["classified"] for row in rows] == [True] * 6 + [False]
    assert FIELD[0].keys() < rows[0].keys()


def test_time_is_added_and_the_order_and_gaps_follow():
    rows = classify(FIELD, {0: {"penalty_time": 5.0}})
    assert cars(rows)[:3] == [1, 0, 2]
    assert [row["gap"] for row in rows[:3]] == [0.0, 3.0, 8.0]
    assert [row["total_time"] for row in rows[:3]] == [602.0, 600.0, 610.0]
    # However much it is, nobody falls behind who has driven fewer laps.
    assert cars(classify(FIELD, {0: {"penalty_time": 1000.0}}))[:4] == [1, 2, 0, 3]


def test_a_tie_goes_to_the_better_lap_then_to_who_was_ahead():
    tied = [
        row(0, "finished", 5, 60.0, best_lap=11.0),
        row(1, "finished", 5, 58.0, best_lap=10.5),
        row(2, "finished", 5, 60.0, best_lap=11.0),
        row(3, "finished", 5, 60.0),
    ]
    assert cars(classify(tied, {1: {"penalty_time": 2.0}})) == [1, 0, 2, 3]


def test_places_are_lost_one_by_one_but_not_to_cars_that_are_out():
    assert cars(classify(FIELD, {0: {"penalty_places": 1}}))[:4] == [1, 0, 2, 3]
    assert cars(classify(FIELD, {0: {"penalty_places": 2}}))[:4] == [1, 2, 0, 3]
    assert cars(classify(FIELD, {0: {"penalty_places": 9}})) == [1, 2, 3, 0, 4, 5, 6]
    assert cars(classify(FIELD, {0: {"penalty_places": 2}, 1: {"penalty_places": 1}}))[:4] == [
        2,
        0,
        1,
        3,
    ]


def test_a_lap_taken_away_is_a_lap_behind():
    rows = classify(FIELD, {0: {"penalty_laps": 1}})
    assert cars(rows)[:4] == [1, 2, 0, 3]
    assert [row["gap_laps"] for row in rows[:4]] == [0, 0, 1, 1]
    assert rows[2]["interval"] is None and rows[3]["interval"] == 5.0


def test_a_steward_disqualifies():
    rows = classify(FIELD, {0: {"status": "disqualified"}})
    assert cars(rows) == [1, 2, 3, 4, 5, 0, 6]
    assert (rows[5]["status"], rows[5]["classified"]) == ("disqualified", False)
    assert rows[0]["gap"] == 0.0


def test_with_a_share_laps_decide_who_is_classified():
    rows = classify(FIELD, {}, share=0.9)
    assert cars(rows) == [0, 1, 2, 3, 4, 5, 6]
    assert [row["classified"] for row in rows] == [True] * 5 + [False] * 2
    slow = [*FIELD[:3], row(3, "finished", 7, 605.0), row(4, "retired", 9), *FIELD[5:]]
    rows = classify(slow, {}, share=0.9)
    assert cars(rows) == [0, 1, 2, 4, 3, 5, 6]
    assert [row["classified"] for row in rows] == [True] * 4 + [False] * 3


def test_a_race_that_nobody_has_finished_keeps_its_order():
    running = [row(0, "not finished", 4), row(1, "not finished", 3), row(2, "retired", 9)]
    rows = classify(running, {0: {"penalty_time": 5.0}})
    assert cars(rows) == [0, 1, 2]
    assert [row["gap"] for row in rows] == [0.0, 1.5, 3.0]


def test_a_finisher_whose_time_is_lost_comes_after_those_with_as_many_laps():
    lost = [row(0, "finished", 5), row(1, "finished", 5, 61.0), row(2, "finished", 4, 62.0)]
    assert cars(classify(lost, {0: {"penalty_time": 5.0}})) == [1, 0, 2]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["finished", "not finished", "retired", "disqualified"]),
        st.integers(0, 5),
        st.none() | st.integers(60, 63).map(float),
    ),
    min_size=1,
    max_size=8,
)
PENALTIES = st.dictionaries(
    st.integers(0, 7),
    st.fixed_dictionaries(
        {
            "penalty_time": st.sampled_from([0.0, 1.0, 5.0]),
            "penalty_places": st.integers(0, 3),
            "penalty_laps": st.integers(0, 1),
        }
    ),
)


@given(ROWS, PENALTIES, st.sampled_from([0.0, 0.5, 0.9]))
def test_everybody_is_listed_once_and_the_disqualified_last(rows, penalties, share):
    given_rows = [
        row(car, status, laps, time if status == "finished" else None)
        for car, (status, laps, time) in enumerate(rows)
    ]
    result = classify(given_rows, penalties, share=share)
    assert sorted(cars(result)) == list(range(len(rows)))
    last = [row["status"] == "disqualified" for row in result]
    assert last == sorted(last)
    unpunished = classify(given_rows, {}, share=share)
    assert cars(classify(unpunished, {}, share=share)) == cars(unpunished)
