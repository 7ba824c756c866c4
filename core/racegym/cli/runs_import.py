"""``racegym runs import``: a log of positions as a run, and as a track."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from racegym.cli.log_tracks import named_track
from racegym.cli.run_names import runs_dir_option
from racegym.cli.track_names import TRACK, parse_settings
from racegym.errors import RunError

if TYPE_CHECKING:
    from racegym.record.logged import LoggedRun

__all__ = ["command"]


@click.command("import")
@click.argument("log", type=click.Path(path_type=Path))
@runs_dir_option
@click.option(
    "--track", type=TRACK, metavar="TRACK",
    help="Where it was driven: a track or a scenario, by name or file.  [default: a track is "
    "made from the log]",
)  # fmt: skip
@click.option("--name", metavar="NAME", help="Of the run.  [default: the log's]")
@click.option("--driver", metavar="NAME", default="human", show_default=True, help="Who drove.")
@click.option(
    "--set", "settings", multiple=True, metavar="OPTION=VALUE",
    help="An option of the reader; `racegym tracks formats log` lists them.",
)  # fmt: skip
@click.option("--no-plots", is_flag=True, help="Draw no pictures.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the run's folder.")
def command(
    log: Path,
    runs_dir: Path,
    track: str | None,
    name: str | None,
    driver: str,
    settings: tuple[str, ...],
    no_plots: bool,
    quiet: bool,
) -> None:
    """Import LOG, positions over many laps, as a run: GPX, RaceChrono CSV, VBO or any CSV.

    Its laps are split and timed. What was left out, and why, is told.
    """
    from racegym.formats.logs import LogOptions
    from racegym.interfaces.options import read
    from racegym.record.logged import import_log

    options = read(LogOptions, parse_settings(settings), "log")
    known = None if track is None else named_track(track)
    done = import_log(
        log, track=known, name=name, driver=driver, options=options, runs_dir=runs_dir
    )
    if not no_plots:
        _draw(done)
    if not quiet:
        _tell(done)
    click.echo(done.folder.path)


def _draw(done: LoggedRun) -> None:
    from racegym.report import draw_lap_times, draw_track_map

    try:
        draw_track_map(done.folder, done.result, done.track)
        draw_lap_times(done.folder, done.result)
    except OSError as error:
        raise RunError(
            f"a picture can't be written: {error.strerror or error}", file=done.folder.path
        ) from error


def _tell(done: LoggedRun) -> None:
    from racegym.report import laps_table
    from racegym.report.wording import lap_text

    console = Console()
    console.print(laps_table(done.laps))
    best = min(lap.time for lap in done.laps.kept)
    console.print(
        f"{len(done.laps.kept)} laps count of {len(done.laps.laps)}, the best in {lap_text(best)}, "
        f"on {done.track.name!r}, {done.track.length:.0f} m",
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip
    for note in done.notes:
        if " dropped: " not in note:
            console.print(f"- {note}", style="dim", highlight=False, markup=False, soft_wrap=True)
