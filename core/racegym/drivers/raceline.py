"""A driver that follows a racing line at the speed that physics allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from racegym.drivers.levels import RacerOptions, pace_up_to, racer
from racegym.drivers.paths import Paths
from racegym.drivers.pit_stop import PitStop
from racegym.drivers.racecraft import Racecraft
from racegym.drivers.reference import known_ggv, line_for, reference_time
from racegym.interfaces import GGV, Cars, Control, Driver, Setup, View, options
from racegym.kernels.following import follow_line
from racegym.raceline.line import Line
from racegym.raceline.racing_line import LineKind
from racegym.raceline.reference import DEFAULT_LINE
from racegym.track import Track

__all__ = ["Raceline"]

Floats = NDArray[np.float64]

LATERAL_TRUST, BRAKE_TRUST = 0.97, 0.7  # of the envelope: what is left corrects the line
SHARE_TRUST = 0.9  # of the way to the lateral limit at which the brakes have to be let go
MOST_DRIFT = 0.21  # [rad] that a car may slide in a steady corner: softer tyres are not used up
UNSURE_BRAKES = 2.0  # the brakes are taken to bite so much harder until they have been felt


class Raceline(Driver):
    """Follows a racing line by feed-forward and feedback, at the speed of a lap-time simulation.

    The control law stands in ``racegym.kernels.following``. The line is made for the track and
    the width of the car, the speeds for the g-g-v envelope of its vehicle, or where the
    backend has none, or the vehicle is drawn anew for each episode, for the envelope in the
    vehicle table. Among other cars it races, see ``racegym.kernels.racecraft``. It does not
    look at obstacles that its line does not pass by. Off the track, or turned round, it slows
    down and steers back.
    """

    pits: ClassVar[bool] = True

    class Options(RacerOptions):
        """Settings of the driver."""

        pace: float | None = pace_up_to(105)
        line: LineKind = Field(
            DEFAULT_LINE, description="what it follows; own: the line that the track brings"
        )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "driver 'raceline'")
        view, new = setup.view, setup.arrays.new
        self._blocked = new("blocked", (view.n_cars,), "float64")
        self._bite = new("bite", (view.n_cars,), "float64", UNSURE_BRAKES)
        self._twist = new("twist", (view.n_cars,), "float64")
        self._drift = new("drift", (view.n_cars,), "float64")
        self._pit = PitStop(setup)
        self._trusted: dict[int, GGV] = {}
        self._racer = settled = racer("raceline", self.options)
        self._racecraft = Racecraft(
            setup,
            aggression=settled.aggression,
            error_rate=settled.error_rate,
            reaction=settled.reaction,
        )
        self._paths = Paths(view, self._line, self._ggv, self._pace)

    def _line(self, track: Track, width: float, car: int) -> Line:
        return line_for(self.setup, self.options.line, track, width, car)

    def _ggv(self, car: int) -> GGV:
        """Return what the car is trusted to do."""
        slot = car % self.setup.view.n_cars
        if self.setup.drawn or self.setup.ggv(slot) is None:
            return _trusted(known_ggv(self.setup, car))
        if slot not in self._trusted:
            self._trusted[slot] = _trusted(known_ggv(self.setup, car))
        return self._trusted[slot]

    def _pace(self, track: Track, planned: float, car: int) -> float:
        """Return the share of the plan's speeds at which it drives."""
        if self._racer.effort is None:
            return self._racer.pace / 100.0
        length = float(self.setup.view.vehicle.length.reshape(-1)[car])
        return self._racer.factor(length, planned, reference_time(self.setup, track, car))

    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write steer, pedals and gear of ``cars``."""
        state, frame, vehicle, tracks = view.state, view.frame, view.vehicle, view.tracks
        paths, previous = self._paths, view.previous_control
        paths.refresh(view, cars)
        self._racecraft.plan(view, cars, paths.starts, paths.rows)
        follow_line(
            cars, state.vx, state.vy, state.yaw_rate, state.ax, state.ay,
            frame.s, frame.d, frame.heading_error, frame.width_left, frame.width_right,
            vehicle.wheelbase, vehicle.steer_limit, vehicle.drive, vehicle.power,
            vehicle.brake, vehicle.drag, previous.throttle, previous.brake,
            tracks.race_track, tracks.points, tracks.table,
            paths.starts, paths.rows, paths.envelopes,
            paths.top_speeds, paths.drives, paths.brakes, paths.slips, paths.understeers,
            self._blocked, self._bite, self._twist, self._drift, self._racecraft.intent,
            control.steer, control.throttle, control.brake, control.gear, view.dt,
        )  # fmt: skip
        self._pit.drive(view, cars, control)


def _trusted(ggv: GGV) -> GGV:
    """Return ``ggv`` less what is kept to correct with."""
    held = np.full(len(ggv.speed), LATERAL_TRUST)
    if ggv.slip is not None:
        drifts = np.maximum.accumulate(-ggv.slip, axis=1)
        held = np.minimum(held, [np.interp(MOST_DRIFT, row, ggv.share) for row in drifts])

    def at(used: Floats, values: Floats) -> Floats:
        shares = np.broadcast_to(used, values.shape)
        return np.array(
            [np.interp(x, ggv.share, row) for x, row in zip(shares, values, strict=True)]
        )

    turned = held[:, None] * ggv.share
    return replace(
        ggv,
        lateral=held * ggv.lateral,
        brake=BRAKE_TRUST * at(ggv.share / SHARE_TRUST, ggv.brake),
        slip=None if ggv.slip is None else at(turned, ggv.slip),
        understeer=None if ggv.understeer is None else at(turned, ggv.understeer),
    )
