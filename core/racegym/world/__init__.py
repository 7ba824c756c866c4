"""The batched world: all races of a scenario, stepped together."""

from racegym.world.commands import Command
from racegym.world.config import (
    CarConfig,
    DriverPart,
    Part,
    ProfileConfig,
    StartConfig,
    WeightedPart,
    WorldConfig,
)
from racegym.world.distributions import Distribution
from racegym.world.seats import AGENT
from racegym.world.world import World, WorldSnapshot

__all__ = [
    "AGENT",
    "CarConfig",
    "Command",
    "Distribution",
    "DriverPart",
    "Part",
    "ProfileConfig",
    "StartConfig",
    "WeightedPart",
    "World",
    "WorldConfig",
    "WorldSnapshot",
]
