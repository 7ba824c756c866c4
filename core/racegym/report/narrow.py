"""Tables in consoles that are too narrow for them."""

from __future__ import annotations

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

__all__ = ["leave_out"]

WIDE = 1000  # letters: more than any table needs


def leave_out(table: Table, console: Console, *columns: str) -> None:
    """Take columns out of a table until what is left fits, rather than cut every cell.

    Args:
        table: whose rows are all there.
        console: on which it is to be printed.
        columns: the headings of those that may go, the first one first.
    """
    for heading in columns:
        options = console.options.update(max_width=WIDE)
        if Measurement.get(console, options, table).maximum <= console.width:
            return
        table.columns = [column for column in table.columns if column.header != heading]
        for index, column in enumerate(table.columns):
            column._index = index  # by it rich knows the last one, which has no margin
