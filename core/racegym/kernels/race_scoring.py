"""What the reward terms of racing against others compute, one car at a time.

Car arrays are ``(n_races, n_cars)``; ``out`` is real. Terms that pay for a place or for a lead
are differences of a bounded quantity: whatever happens in between, their sum over a race is
what that has grown, so going to and fro earns nothing [1].

[1] Ng, Harada, Russell (1999), "Policy invariance under reward transformations", ICML.
"""

from __future__ import annotations

from numba import prange

from racegym.kernels.compile import LIGHT, kernel
from racegym.kernels.sensing import bounded

__all__ = [
    "charge_contact",
    "pay_finish",
    "pay_overtakes",
    "pay_places",
    "pay_relative_progress",
    "pay_win",
    "start_relative_progress",
]

PIT, FINISHED = 2, 3  # of ``Status``


@kernel(parallel_from=LIGHT)
def pay_places(out, position, last):
    """Pay the places gained since the step before.

    Args:
        out: Written.
        position: int32, the place now, from 1.
        last: int32, the place a step before. Updated.
    """
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            out[race, car] = last[race, car] - position[race, car]
            last[race, car] = position[race, car]


@kernel(parallel_from=LIGHT)
def pay_overtakes(out, made, suffered, price):
    """Pay cars passed on the track, and charge those that passed.

    Args:
        out: Written.
        made, suffered: int32, in this step.
        price: of one suffered, in overtakes made.
    """
    real = out.dtype.type
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            out[race, car] = real(made[race, car]) - real(price) * real(suffered[race, car])


@kernel
def pay_relative_progress(
    out, progress, previous, jumped, present, status, driven, debt, lead, reach
):
    """Pay what the lead over the others has grown, each of them within ``reach``.

    Args:
        out: [m], mean over the others. Written.
        progress, previous: float64 [m], now and a step before.
        jumped: bool; a jump gains nothing, and what it loses has to be driven again.
        present: bool.
        status: int8, a ``Status``.
        driven: float64 [m] along the track, without jumps. Updated.
        debt: float64 [m] lost by jumps. Updated.
        lead: float64 [m] as it was paid so far. Updated.
        reach: [m] a lead or a lag beyond it counts as this.
    """
    n_cars = out.shape[1]
    for race in prange(out.shape[0]):
        for car in range(n_cars):
            gain = progress[race, car] - previous[race, car]
            if gain != gain or not present[race, car] or status[race, car] > PIT:
                gain = 0.0
            if jumped[race, car]:
                debt[race, car] += max(-gain, 0.0)
                gain = 0.0
            paid_off = min(max(gain, 0.0), debt[race, car])
            debt[race, car] -= paid_off
            driven[race, car] += gain - paid_off
        for car in range(n_cars):
            total = 0.0
            for other in range(n_cars):
                total += bounded(driven[race, car] - driven[race, other], -reach, reach)
            total /= max(n_cars - 1, 1)
            out[race, car] = total - lead[race, car]
            lead[race, car] = total


@kernel
def start_relative_progress(races, progress, driven, lead, reach):
    """Begin with the leads that the cars start with.

    Args:
        races: (k,) int64.
        progress: float64 [m], at the start.
        driven, lead: see ``pay_relative_progress``. Written.
        reach: the same.
    """
    n_cars = progress.shape[1]
    for k in prange(races.shape[0]):
        race = races[k]
        for car in range(n_cars):
            driven[race, car] = progress[race, car]
        for car in range(n_cars):
            total = 0.0
            for other in range(n_cars):
                total += bounded(driven[race, car] - driven[race, other], -reach, reach)
            lead[race, car] = total / max(n_cars - 1, 1)


@kernel(parallel_from=LIGHT)
def charge_contact(out, contact_class, blame, any_price, blame_price):
    """Charge contacts with other cars by their class, and by the share of the blame.

    Args:
        out: at most 0. Written.
        contact_class: uint8, the worst that was judged in this step: 0, 1, 2 or 4.
        blame: real, share of the blame times class, of this step.
        any_price, blame_price: of a point of class, without and with blame.
    """
    real = out.dtype.type
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            touched = real(any_price) * real(contact_class[race, car])
            out[race, car] = real(0.0) - touched - real(blame_price) * blame[race, car]


@kernel(parallel_from=LIGHT)
def pay_finish(out, status, position, paid, first, last, retired):
    """Pay once for the place at the end: linear in it, from the winner's to the last car's.

    Args:
        out: Written.
        status: int8, a ``Status``.
        position: int32, from 1.
        paid: bool, whether the car has had it. Updated.
        first, last: what the winner and the last of all cars get.
        retired: what those get who do not finish.
    """
    real = out.dtype.type
    n_cars = out.shape[1]
    for race in prange(out.shape[0]):
        for car in range(n_cars):
            out[race, car] = real(0.0)
            if status[race, car] < FINISHED or paid[race, car]:
                continue
            paid[race, car] = True
            behind = (position[race, car] - 1) / max(n_cars - 1, 1)
            worth = first + (last - first) * behind
            out[race, car] = real(worth if status[race, car] == FINISHED else retired)


@kernel(parallel_from=LIGHT)
def pay_win(out, status, position, blame_points, paid, most_blame):
    """Pay 1 once to the car that finishes first.

    Args:
        out: Written.
        status: int8, a ``Status``.
        position: int32, from 1.
        blame_points: real.
        paid: bool, whether the car's race is over. Updated.
        most_blame: points of blame with which a win still counts.
    """
    real = out.dtype.type
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            over = status[race, car] == FINISHED and not paid[race, car]
            paid[race, car] = status[race, car] >= FINISHED
            clean = blame_points[race, car] <= real(most_blame)
            won = over and position[race, car] == 1 and clean
            out[race, car] = real(1.0) if won else real(0.0)
