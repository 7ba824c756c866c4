"""Surfaces below the wheels, heights, and walls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from kart2d_rig import VEHICLES, Rig, circle, vehicle
from numpy.testing import assert_allclose

from racegym.interfaces import Contacts, Surface
from racegym.track import PitLane
from racegym_kart2d.kernels.ground import GRIP_OF_GRASS, GRIP_OF_GRAVEL

RADIUS = 60.0


def rig(name="rental_kart", d=0.0, heading=0.0, speed=0.0, n_races=1, width=10.0, **more):
    """Return cars on a circle with walls 4 m beyond its edges, at offset ``d``."""
    track = circle(RADIUS, width, kerb_width=1.0, runoff=more.pop("runoff", 4.0))
    made = Rig(vehicle(name), track=track, n_races=n_races, **more)
    made.place(RADIUS - np.asarray(d), 0.0, np.pi / 2 + np.asarray(heading), speed)
    return made


def outermost(made):
    """Return how far the furthest corner of each car lies beyond the walls [m]."""
    s, p = made.state, made.backend.parameters
    middle = 0.5 * (p[..., 2] - p[..., 3])
    beyond = []
    for along in (0.5, -0.5):
        for across in (0.5, -0.5):
            cx, cy = middle + along * p[..., 7], across * p[..., 8]
            x = s.x + cx * np.cos(s.yaw) - cy * np.sin(s.yaw)
            y = s.y + cx * np.sin(s.yaw) + cy * np.cos(s.yaw)
            beyond.append(np.abs(np.hypot(x, y) - RADIUS) - 9.0)
    return np.max(beyond, axis=0)


# ------------------------------------------------------------------ surfaces


@pytest.mark.parametrize(
    ("d", "left", "right"),
    [
        (0.0, Surface.ASPHALT, Surface.ASPHALT),
        (4.95, Surface.KERB, Surface.ASPHALT),
        (-4.95, Surface.ASPHALT, Surface.KERB),
        (6.2, Surface.GRASS, Surface.KERB),
        (-7.5, Surface.GRASS, Surface.GRASS),
    ],
)
def test_each_wheel_knows_what_it_stands_on(d, left, right):
    made = rig(d=d)
    assert made.state.surface[0, 0].tolist() == [left, right, left, right]
    made.step()
    assert made.state.surface[0, 0].tolist() == [left, right, left, right]


def test_front_and_rear_wheels_differ_across_the_track():
    made = rig(d=4.9, heading=np.pi / 2)
    assert made.state.surface[0, 0].tolist() == [Surface.KERB, Surface.KERB, 0, 0]


def test_grass_brakes_less_and_rolls_worse_than_asphalt():
    asphalt, kerb, grass = (rig("gt3", d=d, speed=10.0, width=w) for d, w in
                            ((0.0, 10.0), (5.9, 10.0), (7.5, 10.0)))  # fmt: skip
    for made in (asphalt, kerb, grass):
        made.drive(brake=1.0)
        made.step(3)
    # Wheels half on grass and half on the kerb: only the order is exact here.
    assert asphalt.state.ax[0, 0] < kerb.state.ax[0, 0] < grass.state.ax[0, 0] < 0.0
    share = grass.state.ax[0, 0] / asphalt.state.ax[0, 0]
    assert_allclose(share, GRIP_OF_GRASS, atol=0.1)
    coasting = [rig("gt3", d=d, speed=10.0) for d in (0.0, 7.5)]
    for made in coasting:
        made.step()
    assert coasting[1].state.ax[0, 0] < coasting[0].state.ax[0, 0] - 0.5


def test_a_kart_on_grass_is_slower_than_on_asphalt():
    both = [rig(d=d, runoff=np.inf, width=w) for d, w in ((0.0, 10.0), (15.0, 10.0))]
    for made in both:
        made.drive(throttle=1.0)
        made.step(60)
    assert both[1].state.vx[0, 0] < 0.85 * both[0].state.vx[0, 0]


def verged(left, right, d=0.0, speed=0.0, name="gt3", **more):
    """Return a car on a circle of 60 m, 10 m wide, with verges of these codes."""
    track = circle(RADIUS, 10.0, kerb_width=1.0, runoff=20.0)
    n = len(track)
    track = replace(track, surface_left=np.full(n, left), surface_right=np.full(n, right), **more)
    made = Rig(vehicle(name), track=track)
    made.place(RADIUS - d, 0.0, np.pi / 2, speed)
    return made


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("beside", [Surface.ASPHALT, Surface.GRASS, Surface.GRAVEL])
def test_wheels_beyond_the_kerb_stand_on_what_the_track_says(side, beside):
    other = Surface.GRAVEL if beside != Surface.GRAVEL else Surface.GRASS
    left, right = (beside, other) if side > 0 else (other, beside)
    made = verged(left, right, d=12.0 * side)
    assert made.state.surface[0, 0].tolist() == [beside] * 4
    made.step()
    assert made.state.surface[0, 0].tolist() == [beside] * 4
    kerb = verged(left, right, d=5.5 * side, name="rc_car")
    kerb.step()
    assert kerb.state.surface[0, 0].tolist() == [Surface.KERB] * 4


def test_verges_change_along_the_track():
    track = circle(RADIUS, 10.0, kerb_width=1.0, runoff=20.0)
    codes = np.full(len(track), Surface.GRASS)
    codes[len(track) // 2 :] = Surface.GRAVEL
    made = Rig(vehicle("rental_kart"), track=replace(track, surface_left=codes))
    for angle, expected in ((0.5, Surface.GRASS), (np.pi + 0.5, Surface.GRAVEL)):
        made.place(50.0 * np.cos(angle), 50.0 * np.sin(angle), angle + np.pi / 2, 1.0)
        assert set(made.state.surface[0, 0].tolist()) == {expected}
        made.step()
        assert set(made.state.surface[0, 0].tolist()) == {expected}


def test_gravel_slows_a_coasting_car_by_three_tenths_of_g():
    drop = {}
    for beside in (Surface.ASPHALT, Surface.GRASS, Surface.GRAVEL):
        made = verged(beside, beside, d=-12.0, speed=10.0)
        made.step()
        drop[beside] = -made.state.ax[0, 0]
    assert_allclose(drop[Surface.GRAVEL] - drop[Surface.ASPHALT], 0.3 * 9.80665, rtol=0.03)
    assert_allclose(drop[Surface.GRASS] - drop[Surface.ASPHALT], 0.08 * 9.80665, rtol=0.03)


def test_gravel_grips_less_than_asphalt():
    braked = {}
    for beside in (Surface.ASPHALT, Surface.GRAVEL):
        made = verged(beside, beside, d=-12.0, speed=20.0)
        made.drive(brake=1.0)
        made.step(3)
        braked[beside] = -made.state.ax[0, 0]
    share = (braked[Surface.GRAVEL] - 0.3 * 9.80665) / braked[Surface.ASPHALT]
    assert_allclose(share, GRIP_OF_GRAVEL, atol=0.06)


def test_paved_run_off_is_as_good_as_the_track():
    wide = Rig(vehicle("gt3"), track=circle(RADIUS, 50.0, kerb_width=0.0))
    wide.place(RADIUS + 12.0, 0.0, np.pi / 2, 10.0)
    paved = verged(Surface.ASPHALT, Surface.ASPHALT, d=-12.0, speed=10.0)
    for made in (wide, paved):
        made.drive(throttle=1.0, steer=0.1)
        made.step(20)
    assert_allclose(paved.state.vx, wide.state.vx, rtol=1e-6)
    assert_allclose(paved.state.x, wide.state.x, atol=1e-6)


def test_a_pit_lane_is_paved():
    lane = PitLane(entry=50.0, exit=150.0, offset=-9.0, width=4.0, speed_limit=10.0)
    made = verged(Surface.GRAVEL, Surface.GRAVEL, pit=lane)
    for s, expected in ((100.0, Surface.ASPHALT), (250.0, Surface.GRAVEL)):
        angle = s / RADIUS
        made.place(69.0 * np.cos(angle), 69.0 * np.sin(angle), angle + np.pi / 2, 1.0)
        assert made.state.surface[0, 0].tolist() == [expected] * 4
    packed = made.tracks.pits[0]
    assert packed.tolist() == [50.0, 150.0, -9.0, 4.0, 10.0, 0.0]
    assert made.tracks.pit_of(0) == lane


def test_a_race_on_grass_keeps_its_bits_beside_one_on_gravel():
    plain, rough = circle(RADIUS), circle(RADIUS, runoff=20.0)
    rough = replace(rough, surface_right=np.full(len(rough), Surface.GRAVEL))
    alone = Rig(vehicle("rental_kart"), track=plain, n_races=2)
    both = Rig(vehicle("rental_kart"), track=[plain, rough], n_races=2)
    for made in (alone, both):
        made.place(RADIUS + 7.0, 0.0, np.pi / 2, 5.0)
        made.drive(throttle=1.0)
        made.step(10)
    assert both.state.vx[0, 0] == alone.state.vx[0, 0]
    assert both.state.vx[1, 0] < 0.9 * alone.state.vx[1, 0]


def test_height_is_that_of_the_track():
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    from racegym.track import Track

    points = np.stack([60 * np.cos(angle), 60 * np.sin(angle), 5 * np.sin(angle)], axis=1)
    track = Track.from_points(points, 5.0, 5.0, name="hill")
    made = Rig(vehicle("rental_kart"), track=track)
    made.place(60 * np.cos(1.0), 60 * np.sin(1.0), 1.0 + np.pi / 2, 5.0)
    assert_allclose(made.state.z, 5 * np.sin(1.0), atol=0.02)
    made.step(10)
    at = np.arctan2(made.state.y, made.state.x)
    assert_allclose(made.state.z, 5 * np.sin(at), atol=0.02)


# ------------------------------------------------------------------ walls


@pytest.mark.parametrize("name", VEHICLES)
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_cars_stay_inside_and_lose_energy_however_they_hit(name, side):
    n = 400
    rng = np.random.default_rng(4)
    heading = side * rng.uniform(0.02, np.pi - 0.02, n)
    speed = rng.uniform(1, 40, n)
    made = rig(name, d=side * 4.0, heading=heading, speed=speed, n_races=n)
    touched = np.zeros(n, bool)
    for k in range(60):
        before = made.energy()
        made.step()
        touched |= made.view.contacts.count > 0
        assert (made.energy() <= before * (1 + 1e-6)).all()
        # The wall is taken as straight along a car's length: 5 cm for 4.6 m on this circle.
        assert outermost(made).max() < 0.06, k
    assert touched.mean() > 0.5


def test_a_head_on_hit_stops_a_car_and_is_reported_once_a_step():
    made = rig(d=4.0, heading=np.pi / 2, speed=10.0)
    hits = []
    for _ in range(20):
        before = float(made.state.vx[0, 0])
        made.step()
        c = made.view.contacts
        if c.count[0]:
            hits.append(
                (before, int(c.count[0]), float(c.impulse[0, 0]), float(c.closing_speed[0, 0]))
            )
            assert c.other[0, 0] == Contacts.WALL
            assert c.car[0, 0] == 0
            assert_allclose(np.hypot(c.normal_x[0, 0], c.normal_y[0, 0]), 1.0)
            # The normal points from the wall, here inside the circle, outwards to the car.
            assert c.normal_x[0, 0] > 0.99
            assert_allclose(np.hypot(c.x[0, 0], c.y[0, 0]), RADIUS - 9.0, atol=0.1)
    speed, count, impulse, closing = hits[0]
    assert count == 1
    assert_allclose(closing, speed, rtol=0.02)
    assert_allclose(impulse, 1.1 * 240.0 * closing, rtol=0.02)
    assert abs(made.state.vx[0, 0]) < 1.2
    assert abs(made.state.yaw_rate[0, 0]) < 0.1


def test_scraping_along_a_wall_costs_little_and_turns_the_car_away():
    made = rig(d=7.0, heading=0.15, speed=12.0)
    made.step(25)
    assert 8.0 < made.state.vx[0, 0] < 12.0
    assert made.energy()[0, 0] < 0.5 * 240.0 * 144.0


def test_a_corner_that_hits_turns_the_car():
    # The left front corner meets the left wall: the wall pushes the nose to the right.
    made = rig(d=5.0, heading=0.7, speed=10.0)
    for _ in range(20):
        made.step()
        if made.view.contacts.count[0]:
            break
    assert made.state.yaw_rate[0, 0] < -0.5


def test_without_walls_there_are_no_contacts():
    made = rig(d=4.0, heading=np.pi / 2, speed=10.0, runoff=np.inf)
    for _ in range(60):
        made.step()
        assert made.view.contacts.count[0] == 0
    assert np.hypot(made.state.x, made.state.y)[0, 0] < RADIUS - 10.0


def test_contacts_beyond_the_capacity_are_dropped():
    made = rig(d=4.0, heading=np.pi / 2, speed=10.0)
    c = made.view.contacts
    for _ in range(20):
        made.view.contacts.count[:] = c.capacity
        made.backend.step(made.control, made.effects, made.dt)
        assert c.count[0] == c.capacity
