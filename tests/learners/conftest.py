"""Learning is tried on kart2d; each test skips without the library that it is about."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip(
    "racegym_kart2d", reason="needs a backend: pip install -e plugins/racegym-kart2d"
)


@pytest.fixture
def short_episodes() -> dict[str, Any]:
    """One kart that starts anywhere at speed; under random controls it soon leaves the track."""
    return {
        "name": "short",
        "backend": "kart2d",
        "track": {"generate": {"seed": 2, "length": 500}},
        "start": {"kind": "random", "speed": 8.0, "speed_noise": 8.0, "lateral_noise": 2.0},
        "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
        "observation": ["state", "lookahead"],
        "action": "steer_accel",
        "reward": {"progress": 0.5, "off_track": 2.0},
        "termination": {
            "off_track": {"margin": 0.0},
            "stuck": {"seconds": 2.0},
            "time_limit": {"seconds": 3.0},
        },
    }


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Small networks: more threads only wait for each other."""
    pytest.importorskip("torch").set_num_threads(1)
