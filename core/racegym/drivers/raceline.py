"""A driver that follows a racing line at the speed that physics allows."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Literal

import numpy as np
from pydantic import Field

from racegym.drivers.paths import Paths
from racegym.interfaces import GGV, Cars, Control, Driver, Setup, StageOptions, View, options
from racegym.kernels.following import follow_line
from racegym.raceline.capability import Envelope, point_mass_ggv
from racegym.raceline.line import Line
from racegym.raceline.racing_line import racing_line
from racegym.track import Track

__all__ = ["Raceline"]

LATERAL_TRUST = 0.97  # of the envelope: what is left corrects the line
BRAKE_TRUST = 0.8
SHARE_TRUST = 0.95
UNSURE_BRAKES = 2.0  # the brakes are taken to bite so much harder until they have been felt


class Raceline(Driver):
    """Follows a racing line by feed-forward and feedback, at the speed of a lap-time simulation.

    The control law stands in ``racegym.kernels.following``. The line is made for the track and
    the width of the car, the speeds for the g-g-v envelope of its vehicle, or where the
    backend has none, or the vehicle is drawn anew for each episode, for the envelope in the
    vehicle table. It looks at positions and at these, not at other cars nor at obstacles that
    its line does not pass by. Off the track, or turned round, it slows down and steers back.
    """

    class Options(StageOptions):
        """Settings of the driver."""

        pace: float = Field(
            100.0, gt=0, le=105, description="[%] of the speed that it trusts the car with"
        )
        line: Literal["minimum_curvature", "shortest", "centerline", "own"] = Field(
            "minimum_curvature", description="what it follows; own: the track's own line"
        )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "driver 'raceline'")
        view, new = setup.view, setup.arrays.new
        self._blocked = new("blocked", (view.n_cars,), "float64")
        self._bite = new("bite", (view.n_cars,), "float64", UNSURE_BRAKES)
        self._twist = new("twist", (view.n_cars,), "float64")
        self._drift = new("drift", (view.n_cars,), "float64")
        self._trusted: dict[int, GGV | None] = {}
        self._paths = Paths(view, self._line, self._ggv, self.options.pace / 100.0)

    def _line(self, track: Track, width: float) -> Line:
        return racing_line(track, self.options.line, width=width if np.isfinite(width) else 0.0)

    def _ggv(self, car: int) -> GGV:
        """Return what the car is trusted to do."""
        slot = car % self.setup.view.n_cars
        if slot not in self._trusted:
            known = None if self.setup.drawn else self.setup.ggv(slot)
            self._trusted[slot] = None if known is None else _trusted(known)
        found = self._trusted[slot]
        if found is not None:
            return found
        table = self.setup.view.vehicle
        told = {
            field.name: float(getattr(table, field.name).reshape(-1)[car])
            for field in fields(Envelope)
        }
        return _trusted(point_mass_ggv(Envelope(**told)))

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write steer, pedals and gear of ``cars``."""
        state, frame, vehicle, tracks = view.state, view.frame, view.vehicle, view.tracks
        paths, previous = self._paths, view.previous_control
        paths.refresh(view, cars)
        follow_line(
            cars, state.vx, state.vy, state.yaw_rate, state.ax, state.ay,
            frame.s, frame.d, frame.heading_error, frame.width_left, frame.width_right,
            vehicle.wheelbase, vehicle.steer_limit, vehicle.drive, vehicle.power,
            vehicle.brake, vehicle.drag, previous.throttle, previous.brake,
            tracks.race_track, tracks.points, tracks.table,
            paths.starts, paths.rows, paths.envelopes,
            paths.top_speeds, paths.drives, paths.brakes,
            self._blocked, self._bite, self._twist, self._drift,
            control.steer, control.throttle, control.brake, control.gear, view.dt,
        )  # fmt: skip


def _trusted(ggv: GGV) -> GGV:
    """Return ``ggv`` less what is kept to correct with."""
    known = ggv.share
    brake = np.array([np.interp(known / SHARE_TRUST, known, row) for row in ggv.brake])
    return replace(ggv, lateral=LATERAL_TRUST * ggv.lateral, brake=BRAKE_TRUST * brake)
