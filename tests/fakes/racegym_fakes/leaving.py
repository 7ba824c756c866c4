"""Cars that leave while the race goes on, and tyres that wear wheel by wheel."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from racegym.interfaces import (
    BackendSpec,
    Channel,
    Control,
    Effects,
    Keys,
    Races,
    Realism,
    Setup,
    View,
)
from racegym.testing.parts import Bicycle

__all__ = ["LeavingBackend", "TyreWear"]

FUEL = 60.0  # [s] of full throttle
STAGGER = 0.5  # how much less each following car carries


class LeavingBackend(Bicycle):
    """Each car's fuel lasts for some throttle; one without is gone, as from a server."""

    spec: ClassVar[BackendSpec] = replace(
        Bicycle.spec,
        max_cars=8,
        channels=(
            *Bicycle.spec.channels,
            Channel(name="fuel", unit="s", low=0.0, high=FUEL, doc="full throttle left"),
        ),
    )

    def reset(self, races: Races, keys: Keys) -> None:
        super().reset(races, keys)
        cars = np.arange(self.view.n_cars)
        self.view.channels["fuel"][races] = self.setup.options.get("fuel", FUEL) * STAGGER**cars

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        super().step(control, effects, dt)
        fuel, here = self.view.channels["fuel"], self.view.race.present
        np.maximum(fuel - control.throttle * here * dt, 0.0, out=fuel)
        np.logical_and(fuel <= 0, here, out=self.view.clock.gone)


class TyreWear(Realism):
    """Each tyre wears with the power it loses, and a worn one grips less."""

    effects = frozenset({"grip"})
    requires = frozenset({"load", "vx"})
    channels = (
        Channel(name="wear", axes="race car wheel", low=0.0, high=1.0, doc="0 new, 1 gone"),
    )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self._wear = setup.view.channels["wear"]

    def step(self, view: View, effects: Effects, dt: float) -> None:
        worn = view.state.load * np.abs(view.state.vx)[..., None] * view.race.present[..., None]
        self._wear += worn * (2e-6 * dt)
        np.minimum(self._wear, 1.0, out=self._wear)
        effects.grip *= 1.0 - 0.5 * self._wear
