"""The pit lane: who is in it, what is noted of that, and drivers that are called in."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.drivers.pure_pursuit import PurePursuit
from racegym.interfaces import EventKind, PenaltyKind, Request, Status
from racegym.race_control import PitRules, Rules
from racegym.track import generate
from racegym.track.lane import PitLane
from racegym.world import CarConfig, DriverPart, StartConfig

LAP = 80.0 * np.pi
LANE = PitLane(entry=60.0, exit=120.0, offset=-8.0, width=3.0, speed_limit=10.0, boxes=(80.0,))


@pytest.fixture
def through(on_rails, drive):
    """Return a function that takes one car on rails along offsets and speeds; world, events."""

    def go(speed, offset, *, lane=LANE, rules=None, start=-5.0, seconds=17.0, **more):
        world = on_rails(
            speed=[speed], offset=[offset], start=[start], rules=rules, pit=lane, **more
        )
        return world, drive(world, round(seconds / world.dt))

    return go


def of(events, kind):
    return [event for event in events if event.kind == kind]


def turns_in(speed, entry=60.0, leave=120.0, start=-5.0, side=-8.0):
    """Return the offset over time of a car that is in the lane from ``entry`` to ``leave``."""
    return lambda time: side if entry <= start + speed * time <= leave else 0.0


def test_a_drive_through_is_timed_and_told(through):
    world, events = through(8.0, turns_in(8.0))
    (entry,), (leave,) = of(events, EventKind.PIT_ENTRY), of(events, EventKind.PIT_EXIT)
    assert entry.value == pytest.approx(8.0)
    assert entry.time == pytest.approx(65.0 / 8.0, abs=world.dt)
    assert leave.value == pytest.approx(60.0 / 8.0, abs=2 * world.dt)
    assert leave.details == {"speeding": 0.0, "standing": 0.0, "whole": 1.0}
    race = world.view.race
    assert (race.pit_passes[0, 0], race.pit_stops[0, 0]) == (1, 0)
    assert race.pit_limit[0] == pytest.approx(10.0)
    assert race.status[0, 0] == Status.RACING


def test_status_is_that_of_the_pits_inside(through):
    world, _ = through(8.0, turns_in(8.0), seconds=12.0)
    assert world.view.race.status[0, 0] == Status.PIT


def test_a_car_in_the_lane_or_its_mouth_is_not_off_the_track(through):
    world, events = through(8.0, turns_in(8.0, entry=30.0, leave=150.0), seconds=22.0)
    assert of(events, EventKind.OFF_TRACK) == []
    assert world.view.race.lap_valid[0, 0]
    _, events = through(8.0, lambda time: -8.0, seconds=2.0)
    assert len(of(events, EventKind.OFF_TRACK)) == 1
    _, events = through(8.0, lambda time: 8.0, start=80.0, seconds=2.0)
    assert len(of(events, EventKind.OFF_TRACK)) == 1  # the other side


@pytest.mark.parametrize(("rule", "over"), [(0.0, 2.5), (11.0, 1.5), (14.0, 0.0)])
def test_speeding_is_noted_by_the_limit_in_force(through, rule, over):
    rules = Rules(pit=PitRules(speed_limit=rule))
    world, events = through(12.5, turns_in(12.5), rules=rules, seconds=12.0)
    assert of(events, EventKind.PIT_EXIT)[0].details["speeding"] == pytest.approx(over, abs=1e-4)
    assert world.view.race.pit_speeding[0, 0] == pytest.approx(over, abs=1e-4)


def test_a_stop_is_counted_and_its_longest_stand_timed(through):
    def speed(time):  # 3 s at the box, then 1 s farther on, and a halt too short to count
        stands = 9.0 <= time < 12.0 or 13.0 <= time < 14.0 or 15.0 <= time < 15.3
        return 0.0 if stands else 10.0

    world, events = through(
        speed, lambda time: -8.0 if 6.5 <= time < 16.8 else 0.0, seconds=19.0,
        rules=Rules(retire_stuck=2.0),
    )  # fmt: skip
    race = world.view.race
    assert (race.pit_stops[0, 0], race.pit_passes[0, 0]) == (2, 1)
    assert race.pit_standing[0, 0] == pytest.approx(3.0, abs=2 * world.dt)
    assert of(events, EventKind.RETIRE) == []
    assert of(events, EventKind.PIT_EXIT)[0].details["standing"] == race.pit_standing[0, 0]


def test_who_stands_in_the_lane_for_more_than_a_minute_is_stuck(through):
    world, _ = through(lambda time: 0.0 if time > 9.0 else 10.0,
                       lambda time: -8.0 if time >= 6.5 else 0.0, seconds=68.0)  # fmt: skip
    assert world.view.race.stuck_time[0, 0] == 0.0
    world, events = through(lambda time: 0.0 if time > 9.0 else 10.0,
                            lambda time: -8.0 if time >= 6.5 else 0.0, seconds=74.0,
                            rules=Rules(retire_stuck=4.0))  # fmt: skip
    (retired,) = of(events, EventKind.RETIRE)
    assert retired.time == pytest.approx(9.0 + 60.0 + 4.0, abs=0.2)


def test_speeding_and_standing_are_those_of_the_last_visit(through):
    def speed(time):  # 12 m/s and a stand in the first lap, 8 m/s in the second one
        return 0.0 if 8.0 <= time < 9.0 else 12.0 if time < 20.0 else 8.0

    def offset(time):
        return -8.0 if 5.5 <= time < 11.0 or 31.0 <= time < 35.0 else 0.0

    _, events = through(speed, offset, seconds=38.0)
    told = [event.details for event in of(events, EventKind.PIT_EXIT)]
    assert [one["speeding"] for one in told] == pytest.approx([2.0, 0.0], abs=1e-4)
    assert [one["standing"] for one in told] == pytest.approx([1.0, 0.0], abs=0.11)


def test_half_a_lane_is_no_drive_through(through):
    for entry, leave in ((80.0, 120.0), (60.0, 100.0)):
        world, events = through(8.0, turns_in(8.0, entry=entry, leave=leave))
        assert world.view.race.pit_passes[0, 0] == 0
        assert of(events, EventKind.PIT_EXIT)[0].details["whole"] == 0.0


@pytest.mark.parametrize(("entry", "passes"), [(LAP - 30.0, 1), (LAP - 10.0, 0)])
def test_who_finishes_in_the_lane_has_driven_through_it_if_it_came_in_at_the_entry(
    through, entry, passes
):
    lane = PitLane(entry=LAP - 30.0, exit=30.0, offset=-8.0, width=3.0, speed_limit=10.0)
    world, events = through(
        10.0, turns_in(10.0, entry=entry, leave=LAP + 30.0), lane=lane, seconds=32.0,
        rules=Rules(laps=1, leave_when_finished=False),
    )  # fmt: skip
    race = world.view.race
    assert race.status[0, 0] == Status.FINISHED
    assert len(of(events, EventKind.PIT_ENTRY)) == 1
    assert race.pit_passes[0, 0] == passes


def test_laps_count_in_a_lane_over_the_line(through):
    lane = PitLane(entry=LAP - 30.0, exit=30.0, offset=-8.0, width=3.0, speed_limit=10.0)

    def offset(time):
        here = 10.0 * time - 5.0
        return -8.0 if LAP - 30.0 <= here <= LAP + 30.0 else 0.0

    world, events = through(10.0, offset, lane=lane, seconds=32.0)
    race = world.view.race
    assert [event.value for event in of(events, EventKind.LAP)] == [
        pytest.approx((LAP + 5.0) / 10.0, abs=1e-3)
    ]
    assert race.pit_passes[0, 0] == 1
    assert np.isfinite(race.best_lap_time[0, 0])


def test_races_without_a_lane_know_no_limit(on_rails, drive):
    world = on_rails(speed=[10.0], offset=[-8.0])
    assert world.view.race.pit_limit[0] == 0.0
    events = drive(world, 100)
    assert of(events, EventKind.PIT_ENTRY) == []


class Asking(PurePursuit):
    """It asks for the pits as long as ``asks`` says so."""

    asks = False

    def act(self, view, cars, observations, control):
        if type(self).asks:
            control.request.reshape(-1)[cars] |= np.uint8(Request.PIT)
        super().act(view, cars, observations, control)


@pytest.fixture
def called(build):
    """A world of two cars of pure pursuit on a circuit with a lane, before its start."""
    track = generate(3, length=500.0, pit=True)
    cars = [CarConfig(name=name, driver=DriverPart(name="asking", make=Asking)) for name in "AB"]
    world = build(
        1, cars=cars, tracks=[track], profiles={},
        start=StartConfig(kind="standing", lights=(1.0, 1.0), hold=False),
    )  # fmt: skip
    world.reset(seeds=[1])
    return world


def go(world, seconds, each=None):
    events = []
    for _ in range(round(seconds / world.dt)):
        world.step()
        events += world.events()
        if each is not None:
            each(events)
    return events


def test_scripted_drivers_wait_for_green_and_drive_through(called):
    world = called
    events = go(world, 1.0)
    assert of(events, EventKind.JUMP_START) == []
    assert np.abs(world.view.state.vx).max() < 0.05
    race = world.view.race
    race.penalty_due[0, 0] = PenaltyKind.DRIVE_THROUGH

    def serve(_):
        if race.pit_passes[0, 0]:
            race.penalty_due[0, 0] = PenaltyKind.NONE

    events = go(world, 110.0, serve)
    assert {event.car for event in of(events, EventKind.PIT_ENTRY)} == {0}
    (leave,) = of(events, EventKind.PIT_EXIT)
    assert leave.details["whole"] == 1.0
    assert leave.details["speeding"] <= 0.2
    assert leave.details["standing"] == 0.0
    assert of(events, EventKind.OFF_TRACK) == []
    assert (race.laps_done >= 2).all()
    assert race.laps_done[0, 0] <= race.laps_done[0, 1]


@pytest.mark.parametrize("ordered", [4.0, 0.0])
def test_a_stop_and_go_is_served_at_the_box(called, ordered):
    world, race = called, called.view.race
    go(world, 3.0)
    race.penalty_due[0, 1] = PenaltyKind.STOP_GO
    race.penalty_stop[0, 1] = ordered
    stood = []

    def serve(_):
        if world.view.state.vx[0, 1] < 0.3 and race.status[0, 1] == Status.PIT:
            stood.append(float(world.view.frame.s[0, 1]))
        if race.pit_standing[0, 1] >= 5.0 or race.pit_passes[0, 1]:
            race.penalty_due[0, 1] = PenaltyKind.NONE

    events = go(world, 100.0, serve)
    (leave,) = of(events, EventKind.PIT_EXIT)
    assert leave.details["whole"] == 1.0
    assert leave.details["speeding"] <= 0.2
    assert leave.details["standing"] == pytest.approx(ordered or 5.0, abs=1.0)
    assert race.pit_stops[0, 1] == 1
    lane = world.view.tracks.pit_of(0)
    box = lane.boxes[1 % len(lane.boxes)]
    assert stood[0] == pytest.approx(box, abs=2.0)
    assert of(events, EventKind.OFF_TRACK) == []


def test_a_driver_that_asks_goes_through_the_pits(called, monkeypatch):
    monkeypatch.setattr(Asking, "asks", True)
    go(called, 75.0)
    assert (called.view.race.pit_passes >= 1).all()
    assert (called.view.race.pit_stops == 0).all()
