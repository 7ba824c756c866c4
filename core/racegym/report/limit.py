"""A picture of the limit of a lap: the line on its track, and its speeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from racegym.raceline.reference import ReferenceLap
from racegym.report.style import FAINT, GRID, INK, car_colour, clean, heading, new_figure, save
from racegym.report.track_map import draw_ground
from racegym.report.wording import lap_text

__all__ = ["draw_limit"]

LONG_SIDE = 7.0  # [inches] of the map
SHOWN = 1.25  # of the greatest speed: up to where corner speeds are drawn


def draw_limit(reference: ReferenceLap, vehicle: str, path: Path) -> None:
    """Draw a lap at the limit: where it goes, and how fast.

    Args:
        reference: the lap.
        vehicle: what it is called.
        path: of the picture, PNG.
    """
    track, line = reference.line.track, reference.line
    wide, high = float(np.ptp(track.x)), float(np.ptp(track.y))
    scale = LONG_SIDE / max(wide, high)
    height = max(2.4, high * scale)
    figure = new_figure(9.0, height + 3.6)
    above, below = figure.subplots(2, 1, height_ratios=[height, 2.6])
    draw_ground(above, track, 72.0 * scale)
    places = np.column_stack([line.x, line.y])
    kmh = 3.6 * reference.speed
    drawn = LineCollection(
        list(np.stack([places, np.roll(places, -1, axis=0)], axis=1)),
        cmap="turbo",
        linewidths=2.0,
        capstyle="round",
        zorder=4,
    )
    drawn.set_array(0.5 * (kmh + np.roll(kmh, -1)))
    above.add_collection(drawn)
    bar = figure.colorbar(drawn, ax=above, shrink=0.8, pad=0.02, aspect=28)
    bar.set_label("speed [km/h]", color=INK)
    bar.outline.set_visible(False)
    heading(
        above,
        f"{lap_text(reference.lap_time)}, {line.name.replace('_', ' ')}",
        f"{vehicle}  ·  {track.name}, {track.length:.0f} m  ·  reference {reference.hash}",
    )
    above.set_aspect("equal")
    above.autoscale_view()
    above.margins(0.04)
    for side in above.spines.values():
        side.set_visible(False)
    above.set_xticks([])
    above.set_yticks([])
    _draw_speeds(below, reference)
    save(figure, path)


def _draw_speeds(axes: Axes, reference: ReferenceLap) -> None:
    track = reference.line.track
    s = track.spacing * np.arange(len(track))
    top = 3.6 * float(reference.speed.max())
    corner = np.minimum(3.6 * reference.lap.corner_speed, SHOWN * top)
    axes.plot(s, corner, color=FAINT, linewidth=1.0, label="what the corner allows")
    axes.plot(s, 3.6 * reference.speed, color=car_colour(0), linewidth=1.8, label="speed")
    for begin, seconds in zip(track.sectors, reference.sector_times, strict=True):
        axes.axvline(begin, color=GRID, linewidth=1.2, zorder=0)
        axes.annotate(
            f"{seconds:.3f} s", xy=(begin, 0), xycoords=("data", "axes fraction"),
            xytext=(4, 4), textcoords="offset points", fontsize=9, color=FAINT,
        )  # fmt: skip
    axes.set_xlim(0.0, track.length)
    axes.set_ylim(0.0, 1.08 * top)
    axes.set_xlabel("s [m]", color=INK)
    axes.set_ylabel("speed [km/h]", color=INK)
    axes.legend(frameon=False, fontsize=9, loc="lower right", labelcolor=INK)
    clean(axes)
