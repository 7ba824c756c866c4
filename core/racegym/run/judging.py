"""Judging drivers: the same episodes for each, many races at once.

    with Judge("held_out.yaml", episodes=100) as judge:
        for checkpoint in checkpoints:
            print(judge.evaluate(checkpoint).summary)

Everything that costs time is done once: tracks are read or made, kernels compiled, limits
found. What is left for each driver is its races.

Episode i is the race of ``seed + i``, whatever the number of races at once. For drivers that
decide for each car by itself, as all that come with racegym do, it is that race to the bit. A
network is asked for all its cars in one call, and the last bits of a matrix product may depend
on how many rows it has; ``at_once=1`` asks for each race alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from racegym.entrants.entrant import Entrant
from racegym.envs.agent import with_one_agent
from racegym.errors import ScenarioError, naming
from racegym.interfaces import ActionMap, Array, Cars, Control, Setup, Status, Watcher
from racegym.record.limit import Limits
from racegym.run.evaluation import Evaluation, episodes_asked, seed_asked, summary_of
from racegym.run.scorecard import ScoreCard
from racegym.scenario import Scenario, Source, load_scenario
from racegym.scenario.drivers import DriverLike, driver_part, read_driver
from racegym.scenario.settings import StageSettings
from racegym.world import DriverPart, Part, World, WorldConfig
from racegym.world.assembly import distinct_drivers
from racegym.world.seats import Seat

__all__ = ["AT_ONCE", "Judge", "evaluate_driver"]

AT_ONCE = 128  # races, unless it is told another number
MOST_LIMITS = 1000  # tracks times vehicles of one evaluation
MOST_KEPT = 2000  # races whose circuits, where they are drawn, are kept for the next driver
DRIVEN = "driven"  # the action map of a car that somebody else drives


class _Driven(ActionMap):
    """Leaves control as it is: a driver has written it."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.space = spaces.Discrete(1)

    def apply(self, actions: Array, cars: Cars, control: Control) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class _Batch:
    """Some episodes that are driven at once.

    Attributes:
        first: the first of them.
        count: how many.
    """

    first: int
    count: int


class Judge:
    """Lets drivers drive a scenario's car, the same episodes for each.

    The car is the scenario's agent, or the first car where every car has a driver. It sees and
    acts as its driver wants; it is paid, and its episode ends, as its profile in the scenario
    says. An episode also ends when the car is out of the race, or with the scenario's
    ``time_limit``.

    Args:
        scenario: a scenario, the path or name of one, or its content as a mapping.
        episodes: how many; None for the scenario's own number.
        seed: of the first; None for the scenario's own.
        agent: the name of the car to drive; see ``racegym.envs.agent``.
        at_once: races of a batch at most.
        limit: tell lap times in percent of the limit, which is looked for once for each track
            and kept; None as the scenario's ``record.limit`` says.

    Raises:
        ScenarioError: the scenario is wrong, or there is no such car.
    """

    def __init__(
        self,
        scenario: Scenario | Source,
        *,
        episodes: int | None = None,
        seed: int | None = None,
        agent: str | None = None,
        at_once: int = AT_ONCE,
        limit: bool | None = None,
    ):
        loaded = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        if at_once < 1:
            raise ScenarioError(f"at_once is {at_once}; it should be at least 1")
        self.episodes = episodes_asked(loaded, episodes)
        self.seed = seed_asked(loaded, seed)
        self.scenario = loaded
        self._limit = loaded.record.limit if limit is None else limit
        with naming(loaded.file):
            config = with_one_agent(loaded.build(n_races=1), agent)
            most = config.backend.make.spec_for(config.backend.options).max_races
        self._at_once = min(at_once, self.episodes, most or at_once)
        self._car = next(k for k, car in enumerate(config.cars) if car.driver is None)
        self._config = _without_agent(config, self._car)
        self._dealt: dict[int, WorldConfig] = {}  # by first episode, with the tracks drawn

    @property
    def car(self) -> str:
        """The name of the car that is driven."""
        return self._config.cars[self._car].name

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the tracks. May be called twice."""
        self._dealt.clear()

    def evaluate(
        self,
        driver: DriverLike,
        *,
        shown: Callable[[int, int], None] | None = None,
        watchers: Sequence[Watcher] = (),
    ) -> Evaluation:
        """Let a driver drive all episodes.

        Args:
            driver: its name, a mapping of its name and options as in a scenario,
                ``FILE.py:CLASS``, or the ``Path`` of a policy: a checkpoint, an ONNX file or
                the folder of a training.
            shown: told now and then how many of how many episodes are over.
            watchers: see every step of the first batch, whose world they may be asked about
                by ``watch``; meant for batches of one race.

        Raises:
            ScenarioError: there is no such driver or policy, or it does not fit the scenario.
        """
        stage = read_driver(driver)
        part = driver_part(stage)
        rows: list[dict[str, Any]] = []
        references: dict[str, Any] = {}
        reasons: dict[str, None] = {}
        for batch in self._batches():
            found, limit = self._drive(part, batch, shown, watchers if batch.first == 0 else ())
            rows += found
            references |= limit["references"]
            reasons |= dict.fromkeys(limit["reasons"])
        return Evaluation(
            scenario=self.scenario.name,
            car=self.car,
            episodes=tuple(rows),
            summary=summary_of(rows),
            driver=_described(stage, part),
            limit={"references": references, "reasons": list(reasons)},
        )

    def _batches(self) -> Iterator[_Batch]:
        for first in range(0, self.episodes, self._at_once):
            yield _Batch(first, min(self._at_once, self.episodes - first))

    def _drive(
        self,
        part: DriverPart,
        batch: _Batch,
        shown: Callable[[int, int], None] | None,
        watchers: Sequence[Watcher],
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Drive some episodes and return their rows, and the limits."""
        with naming(self.scenario.file):
            world = World(replace(self._config_of(batch), relief=[part, *self._config.relief]))
        try:
            world.watchers += watchers
            seat = self._start(world, part, batch)
            card = ScoreCard(world, Limits(world, enabled=self._limit, most=MOST_LIMITS))
            self._race(world, seat, card, batch, shown)
            rows = card.rows(batch.count)
            limit = card.with_percent(rows)
        finally:
            world.watchers.clear()
            world.close()
        return [
            {"episode": batch.first + k, "seed": self.seed + batch.first + k, **row}
            for k, row in enumerate(rows)
        ], limit

    def _config_of(self, batch: _Batch) -> WorldConfig:
        known = self._dealt.get(batch.first)
        if known is not None:
            return known
        numbers = np.arange(batch.first, batch.first + batch.count)
        dealt = numbers % len(self._config.tracks) if self._config.tracks else None
        fixed = self._config.draw == "fixed"
        return replace(self._config, n_races=batch.count, race_track=dealt if fixed else None)

    def _start(self, world: World, part: DriverPart, batch: _Batch) -> Seat:
        """Start the episodes, the car in the hands of its driver; return the driver's seat."""
        seeds = self.seed + np.arange(batch.first, batch.first + batch.count, dtype=np.uint64)
        world.reset(seeds=seeds)
        kept = self.episodes <= MOST_KEPT and batch.first not in self._dealt
        if world.config.draw != "fixed" and kept:
            # From now on they are at hand: no circuit is made twice.
            tracks = [world.view.tracks.track_of(race) for race in range(world.n_races)]
            drawn = replace(
                world.config, tracks=tracks, race_track=None, draw="fixed", recipe={}, relief=()
            )
            self._dealt[batch.first] = drawn
        seat = next(seat for seat in world.seats if _is_of(seat, part, world.config))
        self._hand_over(world, seat, np.ones(world.n_races, np.bool_))
        if isinstance(seat.driver, Entrant):
            seat.driver.rehearse(seat.cars, seat.observe(world.view))
            world.reset(seeds=seeds)
            self._hand_over(world, seat, np.ones(world.n_races, np.bool_))
        return seat

    def _hand_over(self, world: World, seat: Seat, live: NDArray[np.bool_]) -> None:
        pilot = world.arrays["pilot"]
        pilot[:, self._car] = np.where(live, seat.index, -1)
        for one in world.seats:
            one.assign(pilot)

    def _race(
        self,
        world: World,
        seat: Seat,
        card: ScoreCard,
        batch: _Batch,
        shown: Callable[[int, int], None] | None,
    ) -> None:
        group, race = world.groups[0], world.view.race
        nothing = np.zeros(world.n_races, np.int64)
        live: NDArray[np.bool_] = np.ones(world.n_races, np.bool_)
        limit = self.scenario.time_limit - 1e-9
        while live.any():
            world.advance((nothing,))
            world.show()
            card.see(live)
            over = group.terminated | group.truncated | (race.status[:, self._car] > Status.PIT)
            over |= (race.time >= limit) | (race.status > Status.PIT).all(axis=1)
            ended = live & over
            if ended.any():
                card.end(ended)
                live &= ~over
                # Nobody is asked any more for a race that is over; it rolls on unseen.
                self._hand_over(world, seat, live)
                if shown is not None:
                    shown(batch.first + int((~live).sum()), self.episodes)


def evaluate_driver(
    driver: DriverLike,
    scenario: Scenario | Source,
    *,
    episodes: int | None = None,
    seed: int | None = None,
    agent: str | None = None,
    at_once: int = AT_ONCE,
    limit: bool | None = None,
) -> Evaluation:
    """Let a driver drive a scenario's car for some episodes, many races at once.

    To judge several drivers, or one again and again, make one ``Judge``.

    Args:
        driver: as in ``Judge.evaluate``.
        scenario, episodes, seed, agent, at_once, limit: as in ``Judge``.

    Raises:
        ScenarioError: the scenario or the driver is wrong, or they don't fit each other.
    """
    with Judge(
        scenario, episodes=episodes, seed=seed, agent=agent, at_once=at_once, limit=limit
    ) as judge:
        return judge.evaluate(driver)


def _without_agent(config: WorldConfig, car: int) -> WorldConfig:
    """Return a configuration whose agent is paid and ended by its profile, and nothing else."""
    name = config.cars[car].profile
    profile = replace(
        config.profiles[name],
        sensors=(),
        layout="dict",
        action=Part(name=DRIVEN, make=_Driven),
        critic_sensors=(),
        action_repeat=1,
    )
    return replace(config, profiles={name: profile})


def _is_of(seat: Seat, part: DriverPart, config: WorldConfig) -> bool:
    """Tell whether a seat is a driver's; other cars may have the same driver, and one seat."""
    parts = distinct_drivers([*(car.driver for car in config.cars), *config.relief])
    return seat.index == parts.index(part)


def _described(stage: StageSettings, part: DriverPart) -> dict[str, Any]:
    """Return who drives: what stands in a scenario, and what it says of itself."""
    return {
        "name": stage.name,
        "options": stage.model_dump(mode="json", exclude={"name"}),
        "told_by": dict(part.make.told_by(stage.options)),
        "observation": [sensor.name for sensor in part.sensors],
        "action": None if part.action is None else part.action.name,
    }
