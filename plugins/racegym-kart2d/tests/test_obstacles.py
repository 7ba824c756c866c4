"""Cars against obstacles: held, slowed, turned, reported, and nothing gained."""

from __future__ import annotations

import numpy as np
import pytest
from kart2d_rig import VEHICLES, Rig, circle, vehicle
from numpy.testing import assert_allclose

from racegym.interfaces import Contacts
from racegym.kernels import set_threads, threads
from racegym.track import Track

RADIUS = 60.0
SIZE = {"rental_kart": 1.95, "gt3": 4.6, "rc_car": 0.4}  # [m] about as long as they are


def field(*obstacles, width=60.0):
    """A wide circle with obstacles at x, y of radius; cars drive north at x = 60, y = 0."""
    return circle(RADIUS, width, runoff=np.inf).with_obstacles(obstacles)


def depth(made, x, y, radius):
    """Return how deep [m] the obstacle is in each car's box; negative beside it."""
    s, p = made.state, made.backend.parameters
    middle = 0.5 * (p[..., 2] - p[..., 3])
    dx, dy = x - s.x, y - s.y
    along = np.cos(s.yaw) * dx + np.sin(s.yaw) * dy - middle
    across = np.cos(s.yaw) * dy - np.sin(s.yaw) * dx
    out_x = np.maximum(np.abs(along) - 0.5 * p[..., 7], 0.0)
    out_y = np.maximum(np.abs(across) - 0.5 * p[..., 8], 0.0)
    return radius - np.hypot(out_x, out_y)


@pytest.mark.parametrize("name", VEHICLES)
@pytest.mark.parametrize("size", [0.1, 0.5, 3.0])
def test_cars_are_kept_out_and_lose_energy_however_they_hit(name, size):
    n = 300
    rng = np.random.default_rng(5)
    long, radius = SIZE[name], size * SIZE[name]
    angle, yaw = rng.uniform(-np.pi, np.pi, (2, n))
    away = radius + 1.2 * long
    aim = angle + np.pi + rng.uniform(-0.6, 0.6, n)  # where it goes, whatever way it looks
    made = Rig(vehicle(name), track=field([RADIUS, 0.0, radius]), n_races=n)
    made.place(RADIUS + away * np.cos(angle), away * np.sin(angle), yaw)
    speed = rng.uniform(0.5, 40.0 if long > 1.0 else 12.0, n)
    made.state.vx[:, 0] = speed * np.cos(aim - yaw)
    made.state.vy[:, 0] = speed * np.sin(aim - yaw)
    made.state.yaw_rate[:, 0] = rng.normal(0.0, 2.0, n)
    touched = np.zeros(n, bool)
    for k in range(40):
        before = made.energy()
        made.step()
        hit = made.view.contacts.count > 0
        assert (made.energy() <= before * (1 + 1e-6)).all()
        touched |= hit
        assert depth(made, RADIUS, 0.0, radius).max() < 1e-6, k
    assert touched.mean() > 0.4


def test_a_head_on_hit_stops_a_car_and_is_reported_once_a_step():
    made = Rig(vehicle("rental_kart"), track=field([RADIUS, 8.0, 0.5]))
    made.place(RADIUS, 0.0, np.pi / 2, 10.0)
    hits = []
    for _ in range(30):
        before = float(made.state.vx[0, 0])
        made.step()
        c = made.view.contacts
        if c.count[0]:
            assert c.count[0] == 1
            assert (c.other[0, 0], c.car[0, 0]) == (Contacts.OBSTACLE, 0)
            assert_allclose([c.normal_x[0, 0], c.normal_y[0, 0]], [0.0, -1.0], atol=1e-6)
            assert_allclose([c.x[0, 0], c.y[0, 0]], [RADIUS, 7.5], atol=1e-6)
            hits.append((before, float(c.impulse[0, 0]), float(c.closing_speed[0, 0])))
    speed, impulse, closing = hits[0]
    assert_allclose(closing, speed, rtol=0.02)
    assert_allclose(impulse, 1.1 * 240.0 * closing, rtol=0.02)
    assert -1.2 < made.state.vx[0, 0] <= 0.0
    assert abs(made.state.yaw_rate[0, 0]) < 1e-6


def test_a_fast_car_is_not_turned_aside_by_a_thin_post():
    # Half a metre a substep: the post is found deep inside the box, near one of its sides.
    made = Rig(vehicle("gt3"), track=field([RADIUS + 0.85, 12.0, 0.05]))
    made.place(RADIUS, 0.0, np.pi / 2, 60.0)
    while not made.view.contacts.count[0]:
        made.step()
    c = made.view.contacts
    assert_allclose([c.normal_x[0, 0], c.normal_y[0, 0]], [0.0, -1.0], atol=1e-6)
    assert c.y[0, 0] == pytest.approx(11.95, abs=1e-6)


def test_a_glancing_hit_turns_the_nose_away_and_costs_little():
    made = Rig(vehicle("rental_kart"), track=field([RADIUS - 1.15, 6.0, 0.5]))  # 5 cm to the left
    made.place(RADIUS, 0.0, np.pi / 2, 10.0)
    energy, spun = made.energy()[0, 0], 0.0
    for _ in range(20):
        made.step()
        spun = min(spun, float(made.state.yaw_rate[0, 0]))
        if made.view.contacts.count[0]:
            assert made.view.contacts.normal_x[0, 0] > 0.5
    assert made.energy()[0, 0] > 0.5 * energy
    assert made.state.y[0, 0] > 7.0


def test_a_corner_that_hits_turns_the_car():
    made = Rig(vehicle("rental_kart"), track=field([RADIUS - 0.6, 6.0, 0.2]))
    made.place(RADIUS, 0.0, np.pi / 2, 10.0)
    while not made.view.contacts.count[0]:
        made.step()
    assert made.state.yaw_rate[0, 0] > 1.0, "stopped on its left side, it swings to the left"


def test_walls_and_obstacles_are_reported_side_by_side():
    # A car that slides along the wall on its left into an obstacle that stands there.
    track = circle(RADIUS, 10.0, runoff=4.0)
    x, y, _ = track.at(12.0, 8.6)
    made = Rig(vehicle("rental_kart"), track=track.with_obstacles([[float(x), float(y), 0.4]]))
    made.place(RADIUS - 7.5, 0.0, np.pi / 2 + 0.3, 12.0)
    seen = set()
    for _ in range(40):
        made.step()
        c = made.view.contacts
        seen.add(frozenset(c.other[0, : c.count[0]].tolist()))
    assert any(Contacts.WALL in kinds for kinds in seen)
    assert any(Contacts.OBSTACLE in kinds for kinds in seen)


def test_absent_cars_touch_nothing():
    made = Rig(vehicle("rental_kart"), track=field([RADIUS, 4.0, 0.5]), n_races=2)
    made.place(RADIUS, 0.0, np.pi / 2, 10.0)
    made.view.race.present[1] = False
    for _ in range(10):
        made.step()
        assert made.view.contacts.count[1] == 0
    assert made.state.y[1, 0] == 0.0


def test_on_a_bridge_the_obstacle_below_is_not_met():
    t = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False) + 0.5
    points = 80.0 * np.column_stack([np.sin(t), np.sin(t) * np.cos(t)])
    eight = Track.from_points(points, 4.0, 4.0, name="eight", crossings="allow")
    ((under, over),) = eight.crossings
    for level, met in ((under, True), (over, False)):
        x, y, _ = eight.at(level, 0.0)
        track = eight.with_obstacles([[float(x), float(y), 0.5]], near=level)
        made = Rig(vehicle("rental_kart"), track=track)
        pose = made.tracks.pose([0], under - 10.0, 0.0)
        made.view.frame.segment[:] = int((under - 10.0) / eight.spacing)
        made.backend.place(np.array([0]), pose, np.array([10.0]))
        hits = 0
        for _ in range(30):
            made.step()
            hits += int(made.view.contacts.count[0])
        assert (hits > 0) == met


def test_a_race_is_the_same_alone_in_a_batch_and_on_two_threads():
    track = field(*[[RADIUS + 3.0 * np.sin(k), 4.0 * k, 0.4] for k in range(1, 6)])
    n = 130

    def play(count, number):
        before = threads()
        set_threads(number)
        try:
            made = Rig(vehicle("rental_kart"), track=track, n_races=count, real=np.float32)
            rng = np.random.default_rng(1)
            x, speed = rng.uniform(-4, 4, n), rng.uniform(5, 15, n)
            made.place(RADIUS + x[:count], 0.0, np.pi / 2, speed[:count])
            made.drive(steer=0.1, throttle=1.0)
            rows, hits = [], 0
            for _ in range(40):
                made.step()
                hits += int(made.view.contacts.count.sum())
                rows.append(np.stack([made.state.x, made.state.yaw, made.state.vx])[:, :7].copy())
            return np.array(rows), hits
        finally:
            set_threads(before)

    alone, _ = play(7, 1)
    batch, hits = play(n, 1)
    assert hits > 50
    np.testing.assert_array_equal(alone, batch)
    np.testing.assert_array_equal(batch, play(n, 2)[0])
