"""``racegym tracks validate``: everything that is wrong with a track, in one report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from racegym.cli.track_names import TRACK, format_options, read_named
from racegym.cli.track_pictures import draw, picture_path, plot_option, vehicle_options
from racegym.errors import TrackError

if TYPE_CHECKING:
    from racegym.track.validation import Report, VehicleLimits

__all__ = ["command"]

WRONG = 2  # exit code of a track with errors


@click.command("validate")
@click.argument("track", type=TRACK)
@format_options
@vehicle_options
@plot_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    track: str,
    form: str | None,
    settings: tuple[str, ...],
    vehicle: str | None,
    backend: str,
    plot: str | None,
    as_json: bool,
) -> int:
    """Check TRACK and report everything that is wrong or odd, and where.

    TRACK is a name of a library or a plugin, or a file of any form, also one that can't be
    raced on. The exit code is 2 if there are errors.
    """
    limits = None
    if vehicle is not None:
        from racegym.scenario.vehicle_facts import vehicle_limits

        limits = vehicle_limits(vehicle, backend)
    report = _report(track, form, settings, limits)
    drawn = None
    if plot is not None and report.track is not None:
        drawn = picture_path(plot, report.name)
        draw(report.track, drawn, vehicle, backend, report.problems)
    if as_json:
        picture = None if drawn is None else str(drawn)
        told = {**report.to_dict(), "picture": picture}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _show(report)
        if drawn is not None:
            click.echo(drawn)
        elif plot is not None:
            click.echo("there is no picture: no line goes through what can be read")
    return WRONG if report.errors else 0


def _report(
    name: str, form: str | None, settings: tuple[str, ...], vehicle: VehicleLimits | None
) -> Report:
    """Return the report of a track, or of the points that its file was refused for.

    Raises:
        RacegymError: nothing can be read at all.
    """
    from racegym.track.validation import Problem, Report, keep_raw, validate

    with keep_raw() as found:
        try:
            track, _, _ = read_named(name, form, settings)
        except TrackError as error:
            if not found:
                raise
            refused = error
        else:
            return validate(track, vehicle)
    report = validate(found[-1], vehicle)
    if report.errors:
        return report
    # The points are fine, so it was something else in the file.
    reason = Problem(check="file", severity="error", what=str(refused))
    return Report.of(report.name, report.track, vehicle, [reason, *report.problems])


def _show(report: Report) -> None:
    console = Console()
    checked = "" if report.vehicle is None else f", for {report.vehicle.name}"
    long = "" if report.track is None else f", {report.track.length:,.1f} m"
    if not report.problems:
        click.echo(f"{report.name}{long}{checked}: nothing is wrong")
        return
    table = Table("", escape("s [m]"), "check", "severity", "what")
    table.columns[1].justify = "right"
    for number, problem in enumerate(report.problems, start=1):
        colour = "red" if problem.severity == "error" else "yellow"
        table.add_row(
            str(number),
            "" if problem.s is None else f"{problem.s:.1f}",
            problem.check,
            Text(problem.severity, style=colour),
            Text(problem.what),
        )
    console.print(table)
    click.echo(
        f"{report.name}{long}{checked}: {_count(len(report.errors), 'error')}, "
        f"{_count(len(report.warnings), 'warning')}"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
