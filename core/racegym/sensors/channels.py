"""Any array of the world by name: fields of its records, channels of its plugins."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from gymnasium import spaces
from pydantic import BeforeValidator, Field, model_validator

from racegym.errors import ScenarioError, nearest
from racegym.interfaces import (
    Array,
    Cars,
    CarState,
    Channel,
    Control,
    RaceState,
    Sensor,
    Setup,
    StageOptions,
    TrackFrame,
    View,
    columns,
    options,
)
from racegym.sensors.values import Value, box

__all__ = ["BOUNDS", "DERIVED", "Channels"]

WHAT = "sensor 'channels'"
WHEEL_COUNT = 4

# Bounds that a scenario need not state, for fields of the records; units are the fields' own.
BOUNDS: Mapping[str, tuple[float, float]] = {
    "z": (-500.0, 500.0),
    "yaw": (-math.pi, math.pi),
    "roll": (-math.pi, math.pi),
    "pitch": (-math.pi, math.pi),
    "vx": (-100.0, 100.0),
    "vy": (-25.0, 25.0),
    "vz": (-25.0, 25.0),
    "yaw_rate": (-10.0, 10.0),
    "roll_rate": (-10.0, 10.0),
    "pitch_rate": (-10.0, 10.0),
    "ax": (-60.0, 60.0),
    "ay": (-60.0, 60.0),
    "steer": (-1.0, 1.0),
    "throttle": (0.0, 1.0),
    "brake": (0.0, 1.0),
    "gear": (-1.0, 8.0),
    "engine_speed": (0.0, 2000.0),
    "load": (0.0, 20000.0),
    "slip_angle": (-1.0, 1.0),
    "slip_ratio": (-1.0, 1.0),
    "slip_power": (0.0, 1e5),
    "wheel_speed": (-500.0, 500.0),
    "surface": (0.0, 3.0),
    "d": (-20.0, 20.0),
    "heading_error": (-math.pi, math.pi),
    "curvature": (-1.0, 1.0),
    "width_left": (0.0, 20.0),
    "width_right": (0.0, 20.0),
    "time": (0.0, 3600.0),
    "laps_done": (0.0, 100.0),
    "last_lap_time": (0.0, 600.0),
    "best_lap_time": (0.0, 600.0),
    "sector": (0.0, 16.0),
    "last_sector_time": (0.0, 300.0),
    "position": (1.0, 64.0),
    "gap_ahead": (0.0, 60.0),
    "gap_leader": (0.0, 300.0),
    "off_track": (0.0, 1.0),
    "lap_valid": (0.0, 1.0),
    "wall_impulse": (0.0, 10000.0),
    "stuck_time": (0.0, 60.0),
    "wrong_way_time": (0.0, 60.0),
    "penalty_time": (0.0, 300.0),
}

# Names made of several fields: bounds, unit and what they are.
DERIVED: Mapping[str, tuple[float, float, str, str]] = {
    "speed": (0.0, 100.0, "m/s", "speed over the ground"),
    "lap_progress": (0.0, 1.0, "1", "share of the lap driven"),
    "lap_time": (0.0, 600.0, "s", "time since the lap began"),
}


# Where fields are read from: a record, its name in a view, and what goes before their names. Of
# two fields of one name the last counts.
_RECORDS = (
    (Control, "control", "control."),
    (RaceState, "race", ""),
    (TrackFrame, "frame", ""),
    (CarState, "state", ""),
)


class _Range(StageOptions):
    low: float
    high: float

    @model_validator(mode="after")
    def _in_order(self) -> _Range:
        if not self.low < self.high:
            raise ValueError(f"low is {self.low:g} and must be below high, {self.high:g}")
        return self


# As a scenario may write it.
_Written = (
    str
    | Annotated[list[str], Field(min_length=1)]
    | Annotated[dict[str, _Range | None], Field(min_length=1)]
)


def _as_mapping(value: Any) -> Any:
    """Return ``[a, b]`` as ``{a: None, b: None}``, and everything else as it is."""
    if isinstance(value, str):
        return {value: None}
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value)
    return value


@dataclass(frozen=True)
class _Source:
    """Where one name's numbers come from.

    Attributes:
        read: returns the array, led by races or by races and cars.
        by_race: whether it is led by races alone.
        size: how many numbers a car has.
        low, high: what becomes -1 and 1.
        first: where its numbers begin in an observation.
    """

    read: Callable[[View], Array]
    by_race: bool
    size: int
    low: float
    high: float
    first: int


class Channels(Sensor):
    """Chosen arrays, scaled so that their bounds become -1 and 1.

    Names are channels of the backend and of realism modules, the fields of ``CarState``,
    ``Control`` (as ``control.steer``), ``TrackFrame`` and ``RaceState``, and ``speed``,
    ``lap_progress`` and ``lap_time``. A value per wheel becomes four numbers, FL, FR, RL, RR.
    Bounds are the channel's own or those in ``BOUNDS``; a mapping of name to
    ``{low, high}`` states others. What is missing reads as 0 before it is scaled.

    A single channel of two dimensions or more, such as an image, keeps its shape, and as
    uint8 also its values.
    """

    class Options(StageOptions):
        """Settings of the sensor."""

        channels: Annotated[
            dict[str, _Range | None],
            Field(min_length=1),
            BeforeValidator(_as_mapping, json_schema_input_type=_Written),
        ] = Field(description="names, or names with their low and high")

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, WHAT)
        view = setup.view
        self._sources: list[_Source] = []
        self._taken: list[Array] = []
        self._image: str | None = None
        values: list[Value] = []
        required: set[str] = set()
        for name, bounds in self.options.channels.items():
            spec = view.channel_specs.get(name)
            if spec is not None and len(spec.shape) > 1:
                self.space = self._image_space(name, spec)
                self._image = name
            else:
                source = _find(name, bounds, view, len(values))
                self._sources.append(source)
                scale = f"{source.low:g} to {source.high:g} as -1 to 1"
                unit, quantity = _meaning(name, view)
                many = source.size > 1
                values += [
                    Value(f"{name}_{i}" if many else name, unit, scale, -1, 1, quantity)
                    for i in range(source.size)
                ]
            required |= _needs(name, view)
        self.requires = frozenset(required)
        self.values = tuple(values)
        if self._image is None:
            self.space = box(values)
        self._make_room(0)

    def _image_space(self, name: str, spec: Channel) -> spaces.Box:
        if len(self.options.channels) > 1:
            raise ScenarioError(
                f"{WHAT}: channel {name!r} has the shape {spec.shape} and can't be put in a row "
                "with others; give it a sensor of its own"
            )
        if np.dtype(np.float32 if spec.dtype == "real" else spec.dtype) != np.uint8:
            raise ScenarioError(
                f"{WHAT}: channel {name!r} is {spec.dtype} of shape {spec.shape}; of more than "
                "one dimension only uint8 images can be observed"
            )
        return spaces.Box(0, 255, spec.shape, np.uint8)

    def _make_room(self, count: int) -> None:
        self._rows = np.zeros((count, len(self.values)))
        self._unknown = np.zeros(self._rows.shape, np.bool_)
        self._race = np.zeros(count, np.int64)
        view = self.setup.view
        self._taken = [
            np.zeros((count, source.size), source.read(view).dtype) for source in self._sources
        ]

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, n)."""
        count = len(cars)
        if self._image is not None:
            pixels = view.channels[self._image]
            flat = pixels.reshape(view.n_races * view.n_cars, *pixels.shape[2:])
            np.take(flat, cars, axis=0, out=out, mode="clip")
            return
        if count > len(self._race):
            self._make_room(count)
        rows, unknown, race = self._rows[:count], self._unknown[:count], self._race[:count]
        np.floor_divide(cars, view.n_cars, out=race)
        for source, taken in zip(self._sources, self._taken, strict=True):
            array = source.read(view)
            led = view.n_races if source.by_race else view.n_races * view.n_cars
            index = race if source.by_race else cars
            part = taken[:count]
            np.take(array.reshape(led, source.size), index, axis=0, out=part, mode="clip")
            rows[:, source.first : source.first + source.size] = part
        np.isnan(rows, out=unknown)
        np.copyto(rows, 0.0, where=unknown)
        for source in self._sources:
            part = rows[:, source.first : source.first + source.size]
            part -= source.low
            part *= 2.0 / (source.high - source.low)
            part -= 1.0
        np.clip(rows, -1.0, 1.0, out=rows)
        np.copyto(out, rows, casting="same_kind")


def _find(name: str, bounds: _Range | None, view: View, first: int) -> _Source:
    """Return where ``name`` comes from, or refuse it."""
    given = (bounds.low, bounds.high) if bounds is not None else None
    if name in view.channel_specs:
        return _channel(view.channel_specs[name], given, first)
    if name in DERIVED:
        low, high = given or DERIVED[name][:2]
        return _Source(_DERIVED[name](view), False, 1, low, high, first)
    fields = _fields()
    if name not in fields:
        raise ScenarioError(
            f"{WHAT}: there is no channel {name!r} here; "
            f"{nearest(name, [*view.channel_specs, *DERIVED, *fields])}"
        )
    read, axes = fields[name]
    known = given or BOUNDS.get(name.removeprefix("control."))
    if known is None:
        raise ScenarioError(
            f"{WHAT}: {name!r} has no bounds of its own; state them: "
            f"channels: {{{name}: {{low: ..., high: ...}}}}"
        )
    size = WHEEL_COUNT if axes == "wheel" else 1
    return _Source(read, axes == "race", size, *known, first)


def _channel(spec: Channel, given: tuple[float, float] | None, first: int) -> _Source:
    if spec.axes == "race s lane":
        raise ScenarioError(
            f"{WHAT}: channel {spec.name!r} is a map of the track, not a value of a car"
        )
    low, high = given or (spec.low, spec.high)
    size = math.prod(spec.shape) * (WHEEL_COUNT if spec.axes == "race car wheel" else 1)

    def read(view: View, name: str = spec.name) -> Array:
        return view.channels[name]

    return _Source(read, spec.axes == "race", size, low, high, first)


def _meaning(name: str, view: View) -> tuple[str, str]:
    """Return the unit of ``name``, and what it is in words."""
    if name in view.channel_specs:
        spec = view.channel_specs[name]
        return spec.unit, f"channel `{name}`"
    if name in DERIVED:
        return DERIVED[name][2:]
    for record, _, prefix in reversed(_RECORDS):
        fields = columns(record)
        if name.startswith(prefix) and name.removeprefix(prefix) in fields:
            found = fields[name.removeprefix(prefix)]
            return found.unit, found.doc
    raise LookupError(name)


def _needs(name: str, view: View) -> set[str]:
    """Return what a backend or a module must fill for ``name``."""
    if name == "speed":
        return {"vx", "vy"}
    known = name in view.channel_specs or name in columns(CarState)
    return {name} if known else set()


def _fields() -> dict[str, tuple[Callable[[View], Array], str]]:
    """Return how to read each field by the name a scenario gives it, and its axes."""
    found: dict[str, tuple[Callable[[View], Array], str]] = {}
    for record, part, prefix in _RECORDS:
        for name, spec in columns(record).items():

            def read(view: View, part: str = part, name: str = name) -> Array:
                array: Array = getattr(getattr(view, part), name)
                return array

            found[prefix + name] = (read, spec.axes)
    return found


def _speed(view: View) -> Callable[[View], Array]:
    speed = np.zeros((view.n_races, view.n_cars), view.state.vx.dtype)
    return lambda view: np.hypot(view.state.vx, view.state.vy, out=speed)


def _lap_progress(view: View) -> Callable[[View], Array]:
    share = np.zeros((view.n_races, view.n_cars))
    length = np.zeros(view.n_races)

    def read(view: View) -> Array:
        np.take(view.tracks.length, view.tracks.race_track, out=length, mode="clip")
        return np.divide(view.frame.s, length[:, None], out=share)

    return read


def _lap_time(view: View) -> Callable[[View], Array]:
    time = np.zeros((view.n_races, view.n_cars))
    return lambda view: np.subtract(view.race.time[:, None], view.race.lap_start, out=time)


_DERIVED = {"speed": _speed, "lap_progress": _lap_progress, "lap_time": _lap_time}
