"""Following a line at the limit: feed-forward and feedback for the wheel and the pedals.

With e the offset from the line, chi the angle from the line to where the car goes, and k the
curvature of the line a little ahead, the curvature to drive is

    k_c = k - e / l^2 - 2 D sin(chi) / l,      l = max(l_0, v t_l)                         (1)

a spring and a damper over the way driven, with a length l that grows with speed as a steady
hand does [1]. Far from the line e is cut, so that it is never approached at a steep angle. The
wheels stand at

    angle = atan(wheelbase k_c) + u(v, k_c) + G wheelbase m                                (2)

where the first part is geometry, u is what the model of the vehicle steers more than that at
this speed in such a bend, and m is what the yaw rate r shows to be missing, k_c - r / v,
smoothed. Where the car goes is told by where it points and by its angle of drift. That is
taken to be what the model says of the bend, b(v, k); of what else is measured, some is believed
at once and more after a while. So in a steady corner chi has no bias, however soft the tyres
are [1, sec. 4], and a tail that comes round turns the nose of the car, which (1) then leads back
to the line.

The pedals follow a speed profile: its own acceleration is fed forward, the error in speed fed
back. What either may ask is what the g-g-v envelope leaves beside the lateral acceleration that
the car has, and that the line and (1) demand, so a car that is late on the brakes runs wide, and
does not spin.

The line may be shifted: an intent gives an offset from it, the slope of that, a factor on the
speed and a limit of it (see ``racegym.kernels.intent``). The neutral one changes no bit.

Left out: obstacles, and grip that is not the vehicle's own.

[1] Kapania, Gerdes (2015), "Design of a feedback-feedforward steering controller for
    accurate path tracking and stability at the limits of handling", Vehicle System Dynamics
    53(12):1687-1704, doi:10.1080/00423114.2015.1055279.
"""

from __future__ import annotations

from math import atan, atan2, cos, hypot, pi, sin, sqrt, tan

from numba import prange

from racegym.kernels.compile import device, kernel
from racegym.kernels.geometry import wrap_angle
from racegym.kernels.intent import ASIDE, FACTOR, LIMIT, SWAY
from racegym.kernels.projection import COUNT, CURVATURE, FIRST
from racegym.kernels.pursuit import known
from racegym.kernels.recovery import BACK_THROTTLE, backwards, waited
from racegym.kernels.sensing import place_at

__all__ = [
    "GAIN",
    "LATERAL",
    "LINE_CURVATURE",
    "OFFSET",
    "PATH_COLUMNS",
    "SLOPE",
    "SPEED",
    "follow_line",
]

# Columns of ``paths``, a row for each sample of a track.
OFFSET = 0  # [m] of the line from the centerline, left positive
SLOPE = 1  # how much that grows for each metre of the centerline
LINE_CURVATURE = 2  # [1/m] of the line
SPEED = 3  # [m/s] of the profile
GAIN = 4  # [m/s^2] its own acceleration
LATERAL = 5  # [m/s^2] the most sideways at that speed
PATH_COLUMNS = 6

LEAD_TIME = 0.12  # [s] ahead that the line's curvature is taken: wheels turn at a limited rate
LEAST_REACH, REACH_TIME = 2.0, 0.3  # [wheelbases], [s] the length l of (1)
DAMPING = 0.9  # D of (1)
APPROACH = 0.35  # sine of the angle at which it goes back to the line at most
COURSE_FROM = 2.0  # [m/s] above which the course says something
DRIFT_AT_ONCE = 0.5  # of the angle of drift that is not usual, the share believed at once
DRIFT_TIME, DRIFT_MOST = 0.4, 0.05  # [s] after which the rest is believed, [rad] the most of it
MOST_SLIDE, MOST_OF_USUAL = 0.35, 2.0  # [rad] of drift, and of the model's; more says little
YAW_GAIN, YAW_TRUST = 2.0, 0.5  # G of (2); of the error in curvature, believed a step
SOON = 0.025  # [s] ahead that the profile's own acceleration is taken
SPEED_GAIN = 2.0  # [1/s]
NEAR_SPEED = 0.5  # [m/s] of error within which that acceleration counts against the error
COAST = 0.25  # [m/s^2] of deceleration that needs no brake
FELT_SHARE, DEMAND_SHARE = 0.9, 0.7  # of the lateral acceleration felt, and of that asked for
BITE_PEDAL, BITE_SPEED = 0.1, 3.0  # [1], [m/s] above which the brakes are felt
BITE_LEAST, BITE_MOST, BITE_TRUST = 0.5, 3.0, 0.25  # of a found figure; believed a step
EASE_FROM, EASE = 0.35, 0.5  # share of the half width; lost speed for each half width beyond
SLOWEST_SHARE = 0.35  # of the profile, however far off the line
ROOMY = 0.3  # of the half width: nearer to the line, a car turns round either way
TURN_GRIP, TURN_SPEED = 0.4, 0.5  # of the lateral limit, to turn round; [m/s] the least
LEAST_LATERAL = 0.1  # [m/s^2]


@device
def between(rows, start, index, count, t, column):
    """Return a column of the rows of a closed line, linear between samples."""
    here = rows[start + index, column]
    following = index + 1 if index + 1 < count else 0
    return here + t * (rows[start + following, column] - here)


@device
def envelope_at(table, speeds, which, speed, share):
    """Return an acceleration [m/s^2] of envelope ``which``, linear between its nodes.

    Args:
        table: (m, n_speeds, n_shares) float64.
        speeds: (m,) [m/s] the last node of each; nodes are even, from 0.
        which: row.
        speed: [m/s].
        share: of the lateral acceleration, 0 to 1.
    """
    rows, columns = table.shape[1], table.shape[2]
    u = min(max(speed / speeds[which], 0.0), 1.0) * (rows - 1)
    w = min(max(share, 0.0), 1.0) * (columns - 1)
    i, j = min(int(u), rows - 2), min(int(w), columns - 2)
    u, w = u - i, w - j
    low = table[which, i, j] + w * (table[which, i, j + 1] - table[which, i, j])
    high = table[which, i + 1, j] + w * (table[which, i + 1, j + 1] - table[which, i + 1, j])
    return low + u * (high - low)


@kernel
def follow_line(
    cars, vx, vy, yaw_rate, ax, ay, s, d, heading_error, width_left, width_right,
    wheelbase, steer_limit, drive, power, brake_limit, drag,
    applied_throttle, applied_brake, race_track, points, table,
    starts, paths, envelopes, top_speeds, drives, brakes, slips, understeers,
    blocked, bite, twist, drift, intent,
    steer, throttle, brake, gear, dt,
):  # fmt: skip
    """Write the controls of some cars.

    Args:
        cars: (k,) int64, race * n_cars + car.
        vx, vy, yaw_rate, ax, ay: of ``CarState``; accelerations may be missing.
        s, d, heading_error, width_left, width_right: of ``TrackFrame``.
        wheelbase, steer_limit, drive, power, brake_limit, drag: of ``VehicleTable``.
        applied_throttle, applied_brake: of the ``Control`` of the step before.
        race_track, points, table: the packed tracks.
        starts: (n_races, n_cars) int64, where each car's line begins in ``paths``.
        paths: (n, PATH_COLUMNS) float64, lines and speeds over the samples of tracks.
        envelopes: (n_races, n_cars) int64, each car's row of those below.
        top_speeds: (m,) float64 [m/s], the last speed of the tables.
        drives, brakes: (m, n_speeds, n_shares) float64 [m/s^2], even nodes from 0, as ``GGV``.
        slips, understeers: the same [rad], 0 where nothing is known.
        blocked: (n_races, n_cars) float64 [s], see ``racegym.kernels.recovery``. Updated.
        bite: (n_races, n_cars) float64: how much harder the brakes were found to bite than
            the pedal times the vehicle table's figure. Updated.
        twist: (n_races, n_cars) float64 [1/m]: m of (2). Updated.
        drift: (n_races, n_cars) float64 [rad]: angle of drift beyond that of ``slips``,
            smoothed. Updated.
        intent: (n_races, n_cars, INTENT_COLUMNS) float64, see ``racegym.kernels.intent``.
        steer, throttle, brake, gear: of ``Control``. Written in the rows of ``cars``.
        dt: [s].
    """
    real = steer.dtype.type
    n_cars = steer.shape[1]
    for k in prange(cars.shape[0]):
        race = cars[k] // n_cars
        car = cars[k] - race * n_cars
        track = race_track[race]
        first, count = int(table[track, FIRST]), int(table[track, COUNT])
        start = starts[race, car]
        here, forward, sideways = s[race, car], known(vx[race, car]), known(vy[race, car])
        speed = hypot(forward, sideways)
        base = max(known(wheelbase[race, car]), 0.05)
        lock = known(steer_limit[race, car])
        lock = min(lock, 0.45 * pi) if lock > 0.0 else 0.4
        tightest = tan(lock) / base
        half_width = max(min(known(width_left[race, car]), known(width_right[race, car])), 0.1)

        # Where the car is, seen from the line.
        index, t = place_at(table, track, here)
        aside = intent[race, car, ASIDE]
        aim = between(paths, start, index, count, t, OFFSET) + aside
        slope = between(paths, start, index, count, t, SLOPE) + intent[race, car, SWAY]
        bend = between(points, first, index, count, t, CURVATURE)
        stretch = max(1.0 - bend * aim, 0.2)  # metres of it for one of the centerline, across
        lean = atan2(slope, stretch)
        away = (known(d[race, car]) - aim) * cos(lean)
        trust = min(max(forward / COURSE_FROM - 0.5, 0.0), 1.0)
        slide = trust * atan2(sideways, max(forward, COURSE_FROM))
        which = envelopes[race, car]
        curvature = between(paths, start, index, count, t, LINE_CURVATURE)
        lateral = max(between(paths, start, index, count, t, LATERAL), LEAST_LATERAL)
        used = abs(curvature) * speed * speed / lateral
        usual = envelope_at(slips, top_speeds, which, speed, used)
        usual *= trust if curvature > 0.0 else -trust
        most = max(MOST_SLIDE, MOST_OF_USUAL * abs(usual))
        slide = min(max(slide, -most), most) - usual
        drift[race, car] += min(dt / DRIFT_TIME, 1.0) * (slide - drift[race, car])
        steady = min(max(drift[race, car], -DRIFT_MOST), DRIFT_MOST)
        drifting = usual + steady + DRIFT_AT_ONCE * (slide - steady)
        course = wrap_angle(known(heading_error[race, car]) - lean + drifting)
        pace = max(forward, 0.0) / hypot(stretch, slope)  # [m/s] along the centerline

        # The wheel.
        ahead, lead = place_at(table, track, here + LEAD_TIME * pace)
        curvature = between(paths, start, ahead, count, lead, LINE_CURVATURE)
        curvature /= max(1.0 - curvature * aside, 0.2)
        reach = max(LEAST_REACH * base, REACH_TIME * speed)
        back = min(max(away / reach, -2.0 * DAMPING * APPROACH), 2.0 * DAMPING * APPROACH)
        wanted = curvature - (back + 2.0 * DAMPING * sin(course)) / reach
        wanted = min(max(wanted, -tightest), tightest)
        if cos(course) < 0.0:  # the short way round, or towards the line where walls are near
            left = away > 0.0 if abs(away) > ROOMY * half_width else course < 0.0
            wanted = tightest if left else -tightest
        turned = known(yaw_rate[race, car]) / max(forward, 0.5 * COURSE_FROM)
        twist[race, car] += YAW_TRUST * (trust * (wanted - turned) - twist[race, car])
        needed = abs(wanted) * speed * speed / lateral
        more = trust * envelope_at(understeers, top_speeds, which, speed, needed)
        turn = atan(base * wanted) + (more if wanted > 0.0 else -more)
        turn += YAW_GAIN * base * twist[race, car]
        wheel = min(max(turn / lock, -1.0), 1.0)

        # The speed to have, and how it changes.
        ahead, lead = place_at(table, track, here + SOON * pace)
        gain = between(paths, start, ahead, count, lead, GAIN)
        target = between(paths, start, index, count, t, SPEED) * intent[race, car, FACTOR]
        ease = 1.0 - EASE * max(abs(away) / half_width - EASE_FROM, 0.0)
        target *= max(min(ease, 1.0), SLOWEST_SHARE)
        if cos(course) < 0.5:
            target = min(target, max(sqrt(TURN_GRIP * lateral / tightest), TURN_SPEED))
        target = min(target, intent[race, car, LIMIT])
        short = target - forward
        if abs(short) > NEAR_SPEED and short * gain < 0.0:
            gain = 0.0
        push = gain + SPEED_GAIN * short

        # The pedals.
        used = max(FELT_SHARE * abs(known(ay[race, car])), abs(curvature) * speed * speed)
        used = max(used, DEMAND_SHARE * abs(wanted) * speed * speed) / lateral
        resist = known(drag[race, car]) * forward * abs(forward)
        engine = min(known(drive[race, car]), known(power[race, car]) / max(speed, 0.3))
        stop = known(brake_limit[race, car])
        pedal = known(applied_brake[race, car])
        if pedal > BITE_PEDAL and forward > BITE_SPEED and stop > 0.0:
            felt = -known(ax[race, car]) - resist
            found = min(max(felt / (pedal * stop), BITE_LEAST), BITE_MOST)
            bite[race, car] += BITE_TRUST * (found - bite[race, car])
        stop *= bite[race, car]
        gas, halt = 0.0, 0.0
        if push + resist > 0.0:
            push = min(push, max(envelope_at(drives, top_speeds, which, speed, used), gain))
            gas = (push + resist) / engine if engine > 0.0 else 1.0
        elif push + resist < -COAST:
            most = max(envelope_at(brakes, top_speeds, which, speed, used), -gain)
            halt = (min(-push, most) - resist) / stop if stop > 0.0 else 1.0

        # Backing out.
        lever, backing = 0, blocked[race, car] < 0.0
        opened = applied_throttle[race, car]
        blocked[race, car] = waited(blocked[race, car], speed, opened, dt)
        if backing:
            lever, wheel, gas, halt = -1, -wheel, BACK_THROTTLE, 0.0
        elif intent[race, car, LIMIT] < 0.0:
            gas = backwards(intent[race, car, LIMIT], forward)
            lever, wheel, halt = -1, -wheel, 0.0

        steer[race, car] = real(wheel)
        throttle[race, car] = real(min(max(gas, 0.0), 1.0))
        brake[race, car] = real(min(max(halt, 0.0), 1.0))
        gear[race, car] = lever
