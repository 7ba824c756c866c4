"""The cache of compiled kernels: what can't be read is stale, and never an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

KERNEL = """
import numpy as np
from numba import prange
from {home} import Pair
from racegym.kernels.compile import kernel

@kernel
def add(out, pair):
    for k in prange(out.shape[0]):
        out[k] = pair.a[k] + pair.b[k]
"""
PAIR = """
from typing import Any, NamedTuple

class Pair(NamedTuple):
    a: Any
    b: Any
"""
RUN = """
import numpy as np
from moving.adding import add
from {home} import Pair
out = np.zeros(2)
add(out, Pair(np.ones(2), np.ones(2)))
print(out.tolist())
"""


def run(folder: Path, home: str) -> str:
    environ = {
        **os.environ,
        "RACEGYM_CACHE_DIR": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(home=home)], env=environ, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_class_of_arguments_that_has_moved_makes_the_cache_stale(tmp_path: Path) -> None:
    package = tmp_path / "moving"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    for home, other in (("one", "two"), ("two", "one")):
        (package / f"{home}.py").write_text(PAIR, encoding="utf-8")
        (package / f"{other}.py").write_text("", encoding="utf-8")
        text = KERNEL.format(home=f"moving.{home}")
        (package / "adding.py").write_text(text, encoding="utf-8")
        assert run(tmp_path, f"moving.{home}") == "[2.0, 2.0]\n"


@pytest.mark.parametrize(("what", "content"), [("nbi", b""), ("nbc", b"not compiled")])
def test_what_is_broken_is_made_anew(tmp_path: Path, what: str, content: bytes) -> None:
    package = tmp_path / "moving"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "one.py").write_text(PAIR, encoding="utf-8")
    (package / "adding.py").write_text(KERNEL.format(home="moving.one"), encoding="utf-8")
    assert run(tmp_path, "moving.one") == "[2.0, 2.0]\n"
    kept = list((tmp_path / "cache").rglob(f"*.{what}"))
    assert kept
    for file in kept:
        file.write_bytes(content)
    assert run(tmp_path, "moving.one") == "[2.0, 2.0]\n"
