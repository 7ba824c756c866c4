"""An engine that lives in a process of its own and is spoken to in bytes."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from racegym.errors import BackendError
from racegym.interfaces import (
    Backend,
    BackendSpec,
    Cars,
    Control,
    Effects,
    Keys,
    Races,
    Setup,
)
from racegym_fakes.engine import LOCK, RATE, VX, WHEELBASE, YAW, X, Y, serve

__all__ = ["TwoProcessBackend"]

VEHICLE = {
    "length": 1.9, "width": 1.3, "wheelbase": WHEELBASE, "track": 1.1, "to_front": 0.5,
    "mass": 150.0, "steer_limit": LOCK, "grip": 3.0, "drive": 5.0, "power": 60.0,
    "brake": 8.0, "drag": 0.02, "top_speed": 15.0,
}  # fmt: skip
PATIENCE = 5.0  # [s] for the other process to end by itself


class TwoProcessBackend(Backend):
    """Keeps the cars in a child process; ``save`` and ``load`` fetch what it knows."""

    spec: ClassVar[BackendSpec] = BackendSpec(
        fills=frozenset({"x", "y", "yaw", "vx", "vy", "yaw_rate"}),
        snapshots="engine",
        placement="any",
    )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self._shape = (self.view.n_races, self.view.n_cars)
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        self._process = spawning.Process(target=serve, args=(theirs, *self._shape), daemon=True)
        self._process.start()
        theirs.close()  # so that each end sees when the other is gone
        self._pending = False

    def reset(self, races: Races, keys: Keys) -> None:
        for name, value in VEHICLE.items():
            getattr(self.view.vehicle, name)[races] = value
        self.view.state.vy[races] = 0
        mask = np.zeros(self._shape[0], bool)
        mask[races] = True
        self._show(self._ask(b"R" + mask.tobytes()), mask)

    def place(self, cars: Cars, pose: NDArray[np.float64], speed: NDArray[np.float64]) -> None:
        poses = np.full((*self._shape, 4), np.nan)
        flat = poses.reshape(-1, 4)
        flat[cars, :3], flat[cars, 3] = pose, speed
        self._show(self._ask(b"P" + poses.tobytes()), ~np.isnan(poses[..., 0]))

    def begin(self, control: Control, effects: Effects, dt: float) -> None:
        orders = np.stack([control.steer, control.throttle, control.brake], -1).astype(float)
        orders[~self.view.race.present] = np.nan
        self._send(b"S" + np.float64(dt).tobytes() + orders.tobytes())
        self.view.clock.elapsed += dt

    def finish(self) -> None:
        self._show(self._receive(), self.view.race.present)

    def step(self, control: Control, effects: Effects, dt: float) -> None:
        self.begin(control, effects, dt)
        self.finish()

    def save(self) -> bytes:
        return self._ask(b"G")

    def load(self, saved: bytes) -> None:
        self._ask(b"L" + saved)

    def close(self) -> None:
        if self._process is None:
            return
        with suppress(BackendError):  # it may be gone already
            self._send(b"Q")
        self._pipe.close()
        self._process.join(PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._process = None

    def _ask(self, message: bytes) -> bytes:
        self._send(message)
        return self._receive()

    def _send(self, message: bytes) -> None:
        try:
            self._pipe.send_bytes(message)
        except OSError as error:
            raise BackendError(f"the engine's process has ended: {error}") from error

    def _receive(self) -> bytes:
        try:
            return self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            raise BackendError(f"the engine's process has ended: {error!r}") from error

    def _show(self, answer: bytes, which: NDArray[np.bool_]) -> None:
        """Write the engine's state into the view, for some races or cars."""
        found = np.frombuffer(answer).reshape(*self._shape, 5)
        state = self.view.state
        for name, column in (("x", X), ("y", Y), ("yaw", YAW), ("vx", VX), ("yaw_rate", RATE)):
            getattr(state, name)[which] = found[..., column][which]
        state.vy[which] = 0
        state.yaw[state.yaw >= np.pi] = -np.pi  # float32 may round up to pi
