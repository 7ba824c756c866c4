"""Drivers in files of their own, and scenarios that name them."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "parts"))

# It steers by what it sees and by what it remembers: a smoothed wheel, since its last reset.
STEADY = """
import numpy as np
from racegym.interfaces import StageOptions


class Steady:
    observation = ["state", "lookahead"]
    action = "steer_accel"

    class Options(StageOptions):
        speed: float = 8.0

    def __init__(self, options):
        self.speed = options.speed
        self.steer = 0.0

    def reset(self):
        self.steer = 0.0

    def act(self, observation):
        assert observation.shape == (35,)
        vx, offset, sine, bend = observation[[0, 3, 4, 12]]
        wanted = -0.6 * sine - 0.1 * offset + 0.15 * bend
        self.steer = 0.5 * self.steer + 0.5 * float(wanted)
        return np.array([self.steer, 0.5 if 20 * vx < self.speed else 0.0])
"""


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str], str]:
    """Write a file of code and return its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def steady(put: Callable[[str, str], str]) -> str:
    """A driver that gets round."""
    return put("steady.py", STEADY) + ":Steady"


@pytest.fixture
def body(put: Callable[[str, str], str]) -> Callable[[str], str]:
    """Make a driver of the body of its act."""

    def write(text: str) -> str:
        head = "import os, sys, time\nimport numpy as np\n\nclass Odd:\n"
        act = "    observation = ['state']\n    action = 'steer_accel'\n    steps = 0\n"
        act += "    def act(self, observation):\n"
        rest = "        self.steps += 1\n" + textwrap.indent(textwrap.dedent(text), " " * 8)
        return put("odd.py", head + act + rest) + ":Odd"

    return write
