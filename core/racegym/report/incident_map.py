"""Where cars touched each other, how hard, and whose doing it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from racegym.interfaces import BlameKind, EventKind
from racegym.race_control.telling import BLAMES
from racegym.record import RunFolder
from racegym.report.moment_map import draw_list, draw_matrix, moment_map, number
from racegym.report.moments import Moment, moments
from racegym.report.style import FAINT
from racegym.report.wording import clock_text, short

__all__ = ["CLASS_COLOURS", "blamed", "incident_map_figure", "incidents"]

CLASS_COLOURS = {0: "#9aa3ad", 1: "#e0b000", 2: "#ee7a1f", 4: "#d02a2a"}


def incidents(folder: RunFolder, episode: Mapping[str, Any]) -> list[Moment]:
    """Return the contacts of an episode that have been judged, by time."""
    return moments(folder, episode, (EventKind.CONTACT,))


def blamed(moment: Moment) -> tuple[int, float] | None:
    """Return the car that has most of the blame and its share; None where nobody has any."""
    share = moment.details.get("share") or 0.0
    other = moment.details.get("other_share") or 0.0
    if share <= 0.0 and other <= 0.0:
        return None
    return (moment.car, share) if share >= other else (moment.other, other)


def incident_map_figure(
    folder: RunFolder, result: Mapping[str, Any], episode: Mapping[str, Any]
) -> Figure | None:
    """Draw each contact in the colour of its class.

    Few of them are numbered and listed. Of many it is counted who touched whom.

    Args:
        folder: of a run that is over.
        result: its result.
        episode: an entry of the result's ``episodes``.

    Returns:
        The picture, or None where nobody touched anybody, or nobody knows where.
    """
    shown = incidents(folder, episode)
    drawn = moment_map(folder, episode, shown)
    if drawn is None:
        return None
    for moment in drawn.marked:
        level = int(moment.value or 0)
        drawn.axes.plot(
            moment.x, moment.y, "o", markersize=4.5 + level, color=CLASS_COLOURS[level],
            markeredgecolor="white", markeredgewidth=0.7, alpha=0.9, zorder=6.0 + 0.1 * level,
        )  # fmt: skip
    if drawn.is_numbered:
        number(drawn.axes, np.array([(moment.x, moment.y) for moment in drawn.marked]))
    if drawn.is_listed:
        draw_list(drawn.beside, [_row(moment, drawn.names) for moment in shown])
    else:
        pairs = [_pair(moment) for moment in shown]
        draw_matrix(drawn.beside, pairs, drawn.order, drawn.names, ("more to blame", "touched"))
    _legend(drawn.axes, shown)
    return drawn.title(f"{len(shown)} contact{'' if len(shown) == 1 else 's'}", result, episode)


def _pair(moment: Moment) -> tuple[int, int]:
    """Return both cars, the one first that has more of the blame."""
    to_blame = blamed(moment)
    if to_blame is not None and to_blame[0] == moment.other:
        return moment.other, moment.car
    return moment.car, moment.other


def _row(moment: Moment, names: Mapping[int, str]) -> tuple[str, str, str]:
    first, second = _pair(moment)
    what = f"{short(names[first], 12)} – {short(names[second], 12)}"
    to_blame = blamed(moment)
    if to_blame is None:
        return clock_text(moment.time), what, f"{moment.value or 0:.0f}x  no blame"
    kind = BLAMES[BlameKind(int(moment.details.get("blame") or 0))].split(",")[0].split(":")[0]
    return clock_text(moment.time), what, f"{moment.value or 0:.0f}x  {kind}"


def _legend(axes: Axes, shown: list[Moment]) -> None:
    counts = {level: sum(moment.value == level for moment in shown) for level in CLASS_COLOURS}
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=4.5 + level, markeredgecolor="white",
               color=colour, label=f"{level}x: {counts[level]}")
        for level, colour in CLASS_COLOURS.items()
    ]  # fmt: skip
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=4, frameon=False,
        fontsize=8.5, labelcolor=FAINT, handletextpad=0.2, columnspacing=1.4,
    )  # fmt: skip
