"""Lap times in percent of the limit, for the results of runs.

The limit is that of each car's nominal vehicle, on dry asphalt and without effects, on the
default line of references. It is looked for once for each track and vehicle on which a lap was
completed. Whatever goes wrong with it is said in the result, and spoils nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from statistics import fmean
from typing import Any

from racegym.raceline.capability import Envelope, VehicleModel
from racegym.raceline.reference import (
    ReferenceLap,
    known_reference,
    reference_lap,
)
from racegym.track import Track
from racegym.world import World

__all__ = ["MOST_REFERENCES", "NOT_ENDED", "Limits", "model_of", "percent", "percentages"]

MOST_REFERENCES = 32  # of a run: tracks times vehicles
SWITCHED_OFF = "switched off by record.limit"
NO_LAP = "no lap was completed"
NOT_ENDED = "the run did not come to its end"

_NUMBERS = tuple(field.name for field in fields(Envelope))


def model_of(world: World, car: int, race: int = 0) -> VehicleModel:
    """Return a car's vehicle as the limit of a lap takes it.

    Args:
        world: that has been reset: backends tell of their vehicles then.
        car: its slot.
        race: whose table tells of it, where the vehicle's file says nothing.

    Raises:
        BackendError: the backend tells of it what can't be.
    """
    config, table = world.config, world.view.vehicle
    vehicle = config.cars[car].vehicle
    told = vehicle.get("width")
    width = told if isinstance(told, int | float) else table.width[race, car]
    part = config.backend
    envelope = None
    if part.make.ggv(vehicle, part.options) is None:
        told = {name: float(getattr(table, name)[race, car]) for name in _NUMBERS}
        envelope = Envelope(**told)
    return VehicleModel(
        backend=part.make,
        vehicle=vehicle,
        options=part.options,
        envelope=envelope,
        width=float(width),
    )


def percent(time: float | None, limit: float | None) -> float | None:
    """Return a lap time in percent of the limit, None where either is missing."""
    return None if time is None or limit is None else 100.0 * time / limit


class Limits:
    """Finds the limits of a run, after it is over.

    Args:
        world: of the run.
        enabled: False for a run that shall have none.
        most: tracks times vehicles that are looked at; None for those of a run.
    """

    def __init__(self, world: World, *, enabled: bool = True, most: int | None = None):
        self._world = world
        self._enabled = enabled
        self._most = MOST_REFERENCES if most is None else most
        self._tracks: dict[str, Track] = {}  # by their hash, no more than are looked at
        self._lapped: dict[tuple[int, int], tuple[str, set[int]]] = {}

    def lap(self, race: int, episode: int, car: int) -> None:
        """Note that a car has completed a lap."""
        if self._enabled:
            place = race, episode
            if place not in self._lapped:
                track = self._world.view.tracks.track_of(race)
                if len(self._tracks) < self._most:
                    self._tracks.setdefault(track.shape_hash, track)
                self._lapped[place] = track.shape_hash, set()
            self._lapped[place][1].add(car)

    def found(self) -> dict[str, Any]:
        """Return what stands in a run's state as ``limit``: plain data.

        Its ``references`` are the limits by their hash; its ``cars`` say for
        ``"race/episode"`` which of them each car has, None for none; ``reasons`` are why there
        are not more.
        """
        references: dict[str, dict[str, Any]] = {}
        cars: dict[str, list[str | None]] = {}
        reasons: dict[str, None] = {}
        if not self._enabled:
            reasons[SWITCHED_OFF] = None
        elif not self._lapped:
            reasons[NO_LAP] = None
        kept: dict[tuple[str, int], str | None] = {}
        for (race, episode), (shape, lapped) in self._lapped.items():
            track = self._tracks.get(shape)
            row: list[str | None] = [None] * self._world.n_cars
            for car in sorted(lapped):
                place = shape, self._twin(car)
                if place not in kept:
                    if track is None or len(references) >= self._most:
                        reasons[f"a run has the limits of {self._most} laps at most"] = None
                        continue
                    told, reason = self._look(track, car, race)
                    kept[place] = None if told is None else told["hash"]
                    if told is not None:
                        references[told["hash"]] = told
                    else:
                        reasons[reason] = None
                row[car] = kept[place]
            cars[f"{race}/{episode}"] = row
        return {"references": references, "cars": cars, "reasons": list(reasons)}

    def _twin(self, car: int) -> int:
        """Return the first car that has the same vehicle."""
        cars = self._world.config.cars
        return next(k for k, other in enumerate(cars) if other.vehicle == cars[car].vehicle)

    def _look(self, track: Track, car: int, race: int) -> tuple[dict[str, Any] | None, str]:
        try:
            model = model_of(self._world, car, race)
            told = {"track": track.name, **_told(reference_lap(track, model))}
            best = known_reference(track, model, "minimum_time")
            told["minimum_time"] = None if best is None else _told(best)
        except Exception as error:  # a stranger's model must not cost a run its result
            kind = type(error).__name__
            name = self._world.config.cars[car].name
            return None, f"track {track.name!r}, car {name!r}: {str(error) or kind}"
        return told, ""


def _told(reference: ReferenceLap) -> dict[str, Any]:
    return {
        "line": reference.line.name,
        "lap_time": reference.lap_time,
        "sector_times": reference.sector_times.tolist(),
        "hash": reference.hash,
        "source": reference.source,
        "notes": list(reference.notes),
    }


def percentages(
    limit: Mapping[str, Any] | None, race: int, episode: int, car: int, laps: Sequence[float | None]
) -> dict[str, Any]:
    """Return the keys of a car's row that are in percent of its limit.

    Args:
        limit: as ``Limits.found`` returns it; None for a run that has none.
        race, episode, car: whose.
        laps: [s] its laps that count, None for others.
    """
    row = (limit or {}).get("cars", {}).get(f"{race}/{episode}")
    key = None if row is None else row[car]
    told = None if key is None else limit["references"][key]  # type: ignore[index]
    time = None if told is None else told["lap_time"]
    shares = [percent(lap, time) for lap in laps]
    counted = [share for share in shares if share is not None]
    return {
        "limit": key,
        "best_lap_percent": min(counted, default=None),
        "mean_lap_percent": fmean(counted) if counted else None,
        "laps_percent": shares,
        "best_lap_percent_of_minimum_time": _of_minimum_time(told, laps),
    }


def _of_minimum_time(told: Mapping[str, Any] | None, laps: Sequence[float | None]) -> float | None:
    if told is None or told["minimum_time"] is None:
        return None
    best = min((lap for lap in laps if lap is not None), default=None)
    return percent(best, told["minimum_time"]["lap_time"])
