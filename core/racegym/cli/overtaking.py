"""``racegym run`` on overtaking situations: a table for each driver."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from racegym.errors import RunError, ScenarioError

if TYPE_CHECKING:
    from racegym.scenario import Scenario

__all__ = ["run_overtaking"]


def run_overtaking(
    console: Console, scenarios: Sequence[Scenario], who: Sequence[str], runs_dir: Path
) -> Path:
    """Let drivers race situations, print how they fared, and return the run's folder.

    Args:
        console: to print to.
        scenarios: of situations.
        who: names of drivers, as ``racegym evaluate`` takes them; none for those of the
            scenarios.
        runs_dir: the folder of all runs.

    Raises:
        ScenarioError, RunError: a driver can't be found, or can't race them.
    """
    from racegym.duels.suite import Attacker, measure_suite
    from racegym.report.narrow import leave_out
    from racegym.report.overtaking import awaited_line, drivers_table, situations_table
    from racegym.run.subject import find_subject
    from racegym.scenario.drivers import read_driver

    attackers = []
    for what in who:
        subject = find_subject(what, runs_dir)
        name = what if what.lstrip().startswith("{") else subject.name
        attackers.append(Attacker(name, read_driver(subject.driver)))
    if len({attacker.name for attacker in attackers}) < len(attackers):
        raise ScenarioError("two drivers have the same name; name each once")
    if not attackers:
        attackers = [Attacker(scenarios[0].cars[0].driver.name)]
    with console.status("racing ...") as status:
        result, folder = measure_suite(
            scenarios, attackers, runs_dir=runs_dir,
            shown=lambda what: status.update(f"racing ... {what}"),
        )  # fmt: skip
    if folder is None:
        raise RunError("nothing was written", file=runs_dir)
    for attacker in attackers:
        table = situations_table(result, attacker.name)
        leave_out(table, console, "2x", "4x", "time")
        console.print(table)
    if len(attackers) > 1:
        table = drivers_table(result)
        leave_out(table, console, *[str(column.header) for column in table.columns[:2:-1]])
        console.print(table)
    console.print(awaited_line(result), style="dim", highlight=False)
    console.print(f"recorded in {folder}", highlight=False, soft_wrap=True, markup=False)
    return folder
