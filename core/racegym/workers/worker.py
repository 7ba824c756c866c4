"""The worker process: one engine, one race, until the world is gone.

It builds a view of one race whose arrays lie in shared memory, so the engine writes where
the world reads. Its standard streams are the world's: orders come by the input, answers go
by the output, and whatever the engine prints goes to the error stream, where the world
listens for last words.
"""

from __future__ import annotations

import atexit
import faulthandler
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from racegym.errors import RacegymError
from racegym.interfaces import Arrays, Backend, Effects, ScopedArrays, Setup, View, allocate
from racegym.track import Track, TrackSet
from racegym.workers.memory import Layout, RowArrays, Segment
from racegym.workers.messages import (
    ANSWER,
    ORDER_BYTES,
    SPIN,
    Order,
    Outcome,
    Task,
    breathe,
)
from racegym.workers.parcels import Brief, decode_poses, decode_track, encode_track

__all__ = ["main"]

WATCH = 1.0  # [s] between looks whether the world is still there
MOST_WORDS = 2000  # characters of what went wrong
THE_RACE = np.zeros(1, np.int64)


class _Host:
    """The engine and all that it is given.

    Args:
        brief: what to build.
        track: to start with.
        row: the race's row.
    """

    def __init__(self, brief: Brief, track: Track, row: Any):
        tracks = TrackSet([track], [0], reserve_tracks=1, reserve_points=brief.max_points)
        rows = RowArrays(row, brief.real)
        channels = {channel.name: channel for channel in brief.channels}
        self.view = View.allocate(rows, brief.n_cars, brief.dt, tracks, channels)
        self.effects = allocate(Effects, rows, brief.n_cars, "effects")
        self._own = Arrays(1, brief.real)
        module, _, name = brief.engine.partition(":")
        made: type[Backend] = getattr(import_module(module), name)
        self._spec = made.spec_for(brief.options)
        self._engine = made(
            Setup(
                view=self.view,
                arrays=ScopedArrays(self._own, "backend"),
                vehicles=brief.vehicles,
                options=brief.options,
            )
        )
        self._track: Track | None = None  # of the engine's own making

    def do(self, order: Order, parcel: bytes) -> bytes | None:
        """Carry out an order; return a track that the engine has made, if it did."""
        engine, view = self._engine, self.view
        if order.task == Task.STEP:
            engine.begin(view.control, self.effects, order.dt)
            engine.finish()
        elif order.task == Task.RESET:
            self._own.reset(THE_RACE)
            engine.reset(THE_RACE, np.array([order.key], np.uint64))
            return self._new_track()
        elif order.task == Task.PLACE:
            engine.place(*decode_poses(parcel))
        elif order.task == Task.REMOVE:
            engine.remove(np.frombuffer(parcel, np.int64))
        elif order.task == Task.TRACK:
            view.tracks.replace(0, decode_track(parcel))
        return None

    def _new_track(self) -> bytes | None:
        if self._spec.tracks == "given":
            return None
        track = self._engine.track(0)
        if track is self._track:
            return None
        self._track = track
        self.view.tracks.replace(0, track)
        return encode_track(track)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


def _take_streams() -> tuple[int, int]:
    """Return descriptors for orders and answers that nobody else in the process has."""
    orders, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    if sys.platform != "win32":
        # A copy of this process that the engine forks must neither speak nor listen for it.
        os.register_at_fork(after_in_child=lambda: os.closerange(orders, orders + 1))
        os.register_at_fork(after_in_child=lambda: os.closerange(answers, answers + 1))
    return orders, answers


def _watch(world: int, patience: float) -> None:
    """End the process when the world's is gone, whatever the engine is doing.

    An engine that holds the interpreter's lock keeps this thread from looking. The alarm,
    put off at each look, then ends the process by the system's own hand.
    """
    while os.getppid() == world:
        if hasattr(signal, "alarm"):
            signal.alarm(int(patience) + 1)
        time.sleep(WATCH)
    _end_all()


def _clear_up(dismissed: threading.Event, worker: int) -> None:
    """End what the engine has left behind, once the world has let go of this process."""
    if dismissed.is_set() and os.getpid() == worker:
        _end_all()


def _end_all() -> NoReturn:
    """End this process and whatever the engine has started, as far as it is in its group."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _reason(error: BaseException) -> bytes:
    """Return in words what has gone wrong, and where."""
    text = str(error)[:MOST_WORDS]
    if not isinstance(error, RacegymError):
        frames = traceback.extract_tb(error.__traceback__)
        at = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
        text = f"{type(error).__name__}: {text}{at}"
    return text.encode(errors="replace")


def _serve(
    host: _Host, orders: int, parcel: memoryview, flag: memoryview, answer: Callable[..., None]
) -> None:
    """Do what the world says until it closes its end of the pipe."""
    done = 0
    while True:
        until = time.perf_counter() + SPIN
        while flag[0] == done and time.perf_counter() < until:
            breathe()
        raw = os.read(orders, ORDER_BYTES)
        if len(raw) != ORDER_BYTES:
            return
        order = Order.unpack(raw)
        done = order.number
        try:
            made = host.do(order, bytes(parcel[: order.length]))
        except Exception as error:  # a stranger's engine may raise anything
            answer(done, Outcome.FAILED, _reason(error))
        else:
            answer(done, Outcome.DONE if made is None else Outcome.NEW_TRACK, made or b"")


def main() -> None:
    """Run one engine; the only argument is what ``EngineProcess.start`` says, as JSON."""
    orders, answers = _take_streams()
    faulthandler.enable()
    dismissed = threading.Event()
    atexit.register(_clear_up, dismissed, os.getpid())  # the last to run: it is the first here
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = json.loads(sys.argv[1])
    if sys.platform != "win32":
        watcher = threading.Thread(
            target=_watch, args=(told["world"], told["patience"]), daemon=True
        )
        watcher.start()
    layout, race = Layout(*told["layout"]), told["race"]
    memory = Segment.attach(told["memory"], told["size"])
    parcel = layout.parcel(memory, race)
    answered = layout.flag(memory, race, 1)

    def answer(number: int, outcome: Outcome, content: bytes = b"") -> None:
        if len(content) > len(parcel):
            outcome = Outcome.FAILED
            content = b"a track of %d bytes is longer than spec.max_points" % len(content)
        parcel[: len(content)] = content
        answered[0] = number
        os.write(answers, ANSWER.pack(number, outcome, len(content)))

    with suppress(BrokenPipeError):
        try:
            row = layout.rows(memory)[race]
            host = _Host(*Brief.decode(bytes(parcel[: told["brief"]])), row)
        except Exception as error:  # its import or its start may fail in any way
            answer(0, Outcome.FAILED, _reason(error))
            return
        answer(0, Outcome.DONE)
        try:
            _serve(host, orders, parcel, layout.flag(memory, race, 0), answer)
            dismissed.set()
        finally:
            host.close()


if __name__ == "__main__":
    main()
