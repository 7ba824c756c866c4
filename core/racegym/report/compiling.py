"""Saying so while kernels are compiled: the first run of a version takes a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

__all__ = ["announce_compiling"]


class _Listener(event.Listener):  # type: ignore[misc]  # numba is untyped
    """Calls back at the first compilation, not at those nested in it or after it."""

    def __init__(self, announce: Callable[[], None]):
        self._announce: Callable[[], None] | None = announce

    def on_start(self, event: Any) -> None:
        if self._announce is not None:
            announce, self._announce = self._announce, None
            announce()

    def on_end(self, event: Any) -> None:
        pass


@contextmanager
def announce_compiling(announce: Callable[[], None]) -> Iterator[None]:
    """Within this, call ``announce`` once if a kernel has to be compiled.

    A kernel that comes out of the cache is not compiled.
    """
    with event.install_listener("numba:compile", _Listener(announce)):
        yield
