"""How a race begins: under red lights or in a formation."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Arrays, Control, Races, Signal, View
from racegym.kernels.starts import begin_races, hold_cars, watch_starts
from racegym.race_control.part import Part, event_arrays
from racegym.race_control.rules import StartProcedure

__all__ = ["Starts"]

_GREEN = np.uint8(Signal.GREEN)


class Starts(Part):
    """Lights, formation and jump starts, of races that do not begin at once.

    Args:
        view: the world's data.
        procedure: how races begin.
        arrays: the world's memory.
        flying: laps begin at the line, not at the start signal.
    """

    def __init__(self, view: View, procedure: StartProcedure, arrays: Arrays, *, flying: bool):
        race, frame, vehicle = view.race, view.frame, view.vehicle
        green_at = arrays.new("starts.green_at", (), "float64")
        begins = Signal.LIGHTS if procedure.begins == "lights" else Signal.FORMATION
        shortest, longest = procedure.lights
        self._race = race
        self._view = view
        self._begin = (
            race.key, int(begins), float(shortest), float(longest), race.signal, green_at,
            race.status,
        )  # fmt: skip
        watched = np.inf if procedure.hold else float(procedure.jump_distance)
        self._watch = (
            race.signal, green_at, race.start_time, race.time, race.step, view.clock.elapsed,
            race.status, frame.progress, view.previous_frame.progress, race.start_progress,
            race.jump_start, race.stuck_time, race.lap_start, race.sector_start,
            race.checkpoint_time, race.laps_done, event_arrays(view.events), watched, flying,
        )  # fmt: skip
        self._hold = (
            race.signal, procedure.hold, float(procedure.speed), race.status, frame.progress,
            race.start_progress, view.state.vx, vehicle.drive, vehicle.power, vehicle.brake,
            vehicle.drag,
        )  # fmt: skip

    def start(self, races: Races) -> None:
        """Show the signal that a race begins with."""
        begin_races(races, *self._begin)

    def order(self, control: Control) -> None:
        """Hold the cars under red lights, and keep a formation together."""
        if np.count_nonzero(self._race.signal != _GREEN):
            hold_cars(control.throttle, control.brake, control.gear, *self._hold)

    def observe(self) -> None:
        """Watch the cars until the race has begun."""
        if np.count_nonzero(self._race.signal != _GREEN):
            watch_starts(*self._watch)
