"""Numbers as people read them, and tables made of them."""

from __future__ import annotations

import doctest
import io
import re

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich import box
from rich.console import Console
from rich.table import Table

from racegym.cli.race_result import print_result
from racegym.report import announce_compiling, classification_table, wording
from racegym.report.lap_times import _tick
from racegym.report.narrow import leave_out
from racegym.report.wording import MISSING, lap_text, time_text


def test_the_examples_hold() -> None:
    assert doctest.testmod(wording).failed == 0


@given(st.floats(0, 86_400))
def test_a_time_can_be_read_back(seconds: float) -> None:
    total = 0.0
    for part in time_text(seconds).split(":"):
        total = 60 * total + float(part)
        assert float(part) < 60 or ":" not in time_text(seconds)
    assert total == pytest.approx(seconds, abs=0.0006)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_lap_that_was_not_timed_is_a_dash(value: float | None) -> None:
    assert lap_text(value) == MISSING


@pytest.mark.parametrize(("value", "shown"), [(59.96, "1:00.0"), (119.97, "2:00.0"), (48, "48.0")])
def test_ticks_never_show_sixty_seconds(value: float, shown: str) -> None:
    assert _tick(value) == shown


def test_the_winner_has_a_time_and_the_others_a_gap() -> None:
    row = {"car": 0, "driver": "d", "laps": 3, "best_lap": 50.0, "average_speed": 10.0}
    rows = [
        {**row, "position": 1, "name": "A", "status": "finished", "total_time": 150.0, "gap": 0.0,
         "gap_laps": 0},
        {**row, "position": 2, "name": "B", "status": "finished", "total_time": 151.5, "gap": 1.5,
         "gap_laps": 0},
        {**row, "position": 3, "name": "C [x]", "status": "finished", "total_time": 152.0,
         "gap": None, "gap_laps": 1},
        {**row, "position": 4, "name": "D", "status": "retired", "total_time": None, "gap": 9.0,
         "gap_laps": 0},
    ]  # fmt: skip
    text = io.StringIO()
    table = classification_table({"episodes": [{"classification": rows}]})
    Console(file=text, width=100).print(table)
    lines = text.getvalue().splitlines()
    found = {name: next(line for line in lines if f" {name} " in line) for name in "ABD"}
    assert "2:30.000" in found["A"] and "36.0" in found["A"]
    assert "+1.500" in found["B"]
    assert "+1 lap" in next(line for line in lines if "C [x]" in line)
    assert "retired" in found["D"] and "+9" not in found["D"]


def test_what_can_be_spared_is_left_out_rather_than_names_cut() -> None:
    row = {"position": 1, "name": "Kart 12", "driver": "pure_pursuit", "status": "finished",
           "laps": 12, "best_lap": 65.563, "best_lap_percent": 141.1, "total_time": 812.345,
           "gap": 0.0, "gap_laps": 0, "average_speed": 13.9, "mean_lap": 66.123,
           "off_track": 0}  # fmt: skip
    episode = {"episode": 0, "seed": 1000, "track": "technical-100", "classification": [row] * 2}
    summary = {"completion_rate": 1.0, "finished": 2, "entries": 2, "best_lap": 65.563,
               "best_lap_percent": 141.1, "mean_lap": 66.123, "mean_speed": 13.9,
               "off_track": 0}  # fmt: skip
    result = {"episodes": [episode], "summary": summary}
    for task, whole in (("race", "13:32.345"), ("evaluate", "technical-100")):
        text = io.StringIO()
        print_result(Console(file=text, width=80), task, result)
        lines = text.getvalue().splitlines()
        (first, *_) = (line for line in lines if "Kart 12" in line)
        assert "finished" in first and "1:05.563" in first and whole in first
        assert ("pure_pursuit" in first) is (task == "race")
        assert sum("finished" in line and "Kart" in line for line in lines) == 2


def test_compiling_is_announced_once_and_a_second_call_is_not() -> None:
    told = []

    @numba.njit
    def one(x: float) -> float:
        return x + 1

    @numba.njit
    def two(x: float) -> float:
        return one(x) * 2

    with announce_compiling(lambda: told.append("now")):
        assert two(1.0) == 4
        assert one(np.float32(1)) == 2
    assert told == ["now"]
    with announce_compiling(lambda: told.append("again")):
        two(2.0)
    assert told == ["now"]


def test_what_is_left_of_a_narrow_table_is_whole() -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    names = ("checkpoint", "steps", "done", "lapped", "best lap", "mean lap", "% limit", "off")
    for name in (*names, "return"):
        table.add_column(name, no_wrap=True, overflow="fold")
    table.add_row(
        "best.safetensors", "10,027,008", "95 %", "100 %", "55.869", "1:00.069", "118.5", "1", "9"
    )
    console = Console(width=80, file=io.StringIO())
    leave_out(table, console, "off", "lapped")
    console.print(table)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    head = next(line for line in told.splitlines() if "checkpoint" in line)
    assert re.split(r"\s{2,}", head.strip()) == [*names[:3], *names[4:7], "return"]
