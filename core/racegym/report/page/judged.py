"""What race control and stewards judged: contacts with their evidence, penalties, rulings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from racegym.errors import RunError
from racegym.interfaces import BlameKind, EventKind
from racegym.race_control.telling import BLAMES, told
from racegym.record import RunFolder
from racegym.record.folder import read_json
from racegym.report.incident_map import incidents
from racegym.report.moments import Moment, moments
from racegym.report.page.sections import car_dot, note, of_episode
from racegym.report.wording import MISSING, clock_text

__all__ = ["LISTED", "Judged", "read_official", "rulings_list"]

LISTED = 500  # rows of a table at most
DETAILED = 200  # contacts whose evidence stands in the page
_CONDUCT = (
    EventKind.WARNING, EventKind.PENALTY, EventKind.PENALTY_SERVED, EventKind.DISQUALIFIED,
    EventKind.JUMP_START,
)  # fmt: skip
_SHOWN = ("share", "other_share", "blame")  # figures that have columns of their own
_UNITS = {  # of the figures of contacts
    "m/s": ("delta_v", "closing_speed", "speed", "other_speed", "lateral_speed",
            "other_lateral_speed"),
    "m": ("gap", "gap_before", "claim_entry", "claim", "room"),
    "s": ("since",),
}  # fmt: skip


class Judged:
    """The judgements of a run, by episode.

    Args:
        folder: of a run that is over.
        result: its result.
    """

    def __init__(self, folder: RunFolder, result: Mapping[str, Any]):
        self._folder = folder
        self._episodes: Sequence[Mapping[str, Any]] = result["episodes"]
        self._names = [str(car["name"]) for car in result["cars"]]
        self.contacts = cache(self._contacts)
        self._conduct = [moments(folder, episode, _CONDUCT) for episode in self._episodes]

    @property
    def punished(self) -> bool:
        """Whether anybody was warned or punished."""
        return any(self._conduct)

    def _contacts(self, index: int) -> list[Moment]:
        """Return the contacts of an episode, by time."""
        return incidents(self._folder, self._episodes[index])

    def incident_tables(self) -> str:
        """Return a table of contacts for each episode."""
        head = ("time", "lap", "sector", "cars", "class", "blame", "what it was", "evidence")
        return self._tables(
            head,
            [self._contact_rows(self.contacts(k)) for k in range(len(self._episodes))],
            "Nobody touched anybody.",
        )

    def penalty_tables(self) -> str:
        """Return a table of warnings and penalties for each episode."""
        head = ("time", "lap", "car", "what", "line")
        rows = [[self._conduct_row(moment) for moment in own] for own in self._conduct]
        return self._tables(head, rows, "Nobody was warned or punished.")

    def _tables(self, head: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> str:
        heading = "".join(f"<th>{escape(name)}</th>" for name in head)
        parts = []
        for index, own in enumerate(rows):
            text = note(nothing)
            if own:
                body = "".join(own[:LISTED])
                text = f"<table><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>"
            if len(own) > LISTED:
                text += note(f"The first {LISTED} of {len(own):,} are listed.")
            parts.append(of_episode(index, text))
        return "".join(parts)

    def _contact_rows(self, contacts: Sequence[Moment]) -> list[str]:
        return [
            self._contact_row(moment, detailed=index < DETAILED)
            for index, moment in enumerate(contacts[:LISTED])
        ] + [""] * max(0, len(contacts) - LISTED)

    def _contact_row(self, moment: Moment, *, detailed: bool) -> str:
        level = int(moment.value or 0)
        shares = [moment.details.get(name) or 0.0 for name in ("share", "other_share")]
        told_shares = " : ".join(f"{100 * share:.0f} %" for share in shares)
        blame = moment.details.get("blame")
        words = MISSING if blame is None else BLAMES[BlameKind(int(blame))]
        evidence = f"line {moment.line}"
        if detailed and moment.details:
            figures = "".join(
                f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{_figure(name, value)}</dd>"
                for name, value in moment.details.items()
                if name not in _SHOWN
            )
            evidence = (
                f"<details><summary>{evidence}</summary><dl class=evidence>{figures}</dl></details>"
            )
        cars = f"{self._named(moment.car)}<span class=and>and</span>{self._named(moment.other)}"
        return _table_row(
            _when(moment), _number(moment.lap), _number(moment.sector), cars,
            f'<span class="class c{level}">{level}x</span>',
            told_shares if any(shares) else "nobody", escape(words), evidence,
        )  # fmt: skip

    def _conduct_row(self, moment: Moment) -> str:
        words = told(moment.kind, moment.value, moment.details, moment.other_name or "another car")
        return _table_row(
            _when(moment), _number(moment.lap), self._named(moment.car), escape(words),
            f"line {moment.line}",
        )  # fmt: skip

    def _named(self, car: int) -> str:
        if car < 0:
            return MISSING
        return f"{car_dot(car)}{escape(self._names[car])}"


def _table_row(*cells: str) -> str:
    """Return a row of cells that are HTML already."""
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _when(moment: Moment) -> str:
    """Return the time as a button that leads there in the replay."""
    return (
        f'<button type="button" class="when" data-time="{moment.time:.3f}" '
        f'data-car="{moment.car}">{clock_text(moment.time)}</button>'
    )


def _figure(name: str, value: float | None) -> str:
    """Return a figure of a contact with its unit."""
    if value is None:
        return MISSING
    unit = next((unit for unit, names in _UNITS.items() if name in names), "")
    return f"{value:.2f} {unit}" if unit else f"{value:g}"


def _number(value: int | None) -> str:
    return MISSING if value is None else str(value)


def read_official(folder: RunFolder, notes: list[str]) -> Mapping[str, Any]:
    """Return the result with a steward's rulings; nothing where there is none.

    Args:
        folder: of the run.
        notes: told of one that can't be read.
    """
    if not folder.official.exists():
        return {}
    try:
        official: Mapping[str, Any] = read_json(folder.official)
    except RunError as error:
        notes.append(f"The official result is left out: {folder.official.name} {error.what}.")
        return {}
    return official


def rulings_list(rulings: Iterable[Mapping[str, Any]]) -> str:
    """Return what stewards ruled, and why."""
    items = []
    for ruling in rulings:
        event = ruling.get("event")
        about = [str(ruling["car"])] if "car" in ruling else []
        if event:
            about.append(f"{event['kind'].replace('_', ' ')} at {clock_text(event['time'])}")
        what = [
            form.format(ruling[key])
            for key, form in (
                ("time", "{:+g} s"), ("places", "{:+d} places"), ("laps", "{:+d} laps"),
            )
            if ruling.get(key)
        ]  # fmt: skip
        what += [word for word in ("cancel", "disqualify", "reinstate") if ruling.get(word)]
        if ruling.get("shares"):
            shares = (f"{name} {100 * share:.0f} %" for name, share in ruling["shares"].items())
            what.append("blame: " + ", ".join(shares))
        items.append(
            f"<li><b>{escape(', '.join(about))}</b> {escape(', '.join(what))}"
            f'<span class="reason">{escape(str(ruling["reason"]))}</span></li>'
        )
    return f"<ol class=rulings>{''.join(items)}</ol>" if items else ""
