"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "State"]

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One row of the report.

    Attributes:
        what: was looked at.
        state: ``"fail"`` if racegym, or a part of it, can't work like that; ``"warn"`` if it
            works, but slower or with something left out.
        found: one line.
        remedy: what helps; empty where nothing needs to.
    """

    what: str
    state: State
    found: str
    remedy: str = ""
