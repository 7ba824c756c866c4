"""A picture of the best lap: where on the track it was fast, and where slow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection, PolyCollection
from matplotlib.patches import Circle
from numpy.typing import NDArray

from racegym.record import RunFolder
from racegym.record.result import Lap, read_laps
from racegym.report.best_laps import best_lap
from racegym.report.style import INK, heading, new_figure, save, settle
from racegym.report.track_ground import draw_beside, draw_boxes
from racegym.report.track_marks import draw_scale, draw_start, edges
from racegym.report.wording import lap_text
from racegym.track import Track
from racegym.track.verges import GRASS, verges

__all__ = ["draw_ground", "draw_track_map"]

Floats = NDArray[np.float64]

ASPHALT = "#e4e6e9"
KERB = "#c8322d"
OBSTACLE = "#d9730d"
LONG_SIDE = 9.0  # [inches] of the map


def draw_track_map(folder: RunFolder, result: Mapping[str, Any], track: Track) -> Path | None:
    """Draw the best lap of the winner, coloured by speed.

    Without a valid lap, all that the winner has driven is drawn.

    Args:
        folder: of a run that is over, with telemetry; written to.
        result: its result; the first episode is drawn.
        track: that of the first episode.

    Returns:
        The picture's path, or None if there is nothing to draw.
    """
    if not result["classification"] or not folder.telemetry.exists():
        return None
    winner = result["classification"][0]
    lap = best_lap(read_laps(folder.laps), result["episodes"][0], winner["car"])
    x, y, speed = _driven(folder, winner["car"], lap)
    if len(x) < 2:
        return None

    left_x, left_y, right_x, right_y = edges(track)
    wide = float(np.ptp([*left_x, *right_x]))
    high = float(np.ptp([*left_y, *right_y]))
    scale = LONG_SIDE / max(wide, high)
    figure = new_figure(max(4.5, wide * scale) + 1.6, max(3.2, high * scale) + 1.3)
    axes = figure.add_subplot()
    metre = 72.0 * scale  # [points]
    draw_ground(axes, track, metre)
    asphalt = metre * float((track.width_left + track.width_right).mean())
    segments = np.stack([np.column_stack([x, y])[:-1], np.column_stack([x, y])[1:]], axis=1)
    line = LineCollection(
        list(segments),
        cmap="turbo",
        linewidths=min(max(0.5 * asphalt, 1.6), 2.6),
        capstyle="round",
        zorder=4,
    )
    line.set_array(3.6 * 0.5 * (speed[1:] + speed[:-1]))
    axes.add_collection(line)
    bar = figure.colorbar(line, ax=axes, shrink=0.75, pad=0.02, aspect=28)
    bar.set_label("speed [km/h]", color=INK)
    bar.outline.set_visible(False)

    if lap is None:
        what = f"{winner['name']}, no timed lap"
    else:
        what = f"{winner['name']}, lap {lap.number}: {lap_text(lap.lap_time)}"
    heading(axes, what, f"{result['scenario']}  ·  {track.name}, {track.length:.0f} m")
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.margins(0.04)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    draw_scale(axes, wide)
    settle(figure)
    save(figure, folder.track_map)
    return folder.track_map


def _driven(folder: RunFolder, car: int, lap: Lap | None) -> tuple[Floats, Floats, Floats]:
    """Return x [m], y [m] and speed [m/s] along a lap, with a row on either side of it."""
    table = pq.read_table(
        folder.telemetry,
        columns=["time", "x", "y", "vx", "vy", "status"],
        filters=[("car", "=", car), ("race", "=", 0), ("episode", "=", 0)],
    )
    rows = {name: table.column(name).to_numpy() for name in table.column_names}
    time = rows["time"]
    first, last = 0, len(time)
    if lap is not None and lap.lap_time is not None:
        first = max(0, int(np.searchsorted(time, lap.time - lap.lap_time)) - 1)
        last = int(np.searchsorted(time, lap.time)) + 1
    part = slice(first, last)
    return rows["x"][part], rows["y"][part], np.hypot(rows["vx"][part], rows["vy"][part])


def draw_ground(axes: Axes, track: Track, metre: float) -> None:
    """Draw asphalt, kerbs, edges, obstacles and the start line; a ``metre`` has so many points."""
    left_x, left_y, right_x, right_y = edges(track)
    left, right = np.column_stack([left_x, left_y]), np.column_stack([right_x, right_y])
    if track.pit is not None or (verges(track) != GRASS).any():
        draw_beside(axes, track, 0.5)
        draw_boxes(axes, track)
    quads = np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1)
    # Quad by quad, so that the asphalt is right where the track passes over itself.
    axes.add_collection(
        PolyCollection(list(quads), facecolor=ASPHALT, edgecolor=ASPHALT, linewidth=0.5, zorder=1)
    )
    kerb = metre * track.kerb_width
    if kerb > 0.5:  # else it is too narrow to be seen
        for x, y in _pairs(edges(track, 0.5 * track.kerb_width)):
            axes.plot(x, y, color="white", linewidth=kerb, zorder=2)
            axes.plot(x, y, color=KERB, linewidth=kerb, linestyle=(0, (2, 2)), zorder=2)
    for x, y in _pairs((left_x, left_y, right_x, right_y)):
        axes.plot(x, y, color=INK, linewidth=0.9 if kerb > 0.5 else 0.6, zorder=3)
    if len(track.obstacles):
        # The line around them keeps small ones visible.
        circles = [Circle((x, y), radius) for x, y, radius in track.obstacles]
        axes.add_collection(
            PatchCollection(
                circles, facecolor=OBSTACLE, edgecolor=OBSTACLE, linewidth=1.5, zorder=3
            )
        )
    draw_start(axes, track)


def _pairs(edges: tuple[Floats, Floats, Floats, Floats]) -> list[tuple[Floats, Floats]]:
    return [(edges[0], edges[1]), (edges[2], edges[3])]
