"""The look that all pictures share."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = [
    "FAINT",
    "GRID",
    "INK",
    "car_colour",
    "clean",
    "heading",
    "legend",
    "new_figure",
    "save",
    "settle",
    "write_svg",
]

INK = "#22262b"
FAINT = "#8a9099"
GRID = "#e7e9ec"
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


def clean(axes: Any, *, grid: Literal["x", "y", "both"] | None = None) -> None:
    """Take away what does not carry information; draw the lines of a grid behind the rest."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, labelsize=9)
    if grid is not None:
        axes.grid(axis=grid, color=GRID, linewidth=0.9)
        axes.set_axisbelow(True)


def heading(axes: Axes, title: str, about: str) -> None:
    """Write a title and, in grey below it, what the picture is of. ``$`` is no formula here."""
    axes.set_title(
        title, loc="left", fontsize=14, fontweight="bold", color=INK, pad=20, parse_math=False
    )
    axes.annotate(
        about, xy=(0, 1), xycoords="axes fraction", xytext=(0, 4), textcoords="offset points",
        fontsize=10, color=FAINT, va="bottom", parse_math=False,
    )  # fmt: skip


def legend(axes: Axes) -> None:
    """Write the legend right of all axes, where it covers nothing and presses nothing."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    handles, labels = axes.get_legend_handles_labels()
    box = figure.legend(
        handles, labels, loc="outside right upper", frameon=False, fontsize=9, borderaxespad=0.6
    )
    for text in box.get_texts():
        text.set_parse_math(False)
        text.set_color(INK)


def settle(figure: Figure) -> None:
    """Lay a figure out once before it is written.

    With axes of a fixed form, one round of layout is too few: labels stand half outside.
    """
    with _missing_glyphs():
        figure.draw_without_rendering()


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, without the metadata that would differ from version to version."""
    with mpl.rc_context({"savefig.dpi": 150}), _missing_glyphs():
        figure.savefig(path, metadata={"Software": None})


def write_svg(figure: Figure, target: IO[str], salt: str) -> None:
    """Write an SVG with text as text, and without metadata.

    Args:
        figure: what to write.
        target: open for text.
        salt: makes the ids in it differ from those of another SVG in the same page.
    """
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.patch.set_visible(False)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}), _missing_glyphs():
        figure.savefig(target, format="svg", metadata=nothing, dpi=110)


@contextmanager
def _missing_glyphs() -> Iterator[None]:
    """Let a name in a script that the font lacks show boxes, without a warning per letter."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(Glyph|Matplotlib currently does not support)")
        yield
