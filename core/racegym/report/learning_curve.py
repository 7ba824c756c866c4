"""A picture of how a training went: each of its figures over the steps."""

from __future__ import annotations

from math import ceil
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from racegym.record import RunFolder
from racegym.record.figures import read_figures
from racegym.record.folder import read_json
from racegym.record.trained import read_training
from racegym.report.seed_curves import SeedCurve, seed_curves
from racegym.report.style import FAINT, INK, car_colour, clean, new_figure, save
from racegym.report.wording import MISSING, short
from racegym.scenario.training_settings import EVALUATION

__all__ = ["draw_learning_curve", "learning_curve"]

MOST = 24  # figures in one picture: how it was judged, and then those that were told first
FEW, ACROSS, MORE_ACROSS = 12, 3, 4  # of up to so many figures this many are beside each other
LETTERS = 32  # of a figure's name
MARGIN = 0.15  # above and below what the seeds have told, as a part of that


def draw_learning_curve(folder: RunFolder) -> Path | None:
    """Draw every figure of a training over its steps.

    Args:
        folder: of a training; written to.

    Returns:
        The picture's path, or None if there are no figures.
    """
    figure = learning_curve(folder)
    if figure is None:
        return None
    save(figure, folder.learning_curve)
    return folder.learning_curve


def learning_curve(folder: RunFolder) -> Figure | None:
    """Return the picture of ``draw_learning_curve``.

    Evaluations come first. Figures that were never a number are left out, and so are those
    beyond ``MOST``; the picture says how many. Of several seeds it shows the mean of each figure
    and its interval, before the seeds.
    """
    training, state = read_training(folder), read_json(folder.state)
    seeds = [row["seed"] for row in training.get("seeds", [])]
    curves = seed_curves(folder) if seeds else _curves_of_one(folder)
    told = sorted(curves, key=lambda name: not name.startswith(EVALUATION))
    names = told[:MOST]
    if not names:
        return None
    across = min(ACROSS if len(names) <= FEW else MORE_ACROSS, len(names))
    down = ceil(len(names) / across)
    figure = new_figure(max(6.0, 3.6 * across), 2.6 * down + 0.7)
    of = f"seeds {', '.join(map(str, seeds))}" if seeds else f"seed {training['seed']}"
    more = f"; {len(told) - MOST} more not drawn" if len(told) > MOST else ""
    figure.suptitle(
        f"{short(state['scenario'])}: {training['trainer']}, {short(of)}{more}",
        x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK, parse_math=False,
    )  # fmt: skip
    for index, name in enumerate(names):
        axes = figure.add_subplot(down, across, index + 1)
        _draw(axes, name, curves[name], index)
        if index >= len(names) - across:
            axes.set_xlabel("steps", color=INK)
    return figure


def _curves_of_one(folder: RunFolder) -> dict[str, SeedCurve]:
    told = read_figures(folder)
    found = {}
    for name in told.columns[2:]:
        points = np.array([(row["steps"], row[name]) for row in told.rows if name in row], float)
        if len(points) and np.isfinite(points[:, 1]).any():
            steps, values = points.T
            found[name] = SeedCurve(steps, {}, values, values, values)
    return found


def _draw(axes: Axes, name: str, curve: SeedCurve, index: int) -> None:
    clean(axes, grid="y")
    mark, colour = "o" if len(curve.steps) < 3 else "", car_colour(index)
    if len(curve.values) > 1:
        axes.fill_between(curve.steps, curve.low, curve.high, color=colour, alpha=0.15, linewidth=0)
    for values in curve.values.values():
        axes.plot(curve.steps, values, color=colour, linewidth=0.6, alpha=0.6)
    told = np.concatenate(list(curve.values.values()) or [curve.mean])
    if len(curve.values) > 1 and np.ptp(told) > 0:  # the interval of few seeds dwarfs the curves
        room = MARGIN * np.ptp(told)
        axes.set_ylim(told.min() - room, told.max() + room)
    axes.plot(curve.steps, curve.mean, color=colour, linewidth=1.5, marker=mark)
    axes.set_title(short(name, LETTERS), loc="left", fontsize=10, color=INK, parse_math=False)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.tick_params(labelsize=8)
    last = curve.mean[-1]
    axes.annotate(
        f"{last:.4g}" if np.isfinite(last) else MISSING, xy=(1, 1), xycoords="axes fraction",
        xytext=(0, 4), textcoords="offset points", ha="right", fontsize=8, color=FAINT,
    )  # fmt: skip
