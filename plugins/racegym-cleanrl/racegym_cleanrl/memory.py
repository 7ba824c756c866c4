"""How much memory there is, so that what would not fit is refused before it is begun."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["free_memory", "told_size"]

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def free_memory(meminfo: Path = MEMINFO, cgroup: Path = CGROUP) -> int | None:
    """Return the bytes that this process may still take; None where nobody tells.

    On Linux that is what the machine has left, and no more than what is left of a container's
    share. Elsewhere it is all the memory that the machine has, if that is told.

    Args:
        meminfo, cgroup: where Linux tells of the machine, and of the container.
    """
    told = (_of_machine(meminfo), _of_container(cgroup))
    found = [bytes_left for bytes_left in told if bytes_left is not None]
    if found:
        return min(found)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # there is no such function on Windows
        return None


def _of_machine(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _of_container(cgroup: Path) -> int | None:
    try:
        limit = (cgroup / "memory.max").read_text(encoding="ascii").strip()
        if limit == "max":
            return None
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        stat = dict(
            line.split()
            for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines()
        )
    except (OSError, ValueError):
        return None
    # Pages of files that nobody has asked for lately are given up when memory is wanted.
    return max(0, int(limit) - used + int(stat.get("inactive_file", 0)))


def told_size(size: float) -> str:
    """Return bytes as a person reads them.

    >>> told_size(21_168), told_size(4.2e9)
    ('21.2 kB', '4.2 GB')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size:.0f} bytes"
