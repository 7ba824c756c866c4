"""A vehicle's parameters: what its YAML file may hold, checked, and as a row for kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from racegym.errors import ScenarioError, nearest
from racegym_kart2d.kernels import columns

__all__ = ["AREAS", "COLUMNS", "DENSITY", "VARIES", "SingleTrackVehicle", "parse"]


class SingleTrackVehicle(BaseModel):
    """The parameters of a car on two axles, as its YAML file gives them.

    Tyre curve, per axle with load N, slip angle a: F = mu N sin(C atan(B a)).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field("", description="what people call it")
    mass: float = Field(ge=0.01, le=1e5, description="[kg] with driver")
    yaw_inertia: float = Field(ge=1e-06, le=1e6, description="[kg m^2] about the vertical axis")
    to_front: float = Field(ge=0.001, le=10, description="[m] centre of mass to the front axle")
    to_rear: float = Field(ge=0.001, le=10, description="[m] centre of mass to the rear axle")
    cg_height: float = Field(ge=0, le=3, description="[m] centre of mass above the ground")
    track_front: float = Field(ge=0.001, le=4, description="[m] between the front wheels")
    track_rear: float = Field(ge=0.001, le=4, description="[m] between the rear wheels")
    length: float = Field(ge=0.001, le=20, description="[m] overall")
    width: float = Field(ge=0.001, le=5, description="[m] overall")
    wheel_radius: float = Field(ge=0.001, le=2, description="[m] of the rear wheels, rolling")
    steer_limit: float = Field(ge=0.01, le=1.2, description="[rad] full lock of the front wheels")
    steer_rate: float = Field(ge=0.01, le=100, description="[rad/s] fastest turn of the wheels")
    grip_front: float = Field(
        ge=0.01, le=5, description="mu of the front tyres sideways, at nominal_load"
    )
    grip_rear: float = Field(ge=0.01, le=5, description="mu of the rear tyres")
    grip_per_load: float = Field(
        0.0, ge=-0.01, le=0, description="[1/N] change of mu with the load of a wheel"
    )
    nominal_load: float = Field(
        0.0, ge=0, le=1e5, description="[N] load of a wheel at which mu is as given"
    )
    grip_longitudinal: float = Field(
        1.0, ge=0.01, le=2, description="mu along the wheel, as a share of mu sideways"
    )
    stiffness_front: float = Field(ge=0.01, le=200, description="[1/rad] B of the front tyres")
    stiffness_rear: float = Field(ge=0.01, le=200, description="[1/rad] B of the rear tyres")
    shape_front: float = Field(1.4, ge=1, le=2, description="C of the front tyres")
    shape_rear: float = Field(1.4, ge=1, le=2, description="C of the rear tyres")
    slip_speed: float = Field(
        1.0, ge=0.05, le=5, description="[m/s] least rolling speed in the slip angle"
    )
    drive_force: float = Field(ge=0.001, le=1e6, description="[N] most at the wheels")
    power: float = Field(ge=0.001, le=1e8, description="[W] at the wheels")
    drive_front: float = Field(0.0, ge=0, le=1, description="share of the drive in front")
    top_speed: float = Field(
        ge=0.1, le=200, description="[m/s] beyond which the engine gives nothing"
    )
    reverse_force: float = Field(ge=0, le=1e6, description="[N] in reverse")
    reverse_speed: float = Field(ge=0, le=50, description="[m/s] in reverse")
    brake_force: float = Field(ge=0.001, le=1e7, description="[N] at full pedal, all wheels")
    brake_front: float = Field(ge=0, le=1, description="share of the brakes in front")
    rolling_resistance: float = Field(ge=0, le=1, description="resistance by load")
    drag_area: float = Field(ge=0, le=20, description="[m^2] drag coefficient times area")
    downforce_area_front: float = Field(0.0, ge=0, le=50, description="[m^2] on the front axle")
    downforce_area_rear: float = Field(0.0, ge=0, le=50, description="[m^2] on the rear axle")
    air_density: float = Field(1.2, ge=0.01, le=2, description="[kg/m^3]")
    gear_ratio: float = Field(ge=0.001, le=100, description="engine turns per turn of the wheels")
    idle_speed: float = Field(ge=0, le=2000, description="[rad/s] of the engine")

    def row(self) -> NDArray[np.float64]:
        """Return (PARAMETERS,) float64, the columns of ``kernels.columns``."""
        row = np.zeros(columns.PARAMETERS)
        for name, column in COLUMNS.items():
            row[column] = getattr(self, name)
        for name, column in AREAS.items():
            row[column] = 0.5 * self.air_density * getattr(self, name)
        return row


def parse(mapping: Mapping[str, Any]) -> SingleTrackVehicle:
    """Return the vehicle that a file describes.

    Args:
        mapping: what stands in the file, names to numbers in SI units.

    Raises:
        ScenarioError: a name is unknown or missing, or a value out of its range; says all.
    """
    try:
        return SingleTrackVehicle.model_validate(dict(mapping))
    except ValidationError as error:
        found = "; ".join(_plain(detail) for detail in error.errors())
        called = mapping.get("name")
        who = f"vehicle {called!r}" if isinstance(called, str) and called else "the vehicle"
        raise ScenarioError(f"{who} does not fit the single-track model: {found}") from None


def _plain(detail: Any) -> str:
    """Return one complaint of pydantic in words."""
    name = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{name!r} is no parameter of it; {nearest(name, SingleTrackVehicle.model_fields)}"
    about = SingleTrackVehicle.model_fields[name].description if name else ""
    if detail["type"] == "missing":
        return f"{name!r} is missing: {about}"
    reason = detail["msg"].replace("Input should be", "should be")
    return f"{name!r} is {detail['input']!r}, but {reason} ({about})"


COLUMNS = {
    "mass": columns.MASS,
    "yaw_inertia": columns.INERTIA,
    "to_front": columns.TO_FRONT,
    "to_rear": columns.TO_REAR,
    "cg_height": columns.CG_HEIGHT,
    "track_front": columns.TRACK_FRONT,
    "track_rear": columns.TRACK_REAR,
    "length": columns.LENGTH,
    "width": columns.WIDTH,
    "wheel_radius": columns.WHEEL_RADIUS,
    "steer_limit": columns.STEER_LIMIT,
    "steer_rate": columns.STEER_RATE,
    "grip_front": columns.GRIP_FRONT,
    "grip_rear": columns.GRIP_REAR,
    "grip_per_load": columns.GRIP_LOAD,
    "nominal_load": columns.NOMINAL_LOAD,
    "grip_longitudinal": columns.GRIP_LONG,
    "stiffness_front": columns.STIFFNESS_FRONT,
    "stiffness_rear": columns.STIFFNESS_REAR,
    "shape_front": columns.SHAPE_FRONT,
    "shape_rear": columns.SHAPE_REAR,
    "slip_speed": columns.SLIP_SPEED,
    "drive_force": columns.DRIVE_FORCE,
    "power": columns.POWER,
    "drive_front": columns.DRIVE_FRONT,
    "top_speed": columns.TOP_SPEED,
    "reverse_force": columns.REVERSE_FORCE,
    "reverse_speed": columns.REVERSE_SPEED,
    "brake_force": columns.BRAKE_FORCE,
    "brake_front": columns.BRAKE_FRONT,
    "rolling_resistance": columns.ROLLING,
    "gear_ratio": columns.GEAR_RATIO,
    "idle_speed": columns.IDLE_SPEED,
}
DENSITY = "air_density"
AREAS = {  # half the density of the air times these are columns
    "drag_area": columns.DRAG,
    "downforce_area_front": columns.DOWNFORCE_FRONT,
    "downforce_area_rear": columns.DOWNFORCE_REAR,
}
VARIES = frozenset({*COLUMNS, DENSITY, *AREAS})  # may be drawn for each episode
