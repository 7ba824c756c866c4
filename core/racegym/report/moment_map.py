"""A map of the track with what happened on it, and beside it a list or a count of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from racegym.record import RunFolder
from racegym.record.shapes import read_shapes
from racegym.report.moments import Moment, start_of
from racegym.report.style import FAINT, GRID, INK, car_colour, heading, new_figure
from racegym.report.track_marks import draw_scale
from racegym.report.wording import short
from racegym.track import Track

__all__ = [
    "LISTED",
    "MARKED",
    "MATRIX",
    "MomentMap",
    "draw_list",
    "draw_matrix",
    "moment_map",
    "number",
    "stacked",
    "track_of",
]

Floats = NDArray[np.float64]

MARKED = 400  # moments on the map at most
LISTED = 24  # moments that are numbered and listed; more are counted
MATRIX = 24  # cars that a count has rows for
LONG_SIDE = 6.2  # [inches] of the map
SIDE = 4.4  # [inches] of what stands beside it
ROW = 0.27  # [inches] of a list
MARK = 0.105  # [inches] of a mark
STACK = 0.17  # of the map's long side, the most that marks stand out from the track
BINS = 90  # along the track; marks in one of them are stacked
ASPHALT = "#c9cdd3"


def track_of(folder: RunFolder, episode: Mapping[str, Any]) -> Track | None:
    """Return the track of an episode as the run remembers it; None where that is lost."""
    shapes = read_shapes(folder.tracks)
    shape = start_of(folder, episode).get("shape", -1)
    return shapes[shape].track() if 0 <= shape < len(shapes) else None


class MomentMap(NamedTuple):
    """A map to mark the moments of an episode on, and what is needed for that."""

    track: Track
    names: dict[int, str]  # of the cars
    order: list[int]  # the cars by their places in the result
    marked: list[Moment]  # that have a place; the first of many
    is_listed: bool  # few enough to be listed
    is_numbered: bool  # and all marked
    figure: Figure
    axes: Axes  # of the map
    beside: Axes  # empty
    more: str  # what is to be said of those that are not marked

    def title(self, what: str, result: Mapping[str, Any], episode: Mapping[str, Any]) -> Figure:
        """Write the heading; return the figure."""
        heading(self.axes, what, f"{result['scenario']}  ·  {episode['track']}{self.more}")
        return self.figure


def moment_map(
    folder: RunFolder, episode: Mapping[str, Any], shown: Sequence[Moment]
) -> MomentMap | None:
    """Return a map on which nothing is marked yet; None where nothing is known to have a place.

    Args:
        folder: of a run that is over.
        episode: an entry of the result's ``episodes``.
        shown: what is to be marked.
    """
    track = track_of(folder, episode)
    placed = [moment for moment in shown if moment.is_placed]
    if track is None or not placed:
        return None
    rows = episode["classification"]
    listed = len(shown) <= LISTED
    figure, axes, beside = _map_figure(track, ROW * len(shown) + 1.4 if listed else 5.4)
    return MomentMap(
        track=track,
        names={row["car"]: str(row["name"]) for row in rows},
        order=[row["car"] for row in rows],
        marked=placed[:MARKED],
        is_listed=listed,
        is_numbered=listed and len(placed) == len(shown),
        figure=figure,
        axes=axes,
        beside=beside,
        more=f"  ·  the first {MARKED} are marked" if len(shown) > MARKED else "",
    )


def _map_figure(track: Track, high: float) -> tuple[Figure, Axes, Axes]:
    """Return a figure with a map, on which nothing is marked yet, and an empty place beside it.

    Args:
        track: to be drawn.
        high: [inches] that what stands beside the map needs.
    """
    s = track.spacing * np.arange(len(track) + 1)
    wrap = np.arange(len(track) + 1) % len(track)
    left = np.stack(track.at(s, track.width_left[wrap])[:2], axis=1)
    right = np.stack(track.at(s, -track.width_right[wrap])[:2], axis=1)
    both = np.concatenate([left, right])
    wide, tall = np.ptp(both, axis=0)
    scale = LONG_SIDE / max(wide, tall)
    across = max(3.6, float(wide * scale))
    figure = new_figure(across + SIDE + 0.6, max(3.4, float(tall * scale) + 1.2, high))
    axes, beside = figure.subplots(1, 2, width_ratios=(across, SIDE))
    middle = np.stack(track.at(s, 0.0 * s)[:2], axis=1)
    metre = 72.0 * scale  # [points]
    asphalt = metre * float((track.width_left + track.width_right).mean())
    axes.plot(*middle.T, color=ASPHALT, linewidth=max(asphalt, 5.0), solid_joinstyle="round")
    axes.plot(*np.stack([left[0], right[0]]).T, color=INK, linewidth=2.5, zorder=4)
    ahead = np.stack(track.at(np.array([0.0, 0.02 * track.length]), np.zeros(2))[:2], axis=1)
    axes.annotate(
        "", xy=tuple(ahead[1]), xytext=tuple(ahead[0]), zorder=4,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.4, "mutation_scale": 12},
    )  # fmt: skip
    axes.set_aspect("equal")
    axes.margins(0.06)
    for bare in (axes, beside):
        bare.set_xticks([])
        bare.set_yticks([])
        for side in bare.spines.values():
            side.set_visible(False)
    axes.autoscale_view()
    axes.set_anchor("NW")
    draw_scale(axes, float(wide))
    return figure, axes, beside


def stacked(track: Track, moments: Sequence[Moment], sides: Sequence[float]) -> Floats:
    """Return (n, 2) [m]: where to mark moments so that they don't cover each other.

    Those on a side are stacked outward from the edge of the track there, others on the middle.

    Args:
        track: the track.
        moments: each at a known place.
        sides: of each: 1 left of the track, -1 right, 0 on it.
    """
    line = np.stack([track.x, track.y], axis=1)
    both = np.ptp(line, axis=0)
    long = float(both.max())
    pitch = MARK * long / LONG_SIDE
    heights: dict[tuple[int, float], int] = {}
    places = []
    for moment, side in zip(moments, sides, strict=True):
        nearest = int(np.argmin(np.hypot(*(line - (moment.x, moment.y)).T)))
        key = nearest * BINS // len(line), side
        heights[key] = heights.get(key, 0) + 1
        places.append((nearest, side, heights[key]))
    tallest = max(heights.values(), default=1)
    pitch = min(pitch, STACK * long / tallest)
    edge = 0.5 * max(
        float((track.width_left + track.width_right).mean()), 5 * long / 72 / LONG_SIDE
    )
    s = np.array([track.spacing * place[0] for place in places])
    out = np.array([side * (edge + pitch * (level - 0.2)) for _, side, level in places])
    x, y, _ = track.at(s, out)
    return np.stack([x, y], axis=1)


def number(axes: Axes, places: Floats) -> None:
    """Write each mark's number beside it, away from other marks and numbers.

    Args:
        axes: of the map.
        places: (n, 2) [m] of the marks.
    """
    span = max(np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim()))
    turns = np.deg2rad([45, 135, -45, -135, 0, 180, 90, -90])
    taken = [tuple(place) for place in places]
    for index, at in enumerate(places, 1):
        spots = [
            at + 0.033 * far * span * np.array([np.cos(turn), np.sin(turn)])
            for far in (1.0, 1.6, 2.3)
            for turn in turns
        ]
        room = [min(np.hypot(*(spot - np.array(taken)).T)) for spot in spots]
        free = next((k for k, r in enumerate(room) if r > 0.03 * span), int(np.argmax(room)))
        taken.append(tuple(spots[free]))
        axes.annotate(
            str(index), xy=tuple(at), xytext=tuple(spots[free]), ha="center", va="center",
            fontsize=8, color=INK, zorder=8, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.6, "shrinkA": 5,
                        "shrinkB": 3},
        )  # fmt: skip


def draw_list(axes: Axes, rows: Sequence[tuple[str, str, str]]) -> None:
    """Write numbered rows.

    Args:
        axes: beside a map.
        rows: time, what happened, and in grey where.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    axes.set_xlim(0, 1)
    axes.set_ylim(max(len(rows), figure.get_figheight() / ROW) + 0.5, 0.0)
    for number, (time, what, where) in enumerate(rows, 1):
        for x, text, colour, side in (
            (0.05, str(number), FAINT, "right"), (0.21, time, FAINT, "right"),
            (0.24, what, INK, "left"), (1.0, where, FAINT, "right"),
        ):  # fmt: skip
            axes.text(
                x, number, text, ha=side, va="center", fontsize=8.5, color=colour, parse_math=False
            )


def draw_matrix(axes: Axes, pairs: Sequence[tuple[int, int]], order: Sequence[int],
                names: Mapping[int, str], words: tuple[str, str]) -> None:  # fmt: skip
    """Draw how often each car did something to each other car.

    Args:
        axes: beside a map.
        pairs: of cars: who, and to whom.
        order: of the cars in the result; of too many those stay that did and suffered most.
        names: by car.
        words: for rows and columns.
    """
    busy = {car: sum(car in pair for pair in pairs) for car in order}
    kept = set(sorted(order, key=lambda car: -busy[car])[:MATRIX])
    cars = [car for car in order if car in kept and busy[car]]
    place = {car: index for index, car in enumerate(cars)}
    counts = np.zeros((len(cars), len(cars)), np.int64)
    left_out = 0
    for car, other in pairs:
        if car in place and other in place:
            counts[place[car], place[other]] += 1
        else:
            left_out += 1
    axes.set_xlim(-0.5, len(cars) - 0.5)
    axes.set_ylim(len(cars) - 0.5, -0.5)
    axes.set_aspect("equal", anchor="NW")
    small = 8.0 if len(cars) <= 14 else 6.5
    for index in range(len(cars)):
        axes.axhline(index + 0.5, color=GRID, linewidth=0.6)
        axes.axvline(index + 0.5, color=GRID, linewidth=0.6)
        axes.plot(index, index, "s", color=GRID, markersize=small, zorder=1)
    for row, column in np.argwhere(counts):
        axes.text(
            column, row, str(counts[row, column]), ha="center", va="center", fontsize=small,
            color=car_colour(cars[row]), fontweight="bold",
        )  # fmt: skip
    labels = [f"P{list(order).index(car) + 1} {short(names[car], 14)}" for car in cars]
    axes.set_yticks(range(len(cars)), labels, fontsize=small, color=INK, parse_math=False)
    axes.set_xticks(
        range(len(cars)), labels, fontsize=small, color=INK, rotation=90, parse_math=False
    )
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_ylabel(words[0], color=FAINT, fontsize=9)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(words[1], color=FAINT, fontsize=9)
    if left_out:
        axes.annotate(
            f"{left_out} more between other cars", xy=(0, 0), xycoords="axes fraction",
            xytext=(0, -12), textcoords="offset points", fontsize=8, color=FAINT, va="top",
            annotation_clip=False,
        )  # fmt: skip
