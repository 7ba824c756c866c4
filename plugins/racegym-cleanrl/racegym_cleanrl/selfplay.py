"""Self-play: who drives the cars that a scenario leaves to agents, while a policy learns.

In every race that starts, one of these cars, drawn by chance, is the policy's. Each of the others
is the policy's, too, or a past self's, or a scripted driver's, drawn by their shares. All draws
are functions of the race's key and of the ratings at that time, so a training that is resumed
meets the very same opponents.

A past self is a copy of the policy, made every so many steps and never changed again. Past selves
are drawn alike, or by how open a race with them is: with weight p (1 - p), where p is the chance
that the policy beats them by their ratings [1].

[1] Vinyals et al. (2019), "Grandmaster level in StarCraft II using multi-agent reinforcement
    learning", Nature 575:350-354, doi:10.1038/s41586-019-1724-z: prioritised fictitious self-play.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from math import isclose
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator
from torch import Tensor

from racegym import Scenario
from racegym.errors import ScenarioError
from racegym.interfaces import StageOptions
from racegym.scenario.drivers import read_driver
from racegym.world.assembly import distinct_drivers
from racegym_cleanrl.agent import Agent
from racegym_cleanrl.checkpoint import SUFFIX, Checkpoint, with_prefix
from racegym_cleanrl.networks import Observation
from racegym_cleanrl.races import POLICY, Cast, Races
from racegym_cleanrl.ratings import Ratings

__all__ = ["SelfPlay", "SelfPlayOptions", "with_scripts"]

FOLDER, TABLE = "selfplay", "selfplay.json"  # in the run's
LEAST_WEIGHT = 0.01  # of a past self, so that none is forgotten
SALT = 0x5E1F  # of the draws, beside a race's key


class SelfPlayOptions(StageOptions):
    """Whom a policy races that learns in races of several agents."""

    share_self: float = Field(0.5, ge=0, le=1, description="of cars that the policy drives itself")
    share_past: float = Field(
        0.5, ge=0, le=1, description="of cars that past selves drive; the policy before there are"
    )
    share_scripted: float = Field(0.0, ge=0, le=1, description="of cars that `scripted` drive")
    past_every: int = Field(1_000_000, ge=1, description="steps between two past selves")
    past_most: int = Field(20, ge=1, le=200, description="past selves that still race: the latest")
    scripted: tuple[str | dict[str, Any], ...] = Field(
        (), description="drivers, as a scenario names them: `{name: raceline, pace: 95}`"
    )
    match: Literal["rating", "uniform"] = Field(
        "rating", description="which past self: by how open the race is, or any"
    )

    @model_validator(mode="after")
    def _fits(self) -> SelfPlayOptions:
        total = self.share_self + self.share_past + self.share_scripted
        if not isclose(total, 1.0, abs_tol=1e-6):
            raise ValueError(
                f"share_self, share_past and share_scripted add up to {total:g}, not to 1"
            )
        if self.share_scripted and not self.scripted:
            raise ValueError("share_scripted needs drivers; write scripted: [raceline], say")
        if self.scripted and not self.share_scripted:
            raise ValueError("scripted drivers never drive with share_scripted: 0; give them some")
        return self


def with_scripts(scenario: Scenario, options: SelfPlayOptions) -> Scenario:
    """Return a scenario in which the scripted drivers wait beside the track.

    Raises:
        ScenarioError: there is no such driver, or it can't be told so.
    """
    found = []
    for index, entry in enumerate(options.scripted):
        try:
            found.append(read_driver(entry))
        except ScenarioError as error:
            raise ScenarioError(
                f"trainer.selfplay.scripted[{index}]: {error.what}", file=scenario.file
            ) from error
    return scenario.model_copy(update={"relief": (*scenario.relief, *found)})


class SelfPlay:
    """The director of races; see above.

    Args:
        options: settings.
        races: of a scenario that ``with_scripts`` returned; directed from now on.

    Attributes:
        seats: of the scripts, in the world.
        past: the past selves that race, by number.
        ratings: of all.
        born: by number, the steps after which a past self was made.
    """

    def __init__(self, options: SelfPlayOptions, races: Races):
        self.options = options
        self._races = races
        races.director = self
        config = races.world.config
        parts = distinct_drivers([*(car.driver for car in config.cars), *config.relief])
        scripts = config.relief[len(config.relief) - len(options.scripted) :]
        self.seats: Sequence[int] = [parts.index(part) for part in scripts]
        self.past: dict[int, Agent] = {}
        self.ratings = Ratings()
        self.born: dict[int, int] = {}

    def cast(self, keys: NDArray[np.uint64], n_agents: int) -> Cast:
        """Return (k, n_agents) who drives in races that start."""
        asked = self.options
        limits = [asked.share_self, 1.0 - asked.share_scripted]
        numbers = np.array(list(self.past)[-asked.past_most :], np.int64)
        weights = self._weights(numbers)
        found: Cast = np.zeros((len(keys), n_agents), np.int64)
        for row, key in zip(found, keys, strict=True):
            drawn = np.random.default_rng([int(key), SALT])
            mine = drawn.integers(n_agents)
            kinds = np.searchsorted(limits, drawn.random(n_agents), side="right")
            which = drawn.random(n_agents)
            for agent in range(n_agents):
                if agent == mine or kinds[agent] == 0:
                    continue
                if kinds[agent] == 2:
                    row[agent] = -1 - int(which[agent] * len(self.seats))
                elif len(numbers):
                    at = np.searchsorted(weights, which[agent] * weights[-1], side="right")
                    row[agent] = numbers[min(int(at), len(numbers) - 1)]
        return found

    def _weights(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the weights of past selves, summed up."""
        if self.options.match == "uniform":
            return np.arange(1.0, len(numbers) + 1.0)
        chances = np.array([self.ratings.chance(int(number)) for number in numbers], np.float64)
        return np.maximum(chances * (1.0 - chances), LEAST_WEIGHT).cumsum()

    def told(self, cast: Cast, places: NDArray[np.int64]) -> None:
        """Rate who drove a race that is over."""
        self.ratings.race(cast, places)

    def drive(
        self, told: Observation, before: Tensor, actions: NDArray[Any], memory: Tensor
    ) -> None:
        """Let past selves drive, without chance, what is theirs.

        Args:
            told: by sensor, led by rows.
            before: (rows, memory_size) what each row had in mind.
            actions: (rows, *shape). Written in their rows.
            memory: what each row has in mind now. Written in their rows.
        """
        who = self._races.cast.reshape(-1)
        for number in np.unique(who[who > POLICY]):
            rows = torch.from_numpy(np.flatnonzero(who == number))
            here = rows.to(before.device)
            seen = {name: part[here] for name, part in told.items()}
            driven, mind = self.past[int(number)].drive(seen, before[here])
            actions[rows.numpy()] = driven.cpu().numpy()
            memory[here] = mind

    def freeze(self, agent: Agent, steps: int) -> int:
        """Keep a copy of the policy as a past self, and return its number."""
        number = max(self.born, default=0) + 1
        self.born[number] = steps
        self.past[number] = deepcopy(agent).requires_grad_(False).eval()
        self.ratings.freeze(number)
        busy = set(np.unique(self._races.cast).tolist())  # those finish their races first
        for old in list(self.past)[: -self.options.past_most]:
            if old not in busy:
                del self.past[old]
        return number

    def is_due(self, steps: int) -> bool:
        """Tell whether it is time for another past self; the first is what began."""
        every = self.options.past_every
        return not self.born or steps // every > max(self.born.values()) // every

    def figures(self) -> dict[str, float]:
        """Return the rating, and the share of races won since it was asked last."""
        told = {"charts/rating": self.ratings[POLICY].mean}
        sums: dict[str, list[float]] = {}
        for number, (races, won) in self.ratings.lately().items():
            name = "past" if number > POLICY else self.name(number)
            total = sums.setdefault(name, [0.0, 0.0])
            total[0] += races
            total[1] += won
        told |= {f"selfplay/won/{name}": won / races for name, (races, won) in sums.items()}
        return told

    def name(self, number: int) -> str:
        """Return what a past self or a script is called."""
        if number > POLICY:
            return f"past-{number:04}"
        entry = self.options.scripted[-1 - number]
        if isinstance(entry, str):
            return entry
        rest = [str(value) for name, value in entry.items() if name != "name"]
        return "-".join([str(entry.get("name", "script")), *rest])

    def table(self, steps: int) -> dict[str, Any]:
        """Return all ratings, as ``selfplay.json`` tells them."""

        def row(number: int) -> dict[str, Any]:
            rated = self.ratings[number]
            told = {"rating": round(rated.mean, 3), "deviation": round(rated.deviation, 3)}
            return told if number == POLICY else told | {
                "races": rated.races, "beaten": rated.beaten,
            }  # fmt: skip

        return {
            "policy": {"steps": steps, **row(POLICY)},
            "past": [
                {
                    "file": f"{FOLDER}/{self.name(number)}{SUFFIX}", "steps": born,
                    "races_now": number in self.past, **row(number),
                }
                for number, born in self.born.items()
            ],
            "scripted": [
                {"driver": entry, **row(-1 - index)}
                for index, entry in enumerate(self.options.scripted)
            ],
        }  # fmt: skip

    def write(self, run_dir: Path, steps: int) -> None:
        """Write the table of ratings into a run's folder."""
        text = json.dumps(self.table(steps), indent=2, ensure_ascii=False) + "\n"
        _whole(run_dir / TABLE, lambda file: file.write_text(text, encoding="utf-8"))

    def write_past(self, run_dir: Path, number: int, checkpoint: Checkpoint) -> None:
        """Write a past self into a run's folder: a checkpoint to drive with."""
        (run_dir / FOLDER).mkdir(exist_ok=True)
        _whole(run_dir / FOLDER / f"{self.name(number)}{SUFFIX}", checkpoint.write)

    def save(self) -> dict[str, Tensor]:
        """Return all that a resume goes on from."""
        tensors = with_prefix("", {
            "ratings": self.ratings.array(),
            "born": np.array(list(self.born.items()), np.int64).reshape(-1, 2),
        })  # fmt: skip
        for number, agent in self.past.items():
            tensors |= with_prefix(f"past.{number}.", agent.state_dict())
        return tensors

    def restore(self, saved: Mapping[str, Tensor], agent: Agent) -> None:
        """Bring back what ``save`` returned.

        Args:
            saved: by name.
            agent: of the same make as the past selves.
        """
        self.ratings.restore(saved["ratings"].numpy())
        self.born = {int(number): int(steps) for number, steps in saved["born"].tolist()}
        selves: dict[int, dict[str, Tensor]] = {}
        for name, values in saved.items():
            if name.startswith("past."):
                number, _, inner = name.removeprefix("past.").partition(".")
                selves.setdefault(int(number), {})[inner] = values
        self.past = {number: deepcopy(agent) for number in sorted(selves)}
        for one, past in self.past.items():
            past.load_state_dict(selves[one])
            past.requires_grad_(False).eval()


def _whole(file: Path, write: Callable[[Path], Any]) -> None:
    """Write a file beside its place, and put it there once it is whole."""
    beside = file.with_name(f".{file.name}")
    write(beside)
    beside.replace(file)
