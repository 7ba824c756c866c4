"""Sensors: closed forms on a circle, bounds, subsets and slices."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from racegym.errors import ScenarioError
from racegym.interfaces import Channel
from racegym.sensors.channels import BOUNDS, Channels
from racegym.sensors.lookahead import DISTANCES, Lookahead
from racegym.sensors.state import State
from racegym.sensors.telemetry import Telemetry

GRAVITY = 9.80665
EVERY = {
    Telemetry: {},
    State: {},
    Lookahead: {"seconds": [0.0, 0.5, 1.0], "heading": True},
    Channels: {"channels": ["vx", "load", "gear", "time", "lap_progress", "speed", "off_track"]},
}


def observe(rig, sensor, cars=None, dtype=np.float32):
    cars = rig.cars if cars is None else cars
    out = np.full((len(cars), *sensor.space.shape), 99.0, dtype)
    sensor.observe(rig.view, cars, out)
    return out


def test_telemetry_reads_its_gauges_in_their_scales(make_ring, make_rig):
    rig = make_rig(make_ring(50.0, checkpoints=[0.0, 25.0 * pi]))
    state, view = rig.view.state, rig.view
    rig.put(0.0, d=1.0, speed=23.0)
    state.steer[...] = 0.05
    state.ax[...], state.ay[...] = -GRAVITY, 0.5 * GRAVITY
    view.control.throttle[...], view.control.brake[...] = 0.3, 0.7
    view.race.next_checkpoint[...] = 1
    values = observe(rig, Telemetry(rig.setup()))[0]
    # A quarter of the circle on: the checkpoint lies at (0, 50), the car at (49, 0), heading north.
    bearing = np.arctan2(50.0, -49.0) - pi / 2
    expected = [2.3, 0.5, 3.0, 7.0, 0.5, -1.0, 0.25, 0.2, bearing * 10 / pi]
    np.testing.assert_allclose(values, expected, atol=2e-4)


def test_telemetry_counts_checkpoints_over_all_laps(make_ring, make_rig):
    rig = make_rig(make_ring(50.0, checkpoints=[0.0, 25.0 * pi]))
    sensor = Telemetry(rig.setup())
    rig.view.race.next_checkpoint[...] = 1
    first = observe(rig, sensor)[0, 8]
    rig.view.race.next_checkpoint[...] = 2 * 17 + 1
    assert observe(rig, sensor)[0, 8] == first
    rig.view.race.next_checkpoint[...] = 0
    assert observe(rig, sensor)[0, 8] != first


def test_state_reads_position_between_the_edges_and_the_last_control(make_ring, make_rig):
    rig = make_rig(make_ring(50.0, width=4.0))
    view = rig.view
    rig.put(30.0, d=-2.0, heading_error=0.3, speed=10.0)
    view.state.vy[...], view.state.yaw_rate[...], view.state.steer[...] = 0.5, 0.2, -0.175
    view.control.steer[...], view.control.throttle[...], view.control.brake[...] = -0.4, 0.2, 0.7
    values = observe(rig, State(rig.setup()))[0]
    expected = [
        0.5, 0.1, 0.2, -0.5, np.sin(0.3), np.cos(0.3), -0.5,
        6.0 / 1.4, 2.0 / 1.4, -0.4, -0.5,
    ]  # fmt: skip
    np.testing.assert_allclose(values, expected, atol=1e-4)


def test_lookahead_on_a_circle_is_its_curvature_width_and_turn(make_ring, make_rig):
    rig = make_rig(make_ring(40.0, width=3.0), n_cars=2)
    rig.put([10.0, 240.0])  # 240 m: less than 12 m before the line
    ahead = [0.0, 5.0, 20.0, 60.0]
    sensor = Lookahead(rig.setup({"distances": ahead, "heading": True}))
    values = observe(rig, sensor)
    np.testing.assert_allclose(values[:, :4], 10.0 / 40.0, atol=1e-3)
    np.testing.assert_allclose(values[:, 4:8], 0.6, atol=1e-6)
    np.testing.assert_allclose(
        values[:, 8:], np.tile(np.array(ahead) / 40.0 / pi, (2, 1)), atol=1e-3
    )


def test_lookahead_finds_the_corner_where_it_is_and_wraps_over_the_line(make_stadium, make_rig):
    track = make_stadium(300.0, 20.0)
    rig = make_rig(track)
    sensor = Lookahead(rig.setup({"distances": [0.0, 100.0, 220.0]}))
    rig.put(100.0)
    np.testing.assert_allclose(observe(rig, sensor)[0, :3], [0.0, 0.0, 0.5], atol=0.02)
    rig.put(track.length - 100.0)
    np.testing.assert_allclose(
        observe(rig, sensor)[0, :3], 10.0 * _curvature(track, [-100.0, 0.0, 120.0]), atol=1e-5
    )


def _curvature(track, s):
    at = np.mod(np.array(s), track.length) / track.spacing
    low = at.astype(int)
    part = at - low
    k = track.curvature
    return (1 - part) * k[low] + part * k[(low + 1) % len(track)]


def test_lookahead_by_time_is_by_distance_times_speed(make_stadium, make_rig):
    rig = make_rig(make_stadium(), n_cars=3)
    rig.put([280.0, 10.0, 333.0], speed=[20.0, 20.0, 1.0])
    by_time = observe(rig, Lookahead(rig.setup({"seconds": [0.5, 2.0], "least_speed": 4.0})))
    fast = observe(rig, Lookahead(rig.setup({"distances": [10.0, 40.0]})))
    slow = observe(rig, Lookahead(rig.setup({"distances": [2.0, 8.0]})))
    np.testing.assert_allclose(by_time[:2], fast[:2], atol=1e-6)
    np.testing.assert_allclose(by_time[2], slow[2], atol=1e-6)


def test_lookahead_takes_a_dozen_places_unless_told(make_rig):
    rig = make_rig()
    assert Lookahead(rig.setup()).space.shape == (2 * len(DISTANCES),) == (24,)


def test_channels_scale_bounds_to_one(make_rig):
    temperature = Channel(name="temperature", axes="race car wheel", low=0.0, high=200.0)
    water = Channel(name="water", axes="race", low=0.0, high=1.0, dtype="float64")
    rig = make_rig(n_races=2, n_cars=2, channels=[temperature, water])
    view = rig.view
    view.channels["temperature"][1, 0] = [0.0, 50.0, 100.0, 400.0]
    view.channels["water"][...] = [0.0, 1.0]
    view.state.gear[...] = 8
    view.state.vx[...], view.state.vy[...] = 3.0, 4.0
    rig.view.race.time[...] = 90.0
    rig.view.race.lap_start[...] = 30.0
    asked = {
        "temperature": None, "water": None, "gear": None, "speed": {"low": 0, "high": 10},
        "lap_time": None, "control.throttle": None, "lap_progress": None,
    }  # fmt: skip
    sensor = Channels(rig.setup({"channels": asked}))
    assert sensor.requires == {"temperature", "water", "gear", "vx", "vy"}
    rig.put(0.25 * view.tracks.length[0])
    view.state.vx[...], view.state.vy[...] = 3.0, 4.0
    values = observe(rig, sensor)
    np.testing.assert_allclose(values[2], [-1, -0.5, 0, 1, 1, 1, 0, -0.8, -1, -0.5], atol=1e-6)
    assert values[0, 4] == -1.0


def test_a_missing_value_reads_as_nought(make_rig):
    rig = make_rig()
    rig.view.state.engine_speed[...] = np.nan
    rig.view.state.vx[...] = np.nan
    values = observe(rig, Channels(rig.setup({"channels": ["engine_speed", "vx"]})))[0]
    np.testing.assert_allclose(values, [-1.0, 0.0])


def test_an_image_keeps_its_shape_and_its_values(make_rig):
    pixels = Channel(name="pixels", shape=(6, 5, 3), dtype="uint8", low=0, high=255)
    rig = make_rig(n_races=4, channels=[pixels])
    rng = np.random.default_rng(0)
    rig.view.channels["pixels"][...] = rng.integers(0, 256, (4, 1, 6, 5, 3))
    sensor = Channels(rig.setup({"channels": ["pixels"]}))
    assert sensor.space.shape == (6, 5, 3)
    assert sensor.space.dtype == np.uint8
    seen = observe(rig, sensor, np.array([1, 3]), np.uint8)
    np.testing.assert_array_equal(seen, rig.view.channels["pixels"][[1, 3], 0])
    with pytest.raises(ScenarioError, match="sensor of its own"):
        Channels(rig.setup({"channels": ["pixels", "vx"]}))


def test_a_map_of_the_track_is_no_channel_of_a_car(make_rig):
    film = Channel(name="film", axes="race s lane", shape=(10, 3), low=0, high=1)
    rig = make_rig(channels=[film])
    with pytest.raises(ScenarioError, match="'film' "):
        Channels(rig.setup({"channels": ["film"]}))


def test_bounds_in_the_table_belong_to_fields(make_rig):
    rig = make_rig()
    sensor = Channels(rig.setup({"channels": list(BOUNDS)}))
    assert sensor.space.shape[0] >= len(BOUNDS)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("real", ["float32", "float64"])
@pytest.mark.parametrize("wild", [False, True])
def test_values_lie_in_the_space_whatever_the_cars_do(make_ring, make_rig, kind, real, wild):
    rig = make_rig(make_ring(), make_ring(8.0, width=1.0), n_races=40, n_cars=3, real=real)
    sensor = kind(rig.setup(EVERY[kind]))
    assert np.isfinite(sensor.space.low).all()
    assert np.isfinite(sensor.space.high).all()
    assert len(sensor.values) == sensor.space.shape[0]
    for seed in range(5):
        rig.scramble(seed, wild)
        values = observe(rig, sensor)
        assert np.isfinite(values).all()
        for row in values:
            assert sensor.space.contains(row)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_a_part_of_the_cars_sees_the_same_and_nothing_else_is_written(make_rig, kind):
    rig = make_rig(n_races=7, n_cars=3, real="float32")
    rig.scramble(1)
    sensor = kind(rig.setup(EVERY[kind]))
    whole = observe(rig, sensor)
    some = np.array([0, 4, 5, 17, 20])
    np.testing.assert_array_equal(observe(rig, sensor, some), whole[some])

    width = sensor.space.shape[0]
    buffer = np.full((21, width + 5), 7.0, np.float32)
    sensor.observe(rig.view, rig.cars, buffer[:, 2 : 2 + width])
    np.testing.assert_array_equal(buffer[:, 2 : 2 + width], whole)
    assert (buffer[:, :2] == 7.0).all()
    assert (buffer[:, 2 + width :] == 7.0).all()
