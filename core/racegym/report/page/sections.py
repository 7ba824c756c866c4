"""The parts of the page that are text. Whatever comes from a run is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from racegym.report.page.figures import css_colour
from racegym.report.tables import penalty_text
from racegym.report.wording import (
    OF_LIMIT,
    interval_text,
    kmh,
    lap_text,
    percent_text,
    time_text,
    total_text,
)

__all__ = [
    "about_table",
    "car_dot",
    "classification_table",
    "episode_options",
    "heading_line",
    "key_figures",
    "note",
    "of_episode",
]

_COLUMNS = (  # heading, and whether numbers stand below it
    ("pos", True), ("car", False), ("driver", False), ("laps", True), ("best lap", True),
    (OF_LIMIT, True), ("ideal lap", True), ("mean lap", True), ("time", True), ("interval", True),
    ("penalty", True), ("passed : by", True), ("contacts", True),
    ("points", True), ("blame", True), ("km/h", True), ("top km/h", True), ("off track", True),
    ("status", False),
)  # fmt: skip
_BETWEEN = ("passed : by", "contacts", "points", "blame")  # columns of several cars


_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def heading_line(state: Mapping[str, Any]) -> str:
    """Return what kind of run it was, in one line."""
    started = str(state["wall"]["started"])
    if _STAMP.fullmatch(started):
        started = f"{started[:10]} {started[11:16]} UTC"
    words = [state["task"], f"on {state['backend']}", started, state["state"]]
    return escape("  ·  ".join(words))


def key_figures(result: Mapping[str, Any]) -> str:
    """Return the few figures that are asked for first."""
    summary, figures = result["summary"], []
    classification = result["classification"]
    if classification and len(classification) > 1 and len(result["episodes"]) == 1:
        figures.append(("winner", classification[0]["name"]))
    figures.append(("best lap", lap_text(summary["best_lap"])))
    if len(result["episodes"]) == 1:
        figures.append(("race time", time_text(result["time"])))
    else:
        figures.append(("episodes", str(summary["episodes"])))
        figures.append(("mean lap", lap_text(summary["mean_lap"])))
    figures.append(("finished", f"{summary['finished']} of {summary['entries']}"))
    figures.append(("average", f"{kmh(summary['mean_speed'])} km/h"))
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in figures
    )


def episode_options(episodes: Sequence[Mapping[str, Any]]) -> str:
    """Return the choices of the selector of episodes."""
    races = len({episode["race"] for episode in episodes}) > 1
    options = []
    for index, episode in enumerate(episodes):
        name = f"episode {episode['episode'] + 1}"
        if races:
            name = f"race {episode['race']}, {name}"
        text = f"{name}: {episode['track']}, seed {episode['seed']}"
        options.append(f'<option value="{index}">{escape(text)}</option>')
    return "".join(options)


def classification_table(episode: Mapping[str, Any]) -> str:
    """Return who came where in one episode."""
    rows = episode["classification"]
    fastest = min((r["best_lap"] for r in rows if r["best_lap"] is not None), default=None)
    left_out = {"penalty"} if not any(map(penalty_text, rows)) else set()
    if len(rows) < 2 or not any("contacts" in row for row in rows):
        left_out.update(_BETWEEN)
    columns = [column for column in _COLUMNS if column[0] not in left_out]
    head = "".join(_cell("th", name, number) for name, number in columns)
    body = "".join(_row(row, columns, fastest) for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: Mapping[str, Any], columns: Sequence[tuple[str, bool]], fastest: float | None) -> str:
    best = fastest is not None and row["best_lap"] == fastest
    texts = {
        "pos": str(row["position"]), "car": row["name"], "driver": row["driver"],
        "laps": str(row["laps"]), "best lap": lap_text(row["best_lap"]),
        OF_LIMIT: percent_text(row.get("best_lap_percent")),
        "ideal lap": lap_text(row.get("theoretical_best")),
        "mean lap": lap_text(row["mean_lap"]), "time": total_text(row),
        "interval": interval_text(row), "penalty": penalty_text(row),
        "passed : by": f"{row.get('overtakes_made', 0)} : {row.get('overtakes_suffered', 0)}",
        "contacts": str(sum(row.get("contacts", {}).values())),
        "points": str(row.get("incident_points", "")),
        "blame": f"{row.get('blame_points', 0.0):.3g}",
        "km/h": kmh(row["average_speed"]), "top km/h": kmh(row["top_speed"]),
        "off track": str(row["off_track"]), "status": row["status"],
    }  # fmt: skip
    marks = {"best lap": ' class="best"' if best else "", "penalty": ' class="bad"'}
    cells = []
    for name, number in columns:
        mark = marks.get(name, "") if texts[name] else ""
        dot = car_dot(row["car"]) if name == "car" else ""
        sticky = " data-name" if name == "car" else ""
        cells.append(_cell("td", texts[name], number, mark=mark, before=dot, has=sticky))
    return f"<tr>{''.join(cells)}</tr>"


def _cell(
    tag: str, text: str, number: bool, *, mark: str = "", before: str = "", has: str = ""
) -> str:
    inside = f"<span{mark}>{escape(text)}</span>" if mark else escape(text)
    return f"<{tag}{' class=num' if number else ''}{has}>{before}{inside}</{tag}>"


def car_dot(car: int) -> str:
    """Return a dot in the colour of a car."""
    return f'<i class="dot" style="background:{css_colour(car)}"></i>'


def of_episode(index: int, table: str) -> str:
    """Return a table that is shown while its episode is chosen."""
    return f'<div class="wide" data-episode="{index}"{" hidden" if index else ""}>{table}</div>'


def about_table(state: Mapping[str, Any]) -> str:
    """Return versions and machine, for whoever wants to repeat the run."""
    rows: Iterable[tuple[str, str]] = [
        ("seed", str(state["seed"])),
        ("step", f"{state['dt']:g} s"),
        *((name, str(version)) for name, version in state["versions"].items()),
        *((name, str(value)) for name, value in state["machine"].items()),
    ]
    cells = "".join(f"<tr><th>{escape(n)}</th><td>{escape(v)}</td></tr>" for n, v in rows)
    return f"<table><tbody>{cells}</tbody></table>"


def note(text: str) -> str:
    """Return a remark on what the page lacks."""
    return f'<p class="note">{escape(text)}</p>'
