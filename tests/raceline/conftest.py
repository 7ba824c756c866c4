"""Tracks that lines are laid around."""

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


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps computed lines out of the user's cache, and the user's out of the tests."""
    monkeypatch.setattr("racegym.raceline.cache._folder", lambda kind: tmp_path / kind)
