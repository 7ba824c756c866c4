"""What of a recorded drive is fit to be learned from, and what is left out and why.

Whoever drove made mistakes, and a clone would learn those, too. What is looked for, in this
order; a step is left out for the first reason that applies:

    gap          steps are missing, or what was recorded is no number
    jump         the car is where it can't have driven to: it was put back, or its place is wrong
    spin         it points or moves far off the track's direction, or rolls backwards
    off track    all of it is beyond the edge
    standing     it has not moved for a while
    over         it is out of the race: it has finished, or was retired
    invalid lap  race control did not count the lap
    slow lap     the lap took far longer than the best of the same drive
    part lap     the lap was not completed, or its beginning was not seen

The seconds before a spin and before the edge lead there; they go as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from racegym.interfaces import Status, TrainerOptions
from racegym.record.result import Lap

__all__ = ["MOTION", "REASONS", "CleaningOptions", "Finding", "Motion", "Reason", "clean"]

Reason = Literal[
    "gap", "jump", "spin", "off track", "standing", "over", "invalid lap", "slow lap", "part lap",
]  # fmt: skip
REASONS: tuple[Reason, ...] = get_args(Reason)
KEPT = len(REASONS)  # in place of a reason

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Motion = dict[str, NDArray[Any]]

# What must be known of how a car moved: a row before the first step and one after each.
MOTION = ("time", "x", "y", "yaw", "vx", "vy", "yaw_rate", "heading_error", "off_track", "status")

LATE = 0.25  # of dt by which a step may be longer or shorter
FASTER, FURTHER = 1.5, 0.5  # [-, m] than its speed explains a car must get to have jumped
TURNED = 0.5  # [rad] beyond what twice its yaw rate explains
BRAKED = 100.0  # [m/s^2] that no car reaches, not even at a wall that it leaves again
SLIPPING = 3.0  # [m/s] from which on the angle of slip tells of a spin
BACKWARDS = 0.5  # [m/s]
STANDING = 0.3, 2.0  # [m/s, s]


class CleaningOptions(TrainerOptions):
    """What is left out of recorded drives."""

    complete_laps: bool = Field(True, description="leave out laps that were not completed")
    valid_laps: bool = Field(True, description="leave out laps that race control did not count")
    slowest_lap: float | None = Field(
        None, gt=100, description="[%] of a drive's best lap, above which a lap is left out"
    )
    spin_angle: float = Field(
        1.2, gt=0, le=3.2, description="[rad] off the track's direction, or of slip: a spin"
    )
    keep_off_track: bool = Field(False, description="keep what was driven beyond the edge")
    drop_before: float = Field(
        2.0, ge=0, le=60, description="[s] left out before a spin or the edge"
    )
    drop_after: float = Field(1.0, ge=0, le=60, description="[s] left out after it")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Steps of one lap, one after the other, that were left out for one reason.

    Attributes:
        drive: of which drive.
        reason: why.
        lap: from 1.
        start, end: [s] race time.
        steps: how many control intervals.
    """

    drive: str
    reason: Reason
    lap: int
    start: float
    end: float
    steps: int


def clean(
    motion: Motion,
    laps: Sequence[Lap],
    dt: float,
    options: CleaningOptions,
    drive: str = "",
    lost: Mask | None = None,
) -> tuple[Mask, list[Finding]]:
    """Return which steps of a drive are fit to be learned from, and what was left out.

    Args:
        motion: by the names of ``MOTION``, (n + 1,) each; row k is before step k.
        laps: those that were completed, of this car and drive.
        dt: [s] control interval.
        options: see there.
        drive: its name.
        lost: (n,) steps of which something else is no number; they are gaps.

    Returns:
        (n,) whether each step is kept, and what is not.
    """
    lap_of, faults = _of_laps(motion["time"], laps, dt, options)
    found = {"gap": _gaps(motion, dt)}
    if lost is not None:
        found["gap"] |= lost
    with np.errstate(invalid="ignore"):  # what is no number is a gap
        found |= {
            "jump": _jumps(motion, dt) & ~found["gap"],
            "spin": _spins(motion, options.spin_angle),
            "off track": motion["off_track"][1:].astype(np.bool_) & (not options.keep_off_track),
            "standing": _standing(motion, dt),
        }
    # With the step in which it is taken off the track: what follows that is nowhere.
    found["over"] = motion["status"][1:] > Status.PIT
    found["jump"] &= ~found["over"]
    around = round(options.drop_before / dt), round(options.drop_after / dt)
    for reason in ("spin", "off track"):
        found[reason] = _widened(found[reason], *around)
    why = np.full(len(lap_of), KEPT)
    for index in reversed(range(KEPT)):
        reason = REASONS[index]
        why[found[reason] if reason in found else faults[reason]] = index
    return why == KEPT, list(_findings(why, motion["time"], lap_of, drive))


def _gaps(motion: Motion, dt: float) -> Mask:
    # Not every backend tells all of these; what is nowhere known is no gap.
    known = [motion[name] for name in MOTION if not np.isnan(motion[name].astype(float)).all()]
    odd = ~np.all([np.isfinite(values.astype(np.float64)) for values in known], axis=0)
    with np.errstate(invalid="ignore"):
        passed = np.abs(np.diff(motion["time"]) - dt) <= LATE * dt
    gaps: Mask = odd[1:] | odd[:-1] | ~passed
    return gaps


def _jumps(motion: Motion, dt: float) -> Mask:
    moved = np.hypot(np.diff(motion["x"]), np.diff(motion["y"]))
    speed = np.hypot(motion["vx"], np.nan_to_num(motion["vy"]))
    most = FASTER * np.fmax(speed[1:], speed[:-1]) * dt + FURTHER
    turned = np.abs(_wrapped(np.diff(motion["yaw"])))
    rate = np.abs(np.nan_to_num(motion["yaw_rate"]))
    spun = 2.0 * np.fmax(rate[1:], rate[:-1]) * dt + TURNED
    jumps: Mask = (moved > most) | (turned > spun) | (np.abs(np.diff(speed)) > BRAKED * dt)
    return jumps


def _spins(motion: Motion, angle: float) -> Mask:
    vx, vy = motion["vx"], np.nan_to_num(motion["vy"])
    slip = np.abs(np.arctan2(vy, np.abs(vx)))
    spins = (np.abs(motion["heading_error"]) > angle) | (vx < -BACKWARDS)
    spins |= (slip > angle) & (np.hypot(vx, vy) > SLIPPING)
    found: Mask = spins[1:]
    return found


def _standing(motion: Motion, dt: float) -> Mask:
    slow, least = STANDING
    still: Mask = np.hypot(motion["vx"], np.nan_to_num(motion["vy"]))[1:] < slow
    for start, end in _stretches(still):
        if (end - start) * dt < least:
            still[start:end] = False
    return still


def _of_laps(
    time: Floats, laps: Sequence[Lap], dt: float, options: CleaningOptions
) -> tuple[NDArray[np.int64], dict[str, Mask]]:
    """Return the lap of each step, 0 for none, and the steps of laps that don't count."""
    n = len(time) - 1
    lap_of = np.zeros(n, np.int64)
    invalid, slow, complete = (np.zeros(n, np.bool_) for _ in range(3))
    timed = [lap for lap in laps if lap.lap_time is not None]
    best = min((lap.lap_time or 0.0 for lap in timed if lap.valid), default=np.inf)
    for lap in laps:
        began = -np.inf if lap.lap_time is None else lap.time - lap.lap_time
        # The step in which the line is crossed is of the lap that ends with it.
        driven = (time[:-1] >= began - 0.5 * dt) & (time[:-1] < lap.time) & (lap_of == 0)
        lap_of[driven] = lap.number
        if lap.lap_time is not None:
            complete |= driven
            invalid |= driven & (options.valid_laps and not lap.valid)
            too_slow = options.slowest_lap or np.inf
            slow |= driven & (100.0 * lap.lap_time > too_slow * best)
    lap_of[lap_of == 0] = max((lap.number for lap in laps), default=0) + 1
    part = ~complete & options.complete_laps
    return lap_of, {"invalid lap": invalid, "slow lap": slow, "part lap": part}


def _wrapped(angle: Floats) -> Floats:
    wrapped: Floats = (angle + np.pi) % (2.0 * np.pi) - np.pi
    return wrapped


def _stretches(mask: Mask) -> Iterator[tuple[int, int]]:
    """Yield where each stretch of True begins and ends."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _widened(mask: Mask, before: int, after: int) -> Mask:
    wide = mask.copy()
    for start, end in _stretches(mask):
        wide[max(0, start - before) : end + after] = True
    return wide


def _findings(
    why: NDArray[np.int64], time: Floats, lap_of: NDArray[np.int64], drive: str
) -> Iterator[Finding]:
    edges = np.flatnonzero((np.diff(why) != 0) | (np.diff(lap_of) != 0)) + 1
    for start, end in zip([0, *edges.tolist()], [*edges.tolist(), len(why)], strict=True):
        if start < end and why[start] != KEPT:
            yield Finding(
                drive=drive, reason=REASONS[why[start]], lap=int(lap_of[start]),
                start=float(time[start]), end=float(time[end]), steps=end - start,
            )  # fmt: skip
