"""What a run was made with: versions and machine, for whoever wants to repeat it."""

from __future__ import annotations

import platform
from importlib.metadata import version

from racegym import __version__, plugins

__all__ = ["machine", "versions"]

_LIBRARIES = ("numba", "numpy", "llvmlite")  # those that turn physics into machine code


def versions() -> dict[str, str]:
    """Return the versions of racegym, its loaded plugins, Python and what compiles kernels."""
    loaded = {p.dist: p.version for p in plugins.load().plugins if p.state == "loaded"}
    libraries = {name: version(name) for name in _LIBRARIES}
    return {"racegym": __version__, **loaded, "python": platform.python_version(), **libraries}


def machine() -> dict[str, str]:
    """Return what kernels are compiled for: results may differ in bits on another."""
    # numba's own name for the processor; platform.processor() is empty on many systems.
    import llvmlite.binding  # type: ignore[import-untyped]

    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cpu": str(llvmlite.binding.get_host_cpu_name()),
    }
