"""The decorator of functions that kernels call as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["outlined"]


def outlined(py_func: Callable[..., Any]) -> Any:
    """Compile a function that is too large for inlining to gain anything.

    What ``device`` compiles is inlined, and so compiled again wherever it lands. A loop over
    lanes costs far more than a call, and outlined it is compiled once.
    """
    return numba.njit(error_model="numpy", nogil=True)(py_func)
