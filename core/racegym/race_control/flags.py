"""Flags: yellow, blue, chequered, and a safety car that slows the field down."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Array, Arrays, Control, View
from racegym.kernels.flags import Limits, hold_cars, wave_flags
from racegym.race_control.part import Part, event_arrays
from racegym.race_control.rules import Rules
from racegym.race_control.standings import Standings
from racegym.track.track import MAX_SECTORS

__all__ = ["Flags"]

NOBODY = -1


class Flags(Part):
    """Shows flags to the cars of a race; see ``racegym.kernels.flags``.

    Args:
        view: the world's data.
        rules: when which flag is shown.
        arrays: the world's memory.
        standings: who is where.

    What is remembered: when cars first moved off, (n_races,) [s]; since when, until when [s] and
    by which car each sector is in danger, (n_races, MAX_SECTORS); who laps each car; since when,
    since which lap of the leader, and to what speed [m/s] the field is slowed down.
    """

    def __init__(self, view: View, rules: Rules, arrays: Arrays, standings: Standings):
        race, frame, state, tracks = view.race, view.frame, view.state, view.tracks
        sectors, cars = (MAX_SECTORS,), (view.n_cars,)
        nan, inf = np.nan, np.inf
        self._slow_speed: Array = arrays.new("flags.slow_speed", (), "float64", inf)
        memory = (
            arrays.new("flags.begun", (), "float64", nan),
            arrays.new("flags.danger_since", sectors, "float64", nan),
            arrays.new("flags.danger_until", sectors, "float64", -inf),
            arrays.new("flags.danger_car", sectors, "int32", NOBODY),
            arrays.new("flags.lapper", cars, "int32", NOBODY),
            arrays.new("flags.slow_since", (), "float64", nan),
            arrays.new("flags.slow_laps", (), "int32"),
            self._slow_speed,
        )
        self._vx: Array = state.vx
        self._flags: Array = race.flags
        self._slows = rules.flags.safety_car is not None
        self._wave = wave_flags.bind(
            race.status, race.present, frame.progress, standings.driven, race.start_progress,
            frame.s, frame.d, frame.width_left, frame.width_right, frame.heading_error, state.vx,
            view.vehicle.length, race.stuck_time, race.contact_class, race.laps_done,
            race.best_lap_time, race.chequered, race.time,
            tracks.race_track, tracks.table, tracks.sector_s,
            rules.timing.mini_sectors, standings.ranking, standings.first_gate,
            standings.next_gate, standings.passed_at,
            race.flags, *memory, event_arrays(view.events), _limits(rules),
        )  # fmt: skip

    def order(self, control: Control) -> None:
        """Hold the field to the safety car's speed."""
        if self._slows and np.count_nonzero(np.isfinite(self._slow_speed)):
            hold_cars(self._flags, self._slow_speed, self._vx, control.throttle, control.brake)

    def observe(self) -> None:
        """Show the flags of the step."""
        self._wave()


def _limits(rules: Rules) -> Limits:
    flags, safety = rules.flags, rules.flags.safety_car
    return Limits(
        yellow=flags.yellow,
        yellow_after=float(flags.yellow_after),
        yellow_hold=float(flags.yellow_hold),
        yellow_margin=float(flags.yellow_margin),
        stuck_speed=float(rules.stuck_speed),
        blue=flags.blue,
        blue_gap=float(flags.blue_gap),
        after=float(safety.after) if safety else np.inf,
        seconds=float(safety.seconds) if safety else 0.0,
        laps=safety.laps if safety else 0,
        speed_share=float(safety.speed_share) if safety else 1.0,
    )
