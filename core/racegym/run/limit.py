"""A vehicle as the limit of a lap takes it, by the names that people use."""

from __future__ import annotations

from typing import Any

from racegym.raceline.capability import VehicleModel
from racegym.record.limit import model_of
from racegym.scenario import load_scenario

__all__ = ["vehicle_model"]

# Where the world stands that is asked of its vehicle; nothing drives there.
_ANYWHERE = {"generate": {"seed": 1, "length": 300}}


def vehicle_model(vehicle: str | None = None, backend: str = "kart2d") -> VehicleModel:
    """Return a vehicle in a backend.

    Args:
        vehicle: its name, or the path of its file; None for the backend's own.
        backend: its name.

    Raises:
        UnknownNameError, PluginError: nobody offers such a backend or vehicle.
        ScenarioError: the vehicle's file is wrong.
        BackendError: the backend tells of the vehicle what can't be.
    """
    from racegym.scenario.settings import StageSettings
    from racegym.scenario.stages import find_backend

    spec = find_backend(StageSettings(name=backend)).spec_for({})
    car: dict[str, Any] = {"name": "car", "driver": "idle"}
    if vehicle is not None:
        car["vehicle"] = vehicle
    scenario: dict[str, Any] = {"name": "limit", "backend": backend, "cars": [car]}
    if spec.tracks == "given":
        scenario["track"] = _ANYWHERE
    world = load_scenario(scenario).world()
    try:
        world.reset([0])
        return model_of(world, 0)
    finally:
        world.close()
