"""What race control asks of a scripted driver beside racing: to wait, to drive the pit lane."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Cars, Control, Setup, Signal, View
from racegym.kernels.pit_driving import follow_orders

__all__ = ["PitStop"]

_GREEN = np.uint8(Signal.GREEN)


class PitStop:
    """Takes over where a driver has to wait for the lights, or to drive through the pit lane.

    It comes in where a drive-through or a stop-go is due, or where the driver has set the request
    ``PIT``; drives the lane at its limit; and for a stop-go stands at its box, or in the middle
    of a lane without boxes, for ``RaceState.penalty_stop`` seconds or until none is due.

    Args:
        setup: of the driver.
    """

    def __init__(self, setup: Setup):
        shape = (setup.view.n_cars,)
        self._serves = setup.arrays.new("serves", shape, "int8")
        self._begun = setup.arrays.new("begun", shape)

    def drive(self, view: View, cars: Cars, control: Control) -> None:
        """Change the control of ``cars`` where the rules ask for it; after the driver wrote it."""
        race = view.race
        racing = race.signal.min() >= _GREEN
        if racing and not (race.penalty_due.any() or self._serves.any() or control.request.any()):
            return
        state, frame, vehicle, tracks = view.state, view.frame, view.vehicle, view.tracks
        follow_orders(
            cars, state.x, state.y, state.yaw, state.vx, frame.s, frame.d,
            frame.width_left, frame.width_right, race.status, race.signal, race.pit_limit,
            race.pit_standing, race.penalty_due, race.penalty_stop,
            vehicle.width, vehicle.wheelbase, vehicle.to_front, vehicle.steer_limit,
            vehicle.grip, vehicle.drive, vehicle.brake,
            tracks.race_track, tracks.points, tracks.table, tracks.pits, tracks.pit_boxes,
            self._serves, self._begun, control.steer, control.throttle,
            control.brake, control.gear, control.request, view.dt,
        )  # fmt: skip
