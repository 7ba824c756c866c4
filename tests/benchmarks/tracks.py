"""Measure how long racing lines and the limit of a lap take.

    python tests/benchmarks/tracks.py [--circuits FOLDER]

Run it on one core of a machine that does nothing else. Each figure is the median of several,
after a first that compiles and imports; nothing comes from a cache. Circuits are read from
FOLDER, by default `../shared/tracks` beside the repository; without it, generated tracks of
the same length stand in for them. The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("RACEGYM_THREADS", "1")

from rich import box
from rich.console import Console
from rich.table import Table

from racegym.formats import read_track
from racegym.interfaces import GGV
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.raceline.minimum_time import minimum_time
from racegym.raceline.quasi_steady import lap_of_line
from racegym.run.limit import vehicle_model
from racegym.track import Track, generate

SHARED = Path(__file__).resolve().parents[3] / "shared" / "tracks"
REPEATS = 5


class Figure(NamedTuple):
    """One measured figure [s]."""

    name: str
    measured: float
    target: float


class Setting(NamedTuple):
    """What is lapped, and by what."""

    track: Track
    ggv: GGV
    width: float


def setting(path: Path, vehicle: str, length: float) -> Setting:
    """Return a circuit and a vehicle; a generated circuit where the file is absent."""
    track = read_track(path) if path.is_file() else generate(1, length=length)
    model = vehicle_model(vehicle)
    return Setting(track, model.ggv(), model.width)


def line_and_limit(given: Setting) -> None:
    """Lay the line of least curvature and find the quasi-steady-state lap."""
    lap_of_line(minimum_curvature(given.track, given.width), given.ggv)


def least_time(given: Setting) -> None:
    """Lay the line of least time."""
    minimum_time(given.track, given.ggv, given.width)


def timed(work: Callable[[Setting], None], given: Setting, repeats: int) -> float:
    """Return the median time [s] of some runs, after one that warms up."""
    work(given)
    times = []
    for _ in range(repeats):
        start = perf_counter()
        work(given)
        times.append(perf_counter() - start)
    return median(times)


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--circuits", type=Path, default=SHARED, help="folder of real circuits")
    circuits = parser.parse_args().circuits
    monza = setting(circuits / "tum" / "Monza.csv", "gt3", 5790.0)
    kart = setting(circuits / "kart" / "vendrell.xml", "rental_kart", 1253.0)
    figures = [
        Figure(f"line and limit, {monza.track.name}", timed(line_and_limit, monza, REPEATS), 2.0),
        Figure(f"line and limit, {kart.track.name}", timed(line_and_limit, kart, REPEATS), 0.5),
        Figure(f"minimum time, {kart.track.name}", timed(least_time, kart, 1), 60.0),
    ]
    table = Table("what", "measured", "target", box=box.SIMPLE)
    for name, measured, target in figures:
        table.add_row(name, f"{measured:.3f} s", f"{target:g} s")
    Console().print(table)
    return int(any(figure.measured > figure.target for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
