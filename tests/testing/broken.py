"""Plugins that break one promise each, and the check that must find it."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from broken_trainers import TRAINERS, GoodTrainer
from gymnasium import spaces

from racegym.interfaces import (
    Backend,
    Channel,
    Driver,
    Realism,
    RewardTerm,
    Sensor,
    StageOptions,
    Termination,
)
from racegym.kernels import threads
from racegym.kernels.projection import Z as HEIGHT
from racegym.testing import (
    ActionMapSuite,
    BackendSuite,
    DriverSuite,
    RealismSuite,
    RewardSuite,
    SensorSuite,
    TerminationSuite,
    TrainerSuite,
)
from racegym.testing.parts import Bicycle, Direct
from racegym.testing.rig import circuits

NO_STEER = replace(Bicycle.spec, fills=Bicycle.spec.fills - {"steer"})


def spec_with(**changes):
    return replace(Bicycle.spec, **changes)


# --- backends ---------------------------------------------------------------------------


class KeepsHeatOverReset(Bicycle):
    """What it saves is all of its state, but a reset forgets a part."""

    spec = spec_with(snapshots="engine")

    def __init__(self, setup):
        super().__init__(setup)
        self.heat = np.zeros((self.view.n_races, self.view.n_cars), np.float32)

    def step(self, control, effects, dt):
        self.heat += control.throttle * dt
        super().step(control, effects, dt)
        self.view.state.engine_speed[...] *= 1 + 0.001 * self.heat

    def save(self):
        return self.heat.tobytes()

    def load(self, saved):
        self.heat[...] = np.frombuffer(saved, np.float32).reshape(self.heat.shape)


class FalseSnapshot(KeepsHeatOverReset):
    """It resets what it hides, but says that the arrays hold everything."""

    spec = Bicycle.spec

    def reset(self, races, keys):
        self.heat[races] = 0
        super().reset(races, keys)


class ResetsAllRaces(Bicycle):
    def reset(self, races, keys):
        super().reset(np.arange(self.view.n_races), keys)


class KeepsArraysOverReset(Bicycle):
    """A field that no later step writes again is set right the first time only."""

    resets = 0

    def reset(self, races, keys):
        super().reset(races, keys)
        self.view.state.z[races] = self.resets > 0
        self.resets += 1


class SteersRight(Bicycle):
    spec = NO_STEER

    def step(self, control, effects, dt):
        steer = control.steer.copy()
        control.steer[...] = -steer
        offset = effects.steer_offset.copy()
        super().step(control, effects, dt)
        control.steer[...] = steer
        effects.steer_offset[...] = offset
        self.view.state.steer[...] = np.nan

    def reset(self, races, keys):
        super().reset(races, keys)
        self.view.state.steer[races] = np.nan

    def place(self, cars, pose, speed):
        super().place(cars, pose, speed)
        self.view.state.steer.reshape(-1)[cars] = np.nan


class SteerAngleRightPositive(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        np.negative(self.view.state.steer, out=self.view.state.steer)


class YawRateInDegrees(Bicycle):
    def step(self, control, effects, dt):
        rate = self.view.state.yaw_rate
        rate[...] = np.deg2rad(rate)
        super().step(control, effects, dt)
        rate[...] = np.rad2deg(rate)


class SpeedInKmh(Bicycle):
    """x and y move as if vx were in km/h."""

    def step(self, control, effects, dt):
        state = self.view.state
        x, y = state.x.copy(), state.y.copy()
        super().step(control, effects, dt)
        state.x[...] = x + (state.x - x) / 3.6
        state.y[...] = y + (state.y - y) / 3.6


class YawNotWrapped(Bicycle):
    def step(self, control, effects, dt):
        before = self.view.state.yaw.copy()
        super().step(control, effects, dt)
        turned = (self.view.state.yaw - before + np.pi) % (2 * np.pi) - np.pi
        self.view.state.yaw[...] = before + turned


class NanOnBothPedals(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        both = (control.throttle == 1) & (control.brake == 1) & (control.steer == -1)
        self.view.state.slip_angle[both] = np.nan


class InfiniteWithoutMass(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.view.state.load[effects.mass < -400] = np.inf


class MeanOverRaces(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.view.state.roll[...] = 0.01 * self.view.state.vx.mean()


class DependsOnThreads(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        if threads() > 1 and self.view.n_races > 500:
            self.view.state.vx[...] *= np.float32(1.000001)


class DrawsFromNumpy(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.view.state.vx[...] += np.random.default_rng().normal(0, 1e-4)


class ReadsTheClock(Bicycle):
    def reset(self, races, keys):
        super().reset(races, keys)
        self.view.state.z[races] = time.perf_counter() * 1e-6


class FillsUndeclared(Bicycle):
    spec = spec_with(fills=Bicycle.spec.fills - {"roll"})


class LeavesDeclaredMissing(Bicycle):
    def reset(self, races, keys):
        super().reset(races, keys)
        self.view.state.pitch[races] = np.nan

    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.view.state.pitch[...] = 0


class ChannelOutOfBounds(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.view.channels["effort"][...] *= 2


class WritesControl(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        control.request[...] = 8


class ReplacesChannel(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.view.channels["effort"] = self.view.channels["effort"].astype(np.float64)


class EmptyVehicleTable(Bicycle):
    def reset(self, races, keys):
        super().reset(races, keys)
        self.view.vehicle.width[races] = 0


class BadContacts(Bicycle):
    spec = spec_with(contacts=frozenset({"wall"}))

    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        contacts = self.view.contacts
        contacts.count[...] = 1
        contacts.car[:, 0], contacts.other[:, 0] = self.view.n_cars, contacts.WALL
        contacts.normal_x[:, 0], contacts.normal_y[:, 0] = 1, 0
        contacts.car[contacts.car >= self.view.n_cars] = -1


class Bumper(Bicycle):
    """Cars as discs of a length that part at one speed: as plain as contact can be."""

    spec = spec_with(contacts=frozenset({"car"}), collides=True)
    gain = 1.0
    told = 1

    def may_touch(self, race, a, b):
        here = self.view.race.present[race]
        if not (here[a] and here[b]):
            return False
        z = self.view.tracks.points[:, HEIGHT][self.view.frame.segment[race]]
        return abs(z[a] - z[b]) < 2.0

    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        state, contacts, table = self.view.state, self.view.contacts, self.view.vehicle
        for race in range(self.view.n_races):
            for b in range(1, self.view.n_cars):
                for a in range(b):
                    away = np.array([state.x[race, b] - state.x[race, a],
                                     state.y[race, b] - state.y[race, a]])  # fmt: skip
                    far = np.hypot(*away)
                    deep = table.length[race, a] - far
                    if deep < 0 or far == 0 or not self.may_touch(race, a, b):
                        continue
                    away /= far
                    state.x[race, [a, b]] += deep * away[0] * np.array([-0.5, 0.5])
                    state.y[race, [a, b]] += deep * away[1] * np.array([-0.5, 0.5])
                    yaw = state.yaw[race, [a, b]]
                    along = np.cos(yaw) * away[0] + np.sin(yaw) * away[1]
                    closing = state.vx[race, a] * along[0] - state.vx[race, b] * along[1]
                    if closing <= 0:
                        continue
                    gained = 0.5 * closing
                    state.vx[race, a] -= gained * along[0]
                    state.vx[race, b] += self.gain * gained * along[1]
                    for _ in range(self.told):
                        k = contacts.count[race]
                        if k == contacts.capacity:
                            break
                        contacts.count[race] += 1
                        contacts.car[race, k], contacts.other[race, k] = a, b
                        contacts.impulse[race, k] = gained * table.mass[race, a]
                        contacts.closing_speed[race, k] = closing
                        contacts.normal_x[race, k], contacts.normal_y[race, k] = -away
                        contacts.x[race, k], contacts.y[race, k] = (
                            state.x[race, a],
                            state.y[race, a],
                        )


class ToldTwice(Bumper):
    told = 2


class MomentumFromNowhere(Bumper):
    gain = 1.8


class HeavyFirstSlot(Bumper):
    """The car of the first slot is never moved by another one."""

    def step(self, control, effects, dt):
        was = self.view.state.y[:, 0].copy()
        count = self.view.contacts.count.copy()
        super().step(control, effects, dt)
        touched = (self.view.contacts.count > count) & (self.view.n_cars > 1)
        self.view.state.y[touched, 0] = was[touched]


class TouchesAbsentCars(Bumper):
    def may_touch(self, race, a, b):
        z = self.view.tracks.points[:, HEIGHT][self.view.frame.segment[race]]
        return abs(z[a] - z[b]) < 2.0


class TouchesThroughBridges(Bumper):
    def may_touch(self, race, a, b):
        return self.view.race.present[race, [a, b]].all()


class DrivesThroughObstacles(Bicycle):
    spec = spec_with(contacts=frozenset({"obstacle"}))


class BrakeReverses(Bicycle):
    def step(self, control, effects, dt):
        before = self.view.state.vx.copy()
        super().step(control, effects, dt)
        state = self.view.state
        halted = (control.brake > 0.9) & (control.throttle == 0) & (before < 0.5)
        state.vx[...] = np.where(halted, before - 2 * dt, state.vx)


class BrakeDoesNothing(Bicycle):
    spec = spec_with(effects=Bicycle.spec.effects - {"brake"})

    def step(self, control, effects, dt):
        brake = control.brake.copy()
        control.brake[...] = 0
        super().step(control, effects, dt)
        control.brake[...] = brake


class ThrottleReverses(Bicycle):
    def step(self, control, effects, dt):
        gear = control.gear.copy()
        control.gear[...] = np.where(gear < 0, 1, -1)
        super().step(control, effects, dt)
        control.gear[...] = gear


class AccelerationBackwards(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        np.negative(self.view.state.ax, out=self.view.state.ax)


class IgnoresDrag(Bicycle):
    def step(self, control, effects, dt):
        drag = effects.drag.copy()
        effects.drag[...] = 1
        super().step(control, effects, dt)
        effects.drag[...] = drag


class PushesRight(Bicycle):
    def step(self, control, effects, dt):
        effects.fy[...] *= -1
        super().step(control, effects, dt)
        effects.fy[...] *= -1


class HonoursUndeclared(Bicycle):
    spec = spec_with(effects=Bicycle.spec.effects - {"grip"})


class NoElapsed(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.view.clock.elapsed[...] = 0


class ElapsedAssigned(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.view.clock.elapsed[...] = dt


class ElapsedOfOneFrame(Bicycle):
    """It reports its own dt, whatever was asked."""

    def step(self, control, effects, dt):
        before = self.view.clock.elapsed.copy()
        super().step(control, effects, dt)
        share = dt / self.setup.view.dt  # right where the interval is split, wrong elsewhere
        self.view.clock.elapsed[...] = before + self.spec.dt * (
            share if self.setup.view.dt > 1.5 * self.spec.dt and share < 1 else 1
        ) * (2 if self.setup.view.dt > 1.5 * self.spec.dt and share < 1 else 1)


class PlacesAtZeroSpeed(Bicycle):
    def place(self, cars, pose, speed):
        super().place(cars, pose, speed * 0)


class RemovedCarsDriveOn(Bicycle):
    def step(self, control, effects, dt):
        super().step(control, effects, dt)
        self.view.state.x[~self.view.race.present] += 0.5


class RemovesFromAllRaces(Bicycle):
    def remove(self, cars):
        super().remove(np.arange(self.view.state.vx.size))


class OneTrackForAllKeys(Bicycle):
    """It says that each episode has a track of its own."""

    spec = spec_with(tracks="new")

    def track(self, race):
        return circuits()[0]


class CloseOnce(Bicycle):
    closed = 0

    def close(self):
        self.closed += 1
        if self.closed == 2:
            raise RuntimeError("there is nothing left to close")


class NoLoad(Bicycle):
    """Its spec promises snapshots of an engine that has none."""

    spec = spec_with(snapshots="engine")
    load = Backend.load

    def save(self):
        return b""

    def __getattribute__(self, name):
        # Whoever calls load finds one that works, so that only the missing method is at fault.
        return (lambda saved: None) if name == "load" else super().__getattribute__(name)


class GoodWeighed(Bicycle):
    """Its mass is the vehicle's own, and may be drawn."""

    spec = spec_with(varies=frozenset({"mass"}))

    def reset(self, races, keys):
        super().reset(races, keys)
        for car, vehicle in enumerate(self.setup.vehicles):
            self.view.vehicle.mass[races, car] = vehicle.get("mass", 160.0)
        if "mass" in self.setup.drawn:
            self.view.vehicle.mass[races] = self.setup.drawn["mass"][races]


class WeighedOnce(GoodWeighed):
    """It takes what was drawn for its first episode for good."""

    first = None

    def reset(self, races, keys):
        super().reset(races, keys)
        if self.first is None:
            self.first = self.view.vehicle.mass.copy()
        if "mass" in self.setup.drawn:
            self.view.vehicle.mass[races] = self.first[races]


BACKENDS = [
    (WeighedOnce, "drawn_vehicles_are_built"),
    (KeepsHeatOverReset, "reset_is_complete"),
    (FalseSnapshot, "snapshot_restores_everything"),
    (KeepsArraysOverReset, "reset_is_complete"),
    (ResetsAllRaces, "reset_leaves_other_races_alone"),
    (SteersRight, "positive_steer_turns_left"),
    (SteerAngleRightPositive, "steer_angle_is_left_positive"),
    (YawRateInDegrees, "yaw_rate_is_the_change_of_yaw"),
    (SpeedInKmh, "velocity_is_the_change_of_position"),
    (YawNotWrapped, "yaw_is_wrapped"),
    (NanOnBothPedals, "state_stays_finite"),
    (InfiniteWithoutMass, "state_stays_finite_under_effects"),
    (MeanOverRaces, "race_is_independent_of_the_batch"),
    (DependsOnThreads, "threads_make_no_difference"),
    (DrawsFromNumpy, "replays_from_a_seed"),
    (ReadsTheClock, "replays_from_a_seed"),
    (FillsUndeclared, "fills_nothing_else"),
    (LeavesDeclaredMissing, "fills_what_it_declares"),
    (ChannelOutOfBounds, "channels_keep_their_bounds"),
    (WritesControl, "inputs_are_untouched"),
    (ReplacesChannel, "arrays_stay_in_place"),
    (EmptyVehicleTable, "vehicle_table_is_plausible"),
    (BadContacts, "contacts_are_valid"),
    (ToldTwice, "cars_touch_as_declared"),
    (MomentumFromNowhere, "contact_keeps_momentum"),
    (HeavyFirstSlot, "slots_of_cars_do_not_matter"),
    (TouchesAbsentCars, "absent_cars_are_not_touched"),
    (TouchesThroughBridges, "cars_on_another_level_are_not_touched"),
    (DrivesThroughObstacles, "obstacles_hold_cars"),
    (BrakeReverses, "brake_never_reverses"),
    (BrakeDoesNothing, "brake_decelerates"),
    (ThrottleReverses, "throttle_accelerates"),
    (AccelerationBackwards, "acceleration_is_the_change_of_speed"),
    (IgnoresDrag, "effect_drag"),
    (PushesRight, "effect_fy"),
    (HonoursUndeclared, "other_effects_are_ignored"),
    (NoElapsed, "clock_says_what_passed"),
    (ElapsedAssigned, "interval_may_be_split"),
    (ElapsedOfOneFrame, "other_intervals_work"),
    (PlacesAtZeroSpeed, "place_puts_cars_where_asked"),
    (RemovedCarsDriveOn, "removed_cars_stay_away"),
    (RemovesFromAllRaces, "removal_leaves_other_races_alone"),
    (OneTrackForAllKeys, "track_is_handed_over"),
    (CloseOnce, "closes_twice"),
    (NoLoad, "spec_is_sound"),
]


# --- sensors ----------------------------------------------------------------------------


class GoodSensor(Sensor):
    """Speed, kept between 0 and 1 over 20 m/s, and its mean over the steps it was asked."""

    requires = frozenset({"vx"})

    def __init__(self, setup):
        super().__init__(setup)
        self.space = spaces.Box(-1, 1, (1,), np.float32)

    def observe(self, view, cars, out):
        out[:, 0] = np.clip(view.state.vx.reshape(-1)[cars] / 20, -1, 1)


class SensorOutOfBounds(GoodSensor):
    def observe(self, view, cars, out):
        super().observe(view, cars, out)
        out[:, 0] += 0.9


class SensorIgnoresCars(GoodSensor):
    def observe(self, view, cars, out):
        super().observe(view, np.arange(len(cars)), out)


class SensorReadsTheClock(GoodSensor):
    def observe(self, view, cars, out):
        super().observe(view, cars, out)
        out[:, 0] = 1e-3 * (time.perf_counter() % 1)


class SensorUnboundedSpace(GoodSensor):
    def __init__(self, setup):
        super().__init__(setup)
        self.space = spaces.Box(-np.inf, np.inf, (1,), np.float32)


class SensorLeavesHoles(GoodSensor):
    def observe(self, view, cars, out):
        whole = np.zeros_like(out)
        super().observe(view, cars, whole)
        moving = whole[:, 0] > 0.1
        out[moving] = whole[moving]


class SensorWritesView(GoodSensor):
    def observe(self, view, cars, out):
        super().observe(view, cars, out)
        view.state.roll.reshape(-1)[cars] += 0.01


class SensorReadsUndeclared(GoodSensor):
    requires = frozenset()

    def observe(self, view, cars, out):
        out[:, 0] = np.clip(view.state.ax.reshape(-1)[cars] / 20, -1, 1)


class SensorMeansOverRaces(GoodSensor):
    def observe(self, view, cars, out):
        super().observe(view, cars, out)
        out[:, 0] = np.clip(out[:, 0] - view.state.vx.mean() / 40, -1, 1)


class SensorRemembersOverReset(GoodSensor):
    """The greatest speed ever, in an attribute of its own."""

    def __init__(self, setup):
        super().__init__(setup)
        self.most = np.zeros(setup.view.n_races * setup.view.n_cars)

    def observe(self, view, cars, out):
        fast = np.clip(view.state.vx.reshape(-1)[cars] / 20, -1, 1)
        self.most[cars] = np.maximum(self.most[cars], fast)
        out[:, 0] = self.most[cars]


class SensorOfDoubles(GoodSensor):
    def __init__(self, setup):
        super().__init__(setup)
        self.space = spaces.Box(-1, 1, (1,), np.float64)


class SensorWithAStackOfItsOwn(GoodSensor):
    """What a scenario writes under ``stack`` is taken for the delivery's."""

    class Options(StageOptions):
        stack: int = 1


SENSORS = [
    (SensorOfDoubles, "space_is_float32_or_uint8"),
    (SensorWithAStackOfItsOwn, "options_are_its_own"),
    (SensorOutOfBounds, "values_keep_to_the_space"),
    (SensorIgnoresCars, "rows_belong_to_their_cars"),
    (SensorReadsTheClock, "repeats_itself"),
    (SensorUnboundedSpace, "space_is_a_finite_box"),
    (SensorLeavesHoles, "fills_every_value"),
    (SensorWritesView, "view_is_untouched"),
    (SensorReadsUndeclared, "requires_names_what_it_reads"),
    (SensorMeansOverRaces, "race_is_independent_of_the_batch"),
    (SensorRemembersOverReset, "reset_is_complete"),
]


# --- action maps ------------------------------------------------------------------------


class MapWritesOtherRows(Direct):
    def apply(self, actions, cars, control):
        super().apply(actions, cars, control)
        rest = np.setdiff1d(np.arange(control.steer.size), cars)
        control.brake.reshape(-1)[rest] = 0


class MapDoesNotClip(Direct):
    def apply(self, actions, cars, control):
        super().apply(actions, cars, control)
        control.steer.reshape(-1)[cars] = actions[:, 0]


class MapSteersRight(Direct):
    def apply(self, actions, cars, control):
        super().apply(actions, cars, control)
        control.steer.reshape(-1)[cars] *= -1


class MapDrawsNumbers(Direct):
    def apply(self, actions, cars, control):
        super().apply(actions, cars, control)
        control.steer.reshape(-1)[cars] *= np.random.default_rng().uniform(0.9, 1)


class MapOrdersRows(Direct):
    def apply(self, actions, cars, control):
        super().apply(actions - 1e-3 * actions.mean(axis=0), cars, control)


class MapWritesActions(Direct):
    def apply(self, actions, cars, control):
        super().apply(actions, cars, control)
        actions[...] = 0.5 * actions


class MapUnbounded(Direct):
    def __init__(self, setup):
        super().__init__(setup)
        self.clipping = self.space
        self.space = spaces.Box(-np.inf, np.inf, (4,), np.float32)

    def apply(self, actions, cars, control):
        kept, self.space = self.space, self.clipping
        super().apply(actions, cars, control)
        self.space = kept


class MapRemembersOverReset(Direct):
    def __init__(self, setup):
        super().__init__(setup)
        self.steps = 0

    def apply(self, actions, cars, control):
        super().apply(actions, cars, control)
        if self.setup.view.race.step.max() > 0:
            self.steps = 1
        control.steer.reshape(-1)[cars] *= 1 - 0.1 * self.steps


class MapInvertsHalf(Direct):
    def invert(self, control, cars):
        columns = (control.steer, control.throttle, control.brake, control.gear)
        return 0.5 * np.stack([column.reshape(-1)[cars] for column in columns], axis=1)


ACTION_MAPS = [
    (MapInvertsHalf, "inverse_comes_back"),
    (MapWritesOtherRows, "writes_its_cars_alone"),
    (MapDoesNotClip, "control_keeps_its_bounds"),
    (MapSteersRight, "positive_steer_is_left"),
    (MapDrawsNumbers, "repeats_itself"),
    (MapOrdersRows, "rows_belong_to_their_cars"),
    (MapWritesActions, "writes_control_alone"),
    (MapUnbounded, "space_is_bounded"),
    (MapRemembersOverReset, "reset_is_complete"),
]


# --- realism ----------------------------------------------------------------------------


class GoodWear(Realism):
    effects = frozenset({"grip"})
    channels = (Channel(name="wear", axes="race car wheel", low=0.0, high=1.0),)

    def __init__(self, setup):
        super().__init__(setup)
        self.wear = setup.view.channels["wear"]

    def step(self, view, effects, dt):
        np.minimum(self.wear + 0.05 * np.abs(view.state.vx)[..., None] * dt, 1, out=self.wear)
        effects.grip *= 1 - 0.5 * self.wear


class WearChangesPower(GoodWear):
    def step(self, view, effects, dt):
        super().step(view, effects, dt)
        effects.power *= 0.9


class WearAssigns(GoodWear):
    def step(self, view, effects, dt):
        super().step(view, effects, dt)
        effects.grip[...] = 1 - 0.5 * self.wear


class WearGripTooHigh(GoodWear):
    def step(self, view, effects, dt):
        super().step(view, effects, dt)
        effects.grip *= 5


class WearOutOfBounds(GoodWear):
    def step(self, view, effects, dt):
        self.wear += 5 * dt
        effects.grip *= 0.9


class WearWritesState(GoodWear):
    def step(self, view, effects, dt):
        super().step(view, effects, dt)
        view.state.roll += 0.01


class WearDrawsNumbers(GoodWear):
    def step(self, view, effects, dt):
        super().step(view, effects, dt)
        effects.grip *= np.random.default_rng().uniform(0.99, 1)


class WearHidden(GoodWear):
    """Keeps its wear to itself, and over resets."""

    def __init__(self, setup):
        super().__init__(setup)
        self.mine = np.zeros((setup.view.n_races, setup.view.n_cars))

    def step(self, view, effects, dt):
        self.mine += 0.01 * np.abs(view.state.vx) * dt
        effects.grip *= (1 / (1 + self.mine))[..., None]


class WearHiddenButReset(WearHidden):
    def reset(self, races, keys):
        self.mine[races] = 0


class WearMeansOverRaces(GoodWear):
    def step(self, view, effects, dt):
        super().step(view, effects, dt)
        effects.grip *= 1 - 0.001 * np.abs(view.state.vx).mean()


class WearNeedsTheWholeInterval(GoodWear):
    def step(self, view, effects, dt):
        super().step(view, effects, dt)
        effects.grip *= np.nan if dt < 0.9 * view.dt else 1


class WearOfNothing(GoodWear):
    """Declares a channel without an upper bound."""

    channels = (Channel(name="wear", axes="race car wheel", low=0.0, high=np.inf),)


REALISM = [
    (WearChangesPower, "changes_only_declared_effects"),
    (WearAssigns, "effects_join_those_of_others"),
    (WearGripTooHigh, "effects_keep_their_bounds"),
    (WearOutOfBounds, "channels_keep_their_bounds"),
    (WearWritesState, "view_is_untouched"),
    (WearDrawsNumbers, "repeats_itself"),
    (WearHidden, "reset_is_complete"),
    (WearHiddenButReset, "snapshot_restores_everything"),
    (WearMeansOverRaces, "race_is_independent_of_the_batch"),
    (WearNeedsTheWholeInterval, "interval_may_be_split"),
    (WearOfNothing, "declares_what_exists"),
]


# --- rewards, terminations, drivers -----------------------------------------------------


class GoodReward(RewardTerm):
    def compute(self, view, out):
        out[...] = view.state.vx


class RewardNan(GoodReward):
    def compute(self, view, out):
        out[...] = np.where(view.race.step[:, None] == 30, np.nan, 1.0)


class RewardMeans(GoodReward):
    def compute(self, view, out):
        out[...] = view.state.vx - view.state.vx.mean()


class RewardRemembers(GoodReward):
    most = 0.0

    def compute(self, view, out):
        self.most = max(self.most, float(view.state.vx[0].max()))
        out[...] = self.most


class RewardAdds(GoodReward):
    def compute(self, view, out):
        out += view.state.vx


class RewardReadsTheClock(GoodReward):
    def compute(self, view, out):
        out[...] = time.perf_counter()


class RewardWrites(GoodReward):
    def compute(self, view, out):
        out[...] = view.state.vx
        view.race.penalty_time += 1


REWARDS = [
    (RewardNan, "values_are_finite"),
    (RewardMeans, "race_is_independent_of_the_batch"),
    (RewardRemembers, "reset_is_complete"),
    (RewardAdds, "fills_every_value"),
    (RewardReadsTheClock, "repeats_itself"),
    (RewardWrites, "view_is_untouched"),
]


class GoodTermination(Termination):
    def compute(self, view, out):
        np.greater(view.race.step[:, None] * np.ones_like(out), 20, out=out)


class EndsAtOnce(GoodTermination):
    def compute(self, view, out):
        out[...] = True


class NeverSaysNo(GoodTermination):
    def compute(self, view, out):
        out |= view.race.step[:, None] > 20


TERMINATIONS = [(EndsAtOnce, "does_not_end_at_once"), (NeverSaysNo, "fills_every_value")]


class GoodDriver(Driver):
    def act(self, view, cars, observations, control):
        error = view.frame.heading_error.reshape(-1)[cars]
        control.steer.reshape(-1)[cars] = np.clip(-error, -1, 1)
        control.throttle.reshape(-1)[cars] = 0.5


class DriverOverTheTop(GoodDriver):
    def act(self, view, cars, observations, control):
        super().act(view, cars, observations, control)
        control.throttle.reshape(-1)[cars] = 1.5


class DriverOfAll(GoodDriver):
    def act(self, view, cars, observations, control):
        super().act(view, cars, observations, control)
        control.brake[...] = 0.1 if len(cars) < control.brake.size else 0


class DriverDraws(GoodDriver):
    def act(self, view, cars, observations, control):
        super().act(view, cars, observations, control)
        control.throttle.reshape(-1)[cars] = np.random.default_rng().random()


class DriverRemembers(GoodDriver):
    step = 0

    def act(self, view, cars, observations, control):
        super().act(view, cars, observations, control)
        self.step += 1
        control.throttle.reshape(-1)[cars] = 0.5 + 0.4 * np.sin(0.3 * self.step)


class DriverFollowsTheField(GoodDriver):
    def act(self, view, cars, observations, control):
        super().act(view, cars, observations, control)
        control.throttle.reshape(-1)[cars] = 0.5 / (1 + view.state.vx.mean())


DRIVERS = [
    (DriverOverTheTop, "control_keeps_its_bounds"),
    (DriverOfAll, "writes_its_cars_alone"),
    (DriverDraws, "repeats_itself"),
    (DriverRemembers, "reset_is_complete"),
    (DriverFollowsTheField, "race_is_independent_of_the_batch"),
]

GOOD = [
    (BackendSuite, GoodWeighed),
    (BackendSuite, Bumper),
    (SensorSuite, GoodSensor),
    (RealismSuite, GoodWear),
    (RewardSuite, GoodReward),
    (TerminationSuite, GoodTermination),
    (DriverSuite, GoodDriver),
    (TrainerSuite, GoodTrainer),
]

BROKEN = [
    (suite, made, check)
    for suite, table in (
        (BackendSuite, BACKENDS),
        (SensorSuite, SENSORS),
        (ActionMapSuite, ACTION_MAPS),
        (RealismSuite, REALISM),
        (RewardSuite, REWARDS),
        (TerminationSuite, TERMINATIONS),
        (DriverSuite, DRIVERS),
        (TrainerSuite, TRAINERS),
    )
    for made, check in table
]
