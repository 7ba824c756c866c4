"""Starting an entrant's process, talking to it, and ending it whatever it does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import weakref
from pathlib import Path
from time import perf_counter
from typing import IO

from racegym.entrants.failure import FailureError, Fault
from racegym.entrants.wire import HEADER, MOST
from racegym.processes import end_group, ends_within, has_ended

__all__ = ["Link", "Log"]

SLICE = 0.05  # [s] between two looks at whether a silent process lives
GRACE = 1.0  # [s] for a process that is idle to end by itself
MOST_LOGGED = 1_000_000  # bytes of a log, beyond which it begins again


class Log:
    """What an entrant prints, and how it failed: a file that does not grow without end.

    Args:
        path: of the file; None for none.
    """

    def __init__(self, path: Path | None):
        self._file: IO[bytes] | None = None if path is None else path.open("ab", buffering=0)

    @property
    def target(self) -> IO[bytes] | int:
        """What a process prints to."""
        return subprocess.DEVNULL if self._file is None else self._file

    def write(self, line: str) -> None:
        """Add a line."""
        if self._file is not None:
            self._file.write(f"{line}\n".encode("utf-8", "replace"))

    def trim(self) -> None:
        """Begin again if there is too much in it."""
        if self._file is not None and os.fstat(self._file.fileno()).st_size > MOST_LOGGED:
            self._file.truncate(0)
            self.write("... (what stood here was too long)")

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Link:
    """A process of ``racegym.entrants.child``, and the socket to it.

    Args:
        log: takes what it prints.

    Raises:
        FailureError: the system starts no process.
    """

    def __init__(self, log: Log):
        self._log = log
        self._received = bytearray()
        self._socket, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = _start(theirs, log)
        except OSError as error:
            self._socket.close()
            what = f"its process can't be started: {error.strerror or error}"
            raise FailureError(Fault.ENDED, what) from error
        self._end = weakref.finalize(self, _let_go, self._process, self._socket, os.getpid())

    def send(self, message: bytes, seconds: float) -> None:
        """Send a message.

        Raises:
            FailureError: the process has ended, or did not read for so many seconds.
        """
        self._socket.settimeout(seconds)
        try:
            self._socket.sendall(message)
        except TimeoutError as error:
            raise FailureError(Fault.HUNG, "its process takes no questions") from error
        except OSError as error:
            raise self._ended() from error

    def receive(self, deadline: float) -> tuple[bytes, bytes] | None:
        """Return the kind and the payload of a message; None if none comes in time.

        Args:
            deadline: [s] of ``perf_counter``; one that has passed takes what is there.

        Raises:
            FailureError: the process has ended, or its message is too long.
        """
        while True:
            message = self._message()
            if message is not None:
                return message
            left = deadline - perf_counter()
            self._socket.settimeout(min(max(left, 0.0), SLICE))
            try:
                part = self._socket.recv(65536)
            except (TimeoutError, BlockingIOError):
                self._log.trim()
                if has_ended(self._process):
                    raise self._ended() from None
                if left <= 0:
                    return None
                continue
            except OSError as error:
                raise self._ended() from error
            if not part:
                raise self._ended()
            self._received += part

    def _message(self) -> tuple[bytes, bytes] | None:
        if len(self._received) < HEADER.size:
            return None
        kind, length = HEADER.unpack_from(self._received)
        if length > MOST:
            raise FailureError(Fault.ENDED, "its process speaks nonsense")
        whole = HEADER.size + length
        if len(self._received) < whole:
            return None
        payload = bytes(self._received[HEADER.size : whole])
        del self._received[:whole]
        return kind, payload

    def _ended(self) -> FailureError:
        """Return the failure of a process that has ended, with its exit code if it tells."""
        if not ends_within(self._process, GRACE):
            return FailureError(Fault.ENDED, "its process has closed the line")
        self.close(idle=False)  # what it has started goes with it
        code = self._process.returncode
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return FailureError(Fault.ENDED, f"its process has ended, {how}")

    def close(self, *, idle: bool) -> None:
        """End the process and all that it has started. May be called twice.

        Args:
            idle: it waits for a question, so that it may end by itself.
        """
        if self._end.detach() is not None:
            _end(self._process, self._socket, GRACE if idle else 0.0)


def _start(theirs: socket.socket, log: Log) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    # -P: what lies in the working directory is not imported by accident.
    program = [sys.executable, "-P", "-m", "racegym.entrants.child"]
    if sys.platform == "win32":
        process = subprocess.Popen(
            [*program, "shared"], stdin=subprocess.PIPE, stdout=log.target,
            stderr=subprocess.STDOUT, env=environment, bufsize=0,
        )  # fmt: skip
        assert process.stdin is not None
        shared = theirs.share(process.pid)
        process.stdin.write(len(shared).to_bytes(4, "little") + shared)
        return process
    number = theirs.fileno()
    return subprocess.Popen(
        [*program, str(number)], stdin=subprocess.PIPE, stdout=log.target,
        stderr=subprocess.STDOUT, env=environment, bufsize=0, pass_fds=(number,),
        start_new_session=True,  # a group of its own, which is ended as a whole
    )  # fmt: skip


def _let_go(process: subprocess.Popen[bytes], line: socket.socket, owner: int) -> None:
    """End a process that nobody asks any more, unless a copy of its owner is what ends."""
    if os.getpid() == owner:
        _end(process, line, 0.0)


def _end(process: subprocess.Popen[bytes], line: socket.socket, grace: float) -> None:
    line.close()
    ends_within(process, grace)
    end_group(process)
    if process.stdin is not None:
        process.stdin.close()
