"""Racing lines on many tracks, and of least time on real circuits."""

from __future__ import annotations

from typing import get_args

import pytest

from racegym.raceline import Line
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.raceline.minimum_time import minimum_time
from racegym.raceline.quasi_steady import lap_of_line
from racegym.raceline.shortest import shortest
from racegym.run.limit import vehicle_model
from racegym.track import Track, generate
from racegym.track.generate import Style

STYLES = get_args(Style)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("obstacles", [0, 5])
def test_lines_of_every_style_keep_their_margin(style: Style, obstacles: int) -> None:
    for seed in range(10):
        track = generate(100 + seed, style=style, obstacles=obstacles)
        line = minimum_curvature(track, 1.3)
        centre = Line.centerline(track)
        assert line.clearance(1.3).min() >= 0.13 - 1e-12
        assert not line.notes
        assert abs(line.curvature).max() < 1.2 * abs(track.curvature).max()
        if not obstacles:
            assert line.curvature_squared < centre.curvature_squared
            assert shortest(track, 1.3).length < min(line.length, track.length)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Norisring", "Spielberg"])
def test_the_lap_of_least_time_is_faster_and_quasi_steady(tum: dict[str, Track], name: str) -> None:
    """What the solver promises is what the simulation finds on its line, within 0.5 %."""
    pytest.importorskip("casadi", reason="minimum-time lines need the extra mintime")
    model = vehicle_model("gt3")
    ggv = model.ggv()
    fastest = minimum_time(tum[name], ggv, model.width)
    time = lap_of_line(fastest.line, ggv, relief=False).lap_time
    least = lap_of_line(minimum_curvature(tum[name], model.width), ggv, relief=False).lap_time
    assert fastest.lap_time == pytest.approx(time, rel=0.005)
    assert 0.95 * least < time < 0.995 * least
    assert fastest.line.clearance(model.width).min() >= 0.1 * model.width
