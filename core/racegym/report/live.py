"""Standings while the race is on: a live table on a terminal, lines of text elsewhere."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from time import perf_counter

import numpy as np
from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from racegym.interfaces import Event, EventKind, PenaltyKind, Status, View, Watcher
from racegym.race_control.telling import is_news, sentence
from racegym.report.tables import penalty_text
from racegym.report.wording import gap_text, kmh, lap_text, time_text

__all__ = ["LiveStandings"]

REFRESH = 0.12  # [s] of wall time between two pictures on a terminal
SPEAK = 5.0  # [s] of wall time between two lines where there is no terminal
MAX_LINES_A_SECOND = 20  # of completed laps and news each, where there is no terminal
NEWS = 3  # of the latest below the table on a terminal


class LiveStandings(Watcher):
    """Shows race 0.

    Args:
        console: where to.
        names: of the cars.
        drivers: of the cars.
        laps: race distance; 0 for none.
        time_limit: [s] after which the race is ended.
        episodes: how many races follow each other.
    """

    every = 1

    def __init__(
        self,
        console: Console,
        names: Sequence[str],
        drivers: Sequence[str],
        *,
        laps: int,
        time_limit: float,
        episodes: int = 1,
    ):
        self._console = console
        self._names, self._drivers = names, drivers
        self._laps, self._limit, self._episodes = laps, time_limit, episodes
        self._episode = 0
        self._shown = self._second = perf_counter()
        self._lines: Counter[bool] = Counter()  # in this second: of news, and of laps
        self._news: deque[str] = deque(maxlen=NEWS)
        self._live: Live | None = None
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}")
        )
        self._task: TaskID = self._progress.add_task("race", total=1.0, text="")

    def __enter__(self) -> LiveStandings:
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def see(self, view: View, events: Sequence[Event]) -> None:
        """Show the race as it is now, if it is time to."""
        if view.race.step[0] == 1:
            self._episode += 1
        now = perf_counter()
        if view.race.step[0] == 1:
            self._news.clear()
        if self._live is not None:
            self._news.extend(
                f"{time_text(event.time):>10}  {sentence(event, self._names)}"
                for event in events
                if event.race == 0 and is_news(event.kind, event.value, event.details)
            )
            if now - self._shown >= REFRESH:
                self._shown = now
                self._live.update(self._picture(view), refresh=True)
            return
        for event in events:
            if event.race == 0 and event.kind in (EventKind.LAP, EventKind.FINISH):
                self._tell(event, self._completed(event, view), now, news=False)
            elif event.race == 0 and is_news(event.kind, event.value, event.details):
                self._tell(event, sentence(event, self._names), now, news=True)
        if now - self._shown >= SPEAK:
            self._shown = now
            self._console.print(self._headline(view), highlight=False)

    def close(self) -> None:
        """Take the live table away. May be called twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _tell(self, event: Event, what: str, now: float, *, news: bool) -> None:
        """Write a line for an event, unless there are too many of them."""
        if now - self._second >= 1.0:
            self._second = now
            self._lines.clear()
        self._lines[news] += 1
        if self._lines[news] > MAX_LINES_A_SECOND:
            if self._lines[news] == MAX_LINES_A_SECOND + 1:
                self._console.print("...", highlight=False)
            return
        self._console.print(
            Text(f"{self._prefix()}{time_text(event.time):>10}  {what}"), highlight=False
        )
        self._shown = now

    def _completed(self, event: Event, view: View) -> str:
        """Return a lap or a finish in words."""
        name, race = self._names[event.car], view.race
        if event.kind is EventKind.FINISH:
            return f"{name} finishes, position {race.position[0, event.car]}"
        return f"{name}: lap {race.laps_done[0, event.car]} in {lap_text(event.value)}"

    def _prefix(self) -> str:
        return f"{self._episode}/{self._episodes}  " if self._episodes > 1 else ""

    def _headline(self, view: View) -> Text:
        race = view.race
        leader = int(np.argmin(race.position[0]))
        lap = int(race.laps_done[0, leader]) + 1
        if self._laps and lap > self._laps:  # the others still drive
            what = "has finished"
        else:
            what = f"leads, lap {lap}" + (f" of {self._laps}" if self._laps else "")
        time = time_text(float(race.time[0]))
        return Text(f"{self._prefix()}{time:>10}  {self._names[leader]} {what}")

    def _picture(self, view: View) -> Group:
        race, track = view.race, view.tracks.track_of(0)
        order = np.argsort(race.position[0], kind="stable")
        leader = int(order[0])
        now = float(race.time[0])
        text = f"{time_text(now)}"
        if self._laps:
            driven = float(view.frame.progress[0, leader]) / track.length
            share = min(max(driven / self._laps, 0.0), 1.0)
            text = f"lap {min(int(driven) + 1, self._laps)} of {self._laps}  {text}"
        else:
            share = min(now / self._limit, 1.0)
        title = f"race {self._episode} of {self._episodes}" if self._episodes > 1 else "race"
        self._progress.update(self._task, completed=share, description=title, text=text)
        room = max(1, self._console.height - 6 - len(self._news))
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("pos", justify="right", min_width=3)
        table.add_column("car", min_width=12)
        table.add_column("driver", min_width=10)
        for name, width in (("lap", 4), ("last lap", 9), ("best lap", 9), ("gap", 10), ("km/h", 6)):
            table.add_column(name, justify="right", min_width=width)
        penalties = [self._penalty(view, car) for car in range(len(order))]
        if any(penalties):
            table.add_column("penalty", min_width=7)
        for place, car in enumerate(order[:room].tolist()):
            row = self._row(view, place, car, leader)
            table.add_row(*row, *[penalties[car]] * any(penalties))
        parts: list[RenderableType] = [self._progress, table]
        if len(order) > room:
            parts.append(Text(f"and {len(order) - room} more"))
        parts.extend(Text(line, style="dim") for line in self._news)
        return Group(*parts)

    def _penalty(self, view: View, car: int) -> str:
        """Return what a car is punished with so far, and what it has to serve."""
        race = view.race
        row = {
            "penalty_time": float(race.penalty_time[0, car]),
            "penalty_places": int(race.penalty_places[0, car]),
            "penalty_laps": int(race.penalty_laps[0, car]),
        }
        due = PenaltyKind(int(race.penalty_due[0, car]))
        to_serve = "" if due is PenaltyKind.NONE else f"{due.name.lower().replace('_', '-')} due"
        return ", ".join(text for text in (penalty_text(row), to_serve) if text)

    def _row(self, view: View, place: int, car: int, leader: int) -> list[str | Text]:
        race, state = view.race, view.state
        status = int(race.status[0, car])
        lap = int(race.laps_done[0, car]) + 1
        gap = "" if place == 0 else gap_text(float(race.gap_leader[0, car]))
        if status == Status.RETIRED:
            gap = "retired"
        elif status == Status.FINISHED:
            lap -= 1
            lapped = int(race.laps_done[0, leader]) - lap
            gap = f"{gap_text(None, lapped) if lapped else gap} flag".strip()
        speed = float(np.hypot(state.vx[0, car], state.vy[0, car]))
        return [
            str(int(race.position[0, car])),
            Text(self._names[car]),
            Text(self._drivers[car]),
            str(lap),
            lap_text(float(race.last_lap_time[0, car])),
            lap_text(float(race.best_lap_time[0, car])),
            gap,
            kmh(speed) if status <= Status.PIT else "",
        ]
