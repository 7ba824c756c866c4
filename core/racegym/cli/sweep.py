"""``racegym sweep``: search good settings of a trainer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from racegym.cli.training import INTERRUPTED

if TYPE_CHECKING:
    from racegym.scenario import Scenario
    from racegym.scenario.sweep_settings import SweepSettings
    from racegym.sweep.results import Trial

__all__ = ["command"]

SHOWN = 12  # rows of the table


@click.command("sweep")
@click.argument("scenario")
@click.option(
    "--space", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="A YAML file that says what to search, in place of the scenario's sweep.",
)  # fmt: skip
@click.option("--trials", type=click.IntRange(min=1), metavar="N", help="How many trainings.")
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Of each training.")
@click.option(
    "--processes", type=click.IntRange(1, 256), default=1, show_default=True,
    help="How many trainings at once.",
)  # fmt: skip
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE",
    help="Replace a value of the scenario, for all trials.",
)  # fmt: skip
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Where all is kept.  [default: sweeps/NAME of the scenario]",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Print only the best settings.")
def command(
    scenario: str,
    space: Path | None,
    trials: int | None,
    steps: int | None,
    processes: int,
    overrides: tuple[str, ...],
    into: Path | None,
    quiet: bool,
) -> int:
    """Search good settings for the trainer of SCENARIO: short trainings, led by Optuna.

    What is tried stands under sweep: in the scenario, or in a file of its own. After Ctrl-C, or
    for more trials, the same command goes on.
    """
    from racegym.record.folder import safe_name
    from racegym.report import announce_compiling
    from racegym.scenario import load_scenario
    from racegym.sweep.processes import search_together
    from racegym.sweep.results import lines, read_trials, write_results
    from racegym.sweep.search import Sweep, open_study, search, take_up
    from racegym.sweep.search import quiet as without_remarks

    loaded = load_scenario(scenario, overrides)
    settings = _settings(loaded, space, trials=trials, steps=steps)
    sweep = Sweep(loaded, settings, into or Path("sweeps") / safe_name(loaded.name))
    console = Console(quiet=quiet)

    def say(line: str) -> None:
        console.print(line, highlight=False, soft_wrap=True, markup=False)

    with without_remarks(), announce_compiling(lambda: say("compiling kernels (first run only)")):
        sweep.check()
        study = open_study(sweep)
        again = take_up(study)
        if again:
            say(f"trying {again} again that was broken off")
        alone = processes == 1
        done = search(sweep, told=say) if alone else search_together(sweep, processes, say)
        found = read_trials(study, settings)
        written = write_results(sweep.folder, settings, found)
    console.print(_table(settings, found))
    for line in lines(found):
        click.echo(line)
    for file in written:
        say(f"written: {file}")
    if not done:
        click.echo("stopped; the same command goes on", err=True)
    return 0 if done else INTERRUPTED


def _settings(
    scenario: Scenario, space: Path | None, *, trials: int | None, steps: int | None
) -> SweepSettings:
    """Return what is to be searched.

    Raises:
        ScenarioError: nothing is, or the scenario does not train.
    """
    from racegym.errors import ScenarioError
    from racegym.sweep.search import read_space

    if scenario.task != "train":
        raise ScenarioError(
            f"is to {scenario.task}, not to train; write task: train and trainer: NAME",
            file=scenario.file,
        )
    found = scenario.sweep if space is None else read_space(space)
    if found is None:
        raise ScenarioError(
            "says nothing of a sweep; write what is searched under sweep: space: or give a file "
            "with --space FILE",
            file=scenario.file,
        )
    changes: dict[str, Any] = {"trials": trials, "steps": steps}
    return found.model_copy(update={k: v for k, v in changes.items() if v is not None})


def _table(settings: SweepSettings, trials: list[Trial]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("trial", justify="right")
    table.add_column("", no_wrap=True)
    table.add_column(_heading(settings.figure, "/"), justify="right", overflow="fold")
    for path in settings.space:
        table.add_column(_heading(path, "."), justify="right", overflow="fold")
    for trial in trials[:SHOWN]:
        value = "" if trial.value is None else f"{trial.value:.5g}"
        tried = (_shown(trial.values.get(path)) for path in settings.space)
        table.add_row(str(trial.number), trial.state, value, *map(Text, tried))
    return table


def _heading(path: str, between: str) -> Text:
    """Return the last part of a path, in lines rather than cut, since there are many columns."""
    return Text(path.rpartition(between)[2].replace("_", "_\n"))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
