"""What race control does with the batch: conduct, timing, standings.

Lines are crossed inside a step: the time of a crossing is interpolated linearly in progress,
the unwrapped arc length, between the two ends of the step. A car that jumped (a cut, a
teleport) crosses nothing and keeps its lap invalid; what it skipped counts as missed.
"""

from __future__ import annotations

from math import cos, floor, isfinite, isnan, nan, sin

from numba import prange

from racegym.kernels.compile import device, kernel
from racegym.kernels.projection import (
    CHECKPOINT_COUNT,
    CHECKPOINT_FIRST,
    LENGTH,
    SECTOR_COUNT,
    SECTOR_FIRST,
)

__all__ = ["judge_conduct", "rank_cars", "start_races", "time_cars"]

RACING, PIT, FINISHED, RETIRED, DISQUALIFIED = 1, 2, 3, 4, 5  # interfaces.Status
LAP, SECTOR, FINISH, RETIRE, OFF_TRACK, REJOIN, WALL, CUT = 0, 1, 2, 3, 4, 5, 6, 7  # EventKind
WALL_CONTACT = -1  # Contacts.WALL
SLOWEST = 5.0  # [m/s] a gap in metres is turned into seconds at no less than this speed
REQUEST_RETIRE = 2  # interfaces.Request


@device
def gate(gates, first, count, length, index):
    """Return the progress at which gate ``index``, counted over all laps, is crossed."""
    lap = index // count
    return lap * length + gates[first + index - lap * count]


@device
def next_gate(gates, first, count, length, progress):
    """Return the first gate, counted over all laps, that lies ahead of ``progress``."""
    lap = int(floor(progress / length))
    here = progress - lap * length
    passed = 0
    while passed < count and gates[first + passed] <= here:
        passed += 1
    return lap * count + passed


@device
def emit(count, kinds, cars, times, values, race, kind, car, time, value):
    """Append an event of a race; past the capacity it is dropped."""
    k = count[race]
    if k < kinds.shape[1]:
        kinds[race, k] = kind
        cars[race, k] = car
        times[race, k] = time
        values[race, k] = value
        count[race] = k + 1


@kernel
def start_races(
    races, flying, race_track, table, checkpoint_s, sector_s, progress,
    furthest, start_progress, next_checkpoint, sector, lap_start, lap_valid,
):  # fmt: skip
    """Set what timing needs at a start, from where the cars stand.

    Args:
        races: (k,) int64.
        flying: whether a lap begins at the line; else it begins at the start signal.
        race_track, table, checkpoint_s, sector_s: the packed tracks.
        progress: (n_races, n_cars) float64 [m].
        furthest, start_progress, next_checkpoint, sector, lap_start, lap_valid: fields of
            ``RaceState``; written.
    """
    for k in prange(races.shape[0]):
        race = races[k]
        track = race_track[race]
        length = table[track, LENGTH]
        first, count = int(table[track, CHECKPOINT_FIRST]), int(table[track, CHECKPOINT_COUNT])
        sector_first, sectors = int(table[track, SECTOR_FIRST]), int(table[track, SECTOR_COUNT])
        for car in range(progress.shape[1]):
            here = progress[race, car]
            furthest[race, car] = here
            start_progress[race, car] = here
            next_checkpoint[race, car] = next_gate(checkpoint_s, first, count, length, here)
            ahead = next_gate(sector_s, sector_first, sectors, length, max(here, 0.0))
            sector[race, car] = max(0, ahead - 1)
            lap_start[race, car] = nan if flying else 0.0
            lap_valid[race, car] = not flying or here <= 0.0


@kernel
def judge_conduct(
    status, present, request, gone, d, width_left, width_right, heading_error, vx, vy, car_width,
    progress, previous_progress, jumped, elapsed, time,
    contact_count, contact_car, contact_other, contact_impulse,
    off_track, off_track_since, off_track_count, lap_valid, wall_impulse, wall_count,
    stuck_time, wrong_way_time,
    event_count, event_kind, event_car, event_time, event_value,
    stuck_speed, retire_stuck,
):  # fmt: skip
    """Judge track limits, walls, standstill and direction; retire who asks, is stuck or gone."""
    real = d.dtype.type
    for race in prange(status.shape[0]):
        now = time[race]
        dt = real(elapsed[race])
        for car in range(status.shape[1]):
            wall_impulse[race, car] = real(0)
        for k in range(contact_count[race]):
            if contact_other[race, k] == WALL_CONTACT:
                wall_impulse[race, contact_car[race, k]] += contact_impulse[race, k]
        for car in range(status.shape[1]):
            if not present[race, car] or status[race, car] > PIT:
                continue
            if wall_impulse[race, car] > real(0):
                wall_count[race, car] += 1
                emit(event_count, event_kind, event_car, event_time, event_value,
                     race, WALL, car, now, wall_impulse[race, car])  # fmt: skip
            if jumped[race, car]:
                lap_valid[race, car] = False
                skipped = progress[race, car] - previous_progress[race, car]
                emit(event_count, event_kind, event_car, event_time, event_value,
                     race, CUT, car, now, skipped)  # fmt: skip

            half = real(0.5) * car_width[race, car]
            beyond = (
                max(d[race, car] - width_left[race, car], -d[race, car] - width_right[race, car])
                - half
            )
            was_off = off_track[race, car]
            off_track[race, car] = beyond > real(0)
            if off_track[race, car]:
                lap_valid[race, car] = False
                if not was_off:
                    off_track_since[race, car] = now
                    off_track_count[race, car] += 1
                    emit(event_count, event_kind, event_car, event_time, event_value,
                         race, OFF_TRACK, car, now, beyond)  # fmt: skip
            elif was_off:
                away = now - off_track_since[race, car]
                emit(event_count, event_kind, event_car, event_time, event_value,
                     race, REJOIN, car, now, away)  # fmt: skip

            error = heading_error[race, car]
            along = vx[race, car] * cos(error) - vy[race, car] * sin(error)
            if along < real(-stuck_speed):
                wrong_way_time[race, car] += dt
            else:
                wrong_way_time[race, car] = real(0)
            if along < real(stuck_speed):
                stuck_time[race, car] += dt
            else:
                stuck_time[race, car] = real(0)
            leaves = gone[race, car] or (request[race, car] & REQUEST_RETIRE) != 0
            if leaves or (retire_stuck > 0.0 and stuck_time[race, car] >= real(retire_stuck)):
                status[race, car] = RETIRED
                emit(event_count, event_kind, event_car, event_time, event_value,
                     race, RETIRE, car, now, 0.0)  # fmt: skip


@kernel
def time_cars(
    status, present, progress, previous_progress, jumped,
    race_track, table, checkpoint_s, sector_s, elapsed, time, chequered,
    laps_done, lap_start, lap_valid, lap_completed, last_lap_time, best_lap_time,
    sector, sector_start, last_sector_time,
    next_checkpoint, checkpoints_hit, checkpoint_time, checkpoint_split, furthest, finish_time,
    event_count, event_kind, event_car, event_time, event_value,
    laps,
):  # fmt: skip
    """Take the times of lines crossed in this step; finish those who have done ``laps``."""
    for race in prange(status.shape[0]):
        track = race_track[race]
        length = table[track, LENGTH]
        first, count = int(table[track, CHECKPOINT_FIRST]), int(table[track, CHECKPOINT_COUNT])
        sector_first, sectors = int(table[track, SECTOR_FIRST]), int(table[track, SECTOR_COUNT])
        before = time[race] - elapsed[race]
        was_chequered = chequered[race]
        for car in range(status.shape[1]):
            lap_completed[race, car] = False
            checkpoints_hit[race, car] = 0
            if not present[race, car] or status[race, car] > PIT:
                continue
            here = progress[race, car]
            if jumped[race, car]:
                ahead = next_gate(checkpoint_s, first, count, length, here)
                next_checkpoint[race, car] = max(next_checkpoint[race, car], ahead)
                done = int(floor(here / length))
                if done > laps_done[race, car]:  # the lap that was cut never counts
                    laps_done[race, car] = done
                    lap_start[race, car] = nan
                    lap_valid[race, car] = False
                rest = here - laps_done[race, car] * length
                passed = next_gate(sector_s, sector_first, sectors, length, max(rest, 0.0))
                sector[race, car] = min(max(0, passed - 1), sectors - 1)
                sector_start[race, car] = nan
                furthest[race, car] = max(furthest[race, car], here)
                continue
            if here <= furthest[race, car]:
                continue
            last = previous_progress[race, car]
            rate = elapsed[race] / (here - last) if here > last else 0.0

            while here >= gate(checkpoint_s, first, count, length, next_checkpoint[race, car]):
                line = gate(checkpoint_s, first, count, length, next_checkpoint[race, car])
                at = before + (line - last) * rate
                checkpoints_hit[race, car] += 1
                checkpoint_split[race, car] = at - checkpoint_time[race, car]
                checkpoint_time[race, car] = at
                next_checkpoint[race, car] += 1
                if line == 0.0 and isnan(lap_start[race, car]):
                    lap_start[race, car] = at
                    sector_start[race, car] = at

            while True:
                start = laps_done[race, car] * length
                is_lap = sector[race, car] + 1 >= sectors
                line = (
                    start + length
                    if is_lap
                    else start + sector_s[sector_first + sector[race, car] + 1]
                )
                if here < line:
                    break
                at = before + (line - last) * rate
                last_sector_time[race, car] = at - sector_start[race, car]
                emit(event_count, event_kind, event_car, event_time, event_value,
                     race, SECTOR, car, at, last_sector_time[race, car])  # fmt: skip
                sector_start[race, car] = at
                sector[race, car] += 1
                if not is_lap:
                    continue
                sector[race, car] = 0
                laps_done[race, car] += 1
                lap_completed[race, car] = True
                took = at - lap_start[race, car]
                last_lap_time[race, car] = took
                best = best_lap_time[race, car]
                if lap_valid[race, car] and isfinite(took) and not took >= best:
                    best_lap_time[race, car] = took
                emit(event_count, event_kind, event_car, event_time, event_value,
                     race, LAP, car, at, took)  # fmt: skip
                lap_start[race, car] = at
                lap_valid[race, car] = True
                if laps > 0 and (laps_done[race, car] >= laps or was_chequered):
                    status[race, car] = FINISHED
                    finish_time[race, car] = at
                    chequered[race] = True
                    emit(event_count, event_kind, event_car, event_time, event_value,
                         race, FINISH, car, at, at)  # fmt: skip
                    break
            furthest[race, car] = here


@device
def is_ahead(status, progress, laps_done, finish_time, race, a, b):
    """Return whether car ``a`` is ranked before car ``b``; equal cars keep their order."""
    class_a, class_b = 0, 0
    if status[race, a] == FINISHED:
        class_a = -1
    elif status[race, a] > FINISHED:
        class_a = status[race, a]
    if status[race, b] == FINISHED:
        class_b = -1
    elif status[race, b] > FINISHED:
        class_b = status[race, b]
    if class_a != class_b:
        return class_a < class_b
    if class_a == -1:
        if laps_done[race, a] != laps_done[race, b]:
            return laps_done[race, a] > laps_done[race, b]
        if finish_time[race, a] != finish_time[race, b]:
            return finish_time[race, a] < finish_time[race, b]
        return a < b
    if progress[race, a] != progress[race, b]:
        return progress[race, a] > progress[race, b]
    return a < b


@kernel
def rank_cars(races, status, progress, laps_done, finish_time, vx, position, gap_ahead, gap_leader):
    """Rank the cars of some races: finishers by laps and time, then the others by progress.

    Gaps are distances over the follower's own speed; for two finishers, times.

    Args:
        races: (k,) int64.
        status ... gap_leader: fields of ``RaceState`` and ``TrackFrame``, and ``vx``.
    """
    n_cars = status.shape[1]
    for k in prange(races.shape[0]):
        race = races[k]
        for car in range(n_cars):
            place = 1
            leader, ahead = car, -1
            for other in range(n_cars):
                if other == car:
                    continue
                if is_ahead(status, progress, laps_done, finish_time, race, other, car):
                    place += 1
                    if ahead < 0 or is_ahead(
                        status, progress, laps_done, finish_time, race, ahead, other
                    ):
                        ahead = other
                if is_ahead(status, progress, laps_done, finish_time, race, other, leader):
                    leader = other
            position[race, car] = place
            if ahead < 0:
                gap_ahead[race, car] = 0.0
                gap_leader[race, car] = 0.0
            elif status[race, car] == FINISHED:
                gap_ahead[race, car] = finish_time[race, car] - finish_time[race, ahead]
                gap_leader[race, car] = finish_time[race, car] - finish_time[race, leader]
            else:
                speed = max(float(abs(vx[race, car])), SLOWEST)
                here = progress[race, car]
                gap_ahead[race, car] = (progress[race, ahead] - here) / speed
                gap_leader[race, car] = (progress[race, leader] - here) / speed
