"""``racegym tracks show``: one track in figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from racegym.cli.track_names import TRACK, format_options, read_named, tell_notes
from racegym.cli.track_pictures import draw, picture_path, plot_option, vehicle_options

__all__ = ["command"]


@click.command("show")
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
) -> None:
    """Show TRACK in figures: a name of a library or a plugin, or a file of any form.

    With --plot it is drawn, and with --vehicle the line and speed of one on it.
    """
    from racegym.track.figures import figures

    found, origin, path = read_named(track, form, settings)
    told = figures(found)
    drawn = None if plot is None else picture_path(plot, found.name)
    if drawn is not None:
        draw(found, drawn, vehicle, backend)
    if as_json:
        place = None if path is None else str(path)
        notes = {"notes": list(found.notes), "problems": list(found.problems)}
        picture = {} if drawn is None else {"picture": str(drawn)}
        told = {**told, "from": origin, "path": place, **notes, **picture}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")  # of a long path
    for heading, text in _rows(told):
        table.add_row(heading, Text(text))
    table.add_row("from", Text(origin if path is None else f"{origin}: {path}"))
    Console().print(table)
    tell_notes(found)
    if drawn is not None:
        click.echo(drawn)


def _rows(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    width, radius = told["width"], told["tightest_radius"]
    yield "name", told["name"]
    yield "hash", told["hash"]
    yield "length", f"{told['length']:,.1f} m, {told['samples']:,} samples"
    yield (
        "width",
        f"{width['least']:.2f} to {width['most']:.2f} m, {width['mean']:.2f} m on average",
    )
    yield "tightest radius", "straight all over" if radius is None else f"{radius:.1f} m"
    yield "corners", f"{told['corners']}, {_DIRECTIONS[told['direction']]}"
    if told["elevation"]:
        steepest = f"{100.0 * told['steepest']:.1f} % at the steepest"
        yield "elevation", f"{told['elevation']:.1f} m, {told['climb']:.1f} m up a lap, {steepest}"
    else:
        yield "elevation", "flat"
    if told["banking"]:
        yield "banking", f"up to {told['banking']:.3f} rad"
    yield "sectors", "at " + ", ".join(f"{s:.1f}" for s in told["sectors"]) + " m"
    yield "checkpoints", str(told["checkpoints"])
    wall = "none" if told["runoff"] is None else f"{told['runoff']:.1f} m beyond the edge"
    yield "kerbs, walls", f"{told['kerb_width']:.2f} m, {wall}"
    yield "beside", _beside(told["surfaces"])
    bridges = [f"{one:.1f} and {other:.1f} m" for one, other in told["crossings"]]
    yield "crossings", "; ".join(bridges) or "none"
    yield "obstacles", str(told["obstacles"] or "none")
    yield "grid", f"{told['grid']} slots of its own" if told["grid"] else "by the rule"
    yield "pit lane", "none" if told["pit"] is None else f"{told['pit']} boxes"
    yield "racing line", told["line"] or "none"


def _beside(surfaces: dict[str, list[int] | None]) -> str:
    """Return what lies beyond the kerbs, where it is told."""
    from racegym.interfaces import Surface

    sides = [
        f"{' and '.join(Surface(code).name.lower() for code in codes)} to the {side}"
        for side, codes in surfaces.items()
        if codes is not None
    ]
    return ", ".join(sides) or "grass"


_DIRECTIONS = {"ccw": "counter-clockwise", "cw": "clockwise", None: "as often left as right"}
