"""What drivers from files did wrong in a run, in words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from racegym.entrants.failure import Fault
from racegym.race_control.telling import FAULTS
from racegym.record import RunFolder
from racegym.record.result import read_events
from racegym.report.wording import time_text

__all__ = ["fault_lines"]

MOST = 20  # lines


def fault_lines(folder: Path) -> list[str]:
    """Return a line for each car and way in which its driver failed.

    Args:
        folder: of a run.
    """
    first: dict[tuple[str, Fault], float] = {}
    times: Counter[tuple[str, Fault]] = Counter()
    for event in read_events(RunFolder(folder).events):
        if event["kind"] == "fault":
            key = event["name"], Fault(int(event["value"]))
            first.setdefault(key, event["time"])
            times[key] += 1
    lines = []
    for (name, fault), time in list(first.items())[:MOST]:
        often = f", {times[name, fault]} times in all" if times[name, fault] > 1 else ""
        lines.append(f"{name}: its driver {FAULTS[fault]} at {time_text(time)}{often}")
    if len(first) > MOST:
        lines.append(f"and {len(first) - MOST} more in events.jsonl")
    if lines:
        lines.append("why stands in the files entrant_*.log of the run")
    return lines
