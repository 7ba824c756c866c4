"""What a run was made with: versions and machine, for whoever wants to repeat it."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import version
from typing import Any

from racegym import __version__, plugins

__all__ = ["git_revision", "learning_versions", "machine", "versions"]

_LIBRARIES = ("numba", "numpy", "llvmlite")  # those that turn physics into machine code
_LEARNERS = ("torch", "jax", "tensorflow")  # told of where a trainer has imported them
_PATIENCE = 5.0  # [s] for git


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


def learning_versions() -> dict[str, str]:
    """Return the versions of the libraries for learning that this process has imported."""
    found = {}
    for name in _LEARNERS:
        told = getattr(sys.modules.get(name), "__version__", None)
        if told is not None:
            found[name] = str(told)
    return found


def git_revision() -> dict[str, Any] | None:
    """Return what is checked out in the working directory: ``revision``, and ``changed``.

    None where there is no git, or nothing checked out.
    """
    try:
        told = [
            subprocess.run(
                ["git", *words], capture_output=True, text=True, timeout=_PATIENCE, check=True
            ).stdout.strip()
            for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "-uno"])
        ]  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return {"revision": told[0], "changed": bool(told[1])}
