"""Which checkpoints of a training stay: the last ones, each so-many-th, and the best.

A trainer writes one file again and again, ``last.*``. What is to stay of it gets a name of its
own, with the steps in it. That is a second name for the same bytes where the disk can do that,
and a copy where it can't.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["BEST", "OWN_BEST", "link_whole", "numbered", "too_old"]

BEST = "best"  # stem of the one that was judged the best
OWN_BEST = "best-by-trainer"  # stem of what a trainer itself holds for that, where core judges
_NUMBERED = re.compile(r"step-\d{12,}(\.\w+)?")


def numbered(name: str, steps: int) -> str:
    """Return what a checkpoint is called that stays.

    >>> numbered("last.npz", 123456)
    'step-000000123456.npz'
    """
    return f"step-{steps:012d}{Path(name).suffix}"


def too_old(entries: Iterable[Mapping[str, Any]], keep: int) -> list[str]:
    """Return the names of the checkpoints that don't stay.

    Args:
        entries: of ``train.json``.
        keep: how many of the latest stay; milestones stay beside them.
    """
    own = [e for e in entries if _NUMBERED.fullmatch(e["name"])]
    own.sort(key=lambda entry: int(entry["steps"]))
    latest = {entry["name"] for entry in own[-keep:]} if keep > 1 else set()
    return [e["name"] for e in own if not e.get("milestone") and e["name"] not in latest]


def link_whole(file: Path, target: Path, beside: Path) -> None:
    """Give a file a second name, in place of what goes by that name.

    Args:
        file: that exists; whoever replaces it leaves the second name as it is.
        target: the second name.
        beside: a name that nobody uses, for the time until it is whole.

    Raises:
        OSError: it can't be written.
    """
    with suppress(FileNotFoundError):
        beside.unlink()
    try:
        os.link(file, beside)
    except OSError:  # a disk without links
        shutil.copyfile(file, beside)
        with beside.open("rb+") as copied:
            os.fsync(copied.fileno())
    beside.replace(target)
    beside.unlink(missing_ok=True)  # renaming one name of a file to another of it does nothing
