"""What happens seldom, written line by line as it happens: starts, events, laps, commands."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import IO, Any

from racegym.interfaces import Event, EventKind, View
from racegym.record.folder import RunFolder
from racegym.record.shapes import ShapeLog
from racegym.world import Command

__all__ = ["BODY_FIELDS", "LAP_COLUMNS", "Journal", "finite"]

LAP_COLUMNS = (
    "race", "episode", "car", "name", "lap", "time", "lap_time", "valid", "sector_times"
)  # fmt: skip

BODY_FIELDS = ("length", "width", "wheelbase", "to_front", "steer_limit", "top_speed")


class Journal:
    """Writes ``events.jsonl``, ``laps.csv``, ``tracks.jsonl`` and ``commands.jsonl``.

    Args:
        folder: where.
        names: of the cars.
        n_races: of the world.
    """

    def __init__(self, folder: RunFolder, names: Sequence[str], n_races: int):
        self._folder = folder
        self._names = names
        self._events: IO[str] = folder.events.open("w", encoding="utf-8", newline="\n")
        self._laps: IO[str] = folder.laps.open("w", encoding="utf-8", newline="")
        self._commands: IO[str] | None = None
        self._shapes = ShapeLog(folder.tracks)
        self._rows = csv.writer(self._laps, lineterminator="\n")
        self._rows.writerow(LAP_COLUMNS)
        self._laps.flush()
        self._sectors: list[list[list[float]]] = [[[] for _ in names] for _ in range(n_races)]

    def start(
        self,
        view: View,
        race: int,
        episode: int,
        drawn: Sequence[Mapping[str, float]] | None = None,
    ) -> None:
        """Note that a race has begun, from where, and what was drawn for each of its cars."""
        self._sectors[race] = [[] for _ in range(view.n_cars)]
        track = view.tracks.track_of(race)
        self._write(
            self._events,
            {
                "kind": "start",
                "race": race,
                "episode": episode,
                "seed": int(view.race.seed[race]),
                "track": track.name,
                "length": track.length,
                "shape": self._shapes.number(track),
                "start_progress": view.race.start_progress[race].tolist(),
                "lap_origin": view.race.lap_origin[race].tolist(),
                "bodies": _bodies(view, race),
                **({} if drawn is None else {"drawn": drawn}),
            },
        )

    def event(self, event: Event, episode: int, *, lap: int, valid: bool) -> None:
        """Note what race control saw.

        Args:
            event: one of a race that is recorded.
            episode: of that race.
            lap: for a lap: its number, from 1.
            valid: for a lap: whether it counts.
        """
        name = self._names[event.car] if event.car >= 0 else None
        self._write(
            self._events,
            {
                "kind": event.kind.name.lower(),
                "time": event.time,
                "race": event.race,
                "episode": episode,
                "car": event.car,
                "name": name,
                "value": finite(event.value),
                **self._more(event),
            },
        )
        sectors = self._sectors[event.race][event.car]
        if event.kind is EventKind.SECTOR:
            sectors.append(event.value)
        elif event.kind is EventKind.LAP:
            times = " ".join(_exact(time) for time in sectors)
            self._rows.writerow(
                [event.race, episode, event.car, name, lap, _exact(event.time),
                 _exact(event.value), int(valid), times]
            )  # fmt: skip
            self._laps.flush()
            sectors.clear()

    def _more(self, event: Event) -> dict[str, Any]:
        """Return what stands on the lines of events between cars, and of those with evidence."""
        more: dict[str, Any] = {}
        if event.other >= 0:
            more = {"other": event.other, "other_name": self._names[event.other]}
        if event.details:
            more["evidence"] = {name: finite(value) for name, value in event.details.items()}
        return more

    def command(self, command: Command, race: int, episode: int, step: int) -> None:
        """Note an intervention, by the step that it came before."""
        if self._commands is None:
            self._commands = self._folder.commands.open("w", encoding="utf-8", newline="\n")
        self._write(
            self._commands, {"episode": episode, "step": step, **asdict(command), "race": race}
        )

    def _write(self, file: IO[str], line: dict[str, Any]) -> None:
        file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        file.flush()

    def close(self) -> None:
        """End the files. May be called twice."""
        with ExitStack() as files:
            for file in (self._events, self._laps, self._commands, self._shapes):
                if file is not None:
                    files.callback(file.close)


def _bodies(view: View, race: int) -> dict[str, list[float | None]]:
    """Return how large the cars are [m, rad], for pictures."""
    return {
        name: [finite(round(float(value), 4)) for value in getattr(view.vehicle, name)[race]]
        for name in BODY_FIELDS
    }


def finite(value: float) -> float | None:
    """Return a value as JSON can hold it."""
    return value if math.isfinite(value) else None


def _exact(value: float) -> str:
    return repr(value) if math.isfinite(value) else ""
