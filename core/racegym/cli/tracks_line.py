"""``racegym tracks line``: racing lines of a track, side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from rich.console import Console
from rich.table import Table

from racegym.cli.track_names import (
    OWN,
    TRACK,
    format_options,
    into_option,
    read_named,
    write_back,
)
from racegym.errors import TrackError

if TYPE_CHECKING:
    from racegym.interfaces import GGV
    from racegym.raceline import Line
    from racegym.raceline.quasi_steady import QuasiSteadyLap
    from racegym.track import Track

__all__ = ["command"]

KINDS = ("weighted", "minimum_curvature", "minimum_time", "shortest", "centerline", "own")


class _Row(NamedTuple):
    """One line, and the lap along it."""

    line: Line
    lap: QuasiSteadyLap


@click.command("line")
@click.argument("track", type=TRACK)
@format_options
@click.option(
    "--kind", "kinds", type=click.Choice(KINDS), multiple=True, default=KINDS[:1],
    show_default="weighted", help="Of line; may be given more than once, to compare.",
)  # fmt: skip
@click.option(
    "--vehicle", metavar="NAME", help="A vehicle's name or file.  [default: the backend's own]"
)
@click.option("--backend", metavar="NAME", default="kart2d", show_default=True)
@click.option(
    "--margin", type=click.FloatRange(min=0.0), metavar="METRES",
    help="Kept to the edge on either side.  [default: a tenth of the vehicle's width]",
)  # fmt: skip
@click.option("--store", is_flag=True, help="Make it the racing line that the track brings.")
@into_option
@click.option("--overwrite", is_flag=True, help="Replace a track of that name in the library.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw the line into a PNG."
)
def command(
    track: str,
    form: str | None,
    settings: tuple[str, ...],
    kinds: tuple[str, ...],
    vehicle: str | None,
    backend: str,
    margin: float | None,
    store: bool,
    into: Path | None,
    overwrite: bool,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Lay racing lines around TRACK, a name of a library or a plugin, or a file.

    Tells of each its length, how much it bends, the room it leaves beside the vehicle, and the
    quasi-steady-state lap time. With --store the track keeps the line: in its own file where
    that is yours and of the native form, else as a track of a library.
    """
    from racegym.raceline.corridor import default_margin
    from racegym.raceline.quasi_steady import lap_of_line
    from racegym.run.limit import vehicle_model

    if len(kinds) > 1 and (store or plot is not None):
        raise TrackError("--store and --plot take one line: give --kind once")
    found, origin, path = read_named(track, form, settings)
    model = vehicle_model(vehicle, backend)
    ggv = model.ggv()
    width, margin = model.width, default_margin(model.width) if margin is None else margin
    rows = []
    for kind in dict.fromkeys(kinds):
        line = _laid(found, kind, width, margin, ggv)
        rows.append(_Row(line, lap_of_line(line, ggv)))
    called = str(model.vehicle.get("name") or vehicle or "vehicle")
    if plot is not None:
        _draw(rows[0], ggv, called, plot)
    if as_json:
        click.echo(json.dumps([_told(row, width) for row in rows], indent=2, ensure_ascii=False))
    else:
        _print(rows, found, f"{called}, {width:.2f} m wide, margin {margin:.2f} m", width)
    if store:
        own = path if origin in OWN else None
        click.echo(f"written: {_store(found, rows[0].line, own, into, overwrite)}", err=as_json)


def _laid(track: Track, kind: str, width: float, margin: float, ggv: GGV) -> Line:
    """Return a line, and show how far its computing has come where somebody looks."""
    from racegym.raceline.racing_line import racing_line

    console = Console(stderr=True)
    with console.status(f"{kind.replace('_', ' ')} ...") as status:

        def progress(rounds: int, lap_time: float) -> None:
            status.update(f"minimum time: round {rounds}, lap of about {lap_time:.2f} s")

        return racing_line(track, kind, width=width, margin=margin, ggv=ggv, progress=progress)


def _print(rows: list[_Row], track: Track, vehicle: str, width: float) -> None:
    from racegym.report.narrow import leave_out
    from racegym.report.wording import lap_text

    table = Table(title=f"{track.name}, {track.length:,.1f} m: {vehicle}")
    for heading in ("line", "length", "bends", "sharpest", "room", "lap time"):
        table.add_column(heading, justify="left" if heading == "line" else "right")
    for line, lap in rows:
        table.add_row(
            line.name,
            f"{line.length:,.1f} m",
            f"{line.curvature_squared:.4f} /m",
            f"{1.0 / max(float(abs(line.curvature).max()), 1e-9):.1f} m",
            f"{line.clearance(width).min():.2f} m",
            lap_text(lap.lap_time),
        )
    console = Console()
    leave_out(table, console, "sharpest", "room")
    console.print(table)
    click.echo(
        "bends: integral of curvature squared; sharpest: least radius; room: least distance "
        "to the edge beside the vehicle"
    )
    for line, _ in rows:
        for note in line.notes:
            click.echo(f"note on {line.name}: {note}")


def _told(row: _Row, width: float) -> dict[str, Any]:
    line, lap = row
    return {
        "line": line.name,
        "length": line.length,
        "curvature_squared": line.curvature_squared,
        "greatest_curvature": float(abs(line.curvature).max()),
        "least_clearance": float(line.clearance(width).min()),
        "lap_time": lap.lap_time,
        "notes": list(line.notes),
    }


def _draw(row: _Row, ggv: GGV, vehicle: str, path: Path) -> None:
    from racegym.errors import RunError
    from racegym.raceline.reference import ReferenceLap
    from racegym.report.limit import draw_limit

    if path.suffix.lower() != ".png":
        raise RunError("the picture of a line is a PNG: let its name end with .png", file=path)
    try:
        draw_limit(
            ReferenceLap(line=row.line, lap=row.lap, hash="", source=ggv.source), vehicle, path
        )
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror or error}", file=path) from error


def _store(track: Track, line: Line, path: Path | None, into: Path | None, overwrite: bool) -> Path:
    """Write the track with its line; return the file that it stands in."""
    from racegym.formats import format_of, library

    lined = track.with_line(line.offset, line.name)
    if into is None and path is not None and format_of(path) == "native":
        write_back(lined, path)
        return path
    return library.add(into or library.user_library(), lined, overwrite=overwrite)
