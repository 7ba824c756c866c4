"""The backend: one CarRacing-v3 engine, one race, one car.

The map's axes are Box2D's, with the origin moved to the middle of the track. The car's
position is the hull's centre of mass, whose velocity Box2D keeps, so that velocity is the
change of position exactly. What CarRacing does not model stays missing: it has no height,
loads, gears or engine speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import cos, pi, sin
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, StrictBool

from racegym.errors import BackendError
from racegym.interfaces import (
    Backend,
    BackendSpec,
    Cars,
    Channel,
    Control,
    Effects,
    Keys,
    Races,
    Setup,
    StageOptions,
    Surface,
)
from racegym.interfaces import options as settings
from racegym.track import Track
from racegym_carracing.circuit import make_track
from racegym_carracing.engine import FRAME, Engine
from racegym_carracing.vehicle import BRAKE_CAP, STEER_LIMIT, fill_vehicle

__all__ = ["CarRacing"]

WHO = "backend 'carracing'"  # in messages
MOST_REWARD = 1000.0  # what all tiles of a lap are worth together

FILLS = frozenset({
    "x", "y", "z", "yaw", "vx", "vy", "yaw_rate", "ax", "ay",
    "steer", "throttle", "brake", "wheel_speed", "surface",
})  # fmt: skip
CHANNELS = (
    Channel(
        name="native_reward",
        dtype="float64",
        low=-MOST_REWARD,
        high=MOST_REWARD,
        doc="CarRacing's own reward of the step, summed over its frames; 0 once it is done",
    ),
    Channel(
        name="native_done",
        dtype="uint8",
        unit="",
        low=0,
        high=1,
        doc="1 once all tiles were visited, or the car left the playfield",
    ),
    Channel(name="tiles_visited", low=0, high=1, doc="share of the tiles that were visited"),
)
PIXELS = Channel(
    name="native_pixels",
    shape=(96, 96, 3),
    dtype="uint8",
    unit="",
    low=0,
    high=255,
    doc="CarRacing's own observation, rows by columns by red, green, blue",
)


class CarRacing(Backend):
    """Gymnasium's CarRacing-v3 on Box2D. Each episode drives a track of its own.

    The race's key is the engine's seed: episodes differ, and a key's track, drive and
    pictures are those of ``gymnasium.make("CarRacing-v3").reset(seed=key)``.

    CarRacing's own end of an episode ends nothing here: the car can be driven on, and the
    channel ``native_done`` tells of it.
    """

    class Options(StageOptions):
        """Settings of the backend."""

        pixels: StrictBool = Field(
            False,
            description="also offer CarRacing's own picture as channel `native_pixels`; "
            "it takes about a hundred times as long as the physics",
        )

    spec: ClassVar[BackendSpec] = BackendSpec(
        dt=FRAME,
        frame=FRAME,
        max_races=1,
        max_cars=1,
        fills=FILLS,
        channels=CHANNELS,
        tracks="new",
        max_points=2048,
        placement="start",
        snapshots="none",
        vehicles="own",
    )

    @classmethod
    def spec_for(cls, options: Mapping[str, Any]) -> BackendSpec:
        """Return the spec, with the channel of pictures if they are asked for.

        Raises:
            ScenarioError: an option does not exist or has the wrong type.
        """
        if not settings.read(cls.Options, options, WHO).pixels:
            return cls.spec
        return replace(cls.spec, channels=(*CHANNELS, PIXELS))

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self._pixels = settings.read(self.Options, setup.options, WHO).pixels
        self._engine: Engine | None = Engine()
        self._track: Track | None = None
        self._action = np.zeros(3)  # of CarRacing: steer to the right, gas, brake
        self._done = False

    def reset(self, races: Races, keys: Keys) -> None:
        """Make the track of the key and put the car on its start."""
        if len(races) == 0:
            return
        engine = self._open()
        key = int(keys[0])
        engine.drawing = self._pixels
        picture, _ = engine.reset(seed=key)
        self._track = make_track(engine.track, f"carracing-{key}")
        self._done = False
        fill_vehicle(self.view.vehicle, 0)
        self._fill_state()
        self.view.state.ax[0, 0] = self.view.state.ay[0, 0] = 0.0
        self._fill_channels(0.0, picture)

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        """Advance the car by ``dt`` [s], which is a whole number of frames.

        Raises:
            BackendError: it is none, or the engine was closed or never reset.
        """
        engine = self._open()
        if self._track is None:
            raise BackendError("CarRacing must be reset before its first step")
        frames = round(dt / FRAME)
        if frames < 1 or abs(frames * FRAME - dt) > 1e-9:
            below = max(1, int(dt / FRAME)) * FRAME
            raise BackendError(
                f"CarRacing steps in frames of {FRAME:g} s; dt {dt:g} is no multiple; "
                f"the nearest are {below:g} and {below + FRAME:g}"
            )
        clock = self.view.clock
        first_of_step = clock.elapsed[0] == 0.0
        clock.elapsed[0] += frames * FRAME
        if not self.view.race.present[0, 0]:
            return

        hull = engine.bodies.hull
        angle, velocity = hull.angle, hull.linearVelocity.copy()
        self._action[0] = -STEER_LIMIT * control.steer[0, 0]
        self._action[1] = control.throttle[0, 0]
        self._action[2] = min(control.brake[0, 0], BRAKE_CAP)
        paid = 0.0 if first_of_step else float(self.view.channels["native_reward"][0, 0])
        picture = None
        for frame in range(frames):
            engine.drawing = self._pixels and frame == frames - 1
            picture, reward, done, _, _ = engine.step(self._action)
            if not self._done:
                paid += reward
            self._done = self._done or done
        self._fill_state()
        # The force of a step acts along the car as it was in the middle of it.
        middle = 0.5 * (angle + hull.angle)
        self._fill_acceleration((hull.linearVelocity - velocity) / (frames * FRAME), middle)
        self._fill_channels(paid, picture)

    def remove(self, cars: Cars) -> None:
        """Take the car off the track: it is not stepped any more until the next reset."""

    def track(self, race: int) -> Track:
        """Return the track of this episode.

        Raises:
            BackendError: there is none before the first reset.
        """
        if self._track is None:
            raise BackendError("CarRacing has no track before its first reset")
        return self._track

    def close(self) -> None:
        """Let go of the engine. May be called twice."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()  # type: ignore[no-untyped-call]

    def _open(self) -> Engine:
        if self._engine is None:
            raise BackendError("CarRacing was closed; build a new one")
        return self._engine

    def _fill_state(self) -> None:
        """Write what Box2D knows of the car."""
        car, state, origin = self._open().bodies, self.view.state, self.track(0).origin
        hull = car.hull
        x, y = hull.worldCenter
        state.x[0, 0], state.y[0, 0], state.z[0, 0] = x - origin[0], y - origin[1], 0.0
        yaw = hull.angle + 0.5 * pi  # Box2D's angle 0 looks along +y
        state.yaw[0, 0] = (yaw + pi) % (2.0 * pi) - pi
        state.vx[0, 0], state.vy[0, 0] = _in_car(hull.linearVelocity, hull.angle)
        state.yaw_rate[0, 0] = hull.angularVelocity
        front_left, front_right, rear_left, _ = car.wheels
        state.steer[0, 0] = 0.5 * (front_left.joint.angle + front_right.joint.angle)
        state.throttle[0, 0] = rear_left.gas
        state.brake[0, 0] = rear_left.brake
        for index, wheel in enumerate(car.wheels):
            state.wheel_speed[0, 0, index] = wheel.omega
            state.surface[0, 0, index] = Surface.ASPHALT if wheel.tiles else Surface.GRASS

    def _fill_acceleration(self, acceleration: Any, angle: float) -> None:
        state = self.view.state
        state.ax[0, 0], state.ay[0, 0] = _in_car(acceleration, angle)

    def _fill_channels(self, reward: float, picture: Any) -> None:
        engine, channels = self._open(), self.view.channels
        channels["native_reward"][0, 0] = reward
        channels["native_done"][0, 0] = self._done
        channels["tiles_visited"][0, 0] = engine.tile_visited_count / len(engine.track)
        if self._pixels:
            channels["native_pixels"][0, 0] = picture


def _in_car(vector: Any, angle: float) -> tuple[float, float]:
    """Return the forward and the left part of a map vector, for a hull at ``angle`` [rad]."""
    ahead_x, ahead_y = -sin(angle), cos(angle)
    return vector[0] * ahead_x + vector[1] * ahead_y, vector[1] * ahead_x - vector[0] * ahead_y
