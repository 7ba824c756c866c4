"""A picture of two laps: speed over distance, time lost over distance, and a map of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from racegym.errors import RunError
from racegym.report.comparison import Comparison, CornerLoss
from racegym.report.comparison_table import lost_text
from racegym.report.style import FAINT, INK, car_colour, clean, heading, new_figure, save
from racegym.report.wording import lap_text

__all__ = ["comparison_figure", "draw_comparison"]

Floats = NDArray[np.float64]

EVENED = 0.02  # of the lap over which the rate of loss on the map is averaged
ASPHALT = "#e4e6e9"
SHADE = "#f0f1f3"
LEAST_RATE = 0.05  # [s per 100 m] that the map's colours reach to at least


def draw_comparison(comparison: Comparison, path: Path) -> None:
    """Draw a comparison into a PNG file.

    Raises:
        RunError: it can't be written.
    """
    try:
        save(comparison_figure(comparison), path)
    except (OSError, ValueError) as error:  # ValueError: an ending that is no picture's
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"the picture can't be written: {reason}", file=path) from error


def comparison_figure(comparison: Comparison) -> Figure:
    """Return a picture of a comparison."""
    x, y = comparison.track.x, comparison.track.y
    tall = float(np.ptp(y)) / max(float(np.ptp(x)), 1.0)
    figure = new_figure(15.0, 7.2)
    grid = figure.add_gridspec(
        2, 2, width_ratios=(2.0, float(np.clip(1.3 / max(tall, 0.4), 0.9, 1.4))),
        height_ratios=(1.5, 1.0),
    )  # fmt: skip
    speed = figure.add_subplot(grid[0, 0])
    lost = figure.add_subplot(grid[1, 0], sharex=speed)
    _draw_speed(speed, comparison)
    _draw_lost(lost, comparison)
    for axes in (speed, lost):
        _shade_corners(axes, comparison)
    _label_corners(speed, comparison.corners)
    beside = grid[:, 1].subgridspec(2, 3, height_ratios=(30.0, 1.0), width_ratios=(1.0, 4.0, 1.0))
    coloured = _draw_map(figure.add_subplot(beside[0, :]), comparison)
    bar = figure.colorbar(coloured, cax=figure.add_subplot(beside[1, 1]), orientation="horizontal")
    bar.set_label("B lost [s in 100 m]", color=INK)
    bar.outline.set_visible(False)
    a, b = comparison.laps
    who = f"{b.who} against {a.who}: {lost_text(comparison.total)} s"
    heading(speed, who, f"{comparison.track.name}, {comparison.track.length:.0f} m")
    figure.align_ylabels([speed, lost])
    return figure


def _draw_speed(axes: Axes, comparison: Comparison) -> None:
    for index, (letter, lap) in enumerate(zip("AB", comparison.laps, strict=True)):
        label = f"{letter}  {lap.who}  ({lap_text(lap.lap.lap_time)})"
        axes.plot(
            comparison.s, 3.6 * lap.speed, color=car_colour(index), linewidth=1.6, label=label
        )
    clean(axes, grid="y")
    axes.set_ylabel("speed [km/h]", color=INK)
    axes.tick_params(labelbottom=False)
    axes.margins(y=0.12)
    box = axes.legend(loc="lower right", frameon=True, framealpha=0.85, edgecolor="none",
                      fontsize=9)  # fmt: skip
    for text in box.get_texts():
        text.set_parse_math(False)
        text.set_color(INK)


def _draw_lost(axes: Axes, comparison: Comparison) -> None:
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    s, lost = comparison.s, comparison.lost
    axes.fill_between(s, lost, where=(lost >= 0.0).tolist(), color="#d62728", alpha=0.15,
                      interpolate=True, linewidth=0.0)  # fmt: skip
    axes.fill_between(s, lost, where=(lost <= 0.0).tolist(), color="#2ca02c", alpha=0.15,
                      interpolate=True, linewidth=0.0)  # fmt: skip
    axes.plot(s, lost, color=INK, linewidth=1.5)
    for start in comparison.track.sectors[1:]:
        axes.axvline(float(start), color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    clean(axes, grid="y")
    axes.set_ylabel("B lost [s]", color=INK)
    axes.set_xlabel("distance from the start line [m]", color=INK)
    axes.set_xlim(0.0, comparison.track.length)
    axes.margins(y=0.15)


def _shade_corners(axes: Axes, comparison: Comparison) -> None:
    length = comparison.track.length
    for each in comparison.corners:
        start, end = each.corner.start, each.corner.end
        spans = [(start, end)] if start < end else [(start, length), (0.0, end)]
        for low, high in spans:
            axes.axvspan(low, high, color=SHADE, zorder=0, linewidth=0)


def _label_corners(axes: Axes, corners: tuple[CornerLoss, ...]) -> None:
    for each in corners:
        axes.annotate(
            str(each.number), xy=(each.corner.apex, 1.0), xycoords=("data", "axes fraction"),
            xytext=(0, -3), textcoords="offset points", ha="center", va="top", fontsize=9,
            color=FAINT,
        )  # fmt: skip


def _draw_map(axes: Axes, comparison: Comparison) -> LineCollection:
    """Draw where B went, coloured by how much it lost there; return what has the colours."""
    track, lap = comparison.track, comparison.laps[1]
    s = track.spacing * np.arange(len(track) + 1)
    wrap = np.arange(len(track) + 1) % len(track)
    for side in (track.width_left, -track.width_right):
        edge_x, edge_y, _ = track.at(s, side[wrap])
        axes.plot(edge_x, edge_y, color=FAINT, linewidth=0.7, zorder=2)
    rate = 100.0 * _evened(np.gradient(comparison.lost, comparison.s), comparison)
    points = np.column_stack([lap.x, lap.y])
    segments = np.stack([points[:-1], points[1:]], axis=1)
    most = max(float(np.quantile(np.abs(rate), 0.98)), LEAST_RATE)
    coloured = LineCollection(
        list(segments), cmap="RdYlGn_r", linewidths=4.0, capstyle="round", zorder=3
    )
    coloured.set_array(0.5 * (rate[1:] + rate[:-1]))
    coloured.set_clim(-most, most)
    axes.add_collection(coloured)
    _number_corners(axes, comparison)
    left, right = (track.at(0.0, d) for d in (track.width_left[0], -track.width_right[0]))
    axes.plot([float(left[0]), float(right[0])], [float(left[1]), float(right[1])], color=INK,
              linewidth=3.0, zorder=4)  # fmt: skip
    axes.set_aspect("equal")
    axes.margins(0.08)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    return coloured


def _number_corners(axes: Axes, comparison: Comparison) -> None:
    """Write each corner's number and loss outside of it."""
    track = comparison.track
    away = 0.045 * float(np.hypot(np.ptp(track.x), np.ptp(track.y)))
    for each in comparison.corners:
        k = round(each.corner.apex / track.spacing) % len(track)
        side = -1.0 if each.corner.turn > 0.0 else 1.0
        wide = track.width_left[k] if side > 0.0 else track.width_right[k]
        x, y, _ = track.at(each.corner.apex, side * (wide + away))
        lost = round(each.lost, 2) + 0.0  # no -0.00
        axes.annotate(
            f"{each.number}\n{lost:+.2f}", xy=(float(x), float(y)), ha="center",
            va="center", fontsize=8, color=INK, annotation_clip=False,
        )  # fmt: skip
        axes.plot([float(x)], [float(y)], alpha=0.0)  # keeps it in the picture


def _evened(rate: Floats, comparison: Comparison) -> Floats:
    """Return the rate averaged over a part of the lap."""
    window = max(3, round(EVENED * len(comparison.s)) | 1)
    padded = np.concatenate([rate[-window // 2 :], rate, rate[: window // 2 + 1]])
    mean = np.convolve(padded, np.ones(window) / window, "same")
    half = window // 2 + 1
    return np.asarray(mean[half : half + len(rate)])
