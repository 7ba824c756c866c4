"""The nearest cars and the edges ahead, against plain geometry."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.errors import ScenarioError
from racegym.formats.tum import read_tum
from racegym.sensors.opponents import Opponents
from racegym.sensors.track_points import TrackPoints
from racegym.track.borders import border_points


def observe(rig, sensor, cars=None):
    cars = rig.cars if cars is None else cars
    out = np.full((len(cars), *sensor.space.shape), 99.0, np.float32)
    sensor.observe(rig.view, cars, out)
    return out


def test_opponents_are_told_of_as_they_are(make_ring, make_rig):
    rig = make_rig(make_ring(500.0, width=6.0), n_cars=3)
    rig.put([100.0, 112.0, 94.0], d=[1.0, -1.0, 2.0], heading_error=[0.1, 0.3, 0.0])
    state = rig.view.state
    state.vx[...], state.vy[...] = [[20.0, 25.0, 15.0]], [[0.0, 1.0, 0.0]]
    sensor = Opponents(rig.setup({"most": 3, "position": 10.0, "speed": 5.0}))
    behind, ahead, nobody = observe(rig, sensor)[0]
    assert not nobody.any()
    x, y, yaw = (np.asarray(getattr(state, name)[0], float) for name in ("x", "y", "yaw"))
    turn = np.array([[np.cos(yaw[0]), np.sin(yaw[0])], [-np.sin(yaw[0]), np.cos(yaw[0])]])
    for row, car, along, across in ((ahead, 1, 12.0, -2.0), (behind, 2, -6.0, 1.0)):
        relative = turn @ np.array([x[car] - x[0], y[car] - y[0]])
        bearing = yaw[car] - yaw[0]
        vx, vy = state.vx[0, car], state.vy[0, car]
        velocity = [np.cos(bearing) * vx - np.sin(bearing) * vy - 20.0,
                    np.sin(bearing) * vx + np.cos(bearing) * vy]  # fmt: skip
        expected = [1.0, along / 10, across / 10, *(relative / 10), *np.divide(velocity, 5.0),
                    np.cos(bearing), np.sin(bearing), along / 20.0 / 6.0]  # fmt: skip
        np.testing.assert_allclose(row, expected, atol=1e-4)


def test_the_nearest_come_first_across_the_line_and_far_ones_not_at_all(make_ring, make_rig):
    ring = make_ring(100.0)
    rig = make_rig(ring, n_races=20, n_cars=9)
    rng = np.random.default_rng(3)
    s = rng.uniform(0, ring.length, (20, 9))
    rig.put(s.ravel())
    sensor = Opponents(rig.setup({"most": 4, "range": 150.0, "position": 100.0}))
    told = observe(rig, sensor).reshape(20, 9, 4, -1)
    for race in range(20):
        for car in range(9):
            ahead = (np.delete(s[race], car) - s[race, car]) % ring.length
            ahead = np.where(ahead > ring.length / 2, ahead - ring.length, ahead)
            near = ahead[np.argsort(np.abs(ahead))]
            near = near[np.abs(near) <= 150.0][:4]
            rows = told[race, car]
            assert rows[:, 0].sum() == len(near)
            np.testing.assert_allclose(rows[: len(near), 1] * 100.0, near, atol=1e-2)


def test_who_is_absent_is_not_told_of(make_ring, make_rig):
    rig = make_rig(make_ring(), n_cars=2)
    rig.put([0.0, 10.0])
    rig.view.race.present[0, 1] = False
    assert not observe(rig, Opponents(rig.setup()), np.array([0])).any()


def test_a_car_on_another_level_is_far_away(make_rig, shared):
    suzuka = read_tum(shared / "tracks" / "tum" / "Suzuka.csv")
    ((under, over),) = suzuka.crossings
    rig = make_rig(suzuka, n_cars=2)
    rig.put([under, over])
    assert not observe(rig, Opponents(rig.setup()), np.array([0])).any()


@pytest.mark.parametrize("options", [{"metres": 80.0}, {"seconds": 4.0}])
def test_points_lie_on_the_edges(options, make_ring, make_rig):
    ring = make_ring(60.0, width=5.0, count=600)
    rig = make_rig(ring)
    rig.put(350.0, d=1.5, heading_error=-0.3, speed=20.0)
    (rows,) = observe(rig, TrackPoints(rig.setup({**options, "points": 9, "unit": 40.0})))
    state = rig.view.state
    yaw = float(state.yaw[0, 0])
    back = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
    points = rows.reshape(9, 3, 2) * 40.0 @ back.T + [state.x[0, 0], state.y[0, 0]]
    radius = np.hypot(points[..., 0], points[..., 1])
    np.testing.assert_allclose(radius, np.broadcast_to([55.0, 60.0, 65.0], (9, 3)), atol=5e-3)
    angle = np.unwrap(np.arctan2(points[:, 1, 1], points[:, 1, 0]))
    np.testing.assert_allclose(np.diff(angle) * 60.0, 10.0, atol=0.01)
    assert (angle[0] * 60.0) % ring.length == pytest.approx(350.0, abs=0.01)


def test_beyond_the_line_points_go_on(make_ring, make_rig):
    ring = make_ring(50.0)
    rig = make_rig(ring)
    rig.put(ring.length - 5.0)
    (rows,) = observe(rig, TrackPoints(rig.setup({"metres": 20.0, "points": 5})))
    steps = np.diff(rows[:, 2:4], axis=0) * 50.0
    np.testing.assert_allclose(np.hypot(*steps.T), 5.0, atol=0.01)


def test_where_an_edge_would_fold_it_stops_short():
    from racegym.track import Track

    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    tight = Track.from_points(
        6.0 * np.column_stack([np.cos(angle), np.sin(angle)]), 5.0, 4.0, name="tight", runoff=8.0
    )
    borders = border_points(tight)
    inner = np.hypot(borders[:, 4], borders[:, 5])
    assert (inner > 0.05).all() and (inner < 0.2).all()
    assert np.hypot(borders[:, 0], borders[:, 1]) == pytest.approx(1.0, abs=0.01)
    assert np.hypot(borders[:, 6], borders[:, 7]) == pytest.approx(18.0, abs=0.05)


def test_metres_or_seconds(make_ring, make_rig):
    with pytest.raises(ScenarioError, match="give metres or seconds, not both"):
        TrackPoints(make_rig(make_ring()).setup({"metres": 10, "seconds": 1}))
