"""Where compiled kernels are kept, and when they are stale.

Numba's own ``cache=True`` looks only at the file of the function itself, so a function
inlined from another file stays as it was after an upgrade; and it does not tell a serial
from a parallel build. Here the stamp is a digest of every source that a kernel may have
inlined: its own module and all that this imports, step by step, of ``racegym.kernels`` and of
the kernel's own package. So a change compiles what it touches again, and nothing else.

Numba's caching classes are not public; this module is the only one that touches them. Several
processes share what one of them compiles, see ``turns``.
``RACEGYM_CACHE_DIR`` moves the cache.
"""

from __future__ import annotations

import ast
import hashlib
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import platformdirs
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    _CacheLocator,
)

from racegym.kernels import turns

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
        file: its source file.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in _sources(module, Path(file)):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(module: str, file: Path) -> list[Path]:
    """Return the file of a module and those that it imports from, however many steps away.

    Followed are imports from ``racegym.kernels`` and from the module's own top-level package:
    a kernel inlines functions and constants that its module has imported, and no others.
    """
    own = module.partition(".")[0]
    known: dict[str, Path] = {module: file} if file.is_file() else {}
    waiting = list(known.items())
    while waiting:
        name, path = waiting.pop()
        for imported in _imports(name, path):
            if imported in known or not _followed(imported, own):
                continue
            found = _file_of(imported)
            if found is not None:
                known[imported] = found
                waiting.append((imported, found))
    return [known[name] for name in sorted(known)]


def _followed(name: str, own: str) -> bool:
    top = name.partition(".")[0]
    in_core = name == "racegym.kernels" or name.startswith("racegym.kernels.")
    return in_core or (top == own != "racegym")


@cache
def _imports(name: str, path: Path) -> frozenset[str]:
    """Return every module that a source file may import; some that it names are none."""
    return frozenset(_named(name, path))


def _named(name: str, path: Path) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            parts = ([*above] if node.level else []) + ([node.module] if node.module else [])
            base = ".".join(parts)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _file_of(name: str) -> Path | None:
    """Return the source of an imported module; what is not imported can't be inlined."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file) if file and file.endswith(".py") else None


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


class _CacheFile(IndexDataCacheFile):  # type: ignore[misc]  # numba is untyped
    """The files of one function; what can't be read is stale.

    Signatures are pickled with the classes of named tuples. One that has since moved or gone
    raises before numba gets to compare the stamp, which would have told it.
    """

    _unreadable = (
        pickle.UnpicklingError, AttributeError, ImportError, EOFError, IndexError, KeyError,
        TypeError, ValueError,
    )  # fmt: skip

    def _load_index(self) -> dict[Any, str]:
        try:
            found: dict[Any, str] = super()._load_index()
        except self._unreadable:
            return {}
        return found

    def load(self, key: Any) -> Any:
        try:
            return super().load(key)
        except self._unreadable:
            return None


class _SerialCache(FunctionCache):  # type: ignore[misc]  # numba is untyped
    _impl_class = _SerialImpl

    def __init__(self, py_func: Callable[..., Any]):
        super().__init__(py_func)
        locator = self._impl.locator
        self._cache_file = _CacheFile(
            self._cache_path, self._impl.filename_base, locator.get_source_stamp()
        )
        self._turn = Path(self._cache_path) / f"{self._impl.filename_base}.lock"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is cached, waiting for those who compile it; none if it is to be compiled."""
        found = super().load_overload(sig, target_context)
        if found is None and turns.take(self._turn):
            found = super().load_overload(sig, target_context)
            if found is not None:
                turns.give_back(self._turn)
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled."""
        try:
            super().save_overload(sig, data)
        finally:
            turns.give_back(self._turn)


class _ParallelCache(_SerialCache):
    _impl_class = _ParallelImpl


def enable_cache(dispatcher: Any, *, parallel: bool) -> None:
    """Keep what ``dispatcher`` compiles on disk; in memory only if no folder is writable."""
    try:
        dispatcher._cache = (_ParallelCache if parallel else _SerialCache)(dispatcher.py_func)
    except RuntimeError:  # numba's word for "no locator available"
        return
