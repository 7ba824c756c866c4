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
from typing import Any

from racegym.processes import end_group, ends_within
from racegym.world.maker import LONG, Made, make

if sys.platform == "linux":
    import fcntl

__all__ = ["Makers"]

FAREWELL = 2.0  # [s] for a process to end by itself
PIPE = 1 << 20  # [bytes] that wait between a process and this one, where the system lets them
SHARES = 4  # orders of each process that the queue is cut into
MOST_AT_ONCE = 8  # circuits of an order: all come with the last of them


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

    def exchange(self, given_up: Iterable[int], seeds: Iterable[int]) -> None:
        """Have circuits made ahead in place of some others, which nobody will ask for."""
        if not self._planned:
            return
        self._start()
        state = self._state
        with state.changed:
            for seed in given_up:
                state.wanted.discard(seed)  # from the queue it goes when its turn comes
                state.ready.pop(seed, None)
            for seed in seeds:
                if seed not in state.wanted:
                    state.wanted.add(seed)
                    if seed not in state.ready and seed not in state.busy:
                        state.queue.append(seed)
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
            first = [s for s in missing if s not in state.ready and s not in state.busy]
            state.wanted.update(missing)
            if first:
                state.queue = deque([*first, *(s for s in state.queue if s not in missing)])
                state.changed.notify_all()
        while missing:
            mine = None
            with state.changed:
                packed = [(s, state.ready.pop(s)) for s in missing if s in state.ready]
                if not packed:
                    mine = next((s for s in state.queue if s in missing), None)
                    if mine is not None:
                        state.queue.remove(mine)
                    else:
                        # What nobody makes any more, as its process has failed, is made here.
                        mine = next((s for s in missing if s not in state.busy), None)
                        if mine is None:
                            state.changed.wait()
            for seed, made in packed:
                found[seed] = Made(*pickle.loads(made))
                del missing[seed]
            if mine is not None:
                found[mine] = make(mine, self._recipe)
                del missing[mine]
        with state.changed:
            state.wanted.difference_update(found)
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
                target=_serve,
                args=(self._state, process, self._planned),
                name="racegym-makers",
                daemon=True,
            )
            self._processes.append(process)
            self._threads.append(thread)
            thread.start()


class _State:
    """What the world and the threads that talk to the processes share."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.closing = False
        self.queue: deque[int] = deque()  # to be made, if wanted still
        self.busy: set[int] = set()  # being made
        self.ready: dict[int, bytes] = {}  # pickled
        self.wanted: set[int] = set()  # what is made beside these is thrown away

    def order(self, processes: int, *, wait: bool) -> list[int]:
        """Return what a process is to make next; nothing if it is to end, or not to wait.

        The more there is to do, the more at once: a thread that wants to pass something on
        has to wait for the world's own thread each time.
        """
        seeds: list[int] = []
        with self.changed:
            while not self.closing:
                many = min(1 + len(self.queue) // (SHARES * processes), MOST_AT_ONCE)
                while self.queue and len(seeds) < many:
                    seed = self.queue.popleft()
                    if seed in self.wanted and seed not in self.busy and seed not in self.ready:
                        seeds.append(seed)
                        self.busy.add(seed)
                if seeds or not wait:
                    break
                self.changed.wait()
        return seeds

    def keep(self, seeds: Sequence[int], answer: Sequence[bytes | None]) -> None:
        """Take in what a process has made of an order; nothing where it has failed."""
        with self.changed:
            self.busy.difference_update(seeds)
            for seed, made in zip(seeds, answer, strict=False):
                if made is not None and seed in self.wanted:
                    self.ready[seed] = made
            self.changed.notify_all()


def _serve(state: _State, process: subprocess.Popen[bytes], processes: int) -> None:
    """Give seeds to one process, and keep what it makes of them.

    An order is given before the one before it is done, so that the process never waits.
    """
    assert process.stdin and process.stdout
    answers = _Answers(process.stdout.fileno())
    given: deque[list[int]] = deque()
    try:
        while True:
            while len(given) < 2 and (seeds := state.order(processes, wait=not given)):
                given.append(seeds)
                process.stdin.write(b"%s\n" % b" ".join(b"%d" % seed for seed in seeds))
                process.stdin.flush()
            if not given:
                return
            answer = answers.receive()
            state.keep(given.popleft(), answer)
    except (OSError, EOFError, ValueError, pickle.UnpicklingError):
        pass  # it has ended
    finally:
        for seeds in given:
            state.keep(seeds, ())


class _Answers:
    """What a process writes, read in as few pieces as can be.

    Args:
        end: file descriptor of the pipe.
    """

    def __init__(self, end: int):
        self._end = end
        self._read = b""
        if sys.platform == "linux":
            with suppress(OSError):
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, PIPE)

    def receive(self) -> list[bytes | None]:
        """Return the next answer.

        Raises:
            EOFError: there is none.
        """
        (long,) = LONG.unpack(self._take(LONG.size))
        answer: list[bytes | None] = pickle.loads(self._take(long))
        return answer

    def _take(self, long: int) -> bytes:
        parts, held = [self._read], len(self._read)
        while held < long:
            part = os.read(self._end, PIPE)
            if not part:
                raise EOFError
            parts.append(part)
            held += len(part)
        read = b"".join(parts)
        self._read = read[long:]
        return read[:long]


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
