"""Reading YAML: plain data, the line of every value, and one plain message if that fails.

The schema is YAML 1.2's core schema: ``yes`` and ``12:30`` are text. Tags are refused, so a
file can make nothing but lists, mappings, text, numbers, true, false and null. Anchors may be
used; what they expand to counts towards the limit of size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from racegym.errors import ScenarioError

__all__ = [
    "Document",
    "Location",
    "dotted",
    "parse_text",
    "plain_copy",
    "read_document",
    "similar_file",
]

Location: TypeAlias = tuple[str | int, ...]  # a path into a document: ("cars", 1, "name")

MAX_BYTES = 1_000_000
MAX_DEPTH = 24
MAX_VALUES = 50_000
MAX_DIGITS = 40  # of a whole number; longer ones are no setting of anything

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NOT_A_NUMBER = {".nan", ".NaN", ".NAN"}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Document:
    """A YAML document.

    Attributes:
        data: lists, mappings with text as keys, and scalars.
        lines: the line of each location, from 1.
    """

    data: Any
    lines: Mapping[Location, int]


def dotted(location: Location) -> str:
    """Return a location as people write it.

    >>> dotted(("cars", 1, "driver", "pace"))
    'cars[1].driver.pace'
    """
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def read_document(path: Path) -> Document:
    """Read a YAML file.

    Raises:
        ScenarioError: it is missing, too large, no UTF-8 or no YAML; says where and why.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError(f"there is no such file{similar_file(path)}", file=path) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        why = getattr(error, "strerror", None) or error
        raise ScenarioError(f"can't be read: {why}", file=path) from None
    if len(content) > MAX_BYTES:
        raise ScenarioError(f"is larger than {MAX_BYTES / 1e6:g} MB", file=path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScenarioError("is no UTF-8 text", file=path, line=line) from None
    return parse_text(text, path)


def similar_file(path: Path) -> str:
    """Return a hint to the file beside ``path`` whose name is nearest; empty without one."""
    try:
        names = sorted(found.name for found in path.parent.iterdir())
    except (OSError, ValueError):  # ValueError: a path with a NUL in it
        return ""
    close = get_close_matches(path.name, names, n=1, cutoff=0.8)
    return f"; did you mean {close[0]!r}?" if close else ""


def parse_text(text: str, file: Path | None = None) -> Document:
    """Read YAML.

    Raises:
        ScenarioError: it is no YAML, or too deep or too large; with the line.
    """
    try:
        known = _parsed(text)
        return Document(deepcopy(known.data), known.lines)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"holds the character U+{ord(text[error.position]):04X}, which YAML forbids"
        raise ScenarioError(what, file=file, line=line) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = None if mark is None else mark.line + 1
        raise ScenarioError(_plain(error), file=file, line=where) from None
    except YAMLError as error:
        raise ScenarioError(f"is no YAML: {error}", file=file) from None
    except _RefusedError as error:
        raise ScenarioError(error.what, file=file, line=error.line) from None


@lru_cache(maxsize=32)
def _parsed(text: str) -> Document:
    """Parse, unless it was done lately: six cars of one vehicle read its file a dozen times."""
    return _Composer(text).document()


def _plain(error: MarkedYAMLError) -> str:
    problem = (error.problem or error.context or "unknown fault").partition("\n")[0]
    if r"'\t'" in problem:
        return "begins with a tab; YAML indents with spaces only"
    if "mapping values are not allowed" in problem:
        return "is no YAML: a second ':' in one line; put text that holds ': ' in quotes"
    return f"is no YAML: {problem}"


class _RefusedError(Exception):
    """Something that is YAML, but not wanted here."""

    def __init__(self, what: str, line: int):
        super().__init__(what)
        self.what = what
        self.line = line


class _Composer:
    """Builds plain data from the parser's events, which need no recursion of the parser's."""

    def __init__(self, text: str):
        self._events: Iterator[Any] = self._parse(text)
        self._lines: dict[Location, int] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}  # data, number of values in it
        self._count = 0
        self._line = 1

    def _parse(self, text: str) -> Iterator[Any]:
        try:
            yield from YAML(typ="safe", pure=True).parse(text)
        except (ValueError, OverflowError) as error:  # of chr(), for an escape beyond Unicode
            raise _RefusedError(f"is no YAML: {error}", self._line) from None

    def document(self) -> Document:
        """Return the only document."""
        data: Any = None
        documents = 0
        for event in self._events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    line = event.start_mark.line + 1
                    raise _RefusedError("a second document begins here; write one a file", line)
                data = self._value(next(self._events), ())
        return Document(data, self._lines)

    def _value(self, event: Any, at: Location) -> Any:
        self._line = line = event.start_mark.line + 1
        if at not in self._lines:  # a mapping's key has told its line already
            self._lines[at] = line
        if len(at) > MAX_DEPTH:
            raise _RefusedError(f"is nested more than {MAX_DEPTH} levels deep", line)
        if getattr(event, "ctag", None) is not None:
            raise _RefusedError(f"the tag {event.tag} is not allowed here", line)
        before = self._count
        self._add(1)
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event.anchor, line)
        value: Any
        if kind == "MappingStartEvent":
            value = self._mapping(at)
        elif kind == "SequenceStartEvent":
            value = self._sequence(at)
        else:
            value = self._scalar(event.value, event.implicit[0], line)
        if event.anchor:
            self._anchors[event.anchor] = value, self._count - before
        return value

    def _mapping(self, at: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self._events:
            if type(event).__name__ == "MappingEndEvent":
                break
            self._line = line = event.start_mark.line + 1
            if type(event).__name__ != "ScalarEvent":
                raise _RefusedError("a key must be plain text", line)
            key = self._text(event.value, line)
            if key in found:
                first = self._lines[(*at, key)]
                raise _RefusedError(f"the key {key!r} stands here and in line {first}", line)
            self._lines[(*at, key)] = line
            found[key] = self._value(next(self._events), (*at, key))
        return found

    def _sequence(self, at: Location) -> list[Any]:
        found: list[Any] = []
        for event in self._events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            found.append(self._value(event, (*at, len(found))))
        return found

    def _alias(self, anchor: str, line: int) -> Any:
        if anchor not in self._anchors:
            raise _RefusedError(
                f"*{anchor} refers to no &{anchor} that is complete before it", line
            )
        value, size = self._anchors[anchor]
        self._add(size)
        return deepcopy(value)

    def _add(self, values: int) -> None:
        self._count += values
        if self._count > MAX_VALUES:
            raise _RefusedError(f"holds more than {MAX_VALUES:,} values", self._line)

    def _scalar(self, text: str, plain: bool, line: int) -> Any:
        if not plain:
            return self._text(text, line)
        if text in _NULL:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _INTEGER.fullmatch(text):
            if len(text) > MAX_DIGITS:
                raise _RefusedError(f"a number of {len(text)} digits is not allowed here", line)
            return int(text, 0) if text[1:2] in ("o", "x") else int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        infinite = _INFINITE.fullmatch(text)
        if infinite:
            return float(f"{infinite[1]}inf")
        if text in _NOT_A_NUMBER:
            return float("nan")
        return self._text(text, line)

    def _text(self, text: str, line: int) -> str:
        if _SURROGATE.search(text):
            raise _RefusedError("holds half a character (a lone surrogate)", line)
        return text


def plain_copy(value: Any, at: Location = ()) -> Any:
    """Return a mapping from code as the plain data that a file would give.

    Raises:
        ScenarioError: it holds what YAML can't, or is too deep.
    """
    where = f" at {'.'.join(str(step) for step in at)}" if at else ""
    if len(at) > MAX_DEPTH:
        raise ScenarioError(f"the scenario is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise ScenarioError(f"the text{where} holds half a character (a lone surrogate)")
        return str(value)
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise ScenarioError(f"the number{where} has more than {MAX_DIGITS} digits")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or _SURROGATE.search(key):
                raise ScenarioError(f"the key {key!r}{where} is no text")
        return {str(key): plain_copy(inner, (*at, key)) for key, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain_copy(inner, (*at, index)) for index, inner in enumerate(value)]
    raise ScenarioError(
        f"the value{where} is of type {type(value).__name__}; "
        "a scenario holds text, numbers, true, false, null, lists and mappings"
    )
