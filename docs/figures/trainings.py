"""Make a picture of docs/trainers: ``python docs/figures/trainings.py NAME RUN [RUN ...]``.

Each RUN is the folder of a finished training, of one seed or of several. What it writes is
docs/images/NAME.png: the return and the share of episodes that ended off the track over the steps,
of each seed, in the mean, and between the least and the most of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.ticker import EngFormatter
from numpy.typing import NDArray

from racegym.record import RunFolder
from racegym.record.figures import read_figures
from racegym.record.seeds import seed_folders
from racegym.report.style import car_colour, clean, new_figure, save

IMAGES = Path(__file__).resolve().parents[1] / "images"
POINTS = 60  # of a curve: each the mean of what was told around it
PANELS = (
    ("charts/episodic_return", "return of an episode", 1.0),
    ("racing/ended_by/off_track", "episodes ended off the track [%]", 100.0),
)

Floats = NDArray[np.float64]


def seeds_of(paths: list[Path]) -> Iterator[RunFolder]:
    """Yield the folder of each seed."""
    for path in paths:
        folder = RunFolder(path)
        own = seed_folders(folder)
        yield from own.values() if own else [folder]


def curve(folder: RunFolder, name: str) -> Floats:
    """Return (2, POINTS) steps and a figure's mean around them."""
    rows = [row for row in read_figures(folder).rows if np.isfinite(row.get(name, np.nan))]
    steps = np.array([row["steps"] for row in rows])
    values = np.array([row[name] for row in rows])
    part = np.minimum(steps * POINTS / steps[-1], POINTS - 1).astype(np.intp)
    told = np.bincount(part, minlength=POINTS)
    means = np.bincount(part, values, POINTS) / np.where(told, told, np.nan)
    middles = (np.arange(POINTS) + 0.5) * steps[-1] / POINTS
    return np.stack([middles, np.interp(middles, middles[told > 0], means[told > 0])])


def draw(folders: list[RunFolder], file: Path) -> None:
    """Draw the curves of some seeds."""
    figure = new_figure(8.2, 3.0)
    for axes, (name, label, factor) in zip(figure.subplots(1, 2), PANELS, strict=True):
        clean(axes, grid="y")
        curves = np.stack([curve(folder, name) for folder in folders])
        steps, values = curves[0, 0], factor * curves[:, 1]
        look = {"color": car_colour(0)}
        axes.fill_between(steps, values.min(0), values.max(0), alpha=0.15, linewidth=0, **look)
        axes.plot(steps, values.T, linewidth=0.6, alpha=0.6, **look)
        axes.plot(steps, values.mean(axis=0), linewidth=1.8, **look)
        axes.set_title(label, loc="left", fontsize=10)
        axes.set_xlabel("steps")
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
        axes.set_xlim(left=0.0)
    save(figure, file)


def main() -> None:
    """Draw what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("runs", nargs="+", type=Path)
    given = parser.parse_args()
    draw(list(seeds_of(given.runs)), IMAGES / f"{given.name}.png")


if __name__ == "__main__":
    main()
