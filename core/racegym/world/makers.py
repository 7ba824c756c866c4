"""Circuits made ahead of time, by processes beside the world.

What is made is a pure function of its seed, so it is no matter who makes it, or when: a circuit
that is wanted and not there yet is made by whoever is free, the world's own process too.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from racegym.processes import end_group, ends_within
from racegym.world.maker import Made, make

__all__ = ["Makers"]

FAREWELL = 2.0  # [s] for a process to end by itself


class Makers:
    """Makes circuits of one recipe.

    Args:
        recipe: all arguments of ``racegym.track.generate`` but the seed.
        processes: how many make circuits ahead; with 0 each is made when it is asked for.
    """

    def __init__(self, recipe: Mapping[str, Any], processes: int):
        self._recipe = dict(recipe)
        self._state = _State()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: list[threading.Thread] = []
        self._planned = processes
        self._end = weakref.finalize(self, _end, self._state, self._processes, self._threads)

    def expect(self, seeds: Iterable[int]) -> None:
        """Have circuits made ahead: these, and no others than these."""
        if not self._planned:
            return
        self._start()
        state = self._state
        with state.changed:
            wanted = dict.fromkeys(seeds)
            state.wanted = set(wanted)
            state.ready = {s: made for s, made in state.ready.items() if s in wanted}
            state.queue = deque(s for s in wanted if s not in state.ready and s not in state.busy)
            state.changed.notify_all()

    def take(self, seeds: Sequence[int]) -> list[Made]:
        """Return the circuits of some seeds, waiting for those that are being made.

        Raises:
            TrackError: the recipe makes no circuit of a seed.
        """
        if self._planned and len(seeds) > 1:
            self._start()
        state = self._state
        found: dict[int, Made] = {}
        missing = dict.fromkeys(seeds)
        with state.changed:
            state.wanted.update(missing)
            first = [s for s in missing if s not in state.ready and s not in state.busy]
            state.queue = deque([*first, *(s for s in state.queue if s not in missing)])
            state.changed.notify_all()
        while missing:
            with state.changed:
                for seed in [s for s in missing if s in state.ready]:
                    found[seed] = state.ready.pop(seed)
                    del missing[seed]
                mine = next((s for s in state.queue if s in missing), None)
                if mine is not None:
                    state.queue.remove(mine)
                elif missing:
                    # What nobody makes any more, as its process has failed, is made here.
                    mine = next((s for s in missing if s not in state.busy), None)
                    if mine is None:
                        state.changed.wait()
            if mine is not None:
                found[mine] = make(mine, self._recipe)
                del missing[mine]
        return [found[seed] for seed in seeds]

    def close(self) -> None:
        """End the processes. May be called twice."""
        self._end()

    def _start(self) -> None:
        if self._processes or not self._end.alive:
            return
        for _ in range(self._planned):
            try:
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "racegym.world.maker", json.dumps(self._recipe)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={
                        **os.environ,
                        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
                        "RACEGYM_THREADS": "1",
                    },
                    start_new_session=True,
                )
            except OSError:
                break  # it is made here, then
            thread = threading.Thread(
                target=_serve, args=(self._state, process), name="racegym-makers", daemon=True
            )
            self._processes.append(process)
            self._threads.append(thread)
            thread.start()


class _State:
    """What the world and the threads that talk to the processes share."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.closing = False
        self.queue: deque[int] = deque()  # to be made
        self.busy: set[int] = set()  # being made
        self.ready: dict[int, Made] = {}
        self.wanted: set[int] = set()  # what is made beside these is thrown away


def _serve(state: _State, process: subprocess.Popen[bytes]) -> None:
    """Give seeds to one process, and keep what it makes of them."""
    assert process.stdin and process.stdout
    while True:
        with state.changed:
            while not state.queue and not state.closing:
                state.changed.wait()
            if state.closing:
                return
            seed = state.queue.popleft()
            state.busy.add(seed)
        made = None
        try:
            made = _ask(process.stdin, process.stdout, seed)
        finally:
            with state.changed:
                state.busy.discard(seed)
                if made is not None and seed in state.wanted:
                    state.ready[seed] = made
                state.changed.notify_all()
        if made is None:
            return


def _ask(orders: IO[bytes], answers: IO[bytes], seed: int) -> Made | None:
    """Return what a process makes of a seed; None if it can't."""
    try:
        orders.write(b"%d\n" % seed)
        orders.flush()
        answer = pickle.load(answers)
    except (OSError, EOFError, ValueError, pickle.UnpicklingError):
        return None
    return None if answer is None else Made(*answer)


def _end(
    state: _State,
    processes: Sequence[subprocess.Popen[bytes]],
    threads: Sequence[threading.Thread],
) -> None:
    with state.changed:
        state.closing = True
        state.changed.notify_all()
    for process in processes:
        assert process.stdin
        with suppress(OSError):
            process.stdin.close()
    for process, thread in zip(processes, threads, strict=True):
        if not ends_within(process, FAREWELL):
            end_group(process)
        process.wait()
        thread.join()
        assert process.stdout
        process.stdout.close()
