"""One race after the other in a world of one race: how each starts, and when it is over."""

from __future__ import annotations

from racegym.errors import ScenarioError, naming
from racegym.interfaces import Status
from racegym.scenario import Scenario
from racegym.track import Track
from racegym.world import World

__all__ = ["check_driven", "is_over", "most_steps", "start_episode"]

CRAWL = 2.5  # [m/s] a pace that nobody who finishes a lap stays below
GRACE = 60.0  # [s] to get going


def check_driven(scenario: Scenario) -> None:
    """Refuse a scenario that leaves cars to an agent, since here is none.

    Raises:
        ScenarioError: names the cars and the fix.
    """
    agents = [index for index, car in enumerate(scenario.cars) if car.is_agent]
    if scenario.task == "train":
        raise ScenarioError(
            "is to train, which racegym.run.train does; write task: race", file=scenario.file
        )
    if agents:
        names = ", ".join(scenario.cars[index].name for index in agents)
        raise ScenarioError(
            f"nobody drives {names}: the scenario leaves that to an agent. Give it a driver, "
            f"such as --set cars[{agents[0]}].driver=pure_pursuit",
            file=scenario.file,
        )


def start_episode(world: World, scenario: Scenario, seed: int, track: Track | None = None) -> None:
    """Start the race of ``seed``: on the track and with the bits that it has in a batch.

    Args:
        world: of one race.
        scenario: that it is of.
        seed: of the race.
        track: where races keep their tracks: the one to race on; None for that of the race
            which has this seed in a batch that begins with the scenario's.

    Raises:
        ScenarioError: the cars can't stand as they are to start.
    """
    tracks = world.config.tracks
    if len(tracks) > 1 and world.config.draw == "fixed":
        world.view.tracks.replace(0, track or tracks[(seed - scenario.seed) % len(tracks)])
    with naming(scenario.file):
        world.reset(seeds=[seed])


def is_over(world: World, time_limit: float) -> bool:
    """Return whether all cars are out of the race, or it has lasted ``time_limit`` [s]."""
    race = world.view.race
    return bool(race.time[0] >= time_limit - 1e-9 or (race.status[0] > Status.PIT).all())


def most_steps(world: World, scenario: Scenario) -> int:
    """Return how many steps all episodes take at most, as far as can be told before."""
    time = scenario.time_limit
    if scenario.laps and world.config.tracks:
        longest = max(track.length for track in world.config.tracks)
        time = min(time, GRACE + scenario.laps * longest / CRAWL)
    episodes = scenario.episodes if scenario.task == "evaluate" else 1
    return int(episodes * time / world.dt) + 1
