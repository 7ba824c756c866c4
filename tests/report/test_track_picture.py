"""Pictures of tracks: everything on them is drawn, and problems are marked in their places."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from racegym.interfaces import Surface
from racegym.report.track_picture import DrivenLine, draw_track
from racegym.track import PitLane, Track, generate
from racegym.track.validation import Problem


@pytest.fixture
def track() -> Track:
    plain = generate(5, length=600.0)
    n = len(plain)
    lane = PitLane(
        entry=550.0, exit=40.0, offset=-8.5, width=3.0, speed_limit=10.0, boxes=(5.0, 14.0)
    )
    full = replace(
        plain,
        z=3.0 * np.sin(2.0 * np.pi * np.arange(n) / n),
        surface_left=np.full(n, Surface.GRAVEL),
        grid=np.array([[594.0, 1.0], [588.0, -1.0]]),
        pit=lane,
    )
    x, y, _ = full.at(200.0, 1.0)
    return full.with_obstacles([[float(x), float(y), 0.5]])


def texts(path) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text("utf-8"))


def test_everything_is_named_in_an_svg(track, tmp_path):
    line = DrivenLine(d=np.zeros(len(track)), speed=np.full(len(track), 10.0), about="a kart, 60 s")
    told = texts(draw_track(track, tmp_path / "all.svg", line=line))
    for expected in ("grass", "gravel", "paved run-off", "pit lane, 36 km/h", "obstacle",
                     "checkpoint", "sector", "S2", "S3", "speed [km/h]", "height [m]", "20 m",
                     track.name):  # fmt: skip
        assert expected in told, expected
    assert any("a kart, 60 s" in text for text in told)
    assert "1" in told  # a corner


def test_what_a_track_has_not_is_not_drawn(tmp_path):
    told = texts(draw_track(generate(5, length=600.0), tmp_path / "plain.svg"))
    assert "grass" in told
    for absent in ("gravel", "paved run-off", "obstacle", "speed [km/h]", "height [m]"):
        assert absent not in told


def test_problems_are_numbered_and_told_below(track, tmp_path):
    problems = [
        Problem(check="width", severity="error", what="is too narrow", s=100.0),
        Problem(check="kink", severity="warning", what="jumps", s=590.0, since=580.0, until=10.0),
        Problem(check="scale", severity="warning", what="are these metres?"),
    ]
    told = texts(draw_track(track, tmp_path / "bad.svg", problems=problems))
    assert "1  width at s = 100.0 m: is too narrow" in told
    assert "2  kink at s = 590.0 m: jumps" in told
    assert "3  scale: are these metres?" in told
    many = draw_track(track, tmp_path / "many.svg", problems=problems * 10)
    assert "and 16 more" in texts(many)


def test_gravel_is_where_the_track_says(track, tmp_path):
    """The picture of one with gravel on the left differs from one with grass there only."""
    pictures = []
    for code in (Surface.GRASS, Surface.GRAVEL):
        path = tmp_path / f"{code}.png"
        one = replace(track, surface_left=np.full(len(track), code), z=np.zeros(len(track)))
        draw_track(one, path)
        pictures.append(np.asarray(Image.open(path).convert("RGB"), np.int16))
    gravel = (np.abs(pictures[1] - [239, 223, 182]).max(axis=2) < 4).sum()
    assert gravel > 2000
    # On the other side there is grass still.
    assert (np.abs(pictures[1] - [228, 240, 218]).max(axis=2) < 4).sum() > 2000


def test_a_bridge_is_drawn_and_a_tiny_track_too(tmp_path):
    angle = 0.5 + np.linspace(0.0, 2.0 * np.pi, 80, endpoint=False)
    eight = np.column_stack([150.0 * np.sin(angle), 90.0 * np.sin(2.0 * angle)])
    crossed = Track.from_points(eight, 4.0, 4.0, name="eight", crossings="allow")
    assert draw_track(crossed, tmp_path / "eight.png").stat().st_size > 20_000
    small = Track.from_points(eight * 0.02, 0.2, 0.2, name="small $x", crossings="allow")
    assert "small $x" in texts(draw_track(small, tmp_path / "small.svg"))
