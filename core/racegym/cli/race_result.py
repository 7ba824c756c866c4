"""How a race or an evaluation went, as it is printed on whatever console there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_result"]


def print_result(console: Console, task: str, result: Mapping[str, Any]) -> None:
    """Print the table of a result, less what can be spared where the console is narrow.

    Args:
        console: to print on.
        task: of the scenario.
        result: as ``result.json`` holds it.
    """
    from racegym.report import classification_table, episodes_table, summary_line
    from racegym.report.narrow import leave_out
    from racegym.report.wording import OF_LIMIT

    if task == "evaluate":
        table = episodes_table(result)
        leave_out(table, console, "mean lap", "km/h", "off track", "seed")
        console.print(table)
        console.print(summary_line(result), highlight=False, soft_wrap=True)
    else:
        table = classification_table(result)
        leave_out(table, console, "km/h", OF_LIMIT, "laps")
        console.print(table)
