"""Checks of units, signs and time: what moves, where to, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from racegym.interfaces import Backend, Effects, columns
from racegym.testing.backend.base import BackendChecks, wrap
from racegym.testing.rig import Rig, difference, everyday, rows
from racegym.testing.suite import ConformanceError, NotApplicable, needs

__all__ = ["MotionChecks"]

CREEP = 0.1  # [m/s] backwards under braking that is put down to a resting car's wobble
GRAVITY = 9.81  # [m/s^2]
LEAST_TURN = 0.05  # share of a turn without sliding below which units must have been mixed up


class MotionChecks(BackendChecks):
    """Cars move as the controls and the conventions say."""

    def check_state_stays_finite(self) -> None:
        """No control, however rough, makes a value of the state infinite or missing."""
        with self.rig() as rig:
            for name, controls in _rough(self.steps(rig, 1.5)):
                rig.start()
                rig.play(everyday(3, self.n_races, self.n_cars))
                for steer, throttle, brake, gear in controls:
                    rig.step(steer, throttle, brake, gear)
                self._must_be_finite(rig, name, "Backend.step")

    def check_state_stays_finite_under_effects(self) -> None:
        """No effect within its bounds makes a value of the state infinite or missing."""
        if not self.spec.effects:
            raise NotApplicable("the backend honours no effects")
        with self.rig(effects=True) as rig:
            for name in sorted(self.spec.effects):
                bounds = columns(Effects)[name]
                for value in (bounds.low, bounds.high):
                    if not np.isfinite(value):
                        continue
                    rig.start()
                    rig.impose({})
                    rig.play(everyday(3, self.n_races, self.n_cars))
                    rig.impose({name: value})
                    for step in range(12):
                        rig.step(1.0 - step % 2, throttle=1.0, brake=float(step > 6))
                    self._must_be_finite(rig, f"effect {name} at {value:g}", "Backend.step")

    def _must_be_finite(self, rig: Rig, cause: str, where: str) -> None:
        lost = np.argwhere(rig.world.race_control.lost)
        if len(lost):  # race control has cleaned it, and retired the car
            at = [int(i) for i in lost[0]]
            raise ConformanceError(f"the state of car {at} is nan after {cause}", where=where)
        for name in sorted(self.spec.fills):
            values = getattr(rig.world.view.state, name)
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                at = [int(i) for i in np.argwhere(~np.isfinite(values))[0]]
                raise ConformanceError(
                    f"state.{name}{at} is {values[tuple(at)]} after {cause}", where=where
                )

    def check_throttle_accelerates(self) -> None:
        """Full throttle makes a car at its start drive forward."""
        with self.free() as rig:
            moved = self.manoeuvre(rig, 3.0, throttle=1.0)
        if not moved.after > moved.before + 0.5:
            raise ConformanceError(
                f"3 s of full throttle took vx from {moved.before:.2f} to {moved.after:.2f} m/s",
                where="Backend.step, control.throttle",
            )

    @needs("throttle_accelerates")
    def check_brake_decelerates(self) -> None:
        """The brake slows a car more than coasting does."""
        found = []
        for brake in (0.0, 1.0):
            with self.free() as rig:
                self.get_going(rig)
                found.append(self.manoeuvre(rig, 0.5, brake=brake))
        coasting, braking = (motion.before - motion.slowest for motion in found)
        if not braking > 1.05 * coasting + 0.05:
            raise ConformanceError(
                f"half a second takes off {braking:.2f} m/s braking and {coasting:.2f} coasting",
                where="Backend.step, control.brake",
            )

    @needs("throttle_accelerates")
    def check_brake_never_reverses(self) -> None:
        """A car that is braked to a halt stays there."""
        with self.free() as rig:
            self.get_going(rig)
            motion = self.manoeuvre(rig, 6.0, brake=1.0)
        if motion.slowest < -CREEP:
            raise ConformanceError(
                f"under full braking vx went down to {motion.slowest:.2f} m/s",
                where="Backend.step, control.brake",
            )

    @needs("throttle_accelerates")
    def check_positive_steer_turns_left(self) -> None:
        """Positive steer turns a car that drives forward to the left, negative to the right."""
        for steer, side in ((0.4, "left"), (-0.4, "right")):
            with self.free() as rig:
                self.get_going(rig)
                expected = _turn_rate(rig, steer)
                turned = self.manoeuvre(rig, 1.0, steer=steer, throttle=0.3).turned
            if 0 < turned * steer < LEAST_TURN * expected * steer:
                raise ConformanceError(
                    f"a second of steer {steer:+g} changed yaw by {turned:+.3f} rad, where wheels "
                    f"at that share of steer_limit make it some {expected:+.1f}; is steer given to "
                    "the simulator in its own unit, and steer_limit in rad?",
                    where="Backend.step, control.steer",
                )
            if not turned * steer > 0.004:
                raise ConformanceError(
                    f"a second of steer {steer:+g} changed yaw by {turned:+.3f} rad; "
                    f"it must turn {side}, yaw being counter-clockwise",
                    where="Backend.step, control.steer",
                )

    @needs("throttle_accelerates")
    def check_steer_angle_is_left_positive(self) -> None:
        """The reported angle of the front wheels is positive to the left, and within the lock."""
        if "steer" not in self.spec.fills:
            raise NotApplicable("the backend does not fill state.steer")
        for steer in (1.0, -1.0):
            with self.free() as rig:
                self.get_going(rig)
                self.manoeuvre(rig, 1.0, steer=steer, throttle=0.2)
                angle, limit = rig.now("steer"), float(rig.world.view.vehicle.steer_limit[0, 0])
            if not 0 < angle * steer <= 1.02 * limit + 1e-3:
                raise ConformanceError(
                    f"steer {steer:+g} gave state.steer {angle:+.3f} rad; the lock is {limit:g}",
                    where="Backend.step, state.steer",
                )

    def check_yaw_is_wrapped(self) -> None:
        """Yaw stays in [-pi, pi) however often the car turns round."""
        with self.rig() as rig:
            rig.start()
            for steer in (1.0, -1.0):
                for _ in range(self.steps(rig, 6.0)):
                    rig.step(steer, throttle=0.5)
                    yaw = rig.world.view.state.yaw
                    odd = ~((yaw >= -np.pi) & (yaw < np.pi))
                    if odd.any():
                        raise ConformanceError(
                            f"yaw is {yaw[odd][0]:.3f}; radians in [-pi, pi) were expected",
                            where="Backend.step, state.yaw",
                        )

    @needs("throttle_accelerates")
    def check_velocity_is_the_change_of_position(self) -> None:
        """vx, vy in the car's frame and yaw agree with how x and y change, in m/s."""
        with self.free() as rig:
            self.get_going(rig)
            path, integral, length = np.zeros(2), np.zeros(2), 0.0
            last, moving = _place(rig), _velocity(rig)
            for _ in _swerve(rig, self.steps(rig, 2.0)):
                here, now = _place(rig), _velocity(rig)
                path += here - last
                length += float(np.hypot(*(here - last)))
                integral += 0.5 * (moving + now) * self._passed(rig)
                last, moving = here, now
        off = float(np.hypot(*(path - integral)))
        if not off <= 0.1 * length + 0.1:
            raise ConformanceError(
                f"in 2 s the car moved by {_pair(path)} m, but its velocity and yaw say "
                f"{_pair(integral)} m",
                where="Backend.step, state.vx, vy and yaw: car frame, m/s and radians",
            )

    @needs("throttle_accelerates")
    def check_yaw_rate_is_the_change_of_yaw(self) -> None:
        """yaw_rate agrees with how yaw changes, in rad/s."""
        if "yaw_rate" not in self.spec.fills:
            raise NotApplicable("the backend does not fill state.yaw_rate")
        with self.free() as rig:
            self.get_going(rig)
            turned = integral = total = 0.0
            yaw, rate = rig.now("yaw"), rig.now("yaw_rate")
            for _ in range(self.steps(rig, 1.5)):
                rig.step(0.3, throttle=0.3)
                step = wrap(rig.now("yaw") - yaw)
                turned += step
                total += abs(step)
                integral += 0.5 * (rate + rig.now("yaw_rate")) * self._passed(rig)
                yaw, rate = rig.now("yaw"), rig.now("yaw_rate")
        if not abs(turned - integral) <= 0.15 * total + 0.03:
            raise ConformanceError(
                f"yaw changed by {turned:.3f} rad, but yaw_rate says {integral:.3f}",
                where="Backend.step, state.yaw_rate",
            )

    @needs("throttle_accelerates")
    def check_acceleration_is_the_change_of_speed(self) -> None:
        """Ax agrees with how vx changes on a straight, in m/s^2."""
        if "ax" not in self.spec.fills:
            raise NotApplicable("the backend does not fill state.ax")
        with self.free() as rig:
            self.get_going(rig)
            before, felt, time = rig.now("vx"), 0.0, 0.0
            for _ in range(self.steps(rig, 0.5)):
                rig.step(brake=0.4)
                if rig.now("vx") < 1.0:
                    break
                felt += rig.now("ax") * self._passed(rig)
                time += self._passed(rig)
            gained = rig.now("vx") - before
        if time == 0.0:
            raise NotApplicable("the car stops within one step")
        if not abs(gained - felt) <= 0.4 * abs(gained) + 0.3:
            raise ConformanceError(
                f"vx changed by {gained:.2f} m/s while ax says {felt:.2f}",
                where="Backend.step, state.ax",
            )

    def _passed(self, rig: Rig) -> float:
        """Return how long the last step took; only a real-time engine is asked for it."""
        return float(rig.world.view.clock.elapsed[0]) if self.spec.real_time else rig.world.dt

    def check_clock_says_what_passed(self) -> None:
        """Elapsed is dt; only a real-time engine may be late or lose a step."""
        with self.rig() as rig:
            rig.start()
            for _ in range(20):
                rig.step(throttle=0.5)
                self._judge_clock(rig)

    def _judge_clock(self, rig: Rig) -> None:
        clock, dt, where = rig.world.view.clock, rig.world.dt, "Backend.step, clock"
        for race, (passed, moved) in enumerate(zip(clock.elapsed, clock.advanced, strict=True)):
            if self.spec.real_time:
                if not (passed > 0 if moved else passed == 0):
                    raise ConformanceError(
                        f"race {race} says advanced {bool(moved)} and elapsed {passed:g}",
                        where=where,
                    )
            elif not moved:
                raise ConformanceError(
                    f"race {race} was not advanced; only a backend with real_time may say so",
                    where=where,
                )
            elif abs(passed - dt) > 1e-9 + 1e-6 * dt:
                raise ConformanceError(
                    f"race {race} says that {passed:g} s passed in a step of {dt:g} s", where=where
                )

    @needs("clock_says_what_passed")
    def check_interval_may_be_split(self) -> None:
        """A control interval may be made of several calls; elapsed adds up."""
        self._try_interval(rounds=2, factor=2.0)

    @needs("clock_says_what_passed")
    def check_other_intervals_work(self) -> None:
        """Any control interval works that is a multiple of the frame, if there is one."""
        self._try_interval(rounds=1, factor=3.0)
        if self.spec.frame is None:
            self._try_interval(rounds=1, factor=0.37)

    def _try_interval(self, *, rounds: int, factor: float) -> None:
        dt = factor * (self.spec.frame or self.spec.dt)
        with self.rig(dt=dt, rounds=rounds) as rig:
            rig.start()
            moved = said = 0.0
            for _ in range(8):
                here, before = _place(rig), _velocity(rig)
                rig.step(throttle=1.0)
                self._judge_clock(rig)
                moved += float(np.hypot(*(_place(rig) - here)))
                said += float(np.hypot(*(0.5 * (before + _velocity(rig))))) * dt
            self._must_be_finite(rig, f"steps of {dt:g} s in {rounds} rounds", "Backend.step")
        honest = self._outcome("velocity_is_the_change_of_position") == "passes"
        if honest and not self.spec.real_time and not abs(moved - said) <= 0.25 * said + 0.03:
            frames = (
                ""
                if self.spec.frame is None
                else f", which is {dt / self.spec.frame:g} frames each"
            )
            raise ConformanceError(
                f"in eight steps of {dt:g} s{frames}, the car moved by {moved:.2f} m, "
                f"but by its velocity {said:.2f} m: a step lasts as long as dt says",
                where="Backend.step, dt",
            )

    def check_place_puts_cars_where_asked(self) -> None:
        """A placed car stands where it was put, with the speed that was asked, and stays there."""
        spec = self.spec
        if spec.placement not in ("any", "grid"):
            raise NotApplicable(f"the backend declares placement {spec.placement!r}")
        with self.rig(n_cars=1) as rig:
            world = rig.world
            rig.start()
            if spec.placement == "any":
                rig.play(everyday(20, world.n_races, 1))
            cars = np.array([world.n_races - 1], np.int64)
            s = np.array([40.0])
            pose = world.view.tracks.pose(cars, s, np.array([0.7]))
            pose[:, 2] += 0.1
            pose[:, 2] = [wrap(yaw) for yaw in pose[:, 2]]
            others = rows(world, range(world.n_races - 1))
            world.backend.place(cars, pose.copy(), np.array([3.0]))
            odd = difference(others, rows(world, range(world.n_races - 1)))
            if odd:
                raise ConformanceError(
                    f"placing one car changed another: {odd}", where="Backend.place"
                )
            self._judge_pose(rig, int(cars[0]), pose[0], 3.0, self.place_tolerance)
            rig.step()
            reach = self.place_tolerance + 3.0 * 1.5 * world.dt + 0.05
            x, y = (float(getattr(world.view.state, n)[cars[0], 0]) for n in ("x", "y"))
            off = float(np.hypot(x - pose[0, 0], y - pose[0, 1]))
            if off > reach:
                raise ConformanceError(
                    f"a step after it was placed, the car is {off:.2f} m away",
                    where="Backend.place",
                )

    def _judge_pose(self, rig: Rig, race: int, pose: np.ndarray, speed: float, near: float) -> None:
        state, where = rig.world.view.state, "Backend.place"
        wanted = {"x": pose[0], "y": pose[1], "yaw": pose[2], "vx": speed, "vy": 0, "yaw_rate": 0}
        for name, value in wanted.items():
            if name not in self.spec.fills:
                continue
            found = float(getattr(state, name)[race, 0])
            off = abs(wrap(found - value)) if name == "yaw" else abs(found - value)
            if not off <= max(near, 1e-3):
                raise ConformanceError(
                    f"after place, {name} is {found:.4f}; {value:.4f} was asked", where=where
                )

    def check_removed_cars_stay_away(self) -> None:
        """A car that was removed moves no more."""
        self._demand_removal()
        controls = everyday(20, self.n_races, self.n_cars)
        with self.rig() as rig:
            rig.start()
            rig.play(controls[:5])
            rig.world.remove([0])
            rig.play(controls[5:7])
            x, y = rig.now("x"), rig.now("y")
            rig.play(controls[7:])
            if np.hypot(rig.now("x") - x, rig.now("y") - y) > 0.01:
                raise ConformanceError("a removed car still moves", where="Backend.remove")
            self._must_be_finite(rig, "removing a car", "Backend.remove")

    @needs("replays_from_a_seed", "race_is_independent_of_the_batch")
    def check_removal_leaves_other_races_alone(self) -> None:
        """Removing a car of one race changes nothing in the others."""
        self._demand_removal()
        controls = everyday(20, self.n_races, self.n_cars)
        runs = []
        for removing in (False, True):
            with self.rig() as rig:
                rig.start()
                rig.play(controls[:5])
                if removing:
                    rig.world.remove([0])
                rig.play(controls[5:])
                runs.append(rows(rig.world, range(1, self.n_races)))
        odd = difference(runs[0], runs[1])
        if odd:
            raise ConformanceError(
                f"a car of race 0 was removed, and in another race {odd}", where="Backend.remove"
            )

    def _demand_removal(self) -> None:
        if self.make.remove is Backend.remove:
            raise NotApplicable("the backend does not take cars off the track")


def _rough(steps: int) -> Iterator[tuple[str, list[tuple[float, float, float, int]]]]:
    """Yield rough ways to drive by name, each a list of steer, throttle, brake and gear."""
    yield "full lock and full throttle", [(1.0, 1.0, 0.0, 0)] * steps
    yield "both pedals", [(0.0, 1.0, 1.0, 0)] * steps
    yield "both pedals at full lock", [(-1.0, 1.0, 1.0, 0)] * steps
    yield (
        "everything alternating",
        [((-1.0) ** k, float(k % 2), float(k % 2 == 0), 0) for k in range(steps)],
    )
    yield "reverse gear", [(0.5, 1.0, 0.0, -1)] * steps
    yield (
        "changing between reverse and first",
        [(0.0, 1.0, 0.0, -1 if k // 5 % 2 else 1) for k in range(steps)],
    )
    yield "braking to a halt and on", [(1.0, 0.0, 1.0, 0)] * (2 * steps)
    rng = np.random.default_rng(4)
    yield (
        "random controls",
        [
            (
                float(rng.uniform(-1, 1)),
                float(rng.random()),
                float(rng.random()),
                int(rng.integers(-1, 7)),
            )
            for _ in range(2 * steps)
        ],
    )


def _turn_rate(rig: Rig, steer: float) -> float:
    """Return how fast the first car turns [rad/s] on wheels that do not slide, within its grip."""
    table, speed = rig.world.view.vehicle, max(rig.now("vx"), 0.1)
    wheels = steer * float(table.steer_limit[0, 0])
    rate = speed * np.tan(wheels) / max(float(table.wheelbase[0, 0]), 0.1)
    most = float(table.grip[0, 0]) * GRAVITY / speed
    return float(np.clip(rate, -most, most))


def _swerve(rig: Rig, steps: int) -> Iterator[int]:
    """Drive a gentle S; yield after each step."""
    for k in range(steps):
        rig.step(0.25 * np.sin(2.0 * np.pi * k / steps), throttle=0.4)
        yield k


def _place(rig: Rig) -> np.ndarray:
    return np.array([rig.now("x"), rig.now("y")])


def _velocity(rig: Rig) -> np.ndarray:
    """Return the velocity in the map's frame [m/s]."""
    vx, vy, yaw = rig.now("vx"), rig.now("vy"), rig.now("yaw")
    return np.array([vx * np.cos(yaw) - vy * np.sin(yaw), vx * np.sin(yaw) + vy * np.cos(yaw)])


def _pair(values: np.ndarray) -> str:
    return f"({values[0]:.2f}, {values[1]:.2f})"
