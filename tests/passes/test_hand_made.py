"""Passes made by hand, with known answers. Cars are 2 m long, so their reach is 2 m."""

from __future__ import annotations

import numpy as np
import pytest
from staging import DT, Stage, drive, path

from racegym.interfaces import EventKind, Flag, OvertakeKind, PenaltyKind, Signal, Status
from racegym.race_control import OvertakeRules, place_gains

TRACK, LAPPING, PIT = OvertakeKind.TRACK, OvertakeKind.LAPPING, OvertakeKind.PIT
RETIREMENT, PENALTY = OvertakeKind.RETIREMENT, OvertakeKind.PENALTY


def steady(seconds, start, speed):
    return path([(0, start), (seconds, start + speed * seconds)], seconds)


def against(seconds, *corners, speed=10.0, ahead=20.0):
    """Return a steady car, and one whose lead over it goes through (time, lead) corners."""
    first = steady(seconds, ahead, speed)
    return first, first + path(corners, seconds)


def overtakes(run):
    """Return (kind, car, other, whether it counts, places) of each overtake told."""
    return [
        (OvertakeKind(int(e.value)), e.car, e.other, bool(e.details["counted"]),
         int(e.details["place"]))
        for e in run.events if e.kind is EventKind.OVERTAKE
    ]  # fmt: skip


def failures(run):
    return [e for e in run.events if e.kind is EventKind.FAILED_ATTEMPT]


def counts(run):
    race = run.stage.view.race
    return race.overtakes_made[0].tolist(), race.overtakes_suffered[0].tolist()


def test_a_plain_pass_with_all_its_figures():
    run = drive(against(8, (0, -10), (5, 10), (8, 22), speed=20), [0, 1.5])
    assert overtakes(run) == [(TRACK, 1, 0, True, 1)]
    (when, event), = run.seen  # fmt: skip
    figures = event.details
    assert event.time == pytest.approx(2.5)  # level
    assert when == pytest.approx(3.0 + 1.0, abs=DT + 1e-6)  # clear at 3, held for 1 s
    assert figures["duration"] == pytest.approx(1.0)
    assert figures["closing_speed"] == pytest.approx(4.0)
    assert figures["gap"] == pytest.approx(2.0 / 10.0)  # the stage shows 10 m/s
    assert figures["side"] == 1
    assert (figures["lap"], figures["sector"], figures["laps"]) == (1, 0, 0)
    assert figures["contact"] == figures["repasses"] == 0
    assert counts(run) == ([0, 1], [1, 0])


def test_the_right_hand_side_is_minus_one_and_in_line_is_none():
    moves = against(8, (0, -10), (5, 10), (8, 22))
    assert drive(moves, [0, -1.5]).events[0].details["side"] == -1
    assert drive(moves, [0.5, 0.5]).events[0].details["side"] == 0


def test_the_side_is_that_at_the_crossing():
    over = path([(0, -1), (2.4, -1), (2.6, 1), (8, 1)], 8)  # swaps sides while level, at 2.5
    run = drive(against(8, (0, -10), (5, 10), (8, 22)), [0, over - 0.2])
    assert run.events[0].details["side"] == -1


def test_now_and_total_agree():
    first, second = against(6, (0, -10), (3, 8), (6, 20))
    stage = Stage(1, 2)
    where = np.array([first, second]).T[None]
    beside = np.zeros((1, 2))
    stage.start(where[:, 0], beside)
    now = []
    for k in range(1, where.shape[1]):
        stage.step(where[:, k], beside)
        now.append((*stage.view.race.passed_now[0], *stage.view.race.suffered_now[0]))
    assert sum(np.array(now)).tolist() == [0, 1, 1, 0]
    assert np.any(now, axis=1).sum() == 1


def test_pass_and_repass_within_the_hold_time_is_a_near_miss():
    run = drive(against(10, (0, -10), (3, 3.05), (3.5, 3.05), (6, -10), (10, -10)))
    assert overtakes(run) == []
    (failure,) = failures(run)
    assert (failure.car, failure.other) == (1, 0)
    assert failure.details["overlap"] == 2.0
    assert counts(run) == ([0, 0], [0, 0])


def test_clear_ahead_for_just_under_the_hold_time_is_none():
    run = drive(against(10, (0, -10), (3, 2), (3.45, 2.45), (3.9, 2), (6, -10), (10, -10)))
    assert overtakes(run) == []


def test_clear_ahead_for_just_over_the_hold_time_is_an_overtake_and_so_is_the_repass():
    run = drive(against(10, (0, -10), (3, 2), (3.55, 2.55), (4.15, 2), (6, -10), (10, -10)))
    assert overtakes(run) == [(TRACK, 1, 0, True, 1), (TRACK, 0, 1, True, 1)]
    assert [e.details["repasses"] for e in run.events] == [0, 1]
    assert counts(run) == ([1, 1], [1, 1])


def test_the_hold_time_begins_anew_when_the_bodies_overlap_again():
    corners = [(0, -10), (3, 2.55), (3.5, 1.0), (4, 2.55), (4.5, 1.0), (5, 3), (9, 6)]
    run = drive(against(9, *corners))
    assert overtakes(run) == [(TRACK, 1, 0, True, 1)]
    assert failures(run) == []
    (event,) = run.events
    assert event.time == pytest.approx(3 - 3 * 2.55 / 12.55)
    clear = 4.5 + 0.5 * (2 - 1) / (3 - 1)
    assert event.details["duration"] == pytest.approx(clear - 3 * 8 / 12.55)


def test_the_hold_time_is_a_rule():
    moves = against(10, (0, -10), (3, 3), (3.5, 3), (6, -10), (10, -10))
    run = drive(moves, rules=OvertakeRules(hold=0.4))
    assert [k[:3] for k in overtakes(run)] == [(TRACK, 1, 0), (TRACK, 0, 1)]
    run = drive(moves, rules=OvertakeRules(hold=5.0))
    assert overtakes(run) == []


def test_without_a_hold_time_to_be_clear_is_enough():
    run = drive(against(4, (0, -10), (3, 10), (4, 14)), rules=OvertakeRules(hold=0.0))
    assert run.seen[0][0] == pytest.approx(1.8, abs=DT + 1e-6)


def test_a_crossing_with_no_one_clear_is_nothing():
    run = drive(against(10, (0, -10), (3, 1.5), (4, -1.5), (5, 1.5), (10, 1.5)))
    assert run.events == []


def test_side_by_side_for_long_then_ahead():
    run = drive(against(60, (0, -10), (3, -0.55), (25, 0.35), (50, 0.55), (52, 6), (60, 20)))
    ((kind, car, other, counted, _),) = overtakes(run)
    assert (kind, car, other, counted) == (TRACK, 1, 0, True)
    assert run.events[0].details["duration"] > 45


def test_side_by_side_for_long_then_back():
    run = drive(against(60, (0, -10), (3, -0.55), (25, 0.35), (50, 0.55), (52, -6), (60, -20)))
    assert overtakes(run) == []
    (failure,) = failures(run)
    assert failure.value > 45
    assert failure.details["overlap"] == pytest.approx(1 + 0.55 / 2, abs=0.01)


@pytest.mark.parametrize(("lead", "tells"), [(-1.05, False), (-0.95, True)])
def test_alongside_is_half_a_length(lead, tells):
    run = drive(against(10, (0, -10), (4, lead), (5, lead), (10, -10)), [0, 2])
    assert overtakes(run) == []
    assert len(failures(run)) == tells
    if tells:
        (failure,) = failures(run)
        assert failure.details["overlap"] == pytest.approx(1 + lead / 2)
        assert failure.details["side"] == 1
        begun, done = 4 * 8 / (10 + lead), 5 + 5 * (2 + lead) / (10 + lead)
        assert failure.time == pytest.approx(done)
        assert failure.value == pytest.approx(done - begun)


def test_alongside_is_a_rule():
    moves = against(10, (0, -10), (4, -1.5), (5, -1.5), (10, -10))
    assert failures(drive(moves)) == []
    assert len(failures(drive(moves, rules=OvertakeRules(alongside=0.2)))) == 1


def test_each_attempt_is_told():
    run = drive(against(20, (0, -10), (4, -0.5), (8, -10), (12, -0.5), (16, -10), (20, -10)))
    assert len(failures(run)) == 2


def test_contact_in_the_window_is_noted():
    moves = against(8, (0, -10), (5, 10), (8, 22))
    run = drive(moves, at={2.5: {"touches": [(0, 1)]}})
    assert run.events[0].details["contact"] == 1
    run = drive(moves, at={1.0: {"touches": [(0, 1)]}})  # before they overlap
    assert run.events[0].details["contact"] == 0
    run = drive(moves, at={2.5: {"touches": [(0, -1), (1, -2)]}})  # walls and obstacles
    assert run.events[0].details["contact"] == 0


def test_contact_of_an_attempt_is_noted():
    moves = against(10, (0, -10), (4, -0.5), (5, -0.5), (10, -10))
    run = drive(moves, at={4.5: {"touches": [(1, 0)]}})
    assert failures(run)[0].details["contact"] == 1


def test_three_wide_is_two_passes():
    first = steady(10, 20, 10)
    second = first - 0.3
    third = first + path([(0, -12), (5, 8), (10, 20)], 10)
    run = drive([first, second, third], [-2, 0, 2])
    assert sorted(overtakes(run)) == [(TRACK, 2, 0, True, 1), (TRACK, 2, 1, True, 1)]
    assert counts(run) == ([0, 0, 2], [1, 1, 0])
    assert place_gains(run.events) == {2: 2, 1: -1, 0: -1}


def test_two_cars_pass_one_at_once():
    first = steady(10, 30, 10)
    fast = first + path([(0, -12), (5, 8), (10, 28)], 10)
    run = drive([first, fast, fast - 0.4], [0, 2, -2])
    assert sorted(overtakes(run)) == [(TRACK, 1, 0, True, 1), (TRACK, 2, 0, True, 1)]
    sides = {e.car: e.details["side"] for e in run.events}
    assert sides == {1: 1, 2: -1}


def test_clear_to_clear_in_one_step():
    run = drive(against(4, (0, -30), (2, -30), (2.1, 30), (4, 30), speed=40, ahead=60))
    assert overtakes(run) == [(TRACK, 1, 0, True, 1)]
    assert run.events[0].time == pytest.approx(2.05)
    assert run.events[0].details["duration"] == pytest.approx(0.1 * 4 / 60)


def test_cars_of_different_length_have_a_reach_of_their_own():
    moves = against(9, (0, -10), (3, 2.7), (8, 2.7), (9, 2.7))
    assert overtakes(drive(moves)) != []
    assert overtakes(drive(moves, length=[2.0, 4.0])) == []


def test_lapping_is_no_place(lap):
    slow = steady(10, 10, 5)
    fast = slow - 10 + lap + path([(0, 0), (10, 30)], 10)
    run = drive([slow, fast])
    assert overtakes(run) == [(LAPPING, 1, 0, False, 0)]
    assert run.events[0].details["laps"] == 1
    assert run.events[0].details["lap"] == 2
    assert counts(run) == ([0, 0], [0, 0])
    assert not place_gains(run.events)


def test_unlapping_is_told_with_the_sign_turned(lap):
    leader = steady(10, 10 + 2 * lap, 5)
    other = leader - 2 * lap - 10 + path([(0, 0), (10, 30)], 10)
    run = drive([leader, other])
    assert overtakes(run) == [(LAPPING, 1, 0, False, 0)]
    assert run.events[0].details["laps"] == -2


def test_an_attempt_to_lap_that_fails(lap):
    slow = steady(10, 20, 5)
    fast = slow + lap + path([(0, -10), (4, -0.5), (10, -10)], 10)
    run = drive([slow, fast])
    assert overtakes(run) == []
    assert failures(run)[0].details["laps"] == 1


def test_a_place_is_won_though_the_lapped_are_in_between(lap):
    first = steady(10, lap + 10, 10)
    second = first + path([(0, -10), (5, 10), (10, 20)], 10)
    lapped = first - lap + 0.5
    run = drive([first, second, lapped], [0, 2, -2])
    assert sorted(overtakes(run)) == [(TRACK, 1, 0, True, 1), (LAPPING, 1, 2, False, 0)]


def test_a_pass_over_the_line(lap):
    moves = against(8, (0, -10), (5, 10), (8, 22), speed=20, ahead=lap - 50)
    run = drive(moves)
    assert overtakes(run) == [(TRACK, 1, 0, True, 1)]
    assert run.events[0].details["lap"] == 2 - (run.events[0].time < 2.5)
    moves = against(8, (0, -10), (5, 10), (8, 22), speed=20, ahead=lap - 51)
    assert drive(moves).events[0].details["lap"] == 1
    moves = against(8, (0, -10), (5, 10), (8, 22), speed=20, ahead=lap - 49)
    assert drive(moves).events[0].details["lap"] == 2


def test_behind_the_line_before_the_first_lap():
    run = drive(against(8, (0, -10), (5, 10), (8, 22), speed=1, ahead=-30))
    assert overtakes(run) == [(TRACK, 1, 0, True, 1)]
    assert run.events[0].details["lap"] == 1


@pytest.mark.parametrize("car", [0, 1])
def test_in_the_pit_lane(car):
    status = [Status.RACING, Status.RACING]
    status[car] = Status.PIT
    run = drive(against(8, (0, -10), (5, 10), (8, 22)), at={2.2: {"status": status}})
    assert overtakes(run) == [(PIT, 1, 0, False, 1)]
    assert counts(run) == ([0, 0], [0, 0])


def test_out_of_the_pit_lane_before_they_meet_is_on_the_track():
    moves = against(8, (0, -10), (5, 10), (8, 22))
    status = {0.5: {"status": [Status.PIT, 1]}, 1.5: {"status": 1}}
    assert overtakes(drive(moves, at=status)) == [(TRACK, 1, 0, True, 1)]


def test_a_car_that_retires_loses_its_places_at_once():
    cars = [steady(6, 60 - 20 * k, 10) for k in range(4)]
    out = [1, Status.RETIRED, 1, 1]
    run = drive(cars, at={3.0: {"status": out, "present": [True, False, True, True]}})
    assert sorted(overtakes(run)) == [(RETIREMENT, 2, 1, False, 1), (RETIREMENT, 3, 1, False, 1)]
    assert [e.time for e in run.events] == pytest.approx([3.0, 3.0])
    assert place_gains(run.events) == {2: 1, 3: 1, 1: -2}


def test_a_car_that_retires_while_it_is_passed_was_not_overtaken():
    moves = against(8, (0, -10), (5, 10), (8, 22))
    run = drive(moves, at={3.5: {"status": [Status.RETIRED, 1]}})
    assert overtakes(run) == [(RETIREMENT, 1, 0, False, 1)]


def test_the_wreck_of_a_retired_car_is_passed_for_nothing():
    wreck = path([(0, 40), (2, 60), (10, 60)], 10)
    run = drive([wreck, steady(10, 0, 10)], at={2.0: {"status": [Status.RETIRED, 1]}})
    assert overtakes(run) == [(RETIREMENT, 1, 0, False, 1)]
    assert run.seen[0][0] == pytest.approx(2.0)


def test_a_standing_car_was_not_overtaken():
    crashed = path([(0, 40), (2, 60), (10, 60)], 10)
    run = drive([crashed, steady(10, 0, 10)], at={2.0: {"stuck_time": [0.1, 0]}})
    assert overtakes(run) == [(RETIREMENT, 1, 0, False, 1)]
    assert run.events[0].time == pytest.approx(6.0)


def test_retired_cars_that_are_out_in_turn():
    cars = [steady(6, 60 - 20 * k, 10) for k in range(3)]
    out = {2.0: {"status": [4, 1, 1]}, 3.0: {"status": [4, 1, 4]}, 4.0: {"status": [4, 4, 4]}}
    run = drive(cars, at=out)
    gains = place_gains(run.events)
    end = run.stage.view.race.position[0]
    assert [gains[c] for c in range(3)] == (run.stage.grid[0] - end).tolist()


@pytest.mark.parametrize("flag", [Flag.YELLOW, Flag.SAFETY_CAR])
def test_under_a_flag_it_is_told_and_not_counted(flag):
    moves = against(8, (0, -10), (5, 10), (8, 22))
    run = drive(moves, at={2.4: {"flags": int(flag)}})
    assert overtakes(run) == [(TRACK, 1, 0, False, 1)]
    assert run.events[0].details["under_flag"] == 1
    assert counts(run) == ([0, 0], [0, 0])
    run = drive(moves, at={2.8: {"flags": int(flag)}})  # shown after they were level
    assert overtakes(run) == [(TRACK, 1, 0, True, 1)]
    run = drive(moves, at={2.4: {"flags": int(Flag.BLUE | Flag.WARNING)}})
    assert overtakes(run) == [(TRACK, 1, 0, True, 1)]


def test_before_the_race_is_on_nothing_counts():
    moves = against(8, (0, -10), (5, 10), (8, 22))
    run = drive(moves, at={0.1: {"signal": Signal.FORMATION}, 4.0: {"signal": Signal.GREEN}})
    assert run.events[0].details["under_flag"] == 1


def test_off_the_track_it_is_told_and_not_counted():
    moves = against(8, (0, -10), (5, 10), (8, 22))
    run = drive(moves, at={2.4: {"off_track": [False, True]}, 2.7: {"off_track": False}})
    assert overtakes(run) == [(TRACK, 1, 0, False, 1)]
    assert run.events[0].details["off_track"] == 1
    run = drive(moves, at={2.4: {"off_track": [True, False]}})  # who is passed may be
    assert overtakes(run) == [(TRACK, 1, 0, True, 1)]
    run = drive(moves, at={1.0: {"off_track": [False, True]}, 1.5: {"off_track": False}})
    assert overtakes(run) == [(TRACK, 1, 0, True, 1)]


def test_a_cut_wins_places_that_do_not_count():
    cars = [steady(6, 60, 10), steady(6, 40, 10), path([(0, 20), (3, 50), (3.1, 150), (6, 180)], 6)]
    run = drive(cars, at={3.1: {"jumped": [False, False, True]}})
    assert sorted(overtakes(run)) == [(TRACK, 2, 0, False, 1), (TRACK, 2, 1, False, 1)]
    assert all(e.details["moved"] for e in run.events)
    assert counts(run) == ([0, 0, 0], [0, 0, 0])


def test_a_cut_that_ends_beside_another_car():
    first = steady(8, 60, 10)
    second = first + path([(0, -30), (3, -30), (3.1, 0.5), (5, 0.5), (8, 10)], 8)
    run = drive([first, second], at={3.1: {"jumped": [False, True]}})
    assert overtakes(run) == [(TRACK, 1, 0, False, 1)]
    second = first + path([(0, -30), (3, -30), (3.1, -0.5), (5, -0.5), (8, 10)], 8)
    run = drive([first, second], at={3.1: {"jumped": [False, True]}})
    assert overtakes(run) == [(TRACK, 1, 0, False, 1)]
    assert run.events[0].details["from_overlap"] == 1


def test_a_car_that_is_put_back_loses_its_place_by_penalty():
    first = path([(0, 60), (3, 90), (3.1, 30), (6, 59)], 6)
    second = steady(6, 40, 10)
    placed = np.array([[30.0, 70.0]])
    run = drive([first, second], at={3.1: {"placed": placed}})
    assert overtakes(run) == [(PENALTY, 0 + 1, 0, False, 1)]


def test_a_car_that_comes_back_has_lost_what_was_lost_meanwhile():
    first = path([(0, 60), (2, 80), (5, 80), (8, 110)], 8)
    away = {2.0: {"present": [False, True]}, 5.0: {"present": True}}
    run = drive([first, steady(8, 20, 10)], at=away)
    assert overtakes(run) == []
    first = path([(0, 60), (2, 80), (7, 80), (9, 100)], 9)
    away = {2.0: {"present": [False, True]}, 7.0: {"present": True}}
    run = drive([first, steady(9, 40, 10)], at=away)
    assert overtakes(run) == [(RETIREMENT, 1, 0, False, 1)]


def test_at_the_finish_before_the_hold_time_is_over(lap):
    moves = against(8, (0, -10), (5, 10), (8, 22), speed=20, ahead=lap - 62)
    run = drive(moves, distance=lap)
    assert overtakes(run) == [(TRACK, 1, 0, False, 1)]
    (event,) = run.events
    assert event.details["by_result"] == 1
    assert event.time == pytest.approx(2.5)
    assert place_gains(run.events) == {1: 1, 0: -1}
    assert run.stage.view.race.position[0].tolist() == [2, 1]


def test_a_nose_ahead_at_the_finish(lap):
    moves = against(8, (0, -10), (4.75, -0.5), (5.2, 0.4), (8, 0.4), speed=10, ahead=lap - 51.5)
    run = drive(moves, distance=lap)
    assert run.stage.view.race.position[0].tolist() == [2, 1]
    assert overtakes(run) == [(TRACK, 1, 0, False, 1)]


def test_ahead_before_the_finish_but_not_at_it(lap):
    moves = against(8, (0, -10), (4, 1.5), (5, -1.5), (8, -1.5), speed=10, ahead=lap - 60)
    run = drive(moves, distance=lap)
    assert run.events == []
    assert run.stage.view.race.position[0].tolist() == [1, 2]


def test_a_penalty_in_the_result(lap):
    cars = [steady(4, lap - 20, 10), steady(4, lap - 25, 10)]
    run = drive(cars, distance=lap, at={4.0: {"position": [2, 1]}})
    assert overtakes(run) == [(PENALTY, 1, 0, False, 1)]
    assert place_gains(run.events) == {1: 1, 0: -1}


def test_disqualified():
    cars = [steady(6, 40, 10), steady(6, 20, 10)]
    run = drive(cars, at={4.0: {"status": [Status.DISQUALIFIED, 1]}})
    assert overtakes(run) == [(PENALTY, 1, 0, False, 1)]
    assert PenaltyKind.DISQUALIFICATION  # the figure that the penalty itself carries


def test_cars_that_overlap_at_the_start_swap_and_do_not_count():
    run = drive(against(6, (0, -0.5), (3, 3), (6, 9)))
    assert overtakes(run) == [(TRACK, 1, 0, False, 1)]
    assert run.events[0].details["from_overlap"] == 1
    run = drive(against(6, (0, -0.5), (3, -3), (6, -9)))
    assert run.events == []  # nothing was attempted


def test_a_race_of_its_own_length_apart_meets_nobody(lap):
    run = drive([steady(10, 0, 10), steady(10, lap / 2, 10)])
    assert run.events == []


def test_driving_backwards_past_a_car_is_to_be_passed():
    run = drive(against(8, (0, 10), (5, -10), (8, -20)))
    assert overtakes(run) == [(TRACK, 0, 1, True, 1)]
