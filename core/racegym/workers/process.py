"""One worker process as the world sees it: started, told, waited for, ended."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from racegym.processes import end_group, ends_within
from racegym.workers.memory import Layout, Segment
from racegym.workers.messages import ANSWER, Order, Outcome, Task

__all__ = ["EngineError", "EngineProcess"]

FAREWELL = 5.0  # [s] for an engine to close by itself
LAST_WORDS = 4000  # [bytes] of what an engine has said that are kept
LISTEN = 0.5  # [s] for last words; they end at once unless the engine left processes behind
TOLD = 600  # characters of them in a message
GLANCE = 5e-4  # [s] between looks at the flag where a pipe can't be waited for
MARGIN = 30.0  # [s] beyond all time-outs after which a worker whose world is gone ends


class EngineError(Exception):
    """An engine has failed; its text is the reason, in words."""


class EngineProcess:
    """A fresh Python process that runs one engine for one race.

    Args:
        race: whose rows and parcel it uses.
        layout, segment: the shared memory, open.
        patience: [s] the longest time-out.

    Attributes:
        ready: the engine is built.
        waiting: an order was given and not answered yet.
    """

    def __init__(self, race: int, layout: Layout, segment: Segment, patience: float):
        self.race = race
        self.ready = False
        self.waiting = False
        self._layout = layout
        self._patience = patience
        self._number = 0
        assert segment.map is not None
        self._parcel = layout.parcel(segment.map, race)
        self._ordered = layout.flag(segment.map, race, 0)
        self._answered = layout.flag(segment.map, race, 1)
        self._segment = segment
        self._popen: subprocess.Popen[bytes] | None = None
        self._orders = self._answers = -1
        self._poll: Any = None
        self._said = b""
        self._heard: subprocess.Popen[bytes] | None = None  # whose words these are
        self._listener: threading.Thread | None = None
        self._began = 0.0

    @property
    def running(self) -> bool:
        """Whether a process was started and not ended from here."""
        return self._popen is not None

    def start(self, brief: bytes) -> None:
        """Start the process, without waiting for its engine.

        Args:
            brief: what the engine is built from, as ``Brief.encode`` gives it.

        Raises:
            EngineError: the system starts no process.
        """
        self.end()
        self.put(brief)
        self._number, self._said = 0, b""
        self._ordered[0], self._answered[0] = 0, -1
        descriptor = self._segment.descriptor
        told = {
            "world": os.getpid(),
            "memory": self._segment.reference,
            "size": self._segment.size,
            "race": self.race,
            "layout": [self._layout.n_races, self._layout.row_bytes, self._layout.parcel_bytes],
            "brief": len(brief),
            "patience": self._patience + MARGIN,
        }
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-P", "-m", "racegym.workers.worker", json.dumps(told)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=() if descriptor is None else (descriptor,),
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
                    "RACEGYM_THREADS": "1",
                },
                **_apart(),
            )
        except OSError as error:
            raise EngineError(f"its process can't be started: {error}") from error
        self._heard = self._popen
        assert self._popen.stdin and self._popen.stdout
        self._orders = self._popen.stdin.fileno()
        self._answers = self._popen.stdout.fileno()
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(self._answers, select.POLLIN)
        self._listener = threading.Thread(
            target=self._listen, args=(self._popen,), name="racegym-worker-words", daemon=True
        )
        self._listener.start()
        self.ready, self.waiting, self._began = False, True, monotonic()

    def _listen(self, popen: subprocess.Popen[bytes]) -> None:
        """Keep the last that the engine says, so that its pipe never fills."""
        assert popen.stderr
        with popen.stderr as words, suppress(OSError, ValueError):
            while said := os.read(words.fileno(), LAST_WORDS):
                if self._heard is popen:
                    self._said = (self._said + said)[-LAST_WORDS:]

    def put(self, content: bytes) -> None:
        """Write into the parcel.

        Raises:
            EngineError: it does not fit.
        """
        if len(content) > len(self._parcel):
            raise EngineError(
                f"a message of {len(content)} bytes is too long; there is room for "
                f"{len(self._parcel)}"
            )
        self._parcel[: len(content)] = content

    def order(self, number: int, task: Task, content: bytes = b"", key: int = 0) -> None:
        """Tell the worker what to do.

        Args:
            number: of the order, greater than that of the one before.
            task: what to do.
            content: goes into the parcel.
            key: of the episode, for a reset.

        Raises:
            EngineError: the process has ended.
        """
        self.put(content)
        self.send(number, Order(number, task, len(content), key).pack())

    def send(self, number: int, message: bytes) -> None:
        """Tell the worker what to do by an order that is packed already.

        Raises:
            EngineError: the process has ended.
        """
        self._number = number
        self.waiting = True
        self._began = monotonic()
        self._ordered[0] = number
        try:
            os.write(self._orders, message)
        except OSError:
            raise self._ended() from None

    @property
    def answered(self) -> bool:
        """Whether the answer is there or about to come."""
        return self._answered[0] == self._number

    def answer(self, timeout: float, what: str) -> bytes | None:
        """Wait for the answer to the last order, or for the engine to be built.

        Args:
            timeout: [s] since the order.
            what: the engine has to do, for the message.

        Returns:
            What the parcel holds if the engine has made a new track, else None.

        Raises:
            EngineError: the engine failed, its process has ended, or it took too long. In
                any case the process is ended.
        """
        deadline = self._began + timeout
        while True:
            if not self._comes(deadline):
                raise self._failure(f"it took more than {timeout:g} s to {what}")
            try:
                raw = os.read(self._answers, ANSWER.size)
            except OSError:
                raw = b""
            if len(raw) != ANSWER.size:
                raise self._ended()
            number, outcome, length = ANSWER.unpack(raw)
            if number == self._number:  # a wait that was broken off leaves older ones
                break
        self.waiting = False
        self.ready = True
        if outcome == Outcome.FAILED:
            reason = bytes(self._parcel[:length]).decode()
            raise self._failure(f"it failed to {what}: {reason}", FAREWELL)
        return bytes(self._parcel[:length]) if outcome == Outcome.NEW_TRACK else None

    def _comes(self, deadline: float) -> bool:
        """Wait until there is something to read, or the deadline [s] has passed."""
        if self._poll is not None:
            left = max(0.0, deadline - monotonic())
            return bool(self._poll.poll(1000.0 * left))
        while not self.answered and self._popen is not None and self._popen.poll() is None:
            if monotonic() > deadline:
                return False
            sleep(GLANCE)
        return True

    def _failure(self, reason: str, patience: float = 0.0) -> EngineError:
        """End the process and return what is to be said, with the last of its words."""
        self.end(patience)
        said = self._said.decode(errors="replace").strip()[-TOLD:].strip()
        return EngineError(f"{reason}. It said last:\n{said}" if said else reason)

    def _ended(self) -> EngineError:
        """Return what is to be said of a process that has ended by itself."""
        popen = self._popen
        assert popen is not None
        if not ends_within(popen, FAREWELL):
            return self._failure("its process has closed its end of the pipe")
        self.end()
        code = popen.returncode
        how = f"exit code {code}"
        if code < 0:
            with suppress(ValueError):
                how = f"signal {signal.Signals(-code).name}"
        return self._failure(f"its process has ended with {how}")

    def close(self, patience: float) -> None:
        """End the process as ``end`` does, for good, and let go of the memory."""
        self.end(patience)
        for view in (self._parcel, self._ordered, self._answered):
            view.release()

    def leave(self) -> None:
        """Let the engine close by itself; ``end`` waits for it."""
        if self._popen is not None and self._popen.stdin:
            with suppress(OSError):
                self._popen.stdin.close()

    def end(self, patience: float = 0.0) -> None:
        """End the process, by force if it is still there after ``patience`` [s].

        Whatever the engine has started and left in its group ends with it.
        """
        popen, self._popen = self._popen, None
        self.ready = self.waiting = False
        if popen is None:
            return
        with suppress(OSError):
            if popen.stdin:
                popen.stdin.close()
        ends_within(popen, patience)
        end_group(popen)
        if popen.stdout:
            popen.stdout.close()
        if self._listener is not None:
            self._listener.join(LISTEN)
            self._listener = None


def _apart() -> dict[str, Any]:
    """Return what keeps Ctrl-C from the worker: the world decides when it ends."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}
