"""Races small enough to be driven to their end, and someone who drives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import racegym_multicar
from racegym_multicar import RaceParallelEnv

pytest.importorskip(
    "racegym_kart2d", reason="needs a backend: pip install -e plugins/racegym-kart2d"
)

SCRIPTED = {"name": "pure_pursuit", "pace": 60}


def cars(*agents: str, scripted: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return karts for agents, in front, and for scripted drivers behind them."""
    drivers: list[tuple[str, Any]] = [(name, "agent") for name in agents]
    drivers += [(name, SCRIPTED) for name in scripted]
    return [{"name": n, "vehicle": "rental_kart", "driver": d} for n, d in drivers]


DUEL: dict[str, Any] = {
    "name": "duel",
    "backend": "kart2d",
    "track": {"generate": {"seed": 2, "length": 300}},
    "dt": 0.1,
    "laps": 1,
    "cars": cars("red", "blue"),
    "observation": ["state", "lookahead"],
    "action": "steer_accel",
    "reward": {"progress": 0.1, "off_track": 2.0},
    "termination": {"stuck": {"seconds": 3.0}, "time_limit": {"seconds": 60.0}},
}
FIELD = {**DUEL, "cars": cars("red", "Blue kart", "green", scripted=("grey", "white"))}


@pytest.fixture
def duel() -> dict[str, Any]:
    """Two agents, one lap."""
    return dict(DUEL)


@pytest.fixture
def field() -> dict[str, Any]:
    """Three agents and two scripted drivers, one lap."""
    return dict(FIELD)


@pytest.fixture
def make() -> Iterator[Callable[..., RaceParallelEnv]]:
    """Return ``parallel_env``; what it makes is closed at the end."""
    made: list[RaceParallelEnv] = []

    def build(scenario: Any, **settings: Any) -> RaceParallelEnv:
        made.append(racegym_multicar.parallel_env(scenario, **settings))
        return made[-1]

    yield build
    for env in made:
        env.close()


@pytest.fixture
def steer() -> Callable[..., np.ndarray[Any, Any]]:
    """Return a function that says what follows the centerline at 9 m/s."""

    def along(env: RaceParallelEnv, name: str, speed: float = 9.0) -> np.ndarray[Any, Any]:
        view = env.world.view
        car = [car.name for car in env.world.config.cars].index(name)
        frame = view.frame
        bend = float(frame.curvature[0, car]) - 0.12 * float(frame.d[0, car])
        turn = bend - 0.6 * float(frame.heading_error[0, car])
        return np.array([2.5 * turn, 0.5 * (speed - view.state.vx[0, car])], np.float32).clip(-1, 1)

    return along
