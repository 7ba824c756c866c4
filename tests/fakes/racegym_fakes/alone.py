"""Engines that hold one race: a whole one, a quick one, and one that fails as it is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from racegym.errors import BackendError
from racegym.interfaces import Backend, BackendSpec, Cars, Control, Effects, Keys, Races, Setup
from racegym.testing.parts import VEHICLE, Bicycle
from racegym.track import Track
from racegym_fakes.late import oval

__all__ = ["Alone", "Busy", "Clumsy", "Forking", "Frail", "Quick"]


class Alone(Bicycle):
    """All that a backend can be told, for one race."""

    spec: ClassVar[BackendSpec] = replace(Bicycle.spec, max_races=1)


class Clumsy(Alone):
    """Drops dead the first time that it has to place cars; ``once`` names the file.

    With ``after``, so many times go well before.
    """

    _placed = 0

    def place(self, cars: Cars, pose: NDArray[np.float64], speed: NDArray[np.float64]) -> None:
        self._placed += 1
        late = self._placed > self.setup.options.get("after", 0)
        if late and not Path(self.setup.options["once"]).exists():
            Path(self.setup.options["once"]).touch()
            os._exit(1)
        super().place(cars, pose, speed)


class Quick(Backend):
    """One car on an oval of its own that takes next to no time, or some if it is told so."""

    spec: ClassVar[BackendSpec] = BackendSpec(
        max_races=1,
        max_cars=1,
        fills=frozenset({"x", "y", "yaw", "vx", "vy"}),
        tracks="fixed",
        placement="start",
        snapshots="none",
        vehicles="own",
    )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self._oval = oval()
        self._busy = float(setup.options.get("busy", 0.0))  # [s] of work a step

    def track(self, race: int) -> Track:
        return self._oval

    def reset(self, races: Races, keys: Keys) -> None:
        for name, value in VEHICLE.items():
            getattr(self.view.vehicle, name)[0, 0] = value
        state = self.view.state
        state.x[0, 0], state.y[0, 0], state.yaw[0, 0] = self._oval.at(0.0)
        state.vx[0, 0] = state.vy[0, 0] = 0

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        until = time.thread_time() + self._busy
        self.view.state.vx[0, 0] += control.throttle[0, 0] * dt
        self.view.clock.elapsed[0] += dt
        while self._busy and time.thread_time() < until:
            pass


class Frail(Quick):
    """Fails at some point, in some way; with ``once``, a file, only where that is not there.

    Options: ``at`` (start, reset, step), ``how`` (raise, tell, rant, exit, kill, hang), ``after``
    so many steps, and ``once``.
    """

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self._told = dict(setup.options)
        self._steps = 0
        self._fail("start")

    def reset(self, races: Races, keys: Keys) -> None:
        self._steps = 0
        self._fail("reset")
        super().reset(races, keys)

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        self._steps += 1
        self.view.state.vx[0, 0] = np.nan  # what an engine leaves when it dies in a step
        self._fail("step")
        self.view.state.vx[0, 0] = self._steps
        self.view.clock.elapsed[0] += dt

    def _fail(self, at: str) -> None:
        told = self._told
        if told.get("at") != at or (at == "step" and self._steps <= told.get("after", 0)):
            return
        if "once" in told:
            try:
                Path(told["once"]).touch(exist_ok=False)
            except FileExistsError:
                return
        sys.stderr.write("the engine is not well\n")
        sys.stderr.flush()
        _ways()[told["how"]]()


class Busy(Frail):
    """Starts a program of its own, as real simulators do; ``program`` takes its number."""

    def __init__(self, setup: Setup):
        program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        with Path(setup.options["program"]).open("a") as file:
            file.write(f"{program.pid}\n")
        super().__init__(setup)


class Forking(Quick):
    """Leaves a copy of its process behind."""

    def __init__(self, setup: Setup):
        super().__init__(setup)
        if os.fork() == 0:
            time.sleep(1000)


def _ways() -> dict[str, Any]:
    def fall() -> None:
        raise ValueError("out of fuel")

    def rant() -> None:
        raise BackendError("\ud800 no " * 100_000)

    def tell() -> None:
        raise BackendError("the track is closed")

    def hang() -> None:
        time.sleep(1000)

    return {
        "raise": fall,
        "tell": tell,
        "rant": rant,
        "exit": lambda: os._exit(3),
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "hang": hang,
    }
