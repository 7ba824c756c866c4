"""Measure how fast pictures are painted.

    python tests/benchmarks/rendering.py [--count 200]

Six karts, 25 s into the quickstart; one core. The exit code is 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import sys
from statistics import median
from time import perf_counter

from rich import box
from rich.console import Console
from rich.table import Table

from racegym import kernels, load_scenario
from racegym.render import CAMERAS, History, Painter, cast_of, scene_of

SIZES = [(640, 480), (1280, 720)]
MOST = {(640, 480): 5e-3}  # [s] for a picture
MOMENT = 500  # steps


def main() -> int:
    """Print the median time of pictures and of what each step keeps for them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200)
    count = parser.parse_args().count
    kernels.set_threads(1)
    scenario = load_scenario("quickstart")
    world, history = scenario.world(), History()
    world.reset([scenario.seed])
    cast = cast_of(world.view, [car.name for car in scenario.cars], scenario.laps)
    kept = []
    for _ in range(MOMENT):
        world.step()
        started = perf_counter()
        scene = scene_of(world.view)
        history.add(scene, world.events())
        kept.append(perf_counter() - started)
    table = Table("camera", "size", "ms", "pictures/s", "target", box=box.SIMPLE)
    missed = False
    for size in SIZES:
        for camera in CAMERAS:
            painter = Painter(cast, size, camera=camera, focus=2)
            painter.paint(scene, history)
            took = []
            for _ in range(count):
                started = perf_counter()
                painter.paint(scene, history)
                took.append(perf_counter() - started)
            most, seconds = MOST.get(size), median(took)
            missed |= most is not None and seconds > most
            target = "" if most is None else f"{1e3 * most:.0f} ms"
            wide = f"{size[0]} x {size[1]}"
            table.add_row(camera, wide, f"{1e3 * seconds:.1f}", f"{1 / seconds:.0f}", target)
    world.close()
    console = Console()
    console.print(table)
    console.print(f"kept after each step: {1e6 * median(kept):.0f} µs")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
