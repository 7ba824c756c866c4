"""From a scenario to a world in which exactly one car of each race is driven from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from racegym.errors import ScenarioError, naming, nearest
from racegym.scenario import Scenario, load_scenario
from racegym.world import World, WorldConfig

__all__ = ["ScenarioLike", "agent_world", "as_scenario", "with_one_agent"]

ScenarioLike = Scenario | str | Path | Mapping[str, Any]


def as_scenario(scenario: ScenarioLike) -> Scenario:
    """Return the scenario that is meant, read and checked if it is not one already."""
    return scenario if isinstance(scenario, Scenario) else load_scenario(scenario)


def agent_world(scenario: Scenario, n_races: int, agent: str | None) -> World:
    """Return a world with one agent a race.

    Args:
        scenario: what to race.
        n_races: how many races.
        agent: the name of the car to drive. None: the car whose driver is ``agent``, or the
            first car where every car has a driver.

    Raises:
        ScenarioError: there is no such car, or it is not clear which one is meant.
    """
    with naming(scenario.file):
        return World(with_one_agent(scenario.build(n_races=n_races), agent))


def with_one_agent(config: WorldConfig, agent: str | None) -> WorldConfig:
    """Return a configuration in which exactly one car is driven from outside.

    Args:
        config: of a scenario.
        agent: as in ``agent_world``.

    Raises:
        ScenarioError: as in ``agent_world``.
    """
    names = [car.name for car in config.cars]
    agents = [car.name for car in config.cars if car.driver is None]
    if agent is None:
        if len(agents) > 1:
            raise ScenarioError(
                f"this environment drives one car, and the scenario leaves {len(agents)} to "
                f"agents ({', '.join(agents)}); give all but one a driver"
            )
        agent = agents[0] if agents else names[0]
    if agent not in names:
        raise ScenarioError(f"no car is called {agent!r}; {nearest(agent, names)}")
    undriven = [name for name in agents if name != agent]
    if undriven:
        raise ScenarioError(
            f"nobody drives {', '.join(undriven)} while the agent drives {agent!r}; "
            "give each a driver"
        )
    cars = [replace(car, driver=None) if car.name == agent else car for car in config.cars]
    return replace(config, cars=cars)
