"""The page of a run holds the run, and nothing that could do harm."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racegym.errors import RunError
from racegym.record import RunFolder
from racegym.record.folder import read_json
from racegym.record.telemetry_table import read_telemetry
from racegym.report import write_page
from racegym.report.page.replay import POINTS, thinning

Make = Callable[..., RunFolder]

EVIL = ("<script>hurt()</script>", '"><img src=x onerror=hurt()>', "</script><script>hurt()//")


class Reader(HTMLParser):
    """Notes elements, what they may load, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        if tag == "script":
            self.scripts.append("")
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "action", "data"):
                self.loads.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]


def data_of(page: Path) -> Any:
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def unpacked(replay: dict[str, Any], name: str, dtype: str, n_cars: int) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(replay[name]), dtype)
    return values.reshape(-1, n_cars)


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw none, for what looks at the data alone."""
    monkeypatch.setattr("racegym.report.page.page._figures", lambda *given: iter(()))


@pytest.mark.usefixtures("no_figures")
def test_the_replay_is_the_telemetry(make_run: Make) -> None:
    run = make_run(n_cars=3, seconds=30)
    data = data_of(write_page(run))
    replay = data["episodes"][0]["replay"]
    result = read_json(run.result)
    table = read_telemetry(run, result["episodes"][0], ("time", "x", "y", "yaw", "vx"), 3)
    kept = [*range(0, 600, 2), 599]  # twice as fast as ten frames a second, and the last step
    assert replay["frames"] == len(kept)
    time = np.frombuffer(base64.b64decode(replay["time"]), "<u4") / 1000
    assert np.allclose(time, table["time"][kept, 0], atol=5e-4)
    for axis, origin in zip("xy", replay["origin"], strict=True):
        places = origin + replay["scale"] * unpacked(replay, axis, "<u2", 3)
        assert np.abs(places - table[axis][kept]).max() <= replay["scale"]
    assert replay["scale"] < 0.01
    yaw = unpacked(replay, "yaw", "u1", 3) * np.pi / 128
    assert np.abs(np.sin(yaw - table["yaw"][kept])).max() < 0.02
    speed = unpacked(replay, "speed", "<u2", 3) / 100
    assert np.abs(speed - table["vx"][kept]).max() < 0.006
    assert [changes[:2] for changes in replay["position"]] == [[0, 1], [0, 2], [0, 3]]


@pytest.mark.usefixtures("no_figures")
def test_gaps_are_those_of_the_clock(make_run: Make) -> None:
    run = make_run(n_cars=2, seconds=60)
    replay = data_of(write_page(run))["episodes"][0]["replay"]
    gap = unpacked(replay, "gap", "<u2", 2) / 100
    assert (gap[:, 0] < 0.1).all()
    # 3 m behind at the start and 0.25 m/s slower: after t seconds (3 + t / 4) m, at 20 m/s.
    at = np.array([20, 40, 55])
    assert np.allclose(gap[at, 1], (3 + at / 4) / 20, atol=0.1)


@pytest.mark.usefixtures("no_figures")
def test_a_car_that_was_nowhere_is_nowhere(make_run: Make) -> None:
    run = make_run(n_cars=2, seconds=5, without=("ax", "ay", "yaw"))
    data = data_of(write_page(run))
    assert data["episodes"][0]["replay"]["frames"] == 51


@pytest.mark.usefixtures("no_figures")
def test_it_says_when_the_race_was(make_run: Make) -> None:
    run = make_run()
    state = read_json(run.state)
    state["wall"]["started"] = "2026-11-21T01:23:45Z"
    run.state.write_text(json.dumps(state), encoding="utf-8")
    assert "2026-11-21 01:23 UTC" in write_page(run).read_text(encoding="utf-8")


def test_names_are_harmless(make_run: Make) -> None:
    run = make_run(names=EVIL, scenario="</title><script>hurt()</script>", seconds=40)
    text = write_page(run).read_text(encoding="utf-8")
    plain = Reader(write_page(make_run_again(run)).read_text(encoding="utf-8"))
    reader = Reader(text)
    assert reader.tags == plain.tags  # not one element more than with good names
    assert not reader.handlers
    assert len(reader.scripts) == 2
    assert [car["name"] for car in json.loads(reader.scripts[0])["cars"]] == list(EVIL)
    assert "hurt" not in reader.scripts[1]


def make_run_again(run: RunFolder) -> RunFolder:
    """Give the cars of a run good names."""
    for file in (run.state, run.result, run.scenario):
        text = file.read_text(encoding="utf-8")
        data = text if file == run.scenario else json.loads(text)
        for bad in (*EVIL, "</title><script>hurt()</script>"):
            if isinstance(data, str):
                data = data.replace(bad, "x" * len(bad))
            else:
                data = _renamed(data, bad)
        file.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return run


def _renamed(data: Any, bad: str) -> Any:
    if isinstance(data, dict):
        return {key: _renamed(value, bad) for key, value in data.items()}
    if isinstance(data, list):
        return [_renamed(value, bad) for value in data]
    return "x" * len(bad) if data == bad else data


def test_it_asks_nobody_for_anything(make_run: Make) -> None:
    text = write_page(make_run()).read_text(encoding="utf-8")
    reader = Reader(text)
    assert reader.loads
    assert all(link.startswith(("#", "data:")) for link in reader.loads)
    assert not re.search(r"url\((?!#)|@import|\bfetch\(|XMLHttpRequest|import\(", text)
    assert not {"iframe", "object", "embed", "base", "form"} & set(reader.tags)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy and policy[1].startswith("default-src 'none'; script-src 'sha256-")


def test_every_picture_and_every_episode_is_there(make_run: Make) -> None:
    run = make_run(n_cars=2, seconds=40, episodes=6)
    page = write_page(run)
    text = page.read_text(encoding="utf-8")
    assert len(re.findall(r"<option value=\"\d\">episode", text)) == 6
    assert len(re.findall(r'<div class="wide" data-episode="\d"', text)) == 3 * 6
    assert len(re.findall(r'<figure data-episode="\d"', text)) == 4 * 4
    assert "Pictures of single episodes are drawn for the first 4." in text
    assert all(episode["replay"] for episode in data_of(page)["episodes"])
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_pictures_follow_light_and_dark(make_run: Make) -> None:
    text = write_page(make_run()).read_text(encoding="utf-8")
    figures = "".join(re.findall(r"<figure.*?</figure>", text, re.DOTALL))
    assert "var(--ink)" in figures and "var(--grid)" in figures
    assert "#22262b" not in figures and "<style" not in figures


def test_ten_minutes_of_twenty_cars_stay_small(make_run: Make) -> None:
    page = write_page(make_run(n_cars=20, seconds=600))
    assert 1_000_000 < page.stat().st_size < 5_000_000
    assert data_of(page)["episodes"][0]["replay"]["frames"] == 6001


def test_many_episodes_are_thinned_and_then_cut() -> None:
    few = [{"steps": 1000}]
    assert thinning(few, 4, 0.05) == (2, 1)
    assert thinning(few, 4, 0.5) == (1, 1)
    stride, kept = thinning(few * 600, 4, 0.05)
    assert 2 < stride < 20 and kept == 600
    stride, kept = thinning(few * 6000, 4, 0.05)
    assert stride == 20 and 1000 < kept < 6000
    assert kept * (1000 // stride + 2) * 4 <= POINTS


def test_a_run_without_telemetry_has_a_page_that_says_so(make_run: Make) -> None:
    run = make_run(telemetry=False)
    page = write_page(run)
    text = page.read_text(encoding="utf-8")
    assert "There is no replay: telemetry.parquet is missing: the run kept no telemetry" in text
    assert data_of(page)["episodes"][0]["replay"] is None
    assert text.count("<figure") == 2  # lap chart and lap times need none


def test_damaged_telemetry_is_left_out(make_run: Make) -> None:
    run = make_run()
    whole = run.telemetry.read_bytes()
    run.telemetry.write_bytes(whole[: len(whole) // 2])
    text = write_page(run).read_text(encoding="utf-8")
    assert "There is no replay: telemetry.parquet can&#x27;t be read" in text


def test_a_damaged_lap_is_told_with_its_line(make_run: Make) -> None:
    run = make_run()
    lines = run.laps.read_text(encoding="utf-8").splitlines(keepends=True)
    run.laps.write_text("".join([lines[0], "0,0,x\n", *lines[1:]]), encoding="utf-8")
    with pytest.raises(RunError, match=r"laps.csv:2: is no lap"):
        write_page(run)


def test_tracks_that_are_lost_leave_the_replay(make_run: Make) -> None:
    run = make_run()
    run.tracks.unlink()
    data = data_of(write_page(run))
    assert data["shapes"] == {} and data["episodes"][0]["shape"] == -1
    assert data["episodes"][0]["replay"]


def test_the_page_is_written_whole_or_not(make_run: Make, tmp_path: Path) -> None:
    run = make_run(seconds=5)
    with pytest.raises(RunError, match=r"can't be written: .*--output"):
        write_page(run, tmp_path / "none" / "page.html")
    target = tmp_path / "page.html"
    assert write_page(run, target) == target
    first = target.read_bytes()
    write_page(run, target)
    assert target.read_bytes() == first
