"""Checks of cars that touch each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from racegym.testing.backend.base import BackendChecks
from racegym.testing.rig import Rig, field
from racegym.testing.suite import ConformanceError, NotApplicable
from racegym.track import Track

__all__ = ["TouchingChecks"]

SPEED = 6.0  # [m/s] of the car that drives into another
APART = 1.5  # car lengths between their middles at first
LASTS = 2.0  # [s] within which they must have met
KEPT, GAINED = 0.25, 0.05  # share of the momentum that tyres may take meanwhile, or add
DEEP = 0.15  # car lengths that contact may give way


class Row(NamedTuple):
    """A contact between cars, as it was reported."""

    car: int
    other: int
    impulse: float
    normal: tuple[float, float]


class TouchingChecks(BackendChecks):
    """Contact between cars, for backends that say ``"car"`` among their contacts."""

    def check_cars_touch_as_declared(self) -> None:
        """Cars that are said to collide hold each other; each contact is told of once."""
        with self._pair() as rig:
            seen = 0
            for rows in self._meeting(rig):
                self._judge_rows(rows)
                seen += len(rows)
                gap, long = _ahead(rig), float(rig.world.view.vehicle.length[0, 0])
                if gap < (1.0 - DEEP) * long:
                    raise ConformanceError(
                        f"a car of {long:.2f} m drove into another one until their middles were "
                        f"{gap:.2f} m apart",
                        where="Backend.step",
                    )
        if seen == 0:
            raise ConformanceError(
                f"a car that drove into a standing one at {SPEED:g} m/s touched nothing within "
                f"{LASTS:g} s, or it was not reported",
                where="Backend.step, contacts",
            )

    def _judge_rows(self, rows: list[Row]) -> None:
        pairs = [(row.car, row.other) for row in rows]
        if len(set(pairs)) < len(pairs) or any(car > other for car, other in pairs):
            raise ConformanceError(
                f"contacts of the pairs {pairs} were reported; each pair has one row a step, "
                "that of the lower index",
                where="Backend.step, contacts.car and contacts.other",
            )
        for row in rows:
            if row.impulse > 0 and not row.normal[0] < -0.5:
                raise ConformanceError(
                    f"car {row.car} was hit by car {row.other} in front of it, but the normal, "
                    f"in its frame, is ({row.normal[0]:.2f}, {row.normal[1]:.2f}); it points away "
                    "from the other car",
                    where="Backend.step, contacts.normal_x and contacts.normal_y",
                )

    def check_contact_keeps_momentum(self) -> None:
        """What one car loses in a contact the other gains, and no energy comes from nowhere."""
        with self._pair() as rig:
            state, mass = rig.world.view.state, rig.world.view.vehicle.mass[0]
            speed, before = state.vx[0].copy(), state.vx[0].copy()
            told = 0.0
            for rows in self._meeting(rig):
                told += sum(row.impulse for row in rows)
                if told > 0:
                    speed = state.vx[0].copy()
                    break
                before = state.vx[0].copy()
            if told == 0:
                raise NotApplicable("the cars did not meet")
            was, is_now = (float((mass * v).sum()) for v in (before, speed))
            if not (1 - KEPT) * was <= is_now <= (1 + GAINED) * was:
                raise ConformanceError(
                    f"two cars with a momentum of {was:.0f} N s had {is_now:.0f} N s after they "
                    "touched",
                    where="Backend.step",
                )
            energy, left = (float((0.5 * mass * v**2).sum()) for v in (before, speed))
            if left > (1 + GAINED) * energy:
                raise ConformanceError(
                    f"two cars of {energy:.0f} J had {left:.0f} J after they touched",
                    where="Backend.step",
                )
            gained = float(mass[1] * (speed[1] - before[1]))
            if not 0.6 * told <= gained <= 1.4 * told + GAINED * was:
                raise ConformanceError(
                    f"the impulse is said to be {told:.0f} N s, but the momentum of the car that "
                    f"was hit grew by {gained:.0f} N s",
                    where="Backend.step, contacts.impulse",
                )

    def check_slots_of_cars_do_not_matter(self) -> None:
        """Cars that swap their slots do the same to each other."""
        found = []
        for swapped in (False, True):
            with self._pair(swapped=swapped, alike=True) as rig:
                for _ in self._meeting(rig, swapped=swapped):
                    pass
                order = [1, 0] if swapped else [0, 1]
                state = rig.world.view.state
                found.append(np.stack([state.x[0], state.y[0], state.vx[0]])[:, order])
        if not np.allclose(found[0], found[1], atol=1e-3):
            raise ConformanceError(
                f"after a contact the cars were at x = {found[0][0]} m, and at {found[1][0]} m "
                "with their slots swapped",
                where="Backend.step",
            )

    def check_absent_cars_are_not_touched(self) -> None:
        """A car drives through one that was removed, and nothing is reported."""
        with self._pair() as rig:
            rig.world.remove([1])
            for rows in self._meeting(rig):
                if rows or _ahead(rig) < 0:
                    break
            if rows or _ahead(rig) > 0:
                raise ConformanceError(
                    "a car touched one that was removed from the race",
                    where="Backend.step, race.present",
                )

    def check_cars_on_another_level_are_not_touched(self) -> None:
        """Where a track passes over itself, cars on the bridge and below do not touch."""
        self._must_collide()
        t = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False) + 0.5
        points = 80.0 * np.column_stack([np.sin(t), np.sin(t) * np.cos(t), np.zeros(200)])
        points[:, 2] = 3.0 * (1 - np.cos(t))
        eight = Track.from_points(points, 4.0, 4.0, name="suite-eight", crossings="allow")
        ((under, over),) = eight.crossings
        with self.rig(1, 2, tracks=[eight]) as rig:
            rig.start()
            rig.world.place([0, 1], s=[under - 2.0, over - 2.0], speed=[SPEED, SPEED])
            for _ in range(self.steps(rig, 4.0 / SPEED)):
                rig.step()
                if _rows(rig):
                    raise ConformanceError(
                        "a car on a bridge touched one below it", where="Backend.step"
                    )

    def _must_collide(self) -> None:
        spec = self.spec
        if "car" not in spec.contacts or not spec.collides:
            raise NotApplicable("the backend does not say that cars touch each other")
        if spec.max_cars == 1 or spec.placement != "any" or spec.tracks != "given":
            raise NotApplicable("the backend can't put two cars where they would meet")

    def _pair(self, *, swapped: bool = False, alike: bool = False) -> Rig:
        """Return a world with a car on its way into another one, which stands; swapped, or not."""
        self._must_collide()
        if alike and len(self.vehicles) > 1:
            raise NotApplicable("the suite was given cars that differ")
        rig = self.rig(1, 2, tracks=field())
        rig.start()
        long = float(rig.world.view.vehicle.length[0].max())
        cars = [1, 0] if swapped else [0, 1]
        rig.world.place(cars, s=[50.0, 50.0 + APART * long], speed=[SPEED, 0.0])
        return rig

    def _meeting(self, rig: Rig, *, swapped: bool = False) -> Iterator[list[Row]]:
        """Make steps until they must have met; yield the contacts between cars of each."""
        throttle = [[0.0, 0.5]] if swapped else [[0.5, 0.0]]
        for _ in range(self.steps(rig, LASTS)):
            rig.step(throttle=throttle)
            yield _rows(rig)


def _ahead(rig: Rig) -> float:
    """Return how far [m] the second car is ahead of the first."""
    state = rig.world.view.state
    yaw = rig.now("yaw")
    dx, dy = (float(v[0, 1] - v[0, 0]) for v in (state.x, state.y))
    return dx * float(np.cos(yaw)) + dy * float(np.sin(yaw))


def _rows(rig: Rig) -> list[Row]:
    contacts, found = rig.world.view.contacts, []
    for k in range(contacts.count[0]):
        car, other = int(contacts.car[0, k]), int(contacts.other[0, k])
        if other < 0:
            continue
        yaw = float(rig.world.view.state.yaw[0, car])
        x, y = float(contacts.normal_x[0, k]), float(contacts.normal_y[0, k])
        c, s = float(np.cos(yaw)), float(np.sin(yaw))
        normal = (c * x + s * y, c * y - s * x)
        found.append(Row(car, other, float(contacts.impulse[0, k]), normal))
    return found
