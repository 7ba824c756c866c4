"""What a racer means to do about another car: pass it, keep it behind, back away from it.

The equations stand in ``racegym.kernels.racecraft``.
"""

from __future__ import annotations

from racegym.kernels.compile import outlined
from racegym.kernels.following import OFFSET, between
from racegym.kernels.geometry import wrap_difference
from racegym.kernels.manners import (
    AHEAD,
    AHEAD_GAP,
    AHEAD_HALF,
    AHEAD_PLACE,
    APEX,
    APEX_IN,
    ATTACK_FOR,
    BACK_AFTER,
    BACK_ANGLE,
    BACK_FOR,
    BACK_NEVER,
    BACK_REST,
    BACK_ROOM,
    BACK_STOPPED,
    BACKING,
    BEHIND_GAP,
    BEHIND_PLACE,
    BEHIND_SHARE,
    BESIDE,
    CLEAR,
    CLOCK,
    CORNER_IN,
    COSTS,
    COVER_FROM,
    COVER_TIME,
    DEFENCE,
    DEFENCES,
    FASTER,
    FREE,
    HIGH,
    INSIDE,
    LEAST_SPEED,
    LOOK_TIME,
    LOW,
    MOST,
    NEAR_LENGTHS,
    NEAR_TIME,
    PASSES,
    REST,
    REST_FOR,
    RIVAL,
    SHUT_TIMES,
    SIDE,
    SLOWED,
    STALL,
    STANDING,
    THREAT_TIME,
    WORTH,
    WORTH_TIMID,
)
from racegym.kernels.projection import COUNT, LENGTH
from racegym.kernels.pursuit import known
from racegym.kernels.sensing import place_at

__all__ = ["attack", "back_out", "defend"]


@outlined
def attack(memory, sight, race, here, along, half_length, half_width, aggression, reaction,
           allowed, s, d, length, table, track, start, paths, dt):  # fmt: skip
    """Begin, go on with or end an attack; return the place that it asks for, if any."""
    count, around = int(table[track, COUNT]), table[track, LENGTH]
    least = 2.0 * half_width * (1.0 + BESIDE + 0.3 * (1.0 - aggression))
    memory[REST] = max(memory[REST] - dt, 0.0)
    rival, standing = int(memory[RIVAL]), sight[STANDING] > 0.0
    if standing and int(sight[AHEAD]) != rival:
        rival, memory[RIVAL], memory[REST] = -1, -1.0, 0.0  # first things first
    if rival >= 0:
        if standing:  # which may stand across the track
            least = max(least, sight[AHEAD_HALF] + 1.6 * half_width)
        memory[CLOCK] += dt
        off = wrap_difference(s[race, rival] - here, around)
        long = half_length + 0.5 * known(length[race, rival])
        index, t = place_at(table, track, s[race, rival])
        aside = known(d[race, rival]) - between(paths, start, index, count, t, OFFSET)
        beside = abs(off) < long
        if off < -(long + 2.0 * CLEAR * half_length):
            memory[PASSES] += 1.0
            memory[RIVAL], memory[SIDE], memory[COSTS] = -1.0, 0.0, 0.0
            return 0.0
        # Where that side has been shut, the other one may be open.
        here_room = sight[HIGH] - aside if memory[SIDE] > 0.0 else aside - sight[LOW]
        there_room = aside - sight[LOW] if memory[SIDE] > 0.0 else sight[HIGH] - aside
        memory[SLOWED] = memory[SLOWED] + dt if here_room < least < there_room else 0.0
        if memory[SLOWED] > SHUT_TIMES * reaction and not beside and not standing:
            memory[SIDE], memory[SLOWED] = -memory[SIDE], 0.0
        goal = aside + memory[SIDE] * least
        too_long = memory[CLOCK] > ATTACK_FOR and not beside and not standing
        gone = off > long + 2.0 * along + 8.0 * half_length and not standing
        if too_long or gone or not allowed:
            memory[RIVAL], memory[SIDE], memory[REST] = -1.0, 0.0, REST_FOR
            return 0.0
        return goal
    near = sight[AHEAD_GAP] < NEAR_TIME * along + 2.0 * NEAR_LENGTHS * half_length
    worth = memory[COSTS] > WORTH + WORTH_TIMID * (1.0 - aggression) and near
    if sight[AHEAD] < 0.0 or not (worth or standing) or not allowed or memory[REST] > 0.0:
        memory[SLOWED] = 0.0
        return 0.0
    memory[SLOWED] += dt
    if memory[SLOWED] < reaction:
        return 0.0
    # The side: by the room beside the other car, and the inside of the next corner.
    other = sight[AHEAD_PLACE]
    need = sight[AHEAD_HALF] - half_width + 2.0 * half_width * (1.15 + 0.3 * (1.0 - aggression))
    if standing:
        need = sight[AHEAD_HALF] + 1.6 * half_width
    left, right = sight[HIGH] - (other + need), (other - need) - sight[LOW]
    bonus = (1.0 + 2.0 * aggression) * half_width * sight[INSIDE]
    if sight[CORNER_IN] > LOOK_TIME * 2.0 * along:
        bonus *= 0.5
    left_score, right_score = min(left, 4.0 * half_width), min(right, 4.0 * half_width)
    prefer = left_score - right_score + bonus - 0.2 * other
    side = 0.0
    if left >= 0.0 and (right < 0.0 or prefer > 0.0):
        side = 1.0
    elif right >= 0.0:
        side = -1.0
    if side == 0.0:
        return 0.0
    memory[SIDE], memory[RIVAL], memory[CLOCK] = side, sight[AHEAD], 0.0
    memory[SLOWED] = 0.0
    return other + side * max(need, least)


@outlined
def defend(
    memory, sight, progress, place, along, half_length, half_width, aggression, reaction, allowed
):  # fmt: skip
    """Return the place that covers a side, where that is called for.

    Before a corner that is the inside, on a straight the side to which the car behind has pulled
    out. It is left alone where that car would be alongside before the driver has reacted.
    """
    if progress > memory[APEX]:
        memory[DEFENCE] = 0.0
        gap = sight[BEHIND_GAP]
        mine = along / sight[FREE] if sight[FREE] > 0.0 else 1.0
        closing = (sight[BEHIND_SHARE] - mine) * sight[FREE]
        apart = sight[BEHIND_PLACE] - place
        threat = 0.5 * half_length < gap < THREAT_TIME * along
        threat = threat and gap > 2.0 * reaction * max(closing, 0.0)
        soon = COVER_FROM * along < sight[CORNER_IN] < COVER_TIME * along
        aside = apart * sight[INSIDE]
        side = 0.0
        if soon:  # whoever is on the inside already has it
            faster = sight[BEHIND_SHARE] > mine + FASTER or aside > half_width
            side = sight[INSIDE] if faster and aside < 2.5 * half_width else 0.0
        elif sight[CORNER_IN] >= COVER_TIME * along and half_width < abs(apart):
            side = (1.0 if apart > 0.0 else -1.0) if abs(apart) < 3.0 * half_width else 0.0
        if allowed and threat and side != 0.0 and aggression > 0.0:
            memory[DEFENCE] = side
            hold = min(sight[APEX_IN], COVER_TIME * along)
            memory[APEX] = progress + hold + half_length
            memory[DEFENCES] += 1.0
    if memory[DEFENCE] == 0.0:
        return 0.0
    edge = sight[HIGH] if memory[DEFENCE] > 0.0 else -sight[LOW]
    return memory[DEFENCE] * min(aggression * edge, 5.0 * half_width)


@outlined
def back_out(memory, sight, place, goal, along, half_length, half_width, dt):
    """Say whether to drive backwards: too close to a car that stands to pull out beside it."""
    room = min(abs(goal - place) / BACK_ANGLE, 6.0 * half_length)
    room += 2.0 * BACK_ROOM * half_length
    waits = memory[STALL] > BACK_AFTER and memory[SIDE] != 0.0
    near = sight[AHEAD_GAP] < room and sight[MOST] < LEAST_SPEED
    free_behind = sight[BEHIND_GAP] > half_length
    if memory[BACKING] < 0.0:
        memory[BACKING] = min(memory[BACKING] + dt, 0.0)
        return False
    if memory[BACKING] > 0.0 and along > BACK_STOPPED:  # nobody pushes it, so has it no reverse?
        memory[BACKING] = -BACK_NEVER if free_behind else -BACK_REST
        return False
    if memory[BACKING] > 0.0:
        on = waits and sight[AHEAD_GAP] < room and free_behind
        memory[BACKING] = max(memory[BACKING] - dt, 0.0) if on else 0.0
    elif waits and near and free_behind and abs(along) < BACK_STOPPED:
        memory[BACKING] = BACK_FOR
        if abs(goal - place) < 0.5 * half_width:  # more of them stand on that side
            memory[SIDE] = -memory[SIDE]
    return memory[BACKING] > 0.0
