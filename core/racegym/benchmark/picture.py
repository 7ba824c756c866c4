"""A picture of a benchmark: scores by task with their intervals, and performance profiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from racegym.benchmark.cost import duration_text, steps_text
from racegym.benchmark.references import lines_in
from racegym.benchmark.statistics import profile
from racegym.report.style import FAINT, INK, car_colour, clean, new_figure, save

if TYPE_CHECKING:
    from racegym.benchmark.report import Report

__all__ = ["draw_report"]

ROW = 0.26  # [inches] of one entry of one task
WIDTH = 13.0
PROFILE = 4.2  # [inches] the height of the profiles, however many tasks there are
AT = np.linspace(0.0, 110.0, 221)  # [%] scores of a profile


def draw_report(report: Report, path: Path) -> None:
    """Write the picture of a report.

    Args:
        report: of at least one cell.
        path: of the PNG.
    """
    rows = len(report.cells) + len(report.lines) + 2 * len(report.tasks)
    height = max(PROFILE + 0.8, ROW * rows + 1.4)
    figure = new_figure(WIDTH, height)
    grid = figure.add_gridspec(
        2, 2, width_ratios=(3, 2), height_ratios=(PROFILE, max(0.01, height - PROFILE))
    )
    _scores(report, figure.add_subplot(grid[:, 0]))
    _profiles(report, figure.add_subplot(grid[0, 1]))
    about = f"racegym benchmark, learned on {'; '.join(report.machines)}"
    figure.suptitle(
        about, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK, parse_math=False
    )
    save(figure, path)


def _scores(report: Report, axes: Axes) -> None:
    clean(axes, grid="x")
    y, ticks, names = 0.0, [], []
    beside = axes.get_yaxis_transform()  # [share of the width, row]
    for task in report.tasks:
        axes.text(0.0, y, task, transform=beside, fontsize=10, fontweight="bold", color=INK,
                  va="center", ha="left", parse_math=False, backgroundcolor="white")  # fmt: skip
        axes.text(1.02, y, "steps, time", transform=beside, fontsize=8, color=FAINT, va="center")
        y += 1.0
        cells = [cell for cell in report.cells if cell.task == task]
        lines = lines_in(report.lines, task)
        below = y + len(lines) + len(cells) - 0.5
        for line in lines:
            axes.plot([line.score] * 2, [y, below], color=FAINT, linewidth=1.0, linestyle=":")
            axes.plot([line.score], [y], "D", color=FAINT, markersize=4.5)
            axes.text(1.02, y, "reference, 0 steps", transform=beside, fontsize=8, color=FAINT,
                      va="center")  # fmt: skip
            ticks.append(y)
            names.append(line.label)
            y += 1.0
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
            axes.plot([found.value], [y], "|", color=colour, markersize=12, markeredgewidth=2.5)
            cost = f"{steps_text(cell.steps)}, {duration_text(cell.seconds())}"
            axes.text(1.02, y, cost, transform=beside, fontsize=8, color=INK, va="center")
            ticks.append(y)
            names.append(cell.label)
            y += 1.0
        y += 1.0
    axes.set_yticks(ticks, names, parse_math=False)
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
        axes.plot(AT, share, color=car_colour(index), linewidth=1.6, drawstyle="steps-post",
                  label=label)  # fmt: skip
        axes.fill_between(AT, low, high, color=car_colour(index), alpha=0.12, step="post",
                          linewidth=0)  # fmt: skip
    legend = axes.legend(frameon=False, fontsize=8, loc="lower left")
    for text in legend.get_texts():
        text.set_parse_math(False)
