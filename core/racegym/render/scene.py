"""One race at one moment, as painters look at it: of a world that runs, or of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import Array, View
from racegym.track import Track

__all__ = ["Cast", "Scene", "blend", "cast_of", "scene_of", "top_speed"]

Floats = NDArray[np.float64]

SPEED = 60.0  # [m/s] of cars that nothing is known of
JUMP = 3.0  # [m] beyond what its speed explains, from which on a car was moved


@dataclass(frozen=True, kw_only=True, eq=False)
class Cast:
    """Who races; the same from the first moment to the last.

    Attributes:
        names: of the cars.
        length, width, wheelbase: (n_cars,) [m].
        to_front: (n_cars,) [m] the place that a car's position names, to its front axle.
        steer_limit: (n_cars,) [rad].
        top_speed: [m/s] of the fastest, or a guess where no vehicle tells.
        laps: race distance; 0 for none.
    """

    names: tuple[str, ...]
    length: Floats
    width: Floats
    wheelbase: Floats
    to_front: Floats
    steer_limit: Floats
    top_speed: float
    laps: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """One race at one moment. Arrays are (n_cars,); what is not known is NaN.

    Attributes:
        track: where it is.
        time: [s] race time.
        step: steps since the start; 0 before the first.
        present: the car is on the track.
        x, y, yaw: [m, rad] in the map.
        speed: [m/s].
        ax, ay: [m/s^2] forward and to the left.
        steer, throttle, brake: what was asked for, as in ``Control``.
        status: ``Status``.
        position: from 1.
        lap: laps completed.
        lap_start: [s] race time at which the lap began.
        last_lap, best_lap: [s].
        lap_valid: the lap counts so far.
        sector: index of the sector.
        gap: [s] to the leader.
        laps_behind: whole laps that it is behind the leader.
        progress: [m] since the start line.
        flags: bits of ``Flag``, shown to the car.
        penalty_due: a ``PenaltyKind`` that is to be served.
    """

    track: Track
    time: float
    step: int
    present: NDArray[np.bool_]
    x: Floats
    y: Floats
    yaw: Floats
    speed: Floats
    ax: Floats
    ay: Floats
    steer: Floats
    throttle: Floats
    brake: Floats
    status: NDArray[np.int64]
    position: NDArray[np.int64]
    lap: NDArray[np.int64]
    lap_start: Floats
    last_lap: Floats
    best_lap: Floats
    lap_valid: NDArray[np.bool_]
    sector: NDArray[np.int64]
    gap: Floats
    laps_behind: NDArray[np.int64]
    progress: Floats
    flags: NDArray[np.int64]
    penalty_due: NDArray[np.int64]


def cast_of(view: View, names: Sequence[str], laps: int = 0) -> Cast:
    """Return who races in a world that has been reset.

    Args:
        view: the world's data.
        names: of the cars.
        laps: race distance; 0 for none.
    """
    table = view.vehicle

    def floats(array: Array) -> Floats:
        copied: Floats = array[0].astype(np.float64)
        return copied

    return Cast(
        names=tuple(names),
        length=floats(table.length),
        width=floats(table.width),
        wheelbase=floats(table.wheelbase),
        to_front=floats(table.to_front),
        steer_limit=floats(table.steer_limit),
        top_speed=top_speed(floats(table.top_speed)),
        laps=laps,
    )


def top_speed(told: Floats) -> float:
    """Return the greatest of some top speeds [m/s]; a guess where none is told."""
    known = told[np.isfinite(told) & (told > 0.0)]
    return float(known.max()) if len(known) else SPEED


def scene_of(view: View, race: int = 0) -> Scene:
    """Return a copy of what a world's race looks like now."""
    state, control, told = view.state, view.control, view.race

    def floats(array: Array) -> Floats:
        copied: Floats = array[race].astype(np.float64)
        return copied

    def whole(array: Array) -> NDArray[np.int64]:
        copied: NDArray[np.int64] = array[race].astype(np.int64)
        return copied

    return Scene(
        track=view.tracks.track_of(race),
        time=float(told.time[race]),
        step=int(told.step[race]),
        present=told.present[race].copy(),
        x=floats(state.x),
        y=floats(state.y),
        yaw=floats(state.yaw),
        speed=np.hypot(floats(state.vx), np.nan_to_num(floats(state.vy))),
        ax=floats(state.ax),
        ay=floats(state.ay),
        steer=floats(control.steer),
        throttle=floats(control.throttle),
        brake=floats(control.brake),
        status=whole(told.status),
        position=whole(told.position),
        lap=whole(told.laps_done),
        lap_start=floats(told.lap_start),
        last_lap=floats(told.last_lap_time),
        best_lap=floats(told.best_lap_time),
        lap_valid=told.lap_valid[race].copy(),
        sector=whole(told.sector),
        gap=floats(told.gap_leader),
        laps_behind=whole(told.laps_behind),
        progress=floats(view.frame.progress),
        flags=whole(told.flags),
        penalty_due=whole(told.penalty_due),
    )


def blend(before: Scene, after: Scene, share: float) -> Scene:
    """Return the moment that is a share of the way from one scene to the next.

    What moves is in between; all else is as it was before. A car that was put somewhere else
    stays where it was until then.
    """
    if share >= 1.0 or after.time <= before.time or after.track is not before.track:
        return after

    def between(a: Floats, b: Floats) -> Floats:
        return a + share * (b - a)

    far = JUMP + 2.0 * np.fmax(before.speed, after.speed) * (after.time - before.time)
    gone = np.hypot(after.x - before.x, after.y - before.y) > far
    turn = (after.yaw - before.yaw + np.pi) % (2.0 * np.pi) - np.pi
    return replace(
        before,
        time=before.time + share * (after.time - before.time),
        x=np.where(gone, before.x, between(before.x, after.x)),
        y=np.where(gone, before.y, between(before.y, after.y)),
        yaw=np.where(gone, before.yaw, before.yaw + share * turn),
        speed=between(before.speed, after.speed),
        ax=between(before.ax, after.ax),
        ay=between(before.ay, after.ay),
        steer=between(before.steer, after.steer),
        throttle=between(before.throttle, after.throttle),
        brake=between(before.brake, after.brake),
    )
