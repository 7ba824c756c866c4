"""Whether a scenario that is to train can: it names a trainer, and leaves it a car."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

from racegym import plugins
from racegym.errors import RacegymError
from racegym.interfaces import Trainer
from racegym.plugins.offer import CORE
from racegym.scenario.canonical import AGENT
from racegym.scenario.faults import Faults
from racegym.scenario.held_out import held_out
from racegym.scenario.stages import find_class

if TYPE_CHECKING:
    from racegym.scenario.scenario import Scenario

__all__ = ["check_training", "trainer_names"]


PREFERRED = "ppo"  # of several: it learns with whatever a scenario asks for


def trainer_names() -> list[str]:
    """Return the trainers to choose from: those of plugins, first the one to begin with.

    racegym's own only stands for somebody else's library, to compare others with.
    """
    catalogue = plugins.load()
    own = {offer.name for offer in catalogue.offers("trainer") if offer.dist == CORE}
    names = [name for name in catalogue.names("trainer") if name not in own]
    return sorted(names, key=lambda name: name != PREFERRED)


def check_training(scenario: Scenario, faults: Faults, load: Callable[..., Scenario]) -> None:
    """Note what keeps a scenario from being learned on.

    A trainer in a scenario with another task is checked and not used: the task may be
    replaced for one run, to train on a race's scenario or to race on a training's.

    Args:
        scenario: of which every stage exists.
        faults: takes what is wrong.
        load: ``load_scenario``, for the scenario that it is judged on.
    """
    if scenario.trainer is not None:
        found = find_class("trainer", scenario.trainer.name)
        if not (inspect.isclass(found) and issubclass(found, Trainer)):
            what = f"trainer {scenario.trainer.name!r} is no racegym.interfaces.Trainer"
            faults.add(("trainer",), what)
    if scenario.task != "train":
        return
    if scenario.trainer is None:
        names = trainer_names()
        hint = f"write trainer: {names[0]}" if names else "no installed plugin brings one"
        others = f" (there are {', '.join(names)})" if len(names) > 1 else ""
        faults.add(("task",), f"is train, and the scenario names no trainer; {hint}{others}")
    if not any(car.is_agent for car in scenario.cars):
        what = f"every car has a driver, so that nobody can learn; give one driver: {AGENT}"
        faults.add(("cars",), what)
    if scenario.training.evaluate is not None:
        try:
            held_out(scenario, load)
        except RacegymError as error:
            faults.add_error(("training", "evaluate", "scenario"), error)
