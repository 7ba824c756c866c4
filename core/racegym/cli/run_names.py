"""What the commands around recorded runs share: how a run is named, and where it is looked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from racegym.errors import RunError

if TYPE_CHECKING:
    from racegym.record import RunFolder

__all__ = ["RUN", "check_new", "find_finished", "runs_dir_option", "short_name"]

runs_dir_option = click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="The folder of all runs.",
)


class _RunName(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A run's folder, ``scenario/time``, a scenario's latest, or ``latest``."""

    name = "run"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the runs that begin like what has been typed, for the shell's Tab key."""
        from racegym.record import find_runs

        runs = find_runs(Path(ctx.params.get("runs_dir") or "runs"))
        scenarios = {run.path.parent.name for run in runs}
        names = ["latest"] * bool(runs) + sorted(scenarios) + [short_name(run) for run in runs]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


RUN = _RunName()


def short_name(run: RunFolder) -> str:
    """Return ``scenario/time``."""
    path = run.path.resolve()
    return f"{path.parent.name}/{path.name}"


def find_finished(name: str, runs_dir: Path) -> tuple[RunFolder, dict[str, Any]]:
    """Return a run that is over and its state; one that was cut off is completed first.

    Raises:
        RunError: there is no such run, it can't be read, or it is still running.
    """
    from racegym.record import find_run, repair

    found = find_run(name, runs_dir)
    state = repair(found)
    if state["state"] == "running":
        raise RunError("the run is not over yet", file=found.path)
    return found, state


def check_new(path: Path, *, force: bool) -> None:
    """Refuse to write over a file that nobody said may be replaced, or where there is no folder.

    Raises:
        RunError: there is something at ``path``, or no folder to put it into.
    """
    if path.is_dir():
        raise RunError("is a folder; name a file", file=path)
    if not path.parent.is_dir():
        raise RunError(f"there is no folder {path.parent} to write it in", file=path)
    if path.exists() and not force:
        raise RunError("exists already; --force replaces it", file=path)
