"""Drives laps: pure pursuit in a vehicle of kart2d, on tracks that readers made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from racegym.drivers.pure_pursuit import PurePursuit
from racegym.track import Track
from racegym.world import World
from racegym.world.config import CarConfig, DriverPart, Part, WorldConfig

SECONDS = 600.0


def assert_lapped(tracks: list[Track], vehicle: str, pace: float = 100.0) -> None:
    """Assert that a car laps each of the tracks twice, on the track and without a touch.

    Args:
        tracks: one race each.
        vehicle: of kart2d.
        pace: [%] of the speed that the driver thinks possible.
    """
    package = pytest.importorskip("racegym_kart2d")
    from racegym_kart2d.backend import Kart2D

    file = Path(package.__file__).parent / "vehicles" / f"{vehicle}.yaml"
    driver = DriverPart(name="pure_pursuit", make=PurePursuit, options={"pace": pace})
    car = CarConfig(name="car", vehicle=yaml.safe_load(file.read_text("utf-8")), driver=driver)
    world = World(
        WorldConfig(
            n_races=len(tracks),
            cars=[car],
            backend=Part(name="kart2d", make=Kart2D),
            tracks=tracks,
        )
    )
    try:
        world.reset(seeds=np.arange(len(tracks)))
        race = world.view.race
        for _ in range(int(SECONDS / world.dt)):
            world.step()
            if (race.laps_done >= 2).all():
                break
        names = [track.name for track in tracks]
        assert (race.laps_done >= 2).all(), dict(zip(names, race.laps_done[:, 0], strict=True))
        for incident in (race.off_track_count, race.wall_count):
            assert (incident == 0).all(), dict(zip(names, incident[:, 0], strict=True))
    finally:
        world.close()
