"""What differs from episode to episode: drawn as a race starts, then told and put to work.

A name says what is drawn: ``grip`` of the road, the ``delay`` of the controls, the start's
``start.s``, ``start.d``, ``start.heading`` and ``start.speed``, and ``vehicle.mass`` or any
other parameter of a vehicle. Every name is a channel, ``drawn.grip`` and so on.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from racegym.errors import BackendError, ScenarioError, nearest
from racegym.interfaces import (
    Array,
    Arrays,
    BackendSpec,
    Channel,
    Control,
    Keys,
    Races,
    View,
    allocate,
    columns,
)
from racegym.kernels.randomness import purpose
from racegym.kernels.variation import FIGURES, delay_controls, draw_values, move_starts
from racegym.world.config import WorldConfig
from racegym.world.distributions import Distribution

__all__ = [
    "LIMITS",
    "VEHICLE",
    "LateControls",
    "Variation",
    "check_variation",
    "delay_steps",
    "refusal",
]

GRIP, DELAY, VEHICLE = "grip", "delay", "vehicle."
STARTS = ("start.s", "start.d", "start.heading", "start.speed")
CHANNEL = "drawn."
UNITS = dict(zip((GRIP, DELAY, *STARTS), ("1", "s", "m", "m", "rad", "m/s"), strict=True))

# What may be drawn, by name; the parameters of vehicles have the bounds of their model.
LIMITS: Mapping[str, tuple[float, float]] = {
    GRIP: (0.01, 2.0),
    DELAY: (0.0, 10.0),
    "start.s": (-1e6, 1e6),
    "start.d": (-1000.0, 1000.0),
    "start.heading": (-np.pi, np.pi),
    "start.speed": (0.0, 200.0),
}


def delay_steps(seconds: float, dt: float) -> int:
    """Return how many control intervals of ``dt`` [s] come nearest to a delay."""
    return round(seconds / dt)


def check_variation(config: WorldConfig, spec: BackendSpec) -> None:
    """Refuse draws that the backend has no use for, and those that leave their limits.

    Raises:
        BackendError, ScenarioError: names what is drawn and why it can't be.
    """
    backend = config.backend.name
    drawn = [("the variation", config.variation)]
    drawn += [(f"car {car.name!r}", car.variation) for car in config.cars]
    for who, distributions in drawn:
        of_race = distributions is config.variation
        for name, distribution in distributions.items():
            reason = refusal(name, spec, backend)
            if reason:
                raise BackendError(f"{who}: {reason}")
            if not name.startswith(VEHICLE):
                known = {GRIP} if of_race else LIMITS.keys() - {GRIP}
                if name not in known:
                    raise ScenarioError(f"{who} draws {name!r}; {nearest(name, known)}")
                low, high = LIMITS[name]
                if not low <= distribution.low <= distribution.high <= high:
                    raise ScenarioError(
                        f"{who} draws {name!r} from {distribution.low:g} to "
                        f"{distribution.high:g}; it must lie in [{low:g}, {high:g}]"
                    )


def refusal(name: str, spec: BackendSpec, backend: str) -> str:
    """Return why a backend can't do with a draw; empty when it can."""
    if name.startswith(VEHICLE):
        parameter = name.removeprefix(VEHICLE)
        if parameter not in spec.varies:
            can = nearest(parameter, spec.varies) if spec.varies else "it can change none"
            return (
                f"backend {backend!r} can't change the vehicle's {parameter!r} from episode to "
                f"episode: give it one number; {can}"
            )
    elif name == GRIP and GRIP not in spec.effects:
        return (
            f"backend {backend!r} does not honour the effect 'grip', so the grip of the road "
            "can't vary"
        )
    elif name in STARTS and spec.placement not in ("any", "grid"):
        return (
            f"backend {backend!r} can't place cars (placement: {spec.placement}), so the start "
            "can't vary"
        )
    return ""


class Variation:
    """All that a world draws, by name and car.

    Args:
        config: of the world; at least one thing in it is drawn.
        dt: [s] control interval, of which a delay is a multiple.

    Attributes:
        names: what is drawn.
        channels: of them, to be declared before the view is allocated; then ``attach``.
    """

    def __init__(self, config: WorldConfig, dt: float):
        n_cars = len(config.cars)
        by_car = self._by_car = [{**config.variation, **car.variation} for car in config.cars]
        self.names = list(dict.fromkeys(name for drawn in by_car for name in drawn))
        self._dt = dt
        self._kinds = np.zeros((len(self.names), n_cars), np.int64)
        self._figures = np.zeros((len(self.names), n_cars, FIGURES))
        self._streams = np.tile(np.arange(n_cars), (len(self.names), 1))
        self._purposes = np.array([purpose(f"variation.{name}") for name in self.names], np.uint64)
        self._told = np.zeros((len(self.names), n_cars), np.bool_)
        values: list[float] = []
        channels = []
        for row, name in enumerate(self.names):
            if name == GRIP:
                self._streams[row] = 0  # one road for all
            ends: list[float] = []
            for car, drawn in enumerate(by_car):
                found = drawn.get(name)
                if found is not None:
                    self._told[row, car] = True
                    ends += [
                        dt * delay_steps(end, dt) if name == DELAY else end for end in found.ends
                    ]
                else:
                    found = Distribution.constant(_without(name, config.cars[car].vehicle))
                self._kinds[row, car] = found.kernel_kind()
                self._figures[row, car] = found.figures(values)
            channels.append(_channel(name, min(ends), max(ends)))
        self.channels = tuple(channels)
        self._values = np.array(values or [0.0])
        latest = self.highest(DELAY)
        self._depth = delay_steps(latest, dt) + 1 if latest >= 0 else 0

    @property
    def moves_along(self) -> bool:
        """Whether cars start at drawn places along the track."""
        return STARTS[0] in self.names

    def highest(self, name: str) -> float:
        """Return the greatest value that a car can draw of ``name``; -inf if none draws it."""
        return max((drawn[name].high for drawn in self._by_car if name in drawn), default=-np.inf)

    def attach(self, view: View, arrays: Arrays) -> None:
        """Take the memory: the view's channels, and what late controls need."""
        self._view = view
        self._drawn = [view.channels[CHANNEL + name] for name in self.names]
        self._starts: Array = np.zeros((0, len(STARTS), view.n_cars))
        self._moves = any(name in STARTS for name in self.names)
        self.late = None if self._depth == 0 else LateControls(view, arrays, self._depth)

    def vehicle(self) -> dict[str, Array]:
        """Return what is drawn of vehicles, by parameter: (n_races, n_cars) float64."""
        return {
            name.removeprefix(VEHICLE): drawn
            for name, drawn in zip(self.names, self._drawn, strict=True)
            if name.startswith(VEHICLE)
        }

    def grip(self) -> Array | None:
        """Return the factor on grip, (n_races, n_cars, 1) float64; None if it is not drawn."""
        if GRIP not in self.names:
            return None
        return self._drawn[self.names.index(GRIP)][:, :, None]

    def draw(self, races: Races, keys: Keys) -> None:
        """Draw everything for the coming episode of some races."""
        drawn = np.empty((len(races), *self._kinds.shape))
        draw_values(
            keys, self._kinds, self._figures, self._values, self._streams, self._purposes, drawn
        )
        if self.late is not None:
            row = drawn[:, self.names.index(DELAY)]
            np.rint(row / self._dt, out=row)
            self.late.steps[races] = row
            row *= self._dt
        for k, channel in enumerate(self._drawn):
            channel[races] = drawn[:, k]
        if self._moves:
            self._starts = np.full((len(races), len(STARTS), self._view.n_cars), np.nan)
            for k, name in enumerate(STARTS):
                if name in self.names:
                    self._starts[:, k] = drawn[:, self.names.index(name)]

    def move(self, races: Races, s: Array, d: Array, heading: Array, speed: Array) -> None:
        """Put what was drawn of the start in the place of what stands there.

        Args:
            races: those of the last ``draw``.
            s, d, heading, speed: (k * n_cars,) float64. Updated.
        """
        if self._moves:
            tracks, width = self._view.tracks, self._view.vehicle.width
            move_starts(
                races, self._starts, width, tracks.race_track, tracks.points, tracks.table,
                s, d, heading, speed,
            )  # fmt: skip

    def told(self, race: int) -> list[dict[str, float]]:
        """Return what was drawn for each car of a race, by name."""
        return [
            {
                name: float(drawn[race, car])
                for name, drawn, told in zip(self.names, self._drawn, self._told, strict=True)
                if told[car]
            }
            for car in range(self._view.n_cars)
        ]


class LateControls:
    """Actuators that follow late: what is asked reaches the backend some steps after.

    Args:
        view: whose control it is.
        arrays: takes the memory.
        depth: one more than the most steps.

    Attributes:
        steps: (n_races, n_cars) int32, how late each car's actuators are.
        control: what arrives, of the last ``follow``.
    """

    def __init__(self, view: View, arrays: Arrays, depth: int):
        n_cars, asked = view.n_cars, view.control
        self.steps = arrays.new("variation.steps", (n_cars,), "int32")
        self.control = allocate(Control, arrays, n_cars, "variation.control")
        count = arrays.new("variation.count", (), "int64")
        kept = arrays.new("variation.kept", (n_cars, depth, 3))
        kept_gear = arrays.new("variation.kept_gear", (n_cars, depth), "int8")
        every = (getattr(record, name) for record in (asked, self.control) for name in _CONTROLS)
        self._arguments = (self.steps, count, kept, kept_gear, *every)

    def follow(self) -> Control:
        """Take what is asked in this step; return what arrives."""
        delay_controls(*self._arguments)
        return self.control


_CONTROLS = tuple(columns(Control))


def _without(name: str, vehicle: Mapping[str, object]) -> float:
    """Return what stands for a name where a car does not draw it; NaN where nothing does."""
    if name == DELAY:
        return 0.0
    if not name.startswith(VEHICLE):
        return float("nan")
    value: object = vehicle
    for step in name.removeprefix(VEHICLE).split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else float("nan")


def _channel(name: str, low: float, high: float) -> Channel:
    if low == high:  # a sensor scales by the distance between the bounds
        low, high = low - 0.5 * max(abs(low), 1.0), high + 0.5 * max(abs(high), 1.0)
    return Channel(
        name=CHANNEL + name, dtype="float64", unit=UNITS.get(name, ""), low=low, high=high,
        doc=f"what was drawn of {name} for this episode",
    )  # fmt: skip
