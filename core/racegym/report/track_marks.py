"""Marks that maps of tracks share: the start line with its arrow, and a scale."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from racegym.report.style import INK
from racegym.track import Track

__all__ = ["draw_scale", "draw_start", "edges"]

Floats = NDArray[np.float64]


def edges(track: Track, beyond: float = 0.0) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the left and the right edge, closed, ``beyond`` [m] outside of the asphalt."""
    s = track.spacing * np.arange(len(track) + 1)
    wrap = np.arange(len(track) + 1) % len(track)
    left_x, left_y, _ = track.at(s, track.width_left[wrap] + beyond)
    right_x, right_y, _ = track.at(s, -track.width_right[wrap] - beyond)
    return left_x, left_y, right_x, right_y


def draw_start(axes: Axes, track: Track, side: float = 1.0, beyond: float = 0.0) -> None:
    """Draw the line, and beside it an arrow the way that the cars go.

    Args:
        axes: of the map.
        track: the track.
        side: of the arrow, 1 left and -1 right.
        beyond: [m] that it is moved out, past what is drawn beside the track.
    """
    reach = 0.35 * (track.width_left[0] + track.width_right[0])
    across = np.array([track.width_left[0] + reach, -track.width_right[0] - reach])
    x, y, _ = track.at(np.zeros(2), across)
    axes.plot(x, y, color=INK, linewidth=3.2, zorder=9, solid_capstyle="butt")
    axes.plot(x, y, color="white", linewidth=1.4, zorder=10, linestyle=(0, (1.5, 1.5)))
    long = max(0.04 * track.length, 3.0 * reach)
    width = track.width_left[0] if side > 0.0 else track.width_right[0]
    offset = side * (width + 2.2 * reach + track.kerb_width + beyond)
    tail_x, tail_y, heading = track.at(0.0, offset)
    tip = (float(tail_x + long * np.cos(heading)), float(tail_y + long * np.sin(heading)))
    axes.annotate(
        "", xy=tip, xytext=(float(tail_x), float(tail_y)),
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 2, "mutation_scale": 18},
        zorder=10, annotation_clip=False,
    )  # fmt: skip
    axes.plot([float(tail_x), tip[0]], [float(tail_y), tip[1]], alpha=0)  # keeps it in the picture


def draw_scale(axes: Axes, wide: float) -> None:
    """Draw a bar of a round number of metres below a map that is ``wide`` [m]."""
    power = 10 ** np.floor(np.log10(0.25 * wide))
    long = float(max(k * power for k in (1, 2, 5) if k * power <= 0.25 * wide))
    low, _ = axes.get_ylim()
    west, _ = axes.get_xlim()
    axes.plot([west, west + long], [low, low], color=INK, linewidth=2.5, clip_on=False,
              solid_capstyle="butt")  # fmt: skip
    axes.annotate(
        f"{long:g} m", xy=(west + long, low), xytext=(6, 0), textcoords="offset points",
        va="center", fontsize=9, color=INK, annotation_clip=False,
    )  # fmt: skip
