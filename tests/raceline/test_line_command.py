"""``racegym tracks line``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from racegym.cli import main
from racegym.formats import read_track, write_track
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.track import generate

WIDTH = 1.4  # [m] of the backend's own kart


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACEGYM_TRACKS", str(tmp_path / "library"))
    monkeypatch.setenv("COLUMNS", "140")
    write_track(generate(1, length=300.0), tmp_path / "loop.csv", "tum")


def test_lines_are_compared_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["loop.csv", "--kind", "centerline", "--kind", "minimum_curvature"]
    assert main(["tracks", "line", *arguments]) == 0
    told = capsys.readouterr().out
    assert "rental kart, 1.40 m wide, margin 0.14 m" in told
    assert told.index("centerline") < told.index("minimum_curvature")


def test_json_tells_the_figures_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--kind", "centerline", "--kind", "minimum_curvature", "--margin", "0.3"]
    assert main(["tracks", "line", "loop.csv", *arguments, "--json"]) == 0
    centre, least = json.loads(capsys.readouterr().out)
    line = minimum_curvature(read_track("loop.csv"), WIDTH, 0.3)
    assert least["curvature_squared"] == line.curvature_squared
    assert least["least_clearance"] >= 0.3
    assert least["length"] == line.length
    assert least["lap_time"] < centre["lap_time"]


def test_a_line_is_stored_with_a_track_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tracks", "line", "loop.csv", "--store"]) == 0
    assert "written: " in capsys.readouterr().out
    (entry,) = Path("library").iterdir()
    assert read_track(entry).line_name == "weighted"
    chosen = ["--kind", "minimum_curvature", "--margin", "0.5"]
    assert main(["tracks", "line", "loop", "--store", *chosen]) == 0
    stored = read_track(entry)
    assert stored.line_name == "minimum_curvature"
    assert stored.line is not None
    expected = minimum_curvature(stored, WIDTH, 0.5).offset
    assert np.abs(stored.line - expected).max() < 1e-3
    # A track of that name is there, so another one can't be stored under it.
    assert main(["tracks", "line", "loop.csv", "--store"]) == 2


def test_a_picture_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tracks", "line", "loop.csv", "--plot", "line.png"]) == 0
    assert Path("line.png").stat().st_size > 10_000
    assert main(["tracks", "line", "loop.csv", "--plot", "line.jpg"]) == 2
    assert "name end with .png" in capsys.readouterr().err


def test_mistakes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, what in (
        (["nowhere"], "nowhere"),
        (["loop.csv", "--kind", "shortest", "--kind", "own", "--store"], "give --kind once"),
        (["loop.csv", "--vehicle", "rental_cart"], "did you mean 'rental_kart'"),
    ):
        assert main(["tracks", "line", *arguments]) == 2
        assert what in capsys.readouterr().err
