"""Car-steps a second over batch sizes and threads, and the share of each stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter

from racegym import kernels
from racegym.bench.course import Course, all_agents
from racegym.bench.memory import Memory, measure_memory
from racegym.bench.stages import STAGES, StagedWorld
from racegym.errors import RunError
from racegym.scenario import Scenario
from racegym.world import World

__all__ = ["DEFAULT_RACES", "REPEATS", "BenchReport", "Rate", "bench"]

DEFAULT_RACES = (1, 16, 256, 1024, 4096)
REPEATS = 5
WARM_UP = 20  # steps


@dataclass(frozen=True, kw_only=True)
class Rate:
    """One measurement.

    Attributes:
        races: of the batch.
        cars: in all races together.
        threads: that were allowed.
        steps_per_second: of the whole batch, median of the repeats.
        car_steps_per_second: likewise, of cars on the track.
        spread: (greatest - least) / median of the repeats.
        efficiency: car-steps a second per thread, over that with the fewest threads.
    """

    races: int
    cars: int
    threads: int
    steps_per_second: float
    car_steps_per_second: float
    spread: float
    efficiency: float = 1.0


@dataclass(frozen=True, kw_only=True)
class BenchReport:
    """All measurements of a scenario.

    Attributes:
        scenario, backend: their names.
        dt: [s] of a step.
        rates: by threads, then races.
        shares: by number of races, then stage: share of the time on one thread, summing to 1.
        memory: of the largest batch; None where it was not asked for or can't be told.
    """

    scenario: str
    backend: str
    dt: float
    rates: Sequence[Rate]
    shares: dict[int, dict[str, float]]
    memory: Memory | None


def bench(
    scenario: Scenario,
    *,
    races: Sequence[int] = DEFAULT_RACES,
    threads: Sequence[int] = (1,),
    seconds: float = 2.0,
    memory: bool = True,
    progress: Callable[[str], None] | None = None,
) -> BenchReport:
    """Measure a scenario.

    Every car acts at random through its profile's action map; observations, rewards and
    terminations are computed, and a race starts anew when all its cars are done. Actions
    are drawn before the clock starts.

    Args:
        scenario: what to measure; its drivers are left out.
        races: batch sizes.
        threads: numbers of threads.
        seconds: [s] that each measurement takes, over all its repeats.
        memory: measure that, too, of the largest batch.
        progress: told what comes next.

    Raises:
        RunError: there is nothing to measure, or more threads are asked for than there are.
        BackendError: the backend has no room for so many races.
    """
    if not races or not threads or min(*races, *threads) < 1 or not seconds > 0:
        raise RunError("races, threads and seconds must all be above 0")
    before = kernels.threads()
    tell = progress or _tell_nobody
    rates: list[Rate] = []
    shares: dict[int, dict[str, float]] = {}
    dt = 0.0
    try:
        for count in races:
            course = Course(World(all_agents(scenario, count)), scenario.seed)
            dt = course.world.dt
            for many in threads:
                _use_threads(many)
                tell(f"{count} race(s), {many} thread(s)")
                rates.append(_measure(course, many, seconds))
            course.world.close()
            kernels.set_threads(1)
            tell(f"{count} race(s), stages")
            shares[count] = _shares(scenario, count, seconds / 2)
    finally:
        kernels.set_threads(before)
    if memory:
        tell(f"{max(races)} race(s), memory")
    return BenchReport(
        scenario=scenario.name,
        backend=scenario.backend.name,
        dt=dt,
        rates=_with_efficiency(sorted(rates, key=lambda rate: (rate.threads, rate.races))),
        shares=shares,
        memory=measure_memory(scenario, max(races)) if memory else None,
    )


def _tell_nobody(what: str) -> None:
    """Keep to yourself what comes next."""


def _use_threads(count: int) -> None:
    kernels.set_threads(count)
    if kernels.threads() != count:
        raise RunError(f"{count} threads asked for, but there are only {kernels.threads()}")


def _measure(course: Course, threads: int, seconds: float) -> Rate:
    for _ in range(WARM_UP):
        course.step()
    steps, cars = zip(*(_repeat(course, seconds / REPEATS) for _ in range(REPEATS)), strict=True)
    middle = median(cars)
    world = course.world
    return Rate(
        races=world.n_races,
        cars=world.n_races * world.n_cars,
        threads=threads,
        steps_per_second=median(steps),
        car_steps_per_second=middle,
        spread=(max(cars) - min(cars)) / middle if middle else 0.0,
    )


def _repeat(course: Course, seconds: float) -> tuple[float, float]:
    """Return steps and car-steps a second."""
    steps = cars = 0
    started = perf_counter()
    while (took := perf_counter() - started) < seconds or not steps:
        cars += course.step()
        steps += 1
    return steps / took, cars / took


def _shares(scenario: Scenario, races: int, seconds: float) -> dict[str, float]:
    world = StagedWorld(all_agents(scenario, races))
    course = Course(world, scenario.seed)
    for _ in range(WARM_UP):
        course.step()
    world.start_clock()
    _repeat(course, seconds)
    world.close()
    total = sum(world.seconds.values())
    return {stage: world.seconds[stage] / total for stage in STAGES}


def _with_efficiency(rates: Sequence[Rate]) -> list[Rate]:
    single: dict[int, float] = {}
    found = []
    for rate in rates:
        each = rate.car_steps_per_second / rate.threads
        found.append(replace(rate, efficiency=each / single.setdefault(rate.races, each)))
    return found
