"""Results as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from racegym.report.wording import (
    MISSING,
    OF_LIMIT,
    interval_text,
    kmh,
    lap_text,
    percent_text,
    total_text,
)

if TYPE_CHECKING:
    from racegym.formats.logs.laps import Laps

__all__ = [
    "classification_table",
    "episodes_table",
    "laps_table",
    "penalty_text",
    "runs_table",
    "summary_line",
]

_STATES = {"finished": "green", "running": "cyan", "stopped": "yellow", "cut off": "red",
           "failed": "red", "unreadable": "red"}  # fmt: skip


def _table(title: str, columns: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    for column in columns:
        number = column in right
        table.add_column(
            column, justify="right" if number else "left", overflow="fold", no_wrap=number
        )
    return table


def classification_table(result: Mapping[str, Any], episode: int = 0) -> Table:
    """Return who came where in one episode of a result."""
    rows = result["episodes"][episode]["classification"] if result["episodes"] else []
    limited = _limited(rows)
    chased = ["interval"] if any(row.get("interval") for row in rows) else []
    punished = ["penalty"] if any(map(penalty_text, rows)) else []
    columns = ("pos", "car", "driver", "laps", "best lap", *limited, "time", *chased, *punished,
               "km/h", "status")  # fmt: skip
    right = ("pos", "laps", "best lap", OF_LIMIT, "time", "interval", "penalty", "km/h")
    table = _table("Classification", columns, right)
    fastest = min((r["best_lap"] for r in rows if r["best_lap"] is not None), default=None)
    for row in rows:
        best = Text(lap_text(row["best_lap"]))
        if fastest is not None and row["best_lap"] == fastest:
            best.stylize("bold magenta")
        table.add_row(
            str(row["position"]), Text(row["name"]), Text(row["driver"]), str(row["laps"]), best,
            *[percent_text(row.get("best_lap_percent"))] * len(limited),
            total_text(row), *[interval_text(row)] * len(chased),
            *[penalty_text(row)] * len(punished), kmh(row["average_speed"]), row["status"],
        )  # fmt: skip
    return table


def _limited(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the heading of the column of best laps in percent of the limit, if any is known."""
    known = any(row.get("best_lap_percent") is not None for row in rows)
    return [OF_LIMIT] if known else []


def penalty_text(row: Mapping[str, Any]) -> str:
    """Return what a car was punished with in the result; nothing for nothing."""
    told = (
        ("penalty_time", 0.0, "{:+g} s"), ("penalty_laps", 0, "{:+d} lap"),
        ("penalty_places", 0, "{:+d} pl"), ("score", 1.0, "x{:.3g}"),
    )  # fmt: skip
    return " ".join(
        form.format(row[key]) for key, nothing, form in told if row.get(key, nothing) != nothing
    )


def episodes_table(result: Mapping[str, Any]) -> Table:
    """Return one row for each car of each episode."""
    limited = _limited([row for episode in result["episodes"] for row in episode["classification"]])
    columns = ("episode", "seed", "track", "car", "status", "laps", "best lap", *limited,
               "mean lap", "km/h", "off track")  # fmt: skip
    right = ("episode", "seed", "laps", "best lap", OF_LIMIT, "mean lap", "km/h", "off track")
    table = _table("Episodes", columns, right)
    for episode in result["episodes"]:
        for row in episode["classification"]:
            table.add_row(
                str(episode["episode"] + 1), str(episode["seed"]), Text(episode["track"]),
                Text(row["name"]), row["status"], str(row["laps"]), lap_text(row["best_lap"]),
                *[percent_text(row.get("best_lap_percent"))] * len(limited),
                lap_text(row["mean_lap"]), kmh(row["average_speed"]), str(row["off_track"]),
            )  # fmt: skip
    return table


def laps_table(laps: Laps) -> Table:
    """Return the laps of a log, and why some do not count."""
    table = _table("Laps", ("lap", "time", "length", "counts"), ("lap", "time", "length"))
    outside = {each.what: each.reason for each in laps.dropped}
    table.add_row("out", MISSING, MISSING, f"no: {outside['out-lap']}")
    for lap in laps.laps:
        length = MISSING if lap.piece is None else f"{lap.length:.0f} m"
        counts = f"no: {lap.dropped}" if lap.dropped else "yes"
        table.add_row(str(lap.number), lap_text(lap.time), length, counts)
    table.add_row("in", MISSING, MISSING, f"no: {outside['in-lap']}")
    return table


def summary_line(result: Mapping[str, Any]) -> str:
    """Return an evaluation in one line."""
    summary = result["summary"]
    rate, share = summary["completion_rate"], summary.get("best_lap_percent")
    of_limit = "" if share is None else f", at best {percent_text(share)} % of the limit"
    return (
        f"{summary['finished']} of {summary['entries']} finished "
        f"({MISSING if rate is None else f'{100 * rate:.0f} %'}), "
        f"best lap {lap_text(summary['best_lap'])}, "
        f"mean lap {lap_text(summary['mean_lap'])}{of_limit}, "
        f"average {kmh(summary['mean_speed'])} km/h, "
        f"off track {summary['off_track']} time{'' if summary['off_track'] == 1 else 's'}"
    )


def runs_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the list of runs; rows as ``racegym runs list --json`` prints them."""
    trained = any(row["steps"] is not None for row in rows)
    columns = ("run", "task", "state", "race time", "winner", "best lap", *["steps"] * trained,
               "size")  # fmt: skip
    table = _table("Runs", columns, ("race time", "best lap", "steps", "size"))
    # A name is there to be copied: in a narrow console the other columns give way.
    table.columns[0].min_width = max((len(row["run"]) for row in rows), default=0)
    for row in rows:
        table.add_row(
            Text(row["run"], no_wrap=True), row["task"] or MISSING,
            Text(row["state"], style=_STATES.get(row["state"], "")), lap_text(row["time"]),
            Text(row["winner"] or MISSING), lap_text(row["best_lap"]),
            *[MISSING if row["steps"] is None else f"{row['steps']:,}"] * trained,
            f"{row['size'] / 1e6:.1f} MB",
        )  # fmt: skip
    return table
