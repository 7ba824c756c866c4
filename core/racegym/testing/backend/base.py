"""What all checks of a backend share: worlds around it, and manoeuvres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil
from typing import Any, ClassVar, NamedTuple

import numpy as np

from racegym.interfaces import BackendSpec
from racegym.testing.rig import Rig, circuits, field, imposed, profile
from racegym.testing.suite import NotApplicable, Suite
from racegym.track import Track
from racegym.world import CarConfig, Part, WorldConfig

__all__ = ["BackendChecks", "Motion", "wrap"]

PATIENCE = 12.0  # [s] to get going
GOING = 4.0  # [m/s] at which manoeuvres begin, or less for a slow car
SHARE_OF_TOP = 0.4
LATE = 4  # times as many steps are made for a manoeuvre when a real-time engine loses some


class Motion(NamedTuple):
    """What a manoeuvre of the first car came to.

    Attributes:
        before, after: forward speed [m/s] at its beginning and end.
        slowest, fastest: forward speed [m/s] during it.
        turned: change of yaw [rad], left positive, over all turns.
        bent: change of the direction of travel [rad].
        ahead, left: displacement [m] in the car's frame at the beginning.
    """

    before: float
    after: float
    slowest: float
    fastest: float
    turned: float
    bent: float
    ahead: float
    left: float


class BackendChecks(Suite):
    """Base of the backend's checks.

    Attributes:
        vehicles: as read from their files; dealt out to the cars in turn.
        tracks: circuits for everyday driving; none takes two small generated ones.
        dt: control interval [s]; None takes the backend's own.
        place_tolerance: [m] within which a car stands where it was put.
    """

    vehicles: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    tracks: ClassVar[Sequence[Track]] = ()
    dt: ClassVar[float | None] = None
    place_tolerance: ClassVar[float] = 0.01

    @property
    def spec(self) -> BackendSpec:
        """What the backend says of itself under the suite's options."""
        spec: BackendSpec = self.make.spec_for(self.options)
        return spec

    @property
    def n_races(self) -> int:
        """Races of an ordinary check: three, or as many as the backend can do."""
        return 3 if self.spec.max_races is None else min(3, self.spec.max_races)

    @property
    def n_cars(self) -> int:
        """Cars of an ordinary check: two, or as many as the backend can do."""
        return 2 if self.spec.max_cars is None else min(2, self.spec.max_cars)

    def rig(
        self,
        n_races: int | None = None,
        n_cars: int | None = None,
        *,
        tracks: Sequence[Track] | None = None,
        effects: bool = False,
        **more: Any,
    ) -> Rig:
        """Return a world around the backend.

        Args:
            n_races, n_cars: None for those of an ordinary check.
            tracks: for a backend that drives given tracks; None for the suite's circuits.
            effects: whether effects can be imposed.
            more: further fields of ``WorldConfig``.
        """
        spec, count = self.spec, self.n_cars if n_cars is None else n_cars
        given = (tracks or self.tracks or circuits()) if spec.tracks == "given" else ()
        more.setdefault("dt", self.dt)
        if effects:
            more["realism"] = imposed(spec.effects)
        return Rig(
            WorldConfig(
                n_races=self.n_races if n_races is None else n_races,
                cars=[
                    CarConfig(name=f"car {k}", vehicle=self.vehicles[k % len(self.vehicles)])
                    for k in range(count)
                ],
                backend=Part(name=self.make.__name__, make=self.make, options=self.options),
                tracks=given,
                profiles=profile(),
                **more,
            )
        )

    def free(self, **more: Any) -> Rig:
        """Return a world with one car that has much room, started."""
        rig = self.rig(1, 1, tracks=field(), **more)
        rig.start()
        return rig

    def steps(self, rig: Rig, seconds: float) -> int:
        """Return how many steps ``seconds`` take."""
        return max(2, ceil(seconds / rig.world.dt))

    def get_going(self, rig: Rig) -> None:
        """Accelerate the first car straight on.

        Raises:
            NotApplicable: it does not get going.
        """
        top = float(rig.world.view.vehicle.top_speed[0, 0])
        wanted = min(GOING, SHARE_OF_TOP * top) if top > 0 else GOING
        for _ in range(self.steps(rig, PATIENCE)):
            if rig.now("vx") >= wanted:
                return
            rig.step(throttle=1.0)
        raise NotApplicable(
            f"the car did not reach {wanted:g} m/s within {PATIENCE:g} s of full throttle"
        )

    def manoeuvre(
        self,
        rig: Rig,
        seconds: float,
        *,
        steer: float = 0.0,
        throttle: float = 0.0,
        brake: float = 0.0,
        gear: int = 0,
    ) -> Motion:
        """Hold these controls and return what the first car did."""
        state = rig.world.view.state
        x, y, yaw = rig.now("x"), rig.now("y"), rig.now("yaw")
        speeds, turned, courses = [rig.now("vx")], 0.0, [_course(rig)]
        race, most = rig.world.view.race, LATE * self.steps(rig, seconds)
        end = float(race.time[0]) + seconds - 0.5 * rig.world.dt
        for k in range(most):
            if k >= most // LATE and race.time[0] >= end:
                break
            last = rig.now("yaw")
            rig.step(steer, throttle, brake, gear)
            turned += wrap(rig.now("yaw") - last)
            speeds.append(rig.now("vx"))
            courses.append(_course(rig))
        dx, dy = float(state.x[0, 0]) - x, float(state.y[0, 0]) - y
        known = [course for course in courses if course is not None]
        return Motion(
            before=speeds[0],
            after=speeds[-1],
            slowest=min(speeds),
            fastest=max(speeds),
            turned=turned,
            bent=sum(wrap(b - a) for a, b in pairwise(known)),
            ahead=dx * np.cos(yaw) + dy * np.sin(yaw),
            left=dy * np.cos(yaw) - dx * np.sin(yaw),
        )

    def compare(
        self, effects: Mapping[str, float], seconds: float, **controls: float
    ) -> tuple[Motion, Motion]:
        """Return a manoeuvre at speed without and with these effects."""
        found = []
        for values in ({}, effects):
            with self.free(effects=True) as rig:
                self.get_going(rig)
                rig.impose(values)
                found.append(self.manoeuvre(rig, seconds, **controls))  # type: ignore[arg-type]
        return found[0], found[1]


def wrap(angle: float) -> float:
    """Return the angle in [-pi, pi)."""
    return float((angle + np.pi) % (2.0 * np.pi) - np.pi)


def _course(rig: Rig) -> float | None:
    """Return the direction of travel [rad] on the map; None for a car that hardly moves."""
    vx, vy = rig.now("vx"), rig.now("vy")
    if np.hypot(vx, vy) < 0.5:
        return None
    return wrap(rig.now("yaw") + float(np.arctan2(vy, vx)))
