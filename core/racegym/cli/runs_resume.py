"""``racegym runs resume``: go on with a training."""

from __future__ import annotations

from pathlib import Path

import click

from racegym.cli.run_names import RUN, runs_dir_option
from racegym.cli.training import show_training, steps_if_over, tell_over

__all__ = ["command"]


@click.command("resume")
@click.argument("run", type=RUN)
@runs_dir_option
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE",
    help="Replace a value from now on, e.g. trainer.steps=2000000.",
)  # fmt: skip
@click.option("--no-plots", is_flag=True, help="Draw no learning curve.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the run's folder.")
def command(
    run: str, runs_dir: Path, overrides: tuple[str, ...], no_plots: bool, quiet: bool
) -> int:
    """Go on with the training RUN in its folder, from its last checkpoint."""
    from racegym.record import find_run
    from racegym.run import resume_training

    folder = find_run(run, runs_dir, training=True)
    learned = steps_if_over(folder)
    if learned and not overrides:
        if quiet:
            click.echo(folder.path)
        else:
            tell_over(folder)
        return 0
    return show_training(
        lambda shown: resume_training(folder, overrides, shown=shown, plots=not no_plots),
        quiet=quiet,
        learned=learned,
    )
