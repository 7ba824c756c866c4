"""Makes the helper module beside the tests importable: they run in importlib mode."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def one_thread():
    """Keep to one thread, and bring the old number back."""
    from racegym.kernels import set_threads, threads

    before = threads()
    set_threads(1)
    yield
    set_threads(before)
