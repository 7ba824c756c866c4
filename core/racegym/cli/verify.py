"""``racegym verify``: drive a recorded run again and compare every step."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]

DIFFERS = 1  # exit code


@click.command("verify")
@click.argument("run")
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="The folder of all runs.",
)
@click.option("--anyway", is_flag=True, help="Compare although versions differ.")
def command(run: str, runs_dir: Path, anyway: bool) -> int:
    """Re-simulate RUN from its recorded controls and compare every step.

    RUN is a run's folder, scenario/time, a scenario's latest, or "latest". The exit code is 1
    when the replay differs, 2 when the run can't be replayed.
    """
    from racegym.record import find_run
    from racegym.run import verify

    folder = find_run(run, runs_dir)
    proof = verify(folder, anyway=anyway)
    for warning in proof.warnings:
        click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {warning}", err=True)
    if proof.difference is None:
        click.echo(f"verified {proof.steps} steps, {proof.hashes} hashes: {folder.path}")
        return 0
    found = proof.difference
    where = f"step {found.step} ({found.time:.2f} s)"
    if found.episode:
        where += f" of episode {found.episode + 1}"
    click.echo(f"differs at {where}: {found.what}")
    click.echo(f"the {proof.steps} steps before it are as recorded")
    return DIFFERS
