"""Reference laps: what physics allows a vehicle on a track, to judge laps by.

A reference is the fastest quasi-steady-state lap of one line. It is no proof: on another line, a
lap of least time can be 1 to 4 % faster. So each has a hash, of the track's
shape, the line, the vehicle's width and its g-g-v envelope, and the versions of the method.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import GGV
from racegym.raceline.cache import Arrays, cached_arrays, digest_of, kept_arrays
from racegym.raceline.capability import QUANTITIES, VehicleModel
from racegym.raceline.line import Line
from racegym.raceline.minimum_time import Progress
from racegym.raceline.quasi_steady import QuasiSteadyLap, lap_of_line
from racegym.raceline.racing_line import METHOD as LINE_METHOD
from racegym.raceline.racing_line import LineKind, kept_line, racing_line
from racegym.track import Track

__all__ = ["DEFAULT_LINE", "ReferenceLap", "known_reference", "reference_lap", "sensitivity"]

Floats = NDArray[np.float64]

DEFAULT_LINE: LineKind = "weighted"
METHOD = 2  # version of what is computed here: a change of it makes all references anew
CHANGE = 0.01  # of a quantity, by which its worth is found
KIND = "limits"  # folder in the cache
ARRAYS = ("offset", "name", "notes", "curvature", "step", "speed", "corner_speed")


@dataclass(frozen=True, kw_only=True, eq=False)
class ReferenceLap:
    """The limit of a lap.

    Attributes:
        line: that it follows.
        lap: how.
        hash: 16 hex digits of all it depends on.
        source: where the vehicle's g-g-v envelope came from.
        notes: what to know of it, in plain sentences.
    """

    line: Line
    lap: QuasiSteadyLap
    hash: str
    source: str
    notes: tuple[str, ...] = ()

    @property
    def lap_time(self) -> float:
        """Return the time of a lap [s]."""
        return self.lap.lap_time

    @property
    def speed(self) -> Floats:
        """Return (n,) [m/s] at the track's samples."""
        return self.lap.speed

    @cached_property
    def sector_times(self) -> Floats:
        """Return the times [s] of the track's sectors."""
        track = self.line.track
        return self.lap.times_between(track.sectors / track.spacing)


def reference_lap(
    track: Track,
    model: VehicleModel,
    line: str = DEFAULT_LINE,
    *,
    relief: bool | None = None,
    progress: Progress | None = None,
) -> ReferenceLap:
    """Return the limit of a lap, from the cache where it was computed before.

    Args:
        track: to be lapped.
        model: the vehicle.
        line: its kind, as in ``racing_line``.
        relief: whether slope and banking count; by default as the vehicle's model says.
        progress: of a line of least time, as in ``minimum_time``.

    Raises:
        UnknownNameError: there is no such kind of line.
        RacegymError: the vehicle tells no envelope, or the line can't be computed.
    """
    ggv = model.ggv()
    key = _key(track, model, ggv, line, relief)

    def make() -> Arrays:
        found = racing_line(track, line, width=model.width, ggv=ggv, progress=progress)
        lap = lap_of_line(found, ggv, relief=relief)
        return {
            "offset": found.offset,
            "name": np.array(found.name),
            "notes": np.array((*found.notes, *_notes(found, ggv)), dtype=np.str_),
            "curvature": lap.curvature,
            "step": lap.step,
            "speed": lap.speed,
            "corner_speed": lap.corner_speed,
        }

    entry = cached_arrays(KIND, key, ARRAYS, make)
    return _reference(track, ggv, key, entry if _whole(entry, track) else make())


def known_reference(
    track: Track, model: VehicleModel, line: str, *, relief: bool | None = None
) -> ReferenceLap | None:
    """Return what ``reference_lap`` would, if that or its line was computed before; else None.

    Raises:
        RacegymError: the vehicle tells no envelope.
    """
    ggv = model.ggv()
    key = _key(track, model, ggv, line, relief)
    entry = kept_arrays(KIND, key, ARRAYS)
    if entry is not None and _whole(entry, track):
        return _reference(track, ggv, key, entry)
    if line in ("centerline", "own") or kept_line(track, line, width=model.width, ggv=ggv) is None:
        return None
    return reference_lap(track, model, line, relief=relief)


def sensitivity(
    reference: ReferenceLap, model: VehicleModel, *, relief: bool | None = None
) -> dict[str, float]:
    """Return what a hundredth more of each quantity does to the lap time [s].

    Central differences, on the same line. What the vehicle has none of is left out.

    Args:
        reference: of that vehicle.
        model: the vehicle.
        relief: as for ``reference_lap``.
    """

    def time(quantity: str, factor: float) -> float:
        return lap_of_line(reference.line, model.ggv(quantity, factor), relief=relief).lap_time

    return {
        quantity: 0.5 * (time(quantity, 1.0 + CHANGE) - time(quantity, 1.0 - CHANGE))
        for quantity in QUANTITIES
        if model.has(quantity)
    }


def _key(track: Track, model: VehicleModel, ggv: GGV, line: str, relief: bool | None) -> str:
    felt = ggv.relief if relief is None else relief
    own = track.line if line == "own" else None
    return digest_of(
        "reference", METHOD, LINE_METHOD, track.shape_hash, line, own, float(model.width),
        str(felt), ggv.speed, ggv.lateral, ggv.share, ggv.drive, ggv.brake, float(ggv.tightest),
    )  # fmt: skip


def _whole(entry: Arrays, track: Track) -> bool:
    """Tell whether an entry of the cache fits the track: it may have been tampered with."""
    names = ("offset", "curvature", "step", "speed", "corner_speed")
    return all(
        entry[name].shape == (len(track),) and np.isfinite(entry[name]).all() for name in names
    )


def _reference(track: Track, ggv: GGV, key: str, entry: Arrays) -> ReferenceLap:
    lap = QuasiSteadyLap(
        speed=entry["speed"],
        corner_speed=entry["corner_speed"],
        curvature=entry["curvature"],
        step=entry["step"],
    )
    return ReferenceLap(
        line=Line(track=track, offset=entry["offset"], name=str(entry["name"])),
        lap=lap,
        hash=key,
        source=ggv.source,
        notes=tuple(str(note) for note in entry["notes"]),
    )


def _notes(line: Line, ggv: GGV) -> tuple[str, ...]:
    """Return what the vehicle can't follow of a line."""
    bend = np.abs(line.curvature)
    sharpest = int(bend.argmax())
    if bend[sharpest] <= ggv.tightest:
        return ()
    note = (
        f"at s = {sharpest * line.track.spacing:.0f} m the line bends with a radius of "
        f"{1.0 / bend[sharpest]:.2f} m, and the vehicle steers {1.0 / ggv.tightest:.2f} m"
    )
    return (note,)
