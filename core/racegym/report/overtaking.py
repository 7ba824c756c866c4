"""The overtaking benchmark as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from racegym.report.wording import MISSING

__all__ = ["awaited_line", "drivers_table", "situations_table"]


def situations_table(result: Mapping[str, Any], driver: str) -> Table:
    """Return how one driver fared: a row for each round of each situation."""
    columns = ("situation", "defender", "surplus", "passed", "95 %", "time", "2x", "4x", "blamed")
    table = _table(f"Overtaking: {driver}", columns, ("situation",))
    before = None
    for row in result["situations"]:
        if row["driver"] != driver:
            continue
        name = row["situation"] + (" *" if row["held_out"] else "")
        table.add_row(
            Text(name if name != before else ""), _percent(row["defender"]),
            _percent(row["surplus"], sign=True), _share(row["success"]), _span(row),
            MISSING if row["time"] is None else f"{row['time']:.1f} s",
            str(row["contacts"]["2x"]), str(row["contacts"]["4x"]), str(row["blamed"]),
        )  # fmt: skip
        before = name
    table.caption = (
        f"{_races(result, driver)} races a round, seed {result['seed']}; * on held-out circuits"
    )
    table.caption_justify = "left"
    return table


def drivers_table(result: Mapping[str, Any]) -> Table:
    """Return how all drivers fared: a row for each, a column for each situation."""
    names = list(dict.fromkeys(row["situation"] for row in result["situations"]))
    table = _table("Passed, of all rounds", ("driver", "passed", "95 %", *names), ("driver",))
    for total in sorted(result["drivers"], key=lambda row: -row["success"]):
        rows = [row for row in result["situations"] if row["driver"] == total["driver"]]
        shares = []
        for name in names:
            mine = [row for row in rows if row["situation"] == name]
            shares.append(sum(row["passed"] for row in mine) / sum(row["races"] for row in mine))
        table.add_row(
            Text(total["driver"]), _share(total["success"]), _span(total), *map(_share, shares)
        )
    return table


def awaited_line(result: Mapping[str, Any]) -> str:
    """Return what the suite does not hold yet, in a line."""
    told = ", ".join(f"{name} ({what})" for name, what in result["awaited"].items())
    return f"not in the suite, and not imitated: {told}; they arrive with realism"


def _races(result: Mapping[str, Any], driver: str) -> str:
    counts = sorted({row["races"] for row in result["situations"] if row["driver"] == driver})
    return " or ".join(map(str, counts))


def _share(value: float) -> str:
    return f"{100.0 * value:.0f} %"


def _span(row: Mapping[str, Any]) -> str:
    return f"{100.0 * row['low']:.0f}-{100.0 * row['high']:.0f}"


def _percent(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return MISSING
    return f"{value:+.0f} %" if sign else f"{value:.0f} %"


def _table(title: str, columns: Sequence[str], left: Sequence[str]) -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, collapse_padding=True,
        pad_edge=False,
    )  # fmt: skip
    for column in columns:
        table.add_column(
            column, justify="left" if column in left else "right", no_wrap=column not in left
        )
    return table
