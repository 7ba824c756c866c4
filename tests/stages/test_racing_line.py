"""What sensors and rewards say of a track's racing line."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.rewards.racing_line import RacingLine
from racegym.sensors.lookahead import Lookahead
from racegym.sensors.telemetry import Telemetry

REFERENCE = 6  # of telemetry


def observe(rig, sensor):
    out = np.full((len(rig.cars), *sensor.space.shape), 99.0, np.float32)
    sensor.observe(rig.view, rig.cars, out)
    return out


def pay(rig, term):
    out = np.full((rig.view.n_races, rig.view.n_cars), 99.0)
    rig.view.clock.elapsed[...] = 0.1
    term.compute(rig.view, out)
    return out[0]


@pytest.fixture
def lined(make_ring, make_rig):
    """Four cars on a ring of radius 50 m and widths of 4 m whose line lies 2 m to the left."""
    track = make_ring(50.0)
    return make_rig(track.with_line(np.full(len(track), 2.0), "inner"), n_cars=4)


def test_reference_distance_is_that_to_the_line_in_widths_of_its_side(lined):
    lined.put([0.0, 50.0, 100.0, 313.9], d=[2.0, 4.0, -4.0, -1.0])
    seen = observe(lined, Telemetry(lined.setup()))[:, REFERENCE]
    np.testing.assert_allclose(seen, [0.0, 1.0, -1.0, -0.5], atol=1e-5)


def test_it_is_linear_between_samples_also_over_the_line(make_ring, make_rig):
    track = make_ring(50.0)
    offset = np.zeros(len(track))
    offset[-1] = 2.0
    rig = make_rig(track.with_line(offset, "bump"), n_cars=3)
    h = track.spacing
    rig.put([track.length - h, track.length - 0.25 * h, track.length - 1.5 * h], d=0.0)
    seen = pay(rig, RacingLine(rig.setup()))
    np.testing.assert_allclose(seen, [-0.2, -0.05, -0.1], atol=1e-5)


def test_lookahead_tells_the_curvature_of_the_line_if_asked(lined):
    plain = observe(lined, Lookahead(lined.setup({"distances": [0.0, 30.0]})))
    options = {"distances": [0.0, 30.0], "reference": "racing_line"}
    racing = observe(lined, Lookahead(lined.setup(options)))
    np.testing.assert_allclose(plain[:, :2], 10.0 / 50.0, rtol=1e-3)
    np.testing.assert_allclose(racing[:, :2], 10.0 / 48.0, rtol=1e-3)
    assert np.array_equal(plain[:, 2:], racing[:, 2:])


def test_without_a_line_the_reference_is_the_centerline_bit_for_bit(make_stadium, make_rig):
    rig = make_rig(make_stadium(), n_cars=6)
    rig.put(np.linspace(0.0, 700.0, 6), d=np.linspace(-5.0, 5.0, 6))
    tracks = rig.view.tracks
    assert np.array_equal(tracks.line_outline, tracks.outline)
    plain = observe(rig, Lookahead(rig.setup()))
    assert np.array_equal(plain, observe(rig, Lookahead(rig.setup({"reference": "racing_line"}))))
    frame = rig.view.frame
    expected = np.where(
        frame.d > 0, frame.d / frame.width_left, frame.d / frame.width_right
    ).astype(np.float32)
    seen = observe(rig, Telemetry(rig.setup()))[:, REFERENCE].reshape(expected.shape)
    assert np.array_equal(seen, np.clip(expected, -10, 10))


def test_the_price_is_the_distance_times_time_up_to_the_most(lined):
    lined.put(10.0, d=[2.0, 3.5, -1.0, 60.0])
    term = RacingLine(lined.setup({"most": 2.5}))
    np.testing.assert_allclose(pay(lined, term), [0.0, -0.15, -0.25, -0.25], atol=1e-5)
    lined.view.frame.d[0, 0] = np.nan
    lined.view.race.present[0, 3] = False
    np.testing.assert_allclose(pay(lined, term), [-0.25, -0.15, -0.25, 0.0], atol=1e-5)


def test_neither_parking_nor_circling_pays(lined):
    """It is never above zero, wherever a car is and whatever it does."""
    term = RacingLine(lined.setup())
    for seed in range(20):
        lined.scramble(seed, wild=seed % 2 == 1)
        assert (pay(lined, term) <= 0.0).all()
