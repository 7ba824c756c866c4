"""Circuits drawn from a seed, in one of several styles.

What comes too near to itself, or is too tight, is drawn again, and less and less is asked of
it. A lap too short for any style is an egg or a bean. The last resort is a rounded rectangle, so
every possible request is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError, nearest
from racegym.track.generate.corners import STEP, Line, rectangle, signed_area, trace
from racegym.track.generate.furniture import banked, gravel, grid_slots, pit_lane, widths
from racegym.track.generate.polygon import draw_cramped
from racegym.track.generate.styles import STYLES, Direction, Style, StyleDefaults
from racegym.track.nearby import comes_near
from racegym.track.scatter import check_scatter, scatter
from racegym.track.track import MIN_SAMPLES, Track, default_spacing

__all__ = ["STEEPEST", "generate", "most_samples", "shortest_length"]

Floats = NDArray[np.float64]

LONGEST = 20_000.0  # [m]
SHORTEST = 12.0  # times the smallest radius: a rounded rectangle with straights to start on
MARGIN = 0.375  # of the width, beside each edge, kept free of other parts: 3 m for 8 m
STEEPEST = 0.7  # [rad] of banking
_PURPOSE = 0x7472_6163  # keeps these draws apart from all others made from the same seed
_SIZE = 0x7369_7A65  # and those of length and width from those of the line
_SMALL = 0x736D_616C  # and those of very short laps
CRAMPED_TRIALS = 60
_HURRY = 5  # trials that each counts for once a style's patience is over
_SLACK = 1.03  # radii are drawn a little above the least one, for the spline to stay above it


def shortest_length(
    width: float, min_radius: float, runoff: float | None = None, style: Style = "club"
) -> float:
    """Return the shortest lap [m] that ``generate`` makes.

    Args:
        width: of the asphalt [m], at its widest.
        min_radius, runoff, style: as in ``generate``.
    """
    wall = STYLES[style].runoff * width if runoff is None else float(runoff)
    return SHORTEST * _SLACK * max(min_radius, 0.5 * _clearance(width, wall))


def most_samples(
    style: Style = "club", length: float | None = None, spacing: float | None = None
) -> int:
    """Return how many samples a circuit of any seed has at most; arguments as in ``generate``."""
    lap = 1.01 * (STYLES[style].length[1] if length is None else length)
    return max(MIN_SAMPLES, int(lap / (spacing or default_spacing(lap))) + 2)


def generate(
    seed: int,
    *,
    style: Style = "club",
    length: float | None = None,
    width: float | None = None,
    width_max: float | None = None,
    min_radius: float | None = None,
    direction: Direction | None = None,
    name: str | None = None,
    spacing: float | None = None,
    kerb_width: float | None = None,
    runoff: float | None = None,
    banking: float = 0.0,
    pit: bool = False,
    obstacles: int = 0,
) -> Track:
    """Return the circuit of ``seed``: the same arguments always give the same track.

    The start line lies on the longest straight, or where the line is straightest. No part comes
    nearer to another than its run-off, and never nearer than 3/8 of the width from edge to the
    middle between them.

    Args:
        seed: 0 or more.
        style: what it looks like; ``racegym.track.generate.STYLES`` holds them.
        length: of the lap [m], met within 0.5 %; at most 20 km. None: the style's, where the
            seed decides if it has a range.
        width: of the asphalt [m], where it is narrowest. None: the style's.
        width_max: [m] where it is widest; between them the width changes smoothly. None: the
            same everywhere if ``width`` is given, else the style's.
        min_radius: no corner of the centerline is tighter [m]. None: the style's.
        direction: "ccw" or "cw"; by default the seed decides.
        name: of the track. Default: style and seed.
        spacing, kerb_width: as in ``Track.from_points`` [m].
        runoff: edge of the asphalt to the wall [m], inf for no wall. Default: the style's share
            of the width.
        banking: [rad] of the tightest corner, its outside higher; of others by their curvature.
        pit: whether there is a pit lane beside the start straight.
        obstacles: that many are scattered beside the middle half of the track, see
            ``racegym.track.scatter``. The circuit is the same as without.

    Raises:
        TrackError: if a setting is out of range; it names the nearest that is possible.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise TrackError(f"seed must be a whole number, 0 or more, not {seed!r}")
    if style not in STYLES:
        raise TrackError(f"no track style {style!r}; {nearest(style, STYLES)}")
    own = STYLES[style]
    size = np.random.Generator(np.random.PCG64(np.random.SeedSequence([_SIZE, seed])))
    asked = (length, width, width_max, min_radius, runoff)
    plan = _plan(own, np.append(np.sort(size.uniform(size=2)), size.uniform()), *asked)
    worst = _plan(own, np.array([1.0, 1.0, 0.0]), *asked)
    _check(plan, worst, width_max, direction, banking)
    check_scatter(obstacles, worst.length, worst.wide)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([_PURPOSE, seed])))
    clockwise = bool(rng.integers(2))
    if direction is not None:  # drawn all the same, so that it changes nothing else
        clockwise = direction == "cw"
    east = rng.uniform(0.0, 2.0 * np.pi)
    source = f"generated: seed {seed}, {style}, {plan.length:g} m"
    for line in _lines(own, rng, plan, east, seed):
        if line is None or not _keeps_clear(line.points, plan.clearance, plan.length):
            continue
        if (signed_area(line.points) < 0.0) != clockwise:
            line.points[:, 1] *= -1.0
        across = (
            widths(size, plan.narrow, plan.wide, len(line.points))
            if plan.wide > plan.narrow
            else np.full(len(line.points), plan.narrow)
        )
        track = Track.from_points(
            line.points,
            0.5 * across,
            0.5 * across,
            name=name if name is not None else f"{style}-{seed}",
            spacing=spacing,
            kerb_width=kerb_width,
            runoff=plan.runoff,
            source=source,
        )
        if np.abs(track.curvature).max() * plan.min_radius <= 1.0:
            track = _furnished(track, own, line, banking, pit=pit)
            return scatter(track, seed, obstacles) if obstacles else track
    raise TrackError(
        f"no track of {plan.length:g} m with corners of {plan.min_radius:g} m was found"
    )


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """The numbers of one circuit, all in [m]."""

    length: float
    narrow: float  # least width
    wide: float  # greatest width
    min_radius: float
    runoff: float

    @property
    def clearance(self) -> float:
        return _clearance(self.wide, self.runoff)

    @property
    def radius(self) -> float:
        return max(self.min_radius, 0.5 * self.clearance) * _SLACK


def _plan(
    own: StyleDefaults,
    share: Floats,
    length: float | None,
    width: float | None,
    width_max: float | None,
    min_radius: float | None,
    runoff: float | None,
) -> _Plan:
    """Return what is asked for, and where nothing is, what the style says.

    Args:
        own: the style.
        share: (3,) where in the style's ranges the least width, the greatest width and the
            length lie.
        length, width, width_max, min_radius, runoff: as in ``generate``.
    """
    drawn = own.length[0] + (own.length[1] - own.length[0]) * float(share[2])
    low, high = own.width
    if width is None:
        narrow, wide = (low + (high - low) * float(part) for part in share[:2])
        if width_max is not None:
            narrow, wide = min(narrow, width_max), width_max
    else:
        narrow, wide = width, width if width_max is None else width_max
    return _Plan(
        length=drawn if length is None else length,
        narrow=narrow,
        wide=wide,
        min_radius=own.min_radius if min_radius is None else min_radius,
        runoff=own.runoff * wide if runoff is None else float(runoff),
    )


def _clearance(width: float, runoff: float) -> float:
    """Return how near the centerlines of two parts may come [m]: their walls may touch."""
    return width + 2.0 * max(MARGIN * width, runoff if np.isfinite(runoff) else 0.0)


def _check(
    plan: _Plan, worst: _Plan, width_max: float | None, direction: str | None, banking: float
) -> None:
    """Refuse what is out of range.

    Args:
        plan: of this seed.
        worst: the shortest and widest of any seed, so that all seeds are possible or none.
        width_max, direction, banking: as they were asked for.
    """
    if direction is not None and direction not in get_args(Direction):
        raise TrackError(f"no direction {direction!r}; {nearest(direction, get_args(Direction))}")
    for what, value in (
        ("length", plan.length), ("width", plan.narrow), ("width_max", plan.wide),
        ("min_radius", plan.min_radius),
    ):  # fmt: skip
        if not (np.isfinite(value) and value > 0.0):
            raise TrackError(f"{what} must be above 0 m, not {value}")
    if width_max is not None and plan.wide < plan.narrow:
        raise TrackError(f"width_max is {plan.wide:g} m, below the width of {plan.narrow:g} m")
    if not plan.runoff >= 0.0:
        raise TrackError(f"runoff must be 0 m or more, or inf for no wall, not {plan.runoff}")
    if not abs(banking) <= STEEPEST:
        raise TrackError(
            f"banking is {banking:g} rad; it must lie within {STEEPEST:g} rad: is it in degrees?"
        )
    if plan.length > LONGEST:
        raise TrackError(f"length is {plan.length:g} m; the longest is {LONGEST:g} m")
    least = SHORTEST * worst.radius
    if worst.length < least:
        raise TrackError(
            f"a lap of {worst.length:g} m is too short for a width of {worst.wide:g} m and corners "
            f"of {worst.min_radius:g} m radius; the shortest is {np.ceil(least):g} m"
        )


def _lines(
    own: StyleDefaults, rng: np.random.Generator, plan: _Plan, east: float, seed: int
) -> Iterator[Line | None]:
    """Yield the line of each trial, None for one in vain; the last one is a rectangle."""
    length, radius = plan.length, plan.radius
    for trial in range(own.trials):
        counted = trial + (_HURRY - 1) * max(trial - own.patience, 0)
        if counted >= own.trials:
            break
        yield own.draw(rng, length, radius, east, counted / own.trials)
    if length <= own.cramped * radius:
        small = np.random.Generator(np.random.PCG64(np.random.SeedSequence([_SMALL, seed])))
        for _ in range(CRAMPED_TRIALS):
            corners = draw_cramped(small, length, radius)
            yield None if corners is None else trace(corners, STEP * radius, east)
    yield trace(rectangle(length, radius), STEP * radius, east)


def _furnished(track: Track, own: StyleDefaults, line: Line, banking: float, *, pit: bool) -> Track:
    """Return the track with all that its style has beside a centerline and widths."""
    parts: dict[str, object] = {}
    if banking:
        parts["banking"] = banked(track.curvature, banking)
    if own.gravel:
        parts["surface_left"], parts["surface_right"] = gravel(track)
    if own.grid:
        narrow = float((track.width_left + track.width_right).min())
        parts["grid"] = grid_slots(line.behind, own.grid, narrow, track.length)
    if pit:
        left = bool(track.curvature.sum() > 0.0)  # inside the circuit
        parts["pit"] = pit_lane(track, line.behind, line.ahead, left=left)
    return replace(track, **parts) if parts else track  # type: ignore[arg-type]


def _keeps_clear(points: Floats, clearance: float, length: float) -> bool:
    """Tell whether no two distinct parts of the line come nearer than ``clearance`` [m].

    On a line that nowhere bends more than a circle of that diameter, points further apart
    than half its circumference along the line are distinct parts (Schur's theorem).
    """
    reach = 1.02 * clearance
    x, y = points.T
    return not comes_near(x, y, reach, 0.5 * np.pi * reach / (length / len(points)))
