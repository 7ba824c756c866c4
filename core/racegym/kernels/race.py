"""What race control does with the batch: conduct and timing; standings are a module of their own.

Lines are crossed inside a step: the time of a crossing is interpolated linearly in progress,
the unwrapped arc length, between the two ends of the step. A car that jumped (a cut, a
teleport) crosses nothing and keeps its lap invalid; what it skipped counts as missed. If that was
the last line of the race, it has finished all the same, at the end of the step.
"""

from __future__ import annotations

from math import floor, isfinite, isnan, nan

from numba import prange

from racegym.kernels.compile import LIGHT, device, kernel
from racegym.kernels.events import clear, emit
from racegym.kernels.projection import (
    CHECKPOINT_COUNT,
    CHECKPOINT_FIRST,
    LENGTH,
    SECTOR_COUNT,
    SECTOR_FIRST,
)
from racegym.kernels.trigonometry import cosine, sine

__all__ = ["coast", "find_leavers", "judge_conduct", "start_races", "time_cars"]

PIT, FINISHED, RETIRED = 2, 3, 4  # interfaces.Status
LAP, SECTOR, FINISH, RETIRE, OFF_TRACK, REJOIN, WALL, CUT = 0, 1, 2, 3, 4, 5, 6, 7  # EventKind
OBSTACLE = 11  # EventKind
ASKED, STUCK = 0, 1  # interfaces.Retirement
WALL_CONTACT, OBSTACLE_CONTACT = -1, -2  # Contacts.WALL, Contacts.OBSTACLE
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


@kernel
def start_races(
    races, flying, race_track, table, checkpoint_s, sector_s, progress, lap_origin,
    furthest, start_progress, next_checkpoint, sector, lap_start, lap_valid,
):  # fmt: skip
    """Set what timing needs at a start, from where the cars stand.

    Args:
        races: (k,) int64.
        flying: whether a lap begins at the line; else it begins at the start signal.
        race_track, table, checkpoint_s, sector_s: the packed tracks.
        progress: (n_races, n_cars) float64 [m].
        lap_origin: (n_races, n_cars) float64 [m], the progress at which laps begin.
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
            driven = here - lap_origin[race, car]
            ahead = next_gate(sector_s, sector_first, sectors, length, max(driven, 0.0))
            sector[race, car] = max(0, ahead - 1)
            lap_start[race, car] = nan if flying else 0.0
            lap_valid[race, car] = not flying or driven <= 0.0


@kernel
def judge_conduct(
    status, present, request, gone, d, width_left, width_right, heading_error, vx, vy, car_width,
    progress, previous_progress, jumped, wreck, sheltered, elapsed, time, step,
    contact_count, contact_car, contact_other, contact_impulse,
    off_track, off_track_since, off_track_count, lap_valid, wall_impulse, wall_count,
    obstacle_impulse, obstacle_count, stuck_time, wrong_way_time,
    events,
    stuck_speed, retire_stuck,
):  # fmt: skip
    """Judge track limits, contacts, standstill and direction; retire who asks, is stuck or gone.

    The first of race control's kernels: it moves the race clock on and empties the events.
    Car arrays are flat, (n_races * n_cars,); those of events and contacts are led by races.
    ``wreck`` says why a car can't go on, a ``Retirement``, or 0; ``sheltered`` that what lies
    beyond the edge there is the pit lane or its mouth.
    """
    real = d.dtype.type
    n_races = elapsed.shape[0]
    n_cars = status.shape[0] // n_races
    for race in prange(n_races):
        clear(events, race)
        step[race] += 1
        time[race] += elapsed[race]
        now = time[race]
        dt = real(elapsed[race])
        for car in range(n_cars):
            wall_impulse[race * n_cars + car] = real(0)
            obstacle_impulse[race * n_cars + car] = real(0)
        for k in range(contact_count[race]):
            if contact_other[race, k] == WALL_CONTACT:
                wall_impulse[race * n_cars + contact_car[race, k]] += contact_impulse[race, k]
            elif contact_other[race, k] == OBSTACLE_CONTACT:
                obstacle_impulse[race * n_cars + contact_car[race, k]] += contact_impulse[race, k]
        for car in range(n_cars):
            i = race * n_cars + car
            if not present[i] or status[i] > PIT:
                continue
            if wall_impulse[i] > real(0):
                wall_count[i] += 1
                emit(events, race, WALL, car, -1, now, wall_impulse[i])
            if obstacle_impulse[i] > real(0):
                obstacle_count[i] += 1
                emit(events, race, OBSTACLE, car, -1, now, obstacle_impulse[i])
            if jumped[i]:
                lap_valid[i] = False
                skipped = progress[i] - previous_progress[i]
                emit(events, race, CUT, car, -1, now, skipped)

            half = real(0.5) * car_width[i]
            beyond = max(d[i] - width_left[i], -d[i] - width_right[i]) - half
            was_off = off_track[i]
            off_track[i] = beyond > real(0) and not sheltered[i]
            if off_track[i]:
                lap_valid[i] = False
                if not was_off:
                    off_track_since[i] = now
                    off_track_count[i] += 1
                    emit(events, race, OFF_TRACK, car, -1, now, beyond)
            elif was_off:
                away = now - off_track_since[i]
                emit(events, race, REJOIN, car, -1, now, away)

            error = heading_error[i]
            along = vx[i] * cosine(error, real) - vy[i] * sine(error, real)
            if along < real(-stuck_speed):
                wrong_way_time[i] += dt
            else:
                wrong_way_time[i] = real(0)
            if along < real(stuck_speed):
                stuck_time[i] += dt
            else:
                stuck_time[i] = real(0)
            leaves = gone[i] or (request[i] & REQUEST_RETIRE) != 0
            stuck = retire_stuck > 0.0 and stuck_time[i] >= real(retire_stuck)
            if leaves or stuck or wreck[i] != 0:
                status[i] = RETIRED
                why = ASKED if leaves else STUCK
                emit(events, race, RETIRE, car, -1, now, float(max(why, int(wreck[i]))))


@device
def keep_best(lap_sectors, best_sectors, i, sectors):
    """Take the sectors [s] of a valid lap of car ``i``; return the sum of its best ones."""
    total = 0.0
    for k in range(sectors):
        best_sectors[i, k] = min(best_sectors[i, k], lap_sectors[i, k])
        total += best_sectors[i, k]
    return total


@kernel
def time_cars(
    status, present, progress, previous_progress, jumped,
    race_track, table, checkpoint_s, sector_s, elapsed, time, start_time, chequered,
    lap_origin, laps_done, lap_start, lap_valid, lap_completed, last_lap_time, best_lap_time,
    sector, sector_start, last_sector_time,
    next_checkpoint, checkpoints_hit, checkpoint_time, checkpoint_split, furthest, finish_time,
    lap_sectors, best_sectors, theoretical_best,
    events, laps,
):  # fmt: skip
    """Take the times of lines crossed in this step; finish those who have done ``laps``.

    Car arrays are flat, (n_races * n_cars,); those of events are led by races. Laps and sectors
    are counted from ``lap_origin``, the distance of the race from there. ``lap_sectors`` and
    ``best_sectors``, (n_races * n_cars, MAX_SECTORS) [s], hold the sectors of the lap that is
    driven and the best ones of valid laps.
    """
    n_races = elapsed.shape[0]
    n_cars = status.shape[0] // n_races
    for race in prange(n_races):
        track = race_track[race]
        length = table[track, LENGTH]
        first, count = int(table[track, CHECKPOINT_FIRST]), int(table[track, CHECKPOINT_COUNT])
        sector_first, sectors = int(table[track, SECTOR_FIRST]), int(table[track, SECTOR_COUNT])
        before = time[race] - elapsed[race]
        was_chequered = chequered[race]
        for car in range(n_cars):
            i = race * n_cars + car
            lap_completed[i] = False
            checkpoints_hit[i] = 0
            if not present[i] or status[i] > PIT:
                continue
            here = progress[i]
            if jumped[i]:
                ahead = next_gate(checkpoint_s, first, count, length, here)
                next_checkpoint[i] = max(next_checkpoint[i], ahead)
                done = int(floor((here - lap_origin[i]) / length))
                if done > laps_done[i]:  # the lap that was cut has no time
                    laps_done[i] = done
                    lap_start[i] = nan
                    lap_valid[i] = False
                    if laps > 0 and (done >= laps or was_chequered):
                        laps_done[i] = min(done, laps)
                        status[i] = FINISHED
                        finish_time[i] = time[race] - start_time[race]
                        chequered[race] = True
                        emit(events, race, FINISH, car, -1, time[race], finish_time[i])
                rest = here - lap_origin[i] - laps_done[i] * length
                passed = next_gate(sector_s, sector_first, sectors, length, max(rest, 0.0))
                sector[i] = min(max(0, passed - 1), sectors - 1)
                sector_start[i] = nan
                furthest[i] = max(furthest[i], here)
                continue
            if here <= furthest[i]:
                continue
            last = previous_progress[i]
            rate = elapsed[race] / (here - last) if here > last else 0.0

            while here >= gate(checkpoint_s, first, count, length, next_checkpoint[i]):
                line = gate(checkpoint_s, first, count, length, next_checkpoint[i])
                at = before + (line - last) * rate
                checkpoints_hit[i] += 1
                checkpoint_split[i] = at - checkpoint_time[i]
                checkpoint_time[i] = at
                next_checkpoint[i] += 1
                if line == 0.0 and isnan(lap_start[i]):
                    lap_start[i] = at
                    sector_start[i] = at

            while True:
                start = lap_origin[i] + laps_done[i] * length
                is_lap = sector[i] + 1 >= sectors
                line = start + length if is_lap else start + sector_s[sector_first + sector[i] + 1]
                if here < line:
                    break
                at = before + (line - last) * rate
                last_sector_time[i] = at - sector_start[i]
                emit(events, race, SECTOR, car, -1, at, last_sector_time[i])
                lap_sectors[i, sector[i]] = last_sector_time[i]
                sector_start[i] = at
                sector[i] += 1
                if not is_lap:
                    continue
                sector[i] = 0
                laps_done[i] += 1
                lap_completed[i] = True
                took = at - lap_start[i]
                last_lap_time[i] = took
                best = best_lap_time[i]
                if lap_valid[i] and isfinite(took):
                    if not took >= best:
                        best_lap_time[i] = took
                    theoretical_best[i] = keep_best(lap_sectors, best_sectors, i, sectors)
                emit(events, race, LAP, car, -1, at, took)
                lap_start[i] = at
                lap_valid[i] = True
                if laps > 0 and (laps_done[i] >= laps or was_chequered):
                    status[i] = FINISHED
                    finish_time[i] = at - start_time[race]
                    chequered[race] = True
                    emit(events, race, FINISH, car, -1, at, finish_time[i])
                    break
            furthest[i] = here


@kernel(parallel_from=LIGHT)
def coast(status, throttle, brake, steer):
    """Let cars that are out of the race brake, whatever is asked; all (n_races, n_cars)."""
    real = throttle.dtype.type
    for race in prange(status.shape[0]):
        for car in range(status.shape[1]):
            if status[race, car] > PIT:
                throttle[race, car], brake[race, car] = real(0), real(1)
                steer[race, car] = real(0)


@kernel(parallel_from=LIGHT)
def find_leavers(status, present, leaves, found, first_out):
    """Find the cars that must be taken off the track.

    Args:
        status, present: (n_races, n_cars), of ``RaceState``.
        leaves: (n_races, n_cars) bool. Written.
        found: (1,) bool, set where there is one.
        first_out: the least status of those that leave.
    """
    for race in prange(status.shape[0]):
        for car in range(status.shape[1]):
            leaves[race, car] = present[race, car] and status[race, car] >= first_out
            if leaves[race, car]:
                found[0] = True
