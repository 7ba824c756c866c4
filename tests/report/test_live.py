"""Standings while a race is on."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from racegym.interfaces import Event, EventKind, Status
from racegym.report import LiveStandings
from racegym.report import live as live_module


def view(step: int = 10) -> Any:
    """Three cars: b leads, a has finished behind it, c is retired."""
    nan = float("nan")
    race = SimpleNamespace(
        step=np.array([step]), time=np.array([61.5]), position=np.array([[2, 1, 3]]),
        laps_done=np.array([[2, 2, 0]]), last_lap_time=np.array([[31.0, 30.5, nan]]),
        best_lap_time=np.array([[31.0, 30.25, nan]]), gap_leader=np.array([[1.25, 0.0, 50.0]]),
        penalty_time=np.zeros((1, 3)), penalty_places=np.zeros((1, 3)),
        penalty_laps=np.zeros((1, 3)), penalty_due=np.zeros((1, 3)),
        status=np.array([[Status.FINISHED, Status.RACING, Status.RETIRED]]),
    )  # fmt: skip
    track = SimpleNamespace(length=100.0)
    return SimpleNamespace(
        race=race,
        state=SimpleNamespace(vx=np.array([[3.0, 10.0, 0.0]]), vy=np.zeros((1, 3))),
        frame=SimpleNamespace(progress=np.array([[200.0, 250.0, 5.0]])),
        tracks=SimpleNamespace(track_of=lambda race: track),
    )


def standings(console: Console, episodes: int = 1) -> LiveStandings:
    return LiveStandings(
        console, ["a", "b", "c"], ["d1", "d2", "d3"], laps=3, time_limit=100, episodes=episodes
    )


def lap(car: int, time: float = 61.0) -> Event:
    return Event(time=time, race=0, car=car, kind=EventKind.LAP, value=30.5)


def test_without_a_terminal_each_lap_is_a_line() -> None:
    text = io.StringIO()
    with standings(Console(file=text, width=100)) as live:
        live.see(view(), [lap(1), Event(time=61, race=1, car=0, kind=EventKind.LAP, value=1)])
        live.see(view(), [Event(time=62, race=0, car=0, kind=EventKind.FINISH, value=62)])
        live.see(view(), [])
    assert text.getvalue().split("\n") == [
        "  1:01.000  b: lap 2 in 30.500", "  1:02.000  a finishes, position 2", ""
    ]  # fmt: skip


def test_without_a_terminal_a_long_lap_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    live = standings(Console(file=text, width=100), episodes=4)
    clock = iter(np.arange(1e9, 1e9 + 20, 2.0))
    monkeypatch.setattr(live_module, "perf_counter", lambda: next(clock))
    live._shown = 1e9 - 2
    for step in (1, 2, 3):
        live.see(view(step), [])
    assert text.getvalue() == "1/4    1:01.500  b leads, lap 3 of 3\n"


def test_without_a_terminal_a_fast_race_does_not_flood() -> None:
    text = io.StringIO()
    live = standings(Console(file=text, width=100))
    for _ in range(300):
        live.see(view(), [lap(1)])
    lines = text.getvalue().splitlines()
    assert len(lines) <= 2 * (live_module.MAX_LINES_A_SECOND + 1)
    assert lines[live_module.MAX_LINES_A_SECOND] == "..."


def test_on_a_terminal_a_table_is_ordered_by_position() -> None:
    text = io.StringIO()
    console = Console(file=text, width=100, height=30, force_terminal=True, color_system=None)
    with standings(console) as live:
        live._shown = 0
        live.see(view(), [lap(1)])
        shown = text.getvalue()
    lines = [line for line in shown.splitlines() if line.strip()]
    order = [name for line in lines for name in "abc" if f" {name} " in line]
    assert order == ["b", "a", "c"]
    leader = next(line for line in lines if " b " in line)
    for word in ("30.500", "30.250", "36.0", "d2"):
        assert word in leader
    assert "+1.250 flag" in next(line for line in lines if " a " in line)
    assert "retired" in next(line for line in lines if " c " in line)
    assert "lap 3 of 3" in shown


def test_a_low_terminal_shows_the_first_and_counts_the_rest() -> None:
    text = io.StringIO()
    console = Console(file=text, width=100, height=8, force_terminal=True, color_system=None)
    with standings(console) as live:
        live._shown = 0
        live.see(view(), [])
    assert "and 1 more" in text.getvalue()


def test_who_has_finished_drives_no_further_lap() -> None:
    text, now = io.StringIO(), view()
    now.race.laps_done[0, 1] = 3
    with standings(Console(file=text, width=100)) as live:
        live._shown = float("-inf")
        live.see(now, [])
    assert text.getvalue() == "  1:01.500  b has finished\n"


def passes(time: float = 61.0, **figures: float) -> Event:
    return Event(
        time=time, race=0, car=1, other=0, kind=EventKind.OVERTAKE, value=0.0,
        details={"counted": 1.0, "side": -1.0, **figures},
    )  # fmt: skip


def test_news_are_short_lines_and_what_is_no_news_is_not_told() -> None:
    text = io.StringIO()
    news = [
        Event(time=0, race=0, car=-1, kind=EventKind.SIGNAL, value=3),
        Event(time=1, race=0, car=-1, kind=EventKind.SIGNAL, value=1),
        passes(),
        passes(counted=0.0),
        Event(time=62, race=0, car=0, other=1, kind=EventKind.CONTACT, value=2.0,
              details={"blame": 1.0}),
        Event(time=62, race=0, car=0, other=1, kind=EventKind.CONTACT, value=1.0,
              details={"blame": 1.0}),
        Event(time=63, race=0, car=0, kind=EventKind.PENALTY, value=2.0,
              details={"amount": 10.0, "offence": 4.0}),
        Event(time=64, race=0, car=2, kind=EventKind.YELLOW, value=1.0),
        Event(time=65, race=0, car=2, kind=EventKind.CLEAR, value=1.0),
    ]  # fmt: skip
    with standings(Console(file=text, width=100)) as live:
        live.see(view(), news)
    assert [line.strip() for line in text.getvalue().splitlines()] == [
        "0.000  green: the race begins",
        "1:01.000  b passes a on the right",
        "1:02.000  a touches b, 2x: ran into the back",
        "1:03.000  a gets 10 s for contact",
        "1:04.000  yellow flag in sector 2",
    ]


def test_many_news_do_not_hide_laps() -> None:
    text = io.StringIO()
    with standings(Console(file=text, width=100)) as live:
        live.see(view(), [passes()] * 100)
        live.see(view(), [lap(1)])
    lines = text.getvalue().splitlines()
    assert len(lines) == live_module.MAX_LINES_A_SECOND + 2
    assert lines[-2:] == ["...", "  1:01.000  b: lap 2 in 30.500"]


def test_a_terminal_shows_penalties_and_the_latest_news() -> None:
    text, now = io.StringIO(), view()
    now.race.penalty_time[0, 0], now.race.penalty_due[0, 1] = 5.0, 3
    console = Console(file=text, width=110, height=30, force_terminal=True, color_system=None)
    with standings(console) as live:
        live._shown = 0
        live.see(now, [passes(float(k)) for k in range(5)])
    shown = text.getvalue()
    assert "drive-through due" in next(line for line in shown.splitlines() if " b " in line)
    assert "+5 s" in next(line for line in shown.splitlines() if " a " in line)
    assert "     4.000  b passes a on the right" in shown
    assert "     1.000  b passes a on the right" not in shown  # only the latest three
