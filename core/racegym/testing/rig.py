"""A world for one check: built, driven by the check itself, recorded, compared and closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.interfaces import Array, Realism
from racegym.testing.parts import Direct, Imposed, Nothing
from racegym.track import Track, generate
from racegym.world import Part, ProfileConfig, World, WorldConfig

__all__ = [
    "CONTROLS",
    "Rig",
    "circuits",
    "difference",
    "everyday",
    "field",
    "imposed",
    "profile",
    "rows",
]

CONTROLS = 4  # numbers of an action: steer, throttle, brake, gear
Rows = dict[str, Array]


class Rig:
    """A world all of whose cars do what the check says. Use it in a ``with`` statement.

    Args:
        config: every car an agent of the profile that ``profile()`` gives.

    Attributes:
        world: the world.
    """

    def __init__(self, config: WorldConfig):
        self.world = World(config)
        self._actions = np.zeros((self.world.n_races, self.world.n_cars, CONTROLS), np.float32)

    def __enter__(self) -> Rig:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.world.close()

    def start(self, seed: int = 1) -> None:
        """Reset all races; race i gets the seed ``seed + i``."""
        self.world.reset(seeds=np.arange(self.world.n_races, dtype=np.uint64) + np.uint64(seed))

    def step(
        self,
        steer: ArrayLike = 0.0,
        throttle: ArrayLike = 0.0,
        brake: ArrayLike = 0.0,
        gear: ArrayLike = 0.0,
    ) -> None:
        """Make a step; each argument fits ``(n_races, n_cars)``."""
        for index, value in enumerate((steer, throttle, brake, gear)):
            self._actions[..., index] = value
        self.world.step([self._actions.reshape(-1, CONTROLS)])

    def play(self, controls: Array) -> list[Rows]:
        """Drive with ``controls``, (steps, n_races, n_cars, 4); return all rows of each step."""
        trace = []
        for step in controls:
            self.step(*np.moveaxis(step, -1, 0))
            trace.append(rows(self.world))
        return trace

    def impose(self, values: Mapping[str, float]) -> None:
        """Make these the effects of all steps to come."""
        for module in self.world.realism:
            if isinstance(module, Imposed):
                module.values = dict(values)

    def now(self, name: str) -> float:
        """Return a field of the first car's state."""
        return float(getattr(self.world.view.state, name)[0, 0])


def profile(**parts: Any) -> dict[str, ProfileConfig]:
    """Return the profile of a car that a check drives, with these parts exchanged."""
    plain: dict[str, Any] = {
        "sensors": [Part(name="nothing", make=Nothing)],
        "action": Part(name="direct", make=Direct),
    }
    return {"default": ProfileConfig(**(plain | parts))}


def imposed(effects: Iterable[str]) -> list[Part[Realism]]:
    """Return the realism that does what ``Rig.impose`` says."""
    return [Part(name="imposed", make=Imposed.honouring(frozenset(effects)))]


def everyday(steps: int, n_races: int, n_cars: int, seed: int = 0) -> NDArray[np.float32]:
    """Return controls that drive about: (steps, n_races, n_cars, 4) float32.

    Smooth steering, mostly throttle, now and then the brake, gears left to the car.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(steps)[:, None, None]
    phase, pace = rng.uniform(0, 6.28, (2, n_races, n_cars))
    controls = np.zeros((steps, n_races, n_cars, CONTROLS), np.float32)
    controls[..., 0] = 0.6 * np.sin(phase + (0.1 + 0.05 * pace) * time)
    controls[..., 1] = np.clip(0.6 + 0.4 * np.sin(pace + 0.13 * time), 0, 1)
    braking = np.sin(2 * phase + 0.07 * time) > 0.85
    controls[..., 1][braking] = 0
    controls[..., 2][braking] = 0.5
    return controls


@cache
def circuits() -> Sequence[Track]:
    """Return two small circuits, one each way round."""
    return [
        generate(1, length=300.0, direction="ccw", name="suite-ccw"),
        generate(2, length=300.0, direction="cw", name="suite-cw"),
    ]


@cache
def field() -> Sequence[Track]:
    """Return one ring so wide and without walls that a car can do as it likes."""
    angle = np.linspace(0.0, 2.0 * np.pi, 720, endpoint=False)
    points = 400.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    wide = 150.0
    return [Track.from_points(points, wide, wide, name="suite-field", spacing=20.0, runoff=np.inf)]


def rows(world: World, races: Iterable[int] | None = None) -> Rows:
    """Return copies of every array of the world, of some races or of all."""
    which = slice(None) if races is None else list(races)
    return {name: world.arrays[name][which].copy() for name in world.arrays}


def difference(expected: Rows, found: Rows, skip: tuple[str, ...] = ()) -> str | None:
    """Return where two copies of a world's arrays differ first, in words; None if nowhere.

    Args:
        expected, found: as ``rows`` gives them.
        skip: beginnings of names that may differ.
    """
    for name, want in expected.items():
        if name.startswith(skip) if skip else False:
            continue
        have = found[name]
        if want.tobytes() == have.tobytes():
            continue
        places = np.argwhere(_bits(want) != _bits(have))
        at = tuple(int(i) for i in places[0][: want.ndim])
        return f"{name}{list(at)} is {have[at]} where {want[at]} was expected"
    return None


def _bits(array: Array) -> Array:
    """Return the array's bytes, with one more axis."""
    return array.reshape((*array.shape, 1)).view(np.uint8)
