"""The data of a step: what cars, effects, tracks and races are made of.

Every field is an array led by ``(n_races, n_cars)``, by ``(n_races, n_cars, 4)`` where it
has a value per wheel (FL, FR, RL, RR), or by ``(n_races,)``. SI units and radians; map
frame x east, y north, z up; car frame x forward, y left, z up; yaw counter-clockwise from
x in [-pi, pi). "real" is float32, or float64 in a world made for validation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from racegym.interfaces.arrays import Arrays
from racegym.interfaces.columns import Array, Record, column
from racegym.interfaces.events import Signal, Status

__all__ = [
    "MISSING_CODE",
    "MISSING_GEAR",
    "CarState",
    "Clock",
    "Contacts",
    "Control",
    "Effects",
    "RaceState",
    "Surface",
    "TrackFrame",
    "VehicleTable",
]

MISSING_GEAR = -128
MISSING_CODE = 255
NAN = float("nan")


class Surface(IntEnum):
    """What a wheel stands on."""

    ASPHALT = 0
    KERB = 1
    GRASS = 2
    GRAVEL = 3


@dataclass(slots=True, kw_only=True, eq=False)
class CarState(Record):
    """Where the cars are and how they move. A backend fills the fields it declares."""

    x: Array = column("m", "position east of the map's origin", dtype="float64", fill=NAN)
    y: Array = column("m", "position north of the map's origin", dtype="float64", fill=NAN)
    z: Array = column("m", "height of the ground below the car", dtype="float64", fill=NAN)
    yaw: Array = column("rad", "heading, counter-clockwise from x", fill=NAN)
    roll: Array = column("rad", "rotation about the car's x axis", fill=NAN)
    pitch: Array = column("rad", "rotation about the car's y axis", fill=NAN)
    vx: Array = column("m/s", "velocity forward, in the car frame", fill=NAN)
    vy: Array = column("m/s", "velocity to the left, in the car frame", fill=NAN)
    vz: Array = column("m/s", "velocity upward, in the car frame", fill=NAN)
    yaw_rate: Array = column("rad/s", "rotation about the car's z axis", fill=NAN)
    roll_rate: Array = column("rad/s", "rotation about the car's x axis", fill=NAN)
    pitch_rate: Array = column("rad/s", "rotation about the car's y axis", fill=NAN)
    ax: Array = column("m/s^2", "specific force forward, gravity excluded", fill=NAN)
    ay: Array = column("m/s^2", "specific force to the left, gravity excluded", fill=NAN)
    steer: Array = column("rad", "angle of the front wheels, left positive", fill=NAN)
    throttle: Array = column("1", "throttle at work, in [0, 1]", fill=NAN)
    brake: Array = column("1", "brake at work, in [0, 1]", fill=NAN)
    gear: Array = column("", "gear engaged; -1 is reverse", dtype="int8", fill=MISSING_GEAR)
    engine_speed: Array = column("rad/s", "engine speed", fill=NAN)
    load: Array = column("N", "vertical load of the wheel", axes="wheel", fill=NAN)
    slip_angle: Array = column("rad", "slip angle of the wheel", axes="wheel", fill=NAN)
    slip_ratio: Array = column("1", "longitudinal slip of the wheel", axes="wheel", fill=NAN)
    slip_power: Array = column(
        "W", "power lost in the contact patch, mean over the call", axes="wheel", fill=NAN
    )
    wheel_speed: Array = column("rad/s", "rotation of the wheel", axes="wheel", fill=NAN)
    surface: Array = column(
        "", "what the wheel stands on", dtype="uint8", axes="wheel", fill=MISSING_CODE
    )


@dataclass(slots=True, kw_only=True, eq=False)
class Control(Record):
    """What the drivers ask of the cars, after race control has had its say."""

    steer: Array = column("1", "share of full lock, left positive", low=-1, high=1)
    throttle: Array = column("1", "throttle pedal", low=0, high=1)
    brake: Array = column("1", "brake pedal", low=0, high=1)
    gear: Array = column("", "gear asked for; 0 leaves it to the car, -1 reverse", dtype="int8")
    request: Array = column("", "bits of `Request`", dtype="uint8")


@dataclass(slots=True, kw_only=True, eq=False)
class Effects(Record):
    """What realism does to the cars, made neutral before every round.

    Factors start at 1 and are multiplied, terms start at 0 and are added; of
    ``speed_limit`` the least counts.
    """

    grip: Array = column("1", "factor on tyre grip", axes="wheel", fill=1, low=0, high=2)
    tyre_stiffness: Array = column(
        "1", "factor on tyre stiffness", axes="wheel", fill=1, low=0.05, high=5
    )
    rolling_resistance: Array = column(
        "1", "factor on rolling resistance", axes="wheel", fill=1, low=0, high=100
    )
    power: Array = column("1", "factor on engine power", fill=1, low=0, high=2)
    drag: Array = column("1", "factor on aerodynamic drag", fill=1, low=0, high=5)
    brake: Array = column("1", "factor on brake force", fill=1, low=0, high=2)
    downforce_front: Array = column("1", "factor on front downforce", fill=1, low=0, high=2)
    downforce_rear: Array = column("1", "factor on rear downforce", fill=1, low=0, high=2)
    mass: Array = column("kg", "mass added, at the centre of mass", low=-500, high=2000)
    fx: Array = column("N", "force forward", low=-1e5, high=1e5)
    fy: Array = column("N", "force to the left", low=-1e5, high=1e5)
    mz: Array = column("N m", "moment about the car's z axis", low=-1e5, high=1e5)
    steer_offset: Array = column("rad", "added to the wheels' angle", low=-0.5, high=0.5)
    speed_limit: Array = column("m/s", "the engine gives nothing above it", fill=np.inf, low=0)


@dataclass(slots=True, kw_only=True, eq=False)
class Clock(Record):
    """What a backend reports of time after each step."""

    elapsed: Array = column("s", "simulated time of the step", dtype="float64", axes="race")
    advanced: Array = column("", "whether the race moved on at all", dtype="bool", axes="race")
    gone: Array = column("", "the engine has lost the car; it is retired", dtype="bool")


@dataclass(slots=True, kw_only=True, eq=False)
class TrackFrame(Record):
    """Where the cars are along and across the track."""

    segment: Array = column("", "index of the centerline segment", dtype="int32")
    s: Array = column("m", "arc length along the centerline", dtype="float64")
    d: Array = column("m", "offset from the centerline, left positive")
    heading_error: Array = column("rad", "yaw less the centerline's heading")
    curvature: Array = column("1/m", "curvature of the centerline, left positive")
    width_left: Array = column("m", "centerline to the left edge of the asphalt")
    width_right: Array = column("m", "centerline to the right edge of the asphalt")
    progress: Array = column("m", "s unwrapped over laps; negative before", dtype="float64")
    jumped: Array = column("", "the car left its place on the track in one step", dtype="bool")


@dataclass(slots=True, kw_only=True, eq=False)
class RaceState(Record):
    """Time, laps, places and status, kept by race control."""

    seed: Array = column("", "the race's seed", dtype="uint64", axes="race")
    episode: Array = column("", "episodes since that seed was given", dtype="int64", axes="race")
    key: Array = column("", "the key of every draw of this episode", dtype="uint64", axes="race")
    step: Array = column("", "steps since the start", dtype="int64", axes="race")
    time: Array = column("s", "time since the start", dtype="float64", axes="race")
    chequered: Array = column("", "the winner has finished", dtype="bool", axes="race")
    status: Array = column("", "a `Status`", dtype="int8", fill=int(Status.RACING))
    present: Array = column("", "on the track: sensed, touched, drawn", dtype="bool", fill=True)
    laps_done: Array = column("", "laps completed", dtype="int32")
    lap_start: Array = column("s", "when the lap began", dtype="float64")
    lap_valid: Array = column("", "no cut and no limits exceeded in it", dtype="bool", fill=True)
    lap_completed: Array = column("", "a lap was completed in this step", dtype="bool")
    last_lap_time: Array = column("s", "time of the last lap", dtype="float64", fill=NAN)
    best_lap_time: Array = column("s", "best valid lap", dtype="float64", fill=NAN)
    sector: Array = column("", "index of the sector", dtype="int32")
    sector_start: Array = column("s", "when the sector began", dtype="float64")
    last_sector_time: Array = column("s", "time of the last sector", dtype="float64", fill=NAN)
    next_checkpoint: Array = column("", "checkpoints passed or missed, unwrapped", dtype="int64")
    checkpoints_hit: Array = column("", "checkpoints passed in this step", dtype="int32")
    checkpoint_time: Array = column("s", "when the last one was passed", dtype="float64")
    checkpoint_split: Array = column("s", "time between the last two", dtype="float64", fill=NAN)
    furthest: Array = column("m", "greatest progress so far", dtype="float64")
    start_progress: Array = column("m", "progress at the start", dtype="float64")
    lap_origin: Array = column("m", "progress at which its laps begin", dtype="float64")
    finish_time: Array = column(
        "s", "from the begin of the race to its flag", dtype="float64", fill=NAN
    )
    position: Array = column("", "place in the race, from 1", dtype="int32", fill=1)
    gap_ahead: Array = column("s", "to the car in front, in time", dtype="float64", fill=NAN)
    gap_leader: Array = column("s", "to the leader, in time", dtype="float64", fill=NAN)
    off_track: Array = column("", "all of the car is beyond the edge", dtype="bool")
    off_track_since: Array = column("s", "when it left the track", dtype="float64", fill=NAN)
    off_track_count: Array = column("", "times it left the track", dtype="int32")
    wall_impulse: Array = column("N s", "against walls in this step")
    wall_count: Array = column("", "steps in which it hit a wall", dtype="int32")
    obstacle_impulse: Array = column("N s", "against obstacles in this step")
    obstacle_count: Array = column("", "steps in which it hit an obstacle", dtype="int32")
    stuck_time: Array = column("s", "how long it has not moved on")
    wrong_way_time: Array = column("s", "how long it has driven backwards")
    flags: Array = column("", "bits of `Flag`, shown to the car", dtype="uint8")
    signal: Array = column(
        "", "a `Signal`: whether it has begun", dtype="uint8", axes="race", fill=int(Signal.GREEN)
    )
    start_time: Array = column("s", "when it began", dtype="float64", axes="race")
    jump_start: Array = column("", "it moved before the race began", dtype="bool")
    pit_limit: Array = column("m/s", "speed limit of the pit lane; 0: none", axes="race")
    pit_passes: Array = column("", "times it drove all of the pit lane", dtype="int32")
    pit_stops: Array = column("", "times it stood still in the pit lane", dtype="int32")
    pit_standing: Array = column("s", "longest stand of this or its last visit to the pit lane")
    pit_speeding: Array = column("m/s", "most above the limit there, in that visit")
    laps_behind: Array = column("", "laps that it is behind the leader", dtype="int32")
    theoretical_best: Array = column("s", "its best sectors, added up", dtype="float64", fill=NAN)
    overtakes_made: Array = column("", "cars passed on the track", dtype="int32")
    overtakes_suffered: Array = column("", "times passed on the track", dtype="int32")
    passed_now: Array = column("", "of `overtakes_made`, in this step", dtype="int32")
    suffered_now: Array = column("", "of `overtakes_suffered`, in this step", dtype="int32")
    car_impulse: Array = column("N s", "against other cars in this step")
    car_contact_count: Array = column("", "contacts with other cars", dtype="int32")
    contact_class: Array = column("", "worst contact judged now: 0, 1, 2, 4", dtype="uint8")
    incident_points: Array = column("", "contact classes, added up", dtype="int32")
    blame: Array = column("", "share of the blame, times class, of contacts judged now")
    blame_points: Array = column("", "`blame`, added up")
    penalty_time: Array = column("s", "time added to the result")
    penalty_places: Array = column("", "places lost in the result", dtype="int32")
    penalty_laps: Array = column("", "laps taken off in the result", dtype="int32")
    penalty_score: Array = column("1", "factor on the score in the result", fill=1)
    penalty_due: Array = column("", "a `PenaltyKind` that is to be served", dtype="uint8")
    penalty_stop: Array = column("s", "to stand in the pit lane, where a stop-go is due")
    warnings: Array = column("", "warnings given", dtype="int32")


@dataclass(slots=True, kw_only=True, eq=False)
class VehicleTable(Record):
    """What is known of each car, whatever the backend; filled by it at every reset.

    The speed envelope is that of a point mass: it may brake with ``brake``, drive with the
    lesser of ``drive`` and ``power / v``, loses ``drag * v^2`` and corners with
    ``grip * (g + downforce * v^2)``.
    """

    length: Array = column("m", "overall length")
    width: Array = column("m", "overall width")
    wheelbase: Array = column("m", "between the axles")
    track: Array = column("m", "between the wheels of an axle, mean")
    to_front: Array = column("m", "centre of mass to the front axle")
    mass: Array = column("kg", "with driver")
    steer_limit: Array = column("rad", "full lock of the front wheels")
    grip: Array = column("1", "friction coefficient in a corner")
    drive: Array = column("m/s^2", "greatest drive at low speed")
    power: Array = column("W/kg", "engine power by mass")
    brake: Array = column("m/s^2", "greatest deceleration of the brakes on asphalt")
    drag: Array = column("1/m", "drag by mass: a = drag * v^2")
    downforce: Array = column("1/m", "downforce by mass: a = downforce * v^2")
    top_speed: Array = column("m/s", "beyond which the engine gives nothing")


class Contacts:
    """What touched what during the step; a backend appends up to a fixed number a race.

    Arrays are ``(n_races, capacity)``, valid up to ``count``; later ones are dropped, which
    changes what is told of a step, not what happens in it. There is room for two rows a car
    and for every pair of cars that can touch at once: n boxes side by side touch at fewer
    than 3 n places, as edges of a planar graph.

    Two cars that touch have one row a step, that of the lower index; for the other one, the
    normal is the opposite.

    Attributes:
        count: (n_races,) int32.
        car: int32, the car that was touched; of two cars, the one with the lower index.
        other: int32, the other car, ``WALL`` or ``OBSTACLE``.
        impulse: real [N s], sum of normal impulses on ``car`` over the step.
        x, y: float64 [m], point of contact.
        normal_x, normal_y: real, unit vector on ``car``, pointing away from the other.
        closing_speed: real [m/s], approach along the normal at first touch.
    """

    WALL = -1
    OBSTACLE = -2

    def __init__(self, arrays: Arrays, n_cars: int):
        self.capacity = 1 + 5 * n_cars
        cap = (self.capacity,)
        self.count: Array = arrays.new("contacts.count", (), "int32")
        self.car: Array = arrays.new("contacts.car", cap, "int32")
        self.other: Array = arrays.new("contacts.other", cap, "int32")
        self.impulse: Array = arrays.new("contacts.impulse", cap)
        self.x: Array = arrays.new("contacts.x", cap, "float64")
        self.y: Array = arrays.new("contacts.y", cap, "float64")
        self.normal_x: Array = arrays.new("contacts.normal_x", cap)
        self.normal_y: Array = arrays.new("contacts.normal_y", cap)
        self.closing_speed: Array = arrays.new("contacts.closing_speed", cap)
