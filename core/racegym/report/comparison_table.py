"""A comparison of two laps as tables."""

from __future__ import annotations

from rich import box
from rich.table import Table
from rich.text import Text

from racegym.report.comparison import Comparison
from racegym.report.wording import kmh, lap_text

__all__ = ["corner_table", "lap_lines", "lost_text", "sector_table"]

STRONG = 0.05  # [s] from which on a loss or a gain is coloured


def lost_text(seconds: float) -> str:
    """Return what was lost; what was won is below zero.

    >>> lost_text(0.51234), lost_text(-0.02), lost_text(-0.0001)
    ('+0.512', '-0.020', '+0.000')
    """
    rounded = round(seconds, 3) + 0.0
    return f"{rounded:+.3f}"


def lap_lines(comparison: Comparison) -> list[str]:
    """Return which laps are compared, one line each, A and B."""
    return [
        f"{letter}: {lap.who}, {lap_text(lap.lap.lap_time)}  ({lap.run}, {lap.driver})"
        + ("" if lap.lap.valid else ", which does not count")
        for letter, lap in zip("AB", comparison.laps, strict=True)
    ]


def sector_table(comparison: Comparison) -> Table:
    """Return the time of each sector, and what B lost there."""
    table = _table("Sectors", ("sector", "from", "to", "A", "B", "B lost"))
    for each in comparison.sectors:
        table.add_row(
            str(each.number), f"{each.start:.0f} m", f"{each.end:.0f} m",
            *(lap_text(time) for time in each.times), _coloured(each.lost),
        )  # fmt: skip
    table.add_row("lap", "", "", *(lap_text(lap.lap.lap_time) for lap in comparison.laps),
                  _coloured(comparison.total))  # fmt: skip
    return table


def corner_table(comparison: Comparison) -> Table:
    """Return the speeds in each corner, and what B lost there."""
    table = _table("Corners, speeds of A / B in km/h",
                   ("corner", "turn", "apex", "entry", "slowest", "exit", "B lost"))  # fmt: skip
    for each in comparison.corners:
        speeds = (" / ".join(map(kmh, pair)) for pair in (each.entry, each.slowest, each.exit))
        table.add_row(
            str(each.number), each.side, f"{each.corner.apex:.0f} m", *speeds,
            _coloured(each.lost),
        )  # fmt: skip
    return table


def _table(title: str, columns: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="left" if column == "turn" else "right")
    return table


def _coloured(lost: float) -> Text:
    style = "red" if lost > STRONG else "green" if lost < -STRONG else ""
    return Text(lost_text(lost), style=style)
