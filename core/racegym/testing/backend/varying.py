"""Checks of vehicles that are drawn for each episode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from racegym.errors import ScenarioError
from racegym.interfaces import VehicleTable, columns
from racegym.testing.backend.base import BackendChecks
from racegym.testing.rig import Rig, difference, everyday, rows
from racegym.testing.suite import ConformanceError, NotApplicable
from racegym.world import CarConfig, Distribution, WorldConfig

__all__ = ["VaryingChecks"]

PREFIX = "vehicle."
LEAST, MOST = 0.97, 0.99  # of what is nominal: near enough for any model to allow
STEPS = 20


class VaryingChecks(BackendChecks):
    """Vehicles that differ from episode to episode."""

    def check_drawn_vehicles_are_built(self) -> None:
        """A vehicle whose parameters are drawn is the vehicle that has them in its file."""
        if not self.spec.varies:
            raise NotApplicable("the backend draws nothing of its vehicles (spec.varies)")
        with self.rig(1, 1) as rig:
            rig.start()
            config = rig.world.config
            nominal = self._numbers(rig, config.cars[0].vehicle)
        if not nominal:
            raise NotApplicable("the suite's first vehicle gives a number to none of spec.varies")
        draws = {
            PREFIX + name: Distribution.uniform(*sorted((LEAST * value, MOST * value)))
            for name, value in nominal.items()
        }
        drawn, told = self._drive(config, config.cars[0].vehicle, draws)
        changed = _with(config.cars[0].vehicle, told)
        written, _ = self._drive(config, changed, {})
        odd = difference(written, drawn)
        if odd is not None:
            raise ConformanceError(
                f"with {', '.join(sorted(nominal))} drawn, the car is not as with the same numbers "
                f"in its file: {odd}",
                where="Backend.reset, which reads setup.drawn",
            )

    def _numbers(self, rig: Rig, vehicle: Mapping[str, Any]) -> dict[str, float]:
        """Return what the vehicle or the table says of the parameters that vary."""
        found = {}
        for name in sorted(self.spec.varies):
            value: Any = vehicle
            for step in name.split("."):
                value = value.get(step) if isinstance(value, Mapping) else None
            if value is None and name in columns(VehicleTable):
                value = float(getattr(rig.world.view.vehicle, name)[0, 0])
            if isinstance(value, int | float) and value:
                found[name] = float(value)
        return found

    def _drive(
        self, config: WorldConfig, vehicle: Mapping[str, Any], draws: Mapping[str, Distribution]
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """Drive the second episode of such a car; return its end and what was drawn of it."""
        car = CarConfig(name="car", vehicle=vehicle, variation=draws)
        try:
            rig = Rig(replace(config, cars=[car]))
        except ScenarioError as error:
            raise NotApplicable(f"its model refuses a slightly lesser vehicle: {error}") from error
        with rig:
            rig.start()
            rig.world.reset()
            told = rig.world.variation.told(0)[0] if rig.world.variation else {}
            rig.play(everyday(STEPS, 1, 1))
            end = {
                name: row
                for name, row in rows(rig.world).items()
                if name.startswith(("state.", PREFIX))
            }
        return end, {name.removeprefix(PREFIX): value for name, value in told.items()}


def _with(vehicle: Mapping[str, Any], numbers: Mapping[str, float]) -> dict[str, Any]:
    """Return a vehicle with these numbers, by dotted name, in the place of its own."""
    changed = dict(vehicle)
    for name, value in numbers.items():
        head, _, rest = name.partition(".")
        changed[head] = _with(changed.get(head, {}), {rest: value}) if rest else value
    return changed
