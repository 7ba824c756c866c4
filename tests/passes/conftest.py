"""The stage on which passes are played, found by its name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from staging import Stage


@pytest.fixture(scope="session")
def lap():
    return Stage(1, 2).lap
