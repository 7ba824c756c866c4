"""A race track: an evenly sampled, closed, smooth centerline with what lies beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import TrackError
from racegym.track.check import (
    check_crossings,
    check_curvature,
    check_points,
    check_size,
)
from racegym.track.lane import PitLane
from racegym.track.obstacles import checked_obstacles, nearest_segments
from racegym.track.parts import frozen, optional_parts
from racegym.track.raw import RawTrack, note_raw
from racegym.track.spline import PeriodicSpline

__all__ = ["MIN_POINTS", "Crossing", "Track", "default_spacing"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Codes = NDArray[np.uint8]
Label = Callable[[int], str]

MIN_POINTS = 8  # of a centerline; fewer can't say where a corner is
MIN_SAMPLES = 16
MAX_SAMPLES = 100_000
MAX_CHECKPOINTS = 64
MAX_SECTORS = 16

_SAMPLE_ARRAYS = (
    "x", "y", "z", "heading", "tangent_x", "tangent_y", "curvature", "slope",
    "width_left", "width_right", "banking",
)  # fmt: skip


class Crossing(NamedTuple):
    """Where a track passes over itself."""

    s1: float  # [m] the earlier pass
    s2: float  # [m] the later pass


def default_spacing(length: float) -> float:
    """Return the spacing of samples [m] that suits a track of ``length`` [m].

    1 m on a kart track of 1 km, at most 2 m (reached at 2.5 km), 0.1 m on a 1:10 track of
    46 m: in between it grows with the power 3/4 of the length, as corners do.
    """
    return float(np.clip((length / 1000.0) ** 0.75, 0.02, 2.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Track:
    """A closed circuit. Build one with ``from_points``, ``generate`` or ``racegym.formats``.

    Arrays are (n,) float64 and read-only; sample k lies at s = k * spacing, the start line at
    s = 0. Between samples the centerline is the cubic Hermite curve through the samples and
    their tangents, everywhere in racegym.

    Obstacles are upright cylinders; add them by ``with_obstacles``. Each belongs to a segment,
    the part of the centerline from that sample to the next, and with it to one level where the
    track crosses itself. They are kept in the order of their segments.

    Raises:
        TrackError: if an array is not finite or has the wrong shape, a width is not above
            zero, a sector or checkpoint lies outside the lap, or an obstacle is out of reach.
    """

    name: str
    x: Floats  # [m] east; mean 0
    y: Floats  # [m] north; mean 0
    z: Floats  # [m] up
    heading: Floats  # [rad] of the tangent, in [-pi, pi)
    tangent_x: Floats  # unit vector along the track
    tangent_y: Floats
    curvature: Floats  # [1/m] positive to the left
    slope: Floats  # dz/ds
    width_left: Floats  # [m] centerline to the edge of the asphalt
    width_right: Floats  # [m]
    banking: Floats  # [rad] positive: the left edge is the higher one
    spacing: float  # [m] of arc length between samples
    length: float  # [m] exactly n * spacing
    sectors: Floats  # (n_sectors,) [m] s at which each begins; the first is 0
    checkpoints: Floats  # (n_checkpoints,) [m] s, increasing; the first is 0
    kerb_width: float  # [m] outward from the edge of the asphalt
    runoff: float  # [m] edge of the asphalt to the wall; inf: no wall
    source: str = ""  # where it came from
    licence: str = ""  # under which its data may be used
    attribution: str = ""  # whom to name with it
    origin: tuple[float, float] = (0.0, 0.0)  # [m] what was subtracted from x and y
    crossings: tuple[Crossing, ...] = ()  # where it passes over itself
    problems: tuple[str, ...] = field(default=(), repr=False)  # oddities that were let pass
    obstacles: Floats = field(default_factory=lambda: np.empty((0, 3)))  # (n, 3) x, y, radius [m]
    obstacle_segment: Indices = field(default_factory=lambda: np.empty(0, np.int64))  # (n,)
    line: Floats | None = None  # (n,) [m] d of the racing line; None: the centerline
    line_name: str = "centerline"  # what kind of line that is
    surface_left: Codes | None = None  # (n,) beyond the kerb, of ``Surface``; None: grass
    surface_right: Codes | None = None
    grid: Floats | None = None  # (n_slots, 2) [m] s and d of each, pole first; None: by rule
    pit: PitLane | None = None
    notes: tuple[str, ...] = field(default=(), repr=False)  # what was assumed when it was read

    def __post_init__(self) -> None:
        n = len(self.x)
        for name in _SAMPLE_ARRAYS:
            array = frozen(getattr(self, name))
            if array.shape != (n,):
                raise TrackError(f"track {self.name!r}: {name} has shape {array.shape}, not ({n},)")
            bad = np.flatnonzero(~np.isfinite(array))
            if len(bad):
                raise TrackError(
                    f"track {self.name!r}: {name} is {array[bad[0]]} at s = "
                    f"{bad[0] * self.spacing:.1f} m"
                )
            object.__setattr__(self, name, array)
        for name, most in (("sectors", MAX_SECTORS), ("checkpoints", MAX_CHECKPOINTS)):
            object.__setattr__(self, name, _gates(self, name, most))
        if not self.kerb_width >= 0.0 or not np.isfinite(self.kerb_width):
            raise TrackError(
                f"track {self.name!r}: kerb_width is {self.kerb_width}; it must be 0 m or more"
            )
        if not self.runoff >= 0.0:
            raise TrackError(
                f"track {self.name!r}: runoff is {self.runoff}; it must be 0 m or more, "
                "or inf for no wall"
            )
        obstacles, segment = checked_obstacles(self)
        for name, own in (("obstacles", obstacles), ("obstacle_segment", segment)):
            own.flags.writeable = False
            object.__setattr__(self, name, own)
        for name, values in optional_parts(self):
            object.__setattr__(self, name, values)
        if self.pit is not None:
            self.pit.check(self)

    @classmethod
    def from_points(
        cls,
        points: ArrayLike,
        width_left: ArrayLike,
        width_right: ArrayLike,
        *,
        name: str,
        spacing: float | None = None,
        banking: ArrayLike = 0.0,
        sectors: ArrayLike | None = None,
        checkpoints: ArrayLike | None = None,
        kerb_width: float | None = None,
        runoff: float | None = None,
        crossings: Literal["refuse", "allow"] = "refuse",
        shape: Literal["check", "any"] = "check",
        source: str = "",
        label: Label = "point {}".format,
    ) -> Track:
        """Return the track whose centerline is the closed C2 cubic spline through ``points``.

        Args:
            points: (m, 2) or (m, 3) [m]; m >= 8. A last point equal to the first is dropped.
            width_left, width_right: (m,) or one number [m], centerline to asphalt edge;
                linear between points.
            name: of the track.
            spacing: of the samples [m]; rounded so that it divides the lap. Default: see
                ``default_spacing``.
            banking: (m,) or one number [rad], positive where the left edge is higher.
            sectors: s [m] at which each sector begins. Default: three equal ones.
            checkpoints: s [m]. Default: one about every 25 m, at least 8, at most 64.
            kerb_width: [m]. Default: 1 m, less on tracks narrower than 8 m.
            runoff: [m] edge of the asphalt to the wall, inf for no wall. Default: 8 m, less
                on tracks narrower than 8 m.
            crossings: "allow" admits a few places where the track passes over itself, if
                steep and far apart along it; "refuse" admits none.
            shape: "any" also makes a track of points that cross, fold or overlap, or that
                are too few metres round, so that it can be drawn and reported on.
            source: where it came from, for people.
            label: names a point, by its index, in messages.

        Raises:
            TrackError: if the points make no track; it names the points at fault.
        """
        note_raw(
            lambda: RawTrack(
                name=name,
                points=points,
                width_left=width_left,
                width_right=width_right,
                banking=banking,
                sectors=sectors,
                checkpoints=checkpoints,
                kerb_width=kerb_width,
                runoff=runoff,
                bridges=crossings == "allow",
                label=label,
            )
        )
        xyz, left, right, bank = check_points(
            points, width_left, width_right, banking, name=name, least=MIN_POINTS, label=label
        )
        origin = (float(xyz[:, 0].mean()), float(xyz[:, 1].mean()))
        spline = PeriodicSpline.through(xyz - np.array([*origin, 0.0]))
        at_knots = spline.knot_lengths()
        lap = float(at_knots[-1])
        if shape == "check":
            check_size(lap, name)
        n = _samples(lap, spacing, name)
        spacing = lap / n
        s: Floats = spacing * np.arange(n, dtype=np.float64)
        position, first, second = spline.evaluate(spline.at_arc_length(s, at_knots))

        # The spline runs through the points, not through their mean: centre the samples.
        shift = position[:, :2].mean(axis=0)
        speed = np.hypot(first[:, 0], first[:, 1])
        tangent_x, tangent_y = first[:, 0] / speed, first[:, 1] / speed
        cross = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
        curvature = cross / speed**3

        def beside(values: Floats) -> Floats:
            return np.asarray(np.interp(s, at_knots, np.append(values, values[0])))

        # Equal widths are one array: a pool of many tracks has them once.
        same = np.array_equal(left, right)
        left = frozen(beside(left))
        right = left if same else beside(right)

        def near(place: float) -> str:
            return label(int(np.searchsorted(at_knots, place % lap, side="right") - 1))

        x, y = position[:, 0] - shift[0], position[:, 1] - shift[1]
        problems, found = [], []
        if shape == "check":
            problems = check_curvature(curvature, left, right, spacing, name=name, near=near)
            found = check_crossings(
                x, y, tangent_x, tangent_y, left, right, spacing,
                allow=crossings == "allow", name=name, near=near,
            )  # fmt: skip
        wide = float((left + right).mean())
        return cls(
            name=name,
            x=x,
            y=y,
            z=position[:, 2],
            heading=_heading(tangent_x, tangent_y),
            tangent_x=tangent_x,
            tangent_y=tangent_y,
            curvature=curvature,
            slope=first[:, 2] / speed,
            width_left=left,
            width_right=right,
            banking=beside(bank),
            spacing=spacing,
            length=n * spacing,
            sectors=_evenly(n * spacing, 3) if sectors is None else np.asarray(sectors, float),
            checkpoints=(
                _evenly(n * spacing, int(np.clip(round(lap / 25.0), 8, MAX_CHECKPOINTS)))
                if checkpoints is None
                else np.asarray(checkpoints, float)
            ),
            kerb_width=min(1.0, wide / 8.0) if kerb_width is None else float(kerb_width),
            runoff=min(8.0, wide) if runoff is None else float(runoff),
            source=source,
            origin=(origin[0] + float(shift[0]), origin[1] + float(shift[1])),
            crossings=tuple(Crossing(a, b) for a, b in found),
            problems=tuple(problems),
        )

    def __len__(self) -> int:
        return len(self.x)

    @cached_property
    def hash(self) -> str:
        """Return 16 hex digits of all that a car or a driver meets: not the name, nor notes."""
        digest = hashlib.blake2b(bytes.fromhex(self.shape_hash), digest_size=8)
        parts = [getattr(self, name) for name in ("line", "surface_left", "surface_right", "grid")]
        if all(part is None for part in parts) and self.pit is None:
            return self.shape_hash
        for part in parts:
            digest.update(b"-" if part is None else part.tobytes())
        digest.update(repr(self.pit).encode())
        return digest.hexdigest()

    @cached_property
    def shape_hash(self) -> str:
        """Return 16 hex digits: of samples, gates, kerb, run-off and obstacles."""
        digest = hashlib.blake2b(digest_size=8)
        for name in _SAMPLE_ARRAYS:
            digest.update(getattr(self, name).tobytes())
        for array in (self.sectors, self.checkpoints):
            digest.update(np.float64(len(array)).tobytes() + array.tobytes())
        digest.update(np.array([self.spacing, self.kerb_width, self.runoff]).tobytes())
        digest.update(self.obstacles.tobytes() + self.obstacle_segment.tobytes())
        return digest.hexdigest()

    def at(self, s: ArrayLike, d: ArrayLike = 0.0) -> tuple[Floats, Floats, Floats]:
        """Return x [m], y [m] and heading [rad] of places along the track.

        Args:
            s: arc length [m], any value and shape; wrapped.
            d: lateral offset [m], left is positive; broadcast with ``s``.
        """
        s, d = np.broadcast_arrays(np.asarray(s, float), np.asarray(d, float))
        n, h = len(self), self.spacing
        place = np.mod(s, self.length) / h
        i = np.minimum(place.astype(np.int64), n - 1)
        j = (i + 1) % n
        t = place - i
        x, dx = _hermite(self.x[i], self.x[j], h * self.tangent_x[i], h * self.tangent_x[j], t)
        y, dy = _hermite(self.y[i], self.y[j], h * self.tangent_y[i], h * self.tangent_y[j], t)
        norm = np.hypot(dx, dy)
        return x - d * dy / norm, y + d * dx / norm, _heading(dx, dy)

    def with_obstacles(self, obstacles: ArrayLike, near: ArrayLike = np.nan) -> Track:
        """Return the track with obstacles on it, beside those that it has.

        Args:
            obstacles: (n, 3) [m]; x, y and radius of each, at most 20 m. For places along the
                track, ``at`` tells x and y.
            near: (n,) or one number, s [m] near which they lie: which level is meant where the
                track crosses itself. By default the part that is nearest.

        Raises:
            TrackError: if one is not between the walls, or there are more than 256.
        """
        more = np.array(obstacles, dtype=np.float64)
        if more.ndim != 2 or more.shape[1] != 3:
            raise TrackError(
                f"track {self.name!r}: obstacles have shape {more.shape}, not (n, 3): x, y, radius"
            )
        if not np.isfinite(more).all():
            raise TrackError(f"track {self.name!r}: an obstacle holds a value that is not finite")
        segment = nearest_segments(self, more[:, 0], more[:, 1], near)
        return replace(
            self,
            obstacles=np.concatenate([self.obstacles, more]),
            obstacle_segment=np.concatenate([self.obstacle_segment, segment]),
        )

    def with_line(self, line: ArrayLike, name: str) -> Track:
        """Return the track with another racing line.

        Args:
            line: (n,) [m] its lateral offset at each sample, left positive.
            name: what kind of line it is, such as "minimum_curvature".

        Raises:
            TrackError: if it is not finite or has the wrong shape.
        """
        return replace(self, line=np.asarray(line, np.float64), line_name=name)

    def reversed(self) -> Track:
        """Return the track driven the other way round, with the same start line."""

        def back(array: NDArray[Any]) -> NDArray[Any]:
            return np.roll(array[::-1], 1)

        def gates(s: Floats) -> Floats:
            return np.concatenate([[0.0], self.length - s[:0:-1]])

        return replace(
            self,
            name=f"{self.name}-reversed",
            x=back(self.x),
            y=back(self.y),
            z=back(self.z),
            heading=_heading(-back(self.tangent_x), -back(self.tangent_y)),
            tangent_x=-back(self.tangent_x),
            tangent_y=-back(self.tangent_y),
            curvature=-back(self.curvature),
            slope=-back(self.slope),
            width_left=back(self.width_right),
            width_right=back(self.width_left),
            banking=0.0 - back(self.banking),
            sectors=gates(self.sectors),
            checkpoints=gates(self.checkpoints),
            crossings=tuple(
                sorted(
                    Crossing(*sorted((self.length - s) % self.length for s in each))
                    for each in self.crossings
                )
            ),
            obstacle_segment=len(self) - 1 - self.obstacle_segment,
            line=None if self.line is None else -back(self.line),
            surface_left=None if self.surface_right is None else back(self.surface_right),
            surface_right=None if self.surface_left is None else back(self.surface_left),
            grid=None,
            pit=None if self.pit is None else self.pit.reversed(self.length),
        )

    def __repr__(self) -> str:
        count = len(self.obstacles)
        more = f", {count} obstacle{'s' * (count > 1)}" if count else ""
        return f"Track({self.name!r}, {self.length:.1f} m, {len(self)} samples{more})"


def _hermite(p: Floats, q: Floats, a: Floats, b: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Return place and derivative at ``t`` of the cubic from p (slope a) to q (slope b)."""
    c2 = 3.0 * (q - p) - 2.0 * a - b
    c3 = a + b - 2.0 * (q - p)
    return p + t * (a + t * (c2 + t * c3)), a + t * (2.0 * c2 + 3.0 * t * c3)


def _heading(dx: Floats, dy: Floats) -> Floats:
    angle = np.arctan2(dy, dx)
    return np.where(angle >= np.pi, -np.pi, angle)


def _evenly(length: float, count: int) -> Floats:
    return length * np.arange(count) / count


def _samples(lap: float, spacing: float | None, name: str) -> int:
    """Return how many samples a lap [m] gets."""
    if spacing is None:
        return min(max(MIN_SAMPLES, round(lap / default_spacing(lap))), MAX_SAMPLES)
    fewest, most = lap / MAX_SAMPLES, lap / MIN_SAMPLES
    if not fewest <= spacing <= most:
        raise TrackError(
            f"track {name!r}: spacing is {spacing} m; a lap of {lap:.1f} m takes "
            f"{fewest:.3g} to {most:.3g} m"
        )
    return max(MIN_SAMPLES, round(lap / spacing))


def _gates(track: Track, name: str, most: int) -> Floats:
    """Return the frozen gates ``name`` of ``track``, checked."""
    s = frozen(getattr(track, name))
    if s.ndim != 1 or not 1 <= len(s) <= most:
        raise TrackError(
            f"track {track.name!r}: {name} has shape {s.shape}; give 1 to {most} values of s"
        )
    if s[0] != 0.0 or not (np.diff(s) > 0.0).all() or not s[-1] < track.length:
        raise TrackError(
            f"track {track.name!r}: {name} must begin with 0, increase, and stay below the lap "
            f"of {track.length:.1f} m; they are {', '.join(f'{value:g}' for value in s[:8])}"
        )
    return s
