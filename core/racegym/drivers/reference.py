"""What a driver's vehicle can do, the line for it, and the time that a lap takes at the limit."""

from __future__ import annotations

from math import inf, isfinite

from racegym.interfaces import GGV, Setup
from racegym.raceline.capability import Envelope, point_mass_ggv
from racegym.raceline.line import Line
from racegym.raceline.quasi_steady import lap_of_line
from racegym.raceline.racing_line import FOR_ONE_VEHICLE, LineKind, racing_line
from racegym.raceline.reference import DEFAULT_LINE
from racegym.track import Track

__all__ = ["known_ggv", "line_for", "reference_time"]

LEAST = {  # of a vehicle table that does not tell
    "grip": 0.1, "drive": 0.1, "power": 0.1, "brake": 0.1, "drag": 0.0, "downforce": 0.0,
}  # fmt: skip
LEAST_TOP = 1.0  # [m/s] of a top speed; one that is not told is none


def known_ggv(setup: Setup, car: int) -> GGV:
    """Return what a car can do, by its model or by what the vehicle table tells.

    Args:
        setup: of the driver.
        car: flat index.
    """
    model = None if setup.drawn else setup.ggv(car % setup.view.n_cars)
    if model is not None:
        return model
    table = setup.view.vehicle
    told = {name: float(getattr(table, name).reshape(-1)[car]) for name in LEAST}
    top = float(table.top_speed.reshape(-1)[car])
    return point_mass_ggv(
        Envelope(
            **{
                name: told[name] if isfinite(told[name]) and told[name] > least else least
                for name, least in LEAST.items()
            },
            top_speed=max(top, LEAST_TOP) if top > 0.0 else inf,
        )
    )


def line_for(setup: Setup, kind: LineKind, track: Track, width: float, car: int) -> Line:
    """Return a racing line for a car.

    Args:
        setup: of the driver.
        kind: of the line.
        track: to be lapped.
        width: of the vehicle [m].
        car: flat index.
    """
    chosen: str = kind
    ggv = setup.ggv(car % setup.view.n_cars)
    if ggv is None and kind == "weighted" and setup.drawn:
        chosen = "minimum_curvature"  # much the same, and needs no laps for each episode
    elif ggv is None and kind in FOR_ONE_VEHICLE:
        ggv = known_ggv(setup, car)
    width = width if isfinite(width) and width > 0.0 else 0.0
    return racing_line(track, chosen, width=width, ggv=ggv)


def reference_time(setup: Setup, track: Track, car: int) -> float:
    """Return the time [s] of the reference lap: the limit, as ``racegym tracks limit`` tells."""
    width = float(setup.view.vehicle.width.reshape(-1)[car])
    line = line_for(setup, DEFAULT_LINE, track, width, car)
    return lap_of_line(line, known_ggv(setup, car)).lap_time
