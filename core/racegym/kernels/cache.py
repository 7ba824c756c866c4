"""Where compiled kernels are kept, and when they are stale.

Numba's own ``cache=True`` looks only at the file of the function itself, so a function
inlined from another file stays as it was after an upgrade; and it does not tell a serial
from a parallel build. Here the stamp is a digest of every source that a kernel may have
inlined: all of ``racegym.kernels`` and the whole top-level package of the kernel's module.

Numba's caching classes are not public; this module is the only one that touches them.
``RACEGYM_CACHE_DIR`` moves the cache.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import platformdirs
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

__all__ = ["cache_folder", "enable_cache", "source_digest"]

CORE_KERNELS = Path(__file__).parent


def cache_folder() -> Path:
    """Return the folder of compiled kernels, one per installation of racegym.

    The path of this package is part of the name, so that two virtual environments with
    different versions do not evict each other's kernels.
    """
    root = os.environ.get("RACEGYM_CACHE_DIR") or platformdirs.user_cache_dir("racegym", False)
    home = hashlib.blake2b(str(CORE_KERNELS).encode(), digest_size=6).hexdigest()
    return Path(root) / "kernels" / home


@cache
def source_digest(module: str, file: str) -> str:
    """Return the digest of all sources that a kernel of ``module`` may have inlined.

    Args:
        module: the kernel's ``__module__``.
        file: its source file, taken alone when the module belongs to no package.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in _sources(module, file):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(module: str, file: str) -> Iterator[Path]:
    yield from sorted(CORE_KERNELS.rglob("*.py"))
    package = module.partition(".")[0]
    if package == "racegym":
        return
    spec = find_spec(package) if package in sys.modules and package != "__main__" else None
    folders = (spec.submodule_search_locations if spec else None) or []
    if not folders:
        # A notebook cell has no file of its own; its byte code is part of numba's key.
        yield from (path for path in [Path(file)] if path.is_file())
    for folder in folders:
        yield from sorted(Path(folder).rglob("*.py"))


class _Locator(_CacheLocator):  # type: ignore[misc]  # numba is untyped
    """Tells numba where one function's cache lies and what its stamp is."""

    twin = "serial"

    def __init__(self, py_func: Callable[..., Any], file: str):
        self._module = py_func.__module__
        self._file = file
        self._line = py_func.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        return str(cache_folder() / self._module.partition(".")[0])

    def get_source_stamp(self) -> str:
        return source_digest(self._module, self._file)

    def get_disambiguator(self) -> str:
        return f"{self._module}-{self._line}-{self.twin}"

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], file: str) -> _Locator | None:
        self = cls(py_func, file)
        try:
            self.ensure_cache_path()
        except OSError:
            return None
        return self


class _ParallelLocator(_Locator):
    twin = "parallel"


class _SerialImpl(CompileResultCacheImpl):  # type: ignore[misc]  # numba is untyped
    _locator_classes: ClassVar[list[type[object]]] = [_Locator]


class _ParallelImpl(CompileResultCacheImpl):  # type: ignore[misc]  # numba is untyped
    _locator_classes: ClassVar[list[type[object]]] = [_ParallelLocator]


class _SerialCache(FunctionCache):  # type: ignore[misc]  # numba is untyped
    _impl_class = _SerialImpl


class _ParallelCache(FunctionCache):  # type: ignore[misc]  # numba is untyped
    _impl_class = _ParallelImpl


def enable_cache(dispatcher: Any, *, parallel: bool) -> None:
    """Keep what ``dispatcher`` compiles on disk; in memory only if no folder is writable."""
    try:
        dispatcher._cache = (_ParallelCache if parallel else _SerialCache)(dispatcher.py_func)
    except RuntimeError:  # numba's word for "no locator available"
        return
