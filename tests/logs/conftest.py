"""A known track, a drive over it, and files to be read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from racegym.track import Track, generate

sys.path.insert(0, str(Path(__file__).parent))

from log_drives import Drive, Fixes, drive, receive

Writer = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def known_track() -> Track:
    return generate(7, length=700.0)


@pytest.fixture(scope="session")
def short_drive() -> Drive:
    """Four laps of a small circuit."""
    return drive(generate(2, length=300.0, width=6.0, min_radius=8.0), laps=4, seed=3)


@pytest.fixture(scope="session")
def short_fixes(short_drive: Drive) -> Fixes:
    return receive(short_drive, white=0.2, bias=0.1)


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write a file of a name and a content."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written
