"""``racegym plugins``: what is installed, what it offers, and what else is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from racegym.cli.group import COMMANDS
from racegym.plugins import (
    KINDS,
    Catalogue,
    how_to_install,
    install_command,
    known_plugins,
    load,
    shipped,
)

__all__ = ["command"]

FAILED = 2  # exit code: something is wrong with an entry

_STATE_STYLES = {"loaded": "green", "failed": "bold red", "skipped": "yellow"}


@click.group("plugins", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the installed plugins with what they offer, and all that are known."""
    if context.invoked_subcommand is None:
        _list(as_json)
    elif as_json:
        raise click.UsageError(f"{context.invoked_subcommand} takes no --json", context)


def _list(as_json: bool) -> None:
    catalogue = load()
    commands = sorted(catalogue.commands(reserved=COMMANDS))
    installed, others = _installed(catalogue), _known(catalogue)
    if as_json:
        report = {"installed": installed, "commands": commands, "known": others}
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    console = Console()
    console.print(_installed_table(installed))
    if commands:
        console.print(Text(f"Commands added by plugins: {', '.join(commands)}"))
    console.print(_known_table(others))
    for entry in known_plugins().values():  # no table: a command must stay on one line to be copied
        if entry.dist not in {row["dist"] for row in installed}:
            click.echo(f"{entry.dist}: {how_to_install(entry)}")


@command.command("validate")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def _validate(file: Path | None) -> int:
    """Check FILE, a list of known plugins such as registry.toml.

    Without FILE it is the registry.toml of this folder, or else the one that comes with
    racegym. Of each entry the first fault is told.
    """
    from racegym.authoring.registry import registry_faults

    if file is None:
        here = Path("registry.toml")
        file = here if here.is_file() else shipped("registry.toml")
    faults = registry_faults(file)
    for fault in faults:
        click.echo(f"{click.style('error:', fg='red', bold=True)} {fault}", err=True)
    if faults:
        return FAILED
    click.echo(f"{file}: ok")
    return 0


def _installed(catalogue: Catalogue) -> list[dict[str, Any]]:
    rows = []
    for plugin in catalogue.plugins:
        offers = {
            kind: [
                {"name": offer.name, "summary": offer.summary}
                for offer in catalogue.offers(kind)
                if offer.dist == plugin.dist
            ]
            for kind in KINDS
        }
        rows.append(
            {
                "dist": plugin.dist,
                "version": plugin.version,
                "state": plugin.state,
                "reason": plugin.reason,
                "offers": {kind: found for kind, found in offers.items() if found},
            }
        )
    return rows


def _known(catalogue: Catalogue) -> list[dict[str, Any]]:
    installed = {plugin.dist for plugin in catalogue.plugins}
    return [
        {
            "dist": entry.dist,
            "installed": entry.dist in installed,
            "kind": entry.kind,
            "summary": entry.summary,
            "licence": entry.licence,
            "homepage": entry.homepage,
            "core": entry.core,
            "provides": list(entry.provides),
            "install": install_command(entry),
        }
        for entry in known_plugins().values()
    ]


def _installed_table(rows: list[dict[str, Any]]) -> Table:
    table = Table("plugin", "version", "state", "offers", title="Installed", title_justify="left")
    for row in rows:
        offers = "\n".join(
            f"{kind}: {', '.join(offer['name'] for offer in found)}"
            for kind, found in row["offers"].items()
        )
        details = "\n".join(filter(None, [row["reason"], offers]))
        state = Text(row["state"], style=_STATE_STYLES[row["state"]])
        table.add_row(row["dist"], row["version"], state, Text(details))
    return table


def _known_table(rows: list[dict[str, Any]]) -> Table:
    table = Table("plugin", "kind", "about", "state", title="Known", title_justify="left")
    for row in rows:
        about = f"{row['summary']}\n{row['licence']}, racegym {row['core']}, {row['homepage']}"
        status = "installed" if row["installed"] else "not installed"
        table.add_row(Text(row["dist"], no_wrap=True), row["kind"], Text(about), status)
    return table
