"""Cars that can't go on, whatever the backend: they are retired, and their state is cleaned."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from racegym.interfaces import Array, Arrays, TrackFrame, View, columns
from racegym.interfaces.records import CarState
from racegym.kernels.wrecks import find_wrecks
from racegym.race_control.part import Part
from racegym.race_control.rules import WreckRules

__all__ = ["Wrecks"]

WATCHED = ("x", "y", "yaw", "vx", "vy", "yaw_rate", "ax", "ay")
MOTION = ("vx", "vy", "vz", "yaw_rate", "roll_rate", "pitch_rate", "ax", "ay")


class Wrecks(Part):
    """Finds cars that are flung, upside down or no longer numbers.

    A state that is no number is cleaned in the step in which it shows: the car rests where it
    was last on its track. So neither its own observation nor anyone else's holds a NaN.

    Args:
        view: the world's data.
        rules: what a wreck is.
        arrays: the world's memory.
        fills: the fields of ``CarState`` that the backend fills.

    Attributes:
        reason: (n_races, n_cars) uint8, a ``Retirement`` of who is to be retired in this step.
        lost: (n_races, n_cars) bool, whose state has been no number since the start.
    """

    def __init__(self, view: View, rules: WreckRules, arrays: Arrays, fills: Set[str]):
        state, frame, before, tracks = view.state, view.frame, view.previous_frame, view.tracks
        shape = (view.n_cars,)
        self.reason: Array = arrays.new("wrecks.reason", shape, "uint8")
        self.lost: Array = arrays.new("wrecks.lost", shape, "bool")
        self._broken = arrays.new("wrecks.broken", shape, "bool").reshape(-1)
        self._found = np.zeros(1, np.bool_)
        self._view = view
        self._filled = [
            getattr(state, name)
            for name, spec in columns(CarState).items()
            if name in fills and spec.dtype in ("real", "float64")
        ]
        watched = [getattr(state, name if name in fills else "vx") for name in WATCHED]
        self._find = find_wrecks.bind(
            *(
                array.reshape(-1)
                for array in (
                    *watched, state.roll, state.pitch, view.race.status, view.race.present,
                    frame.d, before.s, before.d, frame.width_left, frame.width_right,
                    frame.jumped,
                )
            ),
            view.clock.elapsed, tracks.race_track, tracks.points, tracks.table,
            arrays.new("wrecks.turned_for", shape).reshape(-1), self.reason.reshape(-1),
            self._broken, self._found,
            float(rules.upside_down), float(rules.flung), float(rules.astray),
        )  # fmt: skip

    def prepare(self) -> None:
        """Find the wrecks of this step, and clean what would spoil others."""
        self._found[0] = False
        self._find()
        if self._found[0]:
            self._clean(np.flatnonzero(self._broken))

    def _clean(self, cars: Array) -> None:
        """Let cars rest where they were last on their tracks; seldom, and for few of them."""
        view, state = self._view, self._view.state
        self.lost.reshape(-1)[cars] = True
        for name in columns(TrackFrame):
            before = getattr(view.previous_frame, name).reshape(-1)[cars]
            getattr(view.frame, name).reshape(-1)[cars] = before
        view.frame.jumped.reshape(-1)[cars] = False
        rows = [array.reshape((view.n_races * view.n_cars, -1)) for array in self._filled]
        rows += [
            array.reshape((view.n_races * view.n_cars, -1))
            for name, array in view.channels.items()
            if view.channel_specs[name].axes.startswith("race car") and array.dtype.kind == "f"
        ]
        for row in rows:
            row[cars] = np.nan_to_num(row[cars], nan=0.0, posinf=0.0, neginf=0.0)
        for name in MOTION:
            moves = getattr(state, name).reshape(-1)
            moves[cars] = np.where(np.isnan(moves[cars]), moves[cars], 0.0)
        place = view.frame
        s, d = place.s.reshape(-1)[cars], place.d.reshape(-1)[cars]
        pose = view.tracks.pose(cars // view.n_cars, s, d)
        for name, values in zip(("x", "y", "yaw"), pose.T, strict=True):
            getattr(state, name).reshape(-1)[cars] = values
        races = np.unique(cars // view.n_cars)
        for name in ("impulse", "x", "y", "normal_x", "normal_y", "closing_speed"):
            touched = getattr(view.contacts, name)
            touched[races] = np.nan_to_num(touched[races], nan=0.0, posinf=0.0, neginf=0.0)
