"""Worlds whose engines run in workers, and a watch over what they leave behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from racegym.interfaces import Backend
from racegym.testing.rig import Rig, circuits, imposed, profile
from racegym.workers import in_workers
from racegym.world import CarConfig, Part, WorldConfig

sys.path[:0] = [str(Path(__file__).parents[1] / "fakes")]


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """See to it that no worker and no shared memory outlives the test."""
    from racegym_fakes.processes import gone_within, workers_of

    memory = shared_memory()
    yield
    assert gone_within(2.0, workers_of(os.getpid()))
    assert shared_memory() <= memory


def shared_memory() -> set[Path]:
    """What there is but for semaphores, which tests beside this one have for their processes."""
    return {path for path in Path("/dev/shm").iterdir() if not path.name.startswith("sem.")}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def build(nothing_left: None) -> Iterator[Callable[..., Rig]]:
    """Return a maker of worlds around an engine, closed at the end."""
    made: list[Rig] = []
    before = descriptors()

    def make(
        engine: type[Backend],
        n_races: int = 1,
        n_cars: int = 1,
        *,
        workers: Any = None,
        effects: bool = False,
        rounds: int = 1,
        **options: Any,
    ) -> Rig:
        used = engine if workers is None else in_workers(engine)
        options |= {} if workers is None else {"workers": workers}
        spec = used.spec_for(options)
        config = WorldConfig(
            n_races=n_races,
            cars=[CarConfig(name=f"car {k}") for k in range(n_cars)],
            backend=Part(name=engine.__name__, make=used, options=options),
            tracks=circuits() if spec.tracks == "given" else (),
            profiles=profile(),
            realism=imposed(spec.effects) if effects else (),
            rounds=rounds,
        )
        made.append(Rig(config))
        return made[-1]

    yield make
    for rig in made:
        rig.world.close()
    assert descriptors() <= before
