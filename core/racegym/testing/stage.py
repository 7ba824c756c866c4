"""What the suites of sensors, action maps, realism, scoring and drivers share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np

from racegym.interfaces import Backend, Realism
from racegym.testing.parts import Bicycle
from racegym.testing.rig import Rig, Rows, circuits, difference, everyday, profile, rows
from racegym.testing.suite import ConformanceError, Suite
from racegym.track import Track
from racegym.world import CarConfig, Part, ProfileConfig, WorldConfig

__all__ = ["StageSuite", "halves"]

N_RACES = 3
N_CARS = 2


class StageSuite(Suite):
    """Base of the suites of everything that runs in a world beside the backend.

    Attributes:
        backend, backend_options: what the cars run on; a plain car that fills every field
            of ``CarState``, unless the stage needs more.
        vehicles: as read from their files; dealt out to the cars in turn.
        tracks: none takes two small generated circuits.
        realism: modules that offer channels the stage needs.
    """

    backend: ClassVar[type[Backend]] = Bicycle
    backend_options: ClassVar[Mapping[str, Any]] = {}
    vehicles: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    tracks: ClassVar[Sequence[Track]] = ()
    realism: ClassVar[Sequence[Part[Realism]]] = ()

    @property
    def part(self) -> Part[Any]:
        """The stage under test."""
        return Part(name=self.make.__name__, make=self.make, options=self.options)

    def profiles(self) -> Mapping[str, ProfileConfig]:
        """Return the profile of every car, with the stage under test in it."""
        return profile()

    def modules(self) -> Sequence[Part[Realism]]:
        """Return the realism modules of the world."""
        return self.realism

    def cars(self, n_cars: int) -> Sequence[CarConfig]:
        """Return the cars of the world."""
        return [
            CarConfig(name=f"car {k}", vehicle=self.vehicles[k % len(self.vehicles)])
            for k in range(n_cars)
        ]

    def rig(
        self, n_races: int = N_RACES, tracks: Sequence[Track] | None = None, **more: Any
    ) -> Rig:
        """Return a world with the stage under test in it."""
        given = self.backend.spec_for(self.backend_options).tracks == "given"
        return Rig(
            WorldConfig(
                n_races=n_races,
                cars=self.cars(N_CARS),
                backend=Part(
                    name=self.backend.__name__, make=self.backend, options=self.backend_options
                ),
                tracks=(tracks or self.tracks or circuits()) if given else (),
                profiles=self.profiles(),
                realism=self.modules(),
                **more,
            )
        )

    @contextmanager
    def driven(self, steps: int = 15) -> Iterator[Rig]:
        """Give a world in which the cars have driven for some steps."""
        with self.rig() as rig:
            rig.start()
            rig.play(everyday(steps, N_RACES, N_CARS))
            yield rig

    def must_be_same(self, expected: Rows, found: Rows, what: str, where: str) -> None:
        """Fail where two copies of a world differ."""
        odd = difference(expected, found)
        if odd:
            raise ConformanceError(f"{what}: {odd}", where=where)

    def replay(self, steps: int, where: str) -> None:
        """Demand that two runs with the same seeds and controls are the same."""
        runs = []
        for _ in range(2):
            with self.rig() as rig:
                rig.start()
                runs.append([rows(rig.world), *rig.play(everyday(steps, N_RACES, N_CARS))])
        for step, (a, b) in enumerate(zip(*runs, strict=True)):
            self.must_be_same(a, b, f"two runs with the same seeds differ at step {step}", where)

    def reset_anew(self, steps: int, where: str) -> None:
        """Demand that a used and reset world is a fresh one, then and for some steps."""
        controls = everyday(steps, N_RACES, N_CARS, seed=1)
        with self.rig() as rig:
            rig.start(1)
            fresh = [rows(rig.world), *rig.play(controls)]
        with self.rig() as rig:
            rig.start(50)
            rig.play(everyday(20, N_RACES, N_CARS))
            rig.world.arrays.garbage(3)
            rig.start(1)
            used = [rows(rig.world), *rig.play(controls)]
        for step, (a, b) in enumerate(zip(fresh, used, strict=True)):
            self.must_be_same(a, b, f"{step} steps after a reset the world is not fresh", where)

    def alone(self, steps: int, where: str) -> None:
        """Demand that each race of a batch is what it is alone."""
        controls = everyday(steps, N_RACES, N_CARS)
        tracks = self.tracks or circuits()
        with self.rig() as rig:
            rig.start(5)
            batch = [rows(rig.world), *rig.play(controls)]
        for race in range(N_RACES):
            with self.rig(1, tracks=[tracks[race % len(tracks)]]) as rig:
                rig.start(5 + race)
                single = [rows(rig.world), *rig.play(controls[:, race : race + 1])]
            for step, (a, b) in enumerate(zip(single, batch, strict=True)):
                mine = {name: array[race : race + 1] for name, array in b.items()}
                what = f"race {race} of {N_RACES} is not the race it is alone, at step {step}"
                self.must_be_same(a, mine, what, where)


def halves(count: int) -> list[np.ndarray[Any, np.dtype[np.int64]]]:
    """Return the even and the odd numbers below ``count``."""
    return [np.arange(start, count, 2) for start in (0, 1)]
