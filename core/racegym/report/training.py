"""How a training goes: a bar with its rate and the time left, or lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import isfinite, nan
from time import perf_counter
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from racegym.report.wording import MISSING, lap_text
from racegym.scenario.training_settings import EVALUATION

__all__ = ["LiveTraining", "figures_table", "seeds_table"]

REFRESH = 0.12  # [s] of wall time between two pictures on a terminal
SPEAK = 30.0  # [s] of wall time between two lines where there is no terminal
WIDE = 100  # [characters] of such a line
BAR = 40  # [characters]
RETURN = "return"  # in the name of the figure that such a line tells
SEED = "seed"
LAPS = ("racing/latest_lap", "racing/lap_time", "evaluation/lap_time")  # [s]


class LiveTraining:
    """Shows a training. Use it in a ``with`` statement.

    Args:
        console: where to.
    """

    def __init__(self, console: Console):
        self._console = console
        self._live: Live | None = None
        self._first: tuple[float, int] | None = None
        self._steps = 0
        self._shown = float("-inf")
        self._done = False  # all steps of this one are done, and it was said
        self._figures: dict[str, float] = {}
        self._said: set[str] = set()

    def __enter__(self) -> LiveTraining:
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def update(self, steps: int, total: int, figures: dict[str, float]) -> None:
        """Show how far it is, if it is time to."""
        now = perf_counter()
        other = SEED in figures and figures[SEED] != self._figures.get(SEED, figures[SEED])
        if self._first is None or other or steps < self._steps:
            self._first, self._done = (now, steps), False
            self._figures.clear()  # of the seed before
        self._steps = steps
        self._figures.update(figures)
        if self._live is None:
            self._speak(steps, total, now)
        elif steps >= total or now - self._shown >= REFRESH:
            self._shown = now
            bar = ProgressBar(total=total, completed=min(steps, total), width=BAR)
            head = Text(self._headline(steps, total, now))
            self._live.update(Group(head, bar, figures_table(self._figures)), refresh=True)

    def say(self, text: str) -> None:
        """Say what somebody should know, at once, and only once for all seeds."""
        if text not in self._said:
            self._said.add(text)
            self._console.print(Text(text), style="yellow", highlight=False, soft_wrap=True)

    def _speak(self, steps: int, total: int, now: float) -> None:
        """Say in one short line how it goes: rarely, and when all steps are done."""
        if now - self._shown < SPEAK and (steps < total or self._done):
            return
        self._shown, self._done = now, steps >= total
        line = self._headline(steps, total, now)
        told = next((name for name in self._figures if RETURN in name), None)
        for name in dict.fromkeys((f"{EVALUATION}completion", told)):
            value = self._figures.get(name, nan) if name is not None else nan
            more = f", {name} {value:.4g}"
            if isfinite(value) and len(line) + len(more) <= WIDE:
                line += more
        self._console.print(Text(line), highlight=False, soft_wrap=True)

    def _headline(self, steps: int, total: int, now: float) -> str:
        assert self._first is not None
        since, begun = self._first
        text = f"{steps:,} of {total:,} steps"
        if SEED in self._figures:
            text = f"seed {self._figures[SEED]:.0f}: {text}"
        if now > since and steps > begun:
            rate = (steps - begun) / (now - since)
            left = timedelta(seconds=round(max(total - steps, 0) / rate))
            text += f", {rate:,.0f} a second, {left} left"
        laps = (self._figures.get(name, nan) for name in LAPS)
        lap = next((told for told in laps if isfinite(told)), None)
        if lap is not None:
            text += f", latest lap {lap_text(lap)}"
        return text


def seeds_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return what became of each seed of a training, and how it was judged last.

    Args:
        rows: ``seeds`` of ``train.json``.
    """
    judged = list(dict.fromkeys(name for row in rows for name in row["evaluation"] or ()))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in ("seed", "state", "steps"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in judged:  # words stand below each other, so that a narrow console cuts none
        words = name.removeprefix(EVALUATION).replace("_", "\n")
        table.add_column(words, justify="right", vertical="bottom")
    for row in rows:
        steps = MISSING if row["steps"] is None else f"{row['steps']:,}"
        told = [(row["evaluation"] or {}).get(name) for name in judged]
        cells = [MISSING if value is None else f"{value:.5g}" for value in told]
        table.add_row(str(row["seed"]), row["state"], steps, *cells)
    return table


def figures_table(figures: Mapping[str, Any]) -> Table:
    """Return figures as a table of two columns; None stands for one that is not finite."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("figure")
    table.add_column("now", justify="right")
    for name, value in figures.items():
        table.add_row(Text(name), MISSING if value is None else f"{value:.5g}")
    return table
