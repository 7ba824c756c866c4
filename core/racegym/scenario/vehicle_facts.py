"""What a backend says of a vehicle: sizes, steering and speed, without a race."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from racegym.interfaces import VehicleTable
from racegym.scenario.loading import load_scenario
from racegym.track.validation import VehicleLimits

__all__ = ["vehicle_facts", "vehicle_limits"]


def vehicle_facts(vehicle: str, backend: str) -> dict[str, float]:
    """Return the fields of ``VehicleTable`` of a vehicle, as a backend fills them.

    Args:
        vehicle: a name, or the path of a YAML file.
        backend: what simulates it.

    Raises:
        ScenarioError: there is no such vehicle or backend, or they do not go together.
    """
    cars = [{"name": "car", "vehicle": vehicle, "driver": "idle"}]
    asked = {
        "name": "vehicle",
        "backend": backend,
        "track": {"generate": {"seed": 1}},
        "start": {"kind": "random"},
        "cars": cars,
    }
    world = load_scenario(asked).world()
    try:
        world.reset()
        table = world.view.vehicle
        return {
            field.name: float(getattr(table, field.name)[0, 0]) for field in fields(VehicleTable)
        }
    finally:
        world.close()


def vehicle_limits(vehicle: str, backend: str) -> VehicleLimits:
    """Return what a track must have room for, with that vehicle.

    Raises:
        ScenarioError: as ``vehicle_facts``.
    """
    facts = vehicle_facts(vehicle, backend)
    names = ("length", "width", "wheelbase", "steer_limit", "top_speed")
    return VehicleLimits(name=Path(vehicle).stem, **{name: facts[name] for name in names})
