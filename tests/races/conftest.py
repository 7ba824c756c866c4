"""Whole races of karts that touch each other, found by their name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "passes"))
sys.path.insert(0, str(Path(__file__).parent))

from fields import FIELDS, LONG, SHORT, play


@pytest.fixture(scope="session")
def short():
    """Return some races of each of a few fields, played once, by name."""
    return {name: play(FIELDS[name], *SHORT[name]) for name in SHORT}


@pytest.fixture(scope="session")
def long():
    """Return many races of every field, played once, by name."""
    return {name: play(FIELDS[name], *LONG[name]) for name in LONG}
