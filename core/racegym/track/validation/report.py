"""What is found wrong with a track, and the vehicle that it is to be driven by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from racegym.track.track import Track

__all__ = ["Problem", "Report", "VehicleLimits", "places", "runs"]

MOST_PLACES = 12  # of one check; a report of hundreds would be read by nobody

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class VehicleLimits:
    """What a track must have room for.

    Attributes:
        name: of the vehicle.
        length, width, wheelbase: [m].
        steer_limit: [rad] of the front wheels, full lock.
        top_speed: [m/s].
    """

    name: str
    length: float
    width: float
    wheelbase: float
    steer_limit: float
    top_speed: float

    @property
    def turning_radius(self) -> float:
        """Return the radius [m] of the rear axle's path at full lock."""
        return self.wheelbase / float(np.tan(min(self.steer_limit, 1.5)))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong, or odd.

    Attributes:
        check: short name of what found it, such as "curvature".
        severity: "error" where the track can't be driven or scored as it is.
        what: one plain sentence, without the arc length.
        s: [m] where it is at its worst; None: everywhere.
        until: [m] where a stretch of it ends that begins before ``s``; None: it is a place.
        since: [m] where that stretch begins.
        d: [m] how far to the left of the centerline it is.
    """

    check: str
    severity: Severity
    what: str
    s: float | None = None
    since: float | None = None
    until: float | None = None
    d: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """All that was found.

    Attributes:
        name: of the track.
        track: as it is drawn; None where the points make no line at all.
        vehicle: what it was checked for; None: none.
        problems: errors first, each kind in the order of driving.
    """

    name: str
    track: Track | None
    vehicle: VehicleLimits | None
    problems: tuple[Problem, ...]

    @classmethod
    def of(
        cls,
        name: str,
        track: Track | None,
        vehicle: VehicleLimits | None,
        problems: Iterable[Problem],
    ) -> Report:
        """Return a report with its problems in order."""

        def place(problem: Problem) -> tuple[bool, float]:
            return problem.severity == "warning", -1.0 if problem.s is None else problem.s

        ordered = tuple(sorted(problems, key=place))
        return cls(name=name, track=track, vehicle=vehicle, problems=ordered)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems that must be put right."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return the problems that may be meant."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain numbers, lists and texts, for JSON."""
        track = self.track
        return {
            "track": self.name,
            "length": None if track is None else track.length,
            "hash": None if track is None else track.hash,
            "vehicle": None if self.vehicle is None else self.vehicle.name,
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "problems": [asdict(problem) for problem in self.problems],
        }


def runs(bad: NDArray[np.bool_], gap: int = 2) -> list[NDArray[np.int64]]:
    """Return the samples (k,) of each stretch where ``bad`` (n,) holds, round the lap.

    Stretches that are at most ``gap`` samples apart count as one; a stretch over the start
    line begins before it.
    """
    where = np.flatnonzero(bad)
    if not len(where):
        return []
    n = len(bad)
    breaks = np.flatnonzero(np.diff(where) > gap + 1) + 1
    found = [part.astype(np.int64) for part in np.split(where, breaks)]
    if len(found) > 1 and found[0][0] + n - found[-1][-1] <= gap + 1:
        found[0] = np.concatenate([found.pop(), found[0]])
    return found


def places(
    track: Track,
    bad: NDArray[np.bool_],
    worth: NDArray[np.float64],
    gap: int = 2,
) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield the worst sample of each stretch where ``bad`` holds, and its ``s`` for a Problem.

    Where there are more stretches than a report takes, those are told that are worst.

    Args:
        track: whose samples these are.
        bad: (n,).
        worth: (n,) the greater, the worse.
        gap: see ``runs``.
    """
    found = [(int(part[np.argmax(worth[part])]), part) for part in runs(bad, gap)]
    worst = sorted(found, key=lambda each: -worth[each[0]])[:MOST_PLACES]
    for k, part in sorted(worst, key=lambda each: int(each[1][0])):
        where = {"s": k * track.spacing}
        if len(part) > 1 and len(part) < len(track):
            where |= {"since": part[0] * track.spacing, "until": part[-1] * track.spacing}
        yield k, where
