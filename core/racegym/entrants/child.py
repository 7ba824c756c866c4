"""The program of an entrant's process: ``python -m racegym.entrants.child SOCKET``.

It answers questions until the other side is gone. What the entrant prints goes to stdout and
stderr, which the parent has pointed at a file or at nothing; the race speaks through a socket
of its own. A thread waits for the end of stdin, which comes when the parent is gone, however
it went, and then ends this process and all that it has started.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from racegym.entrants.failure import FailureError
from racegym.entrants.instances import Instances, declare
from racegym.entrants.source import Source
from racegym.entrants.wire import (
    ASK,
    DECLARE,
    HEADER,
    READY,
    REFUSED,
    Answer,
    Layout,
    Row,
    frame,
    pack_answers,
    unpack_question,
)
from racegym.errors import RacegymError

__all__ = ["main"]

MEGABYTE = 1_000_000


def main() -> None:
    """Serve until the parent hangs up."""
    if sys.platform == "win32":  # a handle can't be inherited by its number there
        size = int.from_bytes(os.read(0, 4), "little")
        channel = socket.fromshare(os.read(0, size))
    else:
        channel = socket.socket(fileno=int(sys.argv[1]))
        channel.set_inheritable(False)
        # A copy of this process that the entrant forks must not speak for it.
        os.register_at_fork(after_in_child=lambda: os.close(channel.detach()))
    _watch_parent()
    _Server(channel).run()


def _watch_parent() -> None:
    parent = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # so that an entrant that reads its input gets none
    os.close(nothing)

    def wait() -> None:
        while os.read(parent, 1):
            pass
        _end_all()

    threading.Thread(target=wait, daemon=True).start()


def _end_all() -> NoReturn:
    """End this process and whatever the entrant has started."""
    if sys.platform != "win32":
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


class _Server:
    """Answers the parent.

    Args:
        channel: to the parent.
    """

    def __init__(self, channel: socket.socket):
        self._channel = channel
        self._process = os.getpid()
        self._instances: Instances | None = None
        self._layout = Layout([])

    def run(self) -> None:
        """Answer until nobody asks."""
        while True:
            head = self._read(HEADER.size)
            kind, length = HEADER.unpack(head)
            answer = self._answer(kind, self._read(length))
            if os.getpid() != self._process:
                os._exit(0)  # a copy that the entrant has forked ends here
            try:
                self._channel.sendall(answer)
            except ConnectionError:
                _end_all()

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self._channel.recv(size - len(parts))
            except ConnectionError:
                part = b""
            if not part:
                with suppress(OSError, ValueError):  # what the entrant printed last
                    sys.stdout.flush()
                    sys.stderr.flush()
                _end_all()
            parts += part
        return bytes(parts)

    def _answer(self, kind: bytes, payload: bytes) -> bytes:
        if kind == ASK:
            number, questions = unpack_question(payload, self._layout)
            return pack_answers(number, [self._decide(row, told) for row, told in questions])
        try:
            asked = json.loads(payload)
            found: dict[str, Any] = {}
            if kind == DECLARE:
                found = self._declare(asked)
            else:
                self._set_up(asked)
        except RacegymError as error:
            return frame(REFUSED, json.dumps({"what": error.what, "line": error.line}).encode())
        return frame(READY, json.dumps(found).encode())

    def _declare(self, asked: dict[str, Any]) -> dict[str, Any]:
        _limit_memory(asked["memory_mb"])
        source = Source(Path(asked["file"]), asked["name"])
        found = declare(source, asked["options"], frozenset(asked["reserved"]))
        return {
            "observation": found.observation,
            "action": found.action,
            "options": found.options,
            "faults": found.faults,
        }

    def _set_up(self, asked: dict[str, Any]) -> None:
        _limit_memory(asked["memory_mb"])
        self._layout = Layout(asked["layout"])
        source = Source(Path(asked["file"]), asked["name"])
        self._instances = Instances(source, asked["options"])

    def _decide(self, row: Row, observation: Any) -> Answer:
        assert self._instances is not None  # a question before SETUP is never sent
        try:
            if row.fresh:
                self._instances.reset(row.race, row.seed)
            return self._instances.act(row.race, observation)
        except FailureError as failure:
            return failure


def _limit_memory(megabytes: int | None) -> None:
    """Allow that much address space beyond what the process has now, where that can be told."""
    if megabytes is None or sys.platform == "win32":
        return
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        pages = 0  # not told here; the limit then counts what Python itself takes, too
    most = pages * resource.getpagesize() + megabytes * MEGABYTE
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main()
