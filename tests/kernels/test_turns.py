"""Several processes that need a kernel compile it once."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from racegym.kernels import turns
from racegym.locks import Lock

KERNEL = """
from numba import prange
from racegym.kernels.compile import kernel, outlined

@outlined
def twice(x):
    return 2.0 * x

@kernel
def double(out):
    for k in prange(out.shape[0]):
        out[k] = twice(out[k])
"""
RUN = """
import numpy as np
from sharing.work import double, twice
out = np.ones(2)
double(out)
print(out.tolist(), sum(double._serial.stats.cache_misses.values()))
"""


@pytest.fixture(autouse=True)
def _no_turn_is_left() -> Iterator[None]:
    yield
    turns.end()
    assert gc.isenabled()


def test_processes_that_start_together_compile_once(tmp_path: Path) -> None:
    package = tmp_path / "sharing"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "work.py").write_text(KERNEL, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    environ = {**os.environ, "RACEGYM_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": path}
    command = [sys.executable, "-c", RUN]
    both = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) for _ in range(2)]
    told = sorted(process.communicate(timeout=120)[0] for process in both)
    assert told == [b"[2.0, 2.0] 0\n", b"[2.0, 2.0] 1\n"]
    assert not list((tmp_path / "cache").rglob("*.lock"))


def test_a_turn_is_waited_for_and_told(tmp_path: Path) -> None:
    other = Lock(tmp_path / "f.lock")
    Timer(0.1, other.release).start()
    assert turns.take(tmp_path / "f.lock")
    assert not turns.take(tmp_path / "f.lock")  # it is had already
    assert not gc.isenabled()
    turns.give_back(tmp_path / "f.lock")
    assert gc.isenabled()


def test_who_never_ends_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    other = Lock(tmp_path / "f.lock")
    assert turns.take(tmp_path / "f.lock")
    turns.end()
    with pytest.raises(OSError):
        Lock(tmp_path / "f.lock")
    other.release()


def test_a_folder_without_locks_is_done_without(tmp_path: Path) -> None:
    assert not turns.take(tmp_path / "nowhere" / "f.lock")


def test_a_stopped_collector_stays_stopped(tmp_path: Path) -> None:
    gc.disable()
    try:
        turns.take(tmp_path / "f.lock")
        turns.give_back(tmp_path / "f.lock")
        assert not gc.isenabled()
    finally:
        gc.enable()
