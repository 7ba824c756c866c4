"""Which columns telemetry has: all that the backend fills, and what race control knows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from racegym.interfaces import (
    Array,
    CarState,
    Column,
    Control,
    RaceState,
    TrackFrame,
    View,
    columns,
)
from racegym.interfaces.columns import Record
from racegym.record.stream import StepColumn

__all__ = ["essential_columns", "telemetry_columns"]

_RACE = {  # column: field of RaceState
    "lap": "laps_done",
    "sector": "sector",
    "position": "position",
    "gap_leader": "gap_leader",
    "gap_ahead": "gap_ahead",
    "laps_behind": "laps_behind",
    "flags": "flags",
    "penalty_time": "penalty_time",
    "penalty_places": "penalty_places",
    "penalty_laps": "penalty_laps",
    "penalty_due": "penalty_due",
    "warnings": "warnings",
    "incident_points": "incident_points",
    "status": "status",
    "off_track": "off_track",
}
_BETWEEN = (  # of RaceState, where several cars race
    "overtakes_made", "overtakes_suffered", "car_impulse", "car_contact_count",
    "blame_points",
)  # fmt: skip
_ESSENTIAL = frozenset(
    ("time", "race", "episode", "step", "car", "vx", "vy", "progress", "lap", "position",
     "gap_leader", "gap_ahead", "laps_behind", "penalty_time", "penalty_places", "status",
     "overtakes_made", "overtakes_suffered", "incident_points", "blame_points")
)  # fmt: skip


def telemetry_columns(view: View, fills: frozenset[str], episode: Array) -> list[StepColumn]:
    """Return every column that this world has values for.

    Args:
        view: the world's data.
        fills: fields of ``CarState`` that the backend fills.
        episode: (n_races,) how often each race has been started anew in this recording.
    """
    return [
        *_identity(view, episode),
        *(_column(view.state, CarState, name) for name in columns(CarState) if name in fills),
        *(
            _column(view.frame, TrackFrame, name)
            for name in ("s", "d", "heading_error", "progress")
        ),
        *(_column(view.race, RaceState, field, name) for name, field in _RACE.items()),
        *(_column(view.race, RaceState, name) for name in _BETWEEN if view.n_cars > 1),
        *(
            _column(view.control, Control, name, f"control_{name}")
            for name in ("steer", "throttle", "brake", "gear", "request")
        ),
        *_channels(view),
    ]


def essential_columns(view: View, fills: frozenset[str], episode: Array) -> list[StepColumn]:
    """Return the columns that a result is made of, for a run that keeps no telemetry."""
    every = telemetry_columns(view, fills, episode)
    return [column for column in every if column.name in _ESSENTIAL]


def _identity(view: View, episode: Array) -> Iterator[StepColumn]:
    yield _column(view.race, RaceState, "time")
    numbers = np.arange(view.n_races, dtype=np.int32)
    yield StepColumn(name="race", source=numbers, layout="race", doc="index of the race")
    yield StepColumn(
        name="episode", source=episode, layout="race", doc="starts of the race, from 0"
    )
    yield _column(view.race, RaceState, "step")
    cars = np.broadcast_to(np.arange(view.n_cars, dtype=np.int32), (view.n_races, view.n_cars))
    yield StepColumn(name="car", source=cars, layout="car", doc="index of the car")


def _column(record: Record, kind: type[Record], field: str, name: str = "") -> StepColumn:
    spec: Column = columns(kind)[field]
    return StepColumn(
        name=name or field,
        source=getattr(record, field),
        layout=spec.axes,
        unit=spec.unit,
        doc=spec.doc,
    )


def _channels(view: View) -> Iterator[StepColumn]:
    """Yield the channels that are one number per race, car or wheel."""
    for name, spec in view.channel_specs.items():
        if spec.shape or spec.axes == "race s lane":
            continue
        layout = {"race": "race", "race car": "car", "race car wheel": "wheel"}[spec.axes]
        yield StepColumn(
            name=name,
            source=view.channels[name],
            layout=layout,  # type: ignore[arg-type]  # the table above holds layouts only
            unit=spec.unit,
            doc=spec.doc,
        )
