"""Minimum-time lines against closed forms, and against their own envelope."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from racegym.errors import MissingLibraryError, TrackError
from racegym.interfaces import GGV
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.raceline.minimum_time import MinimumTime, minimum_time
from racegym.raceline.racing_line import racing_line
from racegym.track import Track, generate

pytest.importorskip("casadi", reason="minimum-time lines need the extra mintime")


def point_mass(
    grip: float = 12.0,
    drive: float = 5.0,
    power: float = 50.0,
    brake: float = 9.0,
    top: float = 45.0,
) -> GGV:
    """A friction ellipse with an engine and no resistances."""
    speed = np.linspace(0.0, top, 46)
    share = np.sin(np.linspace(0.0, 0.5 * np.pi, 25))
    along = np.sqrt(np.maximum(1.0 - share**2, 0.0))
    engine = power / np.maximum(speed, 1.0)
    return GGV(
        speed=speed,
        lateral=np.full(46, grip),
        share=share,
        drive=np.minimum(drive * along, engine[:, None]),
        brake=np.tile(brake * along, (46, 1)),
        source="point mass",
    )


@pytest.fixture(scope="module")
def track() -> Track:
    return generate(3, length=400.0, style="technical", spacing=1.0)


@pytest.fixture(scope="module")
def fastest(track: Track) -> MinimumTime:
    return minimum_time(track, point_mass(), 1.3, 0.2)


def profile_time(track: Track, offset: np.ndarray, ggv: GGV) -> float:
    """Lap time of a line by passes forwards and backwards, each step by the node it is at."""
    from racegym.raceline import Line

    line = Line(track=track, offset=offset, name="")
    bend, step, grip = np.abs(line.curvature), line.step, ggv.lateral[0]
    v = np.minimum(np.sqrt(grip / np.maximum(bend, 1e-9)), ggv.speed[-1])
    n = len(v)
    for table, way in ((ggv.drive, 1), (ggv.brake, -1)):
        for k in np.tile(np.arange(n)[::way], 2):
            share = min(bend[k] * v[k] ** 2 / grip, 1.0)
            at = np.array([np.interp(share, ggv.share, row) for row in table])
            gap = step[k] if way == 1 else step[k - 1]
            most = v[k] ** 2 + 2.0 * gap * np.interp(v[k], ggv.speed, at)
            v[(k + way) % n] = min(v[(k + way) % n], np.sqrt(most))
    return float((2.0 * step / (v + np.roll(v, -1))).sum())


def test_on_a_ring_the_inner_edge_is_fastest() -> None:
    """At the limit of grip v^2 = grip r, so a lap takes 2 pi sqrt(r / grip)."""
    angle = 2.0 * np.pi * np.arange(100) / 100
    points = 40.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    ring = Track.from_points(points, 5.0, 5.0, name="ring", spacing=2.5)
    lap = minimum_time(ring, point_mass(), 2.0, 0.5)
    assert np.allclose(lap.line.offset, 3.5, atol=0.01)
    assert lap.lap_time == pytest.approx(2.0 * np.pi * np.sqrt(36.5 / 12.0), rel=2e-3)
    assert np.allclose(lap.speed, np.sqrt(36.5 * 12.0), rtol=2e-3)


def test_it_is_faster_than_the_line_of_least_curvature(track: Track, fastest: MinimumTime) -> None:
    ggv = point_mass()
    least = minimum_curvature(track, 1.3, 0.2)
    time = profile_time(track, fastest.line.offset, ggv)
    assert time < 0.995 * profile_time(track, least.offset, ggv)
    assert fastest.lap_time == pytest.approx(time, rel=0.01)
    assert fastest.line.clearance(1.3).min() >= 0.2
    assert fastest.line.curvature_squared > least.curvature_squared
    assert not fastest.line.notes


def test_speeds_stay_within_the_envelope(track: Track, fastest: MinimumTime) -> None:
    ggv, line, v = point_mass(), fastest.line, fastest.speed
    assert (v**2 * np.abs(line.curvature)).max() < 1.03 * ggv.lateral[0]
    along = (np.roll(v, -1) ** 2 - v**2) / (2.0 * line.step)
    assert along.max() < 1.03 * ggv.drive.max()
    assert along.min() > -1.03 * ggv.brake.max()


def test_the_same_bits_come_again_and_from_the_cache(tmp_path: Path) -> None:
    small = generate(1, length=200.0, spacing=1.0)
    seen: list[tuple[int, float]] = []
    ggv = point_mass()
    line = racing_line(
        small, "minimum_time", width=1.3, ggv=ggv, progress=lambda k, t: seen.append((k, t))
    )
    assert [k for k, _ in seen] == list(range(len(seen)))
    assert np.array_equal(line.offset, minimum_time(small, ggv, 1.3).line.offset)
    again = racing_line(small, "minimum_time", width=1.3, ggv=ggv)
    assert np.array_equal(line.offset, again.offset)
    assert again.name == "minimum_time"
    assert len(list((tmp_path / "lines").iterdir())) == 1


def test_what_is_missing_is_told(track: Track, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TrackError, match="g-g-v envelope"):
        racing_line(track, "minimum_time", width=1.3)
    monkeypatch.setitem(sys.modules, "casadi", None)
    with pytest.raises(MissingLibraryError, match="pip install casadi"):
        racing_line(track, "minimum_time", width=1.3, ggv=point_mass())
