"""Measure what sensors cost: beams and pictures, in batches and alone, beside other gyms.

    python tests/benchmarks/senses.py [--seconds 1]

Run it on one core of a machine that does nothing else. All of it is measured with one thread,
each figure as the median of several. The scenario is `time_trial` in steps of 0.05 s, with the
observation exchanged. Gymnasium's CarRacing-v3 and EnvPool's are measured where they are
installed (`pip install "gymnasium[box2d]" envpool`), with the same number of steps in mind: one
environment, random actions, a picture of 96 x 96 in three colours each step. The exit code is 1
when a target is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

import racegym  # noqa: F401 - registers the environments
from racegym import kernels
from racegym.bench import bench
from racegym.scenario import Scenario, load_scenario

RACES = 1024
REPEATS = 5
ENVPOOL_BATCH = 16
SLOW = 5.0  # [s] that engines of some hundred steps a second are measured for

STEPS = [  # whole steps: what is observed, and the car-steps a second that are asked for
    ("five rays", {"name": "rays", "preset": "five"}, 600e3),
    ("108 rays", {"name": "rays", "beams": 108}, 150e3),
    ("lidar_1080", {"name": "rays", "preset": "lidar_1080"}, 12e3),
    ("opponents and track_points", ["opponents", "track_points"], None),
]
ALONE = [  # a sensor by itself: frames of cars a second
    ("camera 84 x 84, colours", {"name": "camera"}, 50e3),
    ("camera 84 x 84, gray", {"name": "camera", "gray": True}, 80e3),
    ("topdown 96 x 96, colours", {"name": "topdown"}, 30e3),
    ("five rays", {"name": "rays", "preset": "five"}, None),
    ("108 rays", {"name": "rays", "beams": 108}, None),
    ("lidar_1080", {"name": "rays", "preset": "lidar_1080"}, None),
    ("opponents", {"name": "opponents"}, None),
    ("track_points", {"name": "track_points"}, None),
]
LEAST_HYBRID = 5_000  # steps a second of one environment with a camera and telemetry


class Figure(NamedTuple):
    """One measured figure."""

    name: str
    value: str
    target: str = ""
    met: bool | None = None  # None: it has no target


def load(observation: Any, **keys: Any) -> Scenario:
    """Return the scenario with another observation."""
    scenario = load_scenario("time_trial", ["dt=0.05"]).resolved()
    return load_scenario({**scenario, **keys, "observation": observation})


def rate(work: Callable[[], int], seconds: float) -> float:
    """Return how much ``work`` does a second: the median of several, after one to warm up."""
    rates = []
    for _ in range(REPEATS + 1):
        done, started = 0, perf_counter()
        while (took := perf_counter() - started) < seconds / REPEATS:
            done += work()
        rates.append(done / took)
    return median(rates[1:])


def judged(name: str, value: float, unit: str, least: float | None, more: str = "") -> Figure:
    """Return a figure with its target, if it has one."""
    text = f"{value:,.0f} {unit}{more}"
    return (
        Figure(name, text) if least is None else Figure(name, text, f"{least:,.0f}", value >= least)
    )


def whole_steps(seconds: float) -> Iterator[Figure]:
    """Car-steps a second of everything together."""
    for name, observation, least in STEPS:
        (found,) = bench(
            load(observation), races=[RACES], threads=[1], seconds=seconds, memory=False
        ).rates
        yield judged(f"{RACES} races, {name}", found.car_steps_per_second, "car-steps/s", least)


def frame_rate(sensor: dict[str, Any], seconds: float) -> float:
    """Return how many frames of cars a sensor gives in a second, cars spread over the track."""
    # Opponents are looked for among eight cars.
    n_cars = 8 if sensor["name"] == "opponents" else 1
    cars = [{"vehicle": "rental_kart", "count": n_cars}]
    world = load([sensor], cars=cars).world(n_races=RACES // n_cars)
    world.reset(seeds=np.arange(world.n_races, dtype=np.uint64))
    observer = world.groups[0].observer

    def look() -> int:
        observer.observe(world.view)
        return len(observer.cars)

    found = rate(look, seconds)
    world.close()
    return found


def sensors_alone(seconds: float) -> Iterator[Figure]:
    """Frames a second of a sensor by itself."""
    for name, sensor, least in ALONE:
        found = frame_rate(sensor, seconds)
        yield judged(f"{name} alone", found, "frames/s", least, f", {1e6 / found:.2f} us a car")


def stepping(env: gymnasium.Env[Any, Any]) -> Callable[[], int]:
    """Return what makes one step of an environment with random actions, begun anew as it ends."""
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(1000)]
    env.reset(seed=0)
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        _, _, terminated, truncated, _ = env.step(actions[count % 1000])
        if terminated or truncated:
            env.reset()
        return 1

    return step


def hybrid(seconds: float) -> Iterator[Figure]:
    """Steps a second of one environment, and of a batch, with a picture and numbers."""
    scenario = load({"vision": "camera", "telemetry": "telemetry"})
    env = gymnasium.make("racegym/Race-v1", scenario=scenario)
    found = rate(stepping(env), seconds)
    env.close()
    yield judged("gymnasium.make, camera and telemetry", found, "steps/s", LEAST_HYBRID)
    env = gymnasium.make("racegym/Race-v1", scenario=load("topdown"))
    found = rate(stepping(env), seconds)
    env.close()
    yield Figure("gymnasium.make, topdown 96 x 96", f"{found:,.0f} steps/s")


def car_racing(seconds: float) -> Figure:
    """Steps a second of Gymnasium's CarRacing-v3."""
    name = "gymnasium CarRacing-v3, 96 x 96"
    if find_spec("Box2D") is None:
        return Figure(name, 'not measured: pip install "gymnasium[box2d]"')
    env = gymnasium.make("CarRacing-v3")
    found = rate(stepping(env), max(seconds, SLOW))
    env.close()
    return Figure(name, f"{found:,.0f} steps/s")


def env_pool(seconds: float) -> Iterator[Figure]:
    """Frames a second of EnvPool's CarRacing, one environment and several, with one thread."""
    if find_spec("envpool") is None:
        yield Figure("EnvPool CarRacing-v3, 96 x 96", "not measured: pip install envpool")
        return
    import envpool

    for count in (1, ENVPOOL_BATCH):
        envs = envpool.make("CarRacing-v3", env_type="gymnasium", num_envs=count, num_threads=1)
        found = rate(stepping_all(envs, count), max(seconds, SLOW))
        envs.close()
        yield Figure(f"EnvPool CarRacing-v3, {count} at once", f"{found:,.0f} frames/s")


def stepping_all(envs: Any, count: int) -> Callable[[], int]:
    """Return what makes one step of all environments of EnvPool, which begin anew themselves."""
    rng = np.random.default_rng(0)
    low, high = envs.action_space.low, envs.action_space.high
    actions = rng.uniform(low, high, (100, count, *low.shape)).astype(np.float32)
    envs.reset()
    step = 0

    def advance() -> int:
        nonlocal step
        step += 1
        envs.step(actions[step % 100])
        return count

    return advance


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    kernels.set_threads(1)
    console = Console()
    if hasattr(os, "getloadavg"):
        console.print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    figures = [
        *whole_steps(seconds), *sensors_alone(seconds), *hybrid(seconds), car_racing(seconds),
        *env_pool(seconds),
    ]  # fmt: skip
    table = Table("figure", "measured", "target", box=box.SIMPLE_HEAD, pad_edge=False)
    verdicts = {None: "", True: "[green]met: ", False: "[red]missed: "}
    for figure in figures:
        table.add_row(figure.name, figure.value, verdicts[figure.met] + figure.target)
    console.print(table)
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
