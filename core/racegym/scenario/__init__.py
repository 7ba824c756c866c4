"""Scenarios: one file that says what to race, read, checked and built into a world.

scenario = load_scenario("scenarios/quickstart.yaml", ["cars[0].driver.pace=90"])
world = scenario.world(n_races=4)
world.reset(scenario.seeds(4))
"""

from racegym.scenario.loading import Source, load_scenario
from racegym.scenario.scenario import VERSION, Scenario

__all__ = ["VERSION", "Scenario", "Source", "load_scenario"]
