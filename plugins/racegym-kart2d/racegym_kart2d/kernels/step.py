"""A step of the whole batch, block by block, and placing cars.

A block holds whole races, in lanes (see ``lanes``), and does one thing after the other for
all of its cars: load, then per substep move, find the place on the track and meet walls, and
at last report and save. Only finding the place is done car by car, and so are obstacles, where
there are any.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from racegym.kernels import device, kernel, outlined, prange
from racegym.kernels.geometry import wrap_angle
from racegym.kernels.obstacles import OBSTACLE_X, OBSTACLE_Y, RADIUS, SPAN_COUNT, SPAN_FIRST
from racegym.kernels.projection import (
    COUNT,
    FIRST,
    KERB,
    OBSTACLE_COUNT,
    OBSTACLE_FIRST,
    OPEN_RUNOFF,
    REACH,
    RUNOFF,
    VERGED,
)
from racegym.kernels.trigonometry import cosine, sine
from racegym_kart2d.kernels import lanes
from racegym_kart2d.kernels.acting import acting, all_within, neutral, on_surface, within
from racegym_kart2d.kernels.columns import (
    LENGTH,
    PARAMETERS,
    STEER_LIMIT,
    STEER_RATE,
    TO_FRONT,
    TO_REAR,
    WIDTH,
)
from racegym_kart2d.kernels.ground import (
    follow,
    heights,
    hit_obstacle,
    hit_wall,
    nearest_place,
    place_beside,
    search,
    stretch_at,
    verge_surfaces,
    wheel_surfaces,
)
from racegym_kart2d.kernels.integrators import implicit, runge_kutta
from racegym_kart2d.kernels.lanes import (
    LANES,
    get,
    get_acting,
    get_body,
    get_given,
    get_parameters,
    get_place,
    get_stretch,
    get_wheels,
    get_wheelwise,
    put,
    put_acting,
    put_body,
    put_four,
    put_place,
    put_stretch,
    put_wheels,
    put_wheelwise,
    take_four,
)
from racegym_kart2d.kernels.records import Ground, Memory, Motion, Orders, Outside, Touch
from racegym_kart2d.kernels.report import report
from racegym_kart2d.kernels.single_track import Body, Posture, linear_forces, saturating_forces

__all__ = [
    "place_cars",
    "step_cars",
    "step_linear",
    "step_linear_runge_kutta",
    "step_runge_kutta",
]

Real = Any  # a float of either precision
Array = Any

MANY_CARS = 32  # placing one takes a microsecond
UNKNOWN = -1  # segment of a car that was placed: the world's frame tells the branch
WALL, OBSTACLE = -1, -2  # `Contacts.WALL`, `Contacts.OBSTACLE`


@outlined
def _load(
    w: Array,
    wide: Array,
    first: int,
    n: int,
    motion: Motion,
    memory: Memory,
    orders: Orders,
    outside: Outside,
) -> None:
    """Copy cars ``first`` to ``first + n`` into the lanes."""
    for i in range(n):
        car = first + i
        for k in range(PARAMETERS):
            put(w, k, i, memory.parameters[car, k])
        put(w, lanes.VX, i, motion.vx[car])
        put(w, lanes.VY, i, motion.vy[car])
        put(w, lanes.R, i, motion.yaw_rate[car])
        put(w, lanes.RACK, i, memory.rack[car])
        put(w, lanes.SHIFT, i, memory.shift[car])
        put_four(w, lanes.WHEELS, i, motion.surface, car)
        put(wide, lanes.X, i, motion.x[car])
        put(wide, lanes.Y, i, motion.y[car])
        put(wide, lanes.Z, i, motion.z[car])
        put(wide, lanes.YAW, i, motion.yaw[car])
        put(wide, lanes.SEGMENT, i, memory.segment[car])
        put(w, lanes.ASKED, i, orders.steer[car])
        put(w, lanes.THROTTLE, i, orders.throttle[car])
        put(w, lanes.BRAKE, i, orders.brake[car])
        put(w, lanes.GEAR, i, orders.gear[car])
        put_four(w, lanes.GRIP, i, outside.grip, car)
        put_four(w, lanes.STIFFNESS, i, outside.tyre_stiffness, car)
        put_four(w, lanes.ROLL, i, outside.rolling_resistance, car)
        put(w, lanes.OFFSET, i, outside.steer_offset[car])
        put(w, lanes.GIVEN, i, outside.power[car])
        put(w, lanes.GIVEN + 1, i, outside.drag[car])
        put(w, lanes.GIVEN + 2, i, outside.brake[car])
        put(w, lanes.GIVEN + 3, i, outside.downforce_front[car])
        put(w, lanes.GIVEN + 4, i, outside.downforce_rear[car])
        put(w, lanes.GIVEN + 5, i, outside.mass[car])
        put(w, lanes.GIVEN + 6, i, outside.fx[car])
        put(w, lanes.GIVEN + 7, i, outside.fy[car])
        put(w, lanes.GIVEN + 8, i, outside.mz[car])
        put(w, lanes.GIVEN + 9, i, outside.speed_limit[car])


@outlined
def _prepare(w: Array, wide: Array, n: int, real: Any) -> None:
    """Bring what was loaded into the form that substeps use, and clear what they sum."""
    zero = real(0.0)
    for i in range(n):
        p = get_parameters(w, i)
        angle = real(wrap_angle(get(wide, lanes.YAW, i)))
        put(w, lanes.CY, i, cosine(angle, real))
        put(w, lanes.SY, i, sine(angle, real))
        put(w, lanes.ASKED, i, p[STEER_LIMIT] * within(get(w, lanes.ASKED, i), -1.0, 1.0, real))
        put(w, lanes.OFFSET, i, within(get(w, lanes.OFFSET, i), -0.5, 0.5, real))
        grip = all_within(get_wheelwise(w, lanes.GRIP, i), 0.0, 2.0, real)
        put_wheelwise(w, lanes.GRIP, i, grip)
        roll = all_within(get_wheelwise(w, lanes.ROLL, i), 0.0, 100.0, real)
        put_wheelwise(w, lanes.ROLL, i, roll)
        stiffness = all_within(get_wheelwise(w, lanes.STIFFNESS, i), 0.05, 5.0, real)
        throttle, brake = get(w, lanes.THROTTLE, i), get(w, lanes.BRAKE, i)
        gear = get(w, lanes.GEAR, i)
        put_acting(w, i, acting(p, throttle, brake, gear, get_given(w, i), stiffness, real))
        put(w, lanes.THROTTLE, i, within(throttle, 0.0, 1.0, real))
        put(w, lanes.BRAKE, i, within(brake, 0.0, 1.0, real))
        put(w, lanes.GAINED_X, i, zero)
        put(w, lanes.GAINED_Y, i, zero)
        put(w, lanes.LOST_FRONT, i, zero)
        put(w, lanes.LOST_REAR, i, zero)
        put(w, lanes.IMPULSE, i, zero)
        put(w, lanes.CLOSING, i, zero)


@outlined
def _look_up(
    w: Array, wide: Array, first: int, n: int, n_cars: int, ground: Ground, real: Any
) -> None:
    """Get what tracks say of themselves, and where placed cars are."""
    race, slot = first // n_cars, first % n_cars
    for i in range(n):
        track = ground.race_track[race]
        if get(wide, lanes.SEGMENT, i) == float(UNKNOWN):
            last = ground.table[track, COUNT] - 1.0
            put(wide, lanes.SEGMENT, i, min(max(float(ground.segment[first + i]), 0.0), last))
        put(w, lanes.PLACE, i, real(0.0))
        put(w, lanes.PLACE + 3, i, real(0.0))
        put(w, lanes.PLACE + 4, i, real(0.0))
        put(w, lanes.PLACE + 5, i, real(ground.table[track, KERB]))
        put(w, lanes.PLACE + 6, i, real(ground.table[track, RUNOFF]))
        slot += 1
        if slot == n_cars:
            race, slot = race + 1, 0


@outlined
def _find(
    w: Array,
    wide: Array,
    first: int,
    n: int,
    n_cars: int,
    present: Array,
    ground: Ground,
    real: Any,
) -> None:
    """Follow all lanes along their tracks."""
    points, table, cells = ground.points, ground.table, ground.cells
    race, slot = first // n_cars, first % n_cars
    for i in range(n):
        if present[first + i]:
            track = ground.race_track[race]
            segment = int(get(wide, lanes.SEGMENT, i))
            x, y = get(wide, lanes.X, i), get(wide, lanes.Y, i)
            before = get_place(w, i)
            reach = max(before.left, before.right) + min(before.runoff, real(OPEN_RUNOFF))
            if abs(before.d) > reach + real(REACH):
                segment = search(points, table, cells, track, x, y, segment)
            else:
                segment = follow(points, table, cells, track, x, y, segment)
            put(wide, lanes.SEGMENT, i, float(segment))
            put_stretch(w, i, stretch_at(points, table, track, x, y, segment, real))
            height, climb = heights(points, table, track, segment)
            put(wide, lanes.HEIGHT, i, height)
            put(wide, lanes.CLIMB, i, climb)
        slot += 1
        if slot == n_cars:
            race, slot = race + 1, 0


@outlined
def _meet_walls(w: Array, wide: Array, n: int, real: Any) -> None:
    """See where all lanes are across the track, hold them at walls, note their surfaces."""
    zero = real(0.0)
    for i in range(n):
        p = get_parameters(w, i)
        cy, sy = get(w, lanes.CY, i), get(w, lanes.SY, i)
        kerb, runoff = get(w, lanes.PLACE + 5, i), get(w, lanes.PLACE + 6, i)
        place, t = place_beside(get_stretch(w, i), kerb, runoff, real)
        put_place(w, i, place)
        put(wide, lanes.Z, i, get(wide, lanes.HEIGHT, i) + t * get(wide, lanes.CLIMB, i))
        mass = get_acting(w, i).mass
        hit = hit_wall(p, mass, get_body(w, i), place, cy, sy, real)
        put_body(w, i, hit.body)
        x = get(wide, lanes.X, i) + hit.push * hit.normal_x
        y = get(wide, lanes.Y, i) + hit.push * hit.normal_y
        put(wide, lanes.X, i, x)
        put(wide, lanes.Y, i, y)
        # What is reported is the first touch, and the sum of all impulses.
        impulse = get(w, lanes.IMPULSE, i)
        first = impulse == zero
        touch_x = hit.corner_x * cy - hit.corner_y * sy
        touch_y = hit.corner_x * sy + hit.corner_y * cy
        put(w, lanes.CLOSING, i, hit.closing if first else get(w, lanes.CLOSING, i))
        put(w, lanes.NORMAL_X, i, hit.normal_x if first else get(w, lanes.NORMAL_X, i))
        put(w, lanes.NORMAL_Y, i, hit.normal_y if first else get(w, lanes.NORMAL_Y, i))
        put(wide, lanes.TOUCH_X, i, x + touch_x if first else get(wide, lanes.TOUCH_X, i))
        put(wide, lanes.TOUCH_Y, i, y + touch_y if first else get(wide, lanes.TOUCH_Y, i))
        put(w, lanes.IMPULSE, i, impulse + hit.impulse)
        put_wheels(w, i, wheel_surfaces(p, place, cy, sy, real))


@outlined
def _expect_verges(first: int, n: int, n_cars: int, ground: Ground) -> bool:
    """Return whether any lane's track has something else than grass beyond its kerbs."""
    some = False
    for race in range(first // n_cars, (first + n - 1) // n_cars + 1):
        some = some or ground.table[ground.race_track[race], VERGED] > 0.0
    return some


@outlined
def _look_beside(
    w: Array, wide: Array, first: int, n: int, n_cars: int, ground: Ground, real: Any
) -> None:
    """See what all lanes stand on beyond the kerbs, where that may be no grass."""
    race, slot = first // n_cars, first % n_cars
    for i in range(n):
        track = ground.race_track[race]
        if ground.table[track, VERGED] > 0.0:
            row = int(ground.table[track, FIRST]) + int(get(wide, lanes.SEGMENT, i))
            left, right = real(ground.verges[row, 0]), real(ground.verges[row, 1])
            p, place, wheels = get_parameters(w, i), get_place(w, i), get_wheels(w, i)
            cy, sy = get(w, lanes.CY, i), get(w, lanes.SY, i)
            found = verge_surfaces(p, place, cy, sy, wheels, left, right, real)
            put_wheels(w, i, found)
        slot += 1
        if slot == n_cars:
            race, slot = race + 1, 0


@outlined
def _expect_obstacles(w: Array, first: int, n: int, n_cars: int, ground: Ground, real: Any) -> bool:
    """Return whether any lane's track has obstacles; clear what is reported of them."""
    some = False
    for race in range(first // n_cars, (first + n - 1) // n_cars + 1):
        some = some or ground.table[ground.race_track[race], OBSTACLE_COUNT] > 0.0
    if some:
        for i in range(n):
            put(w, lanes.OBSTACLE, i, real(0.0))
    return some


@outlined
def _meet_obstacles(
    w: Array,
    wide: Array,
    first: int,
    n: int,
    n_cars: int,
    present: Array,
    ground: Ground,
    real: Any,
) -> None:
    """Hold all lanes at the obstacles that are near."""
    table, obstacles, spans = ground.table, ground.obstacles, ground.obstacle_spans
    race, slot = first // n_cars, first % n_cars
    for i in range(n):
        track = ground.race_track[race]
        beside = int(table[track, FIRST]) + int(get(wide, lanes.SEGMENT, i))
        near = spans[beside, SPAN_COUNT]
        if near > 0 and present[first + i]:
            begin, number = int(table[track, OBSTACLE_FIRST]), int(table[track, OBSTACLE_COUNT])
            # Half the length and width together are more than from a box's middle to its corner.
            middle = abs(get(w, TO_FRONT, i) - get(w, TO_REAR, i))
            reach = 0.5 * float(get(w, LENGTH, i) + get(w, WIDTH, i) + middle)
            k = spans[beside, SPAN_FIRST]
            for _ in range(near):
                row = begin + k
                k = k + 1 if k + 1 < number else 0
                dx = obstacles[row, OBSTACLE_X] - get(wide, lanes.X, i)
                dy = obstacles[row, OBSTACLE_Y] - get(wide, lanes.Y, i)
                touching = reach + obstacles[row, RADIUS]
                if dx * dx + dy * dy < touching * touching:
                    _meet_obstacle(w, wide, i, obstacles, row, real)
        slot += 1
        if slot == n_cars:
            race, slot = race + 1, 0


@outlined
def _meet_obstacle(w: Array, wide: Array, i: int, obstacles: Array, row: int, real: Any) -> None:
    """Hold lane ``i`` at the obstacle in ``row``, and note the first touch and all impulses."""
    p = get_parameters(w, i)
    cy, sy = get(w, lanes.CY, i), get(w, lanes.SY, i)
    x, y = get(wide, lanes.X, i), get(wide, lanes.Y, i)
    mass = get_acting(w, i).mass
    hit = hit_obstacle(p, mass, get_body(w, i), obstacles, row, x, y, cy, sy, real)
    put_body(w, i, hit.body)
    x += hit.push * hit.normal_x
    y += hit.push * hit.normal_y
    put(wide, lanes.X, i, x)
    put(wide, lanes.Y, i, y)
    impulse = get(w, lanes.OBSTACLE, i)
    put(w, lanes.OBSTACLE, i, impulse + hit.impulse)
    if impulse == real(0.0):
        put(w, lanes.OBSTACLE + 1, i, hit.closing)
        put(w, lanes.OBSTACLE + 2, i, hit.normal_x)
        put(w, lanes.OBSTACLE + 3, i, hit.normal_y)
        put(wide, lanes.OBSTACLE_TOUCH, i, x + hit.corner_x * cy - hit.corner_y * sy)
        put(wide, lanes.OBSTACLE_TOUCH + 1, i, y + hit.corner_x * sy + hit.corner_y * cy)


@outlined
def _report(w: Array, wide: Array, n: int, dt: float, substeps: int, real: Any) -> None:
    """Work out what is told of the step as a whole."""
    per_second, per_substep = real(1.0 / dt), real(1.0 / substeps)
    for i in range(n):
        ay = get(w, lanes.GAINED_Y, i) * per_second
        put(w, lanes.GAINED_X, i, get(w, lanes.GAINED_X, i) * per_second)
        put(w, lanes.GAINED_Y, i, ay)
        put(w, lanes.ANGLE, i, real(wrap_angle(get(wide, lanes.YAW, i))))
        steer = get(w, lanes.RACK, i) + get(w, lanes.OFFSET, i)
        put(w, lanes.STEER, i, steer)
        told = report(
            get_parameters(w, i),
            get_acting(w, i),
            get_body(w, i),
            steer,
            get(w, lanes.SHIFT, i),
            ay,
            get(w, lanes.LOST_FRONT, i) * per_substep,
            get(w, lanes.LOST_REAR, i) * per_substep,
            real,
        )
        put_wheelwise(w, lanes.LOAD, i, told.load)
        put_wheelwise(w, lanes.SLIP_ANGLE, i, told.slip_angle)
        put_wheelwise(w, lanes.SLIP_POWER, i, told.slip_power)
        put_wheelwise(w, lanes.WHEEL_SPEED, i, told.wheel_speed)
        put(w, lanes.ENGINE, i, told.engine_speed)


@outlined
def _save(
    w: Array, wide: Array, first: int, n: int, present: Array, motion: Motion, memory: Memory
) -> None:
    """Copy the lanes back to cars ``first`` to ``first + n``."""
    for i in range(n):
        car = first + i
        if present[car]:
            motion.x[car] = get(wide, lanes.X, i)
            motion.y[car] = get(wide, lanes.Y, i)
            motion.z[car] = get(wide, lanes.Z, i)
            motion.yaw[car] = get(w, lanes.ANGLE, i)
            motion.vx[car] = get(w, lanes.VX, i)
            motion.vy[car] = get(w, lanes.VY, i)
            motion.yaw_rate[car] = get(w, lanes.R, i)
            motion.ax[car] = get(w, lanes.GAINED_X, i)
            motion.ay[car] = get(w, lanes.GAINED_Y, i)
            motion.steer[car] = get(w, lanes.STEER, i)
            motion.throttle[car] = get(w, lanes.THROTTLE, i)
            motion.brake[car] = get(w, lanes.BRAKE, i)
            motion.engine_speed[car] = get(w, lanes.ENGINE, i)
            take_four(w, lanes.LOAD, i, motion.load, car)
            take_four(w, lanes.SLIP_ANGLE, i, motion.slip_angle, car)
            take_four(w, lanes.SLIP_POWER, i, motion.slip_power, car)
            take_four(w, lanes.WHEEL_SPEED, i, motion.wheel_speed, car)
            take_four(w, lanes.WHEELS, i, motion.surface, car)
            memory.rack[car] = get(w, lanes.RACK, i)
            memory.shift[car] = get(w, lanes.SHIFT, i)
            memory.segment[car] = get(wide, lanes.SEGMENT, i)


@outlined
def _append_contacts(
    w: Array,
    wide: Array,
    first: int,
    n: int,
    n_cars: int,
    present: Array,
    touch: Touch,
    real: Any,
    row: int,
    place: int,
    other: int,
) -> None:
    """Report what was touched, as long as there is room.

    Args:
        w, wide, first, n, n_cars, present: the lanes.
        touch: written.
        real: the precision.
        row: first of the impulse, the closing speed and the normal.
        place: first of the point of contact.
        other: what it was.
    """
    for i in range(n):
        if present[first + i] and get(w, row, i) > real(0.0):
            race = (first + i) // n_cars
            k = touch.count[race]
            if k < touch.car.shape[1]:
                touch.count[race] = k + 1
                touch.car[race, k] = first + i - race * n_cars
                touch.other[race, k] = other
                touch.impulse[race, k] = get(w, row, i)
                touch.closing_speed[race, k] = get(w, row + 1, i)
                touch.normal_x[race, k] = get(w, row + 2, i)
                touch.normal_y[race, k] = get(w, row + 3, i)
                touch.x[race, k] = get(wide, place, i)
                touch.y[race, k] = get(wide, place + 1, i)


def _block(travel: Any) -> Any:
    """Return the function that advances a block of cars, of which ``travel`` moves one."""

    @outlined
    def move(
        w: Array,
        wide: Array,
        n: int,
        long_h: float,
        fresh: Real,
        real: Any,
    ) -> None:
        """Steer and move all lanes by ``long_h`` [s], without regard to walls."""
        h, half = real(long_h), real(0.5)
        for i in range(n):
            p = get_parameters(w, i)
            before, asked = get(w, lanes.RACK, i), get(w, lanes.ASKED, i)
            most = p[STEER_RATE] * h
            rack = before + min(max(asked - before, -most), most)
            steer = half * (before + rack) + get(w, lanes.OFFSET, i)
            grip, roll = get_wheelwise(w, lanes.GRIP, i), get_wheelwise(w, lanes.ROLL, i)
            act = on_surface(p, get_acting(w, i), grip, roll, get_wheels(w, i), real)
            cy, sy, shift = get(w, lanes.CY, i), get(w, lanes.SY, i), get(w, lanes.SHIFT, i)
            posture = Posture(steer, cosine(steer, real), sine(steer, real), shift)
            trip = travel(p, act, posture, get_body(w, i), cy, sy, h, real)
            put_body(w, i, Body(trip.vx, trip.vy, trip.r))
            put(w, lanes.RACK, i, rack)
            put(w, lanes.CY, i, trip.cy)
            put(w, lanes.SY, i, trip.sy)
            put(w, lanes.SHIFT, i, shift + fresh * (trip.by_tyres - shift))
            put(w, lanes.GAINED_X, i, get(w, lanes.GAINED_X, i) + trip.gained_x)
            put(w, lanes.GAINED_Y, i, get(w, lanes.GAINED_Y, i) + trip.gained_y)
            put(w, lanes.LOST_FRONT, i, get(w, lanes.LOST_FRONT, i) + trip.lost_front)
            put(w, lanes.LOST_REAR, i, get(w, lanes.LOST_REAR, i) + trip.lost_rear)
            put(wide, lanes.X, i, get(wide, lanes.X, i) + trip.dx)
            put(wide, lanes.Y, i, get(wide, lanes.Y, i) + trip.dy)
            put(wide, lanes.YAW, i, get(wide, lanes.YAW, i) + trip.turn)

    @outlined(allocates=True)
    def step_block(
        begin: int,
        end: int,
        n_cars: int,
        present: Array,
        motion: Motion,
        memory: Memory,
        orders: Orders,
        outside: Outside,
        ground: Ground,
        touch: Touch,
        dt: float,
        substeps: int,
        keep: float,
        real: Any,
    ) -> None:
        """Advance cars ``begin`` to ``end``; other arguments as in ``step_cars``."""
        w = np.zeros(lanes.ROWS * LANES, motion.vx.dtype)
        wide = np.zeros(lanes.WIDE_ROWS * LANES, np.float64)
        for first in range(begin, end, LANES):
            n = min(LANES, end - first)
            _load(w, wide, first, n, motion, memory, orders, outside)
            _look_up(w, wide, first, n, n_cars, ground, real)
            _prepare(w, wide, n, real)
            obstructed = _expect_obstacles(w, first, n, n_cars, ground, real)
            verged = _expect_verges(first, n, n_cars, ground)
            for _ in range(substeps):
                move(w, wide, n, dt / substeps, real(1.0 - keep), real)
                _find(w, wide, first, n, n_cars, present, ground, real)
                _meet_walls(w, wide, n, real)
                if verged:
                    _look_beside(w, wide, first, n, n_cars, ground, real)
                if obstructed:
                    _meet_obstacles(w, wide, first, n, n_cars, present, ground, real)
            _report(w, wide, n, dt, substeps, real)
            _save(w, wide, first, n, present, motion, memory)
            _append_contacts(
                w, wide, first, n, n_cars, present, touch, real, lanes.IMPULSE, lanes.TOUCH_X, WALL
            )
            if obstructed:
                _append_contacts(
                    w, wide, first, n, n_cars, present, touch, real,
                    lanes.OBSTACLE, lanes.OBSTACLE_TOUCH, OBSTACLE,
                )  # fmt: skip

    return step_block


_step_block = _block(implicit(saturating_forces))
_step_block_linear = _block(implicit(linear_forces))
_step_block_runge_kutta = _block(runge_kutta(saturating_forces))
_step_block_linear_runge_kutta = _block(runge_kutta(linear_forces))


@kernel
def step_cars(
    vx: Array,
    present: Array,
    motion: Motion,
    memory: Memory,
    orders: Orders,
    outside: Outside,
    ground: Ground,
    touch: Touch,
    elapsed: Array,
    advanced: Array,
    dt: float,
    substeps: int,
    keep: float,
) -> None:
    """Advance all cars by ``dt`` with saturating tyres and the implicit integrator.

    Car arrays are flat, (n_races * n_cars,) or (n_races * n_cars, 4).

    Args:
        vx: real [m/s]; also in ``motion``.
        present: bool; absent cars stay as they are.
        motion, memory: updated.
        orders: what drivers ask.
        outside: what realism does.
        ground: the tracks.
        touch: contacts, to which at most two a car are appended.
        elapsed: (n_races,) float64 [s]; ``dt`` is added.
        advanced: (n_races,) bool; written.
        dt: [s].
        substeps: equal parts of it.
        keep: share of the low-passed acceleration that a substep keeps.
    """
    n_races = elapsed.shape[0]
    n_cars = vx.shape[0] // n_races
    races = max(1, LANES // n_cars)  # of a block
    for block in prange((n_races + races - 1) // races):
        begin, end = block * races, min(n_races, (block + 1) * races)
        for race in range(begin, end):
            elapsed[race] += dt
            advanced[race] = True
        _step_block(
            begin * n_cars, end * n_cars, n_cars, present, motion, memory, orders, outside,
            ground, touch, dt, substeps, keep, vx.dtype.type,
        )  # fmt: skip


@kernel
def step_linear(
    vx: Array,
    present: Array,
    motion: Motion,
    memory: Memory,
    orders: Orders,
    outside: Outside,
    ground: Ground,
    touch: Touch,
    elapsed: Array,
    advanced: Array,
    dt: float,
    substeps: int,
    keep: float,
) -> None:
    """Do what ``step_cars`` does with linear tyres."""
    n_races = elapsed.shape[0]
    n_cars = vx.shape[0] // n_races
    races = max(1, LANES // n_cars)  # of a block
    for block in prange((n_races + races - 1) // races):
        begin, end = block * races, min(n_races, (block + 1) * races)
        for race in range(begin, end):
            elapsed[race] += dt
            advanced[race] = True
        _step_block_linear(
            begin * n_cars, end * n_cars, n_cars, present, motion, memory, orders, outside,
            ground, touch, dt, substeps, keep, vx.dtype.type,
        )  # fmt: skip


@kernel
def step_runge_kutta(
    vx: Array,
    present: Array,
    motion: Motion,
    memory: Memory,
    orders: Orders,
    outside: Outside,
    ground: Ground,
    touch: Touch,
    elapsed: Array,
    advanced: Array,
    dt: float,
    substeps: int,
    keep: float,
) -> None:
    """Do what ``step_cars`` does with the Runge-Kutta integrator."""
    n_races = elapsed.shape[0]
    n_cars = vx.shape[0] // n_races
    races = max(1, LANES // n_cars)  # of a block
    for block in prange((n_races + races - 1) // races):
        begin, end = block * races, min(n_races, (block + 1) * races)
        for race in range(begin, end):
            elapsed[race] += dt
            advanced[race] = True
        _step_block_runge_kutta(
            begin * n_cars, end * n_cars, n_cars, present, motion, memory, orders, outside,
            ground, touch, dt, substeps, keep, vx.dtype.type,
        )  # fmt: skip


@kernel
def step_linear_runge_kutta(
    vx: Array,
    present: Array,
    motion: Motion,
    memory: Memory,
    orders: Orders,
    outside: Outside,
    ground: Ground,
    touch: Touch,
    elapsed: Array,
    advanced: Array,
    dt: float,
    substeps: int,
    keep: float,
) -> None:
    """Do what ``step_cars`` does with linear tyres and the Runge-Kutta integrator."""
    n_races = elapsed.shape[0]
    n_cars = vx.shape[0] // n_races
    races = max(1, LANES // n_cars)  # of a block
    for block in prange((n_races + races - 1) // races):
        begin, end = block * races, min(n_races, (block + 1) * races)
        for race in range(begin, end):
            elapsed[race] += dt
            advanced[race] = True
        _step_block_linear_runge_kutta(
            begin * n_cars, end * n_cars, n_cars, present, motion, memory, orders, outside,
            ground, touch, dt, substeps, keep, vx.dtype.type,
        )  # fmt: skip


@device
def _put_car(
    car: int,
    n_cars: int,
    x: float,
    y: float,
    yaw: float,
    vx: Real,
    motion: Motion,
    memory: Memory,
    ground: Ground,
    real: Any,
) -> None:
    """Put one car somewhere, driving straight ahead with neutral controls."""
    zero = real(0.0)
    p = memory.parameters[car]
    track = ground.race_track[car // n_cars]
    place, z, segment = nearest_place(ground.points, ground.table, ground.cells, track, x, y, real)
    cs, sn = cosine(real(yaw), real), sine(real(yaw), real)
    row = int(ground.table[track, FIRST]) + segment
    left, right = real(ground.verges[row, 0]), real(ground.verges[row, 1])
    wheels = wheel_surfaces(p, place, cs, sn, real)
    wheels = verge_surfaces(p, place, cs, sn, wheels, left, right, real)
    body = Body(vx, zero, zero)
    told = report(p, neutral(p, real), body, zero, zero, zero, zero, zero, real)
    motion.x[car], motion.y[car], motion.z[car], motion.yaw[car] = x, y, z, yaw
    motion.vx[car], motion.vy[car], motion.yaw_rate[car] = vx, zero, zero
    motion.ax[car], motion.ay[car], motion.steer[car] = zero, zero, zero
    motion.throttle[car], motion.brake[car] = zero, zero
    motion.engine_speed[car] = told.engine_speed
    _fill(motion.load[car], told.load)
    _fill(motion.slip_angle[car], told.slip_angle)
    _fill(motion.slip_power[car], told.slip_power)
    _fill(motion.wheel_speed[car], told.wheel_speed)
    _fill(motion.surface[car], wheels)
    memory.rack[car], memory.shift[car], memory.segment[car] = zero, zero, UNKNOWN


@device
def _fill(target: Array, values: tuple[Real, Real, Real, Real]) -> None:
    target[0], target[1], target[2], target[3] = values


@kernel(parallel_from=MANY_CARS)
def place_cars(
    cars: Array,
    pose: Array,
    speed: Array,
    n_cars: int,
    motion: Motion,
    memory: Memory,
    ground: Ground,
) -> None:
    """Put cars somewhere, driving straight ahead with neutral controls.

    Args:
        cars: (k,) int64, flat.
        pose: (k, 3) float64; x [m], y [m], yaw [rad].
        speed: (k,) float64 [m/s] forward.
        n_cars: cars of a race.
        motion, memory: of all cars, flat; the rows of ``cars`` are written.
        ground: the tracks.
    """
    for i in prange(cars.shape[0]):
        real = motion.vx.dtype.type
        x, y, yaw = pose[i, 0], pose[i, 1], wrap_angle(pose[i, 2])
        _put_car(cars[i], n_cars, x, y, yaw, real(speed[i]), motion, memory, ground, real)
