"""Cars that touch cars: found over the whole step, answered by impulses at its end.

Who touched whom is found in ``touching``, in the order of the first touch; touches are answered in
that order in ``impulses``, and reported here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from racegym.kernels import kernel, outlined, prange
from racegym_kart2d.kernels.impulses import (
    BODY,
    CLOSING,
    FIGURES,
    IMPULSE,
    INVERSE_MASS,
    MOVED_X,
    MOVED_Y,
    NX,
    NY,
    PX,
    PY,
    VX,
    VY,
    C,
    R,
    S,
    bounce_all,
    part_all,
)  # fmt: skip
from racegym_kart2d.kernels.nearby import mark_near
from racegym_kart2d.kernels.touching import find_touches

__all__ = ["collide"]

Array = Any

BLOCK = 256  # cars of the races that share their working memory
TOUCHES = 3  # a car at most: side by side, convex outlines touch at less than 3 n places


@outlined
def _report(
    race: int, touches: Array, touch: int, one: int, other: int, count: Array, car: Array,
    by: Array, impulse: Array, px: Array, py: Array, normal_x: Array, normal_y: Array,
    closing: Array,
) -> None:  # fmt: skip
    """Append a contact while there is room, or add to that of an earlier part of the step."""
    least, most = min(one, other), max(one, other)
    for k in range(count[race]):
        if car[race, k] == least and by[race, k] == most:
            impulse[race, k] += touches[touch, IMPULSE]
            return
    k = count[race]
    if k < car.shape[1]:
        count[race] = k + 1
        side = -1.0 if one < other else 1.0  # normals point from the first in place
        car[race, k], by[race, k] = least, most
        impulse[race, k], closing[race, k] = touches[touch, IMPULSE], touches[touch, CLOSING]
        normal_x[race, k], normal_y[race, k] = side * touches[touch, NX], side * touches[touch, NY]
        px[race, k], py[race, k] = touches[touch, PX], touches[touch, PY]


@outlined(allocates=True)
def _meet_others(
    begin: int, end: int, n_cars: int, x: Array, y: Array, z: Array, yaw: Array,
    vx: Array, vy: Array, yaw_rate: Array, present: Array, last_x: Array, last_y: Array,
    last_yaw: Array, order: Array, parameters: Array, segment: Array, added: Array,
    race_track: Array,
    points: Array, table: Array, crossings: Array, count: Array, car: Array, other: Array,
    impulse: Array, touch_x: Array, touch_y: Array, normal_x: Array, normal_y: Array,
    closing: Array, restitution: float, friction: float,
) -> None:  # fmt: skip
    """Find and answer all touches of races ``begin`` to ``end``; others as in ``collide``."""
    real = vx.dtype.type
    bodies = np.empty((n_cars, BODY), np.float64)
    touches = np.empty((TOUCHES * n_cars, FIGURES), np.float64)
    pairs = np.empty((TOUCHES * n_cars, 2), np.int64)
    marked = np.empty(n_cars, np.bool_)
    place, others = np.empty(n_cars, np.int64), np.empty(n_cars, np.int64)
    for race in range(begin, end):
        first, track = race * n_cars, race_track[race]
        near = mark_near(first, n_cars, x, y, last_x, last_y, parameters, order, marked)
        if near > 0.0:
            found = find_touches(
                first, n_cars, near, track, x, y, z, yaw, vx, vy, yaw_rate, present,
                last_x, last_y, last_yaw, order, parameters, segment, added, table, crossings,
                bodies, touches, pairs, marked, place, others,
            )  # fmt: skip
            if found > 0:
                bounce_all(bodies, touches, pairs, found, restitution, friction)
                part_all(
                    first, n_cars, track, parameters, segment, points, table,
                    bodies, touches, pairs, found, real,
                )  # fmt: skip
                for i in range(n_cars):
                    if bodies[i, INVERSE_MASS] > 0.0:
                        x[first + i] += bodies[i, MOVED_X]
                        y[first + i] += bodies[i, MOVED_Y]
            for k in range(found):
                if touches[k, IMPULSE] > 0.0:
                    for side in range(2):
                        i = pairs[k, side]
                        c, s = bodies[i, C], bodies[i, S]
                        vx[first + i] = c * bodies[i, VX] + s * bodies[i, VY]
                        vy[first + i] = c * bodies[i, VY] - s * bodies[i, VX]
                        yaw_rate[first + i] = bodies[i, R]
                    _report(
                        race, touches, k, pairs[k, 0], pairs[k, 1], count, car, other, impulse,
                        touch_x, touch_y, normal_x, normal_y, closing,
                    )  # fmt: skip
        for i in range(first, first + n_cars):
            last_x[i], last_y[i], last_yaw[i] = x[i], y[i], yaw[i]


@kernel
def collide(
    x: Array,
    y: Array,
    z: Array,
    yaw: Array,
    vx: Array,
    vy: Array,
    yaw_rate: Array,
    present: Array,
    last_x: Array,
    last_y: Array,
    last_yaw: Array,
    order: Array,
    parameters: Array,
    segment: Array,
    added: Array,
    race_track: Array,
    points: Array,
    table: Array,
    crossings: Array,
    count: Array,
    car: Array,
    other: Array,
    impulse: Array,
    touch_x: Array,
    touch_y: Array,
    normal_x: Array,
    normal_y: Array,
    closing: Array,
    restitution: float,
    friction: float,
) -> None:
    """Answer the contacts of cars with cars of the step that was just made.

    Car arrays are flat, (n_races * n_cars,).

    Args:
        x, y, z, yaw, vx, vy, yaw_rate: of ``CarState``; those of cars that touch are updated,
            but for ``z`` and ``yaw``.
        present: bool; absent cars touch nothing.
        last_x, last_y, last_yaw: as they were when the step began; set to what they are now.
        order: int64, the slots of each race, sorted by ``x``; those of the step before, or in any
            order. Updated.
        parameters: (n_races * n_cars, PARAMETERS) real.
        segment: int32, where on the track.
        added: [kg] of ``Effects.mass``.
        race_track, points, table, crossings: the packed tracks.
        count, car, other, impulse, touch_x, touch_y, normal_x, normal_y, closing: of
            ``Contacts``, to which one a pair is appended.
        restitution, friction: between cars.
    """
    n_races = count.shape[0]
    n_cars = x.shape[0] // n_races
    races = max(1, BLOCK // n_cars)
    for block in prange((n_races + races - 1) // races):
        _meet_others(
            block * races, min(n_races, (block + 1) * races), n_cars, x, y, z, yaw, vx, vy,
            yaw_rate, present, last_x, last_y, last_yaw, order, parameters, segment, added,
            race_track, points, table, crossings, count, car, other, impulse, touch_x, touch_y,
            normal_x, normal_y, closing, restitution, friction,
        )  # fmt: skip
