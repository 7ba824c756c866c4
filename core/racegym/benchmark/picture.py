"""A picture of a benchmark: scores by task with their intervals, and performance profiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from racegym.benchmark.statistics import profile
from racegym.report.style import FAINT, INK, car_colour, clean, new_figure, save

if TYPE_CHECKING:
    from racegym.benchmark.report import Report

__all__ = ["draw_report"]

ROW = 0.26  # [inches] of one entry of one task
WIDTH = 11.0
AT = np.linspace(0.0, 110.0, 221)  # [%] scores of a profile


def draw_report(report: Report, path: Path) -> None:
    """Write the picture of a report.

    Args:
        report: of at least one cell.
        path: of the PNG.
    """
    rows = sum(len([c for c in report.cells if c.task == task]) + 1 for task in report.tasks)
    figure = new_figure(WIDTH, max(3.6, ROW * rows + 1.4))
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    _scores(report, left)
    _profiles(report, right)
    figure.suptitle(
        "racegym benchmark", x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK
    )
    handles, labels = left.get_legend_handles_labels()
    known = dict(zip(labels, handles, strict=True))
    figure.legend(
        known.values(), known.keys(), loc="outside upper right", frameon=False, fontsize=9, ncols=6
    )
    save(figure, path)


def _scores(report: Report, axes: Axes) -> None:
    clean(axes, grid="x")
    y, ticks = 0.0, []
    for task in report.tasks:
        cells = [cell for cell in report.cells if cell.task == task]
        ticks.append((y + 0.5 * (len(cells) - 1), task))
        for cell in cells:
            colour = car_colour(report.labels.index(cell.label))
            found = cell.estimates()["score"]
            assert found is not None
            axes.plot(
                cell.scores, np.full(len(cell.scores), y), "o", color=colour, alpha=0.35,
                markersize=4, markeredgewidth=0,
            )  # fmt: skip
            if found.low is not None and found.high is not None:
                axes.plot([found.low, found.high], [y, y], color=colour, linewidth=5, alpha=0.35,
                          solid_capstyle="butt")  # fmt: skip
            axes.plot(
                [found.value], [y], "|", color=colour, markersize=12, markeredgewidth=2.5,
                label=cell.label,
            )  # fmt: skip
            y += 1.0
        y += 1.0
    axes.set_yticks([at for at, _ in ticks], [task for _, task in ticks])
    axes.set_ylim(y - 1.0, -1.0)
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]), right=max(100.0, axes.get_xlim()[1]))
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("score [% of the reference's pace]; bar: 95 %, dots: seeds", color=INK)
    axes.set_title("Interquartile means", loc="left", fontsize=10, color=INK)


def _profiles(report: Report, axes: Axes) -> None:
    clean(axes, grid="both")
    axes.set_title("Share of runs above a score", loc="left", fontsize=10, color=INK)
    axes.set_xlabel("score [%]", color=INK)
    axes.set_xlim(AT[0], AT[-1])
    axes.set_ylim(-0.02, 1.02)
    if not report.shared:
        axes.text(
            0.5, 0.5, "no task has runs of all entries", ha="center", transform=axes.transAxes,
            color=FAINT, fontsize=10,
        )  # fmt: skip
        return
    for index, label in enumerate(report.labels):
        share, low, high = profile(report.scores(label), AT)
        axes.plot(AT, share, color=car_colour(index), linewidth=1.6, drawstyle="steps-post")
        axes.fill_between(AT, low, high, color=car_colour(index), alpha=0.12, step="post",
                          linewidth=0)  # fmt: skip
