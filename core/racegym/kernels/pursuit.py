"""Following the centerline: pure pursuit for the wheel, a speed profile for the pedals.

The rear axle is led on a circle to a point of the centerline ahead [1]:

    curvature = 2 y / (x^2 + y^2)                                                        (1)

with (x, y) that point seen from the rear axle, and the wheels stand at

    angle = atan(wheelbase curvature)                                                    (2)

Added to that:

- the point is no farther away than a bend allows, so that its chord does not cut the corner,
  and no nearer than the speed demands, so that the car does not weave;
- it is seen from between where the car points and where its rear axle goes, since in a fast
  corner these differ and (1) knows only one direction;
- the curvature that the yaw rate shows is fed back, as tyres slip and (2) does not know it;
- the speed of the profile is lowered off the line, and never above what the bend of (1) allows;
- pedals are cut by the share of grip that the bend uses, and the brake by how much harder it
  was found to bite than the envelope says;
- the line may be shifted, and the speed limited, by an intent (see ``racegym.kernels.intent``);
  the neutral one changes no bit;
- a car that has stood still with the throttle open backs out and tries again.

[1] Coulter (1992), "Implementation of the pure pursuit path tracking algorithm",
    CMU-RI-TR-92-01.
"""

from __future__ import annotations

from math import atan, atan2, cos, hypot, pi, sin, sqrt, tan

from numba import prange

from racegym.kernels.compile import device, kernel
from racegym.kernels.intent import ASIDE, FACTOR, LIMIT
from racegym.kernels.pacing import (
    BRAKE,
    DOWNFORCE,
    DRAG,
    DRIVE,
    ENVELOPE_COLUMNS,
    GRIP,
    POWER,
    corner_speed,
    drive_along,
    share_along,
)
from racegym.kernels.projection import COUNT, CURVATURE, FIRST, SPACING, curve
from racegym.kernels.recovery import BACK_THROTTLE, backwards, waited
from racegym.kernels.sensing import place_at

__all__ = ["KEY_COLUMNS", "KEY_ENVELOPE", "KEY_TRACK", "KEY_VERSION", "find_changed", "pursue"]

# Columns of ``keys``: what a car's speed profile was made for.
KEY_TRACK, KEY_VERSION, KEY_ENVELOPE = 0, 1, 2
KEY_COLUMNS = KEY_ENVELOPE + ENVELOPE_COLUMNS

REACH_WHEELBASES, REACH_TIME = 1.5, 0.45  # [1], [s] distance to the point ahead
NEAREST_WHEELBASES, NEAREST_TIME = 1.2, 0.22  # [1], [s] the least of it, in any bend
CUT = 0.12  # of the half width: how far the chord of a bend may lie inside it
LOOKS = 8  # places at which bends are looked for
SMOOTHING = 0.5  # of the error in curvature, the share that is believed a step
YAW_FEEDBACK = 2.0  # of the error in curvature
COURSE, MOST_SLIDE = 0.5, 0.3  # share of the rear axle's slip angle, and most of it [rad]
YAW_FROM = 2.0  # [m/s] above which the yaw rate says something
SPEED_GAIN = 2.5  # [1/s]
FOLLOWING = 0.95  # of the speed wanted, from which on a car follows the profile
SLOPE_TIME = 0.25  # [s] ahead that the profile's slope is taken over
BITE_PEDAL, BITE_SPEED = 0.1, 3.0  # [1], [m/s] above which the brakes are felt
BITE_MOST, BITE_TRUST = 3.0, 0.25  # of a found figure, the share that is believed a step
COAST = 0.25  # [m/s^2] of deceleration that needs no brake
EASE_FROM, EASE = 0.6, 0.6  # share of the half width; lost speed for each half width beyond
SLOWEST_SHARE = 0.35  # of the profile, however far off the line
TURN_GRIP = 0.5  # of the grip, to turn round
LEAST_SHARE = 0.15  # of the pedals, however hard the corner


@device
def known(value):
    """Return ``value``, or 0 where it is not a number, in float64."""
    return float(value) if value == value else 0.0


@kernel
def find_changed(
    cars, changed, keys, race_track, version, grip, drive, power, brake, drag, downforce, top_speed
):
    """Say which cars drive on a track, or with an envelope, that is not the one of ``keys``.

    Args:
        cars: (k,) int64, race * n_cars + car.
        changed: (k,) bool. Written.
        keys: (n_races, n_cars, KEY_COLUMNS) float64. Updated.
        race_track: (n_races,) int32.
        version: (n_tracks,) int64, raised whenever a row gets another track.
        grip ... top_speed: (n_races, n_cars) real, of ``VehicleTable``.
    """
    n_cars = grip.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        key = keys[race, car]
        track = race_track[race]
        same = key[KEY_TRACK] == track and key[KEY_VERSION] == version[track]
        key[KEY_TRACK], key[KEY_VERSION] = track, version[track]
        for column in range(ENVELOPE_COLUMNS):
            if column == GRIP:
                value = known(grip[race, car])
            elif column == DRIVE:
                value = known(drive[race, car])
            elif column == POWER:
                value = known(power[race, car])
            elif column == BRAKE:
                value = known(brake[race, car])
            elif column == DRAG:
                value = known(drag[race, car])
            elif column == DOWNFORCE:
                value = known(downforce[race, car])
            else:
                value = known(top_speed[race, car])
            same = same and key[KEY_ENVELOPE + column] == value
            key[KEY_ENVELOPE + column] = value
        changed[k] = not same


@device
def profile_at(speeds, start, table, track, s):
    """Return the profile's speed [m/s] at arc length ``s``, linear between samples."""
    index, t = place_at(table, track, s)
    nxt = index + 1 if index + 1 < int(table[track, COUNT]) else 0
    v = speeds[start + index]
    return v + t * (speeds[start + nxt] - v)


@device
def reach_ahead(points, table, track, s, speed, wheelbase, half_width):
    """Return how far ahead [m] the point to steer for lies."""
    nearest = NEAREST_WHEELBASES * wheelbase + NEAREST_TIME * speed
    reach = REACH_WHEELBASES * wheelbase + REACH_TIME * speed
    first = int(table[track, FIRST])
    tightest = 1e-9
    for look in range(LOOKS + 1):
        index, _ = place_at(table, track, s + reach * look / LOOKS)
        tightest = max(tightest, abs(points[first + index, CURVATURE]))
    chord = sqrt(8.0 * CUT * half_width / tightest)
    return max(min(reach, chord), nearest)


@device
def point_ahead(points, table, track, s, aside):
    """Return the place (x, y) [m] at arc length ``s``, ``aside`` [m] to the left of the middle."""
    index, t = place_at(table, track, s)
    first, count = int(table[track, FIRST]), int(table[track, COUNT])
    x, y, east, north = curve(points, first, count, index, table[track, SPACING], t)
    norm = aside / hypot(east, north)
    return x - north * norm, y + east * norm


@kernel
def pursue(
    cars, x, y, yaw, vx, vy, yaw_rate, s, d, heading_error, width_left, width_right,
    wheelbase, to_front, steer_limit, ax, applied_throttle, applied_brake,
    race_track, points, table, keys, starts, speeds, blocked, bite, twist, intent,
    steer, throttle, brake, gear, dt, paces,
):  # fmt: skip
    """Write the controls of some cars.

    Args:
        cars: (k,) int64, race * n_cars + car.
        x, y, yaw, vx, vy, yaw_rate: of ``CarState``.
        s, d, heading_error, width_left, width_right: of ``TrackFrame``.
        wheelbase, to_front, steer_limit: of ``VehicleTable``.
        ax: of ``CarState``; may be missing.
        applied_throttle, applied_brake: of the ``Control`` of the step before.
        race_track, points, table: the packed tracks.
        keys: (n_races, n_cars, KEY_COLUMNS) float64, with the cars' envelopes.
        starts: (n_races, n_cars) int64, where each car's profile begins in ``speeds``.
        speeds: float64 [m/s], speed profiles over the samples of tracks.
        blocked: (n_races, n_cars) float64 [s], see ``racegym.kernels.recovery``. Updated.
        bite: (n_races, n_cars) float64: how much harder the brakes were found to bite than
            the pedal times the envelope's figure. Updated.
        twist: (n_races, n_cars) float64 [1/m]: how far the car's curvature falls short of
            the one wanted, smoothed. Updated.
        intent: (n_races, n_cars, INTENT_COLUMNS) float64, see ``racegym.kernels.intent``.
        steer, throttle, brake, gear: of ``Control``. Written in the rows of ``cars``.
        dt: [s].
        paces: (n_races, n_cars) float64, 1 for all the car can do.
    """
    real = steer.dtype.type
    n_cars = steer.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        track = race_track[race]
        envelope, pace = keys[race, car : car + 1, KEY_ENVELOPE:], paces[race, car]
        here, offset = s[race, car], known(d[race, car])
        error = known(heading_error[race, car])
        forward, sideways = known(vx[race, car]), known(vy[race, car])
        speed = hypot(forward, sideways)
        base = max(known(wheelbase[race, car]), 0.05)
        lock = known(steer_limit[race, car])
        lock = min(lock, 0.45 * pi) if lock > 0.0 else 0.4
        left, right = known(width_left[race, car]), known(width_right[race, car])
        half_width = max(min(left, right), 0.1)

        # The wheel.
        lever = min(max(base - known(to_front[race, car]), 0.0), base)
        angle = known(yaw[race, car])
        east, north = cos(angle), sin(angle)
        beyond = max(abs(offset) - half_width, 0.0)
        rear = here - lever * cos(error)
        reach = reach_ahead(points, table, track, rear, speed, base, half_width) + beyond
        shift = intent[race, car, ASIDE]
        px, py = point_ahead(points, table, track, rear + reach, shift)
        px -= known(x[race, car]) - lever * east
        py -= known(y[race, car]) - lever * north
        trust = min(max(forward / YAW_FROM - 0.5, 0.0), 1.0)
        turning = known(yaw_rate[race, car])
        slide = COURSE * trust * atan2(sideways - lever * turning, max(forward, YAW_FROM))
        slide = min(max(slide, -MOST_SLIDE), MOST_SLIDE)
        east, north = cos(angle + slide), sin(angle + slide)
        ahead, aside = px * east + py * north, py * east - px * north
        tightest = tan(lock) / base
        bend = 2.0 * aside / max(ahead * ahead + aside * aside, 1e-6)
        if ahead < 0.0:
            bend = tightest if aside > 0.0 else -tightest
        bend = min(max(bend, -tightest), tightest)
        turn = atan(base * bend)
        turned = turning / max(forward, 0.5 * YAW_FROM)
        twist[race, car] += SMOOTHING * (trust * (bend - turned) - twist[race, car])
        turn += YAW_FEEDBACK * base * twist[race, car]
        wheel = min(max(turn / lock, -1.0), 1.0)

        # The speed to have, and how it changes.
        start = starts[race, car]
        soon = here + 0.5 * dt * max(forward, 0.0)
        span = max(SLOPE_TIME * speed, 2.0 * table[track, SPACING])
        wanted = profile_at(speeds, start, table, track, soon)
        later = profile_at(speeds, start, table, track, soon + span)
        slope = (later * later - wanted * wanted) / (2.0 * span)
        ease = 1.0 - EASE * max(abs(offset - shift) / half_width - EASE_FROM, 0.0)
        ease = max(min(ease, 1.0), SLOWEST_SHARE)
        target = wanted * ease * intent[race, car, FACTOR]
        target = min(target, corner_speed(envelope, 0, pace, 0.95 * bend))
        if cos(error) < 0.5:
            least = sqrt(TURN_GRIP * 9.80665 * max(envelope[0, GRIP], 0.1) / tightest)
            target = min(target, least)
        target = min(target, intent[race, car, LIMIT])
        # The profile's slope concerns only a car that follows the profile.
        if target < FOLLOWING * wanted:
            slope = 0.0
        elif forward < FOLLOWING * target:
            slope = max(slope, 0.0)

        # The pedals.
        used = max(abs(bend), abs(turned) * trust)
        share = max(share_along(envelope, 0, 1.0, used, speed), LEAST_SHARE)
        push = slope + SPEED_GAIN * (target - forward)
        push += envelope[0, DRAG] * forward * abs(forward)
        engine = drive_along(envelope, 0, 1.0, 1.0, speed)
        most = drive_along(envelope, 0, 1.0, share, speed)
        stop = envelope[0, BRAKE]
        pedal = known(applied_brake[race, car])
        if pedal > BITE_PEDAL and forward > BITE_SPEED and stop > 0.0:
            felt = -known(ax[race, car]) - envelope[0, DRAG] * forward * forward
            found = min(max(felt / (pedal * stop), 1.0), BITE_MOST)
            bite[race, car] += BITE_TRUST * (found - bite[race, car])
        stop *= bite[race, car]
        gas, halt = 0.0, 0.0
        if push > 0.0:
            gas = min(push, most) / engine if engine > 0.0 else 1.0
        elif push < -COAST:
            halt = min(-push / stop, share) if stop > 0.0 else 1.0

        # Backing out.
        lever_position, backing = 0, blocked[race, car] < 0.0
        opened = applied_throttle[race, car]
        blocked[race, car] = waited(blocked[race, car], speed, opened, dt)
        if backing:
            lever_position, wheel, gas, halt = -1, -wheel, BACK_THROTTLE, 0.0
        elif intent[race, car, LIMIT] < 0.0:
            gas = backwards(intent[race, car, LIMIT], forward)
            lever_position, wheel, halt = -1, -wheel, 0.0

        steer[race, car] = real(wheel)
        throttle[race, car] = real(min(max(gas, 0.0), 1.0))
        brake[race, car] = real(min(max(halt, 0.0), 1.0))
        gear[race, car] = lever_position
