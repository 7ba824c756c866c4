"""The suite of drivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, cast

import numpy as np

from racegym.interfaces import ActionMap, Cars, Control, Sensor, columns
from racegym.scenario.building import make_driver
from racegym.scenario.settings import StageSettings
from racegym.scenario.stages import check_declared
from racegym.testing.rig import Rig, Rows, circuits, difference, rows
from racegym.testing.stage import N_CARS, N_RACES, StageSuite
from racegym.testing.suite import ConformanceError, needs
from racegym.track import Track
from racegym.world import CarConfig, Part
from racegym.world.seats import Seat

__all__ = ["DriverSuite"]

ACT = "Driver.act"
STEPS = 40


class DriverSuite(StageSuite):
    """What every driver promises.

        class TestMine(DriverSuite):
            make = MyDriver

    Attributes:
        sensors: what the driver is told; None takes what its ``observation`` declares.
        action: the action map it asks for; None takes what its ``action`` declares.
    """

    sensors: ClassVar[Sequence[Part[Sensor]] | None] = None
    action: ClassVar[Part[ActionMap] | None] = None

    def cars(self, n_cars: int) -> Sequence[CarConfig]:
        """Return cars that the driver drives."""
        stage = StageSettings(name=self.make.__name__, **self.options)
        driver = make_driver(self.make, stage, check_declared(self.make, stage))
        if self.sensors is not None:
            driver = replace(driver, sensors=self.sensors)
        if self.action is not None:
            driver = replace(driver, action=self.action)
        return [
            CarConfig(name=f"car {k}", vehicle=self.vehicles[k % len(self.vehicles)], driver=driver)
            for k in range(n_cars)
        ]

    def _run(
        self, n_races: int = N_RACES, seed: int = 1, tracks: Sequence[Track] | None = None
    ) -> list[Rows]:
        with self.rig(n_races, tracks=tracks) as rig:
            rig.start(seed)
            return self._drive(rig)

    def _drive(self, rig: Rig) -> list[Rows]:
        trace = [rows(rig.world)]
        for _ in range(STEPS):
            rig.world.step()
            trace.append(rows(rig.world))
        return trace

    def check_control_keeps_its_bounds(self) -> None:
        """Steer stays in [-1, 1] and the pedals in [0, 1]."""
        for step in self._run():
            for name in ("steer", "throttle", "brake"):
                bounds, values = columns(Control)[name], step[f"control.{name}"]
                if not ((values >= bounds.low) & (values <= bounds.high)).all():
                    raise ConformanceError(
                        f"control.{name} reaches [{values.min():g}, {values.max():g}]", where=ACT
                    )

    def check_writes_its_cars_alone(self) -> None:
        """Only the control of ``cars`` is written, and nothing else in the world."""
        with self.rig() as rig:
            rig.start()
            self._drive(rig)
            seat = rig.world.seats[0]
            pilot = np.full((N_RACES, N_CARS), seat.index, np.int16)
            pilot[1] = -1
            seat.assign(pilot)
            before = rows(rig.world)
            self._act(rig, seat, np.flatnonzero(pilot.reshape(-1) == seat.index))
            odd = difference(before, rows(rig.world), skip=("control.", "drivers."))
            for name in columns(Control):
                was, now = before[f"control.{name}"], getattr(rig.world.control, name)
                if was[1].tobytes() != now[1].tobytes():
                    odd = f"control.{name} of cars that it does not drive"
        if odd:
            raise ConformanceError(f"it wrote {odd}", where=ACT)

    def _act(self, rig: Rig, seat: Seat, cars: Cars) -> None:
        view, act = rig.world.view, cast(Callable[..., object], seat.driver.act)
        found = act(view, cars, seat.observe(view), rig.world.control)
        if found is not None:
            raise ConformanceError(
                f"act returned a {type(found).__name__}, which nobody uses; it writes `control`, "
                "by itself or with setup.action_map.apply(actions, cars, control)",
                where=ACT,
            )

    def check_repeats_itself(self) -> None:
        """The same seeds give the same race."""
        self._same(self._run(), self._run(), "two runs with the same seeds differ", ACT)

    @needs("repeats_itself")
    def check_reset_is_complete(self) -> None:
        """After a reset nothing from before it matters."""
        with self.rig() as rig:
            rig.start(50)
            self._drive(rig)
            rig.world.arrays.garbage(1)
            rig.start(1)
            used = self._drive(rig)
        where = "what it remembers: it must lie in setup.arrays"
        self._same(self._run(), used, "a used world is no fresh world", where)

    @needs("repeats_itself")
    def check_race_is_independent_of_the_batch(self) -> None:
        """It drives a race the same in a batch as alone."""
        batch = self._run(seed=5)
        tracks = self.tracks or circuits()
        for race in range(N_RACES):
            alone = self._run(1, 5 + race, [tracks[race % len(tracks)]])
            mine = [{n: a[race : race + 1] for n, a in step.items()} for step in batch]
            self._same(alone, mine, f"race {race} of {N_RACES} is not the race it is alone", ACT)

    def _same(self, a: list[Rows], b: list[Rows], what: str, where: str) -> None:
        for step, (one, other) in enumerate(zip(a, b, strict=True)):
            self.must_be_same(one, other, f"{what}, at step {step}", where)
