"""How races begin: red lights, a rolling formation, jump starts."""

from __future__ import annotations

from numba import prange

from racegym.kernels.compile import device, kernel, outlined
from racegym.kernels.events import emit
from racegym.kernels.randomness import draw_uniform, purpose

__all__ = ["begin_races", "hold_cars", "watch_starts"]

LIGHTS, FORMATION, GREEN = 1, 2, 3  # interfaces.Signal
ON_GRID, RACING, PIT = 0, 1, 2  # interfaces.Status
SIGNAL, JUMP_START = 12, 13  # EventKind

CLOSING = 1.0  # [1/s] of an error in place, by which a formation is kept
MOST_SHARE = 0.5  # of the speed, by which a car may be faster or slower for that
SPEED_GAIN = 2.0  # [1/s]
DRIVE, BRAKE = 3.0, 6.0  # [m/s^2] of a vehicle table that does not tell

_LIGHTS = purpose("start.lights")


@device
def told(value, otherwise):
    """Return ``value`` in float64, or what stands for it where it is not above 0."""
    return float(value) if value > 0.0 else otherwise


@kernel
def begin_races(races, key, begins, shortest, longest, signal, green_at, status):
    """Put races under the signal that they begin with.

    Args:
        races: (k,) int64.
        key: (n_races,) uint64.
        begins: LIGHTS or FORMATION.
        shortest, longest: [s] for which lights may be red; drawn for each race.
        signal, status: of ``RaceState``. Written.
        green_at: (n_races,) float64 [s], when lights go out. Written.
    """
    for k in prange(races.shape[0]):
        race = races[k]
        lasts = shortest + (longest - shortest) * draw_uniform(key[race], 0, 0, _LIGHTS)
        green_at[race] = lasts
        if begins == LIGHTS and lasts <= 0.0:
            continue
        signal[race] = begins
        for car in range(status.shape[1]):
            status[race, car] = ON_GRID


@outlined
def note_jumps(progress, start_progress, status, jump_start, jump_distance, race, now, events):
    """Note who has moved under red lights."""
    for car in range(progress.shape[1]):
        moved = abs(progress[race, car] - start_progress[race, car])
        on_grid = status[race, car] == ON_GRID
        if on_grid and not jump_start[race, car] and moved > jump_distance:
            jump_start[race, car] = True
            emit(events, race, JUMP_START, car, -1, now, moved)


@outlined
def line_crossed(progress, previous_progress, status, race, before, elapsed):
    """Return when [s] the first car of a formation crossed the line; -1 if none has."""
    found = -1.0
    for car in range(progress.shape[1]):
        here, last = progress[race, car], previous_progress[race, car]
        if status[race, car] == ON_GRID and here >= 0.0:
            at = before
            if last < 0.0:
                at += elapsed * -last / (here - last)
            found = at if found < 0.0 else min(found, at)
    return found


@kernel
def watch_starts(
    signal, green_at, start_time, time, step, elapsed, status, progress, previous_progress,
    start_progress, jump_start, stuck_time, lap_start, sector_start, checkpoint_time, laps_done,
    events, jump_distance, flying,
):  # fmt: skip
    """Let races begin whose lights go out or whose leader crosses the line; note jump starts.

    Times of the first lap, sector and checkpoint count from that moment on.

    Args:
        signal ... laps_done: of ``RaceState`` and ``TrackFrame``, led by races; ``green_at`` as
            in ``begin_races``.
        events: takes what happens.
        jump_distance: [m]; infinite where cars are held.
        flying: laps begin at the line.
    """
    real = stuck_time.dtype.type
    for race in prange(signal.shape[0]):
        if signal[race] == GREEN:
            continue
        now, before = time[race], time[race] - elapsed[race]
        if step[race] == 1:
            emit(events, race, SIGNAL, -1, -1, before, float(signal[race]))
        begun = -1.0
        if signal[race] == LIGHTS:
            note_jumps(
                progress, start_progress, status, jump_start, jump_distance, race, now, events
            )
            if now >= green_at[race] - 1e-9:
                begun = now
        else:
            begun = line_crossed(progress, previous_progress, status, race, before, elapsed[race])
        if begun >= 0.0:
            signal[race] = GREEN
            start_time[race] = begun
            emit(events, race, SIGNAL, -1, -1, begun, float(GREEN))
        for car in range(status.shape[1]):
            stuck_time[race, car] = real(0)
            if begun >= 0.0:
                if status[race, car] == ON_GRID:
                    status[race, car] = RACING
                if not flying and laps_done[race, car] == 0:
                    lap_start[race, car] = begun
                    sector_start[race, car] = max(sector_start[race, car], begun)
                checkpoint_time[race, car] = max(checkpoint_time[race, car], begun)


@kernel
def hold_cars(
    throttle, brake, gear, signal, hold, speed, status, progress, start_progress, vx,
    drive, power, brakes, drag,
):  # fmt: skip
    """Take the pedals of cars whose race has not begun: they wait, or keep their formation.

    Args:
        throttle, brake, gear: of ``Control``, (n_races, n_cars). Written.
        signal: of ``RaceState``.
        hold: whether cars are held under red lights.
        speed: [m/s] of a formation.
        status, progress, start_progress, vx: of the cars.
        drive, power, brakes, drag: of ``VehicleTable``.
    """
    real = throttle.dtype.type
    for race in prange(throttle.shape[0]):
        if signal[race] == GREEN or (signal[race] == LIGHTS and not hold):
            continue
        leader = -1
        for car in range(throttle.shape[1]):
            ahead = leader < 0 or start_progress[race, car] > start_progress[race, leader]
            if status[race, car] == ON_GRID and ahead:
                leader = car
        for car in range(throttle.shape[1]):
            if status[race, car] != ON_GRID:
                continue
            gas, halt = 0.0, 1.0
            if signal[race] == FORMATION:
                wanted = start_progress[race, car] - start_progress[race, leader]
                behind = wanted - (progress[race, car] - progress[race, leader])
                most = MOST_SHARE * speed
                forward = float(vx[race, car])
                push = SPEED_GAIN * (speed + min(max(CLOSING * behind, -most), most) - forward)
                push += max(float(drag[race, car]), 0.0) * forward * abs(forward)
                engine = told(drive[race, car], DRIVE)
                engine = min(engine, told(power[race, car], 1e9) / max(forward, 1.0))
                gas = min(max(push / engine, 0.0), 1.0)
                halt = min(max(-push / told(brakes[race, car], BRAKE), 0.0), 1.0)
                gear[race, car] = max(gear[race, car], 0)
            throttle[race, car] = real(gas)
            brake[race, car] = real(halt)
