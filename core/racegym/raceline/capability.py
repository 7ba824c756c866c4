"""What a vehicle can do, by its backend's own model or by the envelope that it tells.

The envelope of ``VehicleTable`` is that of a point mass: grip g (1 + downforce v^2 / g)
sideways, a friction ellipse of exponent 2 between that and the brakes or the drive, power
over speed, and drag. An engine that gives out at ``top_speed`` is a wall there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite, pi
from typing import Any

import numpy as np

from racegym.errors import BackendError, ScenarioError
from racegym.interfaces import GGV, Backend

__all__ = ["POINT_MASS", "QUANTITIES", "Envelope", "VehicleModel", "point_mass_ggv"]

POINT_MASS = "the point-mass envelope that the backend tells"
QUANTITIES = ("grip", "mass", "power", "drag", "downforce")

GRAVITY = 9.81  # [m/s^2]
SPEEDS = 60
SHARES = 25
CROWDED = 1.5  # power that crowds the speeds at the low end, where drive falls fastest
FASTEST = 200.0  # [m/s] of a vehicle whose top speed nobody knows
HALVINGS = 60
TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A vehicle as a point mass; the fields of ``VehicleTable`` by these names."""

    grip: float  # friction coefficient in a corner
    drive: float  # [m/s^2] greatest drive at low speed
    power: float  # [W/kg]
    brake: float  # [m/s^2]
    drag: float = 0.0  # [1/m] a = drag * v^2
    downforce: float = 0.0  # [1/m] a = downforce * v^2
    top_speed: float = FASTEST  # [m/s]

    def __post_init__(self) -> None:
        for name in ("grip", "drive", "power", "brake"):
            value = getattr(self, name)
            if not (isfinite(value) and value > 0.0):
                raise BackendError(f"the vehicle's envelope has {name} {value:g}")
        for name in ("drag", "downforce"):
            value = getattr(self, name)
            if not (isfinite(value) and value >= 0.0):
                raise BackendError(f"the vehicle's envelope has {name} {value:g}")
        if not self.top_speed > 0.0:
            raise BackendError(f"the vehicle's envelope has top_speed {self.top_speed:g}")

    def scaled(self, quantity: str, factor: float) -> Envelope:
        """Return the envelope of a vehicle with more of something.

        Args:
            quantity: of ``QUANTITIES``.
            factor: by which there is more of it.
        """
        names: tuple[str, ...] = (quantity,)
        if quantity == "grip":  # which brakes are taken to reach
            names = ("grip", "brake")
        elif quantity == "mass":  # by which grip stays as it is, but for that of the air
            names, factor = ("power", "drag", "downforce"), 1.0 / factor
        return replace(self, **{name: factor * getattr(self, name) for name in names})


def point_mass_ggv(envelope: Envelope, source: str = POINT_MASS) -> GGV:
    """Return the g-g-v envelope of a point mass."""
    top = min(envelope.top_speed, FASTEST)
    speed = _top(envelope, top) * np.linspace(0.0, 1.0, SPEEDS) ** CROWDED
    knee = envelope.power / envelope.drive
    if knee < 0.999 * speed[-1]:
        speed = np.unique(np.append(speed, knee))
    share = np.sin(np.linspace(0.0, 0.5 * pi, SHARES))
    share[-1] = 1.0
    left = np.sqrt(1.0 - share**2)
    lost = envelope.drag * speed**2
    pull = np.minimum(envelope.drive * left, (envelope.power / np.maximum(speed, TINY))[:, None])
    return GGV(
        speed=speed,
        lateral=envelope.grip * (GRAVITY + envelope.downforce * speed**2),
        share=share,
        drive=pull - lost[:, None],
        brake=envelope.brake * left + lost[:, None],
        source=source,
    )


def _top(envelope: Envelope, most: float) -> float:
    """Return where drag eats up all drive [m/s], or ``most``."""
    low, high = 0.0, most
    for _ in range(HALVINGS):
        v = 0.5 * (low + high)
        gain = min(envelope.drive, envelope.power / max(v, TINY)) - envelope.drag * v * v
        low, high = (v, high) if gain > 0.0 else (low, v)
    return low


@dataclass(frozen=True, kw_only=True)
class VehicleModel:
    """A vehicle in a backend: where its g-g-v envelope comes from.

    Attributes:
        backend: its class.
        vehicle: parameters as read from the vehicle's file.
        options: the backend's settings.
        envelope: what the backend tells of it, for one whose model tells no g-g-v envelope.
        width: overall [m].
    """

    backend: type[Backend]
    vehicle: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    envelope: Envelope | None = None
    width: float

    def ggv(self, quantity: str | None = None, factor: float = 1.0) -> GGV:
        """Return what the vehicle can do, as it is or with more of something.

        Args:
            quantity: of ``QUANTITIES``.
            factor: by which there is more of it.

        Raises:
            RacegymError: the vehicle does not fit the backend, tells no envelope, or has no
                such quantity.
        """
        changed = self.vehicle if quantity is None else self._scaled(quantity, factor)
        if changed is not None:
            own = self.backend.ggv(changed, self.options)
            if own is not None:
                return own
        if self.envelope is None:
            raise BackendError(
                f"{self.backend.__name__} tells neither a g-g-v envelope nor a point-mass one"
            )
        envelope = self.envelope
        return point_mass_ggv(envelope if quantity is None else envelope.scaled(quantity, factor))

    def has(self, quantity: str) -> bool:
        """Tell whether the vehicle has any of ``quantity``, so that there can be more of it."""
        if self.backend.ggv(self.vehicle, self.options) is None:
            return self.envelope is not None and (
                quantity == "mass" or getattr(self.envelope, quantity) > 0.0
            )
        names = self.backend.scales.get(quantity, ())
        return any(_number(self.vehicle.get(name)) for name in names)

    def _scaled(self, quantity: str, factor: float) -> Mapping[str, Any] | None:
        """Return the parameters of a vehicle with more of something, None without a model."""
        names = self.backend.scales.get(quantity, ())
        values = {name: _number(self.vehicle.get(name)) for name in names}
        scaled = {name: factor * value for name, value in values.items() if value is not None}
        if scaled:
            return {**self.vehicle, **scaled}
        if self.backend.ggv(self.vehicle, self.options) is not None:
            raise ScenarioError(f"the vehicle has no {quantity} that could be scaled")
        return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value else None
