"""Circuits drawn from a seed: straights and corners as real ones have them.

A short tour through scattered points gives a simple polygon; its vertices become corners
whose curvature ramps up, holds and ramps down, as roads are built (clothoid, arc,
clothoid). Rounding the vertices of a closed polygon leaves it closed, and its length grows
linearly with the polygon's scale, so the length asked for is met exactly. What comes too
near to itself is drawn again, with fewer and fewer corners; the last resort is a rounded
rectangle, so every possible request is met.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError, nearest
from racegym.track.nearby import TangledError, pairs_within
from racegym.track.scatter import check_scatter, scatter
from racegym.track.track import Track

__all__ = ["Direction", "Style", "generate", "shortest_length"]

Floats = NDArray[np.float64]
Style = Literal["fast", "smooth", "technical"]
Direction = Literal["ccw", "cw"]

LONGEST = 20_000.0  # [m]
SHORTEST = 12.0  # times the smallest radius: a rounded rectangle with straights to start on
MARGIN = 0.375  # of the width, beside each edge, kept free of other parts: 3 m for 8 m
RUNOFF = 0.5  # of the width: 4 m for 8 m

_PURPOSE = 0x7472_6163  # keeps these draws apart from all others made from the same seed
_TRIALS = 160
_RAMP = 0.4  # length of one clothoid over radius times angle of its corner
_EXTENT = 1.0 + _RAMP  # length of a corner over radius times angle
_SHARPEST = np.deg2rad(150.0)  # turn at one vertex
_SLIGHTEST = np.deg2rad(12.0)  # below it a vertex is a bent straight, not a corner
_SLACK = 1.03  # radii are drawn a little above the least one, for the spline to stay above it
_STEP = 0.15  # of the smallest radius: spacing of the points handed to the spline
_MOST_VERTICES = 48


class _Manner(NamedTuple):
    """How a style draws."""

    radii: float  # lap length over smallest radius, for each vertex: more gives fewer corners
    wide: float  # corners have up to this many times the smallest radius
    stretch: float  # longest side over the other of the area that points are scattered in
    winding: float  # all turning of a lap, left and right, over a full circle: an egg has 1


_MANNERS: dict[str, _Manner] = {
    "fast": _Manner(radii=8.0, wide=5.0, stretch=2.2, winding=1.5),
    "smooth": _Manner(radii=5.5, wide=3.0, stretch=1.9, winding=1.9),
    "technical": _Manner(radii=4.6, wide=2.0, stretch=1.7, winding=2.3),
}


def shortest_length(width: float, min_radius: float, runoff: float | None = None) -> float:
    """Return the shortest lap [m] that ``generate`` makes; arguments as there."""
    return SHORTEST * _SLACK * max(min_radius, 0.5 * _clearance(width, runoff))


def generate(
    seed: int,
    *,
    length: float = 1000.0,
    width: float = 8.0,
    min_radius: float = 12.0,
    style: Style = "smooth",
    direction: Direction | None = None,
    name: str | None = None,
    spacing: float | None = None,
    kerb_width: float | None = None,
    runoff: float | None = None,
    obstacles: int = 0,
) -> Track:
    """Return the circuit of ``seed``: the same arguments always give the same track.

    The start line lies on the longest straight. No part comes nearer to another than its
    run-off, and never nearer than 3/8 of the width from edge to the middle between them.

    Args:
        seed: 0 or more.
        length: of the lap [m], met within 0.5 %; at most 20 km.
        width: of the asphalt [m], the same everywhere.
        min_radius: no corner of the centerline is tighter [m].
        style: "fast" has few, wide corners, "technical" many tight ones.
        direction: "ccw" or "cw"; by default the seed decides.
        name: of the track. Default: style and seed.
        spacing, kerb_width: as in ``Track.from_points`` [m].
        runoff: edge of the asphalt to the wall [m], inf for no wall. Default: half a width.
        obstacles: that many are scattered beside the middle half of the track, see
            ``racegym.track.scatter``. The circuit is the same as without.

    Raises:
        TrackError: if a setting is out of range; it names the nearest that is possible.
    """
    _check(seed, length, width, min_radius, style, direction, runoff)
    check_scatter(obstacles, length, width)
    runoff = RUNOFF * width if runoff is None else float(runoff)
    clearance = _clearance(width, runoff)
    radius = max(min_radius, 0.5 * clearance) * _SLACK
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([_PURPOSE, seed])))
    clockwise = bool(rng.integers(2))
    if direction is not None:  # drawn all the same, so that it changes nothing else
        clockwise = direction == "cw"
    east = rng.uniform(0.0, 2.0 * np.pi)
    for trial in range(_TRIALS + 1):
        if trial < _TRIALS:
            corners = _draw(rng, length, radius, _MANNERS[style], trial / _TRIALS)
        else:
            corners = _rectangle(length, radius)
        if corners is None:
            continue
        points = _trace(corners, _STEP * radius, east)
        if not _keeps_clear(points, clearance, length):
            continue
        if (_signed_area(points) < 0.0) != clockwise:
            points[:, 1] *= -1.0
        track = Track.from_points(
            points,
            0.5 * width,
            0.5 * width,
            name=name if name is not None else f"{style}-{seed}",
            spacing=spacing,
            kerb_width=kerb_width,
            runoff=runoff,
            source=f"generated: seed {seed}, {style}, {length:g} m",
        )
        if np.abs(track.curvature).max() * min_radius <= 1.0:
            return scatter(track, seed, obstacles) if obstacles else track
    raise TrackError(f"no track of {length:g} m with corners of {min_radius:g} m was found")


class _Corners(NamedTuple):
    """A closed row of straights, each followed by a corner."""

    straight: Floats  # (m,) [m]
    turn: Floats  # (m,) [rad] positive to the left
    radius: Floats  # (m,) [m]


def _clearance(width: float, runoff: float | None) -> float:
    """Return how near the centerlines of two parts may come [m]: their walls may touch."""
    wall = RUNOFF * width if runoff is None else float(runoff)
    return width + 2.0 * max(MARGIN * width, wall if np.isfinite(wall) else 0.0)


def _check(
    seed: int,
    length: float,
    width: float,
    min_radius: float,
    style: str,
    direction: str | None,
    runoff: float | None,
) -> None:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise TrackError(f"seed must be a whole number, 0 or more, not {seed!r}")
    if style not in _MANNERS:
        raise TrackError(f"no track style {style!r}; {nearest(str(style), _MANNERS)}")
    if direction is not None and direction not in get_args(Direction):
        raise TrackError(
            f"no direction {direction!r}; {nearest(str(direction), get_args(Direction))}"
        )
    for what, value in (("length", length), ("width", width), ("min_radius", min_radius)):
        if not (np.isfinite(value) and value > 0.0):
            raise TrackError(f"{what} must be above 0 m, not {value}")
    if runoff is not None and not runoff >= 0.0:
        raise TrackError(f"runoff must be 0 m or more, or inf for no wall, not {runoff}")
    if length > LONGEST:
        raise TrackError(f"length is {length:g} m; the longest is {LONGEST:g} m")
    least = shortest_length(width, min_radius, runoff)
    if length < least:
        raise TrackError(
            f"a lap of {length:g} m is too short for a width of {width:g} m and corners of "
            f"{min_radius:g} m radius; the shortest is {np.ceil(least):g} m"
        )


def _draw(
    rng: np.random.Generator, length: float, radius: float, manner: _Manner, ease: float
) -> _Corners | None:
    """Return corners for one trial, or None if its polygon can't be rounded.

    Args:
        rng: the draws.
        length: of the lap [m].
        radius: of the tightest corner [m].
        manner: of the style.
        ease: 0 at the first trial, 1 at the last: fewer corners, and less is asked of them.
    """
    usual = length / (radius * manner.radii) * rng.uniform(0.8, 1.3) * (1.0 - 0.8 * ease)
    vertices = _untangle(
        _scatter(rng, int(np.clip(round(usual), 4, _MOST_VERTICES)), manner.stretch)
    )
    edge, turn, reach = _round_off(vertices, length, radius)
    if len(edge) < 3:
        return None
    # Radii between the least and the most that the edges leave room for: hairpins are tight,
    # slight bends are wide.
    gentle = 1.0 - np.abs(turn) / np.pi
    most = np.maximum(np.minimum(reach, manner.wide * radius * (1.0 + 4.0 * gentle**2)), radius)
    r = radius * (most / radius) ** rng.uniform(gentle**1.5, 1.0)
    ahead = _tangent_length(turn) * r
    straight = edge - ahead - np.roll(ahead, 1)  # before corner i
    # The polygon's scale is settled last, when the corners are known.
    scale = 1.0 + (length - straight.sum() - _EXTENT * (np.abs(turn) * r).sum()) / edge.sum()
    straight += (scale - 1.0) * edge
    winding = np.abs(turn).sum() / (2.0 * np.pi)
    if straight.min() < 0.0 or straight.max() < 0.09 * length * (1.0 - ease):
        return None
    if winding < 1.0 + (manner.winding - 1.0) * (1.0 - ease) ** 2:
        return None  # an egg
    return _Corners(straight, turn, r)


def _scatter(rng: np.random.Generator, count: int, stretch: float) -> Floats:
    """Return points (count, 2) in a rectangle, each the farthest of some from those before."""
    size = np.array([rng.uniform(1.0, stretch), 1.0])
    points = np.empty((count, 2))
    points[0] = rng.uniform(size=2) * size
    for k in range(1, count):
        offers = rng.uniform(size=(4, 2)) * size
        apart = ((offers[:, None] - points[:k]) ** 2).sum(axis=2).min(axis=1)
        points[k] = offers[np.argmax(apart)]
    return points


def _untangle(points: Floats) -> Floats:
    """Return ``points`` in the order of a closed tour that doesn't cross itself.

    Edges that cross are exchanged, which always shortens the tour and so comes to an end;
    the shortest tour of all would be plain, this one folds as circuits in small places do.
    """
    n = len(points)
    order = np.arange(n)
    for _ in range(8 * n):
        p = points[order]
        e = np.roll(p, -1, axis=0) - p
        gap = p[:, None] - p  # [i, j] from corner j to corner i
        start = e[:, 0] * gap[..., 1] - e[:, 1] * gap[..., 0]  # side of edge j on which i lies
        split = start * np.roll(start, -1, axis=0) < 0.0  # edge i ends on both sides of edge j
        crossed = np.triu(split & split.T, 2)
        crossed[0, n - 1] = False
        if not crossed.any():
            break
        i, j = divmod(int(np.argmax(crossed)), n)
        order[i + 1 : j + 1] = order[i + 1 : j + 1][::-1]
    return points[order]


def _round_off(vertices: Floats, length: float, radius: float) -> tuple[Floats, Floats, Floats]:
    """Drop vertices that leave no room for a corner, one by one, the worst first.

    Returns:
        For each vertex left, the length of the edge before it [m], its turn [rad], and the
        largest radius [m] with which its corner takes no more than half of either edge.
    """
    while len(vertices) >= 3:
        ahead = np.roll(vertices, -1, axis=0) - vertices
        after = np.hypot(ahead[:, 0], ahead[:, 1])
        heading = np.arctan2(ahead[:, 1], ahead[:, 0])
        turn = np.mod(heading - np.roll(heading, 1) + np.pi, 2.0 * np.pi) - np.pi
        before = np.roll(after, 1)
        # Rounded corners are shorter than the polygon's; 1.08 is the usual scale in the end.
        scale = 1.08 * length / after.sum()
        room = 0.5 * scale * np.minimum(before, after)
        reach = room / _tangent_length(np.clip(np.abs(turn), _SLIGHTEST, _SHARPEST))
        bad = (reach < radius) | (np.abs(turn) > _SHARPEST) | (np.abs(turn) < _SLIGHTEST)
        if not bad.any():
            return scale * before, turn, reach
        worst = np.where(np.abs(turn) < _SLIGHTEST, 0.0, reach)
        vertices = np.delete(vertices, int(np.argmin(np.where(bad, worst, np.inf))), axis=0)
    return np.empty(0), np.empty(0), np.empty(0)


def _profile(u: Floats) -> Floats:
    """Return how much of its turn a corner has made after the share ``u`` of its length."""
    ramp = _RAMP / _EXTENT
    peak = 1.0 / (1.0 - ramp)
    v = np.minimum(u, 1.0 - u)
    made = np.where(v < ramp, 0.5 * peak * v * v / ramp, peak * (v - 0.5 * ramp))
    return np.where(u <= 0.5, made, 1.0 - made)


_LEAN = _profile((np.arange(48, dtype=np.float64) + 0.5) / 48.0) - 0.5


def _tangent_length(turn: Floats) -> Floats:
    """Return the distance from a vertex to its corner's ends, over the corner's radius."""
    angle = np.abs(turn)
    chord: Floats = _EXTENT * angle * np.cos(angle[:, None] * _LEAN).mean(axis=1)
    return chord / (2.0 * np.cos(0.5 * angle))


def _rectangle(length: float, radius: float) -> _Corners:
    """Return the last resort: four right angles of the least radius."""
    turn = np.full(4, 0.5 * np.pi)
    spare = length - _EXTENT * turn.sum() * radius
    return _Corners(spare * np.array([0.4, 0.1, 0.4, 0.1]), turn, np.full(4, radius))


def _trace(corners: _Corners, step: float, east: float) -> Floats:
    """Return points (k, 2) along the corners, about ``step`` [m] apart.

    They begin two thirds down the longest straight, so that a grid has room behind the line,
    in the direction ``east`` [rad].
    """
    first = int(np.argmax(corners.straight))
    straight, turn, radius = (np.roll(values, -first) for values in corners)
    extent = _EXTENT * np.abs(turn) * radius
    ends = np.cumsum(np.column_stack([straight, extent]).ravel())  # of straight, corner, ...
    lap = ends[-1]
    # Eight fine steps between points make the sum below exact to about 1e-6 of a step.
    count = int(np.ceil(lap / step))
    s = lap * (np.arange(8 * count) + 0.5) / (8 * count) + 2.0 / 3.0 * straight[0]
    s = np.mod(s, lap)
    k = np.searchsorted(ends, s, side="right") // 2
    share = np.clip((s - (ends[2 * k + 1] - extent[k])) / extent[k], 0.0, 1.0)
    heading = east + (np.cumsum(turn) - turn)[k] + turn[k] * _profile(share)
    heading += np.where(s < 2.0 / 3.0 * straight[0], turn.sum(), 0.0)
    fine = np.column_stack([np.cos(heading), np.sin(heading)]) * (lap / (8 * count))
    fine -= fine.mean(axis=0)  # what rounding left open
    points: Floats = np.cumsum(fine, axis=0)[7::8]
    return np.roll(points, 1, axis=0)


def _keeps_clear(points: Floats, clearance: float, length: float) -> bool:
    """Tell whether no two distinct parts of the line come nearer than ``clearance`` [m].

    On a line that nowhere bends more than a circle of that diameter, points further apart
    than half its circumference along the line are distinct parts (Schur's theorem).
    """
    try:
        i, j = pairs_within(points[:, 0], points[:, 1], 1.02 * clearance)
    except TangledError:
        return False
    apart = np.minimum(j - i, len(points) - (j - i)) * (length / len(points))
    return not (apart > 0.5 * np.pi * 1.02 * clearance).any()


def _signed_area(points: Floats) -> float:
    following = np.roll(points, -1, axis=0)
    return float((points[:, 0] * following[:, 1] - points[:, 1] * following[:, 0]).sum())
