"""Which worker processes there are, as Linux tells it."""

from __future__ import annotations

import time
from pathlib import Path

__all__ = ["gone_within", "is_running", "workers_of"]


def workers_of(world: int) -> list[int]:
    """Return the process ids of the workers that a process has."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == world and b"racegym.workers.worker" in command:
            found.append(int(status.parent.name))
    return sorted(found)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone_within(seconds: float, processes: list[int]) -> bool:
    until = time.monotonic() + seconds
    while any(map(is_running, processes)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(is_running, processes))
