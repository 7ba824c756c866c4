"""What a policy is worth on a task: its laps in percent of what physics allows.

The score of an episode is how fast the better lap was, in percent of the pace of the reference
lap of its track, and 0 for a car that did not complete its laps; the score of a policy is the mean
over all episodes. So 100 is the quasi-steady-state limit, a driver who is two thirds as fast has
67, and one who is as fast and leaves the track in every other episode half of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from racegym.benchmark.tasks import Task
from racegym.errors import RunError
from racegym.run import Judge
from racegym.scenario.drivers import DriverLike

__all__ = ["FIGURES", "Score", "score"]

FIGURES = ("score", "completion", "lap_percent")  # those that are summed up over seeds
KEPT = ("episode", "seed", "track", "status", "best_lap", "best_lap_percent", "reward", "ended_by")


@dataclass(frozen=True, kw_only=True)
class Score:
    """How a policy did on a task.

    Attributes:
        score: [%] of the reference's pace, 0 for an episode that was not completed; the mean.
        completion: [%] of the episodes.
        lap_percent: [%] the mean lap time of completed episodes, of the reference's; None
            where none was completed. Lower is better.
        episodes: a row each, with keys as in ``result.json``.
        references: by hash, what the laps are compared with.
        missing: tracks of the task that are not here.
    """

    score: float
    completion: float
    lap_percent: float | None
    episodes: tuple[dict[str, Any], ...]
    references: dict[str, Any]
    missing: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**asdict(self), "episodes": list(self.episodes), "missing": list(self.missing)}


def score(
    driver: DriverLike | Path, task: Task, *, shown: Callable[[int, int], None] | None = None
) -> Score:
    """Let a policy drive the test of a task.

    Args:
        driver: what drives, as ``racegym.run.Judge`` takes it.
        task: what on.
        shown: told how many of how many episodes are over.

    Raises:
        ScenarioError: there is no such driver, or it does not fit; or no track of the task is
            there.
        RunError: a reference lap could not be found.
    """
    test = task.test()
    with Judge(test.scenario, limit=True) as judge:
        found = judge.evaluate(driver, shown=shown)
    rows = [{key: row[key] for key in KEPT} for row in found.episodes]
    completed = [row for row in rows if row["status"] == "finished"]
    unknown = next((r for r in completed if r["best_lap"] and not r["best_lap_percent"]), None)
    if unknown is not None:
        reasons = "; ".join(found.limit["reasons"])
        raise RunError(f"there is no reference lap of the track {unknown['track']!r}: {reasons}")
    laps = [row["best_lap_percent"] for row in completed if row["best_lap_percent"]]
    return Score(
        score=_mean([_pace(row) for row in rows]),
        completion=100.0 * len(completed) / len(rows),
        lap_percent=fmean(laps) if laps else None,
        episodes=tuple(rows),
        references=_references(found.limit["references"]),
        missing=test.missing,
    )


def _pace(row: Mapping[str, Any]) -> float:
    share = row["best_lap_percent"]
    return 1e4 / share if row["status"] == "finished" and share else 0.0


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def _references(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    keys = ("track", "line", "lap_time")
    return {name: {key: told[key] for key in keys} for name, told in found.items()}
