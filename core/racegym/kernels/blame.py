"""Who is to blame for a contact, from what both cars did before it; see ``docs/blame.md``.

Everything is asked of the two in the order *rear, front* along the track, never in that of
their slots, and of the track as it lies, so neither swapped slots nor a mirrored track change
a verdict. The definitions follow the FIA's driving guidelines (one defensive move; the inside
car's front axle past the rival's mirrors before and at the apex) and the rule of the
IFAC race that the follower answers for a rear-end hit.
"""

from __future__ import annotations

from math import cos, nan, pi, sin

from racegym.kernels.bends import corner_around
from racegym.kernels.compile import outlined
from racegym.kernels.evidence import (
    LATELY,
    MOMENT,
    braked_for_nothing,
    changes_of_line,
    entry_sample,
    nose_past_mirror,
    nose_past_rear,
    size_scale,
    spun_or_slow_for,
)
from racegym.kernels.geometry import wrap_difference
from racegym.kernels.history import ALONG, HEADING, D, S, look_back
from racegym.kernels.projection import LENGTH

__all__ = [
    "CLOSING",
    "DELTA_V",
    "KIND",
    "NORMAL_X",
    "NORMAL_Y",
    "OTHER_SHARE",
    "RACING",
    "SHARE",
    "SINCE",
    "weigh",
]

# interfaces.BlameKind
RACING, REAR_END, DIVE, SQUEEZE, SECOND_MOVE, REJOIN, WRONG_WAY, AVOIDABLE = range(8)

# Figures of a contact; their names stand in ``interfaces.EVENT_DETAILS``.
SHARE, OTHER_SHARE, KIND, DELTA_V = 0, 1, 2, 3
CLOSING, GAP, GAP_BEFORE, ENTRY_CLAIM, CLAIM = 4, 5, 6, 7, 8
SPEED, OTHER_SPEED, LATERAL, OTHER_LATERAL, MOVES, ROOM, SINCE = 9, 10, 11, 12, 13, 14, 15
NORMAL_X, NORMAL_Y = 0, 1  # until the blame is weighed

MITIGATED = 0.7  # factor on a share where the other one could have done something, too
BACKWARDS = 2.0  # [m/s] against the direction of the race, of a typical car
SLOW = 0.25  # of the other's speed: a stopped car
HEAD_ON = 0.7  # of the normal along the track: one car is before the other, not beside it
BEFORE = 2.0  # [s] before the touch
LEVEL = 0.25  # of a car's length: neither was ahead
MOVED = 0.1  # of a car's width in ``MOMENT``: it went sideways
TWICE = 2.0  # as far as the other: it went, not both


@outlined
def blame_for_state(history, race, rear, front, now, last_off, scale, rejoin, seen):
    """Return (kind, share of rear, share of front, since) by what the cars were about.

    The kind is -1 where that decides nothing. ``since`` [s]: for how long it had been so.
    """
    newest = history.newest[race]
    v_rear = float(history.past[race, newest, rear, ALONG])
    v_front = float(history.past[race, newest, front, ALONG])
    against = BACKWARDS * scale
    if v_rear < -against <= v_front:
        return WRONG_WAY, 1.0, 0.0, nan
    if v_front < -against <= v_rear:
        return WRONG_WAY, 0.0, 1.0, nan
    rear_since, front_since = now - last_off[race, rear], now - last_off[race, front]
    rear_back = 0.0 < rear_since <= rejoin
    front_back = 0.0 < front_since <= rejoin
    if rear_back and front_since > rejoin:
        return REJOIN, 1.0, 0.0, rear_since
    if front_back and rear_since > rejoin:
        return REJOIN, 0.0, 1.0, front_since

    rear_spun = abs(history.past[race, newest, rear, HEADING]) > 0.5 * pi
    front_spun = abs(history.past[race, newest, front, HEADING]) > 0.5 * pi
    if rear_spun and front_spun:
        return RACING, 0.0, 0.0, nan
    hits_rear = rear_spun or (not front_spun and v_front > v_rear)
    hitter_speed, victim_speed = (v_front, v_rear) if hits_rear else (v_rear, v_front)
    victim = rear if hits_rear else front
    spun = rear_spun or front_spun
    if not spun and not (victim_speed < SLOW * hitter_speed and hitter_speed > against):
        return -1, 0.0, 0.0, nan
    visible = spun_or_slow_for(history, race, victim, now, SLOW * hitter_speed)
    if hitter_speed > victim_speed and visible >= seen:
        share = 0.0 if hits_rear else 1.0
        return AVOIDABLE, share, 1.0 - share, visible
    return (RACING if spun else -1), 0.0, 0.0, visible


@outlined
def blame_for_sides(toward_rear, toward_front, claim, partly, width_rear, width_front,
                    room_rear, room_front, second):  # fmt: skip
    """Return (kind, share of rear, share of front) of cars that touched side by side.

    Args:
        toward_rear, toward_front: [m] how far each went towards the other just before.
        claim, partly: [m] how far the rear car's front axle was past the front car's mirrors,
            and past its rear axle, before that.
        width_rear, width_front: [m] of the cars.
        room_rear, room_front: [m] beside each, on the side away from the other.
        second: the front car had changed its line before, and did so again.
    """
    rear_moved = toward_rear > MOVED * width_rear and toward_rear > TWICE * toward_front
    front_moved = toward_front > MOVED * width_front and toward_front > TWICE * toward_rear
    if rear_moved:
        share = 1.0 if room_front < width_front else MITIGATED
        return (SQUEEZE, share, 0.0) if partly >= 0.0 else (REAR_END, 1.0, 0.0)
    if front_moved:
        if claim < 0.0 and second:
            return SECOND_MOVE, 0.0, 1.0
        if partly >= 0.0:
            share = 1.0 if room_rear < width_rear else MITIGATED
            return SQUEEZE, 0.0, share if claim >= 0.0 else share * MITIGATED
    return RACING, 0.0, 0.0


@outlined
def weigh(race, rear, front, now, places, bodies, history, last_off,
          circuit, rejoin, seen, figures, row):  # fmt: skip
    """Weigh the evidence of a touch, and write it with the shares of the blame.

    Args:
        race: whose.
        rear, front: the cars, in this order along the track.
        now: [s] race time.
        places, bodies, history, circuit: where the cars are and were.
        last_off: (n_races, n_cars) float64 [s], when each was last off the track.
        rejoin, seen: [s] of the rules.
        figures: (n_races, most, DETAILS) real; its ``row`` is written. Holds the normal of the
            contact, either way round, and its closing speed.
    """
    track = circuit.race_track[race]
    length = circuit.table[track, LENGTH]
    newest = history.newest[race]
    past = history.past
    gap = wrap_difference(places.s[race, front] - places.s[race, rear], length)
    moment = look_back(history, race, rear, front, now - MOMENT)
    before = look_back(history, race, rear, front, now - BEFORE)
    gap_then = wrap_difference(
        float(past[race, moment, front, S]) - float(past[race, moment, rear, S]), length
    )
    gap_before = wrap_difference(
        float(past[race, before, front, S]) - float(past[race, before, rear, S]), length
    )
    d_rear, d_front = float(places.d[race, rear]), float(places.d[race, front])
    side = 1.0 if d_front > d_rear else (-1.0 if d_front < d_rear else 0.0)
    toward_rear = side * (d_rear - past[race, moment, rear, D])
    toward_front = side * (past[race, moment, front, D] - d_front)
    took = max(now - history.at[race, moment], 1e-3)
    rear_right = d_rear + places.width_right[race, rear]
    rear_left = places.width_left[race, rear] - d_rear
    front_right = d_front + places.width_right[race, front]
    front_left = places.width_left[race, front] - d_front
    room_rear = (rear_right if side > 0.0 else rear_left) - 0.5 * bodies.width[race, rear]
    room_front = (front_left if side > 0.0 else front_right) - 0.5 * bodies.width[race, front]
    moves = changes_of_line(history, circuit, race, front, float(bodies.width[race, front]))
    lately = look_back(history, race, front, front, now - LATELY)
    second = moves >= 2 and abs(d_front - past[race, lately, front, D]) >= (
        MOVED * bodies.width[race, front]
    )

    corner, entry, apex, _ = corner_around(
        circuit.points, circuit.table, track, places.s[race, front]
    )
    half = LEVEL * 0.5 * (bodies.length[race, rear] + bodies.length[race, front])
    rear_attacks = gap_before >= -half
    car, other, ahead = (rear, front, gap) if rear_attacks else (front, rear, -gap)
    claim = nose_past_mirror(bodies, race, car, other, ahead)
    entry_claim = nan
    partly_in = 0.0
    entered = False
    if corner != 0.0:
        nose = bodies.to_front[race, other]
        entered = wrap_difference(places.s[race, other] + nose - entry, length) >= 0.0
        slot = entry_sample(history, race, car, other, nose, entry, length)
        then = wrap_difference(
            float(past[race, slot, other, S]) - float(past[race, slot, car, S]), length
        )
        entry_claim = nose_past_mirror(bodies, race, car, other, then)
        partly_in = nose_past_rear(bodies, race, car, other, then)

    scale = size_scale(bodies, race, rear, front)
    kind, share, other_share, since = blame_for_state(
        history, race, rear, front, now, last_off, scale, rejoin, seen
    )
    if kind < 0:
        heading = float(places.yaw[race, front]) - float(places.heading_error[race, front])
        normal_x, normal_y = figures[race, row, NORMAL_X], figures[race, row, NORMAL_Y]
        head_on = abs(normal_x * cos(heading) + normal_y * sin(heading)) >= HEAD_ON
        inside = corner * (d_rear - d_front if rear_attacks else d_front - d_rear) > 0.0
        to_apex = wrap_difference(apex - places.s[race, other], length)
        dives = entered and inside and abs(gap_before) > half and to_apex >= -2.0 * half
        if head_on and nose_past_mirror(bodies, race, rear, front, gap) < 0.0:
            kind, share, other_share = REAR_END, 1.0, 0.0
            if corner == 0.0 and second:
                kind, share, other_share = SECOND_MOVE, 0.0, 1.0
            elif braked_for_nothing(history, circuit, bodies, race, front, now):
                share, other_share = 0.5, 0.5
        elif dives and (entry_claim < 0.0 or claim < 0.0):
            kind = DIVE
            part = 1.0 if partly_in < 0.0 else MITIGATED
            share, other_share = (part, 0.0) if rear_attacks else (0.0, part)
        else:
            kind, share, other_share = blame_for_sides(
                toward_rear, toward_front,
                nose_past_mirror(bodies, race, rear, front, gap_then),
                nose_past_rear(bodies, race, rear, front, gap_then),
                float(bodies.width[race, rear]), float(bodies.width[race, front]),
                room_rear, room_front, corner == 0.0 and second,
            )  # fmt: skip

    real = figures.dtype.type
    figures[race, row, SHARE], figures[race, row, OTHER_SHARE] = real(share), real(other_share)
    figures[race, row, KIND] = real(kind)
    figures[race, row, GAP], figures[race, row, GAP_BEFORE] = real(gap), real(gap_before)
    figures[race, row, ENTRY_CLAIM], figures[race, row, CLAIM] = real(entry_claim), real(claim)
    figures[race, row, SPEED] = past[race, newest, rear, ALONG]
    figures[race, row, OTHER_SPEED] = past[race, newest, front, ALONG]
    figures[race, row, LATERAL] = real(toward_rear / took)
    figures[race, row, OTHER_LATERAL] = real(toward_front / took)
    figures[race, row, MOVES], figures[race, row, SINCE] = real(moves), real(since)
    pushed = toward_front > toward_rear  # the one that the other one came to
    figures[race, row, ROOM] = real(room_rear if pushed else room_front)
