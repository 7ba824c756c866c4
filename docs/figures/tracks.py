"""Make the pictures of docs/track_checks.md: ``python docs/figures/tracks.py``.

Needs racegym and racegym-kart2d. Half a minute on one core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from racegym.report.driven_line import driven_line
from racegym.report.track_picture import draw_track
from racegym.run.limit import vehicle_model
from racegym.scenario.track_names import find_track
from racegym.scenario.vehicle_facts import vehicle_facts, vehicle_limits
from racegym.track import Track, generate
from racegym.track.validation import validate

IMAGES = Path(__file__).resolve().parents[1] / "images"
WIDEST = 820  # pixels
COLOURS = 256  # of a picture, so that its file is small


class Picture(NamedTuple):
    """One picture of the page."""

    name: str
    track: Track
    vehicle: str


def pictures() -> Iterator[Picture]:
    """Yield what is drawn: tracks by hand, and tracks from seeds."""
    for name, vehicle in (("meadow", "rental_kart"), ("workshop", "rc_car"), ("hillside", "gt3")):
        yield Picture(name, find_track(name)[0], vehicle)
    yield Picture("generated_kart", generate(7, length=900.0, width=8.0), "rental_kart")
    yield Picture("generated_long", generate(12, length=3200.0, width=12.0), "gt3")
    plain = generate(4, length=700.0, width=9.0)
    s = np.array([120.0, 240.0, 390.0, 520.0, 600.0])
    x, y, _ = plain.at(s, np.array([2.0, -2.2, 1.5, -1.0, 2.5]))
    yield Picture(
        "generated_obstacles",
        plain.with_obstacles(np.column_stack([x, y, np.full(len(s), 0.7)])),
        "rental_kart",
    )


def broken() -> Track:
    """Return a track with something wrong in many places."""
    track = find_track("meadow")[0]
    s = track.spacing * np.arange(len(track))
    left, right = track.width_left.copy(), track.width_right.copy()
    left[(s > 300.0) & (s < 320.0)] = 7.0
    pinched = (s > 520.0) & (s < 530.0)
    left[pinched], right[pinched] = 0.6, 0.6
    assert track.pit is not None and track.grid is not None
    grid = track.grid.copy()
    grid[3, 1] = -6.0
    x, y, _ = track.at(np.array([160.0, 160.0]), np.array([2.2, -2.2]))
    return replace(
        track,
        name="broken",
        width_left=left,
        width_right=right,
        grid=grid,
        pit=replace(track.pit, offset=-8.0, width=6.5),
    ).with_obstacles(np.column_stack([x, y, [1.7, 1.7]]))


def shrink(path: Path) -> None:
    """Make a picture smaller, in pixels and in bytes."""
    picture = Image.open(path).convert("RGB")
    high = round(picture.height * WIDEST / picture.width)
    small = picture.resize((WIDEST, high), Image.Resampling.LANCZOS)
    # Rounds of k-means leave the large areas the colours that they have.
    small.quantize(COLOURS, Image.Quantize.MEDIANCUT, 3, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


def main() -> None:
    """Draw all of them."""
    for name, track, vehicle in pictures():
        path = IMAGES / f"track_{name}.png"
        facts = vehicle_facts(vehicle, "kart2d")
        line = driven_line(track, vehicle_model(vehicle, "kart2d"), vehicle)
        draw_track(track, path, line=line, car=(facts["length"], facts["width"]))
        shrink(path)
    report = validate(broken(), vehicle_limits("rental_kart", "kart2d"))
    assert report.track is not None
    path = IMAGES / "track_report.png"
    draw_track(report.track, path, problems=report.problems, car=(1.95, 1.4))
    shrink(path)


if __name__ == "__main__":
    main()
