"""Where cars passed each other, on which side, and where they tried to in vain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from racegym.interfaces import EventKind, OvertakeKind
from racegym.record import RunFolder
from racegym.report.moment_map import draw_list, draw_matrix, moment_map, number, stacked
from racegym.report.moments import Moment, moments
from racegym.report.style import FAINT, INK, car_colour
from racegym.report.wording import clock_text, short

__all__ = ["is_shown", "overtake_map_figure"]

Floats = NDArray[np.float64]


def is_shown(moment: Moment) -> bool:
    """Tell whether it was a try to pass on the track: an overtake that counts, or a failed one."""
    if moment.kind is EventKind.FAILED_ATTEMPT:
        return True
    return moment.value == OvertakeKind.TRACK and bool(moment.details.get("counted"))


def overtake_map_figure(
    folder: RunFolder, result: Mapping[str, Any], episode: Mapping[str, Any]
) -> Figure | None:
    """Draw each overtake on the track in the colour of who passed, and each failed attempt.

    They stand beside the track on the side on which it was, stacked where there are many.

    Few of them are numbered and listed. Of many it is counted who passed whom.

    Args:
        folder: of a run that is over.
        result: its result.
        episode: an entry of the result's ``episodes``.

    Returns:
        The picture, or None where nobody tried to pass anybody, or nobody knows where.
    """
    kinds = (EventKind.OVERTAKE, EventKind.FAILED_ATTEMPT)
    shown = [moment for moment in moments(folder, episode, kinds) if is_shown(moment)]
    drawn = moment_map(folder, episode, shown)
    if drawn is None:
        return None
    made = [moment for moment in shown if moment.kind is EventKind.OVERTAKE]
    sides = [moment.details.get("side") or 0.0 for moment in drawn.marked]
    places = stacked(drawn.track, drawn.marked, sides)
    for moment, place in zip(drawn.marked, places, strict=True):
        _mark(drawn.axes, moment, place)
    if drawn.is_numbered:
        number(drawn.axes, places)
    if drawn.is_listed:
        draw_list(drawn.beside, [_row(moment, drawn.names) for moment in shown])
    else:
        pairs = [(moment.car, moment.other) for moment in made]
        draw_matrix(drawn.beside, pairs, drawn.order, drawn.names, ("passed", "was passed"))
    _legend(drawn.axes)
    failed = len(shown) - len(made)
    what = f"{len(made)} overtake{'' if len(made) == 1 else 's'}, {failed} failed"
    return drawn.title(what, result, episode)


def _mark(axes: Axes, moment: Moment, place: Floats) -> None:
    """Draw a dot in the colour of who passed; a hollow one for who failed to."""
    failed = moment.kind is EventKind.FAILED_ATTEMPT
    colour = car_colour(moment.car)
    axes.plot(
        *place, "o", markersize=6.5, markerfacecolor="white" if failed else colour,
        markeredgecolor=colour if failed else "white", markeredgewidth=1.5 if failed else 0.6,
        zorder=6.0,
    )  # fmt: skip


def _row(moment: Moment, names: Mapping[int, str]) -> tuple[str, str, str]:
    failed = moment.kind is EventKind.FAILED_ATTEMPT
    verb = "failed at" if failed else "past"
    what = f"{short(names[moment.car], 13)} {verb} {short(names[moment.other], 13)}"
    side = {1: "left", -1: "right", 0: ""}[int(moment.details.get("side") or 0)]
    where = ", ".join(text for text in (side, f"lap {moment.lap}" if moment.lap else "") if text)
    return clock_text(moment.time), what, where


def _legend(axes: Axes) -> None:
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=6.5, markeredgecolor=INK, label=label,
               markerfacecolor=fill)
        for fill, label in ((INK, "passed, on the side where it stands"), ("white", "failed to"))
    ]  # fmt: skip
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2, frameon=False,
        fontsize=8.5, labelcolor=FAINT, handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip
