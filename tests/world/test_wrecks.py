"""Cars that a backend flings, turns over or breaks are retired, and the race goes on."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.interfaces import EventKind, Retirement, Status, columns
from racegym.interfaces.records import CarState, RaceState, TrackFrame
from racegym.race_control import Rules, WreckRules
from racegym.sensors.opponents import Opponents
from racegym.sensors.state import State
from racegym.testing.parts import Bicycle
from racegym.testing.rig import circuits
from racegym.world import Part

AT = 5  # the step in which something happens


class Wrecker(Bicycle):
    """A bicycle that spoils the last car: ``spoil(state, car, step)`` is called from ``AT`` on.

    It does so whether or not the car has been removed, as a bad engine would.
    """

    def __init__(self, setup):
        super().__init__(setup)
        self.count = setup.arrays.new("count", (), "int64")

    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.count += 1
        step = int(self.count[0])
        if step >= AT:
            self.setup.options["spoil"](self.view.state, (0, self.view.n_cars - 1), step)


def put(name, value, *, once=False, add=False):
    def spoil(state, car, step):
        if not once or step == AT:
            array = getattr(state, name)
            array[car] = array[car] + value if add else value

    return spoil


def race(build, spoil, steps=80, n_cars=2, rules=None, backend=Wrecker):
    """Run a race with a wreck; return the world and the events of retirement."""
    world = build(
        1, n_cars, backend=Part(name="wrecker", make=backend, options={"spoil": spoil}),
        sensors=[Part(name="state", make=State), Part(name="opponents", make=Opponents)],
        rules=rules or Rules(),
    )  # fmt: skip
    world.reset(seeds=[1])
    actions = np.tile(np.array([0.0, 0.3, 0.0, 0.0], np.float32), (n_cars, 1))
    retired = []
    for _ in range(steps):
        world.step([actions])
        retired += [event for event in world.events() if event.kind == EventKind.RETIRE]
        assert np.isfinite(world.groups[0].observations).all()
        assert_finite(world)
    return world, retired


def assert_finite(world):
    """Nothing that the backend or the projection fills may be anything but a number."""
    for record, cls in ((world.view.state, CarState), (world.view.frame, TrackFrame)):
        for name in columns(cls):
            assert np.isfinite(getattr(record, name)).all(), name
    for name, spec in columns(RaceState).items():
        if not np.isnan(spec.fill) and name not in ("lap_start", "sector_start"):  # after a cut
            assert np.isfinite(getattr(world.view.race, name)).all(), name


@pytest.mark.parametrize("n_cars", [1, 3], ids=["alone", "among others"])
@pytest.mark.parametrize(
    ("name", "value", "once"),
    [
        ("x", np.nan, False), ("x", 1e200, False), ("x", 2e8, True),
        ("y", np.inf, True), ("yaw", np.nan, True), ("vx", np.nan, False),
        ("vy", -np.inf, False), ("yaw_rate", np.nan, True), ("ax", np.nan, False),
    ],
)  # fmt: skip
def test_a_state_that_is_no_number_is_retired_and_cleaned(build, n_cars, name, value, once):
    world, retired = race(build, put(name, value, once=once), steps=12, n_cars=n_cars)
    (event,) = retired
    assert (event.car, event.value) == (n_cars - 1, Retirement.BROKEN)
    assert event.time == pytest.approx(AT * world.dt)
    status = world.view.race.status[0]
    assert status[-1] == Status.RETIRED
    assert (status[:-1] == Status.RACING).all()
    assert not world.view.race.present[0, -1]
    assert (world.view.frame.progress[0, :-1] > world.view.race.start_progress[0, :-1]).all()


def test_a_contact_that_is_no_number_does_no_harm(build):
    class Touching(Wrecker):
        def step(self, control, effects, dt):
            super().step(control, effects, dt)
            contacts = self.view.contacts
            if int(self.count[0]) == AT:
                contacts.car[0, 0], contacts.other[0, 0] = 1, contacts.WALL
                contacts.impulse[0, 0], contacts.x[0, 0], contacts.count[0] = np.nan, np.nan, 1

    world, retired = race(build, put("x", np.nan), steps=10, backend=Touching)
    assert len(retired) == 1
    assert (world.view.race.wall_impulse == 0).all()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (put("x", 400.0, once=True, add=True), Retirement.FLUNG),
        (put("y", 5000.0, once=True), Retirement.FLUNG),
        (put("roll", 3.0), Retirement.UPSIDE_DOWN),
        (put("pitch", -1.6), Retirement.UPSIDE_DOWN),
    ],
    ids=["jump", "astray", "roof", "nose"],
)
@pytest.mark.parametrize("n_cars", [1, 2])
def test_who_can_not_go_on_is_retired(build, spoil, reason, n_cars):
    world, retired = race(build, spoil, n_cars=n_cars)
    (event,) = retired
    assert (event.car, event.value) == (n_cars - 1, reason)
    late = 3.0 if reason == Retirement.UPSIDE_DOWN else 0.0
    assert event.time == pytest.approx(AT * world.dt + late, abs=1.01 * world.dt)
    assert (world.view.race.status[0, :-1] == Status.RACING).all()


@pytest.mark.parametrize(
    "spoil",
    [
        put("x", 60.0, once=True, add=True),
        put("roll", 1.5),
        lambda state, car, step: put("roll", 3.0 if step % 50 else 0.0)(state, car, step),
    ],
    ids=["small jump", "tilt", "rolls on"],
)
def test_what_cars_get_over_is_no_wreck(build, spoil):
    world, retired = race(build, spoil)
    assert retired == []
    assert (world.view.race.status == Status.RACING).all()


@pytest.mark.parametrize(("metres", "reasons"), [(103.0, []), (107.0, [Retirement.FLUNG])])
def test_a_speed_explains_some_of_the_way(build, metres, reasons):
    def thrown(state, car, step):  # 100 m/s is 5 m in a step
        if step == AT:
            state.x[car] += metres
            state.vx[car] = 100.0

    _, retired = race(build, thrown, steps=AT)
    assert [event.value for event in retired] == reasons


def test_rules_can_be_switched_off_but_not_that_of_numbers(build):
    none = Rules(wrecks=WreckRules(upside_down=0.0, flung=0.0, astray=0.0))
    for spoil in (put("x", 4000.0, once=True, add=True), put("roll", 3.0)):
        _, retired = race(build, spoil, rules=none)
        assert retired == []
    _, retired = race(build, put("x", np.nan), steps=8, rules=none)
    assert len(retired) == 1


def test_a_stuck_car_tells_that_it_was(build):
    def hold(state, car, step):
        state.vx[car] = 0.0

    _, retired = race(build, hold, rules=Rules(retire_stuck=1.0))
    assert [event.value for event in retired] == [Retirement.STUCK]
    assert retired[0].time == pytest.approx(1.0 + (AT - 1) * 0.05, abs=0.3)


def test_a_wreck_is_the_same_race_in_a_batch(build):
    """Another race with a wreck changes no bit of this one."""
    worlds = []
    for n_races in (1, 3):
        world = build(
            n_races, 2, tracks=circuits()[:1],
            backend=Part(name="wrecker", make=Wrecker, options={"spoil": put("x", np.nan)}),
        )  # fmt: skip
        world.reset(seeds=np.arange(n_races, dtype=np.uint64) + 1)
        for _ in range(20):
            world.step([np.full((n_races * 2, 4), 0.2, np.float32)])
        worlds.append(world)
    assert worlds[0].hash(0) == worlds[1].hash(0)
