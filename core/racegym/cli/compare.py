"""``racegym compare``: where one lap loses time to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import click
from rich.console import Console

from racegym.cli.run_names import RUN, check_new, find_finished, runs_dir_option, short_name
from racegym.cli.track_names import TRACK

if TYPE_CHECKING:
    from racegym.report.comparison import Choice

__all__ = ["command"]

Given = TypeVar("Given")


@click.command("compare")
@click.argument("first", type=RUN, metavar="RUN")
@click.argument("second", type=RUN, metavar="RUN")
@runs_dir_option
@click.option(
    "--lap", "laps", multiple=True, metavar="best|N",
    help="Which lap; given twice, of the first run and of the second.  [default: best]",
)  # fmt: skip
@click.option(
    "--car", "cars", multiple=True, metavar="NAME",
    help="Whose lap, by name or index from 0; may be given twice.  [default: whoever drove it]",
)  # fmt: skip
@click.option(
    "--episode", "episodes", type=click.IntRange(min=1), multiple=True, metavar="N",
    help="Of which episode; may be given twice.  [default: that of the best lap, or the first]",
)  # fmt: skip
@click.option(
    "--track", type=TRACK, metavar="TRACK",
    help="Lay both over this track, or a scenario's, by name or file.  [default: the runs' own]",
)  # fmt: skip
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw it into a .png file."
)
@click.option("--force", is_flag=True, help="Replace a --plot file that exists.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def command(
    first: str,
    second: str,
    runs_dir: Path,
    laps: tuple[str, ...],
    cars: tuple[str, ...],
    episodes: tuple[int, ...],
    track: str | None,
    plot: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Tell where a lap of the second RUN loses time to one of the first, by sector and corner.

    Laps of people, scripts and learners compare alike, if they were on the same track.
    """
    from racegym.report.comparison import compare
    from racegym.report.comparison_table import corner_table, lap_lines, sector_table

    if plot is not None:
        check_new(plot, force=force)
        if plot.suffix.lower() != ".png":
            raise click.BadParameter(f"{plot} does not end with .png", param_hint="--plot")
    choices = [
        _choice(name, runs_dir, _of(laps, k, "--lap"), _of(cars, k, "--car"),
                _of(episodes, k, "--episode"))
        for k, name in enumerate((first, second))
    ]  # fmt: skip
    common = None
    if track is not None:
        from racegym.cli.log_tracks import named_track

        common = named_track(track)
    found = compare(choices[0], choices[1], common)
    if plot is not None:
        from racegym.report.comparison_figure import draw_comparison

        draw_comparison(found, plot)
    if as_json:
        click.echo(json.dumps(found.as_data(), indent=2, ensure_ascii=False))
        return
    console = Console()
    console.print(f"{found.track.name}, {found.track.length:.0f} m", highlight=False, markup=False)
    for line in lap_lines(found):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(sector_table(found))
    if found.corners:
        console.print(corner_table(found))
    if plot is not None:
        console.print(f"picture in {plot}", highlight=False, markup=False, soft_wrap=True)


def _of(given: tuple[Given, ...], k: int, option: str) -> Given | None:
    """Return what is said of the first run or of the second."""
    if len(given) > 2:
        raise click.BadParameter("may be given twice at most", param_hint=option)
    return None if not given else given[min(k, len(given) - 1)]


def _choice(
    name: str, runs_dir: Path, lap: str | None, car: str | None, episode: int | None
) -> Choice:
    from racegym.report.comparison import Choice

    number: int | Literal["best"] = "best"
    if lap is not None and lap != "best":
        if not lap.isdecimal() or int(lap) < 1:
            raise click.BadParameter(
                f"{lap!r} is no lap; write best or a number from 1", param_hint="--lap"
            )
        number = int(lap)
    run, _ = find_finished(name, runs_dir)
    return Choice(run, short_name(run), number, car, episode)
