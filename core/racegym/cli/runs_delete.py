"""``racegym runs delete``: remove runs for good."""

from __future__ import annotations

from pathlib import Path

import click

from racegym.cli.run_names import RUN, runs_dir_option, short_name

__all__ = ["command"]

DECLINED = 1  # exit code


@click.command("delete")
@click.argument("runs", type=RUN, nargs=-1, required=True)
@runs_dir_option
@click.option("--yes", is_flag=True, help="Don't ask.")
def command(runs: tuple[str, ...], runs_dir: Path, yes: bool) -> int:
    """Delete RUNS with all that they hold, after asking.

    A scenario's name stands for its latest run. Nothing is deleted if one of the names is no
    run, or a run that is not over. The exit code is 1 when the answer is no.
    """
    from racegym.record import find_run
    from racegym.record.deletion import check_deletable, delete_run
    from racegym.record.folder import megabytes

    chosen = {run.path.resolve(): run for run in (find_run(name, runs_dir) for name in runs)}
    for run in chosen.values():
        check_deletable(run)
    total = 0
    for run in chosen.values():
        total += run.size()
        click.echo(f"{short_name(run)}  {megabytes(run.size())}")
    count = "this run" if len(chosen) == 1 else f"these {len(chosen)} runs"
    if not yes and not _agreed(f"delete {count}, {megabytes(total)}?"):
        click.echo("nothing was deleted")
        return DECLINED
    for run in chosen.values():
        delete_run(run)
    click.echo("deleted")
    return 0


def _agreed(question: str) -> bool:
    """Ask; the end of the input, as where there is nobody to ask, is a no."""
    try:
        return click.confirm(question)
    except click.Abort as abort:
        if not isinstance(abort.__context__, EOFError):
            raise  # Ctrl-C
        click.echo("")
        click.echo("there is nobody to ask here; --yes deletes without asking", err=True)
        return False
