"""Classes from files: ``./my_driver.py:MyDriver``."""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any

from racegym.errors import ScenarioError, nearest

__all__ = ["Source", "is_source", "place_of"]

_SOURCE = re.compile(r"(.+\.py)(?::(.*))?", re.DOTALL)
_modules: dict[tuple[Path, str], ModuleType] = {}  # by file and digest
_beside: dict[str, Path] = {}  # modules that files have imported from their own folder


def is_source(text: object) -> bool:
    """Tell whether text names a class of a Python file.

    >>> is_source("./my_driver.py:MyDriver"), is_source("pure_pursuit")
    (True, False)
    """
    return isinstance(text, str) and _SOURCE.fullmatch(text) is not None


@dataclass(frozen=True)
class Source:
    """A class in a file. Holding it reads and imports nothing.

    Attributes:
        file: absolute.
        name: of the class; empty where none was written.
    """

    file: Path
    name: str

    @classmethod
    def of(cls, text: str, folder: Path) -> Source:
        """Return what ``text`` names when it is written in ``folder``."""
        found = _SOURCE.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} names no class of a file")
        path = Path(found[1]).expanduser() if found[1].startswith("~/") else Path(found[1])
        return cls((folder / path).absolute(), found[2] or "")

    def __str__(self) -> str:
        return f"{self.file}:{self.name}"

    def digest(self) -> str:
        """Return 32 hex digits that stand for the file's content."""
        return _digest(self._read())

    def line(self) -> int | None:
        """Return the line that the class begins in, if it stands in the file at all."""
        return next((n.lineno for n in self._classes() if n.name == self.name), None)

    def load(self) -> Any:
        """Import the file, once for each content that it has, and return the class.

        Modules that stand beside the file can be imported by it while it is imported. Where
        files of two folders have modules of one name beside them, each gets its own.

        Raises:
            ScenarioError: it can't be read or imported, or has no such class; names the line.
        """
        content = self._read()
        digest = _digest(content)
        key = self.file, digest
        if key not in _modules:
            self._classes()  # a syntax error is told with its line
            _modules[key] = self._import(content, f"racegym_file_{digest}")
        found = getattr(_modules[key], self.name, None) if self.name else None
        if not isinstance(found, type):
            names = [node.name for node in self._classes() if not node.name.startswith("_")]
            asked = f"has no class {self.name!r}" if self.name else "is not enough: name a class"
            example = f", as in {self.file.name}:{names[0]}" if names and not self.name else ""
            raise ScenarioError(f"{asked}{example}; {nearest(self.name, names)}", file=self.file)
        return found

    def _import(self, content: bytes, name: str) -> ModuleType:
        spec = spec_from_file_location(name, self.file)
        assert spec is not None  # its name ends in .py
        module = module_from_spec(spec)
        sys.modules[name] = module  # dataclasses and pydantic look there
        folder = str(self.file.parent)
        _make_room(self.file.parent)
        before = set(sys.modules)
        sys.path.insert(0, folder)
        try:
            # Not by the loader: bytecode that it keeps may be that of an older content.
            exec(compile(content, str(self.file), "exec", dont_inherit=True), vars(module))
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything
            del sys.modules[name]
            what = f"can't be imported: {type(error).__name__}: {error}"
            raise ScenarioError(what, file=self.file, line=place_of(error, self.file)) from error
        finally:
            if folder in sys.path:
                sys.path.remove(folder)
            _note_neighbours(self.file.parent, sys.modules.keys() - before)
        return module

    def _classes(self) -> list[ast.ClassDef]:
        try:
            tree = ast.parse(self._read(), str(self.file))
        except SyntaxError as error:
            what = f"is no valid Python: {error.msg}"
            raise ScenarioError(what, file=self.file, line=error.lineno) from None
        except ValueError as error:  # a null byte
            raise ScenarioError(f"is no valid Python: {error}", file=self.file) from None
        return [node for node in tree.body if isinstance(node, ast.ClassDef)]

    def _read(self) -> bytes:
        try:
            return self.file.read_bytes()
        except OSError as error:
            what = f"can't be read: {error.strerror or error}"
            raise ScenarioError(what, file=self.file) from None


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _make_room(folder: Path) -> None:
    """Forget modules that files of other folders have imported from beside them."""
    for name in [name for name, other in _beside.items() if other != folder]:
        del _beside[name]
        sys.modules.pop(name, None)


def _note_neighbours(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        top = name.partition(".")[0]
        file = getattr(sys.modules.get(top), "__file__", None)
        if file and Path(file) in (folder / f"{top}.py", folder / top / "__init__.py"):
            _beside[name] = folder


def place_of(error: BaseException, file: Path) -> int | None:
    """Return the last line of ``file`` that an exception passed through, if it did."""
    lines = [
        line for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(file)
    ]  # fmt: skip
    return lines[-1] if lines else None
