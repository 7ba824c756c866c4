"""``racegym scenario``: what ships, what a scenario says in full, whether it works, a new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from racegym import plugins
from racegym.errors import RacegymError, RunError

if TYPE_CHECKING:
    from racegym.scenario.starting import Task

__all__ = ["command"]

FAILED = 2  # exit code: something is wrong with one of the scenarios


@click.group("scenario")
def command() -> None:
    """List, show, check and begin scenarios."""


@command.command("list")
def _list() -> None:
    """List the scenarios that racegym and the installed plugins bring."""
    table = Table("name", "about", "from")
    for offer in plugins.load().offers("scenario"):
        table.add_row(Text(offer.name, no_wrap=True), Text(offer.summary), offer.dist)
    Console().print(table)


@command.command("show")
@click.argument("scenario")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Replace a value, e.g. laps=5."
)
def _show(scenario: str, overrides: tuple[str, ...]) -> None:
    """Print SCENARIO, a file or a name, with all defaults spelt out."""
    from racegym.scenario import load_scenario

    click.echo(load_scenario(scenario, overrides).to_yaml(), nl=False)


@command.command("validate")
@click.argument("scenarios", nargs=-1, required=True)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Replace a value, e.g. laps=5."
)
def _validate(scenarios: tuple[str, ...], overrides: tuple[str, ...]) -> int:
    """Check SCENARIOS, files or names, as far as building their worlds."""
    from racegym.scenario import load_scenario

    code = 0
    for scenario in scenarios:
        try:
            load_scenario(scenario, overrides).world().close()
        except RacegymError as error:
            click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True)
            code = FAILED
        else:
            click.echo(f"{scenario}: ok")
    return code


@command.command("new")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--backend", metavar="NAME", help="The simulator.  [default: kart2d, if installed]")
@click.option(
    "--task", type=click.Choice(["race", "evaluate", "train"]), default="race",
    show_default=True, help="One race, several with a report on all, or learning.",
)  # fmt: skip
def _new(file: Path, backend: str | None, task: Task) -> None:
    """Write FILE, a commented scenario to start from. It runs as it is."""
    from racegym.scenario.starting import write_start

    write_start(file, backend, task)
    name = f'"{file}"' if " " in str(file) else str(file)
    click.echo(f"written: {file}\nrun it:  racegym run {name}")


@command.command("schema")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write it there instead of printing it.",
)  # fmt: skip
def _schema(output: Path | None) -> None:
    """Print the JSON schema of scenarios, with all that is installed, for editors."""
    from racegym.scenario.schema import scenario_schema

    text = json.dumps(scenario_schema(), indent=2, ensure_ascii=False)
    if output is None:
        click.echo(text)
        return
    beside = output.with_name(f".{output.name}.new")
    try:
        beside.write_text(text + "\n", encoding="utf-8", newline="\n")
        beside.replace(output)
    except OSError as error:
        raise RunError(f"the schema can't be written: {error.strerror}", file=output) from error
    click.echo(f"written: {output}")
