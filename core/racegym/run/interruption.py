"""Ctrl-C between two steps, where nothing is half done."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

__all__ = ["Interruption"]


class Interruption:
    """Within this, the first SIGINT only sets ``asked``; a second one interrupts as always.

    Outside the main thread, where Python allows no handlers, it does nothing. It may be entered
    again within itself, by a part of what it covers.

    Attributes:
        asked: somebody wants the run to end. May be set, too.
        heard: it was by SIGINT.
    """

    def __init__(self) -> None:
        self.asked = False
        self.heard = False
        self._before: object = None
        self._depth = 0

    def __enter__(self) -> Interruption:
        self._depth += 1
        if self._depth == 1 and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._restore()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked = self.heard = True
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]
            self._before = None
