"""Child processes that end together with all that they have started.

Each is started as the first of a group of its own (``start_new_session`` or
``process_group=0``), whose number is the process's own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from time import perf_counter, sleep

__all__ = ["end_group", "ends_within", "has_ended"]

TICK = 0.002  # [s] between two looks at a process


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process has ended, leaving it in the system's table as long as possible.

    While it is there, its group's number is not given to another.
    """
    if process.returncode is not None:
        return True
    if sys.platform == "win32":
        return process.poll() is not None
    how = os.WEXITED | os.WNOHANG | os.WNOWAIT
    try:
        return os.waitid(os.P_PID, process.pid, how) is not None
    except ChildProcessError:  # somebody else has asked for its exit code
        return True


def ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for a process to end by itself; tell whether it did."""
    limit = perf_counter() + seconds
    while not has_ended(process):
        if perf_counter() >= limit:
            return False
        sleep(TICK)
    return True


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process by force, with all that it has left in its group, and wait for it."""
    if sys.platform == "win32":
        process.kill()
    elif process.returncode is None:
        # macOS refuses where nothing but a zombie is left of the group.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
