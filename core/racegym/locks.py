"""A lock file that the operating system releases when its holder dies, however it dies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

__all__ = ["Lock", "is_held"]


class Lock:
    """An exclusive lock on a file, held until ``release`` or the end of the process.

    Args:
        path: the file; made when absent, removed on release.

    Raises:
        OSError: the file can't be made, or somebody else holds it (``BlockingIOError``).
    """

    def __init__(self, path: Path):
        self._path = path
        self._file: IO[bytes] | None = path.open("ab")
        try:
            _lock(self._file)
        except OSError:
            self._file.close()
            raise

    def release(self) -> None:
        """Let go of it. May be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Return whether a living process holds the lock at ``path``."""
    try:
        with path.open("r+b") as file:
            _lock(file)
    except FileNotFoundError:
        return False
    except OSError:  # it is taken, or it is not ours to open: either way, leave it alone
        return True
    return False


if os.name == "nt":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
