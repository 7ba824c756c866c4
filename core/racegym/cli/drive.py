"""``racegym drive``: a person at the wheel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from racegym.cli.run import report_run
from racegym.cli.run_names import runs_dir_option
from racegym.cli.showing import camera_option, picture_size, size_option

if TYPE_CHECKING:
    from racegym.render import Camera

__all__ = ["command"]


@click.command("drive")
@click.argument("scenario", default="quickstart")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Replace a value, e.g. laps=5."
)
@click.option("--name", default="by hand", show_default=True, help="Who drives, for the record.")
@click.option("--car", metavar="NAME", help="The car to drive.  [default: the first]")
@runs_dir_option
@camera_option
@size_option
@click.option("--csv", is_flag=True, help="Also keep telemetry as CSV.")
@click.option("--no-plots", is_flag=True, help="Draw no pictures.")
def command(
    scenario: str,
    overrides: tuple[str, ...],
    name: str,
    car: str | None,
    runs_dir: Path,
    camera: Camera,
    size: str,
    csv: bool,
    no_plots: bool,
) -> None:
    """Drive a car of SCENARIO, a file or a name, with the arrow keys or a game pad.

    Tab hands the car to the scenario's driver and back, R starts the race anew, Backspace puts
    the car back on the track, Space pauses, + and - change the speed, V the camera, Esc ends.
    The run is recorded, and `racegym verify` proves it.
    """
    from racegym.report import announce_compiling
    from racegym.run import drive
    from racegym.scenario import load_scenario

    console = Console()
    loaded = load_scenario(scenario, overrides)
    with announce_compiling(
        lambda: console.print("compiling kernels (first run only) ...", style="dim")
    ):
        done = drive(
            loaded,
            name=name,
            car=car,
            runs_dir=runs_dir,
            size=picture_size(size),
            camera=camera,
            csv=csv,
            plots=not no_plots,
        )
    report_run(console, loaded, done)
