"""The decorators ``kernel``, ``device`` and ``outlined``, and the number of threads.

A kernel is a thin loop over races or cars that calls device functions:

    @kernel
    def step(x, vx, dt):
        real = x.dtype.type
        for race in prange(x.shape[0]):
            for car in range(x.shape[1]):
                x[race, car] += vx[race, car] * real(dt)

Its first argument is an array led by races, or by a list of cars: the leading lengths of
that array tell the size of the work. Below ``PARALLEL_FROM`` items (or as many as the kernel
itself says), with one thread, in a forked child, and where there is no ``prange``, the serial
twin runs and OpenMP is never entered: GNU OpenMP kills a child that is forked after it
started, and its threads spin while they wait for work.

Kernels and the functions that they call borrow the arrays that they are given, and numba counts
no references to them: with tuples of arrays, that would cost more than the work, in time and
in compiling. So none of them makes new arrays, but for those that say ``allocates=True``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, overload

import numba

from racegym.kernels import turns
from racegym.kernels.cache import enable_cache
from racegym.kernels.callees import inlined, linked
from racegym.kernels.crew import Crew, Pace

__all__ = [
    "LIGHT",
    "PARALLEL_FROM",
    "Kernel",
    "device",
    "kernel",
    "outlined",
    "set_threads",
    "threads",
]

PARALLEL_FROM = 512  # items; below it, waking threads costs more than it saves
LIGHT = 2048  # the same for kernels that do a few operations an item

# Only ``prange`` may go parallel: fused or reduced array expressions could change bits.
_PRANGE_ONLY = {
    "comprehension": False,
    "prange": True,
    "numpy": False,
    "reduction": False,
    "inplace_binop": False,
    "setitem": False,
    "stencil": False,
    "fusion": False,
}

_crew = Crew()
_not_yet_cached: list[Any] = []  # outlined functions
_one_launch = threading.Lock()  # numba's workqueue layer allows one parallel region at a time


def _default_threads() -> int:
    asked = os.environ.get("RACEGYM_THREADS", "")
    available = int(numba.config.NUMBA_NUM_THREADS)
    return max(1, min(int(asked), available)) if asked.isdigit() else available


_threads = _default_threads()


def threads() -> int:
    """Return how many threads a large batch uses."""
    return _threads


def set_threads(count: int) -> None:
    """Use up to ``count`` threads for large batches; 1 means always serial.

    The default is ``RACEGYM_THREADS``, or else one a core. More than there are cores is
    cut to that, and fewer are used while other programs keep cores busy. Results do not
    depend on it.
    """
    global _threads
    if count < 1:
        raise ValueError(f"threads must be at least 1, not {count}")
    _threads = min(count, int(numba.config.NUMBA_NUM_THREADS))


def _serial_in_child() -> None:
    global _threads, _one_launch
    _threads = 1
    _one_launch = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_serial_in_child)


class Kernel:
    """A compiled loop with a serial and a parallel twin; both give the same bits."""

    def __init__(
        self,
        py_func: Callable[..., None],
        parallel_from: int = PARALLEL_FROM,
        *,
        allocates: bool = False,
    ):
        self.__doc__ = py_func.__doc__
        self.__name__ = py_func.__name__
        self.__wrapped__ = py_func
        self._parallel: Any = None
        self._serial = numba.njit(
            error_model="numpy", nogil=True, no_cfunc_wrapper=True, _nrt=allocates
        )(py_func)
        self._cached = False
        self._divisible = "prange" in py_func.__code__.co_names
        self._parallel_from = parallel_from
        self._pace = Pace()

    def __call__(self, first: Any, *rest: Any) -> None:
        """Run the twin that suits the size of ``first``, compiling it when it is new."""
        if _threads > 1 and self._divisible and _items(first.shape) >= self._parallel_from:
            self._run_parallel(first, *rest)
        else:
            if not self._cached:
                _cache_outlined()
                enable_cache(self._serial, parallel=False)
                self._cached = True
            try:
                self._serial(first, *rest)
            except BaseException:
                turns.end()
                raise

    def bind(self, first: Any, *rest: Any) -> Callable[[], None]:
        """Return this kernel with its arguments, to be run again and again.

        numba then asks only once of what types they are, which takes longer than the work of a
        light kernel where arguments are tuples of arrays.
        """
        entry: Callable[..., None] | None = None
        arguments = (first, *rest)  # in one: putting them together takes as long as a light kernel
        parts = self._divisible and _items(first.shape) >= self._parallel_from

        def run() -> None:
            nonlocal entry
            if parts and _threads > 1:
                self._run_parallel(*arguments)
            elif entry is not None:
                entry(*arguments)
            else:
                self(*arguments)
                types = tuple(numba.typeof(argument) for argument in arguments)
                compiled = self._serial.overloads.get(types)  # none where another one suits, too
                entry = compiled and compiled.entry_point

        return run

    def _run_parallel(self, *args: Any) -> None:
        with _one_launch:
            if self._parallel is None:
                compiled = numba.njit(
                    error_model="numpy", nogil=True, no_cfunc_wrapper=True, parallel=_PRANGE_ONLY
                )
                self._parallel = compiled(self.__wrapped__)
                _cache_outlined()
                enable_cache(self._parallel, parallel=True)
            pace, items = self._pace, _items(args[0].shape)
            numba.set_num_threads(1 if pace.alone is None else _crew.size(_threads))
            known, started = len(self._parallel.overloads), perf_counter_ns()
            try:
                self._parallel(*args)
            except BaseException:
                turns.end()
                raise
            took = perf_counter_ns() - started
            if len(self._parallel.overloads) > known:
                return  # it was compiled just now
            if pace.alone is None:
                pace.learn(items, took)
            else:
                _crew.note(_threads, held_up=pace.held_up(items, took))


def _items(shape: tuple[int, ...]) -> int:
    return shape[0] * shape[1] if len(shape) > 1 else shape[0]


@overload
def kernel(py_func: Callable[..., None]) -> Kernel: ...
@overload
def kernel(
    *, parallel_from: int = ..., allocates: bool = ...
) -> Callable[[Callable[..., None]], Kernel]: ...
def kernel(
    py_func: Callable[..., None] | None = None,
    *,
    parallel_from: int = PARALLEL_FROM,
    allocates: bool = False,
) -> Kernel | Callable[[Callable[..., None]], Kernel]:
    """Compile a loop over races or cars; see the module's text for its form.

    Args:
        py_func: the loop.
        parallel_from: items from which several threads are used; more where an item costs
            next to nothing, fewer where it costs microseconds.
        allocates: whether the loop itself makes new arrays, see the module's text.
    """
    if py_func is None:
        return lambda loop: Kernel(loop, parallel_from, allocates=allocates)
    return Kernel(py_func, parallel_from, allocates=allocates)


def device(py_func: Callable[..., Any]) -> Any:
    """Compile a scalar function that kernels call; it is inlined into each of them."""
    return inlined(py_func)


@overload
def outlined(py_func: Callable[..., Any], *, allocates: bool = ...) -> Any: ...
@overload
def outlined(*, allocates: bool) -> Callable[[Callable[..., Any]], Any]: ...
def outlined(py_func: Callable[..., Any] | None = None, *, allocates: bool = False) -> Any:
    """Compile a function that kernels call as it is, once for both twins.

    For loops that are too large for inlining to gain anything, and for those that numba
    compiles to slower code inside a parallel loop: a block of cars goes to the function.

    Args:
        py_func: the function.
        allocates: whether it makes new arrays itself, see the module's text.
    """
    if py_func is None:
        return lambda body: outlined(body, allocates=allocates)
    function = linked(py_func, allocates=allocates)
    _not_yet_cached.append(function)
    return function


def _cache_outlined() -> None:
    """Keep what outlined functions compile to, so that several kernels share it.

    Done when a kernel is first run: by then all modules that it needs are imported.
    """
    while _not_yet_cached:
        enable_cache(_not_yet_cached.pop(), parallel=False)
