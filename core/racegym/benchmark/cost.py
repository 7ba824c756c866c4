"""What a result cost, in words: the steps it was learned for, the time it took, the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["duration_text", "machine_text", "short_steps_text", "steps_text"]

MINUTE, HOUR = 60.0, 3600.0  # [s]


def steps_text(steps: Sequence[int]) -> str:
    """Return for how many steps the seeds of an entry learned.

    >>> steps_text([200_000, 200_000]), steps_text([5_000, 7_000])
    ('200,000', '5,000 to 7,000')
    """
    least, most = min(steps), max(steps)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def short_steps_text(steps: Sequence[int]) -> str:
    """Return the same for a narrow table, to three digits.

    >>> short_steps_text([300_032] * 5), short_steps_text([9_900_000, 10_027_008])
    ('300k', '9.9M to 10M')
    """
    least, most = (_short(number) for number in (min(steps), max(steps)))
    return least if least == most else f"{least} to {most}"


def _short(number: int) -> str:
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.3g}{letter}"
    return str(number)


def duration_text(seconds: float) -> str:
    """Return a duration, as exactly as somebody wants to know it who plans a night.

    >>> duration_text(41.2), duration_text(754.0), duration_text(9_100.0)
    ('41 s', '12.6 min', '2.5 h')
    """
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.1f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def machine_text(machine: Mapping[str, Any]) -> str:
    """Return the name of a machine, as wall times are told with it.

    >>> machine_text({"cpu": "znver4", "cores": 4, "system": "Linux"})
    'znver4, 4 cores'
    """
    cores = machine.get("cores")
    cpu = str(machine.get("cpu", "unknown"))
    return cpu if cores is None else f"{cpu}, {cores} cores"
