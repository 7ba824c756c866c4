"""The result of a run, made from what its folder holds: the same, however the run ended."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from racegym.errors import RunError
from racegym.interfaces import Status
from racegym.record.classification import classify, penalties_of
from racegym.record.conduct import contacts_by_class, imposed
from racegym.record.folder import RunFolder
from racegym.record.journal import LAP_COLUMNS, finite
from racegym.record.limit import NOT_ENDED, percentages
from racegym.record.tally import EpisodeTally, Tally

__all__ = [
    "STATUS",
    "Lap",
    "make_result",
    "read_events",
    "read_laps",
    "summarise",
]

STATUS = {
    Status.FINISHED: "finished",
    Status.RETIRED: "retired",
    Status.DISQUALIFIED: "disqualified",
}
_KEPT = ("format", "state", "scenario", "task", "seed", "backend", "deterministic", "collides",
         "dt", "laps", "cars", "versions", "machine")  # fmt: skip


_CONDUCT = ("warning", "penalty", "penalty_served", "disqualified", "contact")


@dataclass(frozen=True, kw_only=True)
class Lap:
    """A completed lap.

    Attributes:
        race, episode, car: whose.
        number: from 1.
        time: [s] race time at its end.
        lap_time: [s]; None for one whose beginning was not timed.
        valid: it counts.
        sectors: [s] their times, as far as they are known.
    """

    race: int
    episode: int
    car: int
    number: int
    time: float
    lap_time: float | None
    valid: bool
    sectors: tuple[float, ...] = ()


@dataclass
class _Episode:
    """What the journal says of one episode."""

    start: Mapping[str, Any]
    finish: dict[int, float] = field(default_factory=dict)  # by car, [s]
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)  # by kind and car
    laps: list[Lap] = field(default_factory=list)
    conduct: list[Mapping[str, Any]] = field(default_factory=list)  # of kinds in _CONDUCT


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a journal, up to one that is cut off."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                return
            yield event


def read_laps(path: Path) -> list[Lap]:
    """Return the laps of ``laps.csv``, up to a line that is cut off.

    Raises:
        RunError: a line is damaged.
    """
    if not path.exists():
        return []
    laps = []
    with path.open(encoding="utf-8", newline="", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith("\n"):
                break
            try:
                row = dict(zip(LAP_COLUMNS, next(csv.reader([line])), strict=True))
                if row["race"] != "race":
                    laps.append(_lap(row))
            except (ValueError, StopIteration, csv.Error) as error:
                raise RunError("is no lap", file=path, line=number) from error
    return laps


def _lap(row: Mapping[str, str]) -> Lap:
    return Lap(
        race=int(row["race"]),
        episode=int(row["episode"]),
        car=int(row["car"]),
        number=int(row["lap"]),
        time=float(row["time"]),
        lap_time=float(row["lap_time"]) if row["lap_time"] else None,
        valid=row["valid"] == "1",
        sectors=tuple(float(time) for time in row["sector_times"].split()),
    )


def make_result(folder: RunFolder, about: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
    """Return the result as plain data; SI units, keys as in ``docs/runs.md``.

    Args:
        folder: of the run, with events and laps in it.
        about: the content of ``state.json``.
        tally: what the telemetry says.
    """
    journal = _read_journal(folder)
    episodes = [
        _episode(race, episode, about, tally.episodes[race, episode], journal[race, episode])
        for race, episode in sorted(tally.episodes)
        if (race, episode) in journal
    ]
    return {
        **{key: about[key] for key in _KEPT},
        "steps": sum(part.steps for part in tally.episodes.values()),
        "time": sum(part.time for part in tally.episodes.values()),
        "classification": episodes[0]["classification"] if episodes else [],
        "episodes": episodes,
        "summary": summarise(episodes),
        "limit": _limit(about.get("limit")),
        "wall": about["wall"],
    }


def _limit(found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what lap times are compared with, from what the run's state says."""
    if found is None:
        return {"references": {}, "reasons": [NOT_ENDED]}
    return {name: found[name] for name in ("references", "reasons")}


def _read_journal(folder: RunFolder) -> dict[tuple[int, int], _Episode]:
    journal: dict[tuple[int, int], _Episode] = {}
    for event in read_events(folder.events):
        key = event["race"], event["episode"]
        if event["kind"] == "start":
            journal[key] = _Episode(start=event)
        elif event["kind"] == "finish":
            journal[key].finish[event["car"]] = event["value"]
        else:
            journal[key].counts[event["kind"], event["car"]] += 1
            if event["kind"] in _CONDUCT:
                journal[key].conduct.append(event)
    for lap in read_laps(folder.laps):
        if (lap.race, lap.episode) in journal:
            journal[lap.race, lap.episode].laps.append(lap)
    return journal


def _episode(
    race: int, episode: int, about: Mapping[str, Any], tally: EpisodeTally, journal: _Episode
) -> dict[str, Any]:
    rows = [
        {
            **_car(car, about, tally, journal),
            **percentages(about.get("limit"), race, episode, car, _counted(journal, car)),
        }
        for car in range(len(about["cars"]))
    ]
    share = float(about.get("classified_share", 0.0))
    length = journal.start["length"]
    return {
        "race": race,
        "episode": episode,
        "seed": journal.start["seed"],
        "track": journal.start["track"],
        "track_length": journal.start["length"],
        "steps": tally.steps,
        "time": tally.time,
        "classified_share": share,
        "classification": classify(rows, length=length, share=share),
    }


def _car(
    car: int, about: Mapping[str, Any], tally: EpisodeTally, journal: _Episode
) -> dict[str, Any]:
    finish = journal.finish.get(car)
    laps = int(tally.last["lap"][car])
    length = journal.start["length"]
    # At the flag the car is exactly on its line; its last row is up to a step further on.
    origin = journal.start.get("lap_origin", [0.0] * (car + 1))[car]  # a car's own in a pursuit
    progress = float(tally.last["progress"][car]) - origin
    if finish is not None:
        progress = laps * length
    distance = progress + origin - journal.start["start_progress"][car]
    time = float(tally.active_time[car]) if finish is None else finish
    own = [lap for lap in journal.laps if lap.car == car]
    counted = [lap for lap in own if lap.valid and lap.lap_time is not None]
    valid = [lap.lap_time for lap in counted if lap.lap_time is not None]
    status = Status(int(tally.last["status"][car]))
    return {
        "position": int(tally.last["position"][car]),
        "car": car,
        **about["cars"][car],
        "status": STATUS.get(status, "not finished"),
        "laps": laps,
        "best_lap": min(valid, default=None),
        "theoretical_best": _theoretical_best(counted),
        "mean_lap": fmean(valid) if valid else None,
        "last_lap": own[-1].lap_time if own else None,
        "total_time": finish,
        "time": time,
        "gap": finite(float(tally.last["gap_leader"][car])),
        "gap_laps": int(tally.last["laps_behind"][car]),
        "interval": finite(float(tally.last["gap_ahead"][car])),
        "distance": distance,
        "average_speed": distance / time if time > 0 else 0.0,
        "top_speed": float(tally.top_speed[car]),
        "off_track": journal.counts["off_track", car],
        "wall_contacts": journal.counts["wall", car],
        "obstacle_contacts": journal.counts["obstacle", car],
        "cuts": journal.counts["cut", car],
        "overtakes_made": int(tally.last["overtakes_made"][car]),
        "overtakes_suffered": int(tally.last["overtakes_suffered"][car]),
        "contacts": contacts_by_class(journal.conduct, car),
        "incident_points": int(tally.last["incident_points"][car]),
        "blame_points": round(float(tally.last["blame_points"][car]), 6),
        "penalties": imposed(journal.conduct, car),
        "road_position": int(tally.last["position"][car]),
        "progress": progress,
        **penalties_of(event for event in journal.conduct if event["car"] == car),
    }


def _counted(journal: _Episode, car: int) -> list[float | None]:
    """Return the times [s] of a car's laps, None for those that don't count."""
    return [lap.lap_time if lap.valid else None for lap in journal.laps if lap.car == car]


def _theoretical_best(laps: Sequence[Lap]) -> float | None:
    """Return the sum of the best sectors [s] of valid laps; None where there are none."""
    times = [lap.sectors for lap in laps if lap.sectors]
    if not times or len({len(sectors) for sectors in times}) > 1:
        return None
    best: list[float] = [min(sector) for sector in zip(*times, strict=True)]
    return sum(best)


def summarise(episodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures over all cars of all episodes.

    Args:
        episodes: as they stand in the result.
    """
    rows = [row for episode in episodes for row in episode["classification"]]
    best = [row["best_lap"] for row in rows if row["best_lap"] is not None]
    mean = [row["mean_lap"] for row in rows if row["mean_lap"] is not None]
    share = [row["best_lap_percent"] for row in rows if row["best_lap_percent"] is not None]
    means = [row["mean_lap_percent"] for row in rows if row["mean_lap_percent"] is not None]
    return {
        "episodes": len(episodes),
        "entries": len(rows),
        "finished": sum(row["status"] == "finished" for row in rows),
        "completion_rate": (
            sum(row["status"] == "finished" for row in rows) / len(rows) if rows else None
        ),
        "best_lap": min(best, default=None),
        "mean_lap": fmean(mean) if mean else None,
        "best_lap_percent": min(share, default=None),
        "mean_lap_percent": fmean(means) if means else None,
        "mean_speed": fmean(row["average_speed"] for row in rows) if rows else None,
        "off_track": sum(row["off_track"] for row in rows),
    }
