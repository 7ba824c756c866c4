"""Whether the numbers can be metres: of the track by itself, and for the vehicle."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from racegym.track.check import LARGEST_COORDINATE, LARGEST_WIDTH, size_fault
from racegym.track.track import Track
from racegym.track.validation.report import Problem, VehicleLimits, places

__all__ = ["room", "size", "sound"]

FEWEST_LENGTHS, MOST_LENGTHS = 20.0, 10_000.0  # of the car, in a lap
MOST_WIDTHS = 40.0  # of the car, across the track
ROOM_TO_PASS = 2.0  # widths of the car
SHORTEST_TIME = 1.0  # [s] of a lap at top speed
WIDEST = 0.2  # of the lap's length
UNEVEN = 0.02  # of the spacing


def sound(track: Track) -> Iterator[Problem]:
    """Yield arrays of a track that contradict each other; further checks need them to agree."""

    def wrong(what: str, s: float | None = None) -> Problem:
        return Problem(check="samples", severity="error", what=what, s=s)

    n = len(track)
    if n < 4:
        yield wrong(f"the track has {n} samples")
        return
    if not (np.isfinite(track.spacing) and track.spacing > 0.0):
        yield wrong(f"the spacing of samples is {track.spacing} m")
        return
    if not abs(track.length - n * track.spacing) <= 1e-6 * n * track.spacing:
        yield wrong(
            f"the length is {track.length:g} m, and {n} samples {track.spacing:g} m apart make "
            f"{n * track.spacing:g} m"
        )
        return
    far = np.maximum.reduce([np.abs(track.x), np.abs(track.y), np.abs(track.z)])
    for name, values, most in (
        ("coordinates", far, LARGEST_COORDINATE),
        ("a left width", track.width_left, LARGEST_WIDTH),
        ("a right width", track.width_right, LARGEST_WIDTH),
        ("a curvature", np.abs(track.curvature), 1e6),
        ("a slope", np.abs(track.slope), 1e6),
    ):
        k = int(np.argmax(values))
        if values[k] > most:
            yield wrong(f"{name} of {values[k]:.3g} lies beyond {most:.3g}", k * track.spacing)
    for side, width in (("left", track.width_left), ("right", track.width_right)):
        for k, where in places(track, width <= 0.0, -width):
            yield Problem(
                check="width", severity="error", what=f"the {side} width is {width[k]:g} m", **where
            )
    norm = np.hypot(track.tangent_x, track.tangent_y)
    k = int(np.argmax(np.abs(norm - 1.0)))
    if abs(norm[k] - 1.0) > 1e-3:
        yield wrong(f"the tangent has a length of {norm[k]:.3g}, not 1", k * track.spacing)


def size(track: Track) -> Iterator[Problem]:
    """Yield signs that the unit is no metre, or that samples are not where they should be."""
    fault = size_fault(track.length)
    if fault is not None:
        yield Problem(check="scale", severity="error", what=f"the track {fault}")
    wide = float((track.width_left + track.width_right).mean())
    if wide > WIDEST * track.length:
        yield Problem(
            check="scale",
            severity="warning",
            what=(
                f"the track is {wide:.1f} m wide and only {track.length:.1f} m long: are widths "
                "and points in the same unit?"
            ),
        )
    step = np.hypot(np.roll(track.x, -1) - track.x, np.roll(track.y, -1) - track.y)
    bend = np.maximum(np.abs(track.curvature), np.abs(np.roll(track.curvature, -1)))
    # A chord is shorter than its arc by (bend * spacing)^2 / 24.
    least = track.spacing * (1.0 - UNEVEN - (bend * track.spacing) ** 2 / 8.0)
    bad = (step > track.spacing * (1.0 + UNEVEN)) | (step < least)
    for k, where in places(track, bad, np.abs(step - track.spacing)):
        yield Problem(
            check="samples",
            severity="error",
            what=f"samples are {step[k]:.3f} m apart, not {track.spacing:.3f} m",
            **where,
        )


def room(track: Track, vehicle: VehicleLimits) -> Iterator[Problem]:
    """Yield what does not fit the vehicle's size and speed."""
    wide = track.width_left + track.width_right
    name = vehicle.name
    for k, where in places(track, wide < vehicle.width, -wide):
        yield Problem(
            check="scale",
            severity="error",
            what=f"the track is {wide[k]:.2f} m wide, and {name} {vehicle.width:.2f} m",
            **where,
        )
    tight = (wide >= vehicle.width) & (wide < ROOM_TO_PASS * vehicle.width)
    for k, where in places(track, tight, -wide):
        yield Problem(
            check="scale",
            severity="warning",
            what=(
                f"the track is {wide[k]:.2f} m wide: two of {name}, {vehicle.width:.2f} m each, "
                "can't pass side by side"
            ),
            **where,
        )
    mean = float(wide.mean())
    lengths = track.length / vehicle.length
    seconds = track.length / max(vehicle.top_speed, 1e-3)
    if mean > MOST_WIDTHS * vehicle.width:
        yield _units(f"the track is {mean:.0f} m wide, {mean / vehicle.width:.0f} times {name}")
    if not FEWEST_LENGTHS <= lengths <= MOST_LENGTHS:
        yield _units(f"a lap of {track.length:.0f} m is {lengths:.0f} lengths of {name}")
    elif seconds < SHORTEST_TIME:
        yield _units(
            f"{name} laps {track.length:.0f} m in {seconds:.1f} s at its top speed of "
            f"{vehicle.top_speed:.0f} m/s"
        )


def _units(what: str) -> Problem:
    return Problem(
        check="scale",
        severity="warning",
        what=f"{what}: are these metres, and is this the vehicle that is meant?",
    )
