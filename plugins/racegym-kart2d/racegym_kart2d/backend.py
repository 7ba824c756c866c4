"""The planar backend: single-track cars on given tracks, the whole batch in one kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from math import ceil, exp
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from racegym.interfaces import (
    GGV,
    Backend,
    BackendSpec,
    Cars,
    Control,
    Effects,
    Keys,
    Races,
    Setup,
    StageOptions,
)
from racegym.interfaces import options as settings
from racegym_kart2d.fleet import Fleet
from racegym_kart2d.kernels import columns
from racegym_kart2d.kernels.contact import collide
from racegym_kart2d.kernels.records import Ground, Memory, Motion, Orders, Outside, Touch
from racegym_kart2d.kernels.step import (
    place_cars,
    step_cars,
    step_linear,
    step_linear_runge_kutta,
    step_runge_kutta,
)
from racegym_kart2d.limit import envelope
from racegym_kart2d.parameters import VARIES, SingleTrackVehicle, parse

__all__ = ["Kart2D"]

_KERNELS = {
    ("saturating", "implicit"): step_cars,
    ("saturating", "rk4"): step_runge_kutta,
    ("linear", "implicit"): step_linear,
    ("linear", "rk4"): step_linear_runge_kutta,
}


class Kart2D(Backend):
    """Single-track dynamics; see ``docs/single_track.md`` for the equations and their tests.

    Cars touch each other, see ``docs/contact.md``.

    Raises:
        ScenarioError: an option or a vehicle's parameter is wrong.
    """

    class Options(StageOptions):
        """Settings of the backend."""

        model: Literal["single_track"] = Field("single_track", description="equations of motion")
        tyre: Literal["saturating", "linear"] = Field(
            "saturating", description="tyre curve; linear as in CommonRoad, for validation"
        )
        integrator: Literal["implicit", "rk4"] = Field(
            "implicit", description="rk4 is for validation at small substeps"
        )
        substep: float = Field(
            0.0125, ge=1e-5, le=0.1, description="[s] longest substep; a step is split evenly"
        )
        contact: bool = Field(True, description="whether cars touch each other")
        restitution: float = Field(
            0.2, ge=0, le=1, description="share of the approach that cars part with after a touch"
        )
        friction: float = Field(0.4, ge=0, le=2, description="between cars that touch")

    spec: ClassVar[BackendSpec] = BackendSpec(
        dt=0.05,
        fills=frozenset(Motion._fields),
        effects=frozenset(field.name for field in fields(Effects)),
        contacts=frozenset({"car", "wall", "obstacle"}),
        collides=True,
        deterministic=True,
        tracks="given",
        placement="any",
        snapshots="arrays",
        varies=VARIES,
    )
    scales: ClassVar[Mapping[str, Sequence[str]]] = {
        "grip": ("grip_front", "grip_rear"),
        "mass": ("mass",),
        "power": ("power",),
        "drag": ("drag_area",),
        "downforce": ("downforce_area_front", "downforce_area_rear"),
    }
    default_vehicle: ClassVar[str] = "rental_kart"
    Vehicle: ClassVar[type[SingleTrackVehicle]] = SingleTrackVehicle

    @classmethod
    def spec_for(cls, options: Mapping[str, Any]) -> BackendSpec:
        """Return the spec: without ``contact``, cars do not touch each other.

        Raises:
            ScenarioError: an option is wrong.
        """
        if settings.read(cls.Options, options, "backend 'kart2d'").contact:
            return cls.spec
        return replace(cls.spec, contacts=cls.spec.contacts - {"car"}, collides=False)

    @classmethod
    def ggv(cls, vehicle: Mapping[str, Any], options: Mapping[str, Any]) -> GGV | None:
        """Return the steady states of the model; None with linear tyres, which hold anything.

        Raises:
            ScenarioError: an option or a parameter of the vehicle is wrong.
        """
        if settings.read(cls.Options, options, "backend 'kart2d'").tyre == "linear":
            return None
        return envelope(parse(vehicle))

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = settings.read(self.Options, setup.options, "backend 'kart2d'")
        self._step_cars = _KERNELS[self.options.tyre, self.options.integrator]

        vehicles = [parse(mapping) for mapping in setup.vehicles]
        n_cars, new = self.view.n_cars, setup.arrays.new
        rows = np.array([vehicle.row() for vehicle in vehicles])
        self._parameters = new("parameters", (n_cars, columns.PARAMETERS), "real", rows)
        self._fleet = Fleet(vehicles, setup.drawn, self._parameters, setup.view.vehicle)
        self._memory = Memory(
            parameters=_flat(self._parameters),
            rack=_flat(new("rack", (n_cars,))),
            shift=_flat(new("shift", (n_cars,))),
            segment=_flat(new("segment", (n_cars,), "int32", -1)),
        )
        view = self.view
        self._present = _flat(view.race.present)
        self._motion = Motion(*(_flat(getattr(view.state, name)) for name in Motion._fields))
        self._touch = Touch(*(getattr(view.contacts, name) for name in Touch._fields))
        tracks = view.tracks
        self._ground = Ground(
            *tracks.geometry, _flat(view.frame.segment), tracks.obstacles,
            tracks.obstacle_spans, tracks.verges,
        )  # fmt: skip
        self._asked: tuple[Control, Effects, float] | None = None
        self._touches = self.options.contact and n_cars > 1
        if self._touches:
            names = {"x": "float64", "y": "float64", "yaw": "real"}
            self._last = tuple(
                _flat(new(f"last_{n}", (n_cars,), kind)) for n, kind in names.items()
            )
            # Where sorting begins: it makes contact quicker, and changes nothing.
            self._order = np.tile(np.arange(n_cars), view.n_races)

    @property
    def parameters(self) -> NDArray[np.floating[Any]]:
        """Parameters of every car, (n_races, n_cars, PARAMETERS) real; see ``kernels.columns``."""
        return self._parameters

    def reset(self, races: Races, keys: Keys) -> None:
        """Fill the vehicle table and what is drawn; what else a car has, ``place`` gives it."""
        del keys
        self._fleet.reset(races)

    def place(self, cars: Cars, pose: NDArray[np.float64], speed: NDArray[np.float64]) -> None:
        """Put cars somewhere, at rest in the car's y axis and in rotation."""
        place_cars(
            np.array(cars, np.int64),
            np.array(pose, np.float64),
            np.array(speed, np.float64),
            self.view.n_cars,
            self._motion,
            self._memory,
            self._ground,
        )
        if self._touches:
            motion = self._motion
            for last, now in zip(self._last, (motion.x, motion.y, motion.yaw), strict=True):
                last[cars] = now[cars]

    def remove(self, cars: Cars) -> None:
        """Stop cars where they are; absent cars are not stepped."""
        motion = self._motion
        still = (motion.vx, motion.vy, motion.yaw_rate, motion.ax, motion.ay, self._memory.shift)
        for array in still:
            array[cars] = 0

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        """Advance all present cars by ``dt`` [s]."""
        asked = self._asked
        if asked is None or asked[0] is not control or asked[1] is not effects or asked[2] != dt:
            self._asked = (control, effects, dt)
            self._bind(control, effects, dt)
        self._move()
        if self._touches:
            self._collide()

    def _bind(self, control: Control, effects: Effects, dt: float) -> None:
        """Give the kernels what is asked from now on; the same at nearly every step."""
        orders = Orders(*(_flat(getattr(control, name)) for name in Orders._fields))
        outside = Outside(*(_flat(getattr(effects, name)) for name in Outside._fields))
        substeps = max(1, ceil(dt / self.options.substep - 1e-9))
        motion, memory, clock = self._motion, self._memory, self.view.clock
        self._move = self._step_cars.bind(
            motion.vx, self._present, motion, memory, orders, outside, self._ground, self._touch,
            clock.elapsed, clock.advanced, float(dt), substeps,
            exp(-dt / substeps / columns.FILTER_TIME),
        )  # fmt: skip
        if self._touches:
            self._collide = collide.bind(
                motion.x, motion.y, motion.z, motion.yaw, motion.vx, motion.vy, motion.yaw_rate,
                self._present, *self._last, self._order, memory.parameters, memory.segment,
                outside.mass, *self._ground[:3], self.view.tracks.crossings, *self._touch,
                self.options.restitution, self.options.friction,
            )  # fmt: skip


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """Return (n_races, n_cars, ...) seen as (n_races * n_cars, ...), without a copy."""
    return array.reshape(-1, *array.shape[2:])
