"""The base classes of everything that can be plugged in.

Each works on the whole batch at once: one call a step for all cars of all races. Whatever
a stage remembers lives in arrays that it takes from ``setup.arrays``, led by ``n_races``;
the world resets, copies and hashes those. A stage draws random numbers only as functions
of ``view.race.key`` (see ``racegym.kernels.randomness``), the car, the step and a purpose.

``cars`` is always an int64 array of flat indices, ``race * n_cars + car``, in rising order,
though sensors may be asked for one car twice; ``races`` is an int64 array of race indices.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from racegym.errors import ActionError
from racegym.interfaces.columns import Array
from racegym.interfaces.events import Event
from racegym.interfaces.records import Control, Effects
from racegym.interfaces.spec import BackendSpec, Channel
from racegym.interfaces.view import View

if TYPE_CHECKING:
    from racegym.interfaces.arrays import Arrays
    from racegym.interfaces.ggv import GGV
    from racegym.track.track import Track

__all__ = [
    "ActionMap",
    "Backend",
    "Cars",
    "Driver",
    "Keys",
    "Races",
    "Realism",
    "RewardTerm",
    "ScopedArrays",
    "Sensor",
    "Setup",
    "Stage",
    "Termination",
    "Watcher",
]

Cars = NDArray[np.int64]
Races = NDArray[np.int64]
Keys = NDArray[np.uint64]


class ScopedArrays:
    """The world's arrays, under a prefix that keeps one stage's names from another's."""

    def __init__(self, arrays: Arrays, prefix: str):
        self._arrays = arrays
        self.prefix = prefix
        self.n_races = arrays.n_races
        self.real = arrays.real

    def new(
        self, name: str, shape: tuple[int, ...] = (), dtype: Any = "real", fill: Any = 0
    ) -> Array:
        """Allocate ``(n_races, *shape)``; see ``Arrays.new``."""
        return self._arrays.new(f"{self.prefix}.{name}", shape, dtype, fill)


def _unknown(car: int) -> GGV | None:
    del car
    return None


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a stage is built from.

    Attributes:
        view: the world's data: its shapes, tracks and channels; not filled yet.
        arrays: where the stage takes its memory, under its own prefix.
        vehicles: for each car slot, the vehicle's parameters as read from its file.
        drawn: parameters of vehicles that are drawn for each episode, by name, dotted where
            they are nested: (n_races, n_cars) float64, filled before every ``reset``. Cars that
            draw nothing have their vehicle's own number there, or NaN where it has none.
            ``vehicles`` holds what is nominal.
        options: the stage's settings from the scenario.
        observation_space: for a driver that declared sensors: what it will be told.
        action_map: for a driver that declared one: what turns its actions into control.
        ggv: called with a car slot: what its vehicle can do, by the backend's own model and
            with nothing drawn; None where the backend can't tell.
    """

    view: View
    arrays: ScopedArrays
    vehicles: Sequence[Mapping[str, Any]] = ()
    drawn: Mapping[str, Array] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    observation_space: spaces.Space[Any] | None = None
    action_map: ActionMap | None = None
    ggv: Callable[[int], GGV | None] = _unknown


class Stage:
    """What all stages share."""

    def reset(self, races: Races, keys: Keys) -> None:
        """Start these races afresh. The stage's arrays hold their start values already.

        Only a stage whose start differs from its arrays' fill overrides this.

        Args:
            races: (k,) indices.
            keys: (k,) uint64, the key of every draw of each race's new episode.
        """

    if not TYPE_CHECKING:  # it would give every name a type

        def __getattr__(self, name: str) -> Any:
            """Say what to write when an attribute is missing that a constructor sets."""
            remedy = _SET_WHEN_BUILT.get(name, "")
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}{remedy}",
                name=name,
                obj=self,
            )


_SUPER = "; let its __init__ begin with super().__init__(setup)"
_SET_WHEN_BUILT = {
    "setup": _SUPER,
    "view": _SUPER,
    "space": "; let its __init__ set self.space",
}


class Backend(Stage, ABC):
    """A simulator: it moves the cars.

    Built as ``Class(setup)``; writes ``view.state``, ``view.vehicle``, ``view.clock``,
    ``view.contacts`` and its channels, and nothing else.

    A class may also have the attributes ``Options``, a ``StageOptions`` of its settings;
    ``Vehicle``, a pydantic model of a vehicle's parameters; and ``default_vehicle``, the name
    of the vehicle that a car without one gets. With them, what is wrong in a scenario or a
    vehicle's file is told with its line before anything starts.

    ``scales`` names the parameters of a vehicle that stand for its ``"grip"``, ``"mass"``,
    ``"power"``, ``"drag"`` and ``"downforce"``, so that it can be told by ``ggv`` what a
    hundredth more of each is worth.
    """

    spec: ClassVar[BackendSpec]
    scales: ClassVar[Mapping[str, Sequence[str]]] = {}

    @classmethod
    def spec_for(cls, options: Mapping[str, Any]) -> BackendSpec:
        """Return the spec under these options; the class's own unless they matter."""
        del options
        return cls.spec

    @classmethod
    def ggv(cls, vehicle: Mapping[str, Any], options: Mapping[str, Any]) -> GGV | None:
        """Return what a vehicle can do, by the backend's own model; None where it can't tell.

        The limit of a lap is computed from it. A backend without one is judged by the
        point-mass envelope that it writes into ``view.vehicle``.

        Args:
            vehicle: its parameters as read from its file, nothing drawn.
            options: the backend's settings from the scenario.

        Raises:
            RacegymError: the vehicle or the options are wrong.
        """
        del vehicle, options
        return None

    def __init__(self, setup: Setup):
        self.setup = setup
        self.view = setup.view

    @abstractmethod
    def reset(self, races: Races, keys: Keys) -> None:
        """Start these races afresh: fill ``state`` and ``vehicle`` of all their cars.

        A backend that can place cars may leave ``state`` to ``place``, which the world calls
        for all of them right after.
        """

    @abstractmethod
    def step(self, control: Control, effects: Effects, dt: float) -> None:
        """Advance all races by ``dt`` [s]; add what passed to ``clock.elapsed``.

        A race that could not be advanced sets ``clock.advanced`` to False. Contacts are
        appended; the world clears them before each step.
        """

    def place(self, cars: Cars, pose: NDArray[np.float64], speed: NDArray[np.float64]) -> None:
        """Put cars somewhere, at rest in the car's y axis and in rotation.

        Args:
            cars: (k,) flat indices.
            pose: (k, 3) float64: x [m], y [m], yaw [rad].
            speed: (k,) float64 forward speed [m/s].
        """
        raise RuntimeError(f"{type(self).__name__} declares that it can't place cars")

    def remove(self, cars: Cars) -> None:
        """Take cars off the track; ``view.race.present`` of these is False already.

        An engine that can't leaves them where they are: nobody looks at absent cars.
        """

    def track(self, race: int) -> Track:
        """Return the race's track, for a backend that owns its tracks."""
        raise RuntimeError(f"{type(self).__name__} drives the tracks it is given")

    def save(self) -> bytes:
        """Return the engine's own state, for ``spec.snapshots == "engine"``."""
        raise RuntimeError(f"{type(self).__name__} has no snapshots")

    def load(self, saved: bytes) -> None:
        """Bring back what ``save`` returned."""
        raise RuntimeError(f"{type(self).__name__} has no snapshots")

    def begin(self, control: Control, effects: Effects, dt: float) -> None:
        """Start a step, for an engine that runs by itself; ``finish`` completes it."""
        self.step(control, effects, dt)

    def finish(self) -> None:
        """Wait for what ``begin`` started."""

    def close(self) -> None:
        """Release what the operating system holds for it. May be called twice."""


class Realism(Stage, ABC):
    """Tyres, weather, fuel, damage: reads the view, writes effects and its own channels."""

    effects: ClassVar[frozenset[str]] = frozenset()
    requires: ClassVar[frozenset[str]] = frozenset()
    channels: ClassVar[tuple[Channel, ...]] = ()

    def __init__(self, setup: Setup):
        self.setup = setup

    @abstractmethod
    def step(self, view: View, effects: Effects, dt: float) -> None:
        """Multiply or add to ``effects`` for the coming ``dt`` [s].

        ``dt`` may be a part of the control interval.
        """


class Sensor(Stage, ABC):
    """Something that a driver is told: a box with finite bounds, filled for given cars.

    Attributes:
        space: the box of one car; values are clipped to it.
        requires: names of ``CarState`` fields and channels that it reads.
    """

    space: spaces.Box
    requires: frozenset[str] = frozenset()

    def __init__(self, setup: Setup):
        self.setup = setup

    @abstractmethod
    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out``, of shape ``(len(cars), *space.shape)``; ``out[k]`` is ``cars[k]``'s."""


class ActionMap(Stage, ABC):
    """Turns an agent's action into pedals and steering.

    Attributes:
        space: the action of one car.
        rounded: numbers of the action that are rounded to whole ones, such as a gear.
    """

    space: spaces.Space[Any]
    rounded: ClassVar[tuple[int, ...]] = ()

    def __init__(self, setup: Setup):
        self.setup = setup

    @abstractmethod
    def apply(self, actions: Array, cars: Cars, control: Control) -> None:
        """Write the control of ``cars``; ``actions[k]`` is ``cars[k]``'s, clipped here."""

    def invert(self, control: Control, cars: Cars) -> Array:
        """Return the actions ``(k, *space.shape)`` that come nearest to a control of ``cars``.

        They are what an agent would have to say now, from whatever the map remembers, for
        ``apply`` to write that control or, where none does, one as near to it as there is.
        Nothing is written. Imitation learns from what people and scripted drivers did so.

        Raises:
            ActionError: the map does not tell.
        """
        raise ActionError(
            f"the action map {type(self).__name__} can't be inverted: it has no method `invert`, "
            "so that nothing can be learned from recorded controls with it; choose another, such "
            "as steer_accel"
        )


class RewardTerm(Stage, ABC):
    """One named part of a reward."""

    requires: frozenset[str] = frozenset()

    def __init__(self, setup: Setup):
        self.setup = setup

    @abstractmethod
    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``, real ``(n_races, n_cars)``, with this step's value for every car."""


class Termination(Stage, ABC):
    """A reason for a car's episode to end.

    Attributes:
        truncates: True when the task did not end but the watching did, as with a time limit.
    """

    truncates: bool = False
    requires: frozenset[str] = frozenset()

    def __init__(self, setup: Setup):
        self.setup = setup

    @abstractmethod
    def compute(self, view: View, out: Array) -> None:
        """Fill ``out``, bool ``(n_races, n_cars)``: whether it applies to each car now."""


class Driver(Stage, ABC):
    """What decides for cars.

    A driver that comes with racegym may look at ``view``. One that declares
    ``observation`` is given these sensors' values and should use nothing else.

    Attributes:
        observation: sensors it wants, as a scenario writes them; None for none.
        action: the action map it wants, likewise; it is built and handed over in
            ``setup.action_map``.
        faults: race, car and figure of each failure in the step at hand, of a driver that
            can fail; the world makes events of kind ``FAULT`` of them and empties the list.
        policy_suffixes: endings, such as ``".onnx"``, of the policies that it takes as its
            option ``file``; ``driver: {policy: PATH}`` finds it by them.
        pits: it drives through the pit lane when ``RaceState.penalty_due`` says so, and stands
            there for ``penalty_stop`` seconds; others are given time instead.
    """

    observation: Any = None
    action: Any = None
    faults: list[tuple[int, int, int]] | None = None
    policy_suffixes: ClassVar[tuple[str, ...]] = ()
    pits: ClassVar[bool] = False

    @classmethod
    def declared_for(cls, options: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return ``observation`` and ``action``; the class's own unless the options matter.

        Raises:
            RacegymError: the options name something, such as a file, that can't be used.
        """
        del options
        return cls.observation, cls.action

    @classmethod
    def told_by(cls, options: Mapping[str, Any]) -> Mapping[str, str | int]:
        """Return what it can say of itself under these options, for people.

        One that drives with what was learned says by which ``algorithm`` and from how many
        ``steps``; others have nothing to say.

        Raises:
            RacegymError: the options name something, such as a file, that can't be used.
        """
        del options
        return {}

    def __init__(self, setup: Setup):
        self.setup = setup

    @abstractmethod
    def act(self, view: View, cars: Cars, observations: Any, control: Control) -> None:
        """Write the control of ``cars``, which are always the same for one driver.

        Args:
            view: the world, for drivers that come with racegym.
            cars: (k,) flat indices.
            observations: what it declared, led by k; None when it declared none.
            control: to be written in the rows of ``cars`` alone.
        """

    def close(self) -> None:
        """Release what the operating system holds for it. May be called twice."""


class Watcher:
    """Something that looks on: a recorder, standings, a picture. It may copy, never write.

    Attributes:
        every: it is shown every so many steps.
    """

    every: int = 1

    def see(self, view: View, events: Sequence[Event]) -> None:
        """Look at the race after a step; ``events`` are those since it looked last."""

    def close(self) -> None:
        """No more steps will come."""
