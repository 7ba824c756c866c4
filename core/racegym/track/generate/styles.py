"""The styles: what each is by default, and how its line is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import numpy as np

from racegym.track.generate.corners import STEP, Corners, Line, trace
from racegym.track.generate.loop import draw_loop
from racegym.track.generate.oval import draw_oval
from racegym.track.generate.polygon import Manner, draw_polygon
from racegym.track.generate.primitives import Composition, compose

__all__ = ["STYLES", "Direction", "Drawing", "Style", "StyleDefaults"]

Style = Literal[
    "club", "corners", "fast", "grand_prix", "kart", "oval", "smooth", "technical"
]  # fmt: skip
Direction = Literal["ccw", "cw"]

EVEN = 0.25  # of the usual spacing of points, where wide corners run into long straights
QUICK = 3  # fine steps between points, where many circuits are drawn in vain


class Drawing(Protocol):
    """Draws one trial of a circuit."""

    def __call__(
        self, rng: np.random.Generator, length: float, radius: float, east: float, ease: float
    ) -> Line | None:
        """Return the line of one trial, or None if it came to nothing.

        Args:
            rng: the draws.
            length: of the lap [m].
            radius: of the tightest corner [m].
            east: direction at the start line [rad].
            ease: 0 at the first trial, 1 at the last: less and less is asked of it.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class StyleDefaults:
    """What a style is where nothing else is asked for.

    Attributes:
        draw: how its line comes about.
        length: [m] the shortest and the longest lap; the seed decides.
        width: [m] the narrowest and the widest asphalt; the seed decides between.
        min_radius: [m].
        runoff: edge of the asphalt to the wall, over the width.
        grid: [m] along the track between slots; 0 leaves the grid to the rule of each race.
        gravel: whether the outsides of corners are.
        trials: after which the last resort is taken; the fewer, the sooner less is asked.
        patience: trials from which on each counts for several, so that none takes long.
        cramped: times the smallest radius; a shorter lap that no trial had room for is an egg or
            a bean, a longer one the last resort.
    """

    draw: Drawing
    length: tuple[float, float]
    width: tuple[float, float]
    min_radius: float
    runoff: float
    grid: float = 0.0
    gravel: bool = False
    trials: int = 160
    patience: int = 160
    cramped: float = 28.5


def _polygon(
    rng: np.random.Generator, length: float, radius: float, east: float, ease: float, *,
    manner: Manner,
) -> Line | None:  # fmt: skip
    return _traced(draw_polygon(rng, length, radius, manner, ease), radius, east)


def _composed(
    rng: np.random.Generator, length: float, radius: float, east: float, ease: float, *,
    style: Composition,
) -> Line | None:  # fmt: skip
    return _traced(compose(rng, length, radius, style, ease), radius, east, QUICK)


def _oval(
    rng: np.random.Generator, length: float, radius: float, east: float, ease: float
) -> Line | None:
    return _traced(draw_oval(rng, length, radius, ease), EVEN * radius, east, QUICK)


def _loop(
    rng: np.random.Generator, length: float, radius: float, east: float, ease: float
) -> Line | None:
    line = draw_loop(rng, length, radius, STEP * radius, ease)
    x, y = line.points.T
    turned = np.column_stack(
        [np.cos(east) * x - np.sin(east) * y, np.sin(east) * x + np.cos(east) * y]
    )
    return line._replace(points=turned)


def _traced(corners: Corners | None, radius: float, east: float, fine: int = 8) -> Line | None:
    return None if corners is None else trace(corners, STEP * radius, east, fine)


STYLES: dict[str, StyleDefaults] = {
    "club": StyleDefaults(
        draw=partial(_polygon, manner=Manner(radii=5.5, wide=3.0, stretch=1.9, winding=1.9)),
        length=(1000.0, 1000.0), width=(8.0, 8.0), min_radius=12.0, runoff=0.5,
        cramped=34.0,
    ),
    "corners": StyleDefaults(
        draw=partial(
            _composed,
            style=Composition(
                manner=Manner(radii=1.0, wide=3.0, stretch=1.8, winding=1.6, longest=0.1),
                vertices=(5, 8), small=0.75, most=6, untouched=1,
                pieces={"hairpin": 2.0, "chicane": 2.0, "bus_stop": 1.0, "esses": 1.5, "kink": 0.5},
            ),
        ),
        length=(1000.0, 2000.0), width=(8.0, 10.0), min_radius=10.0, runoff=0.45,
        grid=8.0, gravel=True, trials=48, patience=5,
    ),
    "fast": StyleDefaults(
        draw=partial(_polygon, manner=Manner(radii=8.0, wide=5.0, stretch=2.2, winding=1.5)),
        length=(1000.0, 1000.0), width=(8.0, 8.0), min_radius=12.0, runoff=0.5,
        cramped=34.0,
    ),
    "grand_prix": StyleDefaults(
        draw=partial(
            _composed,
            style=Composition(
                manner=Manner(radii=1.0, wide=9.0, stretch=2.2, winding=1.7, longest=0.12),
                vertices=(8, 13), small=0.78, most=8, untouched=1, large=2.2,
                pieces={"hairpin": 1.0, "chicane": 2.0, "bus_stop": 0.7, "esses": 2.5, "kink": 2.0},
            ),
        ),
        length=(3000.0, 7000.0), width=(10.0, 15.0), min_radius=14.0, runoff=0.5,
        grid=8.0, gravel=True, trials=48, patience=5,
    ),
    "kart": StyleDefaults(
        draw=partial(
            _composed,
            style=Composition(
                manner=Manner(radii=1.0, wide=2.6, stretch=1.7, winding=2.2, longest=0.07),
                vertices=(9, 15), small=0.8, most=7, untouched=1,
                pieces={"hairpin": 4.0, "chicane": 0.7, "bus_stop": 0.2, "esses": 1.2, "kink": 0.5},
            ),
        ),
        length=(700.0, 1500.0), width=(7.0, 9.0), min_radius=6.5, runoff=0.375,
        grid=4.0, gravel=True, trials=48, patience=5,
    ),
    "oval": StyleDefaults(
        draw=_oval,
        length=(800.0, 4000.0), width=(12.0, 18.0), min_radius=40.0, runoff=0.5, grid=9.0,
    ),
    "smooth": StyleDefaults(
        draw=_loop,
        length=(800.0, 1600.0), width=(8.0, 11.0), min_radius=15.0, runoff=0.5,
    ),
    "technical": StyleDefaults(
        draw=partial(_polygon, manner=Manner(radii=4.6, wide=2.0, stretch=1.7, winding=2.3)),
        length=(1000.0, 1000.0), width=(8.0, 8.0), min_radius=12.0, runoff=0.5,
        cramped=34.0,
    ),
}  # fmt: skip
