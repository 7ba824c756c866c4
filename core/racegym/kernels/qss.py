"""How fast a vehicle can lap a line: quasi-steady states along it, forwards and backwards.

At every place the vehicle is in a steady state of its g-g-v envelope [1]: with speed v on a
line of curvature k, its tyres hold

    a_n = v^2 k cos B + g sin B,   share = |a_n| / (load lateral(v)) <= 1                 (1)
    load = cos B cos S + (v^2 K - v^2 k sin B) / g                                       (2)

where B is the bank (positive: the left edge is the higher one), S the slope and K the
curvature in the vertical plane, all zero on a flat road. Along the line it gains, per metre,

    d(v^2)/ds <= 2 (drive(v, share) - g sin S)                                           (3)
    -d(v^2)/ds <= 2 (load brake(v, share) + g sin S)                                     (4)

Drive, brake and lateral are linear between the envelope's nodes. Greatest speeds by (1) at
all samples come first; from the slowest of them (3) is integrated forwards and (4) backwards,
by Heun's rule in sub-steps with k linear between samples, each cut to what is there already.
Both go round until nothing changes: a closed lap ends as it began. The result is of second
order in the step.

Left out: the time that pedals, gears and the body take from one state to the next; the loads'
effect on drive; speeds beyond the top of the envelope, downhill too.

[1] Brayshaw, Harrison (2005), "A quasi steady state approach to race car lap simulation in
    order to understand the effects of racing line and centre of gravity location", Proc.
    IMechE Part D 219(6):725-739, doi:10.1243/095440705X11211.
[2] Heilmeier, Geisslinger, Betz (2019), "A quasi-steady-state lap time simulation for
    electrified race cars", EVER 2019, doi:10.1109/EVER.2019.8813646.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

from racegym.kernels.compile import device, kernel, outlined

__all__ = ["BANK", "LIFT", "ROAD_COLUMNS", "SLOPE", "Envelope", "fill_speeds"]

Real = Any
Reals = Any

SLOPE, BANK, LIFT = 0, 1, 2  # columns of ``road``: [rad], [rad], K [1/m]
ROAD_COLUMNS = 3

GRAVITY = 9.81  # [m/s^2]
CRAWL = 0.1  # [m/s] the least speed
HALVINGS = 50
SUB_STEPS = 4
MOST_ROUNDS = 200  # of a lap, until its speeds have settled
SETTLED = 1e-12  # share of v^2: a smaller change is none
TINY = 1e-12


class Envelope(NamedTuple):
    """The arrays of a ``GGV``."""

    speed: Reals
    lateral: Reals
    share: Reals
    drive: Reals
    brake: Reals


@device
def _place(nodes: Reals, x: Real) -> tuple[int, Real]:
    """Return the interval of ``nodes`` that holds ``x`` and the share of it before ``x``."""
    low, high = 0, nodes.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if nodes[middle] <= x:
            low = middle
        else:
            high = middle
    return low, min(max((x - nodes[low]) / (nodes[low + 1] - nodes[low]), 0.0), 1.0)


@device
def _between(table: Reals, i: int, t: Real, j: int, u: Real) -> Real:
    near = table[i, j] + u * (table[i, j + 1] - table[i, j])
    far = table[i + 1, j] + u * (table[i + 1, j + 1] - table[i + 1, j])
    return near + t * (far - near)


@device
def _needed(bend: Real, bank: Real, square: Real) -> Real:
    """Return |a_n| by (1), with the bank's sine taken as the bank where it is none."""
    return abs(square * bend * _cosine(bank) + GRAVITY * _sine(bank))


@device
def _sine(angle: Real) -> Real:
    square = angle * angle
    return angle * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0)))


@device
def _cosine(angle: Real) -> Real:
    square = angle * angle
    return 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0))


@device
def _load(bend: Real, slope: Real, bank: Real, lift: Real, square: Real) -> Real:
    """Return the load by (2), over that on a flat road."""
    still = _cosine(bank) * _cosine(slope)
    return max(still + square * (lift - bend * _sine(bank)) / GRAVITY, 0.0)


@device
def _room(envelope: Envelope, bend: Real, slope: Real, bank: Real, lift: Real, v: Real) -> Real:
    """Return the lateral acceleration [m/s^2] that is left at speed ``v``, negative if none."""
    i, t = _place(envelope.speed, v)
    most = envelope.lateral[i] + t * (envelope.lateral[i + 1] - envelope.lateral[i])
    square = v * v
    return most * _load(bend, slope, bank, lift, square) - _needed(bend, bank, square)


@outlined
def _corner_speed(envelope: Envelope, bend: Real, slope: Real, bank: Real, lift: Real) -> Real:
    """Return the greatest speed [m/s] up to which (1) can be held throughout."""
    speed = envelope.speed
    last = speed.shape[0] - 1
    for i in range(1, last + 1):
        if _room(envelope, bend, slope, bank, lift, speed[i]) < 0.0:
            low, high = speed[i - 1], speed[i]
            for _ in range(HALVINGS):
                middle = 0.5 * (low + high)
                if _room(envelope, bend, slope, bank, lift, middle) < 0.0:
                    high = middle
                else:
                    low = middle
            return max(low, CRAWL)
    return speed[last]


@device
def _gain(
    envelope: Envelope, forwards: bool, bend: Real, slope: Real, bank: Real, lift: Real,
    square: Real,
) -> Real:  # fmt: skip
    """Return the change of v^2 per metre by (3), or by (4) seen backwards."""
    i, t = _place(envelope.speed, sqrt(square))
    load = _load(bend, slope, bank, lift, square)
    most = load * (envelope.lateral[i] + t * (envelope.lateral[i + 1] - envelope.lateral[i]))
    j, u = _place(envelope.share, min(_needed(bend, bank, square) / max(most, TINY), 1.0))
    if forwards:
        return 2.0 * (_between(envelope.drive, i, t, j, u) - GRAVITY * _sine(slope))
    return 2.0 * (load * _between(envelope.brake, i, t, j, u) + GRAVITY * _sine(slope))


@outlined
def _ahead(
    envelope: Envelope, forwards: bool, curvature: Reals, road: Reals, i: int, j: int,
    step: Real, square: Real, most: Real,
) -> Real:  # fmt: skip
    """Return v^2 at sample ``j`` of a vehicle that has ``square`` at its neighbour ``i``.

    Args:
        envelope: of the vehicle.
        forwards: by (3); else by (4).
        curvature, road: of the line.
        i, j: from and to where.
        step: [m] between them.
        square: [m^2/s^2] there.
        most: [m^2/s^2] greatest v^2 of the envelope.
    """
    h = step / SUB_STEPS
    least = CRAWL * CRAWL
    for k in range(SUB_STEPS):
        a, b = k / SUB_STEPS, (k + 1) / SUB_STEPS
        first = _gain(
            envelope, forwards, _mixed(curvature[i], curvature[j], a),
            _mixed(road[i, SLOPE], road[j, SLOPE], a), _mixed(road[i, BANK], road[j, BANK], a),
            _mixed(road[i, LIFT], road[j, LIFT], a), square,
        )  # fmt: skip
        guess = min(max(square + h * first, least), most)
        second = _gain(
            envelope, forwards, _mixed(curvature[i], curvature[j], b),
            _mixed(road[i, SLOPE], road[j, SLOPE], b), _mixed(road[i, BANK], road[j, BANK], b),
            _mixed(road[i, LIFT], road[j, LIFT], b), guess,
        )  # fmt: skip
        square = min(max(square + 0.5 * h * (first + second), least), most)
    return square


@device
def _mixed(a: Real, b: Real, t: Real) -> Real:
    return a + t * (b - a)


@kernel
def fill_speeds(speed, limit, curvature, step, road, envelope):
    """Write the fastest speeds around a closed line.

    Args:
        speed: (n,) float64 [m/s] at the samples. Written.
        limit: (n,) float64 [m/s], what the corner alone allows there. Written.
        curvature: (n,) float64 [1/m], positive to the left.
        step: (n,) float64 [m] from each sample to the next.
        road: (n, ROAD_COLUMNS) float64, slope and bank [rad] and vertical curvature [1/m].
        envelope: the arrays of a g-g-v envelope, an ``Envelope``.
    """
    n = speed.shape[0]
    slowest = 0
    for i in range(n):
        limit[i] = _corner_speed(
            envelope, curvature[i], road[i, SLOPE], road[i, BANK], road[i, LIFT]
        )
        speed[i] = limit[i] * limit[i]
        if limit[i] < limit[slowest]:
            slowest = i
    top = envelope.speed[envelope.speed.shape[0] - 1]
    for direction in range(2):
        forwards = direction == 0
        unchanged = 0
        for k in range(MOST_ROUNDS * n):
            if unchanged > n:
                break
            i = (slowest + k) % n if forwards else (slowest - k) % n
            j = (i + 1) % n if forwards else (i - 1) % n
            between = step[i] if forwards else step[j]
            reached = _ahead(
                envelope, forwards, curvature, road, i, j, between, speed[i], top * top
            )
            unchanged += 1
            if reached < speed[j] * (1.0 - SETTLED):
                unchanged = 0
            if reached < speed[j]:
                speed[j] = reached
    for i in range(n):
        speed[i] = sqrt(speed[i])
