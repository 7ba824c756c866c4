"""Numba kernels, and the decorators that make them. Floats and arrays only.

``kernel`` compiles a loop over races or cars into a serial and a parallel twin; ``device``
compiles a scalar function that is inlined into kernels, ``outlined`` one that they call.
Modules in here, and the kernels of plugins, see numbers and arrays and nothing else: objects
live one layer up.
"""

from numba import prange

from racegym.kernels.compile import (
    PARALLEL_FROM,
    Kernel,
    device,
    kernel,
    outlined,
    set_threads,
    threads,
)

__all__ = [
    "PARALLEL_FROM",
    "Kernel",
    "device",
    "kernel",
    "outlined",
    "prange",
    "set_threads",
    "threads",
]
