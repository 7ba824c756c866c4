"""``racegym tracks validate`` and ``racegym tracks show --plot``."""

from __future__ import annotations

import json
import re

import pytest

from racegym.cli import main

pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RACEGYM_TRACKS", str(tmp_path / "mine"))
    return tmp_path


def broken(path):
    rows = [
        f"{x},{y},4,{-1 if (x, y) == (40, 0) else 4}"
        for x, y in [
            *((x, 0) for x in range(0, 100, 10)), *((100, y) for y in range(0, 60, 10)),
            *((x, 60) for x in range(100, 0, -10)), *((0, y) for y in range(60, 0, -10)),
        ]
    ]  # fmt: skip
    path.write_text("# x_m,y_m,w_tr_right_m,w_tr_left_m\n" + "\n".join(rows) + "\n")
    return path


def test_a_good_track(capsys):
    assert main(["tracks", "validate", "meadow", "--vehicle", "rental_kart"]) == 0
    assert capsys.readouterr().out == "meadow, 710.6 m, for rental_kart: nothing is wrong\n"


def test_a_file_that_is_refused_has_a_report_with_a_picture(here, capsys):
    broken(here / "bad.csv")
    assert main(["tracks", "validate", "bad.csv", "--plot", "bad.png"]) == 2
    out = capsys.readouterr().out
    assert "line 6 has a left width" in re.sub(r"[│\s]+", " ", out)
    assert re.search(r"bad, [\d.]+ m: \d+ errors?, \d+ warnings?", out)
    assert (here / "bad.png").stat().st_size > 10_000


def test_json(here, capsys):
    broken(here / "bad.csv")
    assert main(["tracks", "validate", "bad.csv", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["errors"] >= 1
    assert told["problems"][0]["what"].startswith("line 6 has a left width")
    assert told["picture"] is None


def test_what_is_wrong_beside_the_points_is_told_too(here, capsys):
    text = "\n".join(
        ["racegym_track: 1", "width: 8", "grid: [[5000000, .nan]]", "---", "x,y"]
        + [f"{x},{y}" for x, y in ((0, 0), (50, 0), (100, 0), (120, 30), (100, 60), (50, 60),
                                   (0, 60), (-20, 30))]
    )  # fmt: skip
    (here / "odd.track").write_text(text + "\n")
    assert main(["tracks", "validate", "odd.track"]) == 2
    captured = capsys.readouterr()
    assert "grid" in captured.out + captured.err


def test_what_is_no_track_is_one_plain_error(here, capsys):
    assert main(["tracks", "validate", "nowhere.csv"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err
    assert main(["tracks", "validate", "meadow", "--vehicle", "rental_cart"]) == 2
    assert "did you mean 'rental_kart'" in capsys.readouterr().err


def test_show_draws(here, capsys):
    assert main(["tracks", "show", "workshop", "--plot"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("workshop.png")
    assert (here / "workshop.png").stat().st_size > 10_000
    show = ["tracks", "show", "meadow", "--vehicle", "rental_kart", "--plot", "m.svg", "--json"]
    assert main(show) == 0
    assert json.loads(capsys.readouterr().out)["picture"] == "m.svg"
    assert "on the weighted line" in (here / "m.svg").read_text("utf-8")


def test_a_picture_that_can_t_be_written(here, capsys):
    assert main(["tracks", "show", "workshop", "--plot", "a.txt"]) == 2
    assert "a picture ends in .png or .svg" in capsys.readouterr().err
    assert main(["tracks", "show", "workshop", "--plot", "no/folder.png"]) == 2
    assert "can't be written" in capsys.readouterr().err
