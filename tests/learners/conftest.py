"""Learning is tried on kart2d; each test skips without the library that it is about."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "racegym_kart2d", reason="needs a backend: pip install -e plugins/racegym-kart2d"
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Small networks: more threads only wait for each other."""
    pytest.importorskip("torch").set_num_threads(1)
