"""The pit lane: who is in it, how fast, and for how long."""

from __future__ import annotations

from racegym.interfaces import Array, Arrays, Races, View
from racegym.kernels.pit_lane import WIDTH, find_in_lane, lane_limits, watch_lane
from racegym.race_control.part import Part, event_arrays
from racegym.race_control.rules import PitRules

__all__ = ["PitLane"]


class PitLane(Part):
    """Status, times and speed of cars in the pit lane, where a track has one.

    Args:
        view: the world's data.
        rules: what holds there.
        arrays: the world's memory.

    Attributes:
        sheltered: (n_races, n_cars) bool: the asphalt under a car is that of the lane or of
            its mouths, so it is not off the track.
    """

    def __init__(self, view: View, rules: PitRules, arrays: Arrays):
        race, frame, state, tracks = view.race, view.frame, view.state, view.tracks
        shape = (view.n_cars,)
        self.sheltered: Array = arrays.new("pit.sheltered", shape, "bool")
        inside = arrays.new("pit.inside", shape, "bool")
        self._pits = tracks.pits
        self._any = False
        self._limits = (tracks.race_track, tracks.pits, float(rules.speed_limit), race.pit_limit)
        packed = (tracks.race_track, tracks.table, tracks.pits)
        self._find = find_in_lane.bind(frame.s, frame.d, *packed, inside, self.sheltered)
        self._watch = watch_lane.bind(
            frame.s, state.vx, state.vy, race.present, race.status, inside, *packed,
            race.time, view.clock.elapsed, race.pit_limit,
            arrays.new("pit.entered", shape, "float64"), arrays.new("pit.stood", shape),
            arrays.new("pit.whole", shape, "bool"),
            race.stuck_time, race.pit_passes, race.pit_stops, race.pit_standing,
            race.pit_speeding, event_arrays(view.events),
        )  # fmt: skip

    def start(self, races: Races) -> None:
        """Note the limits; where no track has a lane, that is all there is to do."""
        self._any = bool((self._pits[:, WIDTH] > 0.0).any())
        if self._any:
            lane_limits(races, *self._limits)

    def prepare(self) -> None:
        """Find who is in the lane."""
        if self._any:
            self._find()

    def observe(self) -> None:
        """Note who has come in, stood still or left."""
        if self._any:
            self._watch()
