"""A driver that follows the centerline as fast as the car allows."""

from __future__ import annotations

from typing import Any, ClassVar

from racegym.drivers.levels import RacerOptions, racer
from racegym.drivers.pit_stop import PitStop
from racegym.drivers.profiles import Profiles
from racegym.drivers.racecraft import Racecraft
from racegym.drivers.reference import reference_time
from racegym.interfaces import Cars, Control, Driver, Setup, View, options
from racegym.kernels.pursuit import pursue

__all__ = ["PurePursuit"]

MARGIN = 0.95  # of the profile's speed at pace 100, for what a point mass does not know


class PurePursuit(Driver):
    """Pure pursuit on the centerline, at the speed of a forward-backward profile.

    What is added to plain pure pursuit stands in ``racegym.kernels.pursuit``; the profile in
    ``racegym.kernels.pacing``. Among other cars it races, see ``racegym.kernels.racecraft``. It
    looks at positions and at the vehicle table, not at obstacles. Off the track, or turned
    round, it slows down and steers back to the line.
    """

    pits: ClassVar[bool] = True

    class Options(RacerOptions):
        """Settings of the driver."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "driver 'pure_pursuit'")
        self._racer = settled = racer("pure_pursuit", self.options)
        self._racecraft = Racecraft(
            setup,
            aggression=settled.aggression,
            error_rate=settled.error_rate,
            reaction=settled.reaction,
        )
        self._blocked = setup.arrays.new("blocked", (setup.view.n_cars,), "float64")
        self._bite = setup.arrays.new("bite", (setup.view.n_cars,), "float64", 1.0)
        self._twist = setup.arrays.new("twist", (setup.view.n_cars,), "float64")
        self._pit = PitStop(setup)
        self._profiles = Profiles(
            setup.view,
            MARGIN * settled.pace / 100.0,
            None if settled.effort is None else self._share,
            lines=not self._racecraft.alone,
        )

    def _share(self, car: int, planned: float) -> float:
        """Return the share of the plan's speeds at which it drives."""
        view = self.setup.view
        track = view.tracks.track_of(car // view.n_cars)
        length = float(view.vehicle.length.reshape(-1)[car])
        return self._racer.factor(length, planned, reference_time(self.setup, track, car))

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write steer, pedals and gear of ``cars``."""
        state, frame, vehicle, tracks = view.state, view.frame, view.vehicle, view.tracks
        profiles = self._profiles
        profiles.refresh(view, cars)
        self._racecraft.plan(view, cars, profiles.starts, profiles.paths)
        pursue(
            cars, state.x, state.y, state.yaw, state.vx, state.vy, state.yaw_rate,
            frame.s, frame.d, frame.heading_error, frame.width_left, frame.width_right,
            vehicle.wheelbase, vehicle.to_front, vehicle.steer_limit,
            state.ax, view.previous_control.throttle, view.previous_control.brake,
            tracks.race_track, tracks.points, tracks.table,
            profiles.keys, profiles.starts, profiles.speeds, self._blocked, self._bite,
            self._twist, self._racecraft.intent,
            control.steer, control.throttle, control.brake, control.gear, view.dt, profiles.paces,
        )  # fmt: skip
        self._pit.drive(view, cars, control)
