"""``racegym export``: what was learned, as an ONNX file."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from racegym.cli.run_names import check_new, runs_dir_option

__all__ = ["command"]


@click.command("export")
@click.argument("policy", metavar="RUN|CHECKPOINT|POLICY")
@click.argument("file", type=click.Path(path_type=Path))
@runs_dir_option
@click.option("--force", is_flag=True, help="Replace a FILE that exists.")
def command(policy: str, file: Path, runs_dir: Path, force: bool) -> None:
    """Write what was learned to FILE, an ONNX file that drives wherever onnxruntime is installed.

    Of a training, it is the checkpoint to drive with. Normalisation goes into the file, and so do
    the sensors and the action map that it learned with.
    """
    from racegym.run.exporting import export_policy

    check_new(file, force=force)
    found = export_policy(_path(policy, runs_dir), file)
    size = file.stat().st_size / 1e3
    told = "" if found is None else f", takes {', '.join(map(str, _inputs(found.session)))}"
    click.echo(f"{file}: {size:,.0f} kB{told}")
    click.echo(f"drive:       racegym evaluate {shlex.quote(str(file))} --scenario SCENARIO")
    if found is None:
        click.echo("onnxruntime is not installed here, so the file was not tried", err=True)


def _inputs(session: object) -> list[str]:
    entries = session.get_inputs()  # type: ignore[attr-defined]
    return [f"{entry.name} {tuple(entry.shape[1:])}" for entry in entries]


def _path(policy: str, runs_dir: Path) -> Path:
    """Return the file or the run's folder that is meant.

    Raises:
        ScenarioError: nothing goes by that name.
    """
    from racegym import plugins
    from racegym.errors import RunError, ScenarioError, nearest
    from racegym.record import find_run, find_runs
    from racegym.scenario.policies import named_policy

    path = Path(policy)
    if path.is_file():
        return path
    brought = named_policy(policy)
    if brought is not None:
        return brought
    try:
        return find_run(policy, runs_dir, training=True).path
    except RunError as error:
        if path.exists():
            raise
        runs = {run.path.resolve().parent.name for run in find_runs(runs_dir)}
        known = {*runs, *plugins.load().names("policy")}
        raise ScenarioError(
            f"there is no file, training or policy {policy!r}; {nearest(policy, known)}"
        ) from error
