"""Real circuits, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from racegym.formats.tum import read_tum
from racegym.track import Track


@pytest.fixture(scope="session")
def tum(shared: Path) -> dict[str, Track]:
    files = sorted((shared / "tracks" / "tum").glob("*.csv"))
    if not files:
        pytest.skip("needs the circuits in shared/tracks/tum")
    return {file.stem: read_tum(file) for file in files}
