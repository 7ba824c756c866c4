"""Passes counted anew from whole recorded trajectories, pair by pair, in another way."""

from __future__ import annotations

import numpy as np

__all__ = ["recount"]


def recount(time, progress, racing, lap, length, hold=1.0, alongside=0.5):
    """Return what should have been told of cars that were never moved, in no order.

    Args:
        time: (steps,) [s].
        progress: (steps, n_cars) [m].
        racing: (steps, n_cars) bool; once false, false for good.
        lap: [m].
        length: (n_cars,) [m].
        hold, alongside: the rules.

    Returns:
        tuples (what, car, other, time, laps, clean), ``what`` being "pass" or "attempt".
    """
    told = []
    n_cars = progress.shape[1]
    for i in range(n_cars):
        for j in range(i + 1, n_cars):
            steps = int((racing[:, i] & racing[:, j]).sum())
            apart = progress[:steps, j] - progress[:steps, i]
            if steps < 2:
                continue
            reach = (length[i] + length[j]) / 2
            whole = np.round(np.array([apart.min(), apart.max()]) / lap).astype(int)
            for laps in range(whole[0], whole[1] + 1):
                x = apart - laps * lap
                for what, led, at, clean in _pair(time[:steps], x, laps, reach, hold, alongside):
                    car, other = (j, i) if led else (i, j)
                    told.append((what, car, other, at, laps if led else -laps, clean))
    return told


def _crossing(time, x, k, level):
    """Return when ``x`` went through a level between the samples k - 1 and k."""
    return np.interp(0.0, *zip(*sorted([(x[k - 1] - level, time[k - 1]), (x[k] - level, time[k])]),
                               strict=True))  # fmt: skip


def _held(time, y, reach, hold):
    """Return at which samples the attacker has been clear for long enough."""
    clear = y >= reach
    starts = np.flatnonzero(clear & ~np.append(False, clear[:-1]))
    since = np.full(len(y), np.inf)
    for k in starts:
        since[k:] = _crossing(time, y, k, reach) if k else time[0]
    return clear & (time - since >= hold)


def _pair(time, x, laps, reach, hold, alongside):
    """Yield (what, whether the second car of the pair did it, when, clean)."""
    second_leads = x[0] > 0 if abs(x[0]) >= reach or laps == 0 else x[1] > 0
    anchor = 0
    clean = abs(x[0]) >= reach
    while True:
        y = -x if second_leads else x  # the lead of who is behind
        held = np.flatnonzero(_held(time, y, reach, hold))
        held = held[held > anchor]
        behind = y <= -reach
        fell = np.flatnonzero(behind[1:] & ~behind[:-1]) + 1
        fell = fell[fell > anchor]
        passed = held[0] if len(held) else len(x)
        failed = fell[0] if len(fell) else len(x)
        if min(passed, failed) == len(x):
            return
        if passed < failed:
            level = np.flatnonzero((y[1:] >= 0) & (y[:-1] < 0)) + 1
            level = level[level <= passed]  # none: they were level from the start
            at = _crossing(time, y, level[-1], 0.0) if len(level) else time[0]
            yield "pass", not second_leads, at, clean
            second_leads = not second_leads
            anchor = passed
        else:
            overlap = (reach + y[anchor:failed].max()) / reach
            if clean and overlap >= alongside:
                yield "attempt", not second_leads, _crossing(time, y, failed, -reach), True
            anchor = failed
        clean = True
