"""The racing lines that a scenario asks for its tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from racegym.errors import BackendError, ScenarioError
from racegym.interfaces import Backend
from racegym.raceline.racing_line import FOR_ONE_VEHICLE, racing_line
from racegym.track import Track

__all__ = ["with_racing_line"]


def with_racing_line(
    track: Track,
    kind: str,
    vehicles: Sequence[Mapping[str, Any]],
    backend: type[Backend],
    options: Mapping[str, Any],
) -> Track:
    """Return the track with a racing line, laid for the widest of some vehicles.

    Args:
        track: to drive on, with all obstacles.
        kind: of line, as in ``racing_line``.
        vehicles: parameters of each car's vehicle.
        backend: whose vehicles they are; some kinds of line ask it for the envelope.
        options: of the backend.

    Raises:
        ScenarioError: a vehicle's width is not known.
        BackendError: the kind depends on the envelope, and the backend tells none.
        MissingLibraryError: it is to be computed and CasADi is not installed.
    """
    if kind == "own":
        return track
    if kind == "centerline":
        return track if track.line is None else track.with_line([0.0] * len(track), kind)
    widths = [_width(vehicle, kind) for vehicle in vehicles]
    width = max(widths)
    ggv = None
    if kind in FOR_ONE_VEHICLE:
        ggv = backend.ggv(vehicles[widths.index(width)], options)
        if ggv is None:
            raise BackendError(
                f"racing_line {kind!r} needs a backend that tells the g-g-v envelope of its "
                "vehicles, and this one does not; take 'minimum_curvature'"
            )
    line = racing_line(track, kind, width=width, ggv=ggv)
    return track.with_line(line.offset, line.name)


def _width(vehicle: Mapping[str, Any], kind: str) -> float:
    """Return the width [m] of a vehicle."""
    width = vehicle.get("width")
    if not isinstance(width, int | float) or isinstance(width, bool) or not width > 0.0:
        raise ScenarioError(
            f"racing_line {kind!r} needs the width of every car, and one has a vehicle without "
            "a number called width"
        )
    return float(width)
