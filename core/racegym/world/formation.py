"""Who starts from which slot, how a race begins, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from racegym.errors import ScenarioError, nearest
from racegym.interfaces import BackendSpec
from racegym.kernels.start import ABREAST, GRID, PURSUIT, RANDOM
from racegym.race_control import StartProcedure
from racegym.track import Track
from racegym.world.config import StartConfig, WorldConfig

__all__ = ["FORMATIONS", "ON_A_GRID", "check_file", "check_start", "procedure", "slots_of"]

FORMATIONS = {
    "grid": GRID, "standing": GRID, "rolling": GRID, "random": RANDOM, "pursuit": PURSUIT,
    "side_by_side": ABREAST,
}  # fmt: skip
ON_A_GRID = ("grid", "standing", "rolling")
UNDER_LIGHTS = ("standing", "pursuit", "side_by_side")


def slots_of(config: WorldConfig) -> NDArray[np.int64]:
    """Return the slot of each car, (n_cars,); those of each episode are drawn from them.

    On a grid the slots are those that were given, and may leave some free; else they are
    places in order.
    """
    start, n_cars = config.start, len(config.cars)
    given = [index if car.grid is None else car.grid for index, car in enumerate(config.cars)]
    order = sorted(range(n_cars), key=lambda car: given[car])
    if start.order == "reversed":
        order.reverse()
    elif start.order == "qualifying":
        names = [car.name for car in config.cars]
        first = [names.index(name) for name in start.qualifying]
        order = first + [car for car in order if car not in first]
    places = sorted(given) if start.kind in ON_A_GRID else range(n_cars)
    slots = np.zeros(n_cars, np.int64)
    slots[order] = places
    return slots


def procedure(start: StartConfig) -> StartProcedure:
    """Return what race control has to know of a start."""
    return StartProcedure(
        begins=(
            "lights" if start.kind in UNDER_LIGHTS
            else "formation" if start.kind == "rolling"
            else "green"
        ),
        lights=start.lights,
        hold=start.hold,
        jump_distance=start.jump_distance,
        speed=start.speed,
    )  # fmt: skip


def check_start(config: WorldConfig, spec: BackendSpec) -> None:
    """Refuse a start that the backend can't make, or that contradicts the cars or the tracks.

    Raises:
        ScenarioError: says why.
    """
    start = config.start
    if start.kind not in ON_A_GRID and spec.placement in ("start", "none"):
        raise ScenarioError(
            f"backend {config.backend.name!r} can't place cars anywhere (placement: "
            f"{spec.placement}); use start kind 'grid'"
        )
    if not 0.0 <= start.lights[0] <= start.lights[1]:
        raise ScenarioError(
            f"start.lights are red for {start.lights[0]:g} to {start.lights[1]:g} s; write the "
            "shortest time first, then the longest"
        )
    if start.kind == "rolling" and start.speed <= 0.0:
        raise ScenarioError("a rolling start needs start.speed, the speed of its formation [m/s]")
    if start.kind in UNDER_LIGHTS:
        _check_standstill(config)
    _check_order(start, [car.name for car in config.cars])
    if start.kind in ON_A_GRID and start.gap <= 0.0:
        for track in config.tracks:
            _check_slots(track, int(slots_of(config).max()))


def _check_standstill(config: WorldConfig) -> None:
    """Refuse whatever lets cars that wait for lights move."""
    start = config.start
    moving = [
        f"start.{name}"
        for name in ("speed", "speed_noise", "race_speed_noise")
        if getattr(start, name) > 0.0
    ]
    drawn = [car.variation["start.speed"] for car in config.cars if "start.speed" in car.variation]
    if any(speed.high > 0.0 for speed in drawn):
        moving.append("variation.start.speed")
    if moving:
        raise ScenarioError(
            f"a start of kind {start.kind!r} is from standstill: leave {' and '.join(moving)} out, "
            "or use 'rolling', 'grid' or 'random'"
        )


def _check_order(start: StartConfig, names: Sequence[str]) -> None:
    if start.order == "qualifying" and not start.qualifying:
        raise ScenarioError(
            "start.order is 'qualifying'; give start.qualifying, too: an earlier run's folder, the "
            "names with the pole first, or times by name"
        )
    if start.qualifying and start.order != "qualifying":
        raise ScenarioError(
            f"start.qualifying goes unused with start.order {start.order!r}; write "
            "order: qualifying, or leave start.qualifying out"
        )
    for name in start.qualifying:
        if name not in names:
            raise ScenarioError(
                f"start.qualifying names {name!r}, which is no car of the race; "
                f"{nearest(name, names)}"
            )
        if list(start.qualifying).count(name) > 1:
            raise ScenarioError(f"start.qualifying names {name!r} twice")


def _check_slots(track: Track, last: int) -> None:
    """Refuse more cars than a track has marked slots, where nobody says how others stand."""
    marked = 0 if track.grid is None else len(track.grid)
    if marked and last >= marked:
        raise ScenarioError(
            f"grid slot {last} is wanted, but the grid of track {track.name!r} has {marked} "
            f"slots, 0 to {marked - 1}; use fewer cars, or give start.gap, the distance [m] at "
            "which others line up behind them"
        )


def check_file(start: StartConfig, n_cars: int, longest: float, lap: float) -> None:
    """Refuse cars that would start in each other, one behind the other along the lap.

    Args:
        start: of a kind that spreads them over the lap.
        n_cars: how many.
        longest: [m] of the cars.
        lap: [m] the shortest.

    Raises:
        ScenarioError: says how far apart they are, and how far they have to be.
    """
    if n_cars < 2:
        return
    in_file = start.kind == "random" and start.gap > 0.0
    gap = start.gap if in_file else lap / n_cars
    if gap < longest:
        told = "start.gap puts cars" if in_file else f"a lap of {lap:.0f} m puts {n_cars} cars"
        fix = "give a greater one" if in_file else "use fewer cars or a longer track"
        raise ScenarioError(
            f"{told} at {gap:.3g} m from each other, and they are up to {longest:.3g} m long; {fix}"
        )
    needed = (n_cars - 1) * gap + longest
    if in_file and needed > lap:
        raise ScenarioError(
            f"{n_cars} cars at {gap:g} m from each other need {needed:.0f} m, but a lap is only "
            f"{lap:.0f} m long; use fewer cars or a smaller start.gap"
        )
