"""Drivers: pure pursuit by closed forms and round real circuits; random, idle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from racegym.drivers.idle import Idle
from racegym.drivers.pure_pursuit import MARGIN, PurePursuit
from racegym.drivers.random import Random
from racegym.drivers.speed_profile import Envelope, lap_time, speed_profile
from racegym.formats.tum import read_tum
from racegym.interfaces import columns
from racegym.track import Track, generate
from racegym.world import World
from racegym.world.config import CarConfig, DriverPart, Part, WorldConfig

CIRCUITS = ("Monza", "Norisring", "Silverstone", "Spa", "Spielberg", "Suzuka")
VEHICLES = ("rental_kart", "gt3", "rc_car")


def act(rig, driver, cars=None):
    """Return (k, 4): steer, throttle, brake and gear of every car."""
    control = rig.view.control
    driver.act(rig.view, rig.cars if cars is None else cars, None, control)
    parts = (control.steer, control.throttle, control.brake, control.gear)
    return np.column_stack([part.reshape(-1) for part in parts]).astype(float)


def test_idle_does_nothing_to_its_cars_and_leaves_the_others(make_rig):
    rig = make_rig(n_races=2, n_cars=2)
    for part in (rig.view.control.steer, rig.view.control.throttle, rig.view.control.brake):
        part[...] = 0.5
    rig.view.control.gear[...] = 3
    written = act(rig, Idle(rig.setup()), np.array([1, 2]))
    np.testing.assert_allclose(written, [[0.5, 0.5, 0.5, 3], [0] * 4, [0] * 4, [0.5, 0.5, 0.5, 3]])


def test_random_holds_each_draw_and_keeps_to_its_bounds(make_rig):
    rig = make_rig(n_races=50, n_cars=2)
    driver = Random(rig.setup({"hold": 4, "steer": 0.5, "throttle": 0.8, "brake": 0.2}))
    seen = []
    for step in range(40):
        rig.view.race.step[...] = step
        seen.append(act(rig, driver))
    drawn = np.array(seen)
    np.testing.assert_array_equal(drawn[0::4], drawn[3::4])
    assert (drawn[4::4] != drawn[:-4:4])[:, :, 0].all()
    assert 0.45 < np.abs(drawn[:, :, 0]).max() <= 0.5
    assert 0.75 < drawn[:, :, 1].max() <= 0.8
    assert 0.15 < drawn[:, :, 2].max() <= 0.2
    assert abs(drawn[:, :, 0].mean()) < 0.02
    assert (drawn[:, :, 1] * drawn[:, :, 2] == 0).all()


def test_random_depends_on_key_car_and_step_alone(make_rig):
    many, one = make_rig(n_races=600, n_cars=3), make_rig(n_races=1, n_cars=3)
    one.view.race.key[0] = many.view.race.key[417]
    for rig in (many, one):
        rig.view.race.step[...] = 30
    batch = act(many, Random(many.setup())).reshape(600, 3, 4)
    np.testing.assert_array_equal(batch[417], act(one, Random(one.setup())))
    again = act(many, Random(many.setup()), np.array([5, 900])).reshape(600, 3, 4)
    np.testing.assert_array_equal(again, batch)


def test_on_a_circle_the_wheels_stand_at_the_angle_of_its_radius(make_ring, make_rig):
    radius = 30.0
    rig = make_rig(make_ring(radius), n_races=4)
    envelope = Envelope(*(float(getattr(rig.view.vehicle, f)[0, 0]) for f in Envelope._fields))
    corner = speed_profile(np.full(100, 1 / radius), 1.0, envelope)[0]
    rig.put([0.0, 50.0, 100.0, 180.0], speed=0.8 * corner)
    # Led by the rear axle, the car's own heading on the circle is turned in by this much.
    rear = 1.05 - 0.6
    rig.view.state.yaw[...] -= np.arcsin(rear / radius)
    rig.view.state.yaw_rate[...] = rig.view.state.vx / radius
    rig.view.state.vy[...] = rear * rig.view.state.yaw_rate
    steer = act(rig, PurePursuit(rig.setup()))[:, 0]
    np.testing.assert_allclose(steer * 0.35, np.arctan(1.05 / radius), rtol=0.06)


def test_on_the_straight_it_drives_straight_on_and_brakes_for_the_corner(make_stadium, make_rig):
    rig = make_rig(make_stadium(300.0, 20.0), n_races=3)
    rig.put([50.0, 120.0, 295.0], speed=[5.0, 15.0, 21.0])
    written = act(rig, PurePursuit(rig.setup()))
    np.testing.assert_allclose(written[:2, 0], 0.0, atol=0.01)
    assert written[0, 1] == 1.0
    assert (written[:2, 2] == 0).all()
    assert written[2, 2] > 0.3
    assert written[2, 1] == 0.0


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_beside_the_line_it_steers_back_to_it(make_stadium, make_rig, side):
    rig = make_rig(make_stadium(), n_races=2)
    rig.put([100.0, 100.0], d=[side, 20.0 * side], speed=10.0)
    steer = act(rig, PurePursuit(rig.setup()))[:, 0]
    assert (steer * side < -0.05).all()


def test_turned_round_it_uses_full_lock_and_little_speed(make_stadium, make_rig):
    rig = make_rig(make_stadium(), n_races=2)
    rig.put([100.0, 100.0], d=[1.0, -1.0], heading_error=[3.0, -3.0], speed=15.0)
    written = act(rig, PurePursuit(rig.setup()))
    assert (np.abs(written[:, 0]) > 0.9).all()
    assert (written[:, 1] == 0).all()
    assert (written[:, 2] > 0.1).all()


def test_a_car_that_cannot_move_backs_out_and_tries_again(make_stadium, make_rig):
    rig = make_rig(make_stadium())
    rig.put(100.0, d=5.0, heading_error=0.5)
    driver = PurePursuit(rig.setup())
    gears = []
    for _ in range(105):
        rig.view.previous_control.throttle[...] = rig.view.control.throttle
        gears.append(act(rig, driver)[0, 3])
    assert gears[:38] == [0] * 38
    assert gears.count(-1) == pytest.approx(1.6 / 0.05, abs=2)
    assert gears[-1] == 0


@pytest.mark.parametrize("real", ["float32", "float64"])
def test_its_controls_are_finite_and_within_bounds_whatever_it_is_told(make_rig, real):
    rig = make_rig(n_races=40, n_cars=3, real=real)
    driver = PurePursuit(rig.setup())
    for seed in range(8):
        rig.scramble(seed, wild=True)
        written = act(rig, driver)
        assert np.isfinite(written).all()
        assert (np.abs(written[:, 0]) <= 1).all()
        assert ((written[:, 1:3] >= 0) & (written[:, 1:3] <= 1)).all()


def test_cars_that_share_track_and_vehicle_share_a_profile(make_ring, make_rig):
    rig = make_rig(make_ring(50.0), make_ring(30.0), n_races=100, n_cars=2)
    driver = PurePursuit(rig.setup())
    act(rig, driver)
    assert len(driver._profiles) == 2
    act(rig, driver)
    assert len(driver._profiles) == 2
    rig.view.vehicle.grip[7, 1] = 0.6
    before = act(rig, driver)
    assert len(driver._profiles) == 3
    start = driver._profiles.starts[7, 1]
    slow = np.sqrt(0.6 * MARGIN**2 * 9.80665 * 30.0)
    assert driver._profiles.speeds[start] == pytest.approx(slow, rel=5e-3)  # a little drag

    for step in range(600):  # a vehicle that never stays the same
        rig.view.vehicle.grip[7, 1] = 0.6 + 0.001 * step
        act(rig, driver)
    assert len(driver._profiles) < 500
    rig.view.vehicle.grip[7, 1] = 0.6
    np.testing.assert_array_equal(act(rig, driver), before)


def test_a_replaced_track_gets_its_own_profile(make_ring, make_rig):
    rig = make_rig(make_ring(50.0), n_races=2, reserve=2)
    rig.view.vehicle.drag[...], rig.view.vehicle.top_speed[...] = 0.0, 100.0
    driver = PurePursuit(rig.setup())
    act(rig, driver)
    rig.view.tracks.replace(1, make_ring(20.0))
    rig.put(0.0, speed=10.0)
    act(rig, driver)
    fast, slow = (driver._profiles.speeds[driver._profiles.starts[race, 0]] for race in (0, 1))
    assert slow / fast == pytest.approx(np.sqrt(20.0 / 50.0), rel=0.02)


def _world(tracks: list[Track], vehicle: str, n_races: int | None = None, **options: Any) -> World:
    package = pytest.importorskip("racegym_kart2d")
    from racegym_kart2d.backend import Kart2D

    file = Path(package.__file__).parent / "vehicles" / f"{vehicle}.yaml"
    driver = DriverPart(name="pure_pursuit", make=PurePursuit, options=options)
    car = CarConfig(name="car", vehicle=yaml.safe_load(file.read_text("utf-8")), driver=driver)
    return World(
        WorldConfig(
            n_races=n_races or len(tracks),
            cars=[car],
            backend=Part(name="kart2d", make=Kart2D),
            tracks=tracks,
        )
    )


def _profile_times(world: World, tracks: list[Track]) -> np.ndarray:
    vehicle = world.view.vehicle
    envelope = Envelope(*(float(getattr(vehicle, f)[0, 0]) for f in Envelope._fields))
    return np.array(
        [lap_time(speed_profile(t.curvature, t.spacing, envelope), t.spacing) for t in tracks]
    )


def _lap(tracks: list[Track], vehicle: str, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean speed of a standing lap over the profile's, and the excursions."""
    world = _world(tracks, vehicle, **options)
    world.reset(seeds=np.arange(len(tracks)))
    bounds = _profile_times(world, tracks)
    race = world.view.race
    time = np.full(len(tracks), np.nan)
    for _ in range(int(2.0 * bounds.max() / world.dt)):
        world.step()
        time = np.where(race.laps_done[:, 0] == 1, race.last_lap_time[:, 0], time)
        if (race.laps_done >= 2).all():
            break
    world.close()
    return bounds / time, race.off_track_count[:, 0]


@pytest.mark.parametrize(
    ("vehicle", "shape"),
    [
        ("rental_kart", {"length": 700.0}),
        ("gt3", {"length": 3000.0, "width": 11.0}),
        ("rc_car", {"length": 60.0, "width": 2.2, "min_radius": 1.2}),
    ],
)
def test_it_laps_generated_circuits_on_the_track(vehicle, shape):
    tracks = [generate(seed, **shape) for seed in range(4)]
    share, left = _lap(tracks, vehicle)
    assert (left == 0).all()
    assert (share > 0.8).all(), share


def test_a_lower_pace_is_slower():
    track = generate(3, length=700.0)
    full, _ = _lap([track], "rental_kart")
    less, left = _lap([track], "rental_kart", pace=80)
    assert left[0] == 0
    assert 0.7 * full[0] < less[0] < 0.88 * full[0]


@pytest.mark.parametrize("vehicle", VEHICLES)
def test_it_laps_every_real_circuit(shared, vehicle):
    tracks = [read_tum(shared / "tracks" / "tum" / f"{name}.csv") for name in CIRCUITS]
    share, left = _lap(tracks, vehicle)
    assert (left == 0).all(), dict(zip(CIRCUITS, left, strict=True))
    assert (share > 0.8).all(), dict(zip(CIRCUITS, share, strict=True))


@pytest.mark.parametrize(("vehicle", "length"), [("rental_kart", 700.0), ("rc_car", 80.0)])
def test_from_anywhere_and_any_heading_it_finds_back(vehicle, length):
    width = 8.0 if vehicle == "rental_kart" else 2.4
    track = generate(1, length=length, width=width, min_radius=1.5 * width)
    world = _world([track], vehicle, n_races=30)
    world.reset(seeds=np.arange(30))
    rng = np.random.default_rng(0)
    cars = np.arange(30)
    world.place(
        cars, rng.uniform(0, length, 30), rng.uniform(-0.75, 0.75, 30) * width,
        rng.uniform(-np.pi, np.pi, 30),
    )  # fmt: skip
    start = world.view.frame.progress[:, 0].copy()
    for _ in range(int(40.0 / world.dt)):
        world.step()
    frame = world.view.frame
    back = np.abs(frame.d[:, 0]) < frame.width_left[:, 0]
    back &= np.abs(frame.heading_error[:, 0]) < 0.6
    back &= frame.progress[:, 0] > start + 0.1 * length
    assert back.mean() >= 0.9
    world.close()


def test_a_race_is_driven_the_same_in_any_batch():
    tracks = [generate(2, length=600.0)]
    many, one = _world(tracks, "rental_kart", n_races=8), _world(tracks, "rental_kart")
    many.reset(seeds=np.arange(8))
    one.reset(seeds=[5])
    for _ in range(200):
        many.step()
        one.step()
    assert many.hash(5) == one.hash(0)


def test_a_driver_resumes_exactly_from_a_snapshot():
    world = _world([generate(2, length=600.0)], "rental_kart")
    world.reset(seeds=[1])
    for _ in range(100):
        world.step()
    saved = world.snapshot()
    for _ in range(100):
        world.step()
    first = world.hash(0)
    world.view.vehicle.grip[...] = 0.5  # a profile made in between must not stay
    world.step()
    world.restore(saved)
    for _ in range(100):
        world.step()
    assert world.hash(0) == first
    assert set(columns(type(world.view.control))) == {
        "steer",
        "throttle",
        "brake",
        "gear",
        "request",
    }
