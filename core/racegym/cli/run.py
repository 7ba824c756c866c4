"""``racegym run``: drive a scenario, show how it goes, and record it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from racegym.cli.race_result import print_result
from racegym.cli.showing import Looks, camera_option, picture_size, size_option, video_option
from racegym.cli.training import INTERRUPTED, show_training

if TYPE_CHECKING:
    from racegym.render import Camera
    from racegym.run import RunResult
    from racegym.scenario import Scenario

__all__ = ["command", "report_run"]


@click.command("run")
@click.argument("scenario")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Replace a value, e.g. laps=5."
)
@click.option(
    "--driver", "drivers", multiple=True, metavar="WHO",
    help="Who is to overtake: a driver, a checkpoint, a run, {name: NAME, level: LEVEL} or "
    "FILE.py:CLASS; once or more.  [default: the first car's driver]",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N",
    help="Of the races, and of held-out circuits; as --set seed=N.",
)  # fmt: skip
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="Where the run's folder is made.",
)
@click.option("--csv", is_flag=True, help="Also keep telemetry as CSV.")
@click.option("--no-plots", is_flag=True, help="Draw no pictures.")
@click.option("--view", is_flag=True, help="Show the race in a window, in real time.")
@video_option
@camera_option
@size_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but the run's folder.")
def command(
    scenario: str,
    overrides: tuple[str, ...],
    drivers: tuple[str, ...],
    seed: int | None,
    runs_dir: Path,
    csv: bool,
    no_plots: bool,
    view: bool,
    video: Path | None,
    camera: Camera,
    size: str,
    quiet: bool,
) -> int:
    """Run SCENARIO, a file or a name, and record it: race it, or let its trainer learn on it.

    A folder of overtaking situations, such as scenarios/overtaking/, is a benchmark: it prints how
    often each --driver gets by.

    Ctrl-C ends the run after the current step; what has been recorded is completed, and what
    has been learned is saved. In the window, space pauses, + and - change the speed, Tab goes
    to the next car, V to the next camera; Esc closes it and the race goes on, as fast as it can.
    """
    from racegym.cli.overtaking import run_overtaking
    from racegym.duels.suite import folder_of, load_suite
    from racegym.report import LiveStandings, announce_compiling
    from racegym.run import Interruption, code_files, run, train
    from racegym.scenario import load_scenario

    console = Console(quiet=quiet)
    if seed is not None:
        overrides = (*overrides, f"seed={seed}")
    folder = folder_of(scenario)
    every = (
        [load_scenario(scenario, overrides)] if folder is None else load_suite(folder, overrides)
    )
    loaded = every[0]
    for file in dict.fromkeys(file for one in every for file in code_files(one)):
        click.echo(f"runs the code in {file}", err=True)
    if loaded.task == "overtake":
        if view or video is not None or csv:
            raise click.UsageError(
                "--view, --video and --csv are of a single race; race one with --set task=race"
            )
        made = run_overtaking(console, every, drivers, runs_dir)
        if quiet:
            click.echo(made)
        return 0
    if drivers:
        raise click.UsageError(
            "--driver is for overtaking situations; a race's drivers stand in its scenario, as "
            "--set cars[0].driver=NAME"
        )
    if loaded.task == "train":
        if view or video is not None:
            raise click.UsageError("--view and --video show races, and this scenario trains")
        return show_training(
            lambda shown: train(loaded, runs_dir=runs_dir, shown=shown, plots=not no_plots),
            quiet=quiet,
        )
    live = LiveStandings(
        console,
        [car.name for car in loaded.cars],
        [car.driver.name for car in loaded.cars],
        laps=loaded.laps,
        time_limit=loaded.time_limit,
        episodes=loaded.episodes if loaded.task == "evaluate" else 1,
    )
    interruption = Interruption()
    looks = Looks(camera, picture_size(size), stop=lambda: interruption.asked)
    names = [car.name for car in loaded.cars]
    with (
        looks.open(loaded.name, names, loaded.laps, view=view, video=video) as shown,
        announce_compiling(lambda: _say_compiling(console)),
        live,
    ):
        done = run(
            loaded,
            runs_dir=runs_dir,
            watchers=[*([] if quiet else [live]), *shown],
            csv=csv,
            plots=not no_plots,
            interruption=interruption,
        )
    report_run(console, loaded, done)
    if video is not None:
        console.print(f"video in {video}", highlight=False, soft_wrap=True, markup=False)
    if quiet:
        click.echo(done.folder)
    return INTERRUPTED if done.state == "stopped" else 0


def _say_compiling(console: Console) -> None:
    console.print("compiling kernels (first run only) ...", style="dim", highlight=False)


def report_run(console: Console, scenario: Scenario, done: RunResult) -> None:
    """Print how a run went."""
    from racegym.report.faults import fault_lines
    from racegym.report.wording import time_text

    result = done.result
    if done.state == "stopped":
        console.print(f"stopped after {time_text(result['time'])} of race time", style="yellow")
    print_result(console, scenario.task, result)
    if len(scenario.cars) > 1 and not result["collides"]:
        console.print(
            "Cars do not touch each other with this backend and its options.", highlight=False
        )
    seconds, steps = max(result["wall"]["seconds"], 1e-6), result["steps"]
    cars = steps * len(scenario.cars)
    console.print(
        f"{steps:,} steps in {seconds:.1f} s, {cars / seconds:,.0f} car-steps a second, "
        f"{result['time'] / seconds:.0f} times real time",
        style="dim", highlight=False,
    )  # fmt: skip
    for line in fault_lines(done.folder):
        console.print(line, style="yellow", highlight=False, soft_wrap=True, markup=False)
    # No wrapping: a path must stay whole to be copied.
    console.print(f"recorded in {done.folder}", highlight=False, soft_wrap=True, markup=False)
