"""Lines that entries are read against: what drives a task's test and did not learn on it.

Each is a file of the report's folder, as ``racegym benchmark score ... --json`` wrote it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from racegym.benchmark.running import FORMAT
from racegym.benchmark.statistics import Estimate
from racegym.record.folder import read_json

__all__ = ["NO_SCORE", "ReferenceLine", "lines_in", "read_line"]

NO_SCORE = "is no score that this racegym's benchmark score wrote"
TEXTS, NUMBERS = ("label", "driver"), ("score", "completion")


@dataclass(frozen=True)
class ReferenceLine:
    """A driver or a policy that drove the test of a task, without a step of learning on it.

    Attributes:
        task: name and version.
        label: of it.
        result: as it stands in its file.
        file: that one.
    """

    task: str
    label: str
    result: dict[str, Any]
    file: Path

    @property
    def score(self) -> float:
        """[%] of the reference lap's pace."""
        return float(self.result["score"])

    def estimates(self) -> dict[str, Estimate | None]:
        """Return the figures as those of an entry; nothing was drawn, so none has an interval."""
        values = {key: self.result[key] for key in ("score", "completion", "lap_percent")}
        return {k: None if v is None else Estimate(v, None, None) for k, v in values.items()}


def read_line(file: Path) -> ReferenceLine | None:
    """Return the reference line in a file; None where the file holds something else.

    Raises:
        RunError: it can't be read.
    """
    data = read_json(file)
    if not isinstance(data, dict) or data.get("format") != FORMAT or not _is_score(data):
        return None
    task = data["task"]
    return ReferenceLine(f"{task['name']}-v{task['version']}", data["label"], data, file)


def _is_score(data: dict[str, Any]) -> bool:
    task, lap = data.get("task"), data.get("lap_percent")
    return (
        isinstance(task, dict)
        and task.keys() >= {"name", "version", "hash"}
        and all(isinstance(data.get(key), str) for key in TEXTS)
        and all(_is_number(data.get(key)) for key in NUMBERS)
        and (lap is None or _is_number(lap))
        and isinstance(data.get("missing"), list)
        and isinstance(data.get("references"), dict)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def lines_in(lines: Sequence[ReferenceLine], task: str) -> list[ReferenceLine]:
    """Return those of a task, the slowest first."""
    return sorted((line for line in lines if line.task == task), key=lambda line: line.score)
