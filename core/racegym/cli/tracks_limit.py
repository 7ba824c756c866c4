"""``racegym tracks limit``: the lap time that physics allows a vehicle on a track."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from racegym.cli.track_names import TRACK, format_options, read_named

if TYPE_CHECKING:
    from racegym.raceline.capability import VehicleModel
    from racegym.raceline.reference import ReferenceLap
    from racegym.track import Track

__all__ = ["command"]

LINES = ("weighted", "minimum_curvature", "minimum_time", "shortest", "centerline", "own")


@click.command("limit")
@click.argument("track", type=TRACK)
@format_options
@click.option(
    "--vehicle", metavar="NAME", help="A vehicle's name or file.  [default: the backend's own]"
)
@click.option("--backend", metavar="NAME", default="kart2d", show_default=True)
@click.option(
    "--line", type=click.Choice(LINES), default=LINES[0], show_default=True, help="To follow."
)
@click.option("--sensitivity", "more", is_flag=True, help="What 1 % more of each is worth.")
@click.option("--relief", is_flag=True, help="Count slope and banking, whatever the backend does.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw the lap into a PNG."
)
def command(
    track: str,
    form: str | None,
    settings: tuple[str, ...],
    vehicle: str | None,
    backend: str,
    line: str,
    more: bool,
    relief: bool,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Print the limit of a lap of TRACK: a name of a library or a plugin, or a file.

    It is a reference, not a proof: a lap of least time, on a line of its own, can be 1 to 4 %
    faster. Once that has been computed (--line minimum_time), it is shown beside it.
    """
    from racegym.raceline.reference import known_reference, reference_lap, sensitivity
    from racegym.run.limit import vehicle_model

    found, _, _ = read_named(track, form, settings)
    model = vehicle_model(vehicle, backend)
    asked = True if relief else None
    reference = reference_lap(found, model, line, relief=asked)
    best = known_reference(found, model, "minimum_time", relief=asked)
    changes = sensitivity(reference, model, relief=asked) if more else None
    called = str(model.vehicle.get("name") or vehicle or "vehicle")
    if plot is not None:
        _draw(reference, called, plot)
    if as_json:
        told = _told(reference, found, model)
        told["sensitivity"] = changes
        told["minimum_time"] = None
        if best is not None and line != "minimum_time":
            told["minimum_time"] = {"lap_time": best.lap_time, "hash": best.hash}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    _print(reference, found, called)
    if best is not None and line != "minimum_time":
        share = 100.0 * reference.lap_time / best.lap_time
        click.echo(
            f"minimum time: {best.lap_time:.3f} s, reference {best.hash}; the lap above is "
            f"{share:.1f} % of it"
        )
    for quantity, change in (changes or {}).items():
        share = 100.0 * change / reference.lap_time
        click.echo(f"1 % more {quantity}: {change:+.3f} s, {share:+.2f} %")
    for note in reference.notes:
        click.echo(f"note: {note}")


def _draw(reference: ReferenceLap, vehicle: str, path: Path) -> None:
    from racegym.errors import RunError
    from racegym.report.limit import draw_limit

    if path.suffix.lower() != ".png":
        raise RunError("the picture of a limit is a PNG: let its name end with .png", file=path)
    try:
        draw_limit(reference, vehicle, path)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror or error}", file=path) from error


def _print(reference: ReferenceLap, track: Track, vehicle: str) -> None:
    from racegym.report.wording import kmh, lap_text

    table = Table(show_header=False)
    seconds = f"{reference.lap_time:.3f} s"
    minutes = f"{lap_text(reference.lap_time)} ({seconds})"
    table.add_row("lap time", minutes if reference.lap_time >= 60.0 else seconds)
    table.add_row("track", f"{track.name}, {track.length:,.1f} m")
    table.add_row("vehicle", vehicle)
    table.add_row("line", f"{reference.line.name}, {reference.line.length:,.1f} m")
    table.add_row("sectors", " ".join(f"{time:.3f}" for time in reference.sector_times) + " s")
    speed = reference.speed
    table.add_row("speed", f"{kmh(float(speed.min()))} to {kmh(float(speed.max()))} km/h")
    lap = reference.lap
    table.add_row(
        "accelerations",
        f"{abs(lap.ay).max():.1f} across, {lap.ax.max():.1f} forward, "
        f"{-lap.ax.min():.1f} braking m/s^2",
    )
    table.add_row("envelope", reference.source)
    table.add_row("reference", reference.hash)
    Console().print(table)


def _told(reference: ReferenceLap, track: Track, model: VehicleModel) -> dict[str, Any]:
    lap = reference.lap
    return {
        "lap_time": reference.lap_time,
        "reference": reference.hash,
        "track": track.name,
        "track_hash": track.shape_hash,
        "length": track.length,
        "vehicle": model.vehicle.get("name", ""),
        "line": reference.line.name,
        "line_length": reference.line.length,
        "sector_times": reference.sector_times.tolist(),
        "top_speed": float(reference.speed.max()),
        "least_speed": float(reference.speed.min()),
        "most_lateral": float(abs(lap.ay).max()),
        "most_drive": float(lap.ax.max()),
        "most_brake": float(-lap.ax.min()),
        "source": reference.source,
        "notes": list(reference.notes),
    }
