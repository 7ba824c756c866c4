"""Whether kernels can be compiled, kept, and run on several threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from racegym.doctor.finding import Finding
from racegym.doctor.space import writing_fault

__all__ = ["cache", "compiler", "threads"]

_LAYERS = {  # numba's modules, by the name of the threading layer, in numba's order
    "tbb": "numba.np.ufunc.tbbpool",
    "omp": "numba.np.ufunc.omppool",
    "workqueue": "numba.np.ufunc.workqueue",
}
LARGE = 2_000_000_000  # [bytes] of a cache that is worth a look


def threads() -> Iterator[Finding]:
    """Look at how many threads a batch uses, and by which of numba's layers."""
    import numba

    from racegym import kernels

    asked = os.environ.get("RACEGYM_THREADS", "")
    found = f"{kernels.threads()} for large batches, numba {numba.__version__}, {_layer()}"
    if asked and not asked.isdigit():
        yield Finding(
            what="threads", state="warn", found=f"{found}; RACEGYM_THREADS={asked!r} is ignored",
            remedy="set RACEGYM_THREADS to a whole number, or unset it",
        )  # fmt: skip
    else:
        source = " (RACEGYM_THREADS)" if asked else ""
        yield Finding(what="threads", state="ok", found=found + source)


def _layer() -> str:
    """Return the threading layer that numba will choose; asking numba would start it."""
    from numba import config

    wanted = str(config.THREADING_LAYER)
    for name in [wanted] if wanted in _LAYERS else list(_LAYERS):
        try:
            import_module(_LAYERS[name])
        except ImportError:
            continue
        return f"threading layer {name}"
    return "no threading layer: everything is serial"


def compiler() -> Iterator[Finding]:
    """Compile and run a function."""
    import numba

    try:
        double = numba.njit(lambda x: 2.0 * x)
        works = double(1.5) == 3.0
    except Exception as error:  # numba and LLVM raise all sorts
        yield Finding(
            what="compiler", state="fail", found=f"{type(error).__name__}: {error}".splitlines()[0],
            remedy="install numba again: pip install --force-reinstall numba llvmlite",
        )  # fmt: skip
        return
    disabled = bool(numba.config.DISABLE_JIT)
    if disabled:
        yield Finding(
            what="compiler", state="warn", found="NUMBA_DISABLE_JIT is set: kernels are not "
            "compiled, and many times slower", remedy="unset NUMBA_DISABLE_JIT",
        )  # fmt: skip
    else:
        state = "ok" if works else "fail"
        found = "compiles" if works else "compiles to wrong code"
        yield Finding(what="compiler", state="ok" if state == "ok" else "fail", found=found)


def cache() -> Iterator[Finding]:
    """Look at where compiled kernels are kept."""
    from racegym.kernels.cache import cache_folder

    folder = cache_folder()
    size, kernels = _size(folder)
    found = f"{folder}, {kernels} kernels, {size / 1e6:.0f} MB"
    fault = writing_fault(folder)
    if fault:
        yield Finding(
            what="cache", state="warn", found=f"{folder}: {fault}, so kernels are compiled anew "
            "by every process", remedy="set RACEGYM_CACHE_DIR to a folder that can be written",
        )  # fmt: skip
    elif size > LARGE:
        yield Finding(
            what="cache", state="warn", found=found,
            remedy="delete the folder: what is needed is compiled again",
        )  # fmt: skip
    else:
        yield Finding(what="cache", state="ok", found=found)


def _size(folder: Path) -> tuple[int, int]:
    """Return bytes and the number of compiled kernels below a folder."""
    size = kernels = 0
    for path in folder.rglob("*.nb?"):
        try:
            size += path.stat().st_size
        except OSError:  # another process has just replaced it
            continue
        kernels += path.suffix == ".nbi"
    return size, kernels
