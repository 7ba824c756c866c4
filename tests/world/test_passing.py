"""Overtakes in a whole world: cars on rails, retired, rescued, and tracks that cross themselves."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.interfaces import EventKind, OvertakeKind
from racegym.race_control import OvertakeRules, Rules, place_gains
from racegym.track import Track
from racegym.world import Command

LAP = 2 * np.pi * 40


def overtakes(events):
    return [e for e in events if e.kind is EventKind.OVERTAKE]


def test_a_faster_car_overtakes_and_laps(on_rails, drive):
    world = on_rails(speed=[5.0, 25.0], offset=[-1.0, 1.0])
    events = overtakes(drive(world, 440))
    assert [OvertakeKind(int(e.value)).name for e in events] == ["TRACK", "LAPPING"]
    assert [e.details["laps"] for e in events] == [0, 1]
    assert [(e.car, e.other, e.details["side"]) for e in events] == [(1, 0, 1), (1, 0, 1)]
    assert events[0].time == pytest.approx(3.0 / 20.0, abs=0.01)
    assert world.view.race.overtakes_made[0].tolist() == [0, 1]
    assert place_gains(events) == {1: 1, 0: -1}


def test_rules_arrive(on_rails, drive):
    world = on_rails(speed=[5.0, 6.0], rules=Rules(overtakes=OvertakeRules(hold=60.0)))
    assert overtakes(drive(world, 200)) == []


def test_races_with_one_car_remember_nothing_of_passes(on_rails):
    names = on_rails(speed=[5.0]).arrays.snapshot()
    assert not [name for name in names if name.startswith("passes.")]


def test_retired_by_command(on_rails, drive):
    world = on_rails(speed=[10.0, 10.0, 10.0], start=[-5.0, -15.0, -25.0])
    drive(world, 10)
    world.commands.append(Command(kind="retire", race=0, car=0))
    events = overtakes(drive(world, 3))
    assert sorted((e.car, e.other, int(e.value)) for e in events) == [
        (1, 0, OvertakeKind.RETIREMENT), (2, 0, OvertakeKind.RETIREMENT),
    ]  # fmt: skip


def test_a_rescue_to_the_same_place_changes_none(on_rails, drive):
    world = on_rails(speed=[10.0, 10.0], start=[-5.0, -15.0])
    drive(world, 20)
    world.commands.append(Command(kind="rescue", race=0, car=1))
    assert overtakes(drive(world, 40)) == []


def test_a_car_that_is_put_elsewhere_changes_places_that_do_not_count(on_rails, drive):
    world = on_rails(speed=[10.0, 10.0], start=[-5.0, -15.0], jumps={(1, 30): 60.0})
    (event,) = overtakes(drive(world, 60))
    assert (event.car, event.other) == (1, 0)
    assert event.details["moved"] == 1 and event.details["counted"] == 0
    assert world.view.race.overtakes_made[0].tolist() == [0, 0]


def test_where_a_track_crosses_itself_nobody_is_passed(on_rails, drive):
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    points = np.column_stack([80 * np.sin(angle), 40 * np.sin(2 * angle)])
    track = Track.from_points(points, 4.0, 4.0, name="eight", crossings="allow")
    ((under, over),) = track.crossings
    # Both reach the crossing at the same moment, each on its own level.
    world = on_rails(track=track, speed=[10.0, 10.0], start=[under - 10.0, over - 10.0])
    least = np.inf
    for _ in range(40):
        assert overtakes(drive(world, 1)) == []
        state = world.view.state
        least = min(least, np.hypot(*(np.diff(a[0]).item() for a in (state.x, state.y))))
    assert least < 1.0


def test_a_world_goes_on_from_a_snapshot_in_the_middle_of_an_attempt(on_rails, drive):
    world = on_rails(speed=[5.0, 8.0, 7.0], start=[0.0, -4.0, -6.0])
    drive(world, 30)
    snapshot = world.snapshot()
    first = drive(world, 80)
    assert len(overtakes(first)) == 2
    world.restore(snapshot)
    assert drive(world, 80) == first
