"""A plugin as it was written for plugin interface 1.0, not to be changed with the interface.

It offers one of each kind that a race can be run with, as far as 1.0 allows: what breaks it
breaks other people's plugins. It goes when ``racegym.api.SUPPORTED`` no longer lists 1.0.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from pydantic import Field

from racegym.hookspecs import hookimpl
from racegym.interfaces import (
    ActionMap,
    Backend,
    BackendSpec,
    Channel,
    Driver,
    RewardTerm,
    Sensor,
    StageOptions,
    Termination,
    options,
)

racegym_api = "==1.0"


class Slider(Backend):
    """Cars slide along their heading as fast as their throttle says."""

    class Options(StageOptions):
        top_speed: float = Field(20.0, gt=0, le=100, description="[m/s]")

    spec = BackendSpec(
        api=1,
        dt=0.1,
        fills=frozenset({"x", "y", "z", "yaw", "vx", "vy"}),
        channels=(Channel(name="slid", low=0.0, high=1e6, unit="m", doc="distance slid"),),
    )

    def __init__(self, setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "backend 'slider'")
        self.slid = setup.view.channels["slid"]

    def reset(self, races, keys):
        state, vehicle = self.view.state, self.view.vehicle
        for array in (state.x, state.y, state.z, state.yaw, state.vx, state.vy):
            array[races] = 0
        vehicle.length[races], vehicle.width[races] = 2.0, 1.2
        self.slid[races] = 0

    def place(self, cars, pose, speed):
        state = self.view.state
        for array, column in ((state.x, 0), (state.y, 1), (state.yaw, 2)):
            array.reshape(-1)[cars] = pose[:, column]
        state.vx.reshape(-1)[cars] = speed

    def step(self, control, effects, dt):
        state = self.view.state
        state.vx[:] = control.throttle * self.options.top_speed
        state.yaw[:] += control.steer * dt
        state.x[:] += state.vx * dt * np.cos(state.yaw)
        state.y[:] += state.vx * dt * np.sin(state.yaw)
        self.slid[:] += state.vx * dt
        self.view.clock.elapsed[:] += dt


class Slid(Sensor):
    """The channel, in kilometres."""

    requires = frozenset({"slid"})

    def __init__(self, setup):
        super().__init__(setup)
        self.space = spaces.Box(0.0, 1000.0, (1,), np.float32)

    def observe(self, view, cars, out):
        out[:, 0] = view.channels["slid"].reshape(-1)[cars] / 1000.0


class OnePedal(ActionMap):
    """Throttle alone."""

    def __init__(self, setup):
        super().__init__(setup)
        self.space = spaces.Box(0.0, 1.0, (1,), np.float32)

    def apply(self, actions, cars, control):
        control.steer.reshape(-1)[cars] = 0
        control.throttle.reshape(-1)[cars] = np.clip(actions[:, 0], 0, 1)
        control.brake.reshape(-1)[cars] = 0


class Fast(RewardTerm):
    """Speed."""

    requires = frozenset({"vx"})

    def compute(self, view, out):
        out[:] = view.state.vx


class Far(Termination):
    """Has slid for 50 m."""

    truncates = True
    requires = frozenset({"slid"})

    def compute(self, view, out):
        np.greater(view.channels["slid"], 50.0, out=out)


class Patient(Driver):
    """Drives by what it is told, through the action map that it asks for."""

    observation = ("slid",)
    action = "one_pedal"

    def act(self, view, cars, observations, control):
        actions = np.full((len(cars), 1), 0.5, np.float32) + 0 * observations
        self.setup.action_map.apply(actions, cars, control)


@hookimpl
def register_backends(register):
    register("slider", f"{__name__}:Slider", summary="slides", api=1)


@hookimpl
def register_sensors(register):
    register("slid", f"{__name__}:Slid")


@hookimpl
def register_action_maps(register):
    register("one_pedal", f"{__name__}:OnePedal")


@hookimpl
def register_rewards(register):
    register("fast", f"{__name__}:Fast")


@hookimpl
def register_terminations(register):
    register("far", f"{__name__}:Far")


@hookimpl
def register_drivers(register):
    register("patient", f"{__name__}:Patient")


@hookimpl
def run_finished(run):
    (run.folder / "seen").touch()
