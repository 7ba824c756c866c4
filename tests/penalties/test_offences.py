"""Each offence is seen, counted by incidents, and punished as its rule says."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.interfaces import (
    BlameKind,
    EventKind,
    Flag,
    Offence,
    OvertakeKind,
    PenaltyKind,
    Status,
)

BLAMED = (1.0, 0.0)
OFFENCES = [offence.name.lower() for offence in Offence if offence is not Offence.WARNINGS]


@pytest.mark.parametrize("name", OFFENCES)
def test_each_offence_is_punished_once_and_only_with_who_commits_it(racing, rule, offence, name):
    race = racing(rule(name, "time", 5.0, apart=0.3))
    assert race.step(3) == []
    if name == "rescue":
        race.part.tell(EventKind.RESCUE, 0, 0)
    told = race.step(**getattr(offence, name))
    assert [(e.kind, e.car, e.value) for e in told] == [(EventKind.PENALTY, 0, PenaltyKind.TIME)]
    assert told[0].details == {
        "amount": 5.0, "offence": Offence[name.upper()], "lap": 1.0, "serve_by": 0.0,
        "instead_of": 0.0,
    }  # fmt: skip
    assert race.race.penalty_time.tolist() == [[5.0, 0.0]]
    # What goes on is the same incident.
    again = getattr(offence, name) if name not in ("cut", "contact", "yellow_overtake") else {}
    assert race.step(2, **again) == []


def test_an_incident_ends_when_nothing_is_seen_for_long_enough(racing, rule, offence):
    race = racing(rule("wall", "time", 1.0, apart=0.35))
    assert len(race.step(10, **offence.wall)) == 1  # a scrape of a second
    assert race.step(2) == []
    assert race.step(**offence.wall) == []  # 0.3 s later: the same
    assert race.step(3) == []
    assert len(race.step(**offence.wall)) == 1


def test_with_no_time_apart_a_scrape_is_still_one_offence(racing, rule, offence):
    race = racing(rule("wall", "time", 1.0, apart=0.0))
    assert len(race.step(10, **offence.wall)) == 1
    race.step()
    assert len(race.step(**offence.wall)) == 1


@pytest.mark.parametrize(
    ("name", "least", "enough"),
    [
        ("off_track", 2.0, {"off_track": [True, False], "off_track_since": [-3.0, 0.0]}),
        ("cut", 10.0, {"events": [(EventKind.CUT, 0, -1, 10.5, ())]}),
        ("wall", 2.0, {"wall_impulse": [201.0, 0.0]}),
        ("obstacle", 2.0, {"obstacle_impulse": [201.0, 0.0]}),
        ("contact", 2.0, {"contact_class": 2, "events": [(EventKind.CONTACT, 0, 1, 2.0, BLAMED)]}),
        ("pit_speeding", 1.0, {"status": [Status.PIT, 1], "vx": [9.0, 0.0], "vy": [7.0, 0.0]}),
        ("stuck", 5.0, {"stuck_time": [5.5, 0.0]}),
        ("reversed", 3.0, {"wrong_way_time": [3.5, 0.0]}),
    ],
)
@pytest.mark.parametrize("share", [0.9, 1.0])
def test_a_smaller_figure_than_the_least_does_not_count(racing, rule, name, least, enough, share):
    race = racing(rule(name, "time", 5.0, least=least))
    few = {
        "off_track": {"off_track_since": [-1.5, 0.0]},
        "cut": {"events": [(EventKind.CUT, 0, -1, 9.5, ())]},
        "wall": {"wall_impulse": [199.0, 0.0]}, "obstacle": {"obstacle_impulse": [199.0, 0.0]},
        "contact": {"contact_class": 1, "events": [(EventKind.CONTACT, 0, 1, 1.0, BLAMED)]},
        "pit_speeding": {"vx": [7.7, 0.0], "vy": [7.7, 0.0]},
        "stuck": {"stuck_time": [4.5, 0.0]}, "reversed": {"wrong_way_time": [2.5, 0.0]},
    }[name]  # fmt: skip
    told = race.step(**{**enough, **few} if share < 1 else enough)
    assert len(told) == (share == 1.0)


def contact_of(points, share, other_share, kind=BlameKind.DIVE):
    """What is seen when the first two cars touch."""
    figures = (share, other_share, float(kind))
    event = (EventKind.CONTACT, 0, 1, float(points), figures)
    return {"contact_class": points, "events": [event]}


def test_blame_shares_decide_who_is_punished_for_a_contact(racing, rule):
    def contact(first, second, share=0.5):
        race = racing(rule("contact", "time", 5.0, share=share))
        told = race.step(**contact_of(2, first, second))
        return [event.car for event in told]

    assert contact(1.0, 0.0) == [0]
    assert contact(0.3, 0.7) == [1]
    assert contact(0.5, 0.5) == [0, 1]
    assert contact(0.4, 0.4) == []
    assert float(np.float32(0.7)) < 0.7 and contact(0.7, 0.3, share=0.7) == [0]


def test_a_share_of_nothing_punishes_everybody_who_was_there(racing, rule):
    race = racing(rule("contact", "time", 5.0, share=0.0))
    told = race.step(**contact_of(1, 1.0, 0.0))
    assert [event.car for event in told] == [0, 1]


def test_a_contact_without_blame_hides_no_other_that_is_judged_in_the_same_step(racing, rule):
    race = racing(rule("contact", "time", 5.0, share=0.9), n_cars=3)
    told = race.step(
        contact_class=[4, 1, 4],
        events=[(EventKind.CONTACT, 0, 1, 1.0, (1.0, 0.0, 1.0)),
                (EventKind.CONTACT, 2, 0, 4.0, (0.0, 0.0, 0.0))],
    )  # fmt: skip
    assert [event.car for event in told] == [0]


def test_small_shares_of_two_contacts_are_not_added_up(racing, rule):
    race = racing(rule("contact", "time", 5.0, share=0.5), n_cars=3)
    told = race.step(
        contact_class=1,
        events=[(EventKind.CONTACT, 0, 1, 1.0, (0.3, 0.0, 2.0)),
                (EventKind.CONTACT, 0, 2, 1.0, (0.3, 0.0, 2.0))],
    )  # fmt: skip
    assert told == []


def test_a_rule_may_be_about_some_kinds_of_contact_alone(racing, rule):
    blames = ("rear_end", "avoidable")
    for kind in BlameKind:
        race = racing(rule("contact", "time", 5.0, blames=blames))
        told = race.step(**contact_of(2, 1.0, 0.0, kind))
        assert bool(told) == (kind.name.lower() in blames)


def test_a_car_is_set_back_behind_the_one_that_the_rule_is_about(racing, rule):
    race = racing(rule("contact", "restart_behind", 2.0, blames=("dive",)), n_cars=3)
    race.view.frame.s[0] = race.view.frame.progress[0] = [50.0, 40.0, 30.0]
    told = race.step(
        contact_class=4,
        events=[(EventKind.CONTACT, 0, 2, 4.0, (1.0, 0.0, float(BlameKind.REAR_END))),
                (EventKind.CONTACT, 0, 1, 2.0, (1.0, 0.0, float(BlameKind.DIVE)))],
    )  # fmt: skip
    assert [(event.car, event.other) for event in told] == [(0, 1)]


@pytest.mark.parametrize("kind", OvertakeKind)
def test_getting_past_a_car_that_stands_or_is_in_the_pit_lane_is_allowed(racing, rule, kind):
    race = racing(rule("yellow_overtake", "time", 5.0))
    told = race.step(events=[(EventKind.OVERTAKE, 0, 1, float(kind), [1.0] * 16)])
    assert bool(told) == (kind in (OvertakeKind.TRACK, OvertakeKind.LAPPING))


def test_the_limit_in_the_pit_lane_is_the_one_that_the_rules_have_set(racing, rule):
    race = racing(rule("pit_speeding", "time", 5.0))
    race.race.pit_limit[:] = 5.0  # the track's own is 10 m/s
    seen = {"status": [Status.PIT, Status.RACING]}
    assert race.step(**seen, vx=[4.9, 0.0]) == []
    assert len(race.step(**seen, vx=[5.1, 0.0])) == 1


def test_a_blue_flag_is_ignored_only_after_some_seconds_in_a_row(racing, rule):
    race = racing(rule("blue_flag", "time", 5.0, least=0.45))
    assert race.step(4, flags=[Flag.BLUE, 0]) == []
    assert race.step() == []  # it went out
    assert race.step(4, flags=[Flag.BLUE, 0]) == []
    assert len(race.step(flags=[Flag.BLUE, 0])) == 1


def test_progress_lost_by_a_jump_is_no_cut(racing, rule):
    race = racing(rule("cut", "time", 5.0))
    assert race.step(events=[(EventKind.CUT, 0, -1, -30.0, ())]) == []


def test_a_car_in_the_pit_lane_is_not_off_the_track_nor_stuck(racing, rule):
    race = racing(rule("off_track", "time", 5.0), rule("stuck", "time", 5.0))
    seen = {"off_track": True, "off_track_since": 0.0, "stuck_time": 9.0}
    assert race.step(status=Status.PIT, **seen) == []
    assert len(race.step(status=Status.RACING, **seen)) == 4


def test_who_has_finished_is_judged_for_contacts_alone(racing, rule, offence):
    race = racing(rule("contact", "time", 5.0), rule("wall", "time", 7.0))
    told = race.step(**{**offence.wall, **offence.contact, "status": [Status.FINISHED, 1]})
    assert [event.details["amount"] for event in told] == [5.0]
    assert race.step(5, status=[Status.RETIRED, 1], **offence.wall) == []


def test_a_car_that_is_off_the_track_for_good_commits_nothing(racing, rule, offence):
    race = racing(rule("wall", "time", 5.0), rule("stuck", "time", 7.0))
    race.race.present[0, 0] = False
    assert race.step(5, **{**offence.wall, **offence.stuck}) == []


def test_a_cut_over_the_last_line_is_punished(racing, rule, offence):
    race = racing(rule("cut", "time", 5.0))
    assert len(race.step(**offence.cut, status=[Status.FINISHED, 1])) == 1


def test_after_and_each_say_which_offences_are_punished(racing, rule, offence):
    race = racing(rule("wall", "time", 1.0, after=2, each=3, apart=0.15))
    punished = []
    for number in range(1, 13):
        if race.step(**offence.wall):
            punished.append(number)
        race.step(2)
    assert punished == [5, 8, 11]


def test_once_a_lap_and_once_a_race(racing, rule, offence):
    race = racing(
        rule("wall", "time", 1.0, once="lap", apart=0.15),
        rule("wall", "places", 1.0, once="race", apart=0.15),
    )
    for _ in range(3):
        for _ in range(3):
            race.step(**offence.wall)
            race.step(2)
        race.lap()
    assert race.race.penalty_time[0, 0] == 3.0
    assert race.race.penalty_places[0, 0] == 1


def test_no_index_of_overtakes_under_flags_means_no_such_offence(racing, rule, monkeypatch):
    from racegym.interfaces import EVENT_DETAILS

    monkeypatch.setitem(EVENT_DETAILS, EventKind.OVERTAKE, ("side",))
    race = racing(rule("yellow_overtake", "time", 5.0))
    assert race.step(events=[(EventKind.OVERTAKE, 0, 1, 0.0, (1.0, 1.0))]) == []


def test_one_race_of_a_batch_is_judged_as_if_alone(racing, rule, offence):
    rules = (rule("wall", "time", 1.0, apart=0.15), rule("contact", "warning", apart=0.15),
             rule("warnings", "disqualification", after=2))  # fmt: skip
    alone, batch = racing(*rules), racing(*rules, n_races=3)
    rng = np.random.default_rng(1)
    for _ in range(60):
        seen = [{}, offence.wall, offence.contact][rng.integers(3)]
        first, middle = alone.step(**seen), batch.step(at=1, **seen)
        assert [(e.kind, e.car, e.value, e.details) for e in first] == [
            (e.kind, e.car, e.value, e.details) for e in middle
        ]
        assert not batch.race.penalty_time[[0, 2]].any()
    for name in ("penalty_time", "warnings", "status", "flags", "penalty_score"):
        assert np.array_equal(getattr(alone.race, name)[0], getattr(batch.race, name)[1])
    assert alone.race.status[0, 0] == Status.DISQUALIFIED
