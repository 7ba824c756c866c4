"""What penalties do: to the result, to the car, and in the pit lane."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.interfaces import EventKind, Flag, PenaltyKind, Status

PENALTY, SERVED = EventKind.PENALTY, EventKind.PENALTY_SERVED


def told(events):
    return [(event.kind, event.value) for event in events]


@pytest.mark.parametrize(
    ("penalty", "amount", "field", "value"),
    [
        ("time", 5.0, "penalty_time", 5.0),
        ("places", 3.0, "penalty_places", 3),
        ("lap", 1.0, "penalty_laps", 1),
        ("score", 0.6, "penalty_score", np.float32(0.6)),
        ("warning", 0.0, "warnings", 1),
    ],
)
def test_each_penalty_on_the_result_is_booked(racing, rule, offence, penalty, amount, field, value):
    race = racing(rule("wall", penalty, amount))
    before = getattr(race.race, field)[0].tolist()
    events = race.step(**offence.wall)
    assert [event.car for event in events] == [0]
    if penalty == "warning":
        assert told(events) == [(EventKind.WARNING, 1.0)]
    else:
        assert told(events) == [(PENALTY, PenaltyKind[penalty.upper()])]
        assert events[0].details["amount"] == pytest.approx(amount)
    assert getattr(race.race, field)[0].tolist() == [value, before[1]]


def test_scores_multiply_and_times_add_up(racing, rule, offence):
    race = racing(rule("wall", "score", 0.5, apart=0.1), rule("wall", "time", 4.0, apart=0.1))
    for _ in range(3):
        race.step(**offence.wall)
        race.step(2)
    assert race.race.penalty_score[0, 0] == 0.125
    assert race.race.penalty_time[0, 0] == 12.0


def test_disqualified_is_out_shown_the_black_flag_and_judged_no_more(racing, rule, offence):
    race = racing(rule("wall", "disqualification"), rule("stuck", "time", 5.0))
    events = race.step(**{**offence.wall, **offence.stuck})
    assert told(events) == [(EventKind.DISQUALIFIED, 0.0)]
    assert events[0].details == {"offence": 2.0, "lap": 1.0}
    assert race.race.status[0].tolist() == [Status.DISQUALIFIED, Status.RACING]
    assert race.race.flags[0, 0] == Flag.BLACK
    assert race.step(5, **offence.stuck) == []


def test_warnings_add_up_to_a_penalty_whatever_the_order_of_the_rules(racing, rule, offence):
    rules = [rule("warnings", "disqualification", after=2), rule("wall", "warning", apart=0.1)]
    for some in (rules, rules[::-1]):
        race = racing(*some)
        for number in range(3):
            events = race.step(**offence.wall)
            race.step(2)
            shown = bool(race.race.flags[0, 0] & Flag.WARNING)
            assert shown == (number == 1)
        assert told(events) == [(EventKind.WARNING, 3.0), (EventKind.DISQUALIFIED, 0.0)]


def test_no_flag_warns_of_a_mere_warning_nor_of_what_strikes_no_more(racing, rule, offence):
    mere = racing(rule("wall", "warning", after=1, apart=0.1))
    mere.step(**offence.wall)
    assert mere.race.flags[0, 0] == 0
    once = racing(rule("wall", "time", 5.0, each=2, once="race", apart=0.1))
    shown = []
    for _ in range(4):
        once.step(**offence.wall)
        shown.append(int(once.race.flags[0, 0]))
        once.step(2)
    assert shown == [Flag.WARNING, 0, 0, 0] and once.race.penalty_time[0, 0] == 5.0


@pytest.mark.parametrize("out", [Status.FINISHED, Status.RETIRED])
def test_who_is_out_is_warned_no_more(racing, rule, offence, out):
    race = racing(rule("wall", "time", 5.0, after=1))
    race.step(**offence.wall)
    assert race.race.flags[0, 0] == Flag.WARNING
    race.step(status=[out, Status.RACING])
    assert race.race.flags[0, 0] == 0


def test_two_warnings_in_one_step_both_count(racing, rule, offence):
    race = racing(rule("wall", "warning"), rule("stuck", "warning"),
                  rule("warnings", "lap", 1.0, each=2))  # fmt: skip
    events = race.step(**{**offence.wall, **offence.stuck})
    assert [event.kind for event in events] == [EventKind.WARNING, EventKind.WARNING, PENALTY]


def drive_through(race, standing=0.0):
    """Drive the first car through the pit lane."""
    events = race.step(2, status=[Status.PIT, Status.RACING])
    events += race.step(2, pit_standing=[standing, 0.0])
    race.race.pit_passes[0, 0] += 1
    return events + race.step(status=Status.RACING, pit_standing=0.0)


def test_a_drive_through_is_served_in_the_pit_lane(racing, rule, offence):
    race = racing(rule("wall", "drive_through"))
    events = race.step(**offence.wall)
    assert told(events) == [(PENALTY, PenaltyKind.DRIVE_THROUGH)]
    assert events[0].details["serve_by"] == 3.0
    assert race.race.penalty_due[0].tolist() == [PenaltyKind.DRIVE_THROUGH, 0]
    assert race.race.flags[0].tolist() == [Flag.PENALTY, 0]
    race.lap()
    events = drive_through(race)
    assert told(events) == [(SERVED, PenaltyKind.DRIVE_THROUGH)]
    assert race.race.penalty_due[0, 0] == 0
    assert race.race.flags[0, 0] == 0
    assert [race.lap() for _ in range(5)] == [[]] * 5
    assert race.race.penalty_time[0, 0] == 0.0


def test_a_stop_go_is_served_only_by_standing_long_enough(racing, rule, offence):
    race = racing(rule("wall", "stop_go", 5.0))
    race.step(**offence.wall)
    assert race.race.penalty_stop[0].tolist() == [5.0, 0.0]
    assert drive_through(race, standing=4.9) == []
    assert race.race.penalty_due[0, 0] == PenaltyKind.STOP_GO
    events = drive_through(race, standing=np.float32(4.9999995))
    assert told(events) == [(SERVED, PenaltyKind.STOP_GO)]
    assert events[0].details["stood"] == pytest.approx(5.0)
    assert race.race.penalty_stop[0, 0] == 0.0


@pytest.mark.parametrize(("penalty", "amount"), [("drive_through", 0.0), ("stop_go", 5.0)])
def test_a_short_cut_through_a_part_of_the_lane_serves_nothing(
    racing, rule, offence, penalty, amount
):
    race = racing(rule("wall", penalty, amount))
    race.step(**offence.wall)
    race.step(2, status=[Status.PIT, Status.RACING], pit_standing=[6.0, 0.0])
    assert race.step(status=Status.RACING) == []
    assert race.race.penalty_due[0, 0] == PenaltyKind[penalty.upper()]


def test_what_is_imposed_inside_the_pit_lane_is_not_served_by_that_visit(racing, rule, offence):
    race = racing(rule("wall", "drive_through"))
    race.step(status=[Status.PIT, 1])
    race.step(**offence.wall)
    assert race.step(status=1) == []
    assert race.race.penalty_due[0, 0] == PenaltyKind.DRIVE_THROUGH


def test_one_visit_serves_one_penalty(racing, rule, offence):
    race = racing(rule("wall", "drive_through"), rule("wall", "stop_go", 2.0))
    race.step(**offence.wall)
    assert told(drive_through(race)) == [(SERVED, PenaltyKind.DRIVE_THROUGH)]
    assert race.race.penalty_due[0, 0] == PenaltyKind.STOP_GO
    assert told(drive_through(race, 2.0)) == [(SERVED, PenaltyKind.STOP_GO)]
    assert race.race.penalty_due[0, 0] == 0


@pytest.mark.parametrize("within", [1, 3])
def test_what_is_not_served_in_time_becomes_time(racing, rule, offence, within):
    race = racing(rule("wall", "drive_through", instead=30.0), serve_within=within)
    race.step(**offence.wall)
    for _ in range(within - 1):
        assert race.lap() == []
    events = race.lap()
    assert told(events) == [(PENALTY, PenaltyKind.TIME)]
    assert events[0].details["instead_of"] == PenaltyKind.DRIVE_THROUGH
    assert events[0].details["amount"] == 30.0
    assert race.race.penalty_due[0, 0] == 0
    assert race.race.penalty_time[0, 0] == 30.0


def test_what_is_not_served_in_time_may_mean_disqualification(racing, rule, offence):
    race = racing(rule("wall", "drive_through", unserved="disqualification"), serve_within=1)
    race.step(**offence.wall)
    assert told(race.lap()) == [(EventKind.DISQUALIFIED, 0.0)]
    assert race.race.penalty_due[0, 0] == 0


def test_a_line_crossed_in_the_pit_lane_is_not_too_late(racing, rule, offence):
    race = racing(rule("wall", "drive_through"), serve_within=1)
    race.step(**offence.wall)
    race.step(status=[Status.PIT, 1])
    assert race.lap() == []
    race.race.pit_passes[0, 0] += 1
    assert told(race.step(status=1)) == [(SERVED, PenaltyKind.DRIVE_THROUGH)]


def test_who_crosses_the_line_in_the_pit_lane_and_serves_nothing_is_too_late(racing, rule, offence):
    race = racing(rule("wall", "stop_go", 5.0, instead=30.0), serve_within=1)
    race.step(**offence.wall)
    race.step(status=[Status.PIT, 1])
    assert race.lap() == []
    race.race.pit_passes[0, 0] += 1
    events = race.step(status=1, pit_standing=1.0)
    assert told(events) == [(PENALTY, PenaltyKind.TIME)]
    assert race.race.penalty_due[0, 0] == 0


@pytest.mark.parametrize("unserved", ["time", "disqualification"])
def test_what_waits_at_the_flag_becomes_time(racing, rule, offence, unserved):
    race = racing(rule("wall", "drive_through", unserved=unserved))
    race.step(**offence.wall)
    events = race.lap(status=[Status.FINISHED, 1])
    assert told(events) == [(PENALTY, PenaltyKind.TIME)]
    assert race.race.flags[0, 0] == 0


def test_a_penalty_of_a_retired_car_is_dropped(racing, rule, offence):
    race = racing(rule("wall", "drive_through"))
    race.step(**offence.wall)
    assert race.step(status=[Status.RETIRED, 1]) == []
    assert race.race.penalty_due[0, 0] == 0
    assert race.race.penalty_time[0, 0] == 0.0


@pytest.mark.parametrize("case", ["learning car", "no pits", "finished"])
def test_who_cannot_serve_is_given_time_at_once(racing, rule, offence, case):
    race = racing(
        rule("contact", "stop_go", 5.0, instead=12.0),
        serves=[case != "learning car", True],
        pit=case != "no pits",
    )
    status = [Status.FINISHED, 1] if case == "finished" else 1
    events = race.step(**offence.contact, status=status)
    assert told(events) == [(PENALTY, PenaltyKind.TIME)]
    assert events[0].details["instead_of"] == PenaltyKind.STOP_GO
    assert race.race.penalty_time[0, 0] == 12.0


def test_more_than_can_wait_becomes_time(racing, rule, offence):
    race = racing(rule("wall", "drive_through", apart=0.1))
    for _ in range(6):
        race.step(**offence.wall)
        race.step(2)
    assert race.race.penalty_time[0, 0] == 40.0


def restart(race, s, progress=None, offence=None):
    race.view.frame.s[0] = s
    race.view.frame.progress[0] = s if progress is None else progress
    events = race.step(**offence.contact)
    cars, to = race.part.restarts()
    return events, dict(zip(cars.tolist(), to.tolist(), strict=True))


def test_the_car_at_fault_is_set_behind_its_victim(racing, rule, offence):
    race = racing(rule("contact", "restart_behind", 3.0))
    events, to = restart(race, [100.0, 98.0], offence=offence)
    assert told(events) == [(PENALTY, PenaltyKind.RESTART_BEHIND)]
    assert (events[0].car, events[0].other) == (0, 1)
    assert to == {0: pytest.approx(98.0 - 3.0 - 2.0)}  # 3 m from bumper to bumper
    assert len(race.part.restarts()[0]) == 0


def test_it_is_never_set_ahead_of_where_it_is(racing, rule, offence):
    race = racing(rule("contact", "restart_behind", 3.0))
    assert restart(race, [80.0, 98.0], offence=offence)[1] == {0: 80.0}


def test_it_is_set_back_over_the_line_and_whatever_lap_each_is_in(racing, rule, offence):
    race = racing(rule("contact", "restart_behind", 3.0))
    lap = float(race.view.tracks.length[0])
    _, to = restart(race, [1.0, 2.0], [2 * lap + 1.0, 5 * lap + 2.0], offence)
    assert to == {0: pytest.approx(2 * lap - 3.0)}
    race = racing(rule("contact", "restart_behind", 3.0))
    _, to = restart(race, [1.0, lap - 1.0], [2 * lap + 1.0, lap - 1.0], offence)
    assert to == {0: pytest.approx(2 * lap - 6.0)}


def test_it_is_set_clear_of_other_cars(racing, rule, offence):
    race = racing(rule("contact", "restart_behind", 3.0), n_cars=4)
    offence.contact.update(contact_class=[4, 4, 0, 0])
    _, to = restart(race, [100.0, 98.0, 92.5, 90.0], offence=offence)
    assert to == {0: pytest.approx(90.0 - 2.2)}


def test_cars_beside_the_place_are_not_in_the_way(racing, rule, offence):
    race = racing(rule("contact", "restart_behind", 3.0), n_cars=3)
    offence.contact.update(contact_class=[4, 4, 0])
    race.view.frame.d[0] = [0.0, 0.0, 1.1]  # cars are 1 m wide
    _, to = restart(race, [100.0, 98.0, 93.0], offence=offence)
    assert to == {0: pytest.approx(93.0)}


@pytest.mark.parametrize("case", ["backend", "finished", "in the pits"])
def test_whoever_cannot_be_set_back_is_given_time(racing, rule, offence, case):
    rules = rule("contact", "restart_behind", 3.0, instead=9.0)
    race = racing(rules, places_cars=case != "backend")
    status = {"finished": Status.FINISHED, "in the pits": Status.PIT}.get(case, Status.RACING)
    events = race.step(**offence.contact, status=[status, Status.RACING])
    assert told(events) == [(PENALTY, PenaltyKind.TIME)]
    assert race.race.penalty_time[0, 0] == 9.0
    assert len(race.part.restarts()[0]) == 0
