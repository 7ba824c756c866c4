"""What the commands share that draw a track: the options, and where a picture goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from racegym.errors import TrackError

if TYPE_CHECKING:
    from racegym.track import Track
    from racegym.track.validation import Problem

__all__ = ["draw", "picture_path", "plot_option", "vehicle_options"]

Command = TypeVar("Command", bound="Callable[..., Any]")

BESIDE = "\x00beside"  # of --plot without a file; no file is called that
ENDINGS = (".png", ".svg")

plot_option = click.option(
    "--plot",
    is_flag=False,
    flag_value=BESIDE,
    default=None,
    metavar="[FILE]",
    help="Draw it: a .png or .svg, by default TRACK.png in the working directory.",
)


def vehicle_options(command: Command) -> Command:
    """Add ``--vehicle`` and ``--backend`` to a command."""
    command = click.option(
        "--backend", default="kart2d", show_default=True, help="What simulates the vehicle."
    )(command)
    return click.option(
        "--vehicle", metavar="V", help="A vehicle by name, or its YAML file, that is to drive it."
    )(command)


def picture_path(plot: str, name: str) -> Path:
    """Return where ``--plot`` writes.

    Raises:
        TrackError: the file's ending names no kind of picture.
    """
    if plot == BESIDE:
        return Path(f"{''.join(c if c.isalnum() or c in '-_. ' else '_' for c in name)}.png")
    path = Path(plot)
    if path.suffix.lower() not in ENDINGS:
        raise TrackError(f"a picture ends in {' or '.join(ENDINGS)}", file=path)
    return path


def draw(
    track: Track,
    path: Path,
    vehicle: str | None,
    backend: str,
    problems: tuple[Problem, ...] = (),
) -> None:
    """Draw a track, with the line of a vehicle if there is one and it can be found.

    Raises:
        RacegymError: the vehicle is wrong, it does not fit, or the file can't be written.
    """
    from racegym.report.driven_line import driven_line
    from racegym.report.track_picture import draw_track
    from racegym.run.limit import vehicle_model
    from racegym.scenario.vehicle_facts import vehicle_facts

    line, car = None, None
    if vehicle is not None:
        facts = vehicle_facts(vehicle, backend)
        car = facts["length"], facts["width"]
        if not any(problem.severity == "error" for problem in problems):
            line = driven_line(track, vehicle_model(vehicle, backend), Path(vehicle).stem)
    try:
        draw_track(track, path, line=line, car=car, problems=problems)
    except OSError as error:
        raise TrackError(f"can't be written: {error.strerror}", file=path) from None
