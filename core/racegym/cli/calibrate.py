"""``racegym calibrate``: measure what drivers have to aim at for their levels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from racegym.run.calibration import Calibration

__all__ = ["command"]

DRIVERS = ("raceline", "pure_pursuit")


@click.command("calibrate")
@click.argument("drivers", nargs=-1, metavar="[DRIVER]...", type=click.Choice(DRIVERS))
@click.option(
    "--vehicle", "vehicles", multiple=True, metavar="NAME",
    help="To fit on; may be given again.  [default: rental_kart and rc_car]",
)  # fmt: skip
@click.option(
    "--held-out", multiple=True, metavar="NAME",
    help="A vehicle to score alone; may be given again.  [default: gt3]",
)  # fmt: skip
@click.option(
    "--tracks", type=click.IntRange(1, 100), default=4, show_default=True,
    help="Generated circuits to fit on, for each vehicle; as many others are for scores.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of them.")
@click.option(
    "--write", type=click.Path(path_type=Path, dir_okay=False), help="Write the table to a file."
)
def command(
    drivers: tuple[str, ...],
    vehicles: tuple[str, ...],
    held_out: tuple[str, ...],
    tracks: int,
    seed: int,
    write: Path | None,
) -> None:
    """Measure what each DRIVER has to aim at for its levels to match their labels.

    A lap is flown alone and without mistakes. What is found on some vehicles and circuits is
    scored on others.
    """
    from racegym.errors import RunError
    from racegym.run.calibration import calibrate, table_text
    from racegym.scenario.vehicles import read_vehicle

    fitted = vehicles or ("rental_kart", "rc_car")
    scored = held_out or (() if vehicles else ("gt3",))
    for name in (*fitted, *scored):
        read_vehicle(name)  # what is wrong is told before anything is measured
    for name in set(fitted) & set(scored):
        raise RunError(f"{name!r} is fitted and held out; leave one of --vehicle, --held-out")
    if write is not None and not write.parent.is_dir():
        raise RunError("can't be written: there is no such folder", file=write)
    with Console(stderr=True).status("measuring ...") as status:
        found = [
            calibrate(
                driver, fitted, scored, tracks=tracks, seed=seed,
                progress=lambda what: status.update(f"measuring {what} ..."),
            )
            for driver in drivers or DRIVERS
        ]  # fmt: skip
    for one in found:
        _print(one)
    names = ", ".join(Path(name).stem for name in fitted)
    how = f"{names} on {tracks} circuits each, seeds {seed} to {seed + tracks - 1}"
    text = table_text({one.driver: dict(one.aims) for one in found}, how)
    if write is None:
        click.echo(text, nl=False)
        return
    try:
        write.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror or error}", file=write) from error


def _print(found: Calibration) -> None:
    from racegym.drivers.levels import LEVELS

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"driver {found.driver}")
    for name in ("level", "label", "vehicle", "", "lap", "off", "worst"):
        table.add_column(name, justify="left" if name in ("level", "vehicle", "") else "right")
    for score in found.scores:
        table.add_row(
            score.level, f"{LEVELS[score.level].percent:g} %", Path(score.vehicle).stem,
            "fitted" if score.fitted else "held out",
            f"{score.percent:.2f} %", f"{score.error:+.2f} %", f"{score.worst:.2f} %",
        )  # fmt: skip
    Console().print(table, highlight=False)
