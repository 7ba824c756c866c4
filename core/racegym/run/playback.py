"""A recorded run looked at again: scenes from its telemetry, without simulating anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.errors import RunError
from racegym.interfaces import Event, EventKind, Status
from racegym.record import RunFolder
from racegym.record.journal import BODY_FIELDS
from racegym.record.result import Lap, read_events, read_laps
from racegym.record.shapes import read_shapes
from racegym.record.telemetry_table import read_telemetry
from racegym.render import Cast, Scene
from racegym.render.scene import top_speed
from racegym.track import Track

__all__ = ["Episode", "Recording"]

Floats = NDArray[np.float64]

_FLOATS = ("time", "x", "y", "yaw", "vx", "vy", "ax", "ay", "control_steer", "control_throttle",
           "control_brake", "gap_leader", "progress")  # fmt: skip
_WHOLE = (
    "step", "status", "position", "lap", "sector", "laps_behind", "flags", "penalty_due"
)  # fmt: skip
_NEEDED = frozenset(("time", "x", "y", "yaw", "step", "status"))
# Of cars whose record does not tell: [m, m, m, m, rad, m/s].
_BODY = dict(zip(BODY_FIELDS, (4.0, 1.8, 2.5, 1.25, 0.5, np.nan), strict=True))


class Recording:
    """The races of a run that is over, one after the other.

    Args:
        folder: of the run.
        result: the content of its ``result.json``.

    Attributes:
        name: of the scenario.
        n_episodes: how many races it holds.

    Raises:
        RunError: the run holds no race.
    """

    def __init__(self, folder: RunFolder, result: Mapping[str, Any]):
        self._folder = folder
        self._episodes: Sequence[Mapping[str, Any]] = result["episodes"]
        self._names = [str(car["name"]) for car in result["cars"]]
        self._laps = int(result["laps"])
        self.name = str(result["scenario"])
        self.n_episodes = len(self._episodes)
        if not self._episodes:
            raise RunError("the run holds no race to look at", file=folder.path)

    def episode(self, index: int) -> Episode:
        """Return one of its races, from 0.

        Raises:
            RunError: there is no such race, or it was not recorded in full.
        """
        if not 0 <= index < self.n_episodes:
            raise RunError(
                f"there is no race {index + 1}; the run holds 1 to {self.n_episodes}",
                file=self._folder.path,
            )
        episode = self._episodes[index]
        key = episode["race"], episode["episode"]
        events = [
            event
            for event in read_events(self._folder.events)
            if (event["race"], event["episode"]) == key
        ]
        start = next((event for event in events if event["kind"] == "start"), None)
        shapes = read_shapes(self._folder.tracks)
        if start is None or not 0 <= start.get("shape", 0) < len(shapes):
            raise RunError(
                "does not tell where the track lies, so the run can't be drawn",
                file=self._folder.tracks,
            )
        columns = read_telemetry(self._folder, episode, (*_FLOATS, *_WHOLE), len(self._names))
        missing = sorted(_NEEDED - columns.keys())
        if missing:
            raise RunError(
                f"holds no {', '.join(missing)}, so the run can't be drawn; it was made with "
                "record.telemetry: false",
                file=self._folder.telemetry,
            )
        laps = [lap for lap in read_laps(self._folder.laps) if (lap.race, lap.episode) == key]
        return Episode(
            track=shapes[start.get("shape", 0)].track(),
            cast=_cast(start.get("bodies", {}), self._names, self._laps),
            columns=columns,
            events=[_event(event) for event in events if event["kind"] != "start"],
            laps=laps,
            flying=[progress > 0.0 for progress in start["start_progress"]],
        )


class Episode:
    """One recorded race.

    Args:
        track: where it was.
        cast: who raced.
        columns: of telemetry, (n_steps, n_cars) each.
        events: of race control.
        laps: those that were completed.
        flying: by car: its first lap was not timed from the start.

    Attributes:
        cast: as above.
    """

    def __init__(
        self,
        *,
        track: Track,
        cast: Cast,
        columns: Mapping[str, NDArray[Any]],
        events: Sequence[Event],
        laps: Sequence[Lap],
        flying: Sequence[bool],
    ):
        self.cast = cast
        self._track = track
        shape = columns["time"].shape
        unknown = np.full(shape, np.nan)
        zeros = np.zeros(shape, np.int64)
        self._floats: dict[str, Floats] = {
            name: columns.get(name, unknown).astype(np.float64) for name in _FLOATS
        }
        self._whole = {name: columns.get(name, zeros).astype(np.int64) for name in _WHOLE}
        self._times = self._floats["time"][:, 0]
        x, y = self._floats["x"], self._floats["y"]
        moved = np.ones(shape, np.bool_)
        moved[1:] = (np.diff(x, axis=0) != 0.0) | (np.diff(y, axis=0) != 0.0)
        self._present = (self._whole["status"] <= Status.PIT) | moved
        self._events = sorted(events, key=lambda event: event.time)
        self._event_times = [event.time for event in self._events]
        self._lap_start = np.where(np.array(flying), np.nan, 0.0) + np.zeros(shape)
        self._last, self._best = unknown.copy(), unknown.copy()
        self._valid = np.ones(shape, np.bool_)
        for lap in sorted(laps, key=lambda lap: lap.time):
            self._keep(lap)

    def _keep(self, lap: Lap) -> None:
        """Note a completed lap in all steps that follow."""
        first, car = int(np.searchsorted(self._times, lap.time)), lap.car
        self._lap_start[first:, car] = lap.time
        if not lap.valid:
            driven = self._whole["lap"][:, car] == lap.number - 1
            self._valid[driven, car] = False
        if lap.lap_time is not None:
            self._last[first:, car] = lap.lap_time
            if lap.valid:
                self._best[first:, car] = np.fmin(self._best[first:, car], lap.lap_time)

    def __len__(self) -> int:
        return len(self._times)

    @property
    def times(self) -> Floats:
        """Return the race time after each step [s], (n_steps,)."""
        return self._times

    def scene(self, step: int) -> Scene:
        """Return the race after a step, from 0."""
        at, whole = self._floats, self._whole
        return Scene(
            track=self._track,
            time=float(self._times[step]),
            step=int(whole["step"][step, 0]),
            present=self._present[step],
            x=at["x"][step],
            y=at["y"][step],
            yaw=at["yaw"][step],
            speed=np.hypot(at["vx"][step], np.nan_to_num(at["vy"][step])),
            ax=at["ax"][step],
            ay=at["ay"][step],
            steer=at["control_steer"][step],
            throttle=at["control_throttle"][step],
            brake=at["control_brake"][step],
            status=whole["status"][step],
            position=whole["position"][step],
            lap=whole["lap"][step],
            lap_start=self._lap_start[step],
            last_lap=self._last[step],
            best_lap=self._best[step],
            lap_valid=self._valid[step],
            sector=whole["sector"][step],
            gap=at["gap_leader"][step],
            laps_behind=whole["laps_behind"][step],
            progress=at["progress"][step],
            flags=whole["flags"][step],
            penalty_due=whole["penalty_due"][step],
        )

    def events(self, step: int) -> Iterator[Event]:
        """Yield what happened in a step, from 0."""
        before = self._times[step - 1] if step else -np.inf
        first = int(np.searchsorted(self._event_times, before, side="right"))
        for event in self._events[first:]:
            if event.time > self._times[step]:
                return
            yield event


def _event(line: Mapping[str, Any]) -> Event:
    value = line["value"]
    return Event(
        time=float(line["time"]),
        race=int(line["race"]),
        car=int(line["car"]),
        kind=EventKind[str(line["kind"]).upper()],
        value=np.nan if value is None else float(value),
        other=int(line.get("other", -1)),
        details={
            name: np.nan if figure is None else float(figure)
            for name, figure in line.get("evidence", {}).items()
        },
    )


def _cast(bodies: Mapping[str, Sequence[float | None]], names: Sequence[str], laps: int) -> Cast:
    def told(name: str) -> Floats:
        values = bodies.get(name) or [None] * len(names)
        return np.array([_BODY[name] if value is None else value for value in values], np.float64)

    return Cast(
        names=tuple(names),
        length=told("length"),
        width=told("width"),
        wheelbase=told("wheelbase"),
        to_front=told("to_front"),
        steer_limit=told("steer_limit"),
        top_speed=top_speed(told("top_speed")),
        laps=laps,
    )
