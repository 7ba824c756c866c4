"""Checks of obstacles on the track."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Contacts
from racegym.testing.backend.base import PATIENCE, BackendChecks
from racegym.testing.rig import Rig, field
from racegym.testing.suite import ConformanceError, NotApplicable
from racegym.track import Track

__all__ = ["ObstacleChecks"]

AHEAD = 4.0  # car lengths to the obstacle's middle
RADIUS = 0.5  # car lengths
AFTER = 1.0  # [s] for which the car goes on pushing
DEEP = 0.1  # car lengths that contact may give way


class ObstacleChecks(BackendChecks):
    """What stands on a track, for backends that say ``"obstacle"`` among their contacts."""

    def check_obstacles_hold_cars(self) -> None:
        """A car that drives into an obstacle is held by it, and the contact is reported."""
        if "obstacle" not in self.spec.contacts or self.spec.tracks != "given":
            raise NotApplicable("the backend does not say that it knows obstacles")
        track, x, y, radius = self._blocked()
        with self.rig(1, 1, tracks=[track]) as rig:
            rig.start()
            left = self.steps(rig, PATIENCE)
            while left > 0 and not _reported(rig):
                rig.step(throttle=1.0)
                self._must_be_outside(rig, x, y, radius)
                left -= 1
            if left == 0:
                raise ConformanceError(
                    f"no contact with an obstacle that stood {AHEAD:g} lengths ahead of a car at "
                    f"full throttle was reported within {PATIENCE:g} s",
                    where="Backend.step",
                )
            for _ in range(self.steps(rig, AFTER)):
                rig.step(throttle=1.0)
                self._must_be_outside(rig, x, y, radius)

    def _blocked(self) -> tuple[Track, float, float, float]:
        """Return a track with an obstacle ahead of the start; its x, y and radius [m]."""
        with self.free() as rig:
            long = float(rig.world.view.vehicle.length[0, 0])
            yaw = rig.now("yaw")
            x = rig.now("x") + AHEAD * long * np.cos(yaw)
            y = rig.now("y") + AHEAD * long * np.sin(yaw)
        return field()[0].with_obstacles([[x, y, RADIUS * long]]), x, y, RADIUS * long

    def _must_be_outside(self, rig: Rig, x: float, y: float, radius: float) -> None:
        vehicle = rig.world.view.vehicle
        long, wide = float(vehicle.length[0, 0]), float(vehicle.width[0, 0])
        middle = float(vehicle.to_front[0, 0] - 0.5 * vehicle.wheelbase[0, 0])
        dx, dy, yaw = x - rig.now("x"), y - rig.now("y"), rig.now("yaw")
        along = abs(dx * np.cos(yaw) + dy * np.sin(yaw) - middle) - 0.5 * long
        across = abs(dy * np.cos(yaw) - dx * np.sin(yaw)) - 0.5 * wide
        gap = float(np.hypot(max(along, 0.0), max(across, 0.0)))
        if gap < radius - DEEP * long:
            raise ConformanceError(
                f"the car is {radius - gap:.2f} m deep in an obstacle of radius {radius:.2f} m",
                where="Backend.step",
            )


def _reported(rig: Rig) -> bool:
    contacts = rig.world.view.contacts
    return bool((contacts.other[0, : contacts.count[0]] == Contacts.OBSTACLE).any())
