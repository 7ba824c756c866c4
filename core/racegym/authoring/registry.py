"""What is wrong with a ``registry.toml``: the first fault of each entry, with its line."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from racegym.errors import PluginError, nearest
from racegym.plugins import KINDS, KnownPlugin, known_plugins
from racegym.plugins.calling import normalised

__all__ = ["registry_faults"]

TABLE = "plugin"
FIELDS = tuple(field.name for field in fields(KnownPlugin))
MAX_SUMMARY = 100  # letters: one line of a table

_DIST = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)  # as `register` demands
_LICENCE = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")
_URL = re.compile(r"https://[\w.-]+(:\d+)?(/[^\s\"<>]*)?", re.ASCII)
_FOLDER = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)
_NUMBER = r"\d+(\.\d+)*((a|b|rc|\.post|\.dev)\d+)?"
_VERSIONS = re.compile(rf"(~=|>=|<=|<|>|(==|!=)(?!.*\*)) *{_NUMBER}|(==|!=) *\d+(\.\d+)*\.\*")
_WORD = re.compile(r"[\w.,=<>~!@:/+\[\]#-]+", re.ASCII)  # nothing that a shell would act upon


class _Entry(NamedTuple):
    """Where one ``[[plugin]]`` stands.

    Attributes:
        line: of its heading.
        lines: of each of its keys.
    """

    line: int
    lines: dict[str, int]


class _Fault(Exception):  # noqa: N818  # it never leaves this module
    """The first thing that is wrong with an entry, and the field at fault."""

    def __init__(self, field: str | None, what: str):
        self.field = field
        self.what = what


def registry_faults(path: Path) -> list[PluginError]:
    """Return the first fault of each entry, in the order of the file; none if it is sound.

    An entry may not claim what one of racegym's own list provides, unless it is of that dist.

    Raises:
        PluginError: the file can't be read, is no TOML, or holds no entries at all.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError as error:
        raise PluginError("there is no such file", file=path) from error
    except OSError as error:
        raise PluginError(f"can't be read: {error.strerror}", file=path) from error
    except UnicodeDecodeError as error:
        raise PluginError("is not UTF-8", file=path) from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise PluginError(f"is no TOML: {error}", file=path, line=line) from error
    odd = sorted(data.keys() - {TABLE})
    if odd:
        heading = re.compile(rf"\s*\[*\s*[\"']?{re.escape(odd[0])}\b")
        lines = [n for n, line in enumerate(text.split("\n"), 1) if heading.match(line)]
        what = f"holds {odd[0]!r}; {nearest(odd[0], [TABLE])}"
        raise PluginError(what, file=path, line=min(lines, default=None))
    entries = data.get(TABLE)
    if not isinstance(entries, list) or not entries:
        raise PluginError("holds no entries; each begins with [[plugin]]", file=path)

    places = _places(text, len(entries))
    shipped = known_plugins()
    taken = {what: dist for dist, known in shipped.items() for what in known.provides}
    dists: set[str] = set()
    faults = []
    for number, (entry, place) in enumerate(zip(entries, places, strict=True), 1):
        try:
            _check(entry, dists, taken)
        except _Fault as fault:
            who = entry.get("dist") if isinstance(entry, dict) else None
            called = repr(who) if isinstance(who, str) else f"number {number}"
            line = place.lines.get(fault.field or "", place.line)
            faults.append(PluginError(f"plugin {called}: {fault.what}", file=path, line=line))
    return faults


def _places(text: str, count: int) -> list[_Entry]:
    """Return where each entry stands.

    A line of TOML, or a few where a value runs on, is TOML by itself; so the shortest pieces
    that can be read are the statements of the file.
    """
    places: list[_Entry] = []
    start, piece = 1, ""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if not piece:
            start = number
        piece += f"{line}\n"
        try:
            statement = tomllib.loads(piece)
        except tomllib.TOMLDecodeError:
            continue
        piece = ""
        if statement == {TABLE: [{}]} and line.lstrip().startswith("[["):
            places.append(_Entry(start, {}))
            inside = True
        elif inside:
            places[-1].lines.update(dict.fromkeys(statement, start))
        elif TABLE in statement:  # plugin = [{...}, {...}]: all in one statement
            places += [_Entry(start, {}) for _ in range(count)]
    return places


def _check(entry: object, dists: set[str], taken: dict[str, str]) -> None:
    """Raise the first fault of an entry, or note what it claims."""
    if not isinstance(entry, dict):
        raise _Fault(None, "is no table; write it under a heading [[plugin]]")
    for field in entry:
        if field not in FIELDS:
            raise _Fault(field, f"has a field {field!r}; {nearest(field, FIELDS)}")
    for field in FIELDS:
        if field not in entry:
            raise _Fault(None, f"lacks the field {field!r}")
    for field in FIELDS[:-1]:
        value = entry[field]
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise _Fault(field, f"{field} is {value!r}; one line of text was expected")
    for field, check in _CHECKS.items():
        what = check(entry[field])
        if what:
            raise _Fault(field, f"{field} is {entry[field]!r}; {what}")
    dist: str = entry["dist"]
    if dist in dists:
        raise _Fault("dist", "is listed twice")
    dists.add(dist)
    for what in _provided(entry):
        owner = taken.setdefault(what, dist)
        if owner != dist:
            raise _Fault("provides", f"provides {what!r}, which {owner} provides already")


def _provided(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an entry provides, each item found sound."""
    items = entry["provides"]
    if not isinstance(items, list) or not items or not all(isinstance(x, str) for x in items):
        raise _Fault("provides", f'provides is {items!r}; write ["KIND:NAME", ...]')
    for item in items:
        kind, colon, name = item.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise _Fault("provides", f"provides {item!r}; write it KIND:NAME")
        if kind not in KINDS:
            raise _Fault("provides", f"provides {item!r}; {nearest(kind, KINDS)}")
        if items.count(item) > 1:
            raise _Fault("provides", f"provides {item!r} twice")
    kinds = [item.partition(":")[0] for item in items]
    if entry["kind"] not in kinds:
        what = f"kind is {entry['kind']!r}, of which it provides nothing; {nearest('', set(kinds))}"
        raise _Fault("kind", what)
    yield from items


def _dist(value: str) -> str:
    if _DIST.fullmatch(value):
        return ""
    better = normalised(value.strip())
    hint = f"; write {better!r}" if _DIST.fullmatch(better) else ""
    return f"small letters, digits and single hyphens were expected{hint}"


def _kind(value: str) -> str:
    return "" if value in KINDS else nearest(value, KINDS)


def _summary(value: str) -> str:
    return "" if len(value) <= MAX_SUMMARY else f"at most {MAX_SUMMARY} letters were expected"


def _licence(value: str) -> str:
    return "" if _LICENCE.fullmatch(value) else "an SPDX expression was expected, such as 'MIT'"


def _homepage(value: str) -> str:
    fits = _URL.fullmatch(value) or _FOLDER.fullmatch(value)
    return "" if fits else "https://... or a folder of racegym's repository was expected"


def _core(value: str) -> str:
    fits = all(_VERSIONS.fullmatch(part.strip()) for part in value.split(","))
    return "" if fits else "versions of racegym were expected, such as '>=0.1,<0.2'"


def _install(value: str) -> str:
    form = "a command 'pip install ...' was expected"
    try:
        words: Sequence[str] = shlex.split(value)
    except ValueError:
        return form
    if words[:2] != ["pip", "install"] or len(words) < 3:
        return form
    odd = [word for word in words if not _WORD.fullmatch(word)]
    return f"{form}, with nothing that a shell acts upon: {odd[0]!r}" if odd else ""


_CHECKS: dict[str, Callable[[str], str]] = {
    "dist": _dist,
    "kind": _kind,
    "summary": _summary,
    "licence": _licence,
    "homepage": _homepage,
    "core": _core,
    "install": _install,
}
