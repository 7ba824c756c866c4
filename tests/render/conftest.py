"""Pictures are tried on kart2d, and windows without a display."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from racegym.scenario import Scenario, load_scenario
from racegym.world import World

pytest.importorskip(
    "racegym_kart2d", reason="needs a backend: pip install -e plugins/racegym-kart2d"
)

TWO: dict[str, Any] = {
    "name": "two karts",
    "backend": "kart2d",
    "laps": 1,
    "time_limit": 60,
    "seed": 3,
    "track": {"generate": {"seed": 7, "length": 300}},
    "cars": [
        {"name": "Ann", "vehicle": "rental_kart", "driver": {"name": "pure_pursuit", "pace": 80}},
        {"name": "Bob", "vehicle": "rental_kart", "driver": {"name": "pure_pursuit", "pace": 95}},
    ],
}


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows open, but nobody sees them."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.fixture(scope="session")
def two() -> Scenario:
    """Two karts, one lap of 300 m."""
    return load_scenario(TWO)


@pytest.fixture
def world(two: Scenario) -> Iterator[World]:
    """Its world, at the start."""
    made = two.world()
    made.reset([3])
    yield made
    made.close()
