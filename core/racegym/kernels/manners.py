"""What a racer remembers and sees, column by column, and the figures of its manners."""

from __future__ import annotations

__all__ = [
    "AHEAD",
    "AHEAD_GAP",
    "AHEAD_HALF",
    "AHEAD_OFF",
    "AHEAD_PLACE",
    "AHEAD_SPEED",
    "APEX",
    "APEX_IN",
    "ATTACK_FOR",
    "BACKING",
    "BACK_AFTER",
    "BACK_ANGLE",
    "BACK_FOR",
    "BACK_NEVER",
    "BACK_REST",
    "BACK_ROOM",
    "BACK_SPEED",
    "BACK_STOPPED",
    "BEHIND_GAP",
    "BEHIND_PLACE",
    "BEHIND_SHARE",
    "BESIDE",
    "BLUE",
    "BOUND_FOR",
    "BOUND_MOST",
    "BRAKE_SHARE",
    "BRAKING",
    "CLEAR",
    "CLOCK",
    "CLOSE_LENGTHS",
    "CLOSE_TIME",
    "CORNER_IN",
    "CORNER_SHARE",
    "COSTS",
    "COST_TIME",
    "COVER_FROM",
    "COVER_TIME",
    "DANGER",
    "DEFENCE",
    "DEFENCES",
    "ENTITLED",
    "FASTER",
    "FREE",
    "GRIP_LEFT",
    "HIGH",
    "HOLDS_BACK",
    "INSIDE",
    "LAG",
    "LAST_RACING",
    "LEAST_BRAKES",
    "LEAST_SPEED",
    "LOOKS",
    "LOOK_TIME",
    "LOW",
    "MARGIN",
    "MEMORY_COLUMNS",
    "MEMORY_FILL",
    "MOST",
    "NEAR_LENGTHS",
    "NEAR_TIME",
    "ON_GRID",
    "OTHERS_HIGH",
    "OTHERS_LOW",
    "PARKED",
    "PASSES",
    "PATIENCE",
    "PLACE",
    "RATE",
    "RECOVER",
    "REST",
    "REST_FOR",
    "RETURN",
    "RETURNS",
    "RIVAL",
    "ROAD",
    "ROOM",
    "SHUT_TIMES",
    "SIDE",
    "SIDEWAYS",
    "SIGHT_COLUMNS",
    "SLANT",
    "SLOWED",
    "SOON",
    "STALL",
    "STANDING",
    "STAND_GAP",
    "STAND_SHARE",
    "STAND_SPEED",
    "STEEP",
    "STEEPER",
    "STRIDE",
    "SWAY_FROM",
    "SWAY_MORE",
    "THREAT_TIME",
    "URGE",
    "URGENT",
    "WORTH",
    "WORTH_TIMID",
    "YELLOW_SPEED",
    "YIELD",
    "YIELD_SPEED",
    "YIELD_WIDTHS",
]

# Columns of ``memory``.
PLACE, RATE = 0, 1  # [m], [m/s] where it means to be beside its line, and how that changes
SIDE, RIVAL, CLOCK = 2, 3, 4  # of an attack: 1 left of the other car, -1 right; which; [s] since
COSTS = 5  # share of its speed that the car ahead costs it, smoothed
REST = 6  # [s] until it attacks again
DEFENCE, APEX = 7, 8  # side that it covers; progress [m] at which that corner is done
YIELD = 9  # side to which it lets others by
STALL = 10  # [s] that it has waited behind a standing car
SLOWED = 11  # [s] that a wish to attack has lasted
DEFENCES, PASSES = 12, 13  # counted
BACKING = 14  # [s] for which it backs out at most; below 0, for which it does not
MEMORY_COLUMNS = 15
MEMORY_FILL = (0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, -1e18, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

# Columns of ``sight``: what a look ahead found, scratch of each car.
LOOKS = 8
LOW, HIGH = 0, 1  # [m] of the corridor
INSIDE, CORNER_IN, APEX_IN = 2, 3, 4  # side of the next corner, [m] to it and to its middle
FREE = 5  # [m/s] of the line here
GRIP_LEFT = 6  # [m/s^2] sideways that the corner leaves
OTHERS_LOW, OTHERS_HIGH = 7, 8  # [m] the bounds that cars alongside set
AHEAD, AHEAD_GAP, AHEAD_PLACE, AHEAD_SPEED, AHEAD_HALF = 9, 10, 11, 12, 13
BEHIND_GAP, BEHIND_PLACE, BEHIND_SHARE = 14, 15, 16  # and its speed, of the line's there
MOST = 17  # [m/s] that cars ahead allow
AHEAD_OFF = 18  # [m] between the middles of both, along the track
STANDING = 19  # 1: the car ahead is as good as standing
SLANT = 20  # metres sideways that it goes for one ahead at most
BRAKING = 21  # [m/s^2] that the bend leaves
STRIDE = 22  # [m] from look to look
URGE = 23  # times its usual push, to make room
ROAD = 24  # [m] lowest and highest place at each look
SIGHT_COLUMNS = ROAD + 2 * (LOOKS + 1)

LAG = 0.25  # [s] by which a driver's speed follows the one it is told
BRAKE_SHARE = 0.6  # of the vehicle's brakes, b of (1)
LOOK_TIME = 1.2  # [s] ahead that it looks at least
BOUND_FOR, BOUND_MOST = 0.4, 0.8  # [s] for which its own move goes on at least, at most
RETURNS = 0.6  # of the speed of its line, below which a car is on its way back to it
SOON = 0.2  # [s] for which a car alongside is taken to go on sideways as it does
STEEP, STEEPER = 0.1, 0.7  # metres sideways for one ahead at most; more when it crawls
SIDEWAYS = 0.15  # of the lateral limit, that a move uses
CORNER_SHARE = 0.5  # of the lateral limit that makes a corner
MARGIN = 0.12  # [widths] kept to the edge of the asphalt
ROOM, BESIDE = 0.28, 0.4  # [widths] left to a car alongside; aimed at when passing
CLOSE_LENGTHS, CLOSE_TIME = 0.2, 0.03  # g_l and t_0 of (1)
NEAR_TIME, NEAR_LENGTHS = 1.0, 2.0  # [s], [lengths] of a gap within which it attacks
COST_TIME = 1.5  # [s] of the smoothing of COSTS
WORTH, WORTH_TIMID = 0.006, 0.02  # share of speed that it must cost; and more for the timid
ATTACK_FOR, REST_FOR = 9.0, 1.5  # [s] an attack may last that gets nowhere; pause after it
HOLDS_BACK = 0.5  # of the speed that its line allows beyond the other's, when it goes by
SHUT_TIMES = 2.0  # reactions for which its side has to be shut until it tries the other
ENTITLED = 0.4  # of the lengths that overlap, from which the other has to leave room
LEAST_BRAKES = 0.3  # of them, that a bend leaves
CLEAR = 0.35  # [lengths] ahead of the other car, at which it is passed
COVER_TIME, COVER_FROM = 3.0, 0.25  # [s] before a corner that it is covered; the last of it
THREAT_TIME, FASTER = 0.6, 0.015  # [s] of a gap, behind, that threatens; share of speed
STAND_SHARE, STAND_SPEED, STAND_GAP = 0.3, 2.0, 2.0  # of the line's speed; [m/s]; [lengths]
BACK_AFTER, BACK_FOR, BACK_SPEED = 1.5, 8.0, 0.8  # [s] of waiting; [s] at most; [lengths/s]
BACK_STOPPED, BACK_REST = 0.2, 10.0  # [m/s] that count as none; [s] until it tries again
BACK_NEVER = 3600.0  # [s] the same where there is no reverse gear
BACK_ANGLE, BACK_ROOM = 0.3, 1.2  # slope at which it can pull out; [lengths] to turn in
PARKED = 1.0  # [m/s] below which a car is not about to come back to the line
PATIENCE = 3.0  # [s] behind a standing car, after which the verge is used
YIELD_WIDTHS, YIELD_SPEED = 1.3, 0.93  # place of a lapped car; of its speed
YELLOW_SPEED = 0.85  # of its speed
SWAY_FROM, SWAY_MORE = 0.08, 0.22  # of the lateral limit, for moves: always; what is left
RECOVER = 0.06  # of the lateral limit, that is counted on to come back into the corridor
URGENT = 2.0  # times that, to make room, where all grip is left
RETURN = 2.5  # [1/s] at which it goes to where it means to be
LEAST_SPEED = 0.5  # [m/s]
BLUE, DANGER = 2, 5  # bits of ``Flag``: BLUE; YELLOW or SAFETY_CAR
ON_GRID, LAST_RACING = 0, 2  # of ``Status``
