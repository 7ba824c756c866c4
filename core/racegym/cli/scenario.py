"""``racegym scenario``: what ships, what a scenario says in full, and whether it works."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from racegym import plugins
from racegym.errors import RacegymError

__all__ = ["command"]

FAILED = 2  # exit code: something is wrong with one of the scenarios


@click.group("scenario")
def command() -> None:
    """List, show and check scenarios."""


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
