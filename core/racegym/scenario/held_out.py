"""Other races made of a scenario: those that a training is judged on, and variants of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from racegym.scenario.canonical import LAPS_DONE, alternatives

if TYPE_CHECKING:
    from racegym.scenario.scenario import Scenario

__all__ = ["forget_laps", "held_out"]


def held_out(scenario: Scenario, load: Callable[..., Scenario]) -> Scenario:
    """Return the scenario that a training is judged on.

    Args:
        scenario: of the training; its ``training.evaluate`` says what differs.
        load: ``racegym.scenario.load_scenario``, which itself asks for this.

    Raises:
        ScenarioError: there is no such scenario, or something in it is wrong.
    """
    evaluate = scenario.training.evaluate
    assert evaluate is not None  # nobody asks else
    if isinstance(evaluate.scenario, str):
        return load(evaluate.scenario, ["task=evaluate", "training=null"])
    own = scenario.resolved()
    for key in ("trainer", "training"):
        own.pop(key, None)
    changes: Mapping[str, Any] = evaluate.scenario or {}
    forget_laps(own)
    for key in changes:
        for other in alternatives((key,)):
            own.pop(other, None)
    return load({**own, **changes, "task": "evaluate"})


def forget_laps(own: dict[str, Any]) -> None:
    """Let terminations that have taken the race distance take that of the other races.

    Args:
        own: a scenario's plain data, all spelt out; changed in place.
    """
    for profile in (own, *own["profiles"].values()):
        for label, stage in profile["termination"].items():
            if stage.get("name", label) == LAPS_DONE and stage.get("laps") == own["laps"]:
                del stage["laps"]
