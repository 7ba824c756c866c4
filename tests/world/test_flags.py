"""Flags, against drives by hand: yellow set and cleared, blue once an approach, a slow field."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.interfaces import EventKind, Flag, Status
from racegym.race_control import Rules
from racegym.race_control.rules import FlagRules, SafetyCarRules
from racegym.world import StartConfig

LAP = 80.0 * np.pi  # [m] of the ring, nearly


def of(events, *kinds):
    return [event for event in events if event.kind in kinds]


def stops(begin, end, speed=10.0):
    return lambda time: 0.0 if begin <= time < end else speed


def flags(world):
    return world.view.race.flags[0].tolist()


def test_a_sector_is_yellow_while_a_car_stands_in_it(on_rails, drive):
    # Car 0 stands from 3 s at -5 + 30 m, in the first of three sectors of 84 m.
    world = on_rails(speed=[stops(3.0, 9.0), 10.0], start=[-5.0, -70.0])
    events = drive(world, 90)
    assert not of(events, EventKind.YELLOW) and not world.view.race.flags.any()
    events = drive(world, 150)
    yellow, clear = of(events, EventKind.YELLOW), of(events, EventKind.CLEAR)
    assert [(e.car, e.other, e.value) for e in yellow] == [(0, -1, 0.0)]
    assert yellow[0].time == pytest.approx(5.0, abs=0.11)
    assert [(e.car, e.value) for e in clear] == [(0, 0.0)]
    assert clear[0].time == pytest.approx(12.0, abs=0.16)  # 3 s after it drove on


def test_yellow_is_shown_to_the_cars_of_that_sector_alone(on_rails, drive):
    world = on_rails(speed=[stops(3.0, 60.0), 10.0, 10.0], start=[-5.0, -30.0, -100.0])
    drive(world, 110)
    sectors = world.view.frame.s[0] // (world.view.tracks.length[0] / 3)
    assert sectors.tolist() == [0, 0, 2]
    assert flags(world) == [Flag.YELLOW, Flag.YELLOW, 0]


def test_nobody_is_in_danger_before_cars_have_moved_off(on_rails, drive):
    world = on_rails(speed=[lambda time: 10.0 if time > 5.0 else 0.0] * 2)
    events = drive(world, 200)
    assert not of(events, EventKind.YELLOW)


def test_a_car_that_stays_on_the_grid_is_a_danger(on_rails, drive):
    world = on_rails(speed=[10.0, 0.0], start=[-5.0, -8.0])
    events = drive(world, 80)
    assert [(e.car, e.value) for e in of(events, EventKind.YELLOW)] == [(1, 2.0)]


def test_far_beyond_the_edge_a_car_is_no_danger(on_rails, drive):
    world = on_rails(speed=[stops(3.0, 99.0), 10.0], offset=[10.5, 0.0])
    assert not of(drive(world, 200), EventKind.YELLOW)
    near = on_rails(speed=[stops(3.0, 99.0), 10.0], offset=[9.5, 0.0])
    assert of(drive(near, 200), EventKind.YELLOW)


def test_who_has_spun_is_a_danger_at_once(on_rails, drive):
    world = on_rails(speed=[10.0, 10.0])
    drive(world, 60)
    backend, told = world.backend, []
    show = backend.show

    def spun(time):
        show(time)
        world.view.state.yaw[:, 1] += 2.0

    backend.show = spun
    told = drive(world, 1)
    assert [(e.car, e.value) for e in of(told, EventKind.YELLOW)] == [(1, 0.0)]
    backend.show = show
    told = drive(world, 100)
    assert [e.car for e in of(told, EventKind.CLEAR)] == [1]


def test_a_heavy_contact_of_the_step_before_makes_its_sector_yellow(on_rails, drive):
    world = on_rails(speed=[10.0, 10.0])
    drive(world, 60)
    world.view.race.contact_class[0, 0] = 2
    assert not of(drive(world, 1), EventKind.YELLOW)
    world.view.race.contact_class[0, 0] = 4
    assert [e.car for e in of(drive(world, 1), EventKind.YELLOW)] == [0]


def test_yellow_can_be_switched_off(on_rails, drive):
    world = on_rails(Rules(flags=FlagRules(yellow=False)), speed=[stops(3.0, 99.0), 10.0])
    assert not of(drive(world, 200), EventKind.YELLOW)


def test_blue_is_told_once_an_approach(on_rails, drive):
    world = on_rails(speed=[15.0, 10.0], start=[-2.0, -8.0])
    lap, length = float(world.view.tracks.length[0]), float(world.view.vehicle.length[0, 1])
    blue, shown = [], []
    for _ in range(2400):
        events = drive(world, 1)
        blue += of(events, EventKind.BLUE)
        lead = float(world.view.frame.progress[0, 0] - world.view.frame.progress[0, 1])
        behind = (-lead) % lap
        past = lead % lap
        is_blue = bool(world.view.race.flags[0, 1] & Flag.BLUE)
        shown.append(is_blue)
        assert not world.view.race.flags[0, 0] & Flag.BLUE
        if lead > 0.5 * lap and behind < 14.5:
            assert is_blue
        if lead > 0.5 * lap and past < length - 0.3:
            assert is_blue
        if lead < 0.5 * lap or 16.0 < behind < lap - 3.0:
            assert not is_blue, (lead, behind, past)
    # It is passed every 251 / 5 s, first after that.
    assert [(event.car, event.other) for event in blue] == [(1, 0), (1, 0)]
    assert all(event.value == pytest.approx(1.0, abs=0.05) for event in blue)
    assert 0 < sum(shown) < 400


def test_a_lapping_car_that_hangs_back_gets_no_second_blue(on_rails, drive):
    speed = [
        lambda time: 20.0 if time < 23.6 else 10.0 + 1.5 * np.sin(3.0 * time),
        10.0,
    ]
    world = on_rails(speed=speed, start=[-2.0, -8.0])
    events = drive(world, 800)
    lead = float(world.view.frame.progress[0, 0] - world.view.frame.progress[0, 1])
    assert 0.9 < lead / world.view.tracks.length[0] < 1.0
    assert len(of(events, EventKind.BLUE)) == 1


def test_blue_ends_for_who_gives_up_and_falls_back(on_rails, drive):
    # 12 m behind, then 1 m/s slower: 1.2 s behind on the road, and 1.5 s after three seconds.
    speed = [lambda time: 20.0 if time < 23.3 else 9.0, 10.0]
    world = on_rails(speed=speed, start=[-2.0, -8.0])
    drive(world, 24 * 20 + 10)
    assert flags(world)[1] == Flag.BLUE
    drive(world, 60)
    assert flags(world) == [0, 0]


def test_who_has_retired_is_a_danger_where_it_stands(on_rails, drive):
    told = []
    for speed in (stops(3.0, 99.0), 10.0):
        world = on_rails(speed=[10.0, speed])
        assert not of(drive(world, 70), EventKind.YELLOW)
        world.view.race.status[0, 1] = Status.RETIRED
        told.append([e.car for e in of(drive(world, 1), EventKind.YELLOW)])
    assert told == [[1], []]


def test_who_stands_in_the_pit_lane_is_no_danger(on_rails, drive):
    world = on_rails(speed=[10.0, stops(3.0, 99.0)])
    world.view.race.status[0, 1] = (
        Status.PIT
    )  # there is no lane that it could be found to be out of
    assert not of(drive(world, 200), EventKind.YELLOW)


def test_two_cars_that_lap_another_are_told_in_turn(on_rails, drive):
    world = on_rails(speed=[16.0, 15.9, 8.0], start=[-2.0, -12.0, -20.0])
    events = drive(world, 900)
    blue = [(event.car, event.other) for event in of(events, EventKind.BLUE)]
    assert blue == [(2, 0), (2, 1)]


def test_racing_on_the_same_lap_is_no_lapping(on_rails, drive):
    world = on_rails(speed=[10.0, 12.0], start=[-2.0, -8.0])
    assert not of(drive(world, 200), EventKind.BLUE)


def test_blue_can_be_switched_off(on_rails, drive):
    world = on_rails(Rules(flags=FlagRules(blue=False)), speed=[16.0, 5.0])
    assert not of(drive(world, 900), EventKind.BLUE)


def test_the_safety_car_comes_out_and_goes_in_again_once(on_rails, drive):
    safety = SafetyCarRules(after=4.0, seconds=6.0, speed_share=0.5)
    world = on_rails(Rules(flags=FlagRules(safety_car=safety)), speed=[stops(3.0, 99.0), 10.0])
    events = drive(world, 540)
    told = of(events, EventKind.YELLOW)
    assert [(e.car, e.value) for e in told] == [(0, 0.0)]
    sent = of(events, EventKind.SAFETY_CAR)
    assert [e.value for e in sent] == [1.0, 0.0]
    assert sent[0].time - told[0].time == pytest.approx(4.0, abs=0.06)
    assert sent[1].time - sent[0].time == pytest.approx(6.0, abs=0.06)
    assert not (world.view.race.flags & Flag.SAFETY_CAR).any()


def test_the_safety_car_stays_for_its_laps_and_holds_cars_to_its_speed(on_rails, drive):
    safety = SafetyCarRules(after=1.0, seconds=1.0, laps=1, speed_share=0.5)
    world = on_rails(Rules(flags=FlagRules(safety_car=safety)), speed=[10.0, stops(3.0, 99.0)])
    events = drive(world, 700, until=lambda w: (w.view.race.flags & Flag.SAFETY_CAR).any())
    begun = float(world.view.race.time[0])
    held = float(world.arrays["flags.slow_speed"][0])
    assert held == pytest.approx(0.5 * 10.0, rel=0.05)
    world.step([np.tile([0.1, 1.0, 0.0, 0.0], (2, 1))])
    control = world.view.control
    # Ten m/s is too fast, and no car is held that stands.
    assert control.throttle[0].tolist() == [0.0, 1.0]
    assert control.brake[0].tolist() == [pytest.approx(0.4), 0.0]
    assert control.steer[0].tolist() == pytest.approx([0.1, 0.1])
    events = drive(world, 900, until=lambda w: not (w.view.race.flags & Flag.SAFETY_CAR).any())
    laps = of(events, EventKind.LAP)
    assert len([e for e in laps if e.car == 0 and e.time > begun]) == 1
    assert not np.isfinite(world.arrays["flags.slow_speed"][0])


def test_the_flag_is_shown_to_those_who_still_race(on_rails, drive):
    rules = Rules(laps=1, flags=FlagRules(blue=False))
    world = on_rails(rules, speed=[14.0, 9.0], start=[-2.0, -8.0])
    drive(world, 900, until=lambda w: w.view.race.chequered[0])
    assert world.view.race.status[0].tolist() == [Status.FINISHED, Status.RACING]
    assert flags(world) == [0, Flag.CHEQUERED]
    drive(world, 400)
    assert flags(world) == [0, 0]


def test_bits_of_others_are_left_alone(on_rails, drive):
    world = on_rails(speed=[10.0, 10.0])
    world.view.race.flags[0, 1] = Flag.WARNING | Flag.PENALTY
    drive(world, 5)
    assert flags(world) == [0, Flag.WARNING | Flag.PENALTY]


def test_a_safety_car_that_comes_out_at_once_holds_cars_to_a_speed(on_rails, drive):
    # Car 1 stands across as car 0 moves off: no time has passed that a mean speed could be of.
    safety = SafetyCarRules(after=0.0, speed_share=0.5)
    world = on_rails(Rules(flags=FlagRules(safety_car=safety)), speed=[10.0, 0.0])
    show = world.backend.show

    def spun(time):
        show(time)
        world.view.state.yaw[:, 1] += 2.0

    world.backend.show = spun
    drive(world, 60, until=lambda w: (w.view.race.flags & Flag.SAFETY_CAR).any())
    assert world.view.race.time[0] < 0.5
    assert world.arrays["flags.slow_speed"][0] == pytest.approx(5.0, rel=0.3)


@pytest.mark.parametrize("fast", [0, 1])
def test_in_a_pursuit_who_has_driven_a_lap_more_laps(on_start, drive, fast):
    start = StartConfig(kind="pursuit", lights=(0.0, 0.0))
    speed = [10.0, 10.0]
    speed[fast] = 15.0
    at = [-2.0, -2.0 - LAP / 2]
    world = on_start(start, speed=speed, at=at)
    events = drive(world, 1800)
    # The first time half a lap is made up; blue is shown 15 m before the second time.
    blue = of(events, EventKind.BLUE)
    assert [(e.car, e.other) for e in blue] == [(1 - fast, fast)]
    assert blue[0].time == pytest.approx((1.5 * LAP - 15.0) / 5.0, abs=0.1)
