"""The look that all pictures share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["FAINT", "INK", "car_colour", "clean", "new_figure", "save"]

INK = "#22262b"
FAINT = "#8a9099"
# Twenty colours that differ in hue or in lightness, the strong ones first.
_COLOURS = (
    "#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#17becf", "#e377c2", "#8c564b",
    "#bcbd22", "#4d4d4d", "#7fb2dd", "#f19a9b", "#93d493", "#ffc48a", "#c6aedd", "#93dfe8",
    "#f3bfe0", "#c6a09a", "#dedf92", "#a8a8a8",
)  # fmt: skip


def car_colour(car: int) -> str:
    """Return the colour of a car, by its index."""
    return _COLOURS[car % len(_COLOURS)]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure [inches] that no global state knows of."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def clean(axes: Any) -> None:
    """Take away what does not carry information."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, without the metadata that would differ from version to version."""
    with mpl.rc_context({"savefig.dpi": 150}):
        figure.savefig(path, metadata={"Software": None})
