"""How one car of each race of a batch fares, episode by episode, as ``result.json`` tells it."""

from __future__ import annotations

from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.errors import ScenarioError
from racegym.interfaces import Array, Event, EventKind, Status
from racegym.record.limit import Limits, percentages
from racegym.record.result import STATUS
from racegym.run.goals import goals_of, is_completed
from racegym.world import World

__all__ = ["ScoreCard"]

Mask = NDArray[np.bool_]

_COUNTED = {
    EventKind.OFF_TRACK: "off_track",
    EventKind.WALL: "wall_contacts",
    EventKind.OBSTACLE: "obstacle_contacts",
    EventKind.CUT: "cuts",
    EventKind.FAULT: "faults",
}


class ScoreCard:
    """Follows one car of each race through one episode.

    Args:
        world: whose races have just been reset; its only group of agents are these cars.
        limits: told of completed laps.
    """

    def __init__(self, world: World, limits: Limits):
        self._world, self._limits = world, limits
        self._group = world.groups[0]
        n = world.n_races
        self._car = int(self._group.cars[0])  # of the first race, and so of each
        self.steps: NDArray[np.int64] = np.zeros(n, np.int64)
        self.reward: NDArray[np.float64] = np.zeros(n)
        self._active: NDArray[np.float64] = np.zeros(n)
        self._top: NDArray[np.float64] = np.zeros(n)
        self._time: NDArray[np.float64] = np.zeros(n)
        self._valid: Mask = np.ones(n, np.bool_)
        self._finish: list[float | None] = [None] * n
        self._laps: list[list[tuple[float | None, bool]]] = [[] for _ in range(n)]
        self._counts: list[dict[str, int]] = [dict.fromkeys(_COUNTED.values(), 0) for _ in range(n)]
        self._last: list[dict[str, Any]] = [{} for _ in range(n)]
        self._start = world.view.race.start_progress[:, self._car].copy()
        self._goals = goals_of(world)

    def see(self, live: Mask) -> None:
        """Take in the control interval that was just driven.

        Args:
            live: (n_races,) races whose episode it still belongs to.

        Raises:
            ScenarioError: the reward is not finite.
        """
        view, car = self._world.view, self._car
        race, state = view.race, view.state
        self.steps += live
        self.reward += np.where(live, self._group.reward, 0.0)
        if not np.isfinite(self.reward).all():
            self._refuse_reward()
        racing = live & (race.status[:, car] <= Status.PIT)
        self._active[racing] = race.time[racing]
        self._time[live] = race.time[live]
        speed = np.hypot(state.vx[:, car], state.vy[:, car]).astype(np.float64)
        np.fmax(self._top, np.where(live, speed, 0.0), out=self._top)
        if view.events.count.any():
            for event in self._world.events():
                if event.car == car and live[event.race]:
                    self._note(event)
        self._valid[:] = race.lap_valid[:, car]

    def _refuse_reward(self) -> None:
        terms = self._group.terms.items()
        wrong = [name for name, values in terms if not np.isfinite(values).all()]
        of = f" of {', '.join(map(repr, wrong))}" if wrong else ""
        raise ScenarioError(f"the reward{of} is no finite number, so there is no return to tell")

    def _note(self, event: Event) -> None:
        race, view = event.race, self._world.view
        if event.kind is EventKind.LAP:
            # Crossing the line makes the next lap valid; the lap that ended here was so if it
            # had been after the step before, and nothing happened in this one.
            spoilt = view.race.off_track[race, event.car] or view.frame.jumped[race, event.car]
            time = event.value if np.isfinite(event.value) else None
            self._laps[race].append((time, bool(self._valid[race]) and not spoilt))
            self._limits.lap(race, 0, event.car)
        elif event.kind is EventKind.FINISH:
            self._finish[race] = event.value
        elif event.kind in _COUNTED:
            self._counts[race][_COUNTED[event.kind]] += 1

    def end(self, over: Mask) -> None:
        """Keep how the races stand whose episode ends with this control interval."""
        race, frame, car = self._world.view.race, self._world.view.frame, self._car
        for k in np.flatnonzero(over).tolist():
            first = int(np.argmin(race.position[k]))
            finish = race.finish_time[k]
            self._last[k] = {
                "position": int(race.position[k, car]),
                "status": STATUS.get(Status(int(race.status[k, car])), "not finished"),
                "laps": int(race.laps_done[k, car]),
                "progress": float(frame.progress[k, car]),
                "origin": float(race.lap_origin[k, car]),
                "gap": _finite(race.gap_leader[k, car]),
                "gap_laps": int(race.laps_behind[k, car]),
                "leader": (_finite(finish[first]), int(race.laps_done[k, first])),
                "ended_by": [name for name, holds in self._group.reasons.items() if holds[k]],
            }

    def rows(self, count: int) -> list[dict[str, Any]]:
        """Return the first ``count`` episodes; keys and units are those of ``result.json``.

        Percentages are missing: see ``with_percent``.
        """
        laps = self._world.config.rules.laps
        rows = [self._row(k) for k in range(count)]
        return [{**row, "completed": is_completed(row, self._goals, laps)} for row in rows]

    def _row(self, k: int) -> dict[str, Any]:
        view, car = self._world.view, self._car
        last, finish, config = self._last[k], self._finish[k], self._world.config
        track = view.tracks.track_of(k)
        progress = last["progress"]
        if finish is not None:  # it is exactly on its line
            progress = last["origin"] + last["laps"] * track.length
        distance = progress - float(self._start[k])
        time = float(self._active[k]) if finish is None else finish
        valid = [lap for lap, counts in self._laps[k] if counts and lap is not None]
        leader_time, leader_laps = last["leader"]
        gap, behind = last["gap"], last["gap_laps"]
        if finish is not None and leader_time is not None:
            behind = leader_laps - last["laps"]
            gap = None if behind else finish - leader_time
        return {
            "position": last["position"],
            "car": car,
            "name": config.cars[car].name,
            "status": last["status"],
            "laps": last["laps"],
            "best_lap": min(valid, default=None),
            "mean_lap": fmean(valid) if valid else None,
            "last_lap": self._laps[k][-1][0] if self._laps[k] else None,
            "total_time": finish,
            "time": time,
            "gap": gap,
            "gap_laps": behind,
            "distance": distance,
            "average_speed": distance / time if time > 0 else 0.0,
            "top_speed": float(self._top[k]),
            **self._counts[k],
            "track": track.name,
            "steps": int(self.steps[k]),
            "reward": float(self.reward[k]),
            "ended_by": last["ended_by"],
        }

    def with_percent(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """Add to the rows their lap times in percent of the limit.

        Returns:
            The limits, as they stand in a result.
        """
        found = self._limits.found()
        for k, row in enumerate(rows):
            laps = [time if counts else None for time, counts in self._laps[k]]
            row |= percentages(found, k, 0, self._car, laps)
        return {name: found[name] for name in ("references", "reasons")}


def _finite(value: Array | float) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None
