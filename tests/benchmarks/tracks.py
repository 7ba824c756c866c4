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
from racegym.raceline.capability import VehicleModel
from racegym.raceline.line import Line
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.raceline.quasi_steady import lap_of_line
from racegym.run.limit import vehicle_model
from racegym.track import Track, generate
from racegym_kart2d.limit import forget_envelopes

CIRCUIT = 5_000.0  # [m]
POINT_EVERY = 5.0  # [m] in files of TUM's database
MOST_IMPORT = 0.2  # [s]
MOST_LIMIT, MOST_KART, MOST_LAP = 2.0, 0.5, 0.3  # [s]


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


def every(track: Track, step: int) -> np.ndarray:
    """Return x, y and both widths of every so many samples."""
    columns = [track.x, track.y, track.width_right, track.width_left]
    return np.column_stack(columns)[::step]


def limits(repeats: int) -> Iterator[Figure]:
    """The line of least curvature and the lap on it, nothing taken from a cache."""
    circuit = generate(3, length=5_800.0, width=12.0, min_radius=20.0, spacing=2.0)
    kart = generate(3, length=1_200.0)
    for name, track, most in (("gt3", circuit, MOST_LIMIT), ("rental_kart", kart, MOST_KART)):
        model = vehicle_model(name)

        def lap(track: Track = track, model: VehicleModel = model) -> None:
            forget_envelopes()
            line = minimum_curvature(track, model.width)
            lap_of_line(line, model.ggv())

        centre = Line.centerline(track)

        def envelope_and_lap(model: VehicleModel = model, line: Line = centre) -> None:
            forget_envelopes()
            lap_of_line(line, model.ggv())

        what = f"{name}, {track.length / 1e3:.1f} km, {len(track)} samples"
        yield Figure(f"limit: {what}", timed(lap, repeats), most)
        yield Figure(
            "limit: of that, envelope and speeds", timed(envelope_and_lap, repeats), MOST_LAP
        )


MEASUREMENTS: list[Callable[[int], Iterator[Figure]]] = [imports, limits]


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
