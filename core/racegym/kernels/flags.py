"""Flags: danger in a sector, a car that is about to be lapped, a field that is slowed down.

Everything goes by progress along the track, so where a circuit crosses itself, cars of the
other level do not count. How the flags are defined stands in ``docs/race_control.md``.
"""

from __future__ import annotations

from math import floor, inf, isinf, isnan, nan, pi
from typing import NamedTuple

import numpy as np
from numba import prange

from racegym.kernels.compile import device, kernel
from racegym.kernels.events import emit
from racegym.kernels.projection import LENGTH, SECTOR_COUNT, SECTOR_FIRST
from racegym.kernels.standings import SLOWEST, mini_sectors_of, passed_ago

__all__ = ["Limits", "hold_cars", "wave_flags"]

RACING, PIT, FINISHED = 1, 2, 3  # interfaces.Status
YELLOW_EVENT, CLEAR, BLUE_EVENT, SAFETY_CAR_EVENT = 16, 17, 18, 19  # EventKind
YELLOW, BLUE, SAFETY_CAR, CHEQUERED = 1, 2, 4, 64  # interfaces.Flag
OTHERS = 255 - YELLOW - BLUE - SAFETY_CAR - CHEQUERED  # flags that other parts show
MOVED_OFF = 2.0  # [m] once a car has come so far, who stands is a danger
SETTLED = 1.0  # [s] after that, from which a mean speed says more than the present one
SPUN = pi / 2  # [rad] off the track's direction
HEAVY = 4  # class of a contact
RELEASE = 1.5  # of the blue gap: a car that falls back so far has given up
NEARLY = 1e-6  # of a lap, by which rounding may make one less
EASE, GENTLE = 0.1, 0.4  # share of the speed held at which throttle fades; hardest braking


class Limits(NamedTuple):
    """The figures of ``race_control.rules.FlagRules``; an ``after`` of inf for no safety car."""

    yellow: bool
    yellow_after: float
    yellow_hold: float
    yellow_margin: float
    stuck_speed: float
    blue: bool
    blue_gap: float
    after: float
    seconds: float
    laps: int
    speed_share: float


@device
def sector_of(sector_s, first, count, s):
    """Return the sector that the place ``s`` [m] lies in."""
    sector = 0
    for k in range(1, count):
        if s >= sector_s[first + k]:
            sector = k
    return sector


@device
def find_dangers(
    race, now, first, count, sector_s, status, present, progress, start_progress, s, d,
    width_left, width_right, heading_error, vx, stuck_time, contact_class,
    begun, danger_since, danger_until, danger_car, events, limits,
):  # fmt: skip
    """Show yellow in sectors where a car stands, has spun or was hit hard; clear the others."""
    n_cars = status.shape[1]
    if isnan(begun[race]):
        for car in range(n_cars):
            if abs(progress[race, car] - start_progress[race, car]) > MOVED_OFF:
                begun[race] = now
        if isnan(begun[race]):
            return
    for car in range(n_cars):
        state = status[race, car]
        if not present[race, car] or state in (PIT, FINISHED):
            continue
        beyond = max(d[race, car] - width_left[race, car], -d[race, car] - width_right[race, car])
        if beyond > limits.yellow_margin:
            continue
        if state > FINISHED:
            danger = abs(vx[race, car]) < limits.stuck_speed
        else:
            stood = min(float(stuck_time[race, car]), now - begun[race])
            danger = (
                stood >= limits.yellow_after
                or abs(heading_error[race, car]) > SPUN
                or contact_class[race, car] >= HEAVY
            )
        if not danger:
            continue
        sector = sector_of(sector_s, first, count, s[race, car])
        danger_until[race, sector] = now + limits.yellow_hold
        if isnan(danger_since[race, sector]):
            danger_since[race, sector] = now
            danger_car[race, sector] = car
            emit(events, race, YELLOW_EVENT, car, -1, now, float(sector))
    for sector in range(count):
        if now > danger_until[race, sector] and not isnan(danger_since[race, sector]):
            danger_since[race, sector] = nan
            emit(events, race, CLEAR, danger_car[race, sector], -1, now, float(sector))


@device
def send_safety_car(
    race, now, count, length, chequered, progress, start_progress, vx, laps_done, best_lap_time,
    leader, begun, danger_since, slow_since, slow_laps, slow_speed, events, limits,
):  # fmt: skip
    """Slow the field down after a sector has long been yellow, and let it race again.

    A danger that outlasts the safety car brings it out no second time.
    """
    if not isnan(slow_since[race]):
        driven = laps_done[race, leader] - slow_laps[race]
        over = now - slow_since[race] >= limits.seconds and driven >= limits.laps
        if over or chequered[race]:
            slow_since[race] = nan
            slow_speed[race] = inf
            emit(events, race, SAFETY_CAR_EVENT, leader, -1, now, 0.0)
            for sector in range(count):
                if not isnan(danger_since[race, sector]):
                    danger_since[race, sector] = inf
        return
    if chequered[race]:
        return
    for sector in range(count):
        if now - danger_since[race, sector] >= limits.after:  # false for nan and inf
            best = inf
            for car in range(progress.shape[1]):
                if best_lap_time[race, car] < best:
                    best = best_lap_time[race, car]
            pace = length / best
            if isinf(best):
                pace = abs(float(vx[race, leader]))
                if now - begun[race] >= SETTLED:
                    since = progress[race, leader] - start_progress[race, leader] - MOVED_OFF
                    pace = since / (now - begun[race])
            slow_since[race] = now
            slow_laps[race] = laps_done[race, leader]
            slow_speed[race] = limits.speed_share * max(pace, SLOWEST)
            emit(events, race, SAFETY_CAR_EVENT, leader, -1, now, 1.0)
            return


@device
def lead_of(progress, driven, race, other, car, length):
    """Return how many laps more ``other`` has driven once it is beside ``car``, and what it lacks.

    Positive metres: it is that far past.
    """
    lead = progress[race, other] - progress[race, car]
    past = lead - np.rint(lead / length) * length
    more = driven[race, other] - driven[race, car] - past
    return floor(more / length + NEARLY), past


@device
def find_lappers(
    race, now, length, scale, status, present, progress, driven, vx, car_length,
    first_gate, next_gate, passed_at, lapper, events, limits,
):  # fmt: skip
    """Find for each car the one that is about to lap it; once an approach it is told."""
    n_cars = status.shape[1]
    least, most = inf, -inf
    for car in range(n_cars):
        if present[race, car] and status[race, car] == RACING:
            least, most = min(least, progress[race, car]), max(most, progress[race, car])
    spread = most - least >= 0.5 * length
    for car in range(n_cars):
        held = lapper[race, car]
        if not spread or not present[race, car] or status[race, car] != RACING:
            lapper[race, car] = -1
            continue
        nearest, closest = -1, inf
        for other in range(n_cars):
            if not present[race, other] or status[race, other] != RACING:
                continue
            laps, past = lead_of(progress, driven, race, other, car, length)
            if laps < 1.0:
                continue
            if other == held and past <= car_length[race, car]:
                # Not past yet. While this one is near, no other is told of.
                nearest, closest = other, max(-past, 0.0)
                break
            if past <= 0.0 and -past < closest:
                nearest, closest = other, -past
        lapper[race, car] = -1
        if nearest < 0:
            continue
        speed = float(vx[race, nearest])
        place = (driven[race, car] - closest) * scale
        gap = min(
            closest / max(abs(speed), SLOWEST),
            passed_ago(
                race, car, place, speed, now, driven, scale, first_gate, next_gate, passed_at
            ),
        )
        if nearest == held and gap <= RELEASE * limits.blue_gap:
            lapper[race, car] = held
        elif gap <= limits.blue_gap:
            lapper[race, car] = nearest
            emit(events, race, BLUE_EVENT, car, nearest, now, gap)


@device
def show_flags(
    race, first, count, sector_s, status, chequered, s, danger_since, lapper, slow_since, flags
):
    """Write what each car is shown; a car that is out of the race is shown none of these."""
    danger = False
    for sector in range(count):
        danger = danger or not isnan(danger_since[race, sector])
    for car in range(status.shape[1]):
        shown = flags[race, car] & OTHERS
        if status[race, car] <= PIT:
            if danger:
                sector = sector_of(sector_s, first, count, s[race, car])
                if not isnan(danger_since[race, sector]):
                    shown |= YELLOW
            if lapper[race, car] >= 0:
                shown |= BLUE
            if not isnan(slow_since[race]):
                shown |= SAFETY_CAR
            if chequered[race]:
                shown |= CHEQUERED
        flags[race, car] = shown


@kernel
def wave_flags(
    status, present, progress, driven, start_progress, s, d, width_left, width_right,
    heading_error, vx, car_length, stuck_time, contact_class, laps_done, best_lap_time, chequered,
    time, race_track, table, sector_s, mini_sectors, order, first_gate, next_gate, passed_at,
    flags, begun, danger_since, danger_until, danger_car, lapper, slow_since, slow_laps,
    slow_speed, events, limits,
):  # fmt: skip
    """Show the flags of a step.

    Args:
        status ... time: fields of ``RaceState``, ``TrackFrame``, ``CarState``; ``car_length``
            that of ``VehicleTable``, ``driven`` as for ``rank_cars``.
        race_track, table, sector_s: the packed tracks.
        mini_sectors ... passed_at: as for ``rank_cars``.
        flags: of ``RaceState``; written, but for the bits of other parts.
        begun ... slow_speed: what flags remember, see ``race_control.flags.Flags``; written.
        events: appended to.
        limits: ``Limits``.
    """
    for race in prange(status.shape[0]):
        track = race_track[race]
        now, length = time[race], table[track, LENGTH]
        first, count = int(table[track, SECTOR_FIRST]), int(table[track, SECTOR_COUNT])
        if limits.yellow:
            find_dangers(
                race, now, first, count, sector_s, status, present, progress, start_progress,
                s, d, width_left, width_right, heading_error, vx, stuck_time, contact_class,
                begun, danger_since, danger_until, danger_car, events, limits,
            )  # fmt: skip
        if limits.after < inf:
            send_safety_car(
                race, now, count, length, chequered, progress, start_progress, vx, laps_done,
                best_lap_time, order[race, 0], begun, danger_since, slow_since, slow_laps,
                slow_speed, events, limits,
            )  # fmt: skip
        if limits.blue:
            scale = mini_sectors_of(length, mini_sectors) / length
            find_lappers(
                race, now, length, scale, status, present, progress, driven, vx, car_length,
                first_gate, next_gate, passed_at, lapper, events, limits,
            )  # fmt: skip
        show_flags(
            race,
            first,
            count,
            sector_s,
            status,
            chequered,
            s,
            danger_since,
            lapper,
            slow_since,
            flags,
        )


@kernel
def hold_cars(flags, slow_speed, vx, throttle, brake):
    """Hold cars that are shown the safety car to its speed; steering stays the driver's.

    Args:
        flags: (n_races, n_cars) uint8.
        slow_speed: (n_races,) float64 [m/s].
        vx: (n_races, n_cars) [m/s].
        throttle, brake: (n_races, n_cars); the first is lowered, the second raised.
    """
    real = vx.dtype.type
    for race in prange(flags.shape[0]):
        held = real(slow_speed[race])
        for car in range(flags.shape[1]):
            if flags[race, car] & SAFETY_CAR == 0:
                continue
            over = vx[race, car] / held - real(1)
            most = min(max(-over / real(EASE), real(0)), real(1))
            least = min(max(over / real(EASE), real(0)) * real(GENTLE), real(GENTLE))
            throttle[race, car] = min(throttle[race, car], most)
            brake[race, car] = max(brake[race, car], least)
