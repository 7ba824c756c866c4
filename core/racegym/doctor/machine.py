"""Python, the machine, and what it can show."""

from __future__ import annotations

import io
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from racegym import __version__
from racegym.doctor.finding import Finding

__all__ = ["console", "cores", "display", "gpu", "has_display", "python", "system"]

NVIDIA_SMI = ("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader")
PATIENCE = 5.0  # [s] a driver that hangs must not hang the doctor
LETTERS = "–·…"  # what tables and reports of racegym are written with


def python() -> Iterator[Finding]:
    """Look at the interpreter."""
    found = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    if sys.maxsize <= 2**32:
        yield Finding(
            what="python", state="fail", found=f"{found}, 32 bit",
            remedy="install a Python of 64 bit: numba has none for 32 bit",
        )  # fmt: skip
    else:
        yield Finding(what="python", state="ok", found=f"{found}; racegym {__version__}")


def system() -> Iterator[Finding]:
    """Say what racegym runs on."""
    yield Finding(
        what="system", state="ok",
        found=f"{platform.system()} {platform.release()}, {platform.machine()}",
    )  # fmt: skip


def cores() -> Iterator[Finding]:
    """Look at how many cores there are for this process, and how busy they are."""
    there = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else there
    found = f"{there}" if allowed == there else f"{there}, of which this process may use {allowed}"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > 1.5 * there:
        yield Finding(
            what="cores", state="warn", found=f"{found}; other programs keep them busy "
            f"(load {load:.1f})", remedy="end other programs for full speed",
        )  # fmt: skip
    else:
        yield Finding(what="cores", state="ok", found=found)


def gpu() -> Iterator[Finding]:
    """Look for a GPU and for torch, without importing torch, which takes seconds."""
    found = [_torch(), _nvidia()]
    yield Finding(what="gpu", state="ok", found="; ".join(found))


def _torch() -> str:
    if find_spec("torch") is None:
        return "torch is not installed; only trainers need it"
    try:
        return f"torch {version('torch')}"
    except PackageNotFoundError:
        return "torch of unknown version"


def _nvidia() -> str:
    if shutil.which(NVIDIA_SMI[0]) is None:
        return "no NVIDIA driver; simulation runs on the CPU anyway"
    try:
        done = subprocess.run(
            NVIDIA_SMI, capture_output=True, text=True, errors="replace", timeout=PATIENCE,
            check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "nvidia-smi is installed and does not answer"
    return ", ".join(line.strip() for line in done.stdout.splitlines() if line.strip())


def display() -> Iterator[Finding]:
    """Look whether a window can be opened."""
    if has_display():
        yield Finding(what="display", state="ok", found="there is one")
    else:
        yield Finding(
            what="display", state="ok",
            found="none: pictures and reports are written to files all the same",
        )  # fmt: skip


def has_display() -> bool:
    """Return whether windows can be opened here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def console() -> Iterator[Finding]:
    """Look whether the console can show all letters."""
    encoding = sys.stdout.encoding if isinstance(sys.stdout, io.TextIOBase) else None
    encoding = encoding or "utf-8"
    try:
        LETTERS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        yield Finding(
            what="console", state="warn", found=f"{encoding}: it shows ? for letters it lacks",
            remedy="set PYTHONUTF8=1",
        )  # fmt: skip
    else:
        yield Finding(what="console", state="ok", found=encoding)
