"""How an entrant fails."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["FailureError", "Fault"]


class Fault(IntEnum):
    """What an entrant has done; the figure of an event of kind ``FAULT``."""

    RAISED = 1  # its code raised an exception
    WRONG_ACTION = 2  # its action has the wrong shape, is not finite or is no number
    LATE = 3  # it missed as many decisions in a row as it had patience for
    HUNG = 4  # it did not answer at all
    ENDED = 5  # its process came to an end, or said what nobody understands


class FailureError(Exception):
    """An entrant did not decide.

    Args:
        fault: in which way.
        what: the same in words.
        line: of its file, from 1, if known.
    """

    def __init__(self, fault: Fault, what: str, line: int | None = None):
        super().__init__(what)
        self.fault = fault
        self.what = what
        self.line = line
