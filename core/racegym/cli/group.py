"""The group of subcommands: racegym's own by a table, plugins' when no row fits."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import click

from racegym import __version__
from racegym.errors import nearest

__all__ = ["COMMANDS", "Row", "racegym"]


class Row(NamedTuple):
    """One subcommand of racegym's own."""

    module: str  # imported when the command is used; holds the click command as `command`
    help: str  # one line for ``racegym --help``


COMMANDS = {
    "run": Row("racegym.cli.run", "Run a scenario and record it."),
    "scenario": Row("racegym.cli.scenario", "List, show, check and begin scenarios."),
    "watch": Row("racegym.cli.watch", "Play a recorded run in a window, or write a video."),
    "drive": Row("racegym.cli.drive", "Drive a car of a scenario by hand."),
    "tracks": Row("racegym.cli.tracks", "List, show, import, export and check tracks."),
    "runs": Row("racegym.cli.runs", "List recorded runs, show, import, export and delete them."),
    "evaluate": Row("racegym.cli.evaluate", "Judge a driver or what was learned, on many races."),
    "export": Row("racegym.cli.export", "Write what was learned as an ONNX file."),
    "compare": Row("racegym.cli.compare", "Tell where one lap loses time to another."),
    "rules": Row("racegym.cli.rules", "List and show the penalties that leagues use."),
    "classify": Row("racegym.cli.classify", "Apply a steward's rulings to a run."),
    "verify": Row("racegym.cli.verify", "Re-simulate a run and compare every step."),
    "bench": Row("racegym.cli.bench", "Measure how fast a scenario steps."),
    "benchmark": Row("racegym.cli.benchmark", "Learn frozen tasks, and report citable results."),
    "calibrate": Row("racegym.cli.calibrate", "Measure the pace of drivers' levels."),
    "sweep": Row("racegym.cli.sweep", "Search good settings for a scenario's trainer."),
    "doctor": Row("racegym.cli.doctor", "Check that racegym can work here, and say what helps."),
    "plugins": Row("racegym.cli.plugins", "List installed and known plugins."),
    "new-plugin": Row("racegym.cli.new_plugin", "Write a working package to start from."),
    "check": Row("racegym.cli.check", "Run the conformance suite of a plugin's stage."),
}


class _LazyGroup(click.Group):
    """A group that imports a subcommand when it is used, and plugins only when they must be.

    ``racegym --help`` shows the table alone; the commands of plugins are looked up for a name
    that the table lacks, and listed by ``racegym plugins``.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            command = import_module(COMMANDS[cmd_name].module).command
            assert isinstance(command, click.Command)
            return command
        if cmd_name.startswith("-"):
            return None
        from racegym import plugins

        return plugins.load().commands(reserved=COMMANDS).get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        command = self.get_command(ctx, name)
        if command is None:
            raise click.UsageError(self._unknown(name), ctx)
        return name, command, args[1:]

    def _unknown(self, name: str) -> str:
        from racegym import plugins

        catalogue = plugins.load()
        commands = catalogue.commands(reserved=COMMANDS)
        lines = [f"unknown command {name!r}; {nearest(name, [*COMMANDS, *commands])}"]
        for dist, reason in catalogue.failures.items():
            lines.append(f"Plugin {dist} failed to load, so what it offers is missing: {reason}")
        return "\n".join(lines)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.help) for name, row in COMMANDS.items()])


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Plugins may add commands; `racegym plugins` lists them.",
)
@click.version_option(__version__, prog_name="racegym", message="%(prog)s %(version)s")
def racegym() -> None:
    """A racing gym whose simulator, rules, drivers and learner are all plugins."""
