"""Leads a training through the stages of its curriculum, by what its figures say.

The trainer knows nothing of it. When a stage is over it is asked to stop, which leaves a
checkpoint, and goes on from there on the scenario of another stage. The level stands beside each
checkpoint in ``train.json``, with the values that were counted by then, so a resume goes on as
the training itself would have.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from racegym.scenario import Scenario, load_scenario
from racegym.scenario.curriculum import Condition, CurriculumSettings, figures_of, staged

__all__ = ["LEVEL", "Curriculum"]

LEVEL = "curriculum/level"  # a figure of train.csv: 0 is the first stage


class Curriculum:
    """Where a training stands in its curriculum.

    Args:
        scenario: the whole.
        settings: its curriculum.
        begun: what ``state`` returned when the checkpoint was written that is gone on from;
            None for a beginning.

    Attributes:
        level: the stage, from 0.
        moved: the stage is another than the one that is being learned on.
    """

    def __init__(
        self,
        scenario: Scenario,
        settings: CurriculumSettings,
        begun: Mapping[str, Any] | None = None,
    ):
        self._scenario = scenario
        self._settings = settings
        self._asked = frozenset(figures_of(settings))
        self.level = 0
        self.moved = False
        self._since = 0
        self._values: dict[str, list[float]] = {}
        self._moves: list[dict[str, Any]] = []
        if begun is not None:
            self._go_on(begun)

    def _go_on(self, begun: Mapping[str, Any]) -> None:
        names = [stage.name for stage in self._settings.stages]
        if begun["stage"] in names:  # a curriculum that was changed keeps the stage by its name
            self.level = names.index(begun["stage"])
        else:
            self.level = min(int(begun["level"]), len(names) - 1)
        self._since = int(begun["since"])
        self._values = {name: list(values) for name, values in begun["values"].items()}
        self._moves = list(begun["moves"])

    @property
    def asked(self) -> frozenset[str]:
        """The names of the figures that lead from stage to stage."""
        return self._asked

    @property
    def since(self) -> int:
        """Steps after which the stage began."""
        return self._since

    @property
    def stage(self) -> str:
        """The name of the stage."""
        return self._settings.stages[self.level].name

    @property
    def state(self) -> dict[str, Any]:
        """What is kept beside a checkpoint: plain data."""
        return {
            "stage": self.stage,
            "level": self.level,
            "since": self._since,
            "values": {name: list(values) for name, values in self._values.items()},
            "moves": list(self._moves),
        }

    def scenario(self) -> Scenario:
        """Return what is learned on in the stage; from now on it is the one that is learned on.

        Raises:
            ScenarioError: it can't be.
        """
        self.moved = False
        return staged(self._scenario, self._settings.stages[self.level], load_scenario)

    def told(self, steps: int, figures: Mapping[str, float]) -> bool:
        """Take in figures of the training, and return whether they led to another stage.

        What is told after that and before the other stage begins is of neither, and not counted.

        Args:
            steps: after which they were told.
            figures: by name.
        """
        if self.moved:
            return False
        for name in self._asked & figures.keys():
            values = self._values.setdefault(name, [])
            values.append(figures[name])
            del values[: -self._settings.window]
        if steps - self._since < self._settings.least_steps:
            return False
        up, down = self._settings.stages[self.level].conditions
        change = 1 if self._hold(up) else -1 if self._hold(down) else 0
        if change:
            self.level += change
            self._since = steps
            self._values = {}
            self._moves.append({"steps": steps, "stage": self.stage})
            self.moved = True
        return self.moved

    def _hold(self, conditions: list[Condition]) -> bool:
        """Tell whether all conditions hold for the means of full windows."""
        return bool(conditions) and all(
            len(self._values.get(c.figure, ())) == self._settings.window
            and c.holds(fmean(self._values[c.figure]))
            for c in conditions
        )
