"""Quasi-steady-state laps against laps that can be worked out by hand."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
import pytest

from racegym.errors import BackendError, TrackError
from racegym.interfaces import GGV
from racegym.raceline.capability import Envelope, point_mass_ggv
from racegym.raceline.line import Line
from racegym.raceline.quasi_steady import lap_of_line, quasi_steady_lap
from racegym.track import Track

G = 9.81
CAR = Envelope(grip=1.5, drive=8.0, power=250.0, brake=14.0, drag=8e-4, downforce=1e-3)


def block(lateral: float, drive: float, brake: float, top: float) -> GGV:
    """Return an envelope of constant accelerations, which do without each other's grip."""
    return GGV(
        speed=np.array([0.0, top]),
        lateral=np.full(2, lateral),
        share=np.array([0.0, 1.0]),
        drive=np.full((2, 2), drive),
        brake=np.full((2, 2), brake),
        source="constant",
    )


def bends(n: int, length: float = 900.0) -> tuple[np.ndarray, float]:
    """Return the curvature of a smooth made-up line, and its step [m]."""
    s = 2.0 * pi * np.arange(n) / n
    return 0.02 * np.cos(2 * s) ** 3 + 0.015 * np.sin(3 * s) + 0.007, length / n


def test_a_circle_is_driven_at_the_speed_that_its_radius_allows() -> None:
    lap = quasi_steady_lap(np.full(400, 1 / 30.0), 2 * pi * 30.0 / 400, block(12.0, 5.0, 9.0, 60.0))
    assert lap.speed == pytest.approx(np.full(400, sqrt(12.0 * 30.0)))
    assert lap.lap_time == pytest.approx(2 * pi * 30.0 / sqrt(12.0 * 30.0))
    assert lap.ax == pytest.approx(np.zeros(400), abs=1e-9)
    assert lap.ay == pytest.approx(np.full(400, 12.0))


def test_with_downforce_the_circle_is_faster_in_closed_form() -> None:
    car = Envelope(grip=1.5, drive=50.0, power=1e5, brake=14.0, downforce=4e-3, top_speed=90.0)
    lap = quasi_steady_lap(np.full(200, 1 / 40.0), 1.0, point_mass_ggv(car))
    assert lap.speed == pytest.approx(
        np.full(200, sqrt(1.5 * G / (1 / 40.0 - 1.5 * 4e-3))), rel=2e-3
    )


def test_a_wing_that_outgrows_the_bend_leaves_no_limit_but_the_engine() -> None:
    car = Envelope(grip=2.0, drive=9.0, power=500.0, brake=14.0, drag=2e-3, downforce=6e-3)
    lap = quasi_steady_lap(np.full(200, 1 / 100.0), 5.0, point_mass_ggv(car))
    assert lap.corner_speed == pytest.approx(lap.corner_speed.max())
    # Steady: what the bend leaves of the drive is eaten by drag.
    v = float(lap.speed[0])
    share = v * v / 100.0 / (2.0 * (G + 6e-3 * v * v))
    pull = min(9.0 * sqrt(1 - share**2), 500.0 / v)
    assert pull == pytest.approx(2e-3 * v * v, rel=0.01)


def test_hairpins_between_straights_have_a_closed_form() -> None:
    radius, straight, lateral, drive, brake = 12.0, 300.0, 11.0, 4.0, 9.0
    n = 6000
    half = pi * radius + straight
    h = 2 * half / n
    place = (np.arange(n) * h) % half
    lap = quasi_steady_lap(
        np.where(place < pi * radius, 1 / radius, 0.0), h, block(lateral, drive, brake, 90.0)
    )
    corner = sqrt(lateral * radius)
    peak = sqrt(corner**2 + 2 * drive * brake / (drive + brake) * straight)
    told = 2 * (pi * radius / corner + (peak - corner) / drive + (peak - corner) / brake)
    assert lap.lap_time == pytest.approx(told, rel=1e-3)
    assert lap.speed.max() == pytest.approx(peak, rel=1e-3)
    assert lap.speed.min() == pytest.approx(corner)
    assert lap.ax.max() == pytest.approx(drive) and lap.ax.min() == pytest.approx(-brake)


def test_drag_sets_the_top_speed() -> None:
    lap = quasi_steady_lap(np.full(4000, 1e-5), 5.0, point_mass_ggv(CAR))
    assert lap.speed == pytest.approx((250.0 / 8e-4) ** (1 / 3), rel=1e-4)
    braked = quasi_steady_lap(np.full(500, 0.0), 5.0, point_mass_ggv(CAR))
    assert braked.speed.max() <= point_mass_ggv(CAR).speed[-1]


def test_the_lap_time_converges_with_the_square_of_the_step() -> None:
    ggv = point_mass_ggv(CAR)
    times = [quasi_steady_lap(*bends(n), ggv).lap_time for n in (225, 450, 900, 1800, 14_400)]
    errors = np.abs(np.array(times[:-1]) - times[-1])
    order = np.log2(errors[0] / errors[-1]) / 3.0
    assert order > 1.7
    assert errors[2] < 2e-4 * times[-1]  # at steps of a metre


def test_it_does_not_matter_where_a_lap_begins_or_which_way_it_turns() -> None:
    ggv = point_mass_ggv(CAR)
    curvature, step = bends(900)
    lap = quasi_steady_lap(curvature, step, ggv)
    for shift in (1, 333, 707):
        moved = quasi_steady_lap(np.roll(curvature, shift), step, ggv)
        assert moved.speed == pytest.approx(np.roll(lap.speed, shift), rel=1e-9)
    assert quasi_steady_lap(-curvature, step, ggv).lap_time == pytest.approx(lap.lap_time)


def test_every_state_lies_within_the_envelope() -> None:
    ggv = point_mass_ggv(CAR)
    curvature, step = bends(1800)
    lap = quasi_steady_lap(curvature, step, ggv)
    assert (lap.speed <= lap.corner_speed + 1e-9).all()
    v, share = lap.speed, np.abs(lap.ay) / (1.5 * (G + 1e-3 * lap.speed**2))
    left = np.sqrt(np.maximum(1 - share**2, 0.0))
    drive = np.minimum(8.0 * left, 250.0 / v) - 8e-4 * v**2
    brake = 14.0 * left + 8e-4 * v**2
    # Accelerations are means from sample to sample, so neighbours count.
    reach = np.maximum(drive, np.roll(drive, -1))
    assert (lap.ax < reach + 0.15).all()
    assert (-lap.ax < np.maximum(brake, np.roll(brake, -1)) + 0.3).all()
    busy = (np.abs(lap.ax - drive) < 0.3) | (np.abs(lap.ax + brake) < 0.5) | (share > 0.98)
    assert busy.mean() > 0.97  # at the limit, of one or the other, all around


def test_slope_and_banking_count_where_they_are_felt() -> None:
    ggv = block(10.0, 5.0, 9.0, 60.0)
    bend = np.full(300, 1 / 50.0)
    bank = 0.2  # a left turn whose outer, right edge is the higher one
    lap = quasi_steady_lap(bend, 1.0, ggv, banking=-bank)
    load = np.cos(bank) + lap.speed**2 / 50.0 * np.sin(bank) / G
    assert lap.speed**2 / 50.0 * np.cos(bank) - G * np.sin(bank) == pytest.approx(10.0 * load)
    assert quasi_steady_lap(bend, 1.0, ggv, banking=bank).lap_time > lap.lap_time
    # Uphill on one half, downhill on the other: without drag, what is lost is won.
    rise = 0.05 * np.sign(np.sin(2 * pi * np.arange(2000) / 2000))
    flat = np.zeros(2000)
    flat[:20] = flat[1000:1020] = 1 / 15.0
    hills = quasi_steady_lap(flat, 1.0, ggv, slope=rise)
    level = quasi_steady_lap(flat, 1.0, ggv)
    up = hills.ax[100:300]
    assert up == pytest.approx(5.0 - G * np.sin(np.arctan(0.05)), rel=1e-3)
    assert level.ax[100:300] == pytest.approx(5.0)


def test_a_track_on_a_flat_model_has_no_relief(circle: Track) -> None:
    from dataclasses import replace

    ggv = point_mass_ggv(CAR)
    banked = replace(circle, banking=np.full(len(circle), -0.2))
    level = lap_of_line(Line.centerline(circle), ggv).lap_time
    assert lap_of_line(Line.centerline(banked), ggv).lap_time == level
    assert lap_of_line(Line.centerline(banked), ggv, relief=True).lap_time < 0.95 * level
    assert lap_of_line(Line.centerline(banked), replace(ggv, relief=True)).lap_time < 0.95 * level


def test_sector_times_add_up_and_lie_between_samples() -> None:
    lap = quasi_steady_lap(np.full(100, 1 / 30.0), 2.0, block(12.0, 5.0, 9.0, 60.0))
    v = sqrt(12.0 * 30.0)
    assert lap.times_between([0.0, 10.5, 40.0]) == pytest.approx([21.0 / v, 59.0 / v, 120.0 / v])
    assert len(lap.time) == 101 and lap.time[-1] == lap.lap_time


@pytest.mark.parametrize(
    ("curvature", "step", "says"),
    [
        ([np.nan] * 20, 1.0, "not finite"),
        ([0.0] * 20, 0.0, "above 0"),
        ([0.0] * 20, np.inf, "not"),
        ([], 1.0, "curvature must be"),
        ([[0.0] * 20], 1.0, "curvature must be"),
        (0.0, 1.0, "curvature must be"),
        ([0.0] * 20, [1.0] * 19, "step must be"),
    ],
)
def test_lines_that_are_none_are_refused(curvature: Any, step: Any, says: str) -> None:
    with pytest.raises(TrackError, match=says):
        quasi_steady_lap(curvature, step, point_mass_ggv(CAR))


@pytest.mark.parametrize(("name", "value"), [("grip", 0.0), ("power", np.nan), ("drag", -1.0)])
def test_envelopes_that_are_none_are_refused(name: str, value: float) -> None:
    values = {"grip": 1.0, "drive": 5.0, "power": 50.0, "brake": 8.0, name: value}
    with pytest.raises(BackendError, match=name):
        Envelope(**values)


@pytest.fixture
def circle() -> Track:
    angle = np.linspace(0, 2 * pi, 64, endpoint=False)
    places = 40 * np.column_stack([np.cos(angle), np.sin(angle)])
    return Track.from_points(places, 5.0, 5.0, name="circle")
