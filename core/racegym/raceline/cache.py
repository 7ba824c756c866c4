"""Arrays that take long to compute, kept on disk under a digest of all they depend on.

``RACEGYM_CACHE_DIR`` moves the folder, as it does that of the kernels. A file is written beside
its place and then renamed, so it is whole or absent; one that is damaged all the same is made
again. Where nothing can be written nothing is kept. Of each kind some thousand entries are kept,
so that tracks that are made anew for every episode do not fill the disk.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

__all__ = ["cached_arrays", "digest_of", "kept_arrays"]

# What reading raises: the file is absent, cut off, or no archive of such arrays.
_DAMAGED = (OSError, ValueError, KeyError, IndexError, EOFError, MemoryError, zipfile.BadZipFile)

Arrays = dict[str, NDArray[Any]]

MOST = 4096  # entries of a kind; of more, those go that were used longest ago, down to half
COUNTED_EVERY = 64  # entries written by a process

_written = count(1)


def digest_of(*parts: str | float | NDArray[Any] | None) -> str:
    """Return 16 hex digits of some words, numbers and arrays, to the last bit."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(repr((part.dtype.str, part.shape)).encode() + part.tobytes())
        elif isinstance(part, float):
            digest.update(part.hex().encode())
        else:
            digest.update(repr(part).encode())
        digest.update(b"|")
    return digest.hexdigest()


def cached_arrays(
    kind: str, key: str, names: Sequence[str], make: Callable[[], Mapping[str, NDArray[Any]]]
) -> Arrays:
    """Return what ``make`` returns, from the cache where it is there.

    Args:
        kind: folder of such entries in the cache, such as "lines".
        key: digest of all that the arrays depend on, the version of the method included.
        names: of the arrays; an entry that lacks one counts as damaged.
        make: computes them.
    """
    found = kept_arrays(kind, key, names)
    if found is not None:
        return found
    path = _folder(kind) / f"{key}.npz"
    made = {name: np.asarray(array) for name, array in make().items()}
    _write(path, made)
    return made


def kept_arrays(kind: str, key: str, names: Sequence[str]) -> Arrays | None:
    """Return what is in the cache; None where it is not there, or damaged.

    Args:
        kind, key, names: as for ``cached_arrays``.
    """
    return _read(_folder(kind) / f"{key}.npz", names)


def _folder(kind: str) -> Path:
    root = os.environ.get("RACEGYM_CACHE_DIR") or platformdirs.user_cache_dir("racegym", False)
    return Path(root) / kind


def _read(path: Path, names: Sequence[str]) -> Arrays | None:
    try:
        with path.open("rb") as file:
            entry = np.load(file, allow_pickle=False)
            found = {name: np.asarray(entry[name]) for name in names}
    except _DAMAGED:
        return None
    with suppress(OSError):
        os.utime(path)  # what is used stays
    return found


def _write(path: Path, arrays: Arrays) -> None:
    with suppress(OSError):  # a cache that can't be written is none
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".npz")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        if next(_written) % COUNTED_EVERY == 0:
            _thin_out(path.parent)


def _thin_out(folder: Path) -> None:
    """Delete the entries that were used longest ago, where there are too many."""
    with os.scandir(folder) as entries:
        used = sorted((entry.stat().st_mtime_ns, entry.path) for entry in entries)
    if len(used) > MOST:
        for _, path in used[: len(used) - MOST // 2]:
            with suppress(FileNotFoundError):  # another process does the same
                Path(path).unlink()
