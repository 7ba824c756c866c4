"""An engine whose library is missing where a worker looks for it."""

from __future__ import annotations

import sys

from racegym_fakes.alone import Quick

__all__ = ["Elsewhere"]

if getattr(sys.modules["__main__"].__spec__, "name", "") == "racegym.workers.worker":
    raise ImportError("libengine.so: cannot open shared object file")


class Elsewhere(Quick):
    """Imports in the world's process only."""
