"""Judging checkpoints while a trainer learns: as drivers, on races that it does not learn from."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isnan, nan
from pathlib import Path
from typing import Any

from racegym import plugins
from racegym.run.curriculum import LEVEL
from racegym.run.entrants import code_files
from racegym.run.judging import Judge
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.held_out import held_out
from racegym.scenario.training_settings import EVALUATION

__all__ = ["COMPLETION", "LAP_PERCENT", "RETURN", "Examination", "is_better"]

COMPLETION = f"{EVALUATION}completion"
LAP_PERCENT = f"{EVALUATION}lap_percent"
LAP_TIME = f"{EVALUATION}lap_time"
RETURN = f"{EVALUATION}return"
OFF_TRACK = f"{EVALUATION}off_track_rate"


class Examination:
    """Judges the checkpoints of one training. Its tracks are made once.

    Args:
        scenario: of the training.
        driver: the name of the driver that takes its checkpoints.

    Raises:
        ScenarioError: what is to be driven is wrong, or leaves no car to the driver.
    """

    def __init__(self, scenario: Scenario, driver: str):
        assert scenario.training.evaluate is not None  # nobody makes one else
        self._entry = {"name": driver, **_trusted(scenario, driver)}
        races = held_out(scenario, load_scenario)
        self._judge = Judge(races, episodes=scenario.training.evaluate.episodes)

    def __call__(self, checkpoint: Path) -> dict[str, float]:
        """Drive with a checkpoint and return the figures; of laps, NaN where there is none."""
        found = self._judge.evaluate({**self._entry, "file": str(checkpoint)})
        rows, summary = found.episodes, found.summary
        figures = {
            COMPLETION: summary["completion_rate"],
            LAP_PERCENT: summary["mean_lap_percent"],
            LAP_TIME: summary["mean_lap"],
            RETURN: summary["mean_reward"],
            OFF_TRACK: sum(row["off_track"] > 0 for row in rows) / len(rows),
        }
        return {name: nan if value is None else float(value) for name, value in figures.items()}

    def close(self) -> None:
        """Let go of the tracks."""
        self._judge.close()


def _trusted(scenario: Scenario, driver: str) -> dict[str, Any]:
    """Return the option that lets a checkpoint name the code that its own training runs."""
    known = getattr(plugins.load().find("driver", driver).load(), "Options", None)
    takes = "code" in getattr(known, "model_fields", ())
    return {"code": True} if takes and code_files(scenario) else {}


def is_better(figures: Mapping[str, float], best: Mapping[str, float] | None) -> bool:
    """Tell whether one evaluation is better than another.

    By the stage of a curriculum, then by completion, lap time and return.
    """
    return best is None or _rank(figures) > _rank(best)


def _rank(figures: Mapping[str, float]) -> tuple[float, float, float, float]:
    laps = (figures.get(name, nan) for name in (LAP_PERCENT, LAP_TIME))
    lap = next((told for told in laps if not isnan(told)), inf)
    level = figures.get(LEVEL, 0.0)
    return level, figures.get(COMPLETION, 0.0), -lap, figures.get(RETURN, -inf)
