"""All that is looked at, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from racegym.doctor.compiler import cache, compiler, threads
from racegym.doctor.finding import Finding
from racegym.doctor.machine import console, cores, display, gpu, python, system
from racegym.doctor.plugins import plugins
from racegym.doctor.space import space

__all__ = ["examine"]


def examine(runs_dir: Path = Path("runs")) -> list[Finding]:
    """Look at everything, and return what was found. Nothing is changed and nothing raised.

    Args:
        runs_dir: where runs are to be kept.
    """
    looks: list[Callable[[], Iterator[Finding]]] = [
        python, system, cores, threads, compiler, cache, gpu, display, console, plugins,
        lambda: space(runs_dir),
    ]  # fmt: skip
    findings: list[Finding] = []
    for look in looks:
        try:
            findings.extend(look())
        except Exception as error:  # a doctor must not fall ill of what he looks at
            name = getattr(look, "__name__", "space").replace("<lambda>", "space")
            findings.append(
                Finding(what=name, state="fail", found=f"{type(error).__name__}: {error}")
            )
    return findings
