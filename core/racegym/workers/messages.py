"""The few bytes that the world and its workers say to each other, and waiting for them.

Every order and every answer is one message of a fixed size, so small that a pipe never
splits it. Before it goes into the pipe, its number is put into a flag in shared memory, so
that whoever waits can watch the flag for a moment and need not be woken. The pipe decides:
once a message has come out of it, all that was written before is there to be read, on any
processor.
"""

from __future__ import annotations

import os
import struct
import time
from enum import IntEnum
from typing import NamedTuple

__all__ = ["ANSWER", "ORDER_BYTES", "SPIN", "Order", "Outcome", "Task", "breathe"]

SPIN = 1e-4  # [s] that a flag is watched before going to sleep
_ORDER = struct.Struct("<qqqQd")
ORDER_BYTES = _ORDER.size
# An answer: number of the order (0 once the engine is built), outcome, bytes in the parcel.
ANSWER = struct.Struct("<qqq")


class Task(IntEnum):
    """What a worker is told to do."""

    RESET = 1
    STEP = 2
    PLACE = 3
    REMOVE = 4
    TRACK = 5  # drive another track from now on; the parcel holds it


class Outcome(IntEnum):
    """How that ended."""

    DONE = 0
    NEW_TRACK = 1  # done; the parcel holds the track that the engine has made
    FAILED = 2  # the parcel holds the reason


class Order(NamedTuple):
    """A message to a worker."""

    number: int  # counts up
    task: int
    length: int = 0  # [bytes] in the parcel
    key: int = 0  # of the episode, for a reset
    dt: float = 0.0  # [s] of a step

    def pack(self) -> bytes:
        """Return it as bytes."""
        return _ORDER.pack(*self)

    @classmethod
    def unpack(cls, raw: bytes) -> Order:
        """Return the order in these bytes."""
        return cls(*_ORDER.unpack(raw))


if hasattr(os, "sched_yield"):
    breathe = os.sched_yield
else:

    def breathe() -> None:
        """Let others use the processor, as who only watches a flag should."""
        time.sleep(0)
