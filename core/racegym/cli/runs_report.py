"""``racegym runs report`` and ``racegym runs open``: a run as one page, and a look at it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from racegym.cli.run_names import RUN, check_new, find_finished, runs_dir_option
from racegym.errors import RunError

__all__ = ["open_command", "report_command"]


@click.command("report")
@click.argument("run", type=RUN)
@runs_dir_option
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The file.  [default: report.html in the run's folder]",
)
@click.option("--force", is_flag=True, help="Replace an --output that exists.")
def report_command(run: str, runs_dir: Path, output: Path | None, force: bool) -> None:
    """Write RUN as one HTML page, to be read anywhere and without a network.

    It shows the race as it went, results, pictures, events and settings.
    """
    from racegym.record.runs import check_raced
    from racegym.report import write_page

    folder, state = find_finished(run, runs_dir)
    check_raced(folder, state, "report")
    if output is not None:
        check_new(output, force=force)
    click.echo(write_page(folder, output))


@click.command("open")
@click.argument("run", type=RUN)
@runs_dir_option
def open_command(run: str, runs_dir: Path) -> None:
    """Open the page of RUN in the browser; it is written first if need be.

    Of a training it opens the learning curve.

    Without a display, or without a browser, its path is printed.
    """
    import webbrowser

    from racegym.doctor import has_display
    from racegym.record.runs import is_training
    from racegym.report import draw_learning_curve, write_page

    folder, state = find_finished(run, runs_dir)
    page = folder.report
    if is_training(state):
        if draw_learning_curve(folder) is None:
            raise RunError("this run trained, and has told no figures to draw", file=folder.path)
        page = folder.learning_curve
    elif not _is_fresh(page, (folder.result, folder.official)):
        write_page(folder)
    if not has_display():
        click.echo(f"there is no display here; open this file where there is one: {page}")
    elif webbrowser.open(page.resolve().as_uri()):
        click.echo(page)
    else:
        click.echo(f"no browser was found; open this file in one: {page}")


def _is_fresh(page: Path, sources: Iterable[Path]) -> bool:
    """Tell whether a page is there and younger than what it was made of."""
    if not page.exists():
        return False
    made = page.stat().st_mtime
    return all(made >= source.stat().st_mtime for source in sources if source.exists())
