"""Measure what is done with tracks: how long it takes once warm, on one core.

    python tests/benchmarks/tracks.py [--repeats 7]

Times are medians. The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from racegym import kernels
from racegym.formats import read_track, write_track
from racegym.interfaces import GGV
from racegym.raceline.capability import VehicleModel
from racegym.raceline.line import Line
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.raceline.minimum_time import minimum_time
from racegym.raceline.quasi_steady import lap_of_line
from racegym.raceline.weighted import weighted
from racegym.run.limit import vehicle_model
from racegym.track import Track, generate
from racegym_kart2d.limit import forget_envelopes

CIRCUITS = Path(__file__).resolve().parents[3] / "shared" / "tracks"  # read where they are there
CIRCUIT = 5_000.0  # [m]
POINT_EVERY = 5.0  # [m] in files of TUM's database
MOST_IMPORT = 0.2  # [s]
MOST_LIMIT, MOST_KART_LIMIT = 2.0, 0.5  # [s] for 5.8 km and for 1.2 km
MOST_LAP = 0.3  # [s] for either
MOST_LEAST_TIME = 60.0  # [s]


class Figure(NamedTuple):
    """One measured time."""

    name: str
    seconds: float
    target: float | None = None  # [s] at most


def timed(action: Callable[[], object], repeats: int) -> float:
    """Return the median time [s] of an action that has been done before."""
    action()
    took = []
    for _ in range(repeats):
        started = perf_counter()
        action()
        took.append(perf_counter() - started)
    return median(took)


def imports(repeats: int) -> Iterator[Figure]:
    """A circuit of 5 km, read from files."""
    track = generate(1, length=CIRCUIT, width=12.0, min_radius=20.0)
    with TemporaryDirectory() as folder:
        coarse = Path(folder) / "coarse.csv"
        rows = every(track, round(POINT_EVERY / track.spacing))
        np.savetxt(coarse, rows, "%.6f", ",", header="x_m,y_m,w_tr_right_m,w_tr_left_m")
        yield Figure(
            f"import: TUM CSV, {len(rows)} points",
            timed(lambda: read_track(coarse), repeats),
            MOST_IMPORT,
        )
        for form in ("tum", "geojson"):
            file = Path(folder) / f"fine.{form}"
            write_track(track, file, form)
            what = f"import: {form} as racegym writes it, {len(track)} points"
            yield Figure(what, timed(lambda file=file: read_track(file), repeats), MOST_IMPORT)  # type: ignore[misc]


def lines(repeats: int) -> Iterator[Figure]:
    """The line of least curvature with its limit, and that of least time; nothing is cached."""
    for file, vehicle, length, most in (
        ("tum/Monza.csv", "gt3", 5_790.0, MOST_LIMIT),
        ("kart/vendrell.xml", "rental_kart", 1_252.0, MOST_KART_LIMIT),
    ):
        path = CIRCUITS / file
        track = read_track(path) if path.is_file() else generate(1, length=length)
        model = vehicle_model(vehicle)
        width, ggv = model.width, model.ggv()

        def limit(track: Track = track, width: float = width, ggv: GGV = ggv) -> object:
            return lap_of_line(minimum_curvature(track, width), ggv)

        yield Figure(f"limit: {track.name}, {len(track)} samples", timed(limit, repeats), most)

        def best(track: Track = track, width: float = width, ggv: GGV = ggv) -> object:
            return lap_of_line(weighted(track, ggv, width), ggv)

        yield Figure(f"limit, weighted line: {track.name}", timed(best, repeats), most)
    started = perf_counter()
    minimum_time(track, ggv, width)
    yield Figure(f"least time: {track.name}", perf_counter() - started, MOST_LEAST_TIME)


def every(track: Track, step: int) -> np.ndarray:
    """Return x, y and both widths of every so many samples."""
    columns = [track.x, track.y, track.width_right, track.width_left]
    return np.column_stack(columns)[::step]


def laps(repeats: int) -> Iterator[Figure]:
    """The envelope of a vehicle and its lap of a line that is there, nothing from a cache."""
    circuit = generate(3, length=5_800.0, width=12.0, min_radius=20.0, spacing=2.0)
    for name, track in (("gt3", circuit), ("rental_kart", generate(3, length=1_200.0))):
        model, line = vehicle_model(name), Line.centerline(track)

        def lap(model: VehicleModel = model, line: Line = line) -> None:
            forget_envelopes()
            lap_of_line(line, model.ggv())

        what = f"envelope and lap: {name}, {track.length / 1e3:.1f} km, {len(track)} samples"
        yield Figure(what, timed(lap, repeats), MOST_LAP)


MEASUREMENTS: list[Callable[[int], Iterator[Figure]]] = [imports, lines, laps]


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=7, help="of each measurement")
    repeats = parser.parse_args().repeats
    kernels.set_threads(1)
    figures = [figure for measure in MEASUREMENTS for figure in measure(repeats)]
    table = Table("figure", "measured", "target", box=box.SIMPLE_HEAD, pad_edge=False)
    missed = False
    for name, seconds, target in figures:
        met = target is None or seconds <= target
        missed |= not met
        verdict = "" if target is None else f"{'met' if met else '[red]missed'}: {target:g} s"
        table.add_row(name, f"{1e3 * seconds:,.1f} ms", verdict)
    Console().print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
