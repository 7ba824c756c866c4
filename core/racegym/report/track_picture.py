"""A picture of a track: what it is made of, how fast its line is, and what is wrong with it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from racegym.report.style import FAINT, INK, clean, heading, new_figure, save, settle, write_svg
from racegym.report.track_ground import (
    OBSTACLE,
    PIT,
    VERGES,
    draw_boxes,
    draw_ground,
    draw_obstacles,
    draw_slots,
)
from racegym.report.track_marks import draw_scale, draw_start
from racegym.track import Track
from racegym.track.borders import border_points
from racegym.track.corners import find_corners
from racegym.track.validation import Problem
from racegym.track.verges import verges

__all__ = ["DrivenLine", "draw_track"]

Floats = NDArray[np.float64]

LONG_SIDE = 8.4  # [inches] of the map
LEAST_WIDE, LEAST_HIGH = 5.2, 3.2  # [inches]
CHECKPOINT, SECTOR = "#5b8bc9", "#7b4fb5"
COLOURS = {"error": "#d01c2a", "warning": "#e08a00"}
HILLY = 0.002  # of the lap: less height than that is no hill
MOST_LINES = 14  # of text about problems
CAR_LENGTH, CAR_WIDTH = 0.32, 0.16  # of the track's width, where no car is named
SECTOR_BEYOND = 0.25  # of the width, that a sector's line is longer on either side
BADGE = 13.0  # points from the edge to the middle of a corner's number


@dataclass(frozen=True, kw_only=True, eq=False)
class DrivenLine:
    """A line around a track and how fast it is driven, at the track's samples.

    Attributes:
        d: (n,) [m] lateral offset, left positive.
        speed: (n,) [m/s].
        about: what it is, such as "minimum_curvature line of rental_kart, 41.2 s".
    """

    d: Floats
    speed: Floats
    about: str


def draw_track(
    track: Track,
    path: Path,
    *,
    line: DrivenLine | None = None,
    car: tuple[float, float] | None = None,
    problems: Sequence[Problem] = (),
    about: str = "",
) -> Path:
    """Draw a track from above, and its heights below if it has any.

    Args:
        track: the track.
        path: of the picture; ``.svg`` writes an SVG, anything else a PNG.
        line: what is driven, coloured by speed.
        car: [m] length and width of a car, for the slots of the grid.
        problems: marked at their places, in the order of their numbers.
        about: written below the title.

    Returns:
        ``path``.
    """
    borders = border_points(track)
    west, south = borders.reshape(-1, 2).min(axis=0)
    east, north = borders.reshape(-1, 2).max(axis=0)
    wide, high = max(float(east - west), 1e-3), max(float(north - south), 1e-3)
    scale = LONG_SIDE / max(wide, high)
    hilly = float(np.ptp(track.z)) > HILLY * track.length
    lines = [_told(number, problem) for number, problem in enumerate(problems, start=1)]
    lines = lines[:MOST_LINES] + (
        [f"and {len(lines) - MOST_LINES} more"] * (len(lines) > MOST_LINES)
    )
    rows = [max(LEAST_HIGH, high * scale + 0.3)]
    rows += [1.3] * hilly + [0.19 * len(lines) + 0.1] * bool(lines)
    figure = new_figure(max(LEAST_WIDE, wide * scale + 1.5), sum(rows) + 1.5)
    grid = figure.add_gridspec(len(rows), 1, height_ratios=rows)
    axes = figure.add_subplot(grid[0])
    _draw_map(figure, axes, track, 1.0 / (72.0 * scale), line, car, problems)
    parts = [f"{track.length:,.0f} m".replace(",", "\u2009"), about or (line.about if line else "")]
    heading(axes, track.name, "  ·  ".join(part for part in parts if part))
    _frame(axes, (float(west), float(east)), (float(south), float(north)))
    draw_scale(axes, wide)
    if hilly:
        _draw_heights(figure.add_subplot(grid[1]), track)
    if lines:
        _write(figure.add_subplot(grid[-1]), lines, problems)
    settle(figure)
    return _save(figure, path)


def _save(figure: Figure, path: Path) -> Path:
    if path.suffix.lower() == ".svg":
        text = io.StringIO()
        write_svg(figure, text, path.stem)
        path.write_text(text.getvalue(), encoding="utf-8")
    else:
        save(figure, path)
    return path


def _frame(axes: Axes, across: tuple[float, float], up: tuple[float, float]) -> None:
    """Show all of the map and nothing else, to scale."""
    axes.set_aspect("equal")
    axes.autoscale_view()
    for get, set_, (low, high) in (
        (axes.get_xlim, axes.set_xlim, across),
        (axes.get_ylim, axes.set_ylim, up),
    ):
        least, most = get()
        margin = 0.03 * max(across[1] - across[0], up[1] - up[0])
        set_(min(least, low - margin), max(most, high + margin))
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])


def _draw_map(
    figure: Figure,
    axes: Axes,
    track: Track,
    point: float,
    line: DrivenLine | None,
    car: tuple[float, float] | None,
    problems: Sequence[Problem],
) -> None:
    """Draw everything on the map; a ``point`` of the picture is so many metres."""
    wide = float((track.width_left + track.width_right).mean())
    draw_ground(axes, track, point)
    draw_boxes(axes, track)
    draw_slots(axes, track, *(car or (CAR_LENGTH * wide, CAR_WIDTH * wide)))
    draw_obstacles(axes, track)
    _draw_gates(axes, track)
    beyond = min(track.runoff, 0.5 * wide)
    draw_start(axes, track, _side_of_arrow(track, beyond), beyond)
    _write_names(axes, track, point)
    if line is not None:
        _draw_line(figure, axes, track, line, wide / point)
    _mark_problems(axes, track, problems)
    _write_legend(figure, track)


def _side_of_arrow(track: Track, beyond: float) -> float:
    """Return the side of the start line, 1 left, that has more room for an arrow and no pits."""
    if track.pit is not None:
        return -float(np.sign(track.pit.offset))
    wide = float(track.width_left[0] + track.width_right[0])
    s = np.linspace(0.0, max(0.04 * track.length, wide), 5)
    room = []
    for side, width in ((1.0, track.width_left[0]), (-1.0, track.width_right[0])):
        x, y, _ = track.at(s, side * (float(width) + beyond + 0.8 * wide))
        away = np.hypot(track.x[:, None] - x, track.y[:, None] - y)
        room.append(float((away - track.width_left[:, None]).min()))
    return 1.0 if room[0] >= min(room[1], wide) else -1.0


def _draw_line(figure: Figure, axes: Axes, track: Track, line: DrivenLine, asphalt: float) -> None:
    """Draw a line coloured by speed, on asphalt of so many points."""
    x, y = track.x - line.d * track.tangent_y, track.y + line.d * track.tangent_x
    places = np.column_stack([x, y])
    segments = np.stack([places, np.roll(places, -1, axis=0)], axis=1)
    drawn = LineCollection(
        list(segments), cmap="turbo", linewidths=float(np.clip(0.22 * asphalt, 1.3, 2.8)),
        capstyle="round", zorder=6,
    )  # fmt: skip
    drawn.set_array(3.6 * 0.5 * (line.speed + np.roll(line.speed, -1)))
    axes.add_collection(drawn)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.7, pad=0.02, aspect=28)
    bar.set_label("speed [km/h]", color=INK)
    bar.outline.set_visible(False)


def _draw_gates(axes: Axes, track: Track) -> None:
    """Draw checkpoints across the asphalt, and sectors beyond it with their numbers."""
    for gates, colour, width, beyond in (
        (track.checkpoints[1:], CHECKPOINT, 0.7, 0.0),
        (track.sectors[1:], SECTOR, 1.8, SECTOR_BEYOND),
    ):
        for s in gates.tolist():
            x, y = _across(track, s, beyond)
            axes.plot(x, y, color=colour, linewidth=width, zorder=5.6 + beyond,
                      solid_capstyle="butt")  # fmt: skip


def _across(track: Track, s: float, beyond: float) -> tuple[Floats, Floats]:
    """Return both ends of a line across the track at ``s``, ``beyond`` track widths longer."""
    k = round(s / track.spacing) % len(track)
    more = beyond * float(track.width_left[k] + track.width_right[k])
    x, y, _ = track.at(
        np.full(2, s), np.array([track.width_left[k] + more, -track.width_right[k] - more])
    )
    return x, y


def _write_names(axes: Axes, track: Track, point: float) -> None:
    """Write the numbers of corners and sectors where they cover nothing, if there is room."""
    wide = float((track.width_left + track.width_right).mean())
    verge = min(track.runoff, 0.5 * wide)
    taken: list[Floats] = []
    for number, corner in enumerate(find_corners(track), start=1):
        side = -1.0 if corner.turn > 0.0 else 1.0
        x, y = _free_place(track, corner.apex, side, verge + BADGE * point, point, taken)
        axes.annotate(
            str(number), xy=(x, y), fontsize=8, color=INK, ha="center", va="center", zorder=11,
            bbox={"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": FAINT,
                  "linewidth": 0.8},
        )  # fmt: skip
        axes.plot([x], [y], alpha=0)  # keeps it in the picture
    for number, s in enumerate(track.sectors.tolist(), start=1):
        if s > 0.0:
            beyond = max(verge, SECTOR_BEYOND * wide) + 0.7 * BADGE * point
            x, y = _free_place(track, s, -1.0, beyond, point, taken)
            axes.annotate(
                f"S{number}", xy=(x, y), fontsize=8, color=SECTOR, fontweight="bold",
                ha="center", va="center", zorder=11,
            )  # fmt: skip


def _free_place(
    track: Track, s: float, side: float, beyond: float, point: float, taken: list[Floats]
) -> tuple[float, float]:
    """Return a place beside the track that is clear of it and of places ``taken`` before.

    Args:
        track: the track.
        s: [m] beside which it should be.
        side: preferred, 1 left and -1 right.
        beyond: [m] at least from the edge.
        point: [m] of the picture.
        taken: places (2,) [m]; the new one is added.
    """
    k = round(s / track.spacing) % len(track)
    best, most = np.zeros(2), -np.inf
    for rank, (way, further) in enumerate([(1.0, 0.0), (1.0, 0.7), (-1.0, 0.0), (-1.0, 0.7)]):
        width = float(track.width_left[k] if side * way > 0.0 else track.width_right[k])
        x, y, _ = track.at(s, side * way * (width + beyond + further * BADGE * point))
        place = np.array([float(x), float(y)])
        edge = np.hypot(track.x - place[0], track.y - place[1])
        clear = float((edge - np.maximum(track.width_left, track.width_right)).min()) / point
        room = min([clear, *(float(np.hypot(*(place - other))) / point - BADGE for other in taken)])
        worth = min(room, 0.7 * BADGE) - 0.5 * rank
        if worth > most:
            best, most = place, worth
    taken.append(best)
    return float(best[0]), float(best[1])


def _mark_problems(axes: Axes, track: Track, problems: Sequence[Problem]) -> None:
    """Mark stretches by a wide line, and places by a number."""
    for number, problem in enumerate(problems, start=1):
        if problem.s is None:
            continue
        colour = COLOURS[problem.severity]
        if problem.since is not None and problem.until is not None:
            long = (problem.until - problem.since) % track.length
            s = problem.since + np.linspace(0.0, long, max(2, round(long / track.spacing) + 1))
            x, y, _ = track.at(s, problem.d)
            axes.plot(x, y, color=colour, linewidth=7.0, alpha=0.35, zorder=12,
                      solid_capstyle="round")  # fmt: skip
        x, y, heading_ = track.at(problem.s, problem.d)
        axes.plot([x], [y], marker="o", markersize=5, color=colour, zorder=13,
                  markeredgecolor="white", markeredgewidth=0.8)  # fmt: skip
        # Numbers stand off by turns, so that neighbours do not cover each other.
        away = (16.0 + 11.0 * (number % 3)) * (1.0 if number % 2 else -1.0)
        offset = (-away * float(np.sin(heading_)), away * float(np.cos(heading_)))
        axes.annotate(
            str(number), xy=(float(x), float(y)), xytext=offset, textcoords="offset points",
            fontsize=8, fontweight="bold", color="white", ha="center", va="center", zorder=14,
            bbox={"boxstyle": "circle,pad=0.25", "facecolor": colour, "edgecolor": "white"},
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.0},
            annotation_clip=False,
        )  # fmt: skip


def _told(number: int, problem: Problem) -> str:
    where = "" if problem.s is None else f" at s = {problem.s:.1f} m"
    text = f"{number}  {problem.check}{where}: {problem.what}"
    return text if len(text) <= 120 else text[:119] + "…"


def _write(axes: Axes, lines: Sequence[str], problems: Sequence[Problem]) -> None:
    """Write what the numbers on the map mean."""
    axes.set_axis_off()
    for row, text in enumerate(lines):
        colour = COLOURS[problems[row].severity] if row < len(problems) else INK
        axes.text(
            0.0, 1.0 - (row + 0.5) / len(lines), text, transform=axes.transAxes, fontsize=8,
            color=colour, va="center", parse_math=False,
        )  # fmt: skip


def _draw_heights(axes: Axes, track: Track) -> None:
    """Draw the height along the lap."""
    s = track.spacing * np.arange(len(track) + 1)
    z = np.append(track.z, track.z[0])
    low = float(z.min())
    axes.fill_between(s, z - low, color="#dfe5ee")
    axes.plot(s, z - low, color=INK, linewidth=1.2)
    for place in track.sectors[1:].tolist():
        axes.axvline(place, color=SECTOR, linewidth=1.0)
    clean(axes, grid="y")
    axes.set_xlim(0.0, track.length)
    axes.set_ylim(0.0, 1.15 * float(np.ptp(z)))
    axes.set_xlabel("s [m]", fontsize=9, color=INK)
    axes.set_ylabel("height [m]", fontsize=9, color=INK)


def _write_legend(figure: Figure, track: Track) -> None:
    """Name below the picture whatever is on it and is not plain to see."""
    beside = track.runoff > track.kerb_width or track.pit is not None
    present = {int(code) for code in np.unique(verges(track))} if beside else set()
    handles: list[Patch | Line2D] = [
        Patch(facecolor=VERGES[code][1], edgecolor=FAINT, linewidth=0.5, label=VERGES[code][0])
        for code in VERGES
        if code in present
    ]
    if track.pit is not None:
        limit = f"pit lane, {3.6 * track.pit.speed_limit:.0f} km/h"
        handles.append(Patch(facecolor=PIT, edgecolor=INK, linewidth=0.5, label=limit))
    if len(track.obstacles):
        handles.append(
            Line2D([], [], marker="o", color=OBSTACLE, linestyle="none", label="obstacle")
        )
    handles.append(Line2D([], [], color=CHECKPOINT, linewidth=1.0, label="checkpoint"))
    if len(track.sectors) > 1:
        handles.append(Line2D([], [], color=SECTOR, linewidth=1.8, label="sector"))
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 5), frameon=False,
        fontsize=8, labelcolor=INK,
    )  # fmt: skip
