"""The pit lane: a strip beside the track, in the track's own coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

from racegym.errors import TrackError

if TYPE_CHECKING:
    from racegym.track.track import Track

__all__ = ["MOST_BOXES", "PIT_COLUMNS", "PitLane"]

MOST_BOXES = 64

# Columns of a packed pit lane; the values are those of ``PitLane``.
ENTRY, EXIT, OFFSET, WIDTH, SPEED_LIMIT = 0, 1, 2, 3, 4
BOX_COUNT = 5  # a whole number
PIT_COLUMNS = 6


@dataclass(frozen=True, kw_only=True)
class PitLane:
    """A strip beside the track in which speed is limited.

    It lies on one side, between the edge of the asphalt and the wall, and is given in the
    track's s and d, so a car in it has a place on the track as any other.

    Attributes:
        entry: [m] s at which the limit begins.
        exit: [m] s at which it ends; less than ``entry`` where the start line lies between.
        offset: [m] d of its middle, the sign tells the side.
        width: [m].
        speed_limit: [m/s].
        boxes: [m] s of the pit boxes, in the order of driving.
    """

    entry: float
    exit: float
    offset: float
    width: float
    speed_limit: float
    boxes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name in ("entry", "exit", "offset", "width", "speed_limit"):
            object.__setattr__(self, name, float(getattr(self, name)))
        object.__setattr__(self, "boxes", tuple(map(float, self.boxes)))

    def check(self, track: Track) -> None:
        """Refuse a lane that is not beside ``track``.

        Raises:
            TrackError: naming the value at fault.
        """
        said = f"track {track.name!r}: the pit lane's "
        for name in ("entry", "exit"):
            s = getattr(self, name)
            if not 0.0 <= s < track.length:
                raise TrackError(
                    f"{said}{name} is {s:g} m; it must lie in [0, {track.length:.1f}) m"
                )
        if self.entry == self.exit:
            raise TrackError(f"{said}entry and exit are both {self.entry:g} m")
        for name in ("width", "speed_limit"):
            value = getattr(self, name)
            if not (isfinite(value) and value > 0.0):
                raise TrackError(f"{said}{name} is {value:g}; it must be above 0")
        if not (isfinite(self.offset) and abs(self.offset) > 0.5 * self.width):
            raise TrackError(
                f"{said}offset is {self.offset:g} m; it must be beyond half its width of "
                f"{self.width:g} m, left of the centerline positive"
            )
        if len(self.boxes) > MOST_BOXES:
            raise TrackError(f"{said}boxes are {len(self.boxes)}; {MOST_BOXES} are possible")
        for s in self.boxes:
            if not (0.0 <= s < track.length and self.covers(s, track.length)):
                raise TrackError(
                    f"{said}box at s = {s:g} m is not between its entry at {self.entry:g} m and "
                    f"its exit at {self.exit:g} m"
                )

    def row(self) -> tuple[float, ...]:
        """Return its values in the order of the columns ENTRY to BOX_COUNT."""
        values = (self.entry, self.exit, self.offset, self.width, self.speed_limit)
        return (*values, float(len(self.boxes)))

    def long(self, length: float) -> float:
        """Return how long [m] the lane is, on a lap of ``length`` [m]."""
        return (self.exit - self.entry) % length

    def box_length(self, length: float) -> float:
        """Return the room [m] along the track that each box has, on a lap of ``length`` [m].

        It is nine tenths of the way from one to the next, and at most three widths of the lane.
        """
        places = [(s - self.entry) % length for s in self.boxes]
        apart = [after - before for before, after in pairwise(places)]
        return min([0.9 * abs(gap) for gap in apart] + [3.0 * self.width])

    def covers(self, s: float, length: float) -> bool:
        """Return whether s [m] lies beside the lane, on a lap of ``length`` [m]."""
        return (s - self.entry) % length <= self.long(length)

    def reversed(self, length: float) -> PitLane:
        """Return the lane of the track driven the other way round, on a lap of ``length`` [m]."""
        return PitLane(
            entry=(length - self.exit) % length,
            exit=(length - self.entry) % length,
            offset=-self.offset,
            width=self.width,
            speed_limit=self.speed_limit,
            boxes=tuple((length - s) % length for s in reversed(self.boxes)),
        )
