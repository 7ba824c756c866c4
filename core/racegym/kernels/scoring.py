"""What reward terms and terminations compute, one car at a time.

Car arrays are ``(n_races, n_cars)``; ``out`` is real for rewards and bool for terminations;
``elapsed`` is (n_races,) float64 [s], the time that passed in the step.
"""

from __future__ import annotations

from numba import prange

from racegym.kernels.compile import LIGHT, kernel
from racegym.kernels.projection import CHECKPOINT_COUNT, CHECKPOINT_FIRST, LENGTH
from racegym.kernels.race import gate
from racegym.kernels.sensing import line_offset
from racegym.kernels.trigonometry import cosine, sine

__all__ = [
    "advance_stalled",
    "beyond_edge",
    "charge_braking",
    "charge_line_distance",
    "charge_off_track",
    "drove_laps",
    "pay_alive",
    "pay_checkpoints",
    "pay_progress",
    "pay_speed",
    "settle",
]

RACING, PIT = 1, 2  # of ``Status``
GREEN = 3  # of ``Signal``


@kernel(parallel_from=LIGHT)
def pay_progress(out, progress, previous, jumped, off_track, debt, paved_only):
    """Pay metres gained along the track, each metre once.

    A jump pays nothing. Ground lost by a jump backwards is a debt, paid off by what is
    gained next, so that it can't be gained twice; so the sum of all payments never exceeds
    the net progress and the debt.

    Args:
        out: [m]. Written.
        progress, previous: float64 [m], now and a step before.
        jumped, off_track: bool.
        debt: float64 [m]. Updated.
        paved_only: whether gains count on the track alone; losses always do.
    """
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            gain = progress[race, car] - previous[race, car]
            if gain != gain:
                gain = 0.0
            if jumped[race, car]:
                debt[race, car] += max(-gain, 0.0)
                gain = 0.0
            if gain > 0.0:
                if paved_only and off_track[race, car]:
                    gain = 0.0
                paid_off = min(gain, debt[race, car])
                debt[race, car] -= paid_off
                gain -= paid_off
            out[race, car] = gain


@kernel(parallel_from=LIGHT)
def pay_speed(out, vx, vy, heading_error, off_track, present, elapsed, paved_only):
    """Pay speed along the track times the time that passed [m]; backwards is negative.

    Args:
        out: [m]. Written.
        vx, vy: real [m/s]; what is missing counts as 0.
        heading_error: real [rad].
        off_track, present: bool.
        elapsed: see the module's text.
        paved_only: whether forward speed counts on the track alone.
    """
    real = out.dtype.type
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            error = heading_error[race, car]
            along = vx[race, car] * cosine(error, real) - vy[race, car] * sine(error, real)
            if along != along or not present[race, car]:
                along = real(0.0)
            if paved_only and off_track[race, car]:
                along = min(along, real(0.0))
            out[race, car] = along * real(elapsed[race])


@kernel(parallel_from=LIGHT)
def pay_checkpoints(
    out, hits, split, next_checkpoint, start_progress, race_track, table, checkpoint_s, speed
):
    """Pay for each checkpoint passed the share of a reference speed that was reached.

    Args:
        out: in [0, hits]. Written.
        hits: int32, checkpoints passed in this step.
        split: float64 [s] between the last two.
        next_checkpoint: int64, counted over all laps.
        start_progress: float64 [m]; a checkpoint with none before it since then pays nothing.
        race_track, table, checkpoint_s: the packed tracks.
        speed: [m/s] that earns 1.
    """
    for race in prange(out.shape[0]):
        track = race_track[race]
        length = table[track, LENGTH]
        first, count = int(table[track, CHECKPOINT_FIRST]), int(table[track, CHECKPOINT_COUNT])
        for car in range(out.shape[1]):
            out[race, car] = 0
            if hits[race, car] == 0 or not split[race, car] > 0.0:
                continue
            passed = next_checkpoint[race, car] - 1
            here = gate(checkpoint_s, first, count, length, passed)
            before = gate(checkpoint_s, first, count, length, passed - 1)
            if before >= start_progress[race, car]:
                share = (here - before) / (speed * split[race, car])
                out[race, car] = hits[race, car] * min(share, 1.0)


@kernel(parallel_from=LIGHT)
def pay_alive(out, status, present, off_track, stuck_time, elapsed):
    """Pay the time [s] in which a car raced on the track and moved on.

    Args:
        out: [s]. Written.
        status: int8, a ``Status``.
        present, off_track: bool.
        stuck_time: real [s], 0 while it moves on.
        elapsed: see the module's text.
    """
    real = out.dtype.type
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            racing = status[race, car] == RACING and present[race, car]
            moving = stuck_time[race, car] <= 0.0 and not off_track[race, car]
            out[race, car] = real(elapsed[race]) if racing and moving else real(0.0)


@kernel(parallel_from=LIGHT)
def charge_braking(out, brake, elapsed, limit):
    """Charge the pedal beyond ``limit``, as a share of what is left, times time [s].

    Args:
        out: in [-elapsed, 0]. Written.
        brake: real, the pedal in [0, 1].
        elapsed: see the module's text.
        limit: in [0, 1).
    """
    real = out.dtype.type
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            excess = max(brake[race, car] - real(limit), real(0.0)) / real(1.0 - limit)
            out[race, car] = -excess * real(elapsed[race])


@kernel(parallel_from=LIGHT)
def charge_off_track(out, off_track, elapsed):
    """Charge the time [s] that passed while a car was off the track.

    Args:
        out: in [-elapsed, 0]. Written.
        off_track: bool.
        elapsed: see the module's text.
    """
    real = out.dtype.type
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            out[race, car] = -real(elapsed[race]) if off_track[race, car] else real(0.0)


@kernel(parallel_from=LIGHT)
def charge_line_distance(out, s, d, present, race_track, line, table, elapsed, most):
    """Charge the distance to the racing line, times the time that passed.

    Args:
        out: [m s] in [-most * elapsed, 0]. Written.
        s: float64 [m], of ``TrackFrame``.
        d: real [m], of ``TrackFrame``.
        present: bool.
        race_track, line, table: the packed tracks.
        elapsed: see the module's text.
        most: [m] a greater distance counts as this.
    """
    real = out.dtype.type
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            if not present[race, car]:
                out[race, car] = real(0.0)
                continue
            away = abs(d[race, car] - line_offset(line, table, race_track[race], s[race, car]))
            # Not a number counts as the most: an unknown place is not on the line.
            out[race, car] = -real((away if away < most else most) * elapsed[race])


@kernel(parallel_from=LIGHT)
def drove_laps(out, progress, start_progress, laps_done, race_track, table, laps):
    """Say which cars have driven ``laps`` whole laps from where they started.

    Args:
        out: Written.
        progress: float64 [m].
        start_progress: float64 [m], the same at the start; behind the line counts as on it.
        laps_done: of ``RaceState``.
        race_track, table: the packed tracks.
        laps: above 0.
    """
    for race in prange(out.shape[0]):
        length = laps * table[race_track[race], LENGTH]
        for car in range(out.shape[1]):
            arrived = progress[race, car] >= max(start_progress[race, car], 0.0) + length
            out[race, car] = arrived and laps_done[race, car] >= laps


@kernel(parallel_from=LIGHT)
def beyond_edge(out, d, width_left, width_right, off_track, whole, margin):
    """Say which cars have left the track, their middle by more than ``margin`` [m].

    Args:
        out: Written.
        d, width_left, width_right: real [m].
        off_track: bool, all of the car is beyond the edge.
        whole: whether that is asked, too.
        margin: [m].
    """
    real = d.dtype.type
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            left = d[race, car] - width_left[race, car]
            right = -d[race, car] - width_right[race, car]
            off = off_track[race, car] or not whole
            out[race, car] = off and max(left, right) > real(margin)


@kernel(parallel_from=LIGHT)
def advance_stalled(
    out, progress, previous, jumped, signal, elapsed, gained, waited, seconds, speed
):
    """Say which cars gained less than ``speed * seconds`` [m] within ``seconds``.

    Args:
        out: Written.
        progress, previous: float64 [m], now and a step before.
        jumped: bool; a jump gains nothing.
        signal: of ``RaceState``; who waits for green is not stuck.
        elapsed: see the module's text.
        gained: float64 [m] since the clock was last set back. Updated.
        waited: float64 [s] since then. Updated.
        seconds: [s].
        speed: [m/s].
    """
    for race in prange(out.shape[0]):
        for car in range(out.shape[1]):
            gain = progress[race, car] - previous[race, car]
            if gain == gain and not jumped[race, car]:
                gained[race, car] += gain
            if signal[race] == GREEN:
                waited[race, car] += elapsed[race]
            if gained[race, car] >= speed * seconds:
                gained[race, car] = 0.0
                waited[race, car] = 0.0
            # Half a nanosecond forgives the rounding of a sum of equal intervals.
            out[race, car] = waited[race, car] > seconds - 5e-10


@kernel(parallel_from=LIGHT)
def settle(
    cars, terms, weights, endings, truncates, status, present, reward, terminated, truncated
):
    """Add up the rewards and the endings of the agents' cars.

    Args:
        cars: (k,) int64 flat indices.
        terms: (n_terms, k) real, before weighting.
        weights: (n_terms,) real.
        endings: (n_endings, k) bool, which of the terminations apply.
        truncates: (n_endings,) bool, those that cut off rather than end.
        status: int8, a ``Status``, all cars; one that is out of the race has ended.
        present: bool, all cars; one that is gone has ended, too.
        reward: (k,) real. Written.
        terminated, truncated: (k,) bool. Written.
    """
    real = reward.dtype.type
    n_cars = present.shape[1]
    for k in prange(cars.shape[0]):
        total = real(0.0)
        for term in range(weights.shape[0]):
            total += weights[term] * terms[term, k]
        reward[k] = total
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        ended, cut = status[race, car] > PIT or not present[race, car], False
        for ending in range(truncates.shape[0]):
            if truncates[ending]:
                cut |= endings[ending, k]
            else:
                ended |= endings[ending, k]
        terminated[k] = ended
        truncated[k] = cut
