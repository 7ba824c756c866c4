"""What a car can do at each speed and turn: its steady states, by the model's own equations.

A car that follows a bend of constant radius at speed v, with slip angle b of its body, turns
at r = a_n / v and has, in the frame of its path,

    m a_t = X cos b + Y sin b - D,   m a_n = Y cos b - X sin b                           (1)

with X, Y the sums of the tyre forces in the car frame and D = DRAG v^2 along the path. No yaw
moment is left over: of Y, the rear axle carries l_f / L and the front axle l_r / L. Loads,
friction, drive, brakes and tyre curves are those of ``single_track`` (2, 3), so the curve
gives the slip angle that a force needs, on the side where more slip means more force:

    alpha(q) = tan(asin(q) / C) / B,   q = |Fy| / (mu N sqrt(1 - use^2))                 (2)

and the body and the front wheels stand as the slip angles and the radius ask,

    tan b = l_r r / vx - tan alpha_r,   steer = atan((vy + l_f r) / vx) + alpha_f.       (3)

The pedal u, from full brake (-1) to full throttle (1), and the saturation q = sin(phi) of
whichever axle is nearer to its limit, fix a state; what (1) to (3) need of each other is found
by iteration. For a speed, the most lateral acceleration is the maximum of a_n over u and phi.
For a speed and an a_n, phi follows from u, and the greatest and the smallest a_t are looked
for among all pedals, by golden section. This is the g-g-v envelope of [1], without a margin.

At low speed a turn at full grip is tighter than the front wheels can be steered. Below the
speed at which ``TURN_SHARE`` of full lock makes the turn, slip angles and steering are those
of that speed; forces are those of the speed itself.

[1] Brayshaw, Harrison (2005), "A quasi steady state approach to race car lap simulation in
    order to understand the effects of racing line and centre of gravity location", Proc.
    IMechE Part D 219(6):725-739, doi:10.1243/095440705X11211.
"""

from __future__ import annotations

from math import asin, atan, cos, pi, sin, sqrt, tan
from typing import Any, NamedTuple

import numpy as np

from racegym.kernels import device, kernel, outlined, prange
from racegym_kart2d.kernels.acting import neutral
from racegym_kart2d.kernels.columns import (
    BRAKE_FORCE,
    BRAKE_FRONT,
    DRAG,
    DRIVE_FRONT,
    GRAVITY,
    GRIP_FRONT,
    GRIP_LONG,
    GRIP_REAR,
    MOST_LONG,
    ROLLING,
    SHAPE_FRONT,
    SHAPE_REAR,
    STEER_LIMIT,
    STIFFNESS_FRONT,
    STIFFNESS_REAR,
    TO_FRONT,
    TO_REAR,
    TOP_SPEED,
)
from racegym_kart2d.kernels.single_track import Acting, axle_loads, drive_force, friction

__all__ = ["State", "fill_equilibria", "fill_states", "fill_top_speed"]

Real = Any
Reals = Any

HALF_PI = 0.5 * pi
TURN_SHARE = 0.6  # of full lock: the tightest turn that is looked at
MOST_SLIP = 1.2  # [rad] of a tyre
ROUNDS = 40  # of the iteration for one state
SETTLED = 1e-7  # change of a state, in g and radians, that ends it
NEARLY = 1e-4  # a state that has not settled to this is none
MOST_BACK = 3.0  # that a step takes back of the one before
GOLDEN = 0.6180339887498949
SECTIONS = 20  # of the pedals' range, by golden section: to 7e-5 of its length
PEAK_SECTIONS = 12  # of the range of phi, to 3e-3 of it: a_n is within 1e-5 of its peak
SCANNED = 13  # pedals that are looked at first
TURNS = 5  # of the search for the most lateral acceleration; each tells the next its yaw rate
ROOTS = 60  # of a search for a root
CLOSE = 1e-6  # [m/s^2]
NUDGE = 1e-3  # of the pedal: tells whether the end of its range is the best
IMPOSSIBLE = -1e9
HALVINGS = 60
PEDAL_HALVINGS = 6  # of its range, where a speed is to be held
HELD = 0.1  # [m/s^2] of a speed that is held
TINY = 1e-9


class State(NamedTuple):
    """A steady state of a car."""

    along: Real  # [m/s^2] a_t
    across: Real  # [m/s^2] a_n
    by_tyres: Real  # [m/s^2] X / m, which shifts load
    slip: Real  # [rad] b of the body
    steer: Real  # [rad]


@device
def _slip_angle(q: Real, stiffness: Real, shape: Real) -> Real:
    """Return alpha [rad] by (2)."""
    return min(tan(min(asin(min(q, 1.0)) / shape, 1.5)) / stiffness, MOST_SLIP)


@device
def _pressed(p: Reals, act: Acting, pedal: Real) -> Acting:
    """Return what acts on the car at a pedal from -1 to 1."""
    return Acting(
        max(pedal, 0.0), max(-pedal, 0.0) * p[BRAKE_FORCE], act.limit, act.power, act.mass,
        act.grip_front, act.grip_rear, act.stiffness_front, act.stiffness_rear,
        act.rolling_front, act.rolling_rear, act.drag, act.downforce_front, act.downforce_rear,
        act.fx, act.fy, act.mz,
    )  # fmt: skip


@outlined
def _state(
    p: Reals, v: Real, turn: Real, across: Real, pedal: Real, phi: Real, near: State
) -> State:
    """Return the state at a pedal and a saturation, turning at ``across / turn`` [rad/s].

    Args:
        p: parameters of the car.
        v: [m/s] speed, for forces.
        turn: [m/s] speed, for turning.
        across: [m/s^2] a_n that sets the yaw rate.
        pedal: -1 to 1.
        phi: 0 to pi / 2, of the axle that is nearer to its limit.
        near: a state to set out from.
    """
    to_front, to_rear = p[TO_FRONT], p[TO_REAR]
    wheelbase = to_front + to_rear
    act = _pressed(p, neutral(p, np.float64), pedal)
    rate = across / (turn * turn)  # [1/m]
    full, drag = sin(phi), p[DRAG] * v * v
    g, slip, steer = near.by_tyres, near.slip, near.steer
    along, reached, change = 0.0, 0.0, 0.0
    old_g, old_slip, old_steer, moved_g, moved_slip, moved_steer = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for n in range(ROUNDS):
        vx = v * cos(slip)
        load_front, load_rear = axle_loads(p, act, vx, g, np.float64)
        peak_front = friction(p, p[GRIP_FRONT], load_front, np.float64) * load_front
        peak_rear = friction(p, p[GRIP_REAR], load_rear, np.float64) * load_rear
        along_front, along_rear = p[GRIP_LONG] * peak_front, p[GRIP_LONG] * peak_rear
        most_front, most_rear = MOST_LONG * along_front, MOST_LONG * along_rear
        drive = drive_force(p, act, vx, np.float64)
        pull_front = min(p[DRIVE_FRONT] * drive, most_front)
        pull_rear = min((1.0 - p[DRIVE_FRONT]) * drive, most_rear)
        pull_front -= min(p[BRAKE_FRONT] * act.brake, most_front)
        pull_rear -= min((1.0 - p[BRAKE_FRONT]) * act.brake, most_rear)
        use_front = pull_front / max(along_front, TINY)
        use_rear = pull_rear / max(along_rear, TINY)
        hold_front = peak_front * sqrt(max(1.0 - use_front * use_front, 0.0))
        hold_rear = peak_rear * sqrt(max(1.0 - use_rear * use_rear, 0.0))
        pull_front -= p[ROLLING] * load_front
        pull_rear -= p[ROLLING] * load_rear

        # How much the two axles carry together, at the saturation of the one that has less.
        at_front = pull_front * sin(steer) + full * hold_front * cos(steer)
        side = min(at_front * wheelbase / to_rear, full * hold_rear * wheelbase / to_front)
        side = max(side, 0.0)
        q_rear = side * to_front / (wheelbase * max(hold_rear, TINY))
        lat_front = (side * to_rear / wheelbase - pull_front * sin(steer)) / cos(steer)
        q_front = max(lat_front / max(hold_front, TINY), 0.0)

        curve = rate / cos(slip)
        lean = to_rear * curve - tan(_slip_angle(q_rear, p[STIFFNESS_REAR], p[SHAPE_REAR]))
        new_slip = atan(lean)
        new_steer = atan(lean + to_front * curve) + _slip_angle(
            q_front, p[STIFFNESS_FRONT], p[SHAPE_FRONT]
        )
        x = pull_front * cos(new_steer) - lat_front * sin(new_steer) + pull_rear
        new_g = x / act.mass
        along = (x * cos(new_slip) + side * sin(new_slip) - drag) / act.mass
        reached = (side * cos(new_slip) - x * sin(new_slip)) / act.mass
        # Anderson's acceleration with one step of memory, in g and radians.
        miss_g, miss_slip, miss_steer = new_g - g, new_slip - slip, new_steer - steer
        change = abs(miss_g) / GRAVITY + abs(miss_slip) + abs(miss_steer)
        if change < SETTLED:
            break
        d_g, d_slip, d_steer = miss_g - old_g, miss_slip - old_slip, miss_steer - old_steer
        square = d_g * d_g / (GRAVITY * GRAVITY) + d_slip * d_slip + d_steer * d_steer
        back = miss_g * d_g / (GRAVITY * GRAVITY) + miss_slip * d_slip + miss_steer * d_steer
        back = min(max(back / max(square, TINY * TINY), -MOST_BACK), MOST_BACK)
        if n == 0:
            back = 0.0
        g, moved_g = g + miss_g - back * (moved_g + d_g), g
        slip, moved_slip = slip + miss_slip - back * (moved_slip + d_slip), slip
        steer, moved_steer = steer + miss_steer - back * (moved_steer + d_steer), steer
        moved_g, moved_slip, moved_steer = g - moved_g, slip - moved_slip, steer - moved_steer
        old_g, old_slip, old_steer = miss_g, miss_slip, miss_steer
    beyond = max(steer - p[STEER_LIMIT], 0.0)
    if beyond > 0.0 or change > NEARLY:
        reached = IMPOSSIBLE * (1.0 + beyond)
    return State(along, reached, g, slip, steer)


@outlined
def _most_across(
    p: Reals, v: Real, turn: Real, across: Real, pedal: Real, enough: Real, near: State
) -> tuple[Real, State]:
    """Return phi and the state of the greatest a_n at a pedal, or of one that is ``enough``."""
    last = _state(p, v, turn, across, pedal, HALF_PI, near)
    if last.across >= enough:
        return HALF_PI, last
    low, high = 0.0, HALF_PI
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left = _state(p, v, turn, across, pedal, left, near)
    at_right = _state(p, v, turn, across, pedal, right, at_left)
    for _ in range(PEAK_SECTIONS):
        if at_left.across >= enough:
            return left, at_left
        if at_right.across >= enough:
            return right, at_right
        if at_left.across > at_right.across:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = _state(p, v, turn, across, pedal, left, at_right)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = _state(p, v, turn, across, pedal, right, at_left)
    if last.across >= max(at_left.across, at_right.across):
        return HALF_PI, last
    return (left, at_left) if at_left.across > at_right.across else (right, at_right)


@outlined
def _hold(
    p: Reals, v: Real, turn: Real, across: Real, pedal: Real, near: State
) -> tuple[bool, State]:
    """Return whether the car can hold ``across`` at a pedal, and its state then."""
    high, state = _most_across(p, v, turn, across, pedal, across, near)
    above = state.across - across
    if above < -CLOSE:
        return False, state
    low, below = 0.0, -across
    side = 0
    for _ in range(ROOTS):
        if abs(state.across - across) <= CLOSE or high - low < 1e-14:
            break
        # False position, with the Illinois change: an end that stays counts half.
        phi = (low * above - high * below) / (above - below)
        state = _state(p, v, turn, across, pedal, phi, state)
        found = state.across - across
        if found > 0.0:
            high, above = phi, found
            below = 0.5 * below if side == 1 else below
            side = 1
        else:
            low, below = phi, found
            above = 0.5 * above if side == -1 else above
            side = -1
    return True, state


@device
def _worth(held: bool, state: State, sign: Real) -> Real:
    return sign * state.along if held else IMPOSSIBLE


@outlined
def _extreme(
    p: Reals, v: Real, turn: Real, across: Real, start: Real, sign: Real, near: State
) -> State:
    """Return the state of the greatest ``sign * a_t`` among pedals from ``start`` to ``sign``.

    Args:
        p, v, turn, across: as in ``_state``.
        start: a pedal at which the car can hold ``across``.
        sign: 1 for drive, -1 for brakes.
        near: the state there.
    """
    held, last = _hold(p, v, turn, across, sign, near)
    if held:
        _, before = _hold(p, v, turn, across, sign - NUDGE * (sign - start), last)
        if sign * last.along > sign * before.along:
            return last
    low, high = start, sign
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    held, at_left = _hold(p, v, turn, across, left, near)
    left_worth = _worth(held, at_left, sign)
    held, at_right = _hold(p, v, turn, across, right, near)
    right_worth = _worth(held, at_right, sign)
    best, worth = near, sign * near.along
    for _ in range(SECTIONS):
        if left_worth > worth:
            best, worth = at_left, left_worth
        if right_worth > worth:
            best, worth = at_right, right_worth
        if left_worth >= right_worth:
            high, right, right_worth = right, left, left_worth
            left = high - GOLDEN * (high - low)
            held, at_left = _hold(p, v, turn, across, left, near)
            left_worth = _worth(held, at_left, sign)
        else:
            low, left, left_worth = left, right, right_worth
            right = low + GOLDEN * (high - low)
            held, at_right = _hold(p, v, turn, across, right, near)
            right_worth = _worth(held, at_right, sign)
    return best


@outlined
def _steady(p: Reals, v: Real, turn: Real, across: Real, start: Real, near: State) -> State:
    """Return the state whose a_t is nearest to zero among the pedals that hold ``across``.

    Args:
        p, v, turn, across: as in ``_state``.
        start: a pedal at which the car can hold ``across``.
        near: the state there.
    """
    best, inner, outer = near, start, -1.0 if near.along > 0.0 else 1.0
    for _ in range(PEDAL_HALVINGS):
        if abs(best.along) < HELD:
            break
        pedal = 0.5 * (inner + outer)
        held, state = _hold(p, v, turn, across, pedal, best)
        if held and abs(state.along) < abs(best.along):
            best = state
        if held and (state.along > 0.0) == (near.along > 0.0):
            inner = pedal
        else:
            outer = pedal
    return best


@outlined
def _tip(p: Reals, v: Real, turn: Real, guess: Real) -> tuple[Real, State]:
    """Return the pedal and the state of the most lateral acceleration at a speed."""
    near = State(0.0, guess, 0.0, 0.0, 0.0)
    best, pedal = near, 0.0
    low, high = -1.0, 1.0
    across = guess
    for _ in range(TURNS):
        step = (high - low) / (SCANNED - 1)
        most = IMPOSSIBLE
        for k in range(SCANNED):
            _, state = _most_across(p, v, turn, across, low + k * step, 1e300, near)
            if state.across > most:
                most, best, pedal = state.across, state, low + k * step
        across = best.across
        low, high = max(pedal - step, -1.0), min(pedal + step, 1.0)
        near = best
    return pedal, best


@device
def _turning(p: Reals, v: Real) -> Real:
    """Return the speed [m/s] at which the car is taken to turn; see the module's text."""
    reach = (p[TO_FRONT] + p[TO_REAR]) / tan(TURN_SHARE * p[STEER_LIMIT])
    return max(v, sqrt(min(p[GRIP_FRONT], p[GRIP_REAR]) * GRAVITY * reach))


@kernel
def fill_equilibria(speed, share, rows, lateral, drive, brake, slip, understeer):
    """Write the g-g-v envelope of one car.

    Args:
        speed: (n,) float64 [m/s].
        share: (k,) float64, rising from 0 to 1.
        rows: (1, PARAMETERS) float64, its parameters.
        lateral: (n,) float64 [m/s^2]. Written.
        drive, brake: (n, k) float64 [m/s^2]. Written.
        slip, understeer: (n, k) float64 [rad], b of (3) and what is steered beyond the angle
            of the radius, at the pedal that comes nearest to holding the speed. Written.
    """
    for i in prange(speed.shape[0]):
        _fill(rows[0], speed[i], share, i, lateral, drive, brake, slip, understeer)


@outlined
def _fill(p, v, share, i, lateral, drive, brake, slip, understeer):
    turn = _turning(p, v)
    wheelbase = p[TO_FRONT] + p[TO_REAR]
    pedal, tip = _tip(p, v, turn, min(p[GRIP_FRONT], p[GRIP_REAR]) * GRAVITY)
    lateral[i] = tip.across
    for k in range(share.shape[0]):
        across = share[k] * tip.across
        held, near = _hold(p, v, turn, across, pedal, tip)
        held = held and k < share.shape[0] - 1
        steady = _steady(p, v, turn, across, pedal, near) if held else tip
        slip[i, k] = steady.slip
        understeer[i, k] = steady.steer - atan(wheelbase * steady.across / (turn * turn))
        if not held:
            drive[i, k], brake[i, k] = tip.along, -tip.along
            continue
        drive[i, k] = _extreme(p, v, turn, across, pedal, 1.0, near).along
        brake[i, k] = -_extreme(p, v, turn, across, pedal, -1.0, near).along


@kernel
def fill_states(pedal, across, speed, rows, out):
    """Write the steady states of some cars, for tests and figures.

    Args:
        pedal: (n,) float64, -1 to 1.
        across: (n,) float64 [m/s^2].
        speed: (n,) float64 [m/s].
        rows: (n, PARAMETERS) float64.
        out: (n, 5) float64, the fields of ``State``; NaN where it can't be held. Written.
    """
    for i in prange(pedal.shape[0]):
        p, v = rows[i], speed[i]
        near = State(0.0, across[i], 0.0, 0.0, 0.0)
        held, state = _hold(p, v, _turning(p, v), across[i], pedal[i], near)
        for k in range(5):
            out[i, k] = state[k] if held else np.nan


@kernel
def fill_top_speed(top, rows):
    """Write where full throttle on a straight gains nothing any more.

    Args:
        top: (n,) float64 [m/s]. Written.
        rows: (n, PARAMETERS) float64.
    """
    for i in prange(top.shape[0]):
        top[i] = _top_speed(rows[i])


@outlined
def _top_speed(p):
    low, high = 0.0, p[TOP_SPEED]
    near = State(0.0, 0.0, 0.0, 0.0, 0.0)
    for _ in range(HALVINGS):
        v = 0.5 * (low + high)
        if _state(p, v, max(v, 1.0), 0.0, 1.0, 0.0, near).along > 0.0:
            low = v
        else:
            high = v
    return low
