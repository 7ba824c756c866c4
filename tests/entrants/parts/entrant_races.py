"""Scenarios for the tests of entrants."""

from __future__ import annotations

from typing import Any


def race(*drivers: Any, **changes: Any) -> dict[str, Any]:
    """Return a scenario of one car for each driver."""
    return {
        "name": "entrants",
        "backend": "kart2d",
        "laps": 1,
        "time_limit": 60,
        "track": {"generate": {"seed": 7, "length": 300}},
        "cars": [{"vehicle": "rental_kart", "driver": driver} for driver in drivers],
        **changes,
    }
