"""The pit lane as race control sees it: who is in it, how fast, and how long it stands there."""

from __future__ import annotations

from math import hypot

from numba import prange

from racegym.kernels.compile import device, kernel
from racegym.kernels.events import emit, note
from racegym.kernels.projection import LENGTH

__all__ = [
    "BOX_COUNT",
    "ENTRY",
    "EXIT",
    "MOUTH",
    "OFFSET",
    "SPEED_LIMIT",
    "WIDTH",
    "find_in_lane",
    "lane_limits",
    "lane_place",
    "watch_lane",
]

# Columns of ``TrackSet.pits``, as in ``racegym.track.lane``.
ENTRY, EXIT, OFFSET, WIDTH, SPEED_LIMIT, BOX_COUNT = 0, 1, 2, 3, 4, 5

RACING, PIT, FINISHED = 1, 2, 3  # interfaces.Status
PIT_ENTRY, PIT_EXIT = 14, 15  # EventKind
MOUTH = 6.0  # metres of way for each metre across, before the entry and behind the exit
WHOLE = 0.2  # of the lane, that may be missing at either end of a drive through it
STANDING = 0.3  # [m/s] below it a car stands still
STOP = 0.5  # [s] a shorter stand is no stop
LONGEST_STOP = 60.0  # [s] a longer one counts as being stuck


@device
def lane_place(pits, track, s, lap):
    """Return how far [m] s is behind the entry, and how long the lane is.

    What lies nearer to the entry than to the exit on the rest of the lap is negative.
    """
    long = (pits[track, EXIT] - pits[track, ENTRY]) % lap
    at = (s - pits[track, ENTRY]) % lap
    if at > 0.5 * (long + lap):
        at -= lap
    return at, long


@kernel
def lane_limits(races, race_track, pits, rule, pit_limit):
    """Write the speed limit of the lane of some races, 0 where there is no lane.

    Args:
        races: (k,) int64.
        race_track, pits: the packed tracks.
        rule: [m/s]; 0 for the track's own.
        pit_limit: of ``RaceState``. Written.
    """
    real = pit_limit.dtype.type
    for k in prange(races.shape[0]):
        race = races[k]
        track = race_track[race]
        limit = pits[track, SPEED_LIMIT] if rule <= 0.0 else rule
        pit_limit[race] = real(limit if pits[track, WIDTH] > 0.0 else 0.0)


@kernel
def find_in_lane(s, d, race_track, table, pits, inside, sheltered):
    """Say which cars are in the lane, and which are in it or in its mouths.

    Args:
        s, d: of ``TrackFrame``, (n_races, n_cars).
        race_track, table, pits: the packed tracks.
        inside: (n_races, n_cars) bool: the middle of the car is in the lane. Written.
        sheltered: bool: the asphalt under it belongs to the lane. Written.
    """
    for race in prange(s.shape[0]):
        track = race_track[race]
        half, offset = 0.5 * pits[track, WIDTH], pits[track, OFFSET]
        for car in range(s.shape[1]):
            inside[race, car] = False
            sheltered[race, car] = False
            if half <= 0.0:
                continue
            at, long = lane_place(pits, track, s[race, car], table[track, LENGTH])
            aside = float(d[race, car]) if offset > 0.0 else -float(d[race, car])
            mouth = MOUTH * abs(offset)
            beside = aside > 0.0 and aside <= abs(offset) + half
            inside[race, car] = 0.0 <= at <= long and abs(aside - abs(offset)) <= half
            in_mouth = beside and (abs(at) <= mouth or abs(at - long) <= mouth)
            sheltered[race, car] = inside[race, car] or in_mouth


@kernel
def watch_lane(
    s, vx, vy, present, status, inside, race_track, table, pits, time, elapsed, pit_limit,
    entered, stood, whole, stuck_time, pit_passes, pit_stops, pit_standing, pit_speeding, events,
):  # fmt: skip
    """Note who comes into the lane and leaves it, and what they do there.

    Args:
        s ... status: of the cars, (n_races, n_cars); ``status`` is updated.
        inside: as in ``find_in_lane``.
        race_track, table, pits: the packed tracks.
        time, elapsed, pit_limit: led by races.
        entered: float64 [s], when the car came in. Updated.
        stood: real [s], for which it has stood still now. Updated.
        whole: bool, it is in the lane and came in at the entry. Updated.
        stuck_time, pit_passes ... pit_speeding: of ``RaceState``. Updated.
        events: takes what happens.
    """
    real = stood.dtype.type
    for race in prange(s.shape[0]):
        track = race_track[race]
        if pit_limit[race] <= real(0):
            continue
        for car in range(s.shape[1]):
            if present[race, car] and status[race, car] == FINISHED and whole[race, car]:
                pit_passes[race, car] += 1  # it came in at the entry, and the flag fell on it
                whole[race, car] = False
            if not present[race, car] or (status[race, car] != RACING and status[race, car] != PIT):
                continue
            at, long = lane_place(pits, track, s[race, car], table[track, LENGTH])
            speed = hypot(float(vx[race, car]), float(vy[race, car]))
            if inside[race, car]:
                if status[race, car] == RACING:
                    status[race, car] = PIT
                    entered[race, car] = time[race]
                    whole[race, car] = at <= WHOLE * long
                    stood[race, car] = real(0)
                    pit_standing[race, car] = real(0)
                    pit_speeding[race, car] = real(0)
                    emit(events, race, PIT_ENTRY, car, -1, time[race], speed)
                over = real(speed) - pit_limit[race]
                pit_speeding[race, car] = max(pit_speeding[race, car], over)
                if speed < STANDING:
                    before = stood[race, car]
                    stood[race, car] += real(elapsed[race])
                    if before < real(STOP) <= stood[race, car]:
                        pit_stops[race, car] += 1
                    pit_standing[race, car] = max(pit_standing[race, car], stood[race, car])
                    if stood[race, car] < real(LONGEST_STOP):
                        stuck_time[race, car] = real(0)
                else:
                    stood[race, car] = real(0)
            elif status[race, car] == PIT:
                status[race, car] = RACING
                through = whole[race, car] and at >= (1.0 - WHOLE) * long
                if through:
                    pit_passes[race, car] += 1
                whole[race, car] = False
                took = time[race] - entered[race, car]
                row = emit(events, race, PIT_EXIT, car, -1, time[race], took)
                note(events, race, row, 0, pit_speeding[race, car])
                note(events, race, row, 1, pit_standing[race, car])
                note(events, race, row, 2, 1.0 if through else 0.0)
