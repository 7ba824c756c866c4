"""``--set key.path[0].key=value``: one value of a scenario replaced from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from racegym.documents.document import parse_text
from racegym.errors import ScenarioError
from racegym.scenario.canonical import alternatives, spelt_out
from racegym.scenario.faults import Location, Places, dotted

__all__ = ["apply_changes", "apply_overrides", "location_of"]

_KEY, _INDEX = r"[^.\[\]=\s]+", r"\[[0-9]{1,9}\]"
_PATH = re.compile(rf"{_KEY}(?:\.{_KEY}|{_INDEX})*")
_STEPS = re.compile(rf"{_KEY}|{_INDEX}")


def apply_overrides(data: dict[str, Any], places: Places, arguments: tuple[str, ...]) -> None:
    """Write each argument into ``data``, in their order, and note that in ``places``.

    A key that is missing is created; whether the scenario knows it is seen when all of it is
    checked. Of things that exclude each other, such as the file and the generator of a track,
    the others are removed.

    Raises:
        ScenarioError: an argument has no ``=``, its value is no YAML, or its path leads
            through a list entry that does not exist or a value that has no parts.
    """
    for argument in arguments:
        location, value = _parse(argument)
        _write(data, places, location, value, argument)


def apply_changes(data: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Write values at their paths, such as ``track.generate.width``, as ``--set`` does.

    Raises:
        ScenarioError: a path is none, or leads through what does not exist.
    """
    places = Places(None, {})
    for path, value in changes.items():
        location = location_of(path)
        try:
            _write(data, places, location, deepcopy(value), path)
        except ScenarioError as error:
            raise ScenarioError(error.what.removeprefix("--set ")) from None


def location_of(path: str) -> Location:
    """Return the location that a path such as ``cars[1].driver.pace`` means.

    Raises:
        ScenarioError: it is no path of keys.
    """
    if not _PATH.fullmatch(path):
        raise ScenarioError(f"{path!r} is no path of keys; write it like cars[1].driver.pace")
    steps = _STEPS.findall(path)
    return tuple(int(step[1:-1]) if step[0] == "[" else step for step in steps)


def _parse(argument: str) -> tuple[Location, Any]:
    path, equals, text = argument.partition("=")
    if not equals:
        raise ScenarioError(f"--set {argument}: write --set {argument}=VALUE")
    try:
        location = location_of(path)
    except ScenarioError as error:
        raise ScenarioError(f"--set {argument}: {error.what}") from None
    try:
        return location, parse_text(text).data
    except ScenarioError as error:
        raise ScenarioError(f"--set {argument}: the value {error.what}") from None


def _write(
    data: dict[str, Any], places: Places, location: Location, value: Any, argument: str
) -> None:
    node: Any = data
    for depth, step in enumerate(location[:-1], 1):
        here = location[:depth]
        _check_step(node, here, argument)
        for other in alternatives(here):
            node.pop(other, None)
            places.forget((*here[:-1], other))
        inner = node[step] if isinstance(step, int) else node.get(step)
        if inner is None and isinstance(location[depth], str):
            inner = {}
            places.replace(here, argument)
        if isinstance(location[depth], str):
            inner = spelt_out(here, inner)
        elif isinstance(inner, str):
            inner = [inner]
        node[step] = inner
        node = inner
    _check_step(node, location, argument)
    for other in alternatives(location):
        node.pop(other, None)
        places.forget((*location[:-1], other))
    node[location[-1]] = value
    places.replace(location, argument)


def _check_step(node: Any, location: Location, argument: str) -> None:
    """Refuse a last step of ``location`` that can't be taken from ``node``."""
    step, around = location[-1], dotted(location[:-1])
    if isinstance(step, int):
        if not isinstance(node, list):
            kind = "missing" if node is None else "no list"
            raise ScenarioError(f"--set {argument}: {around} is {kind}")
        if step >= len(node):
            last = f"the last is {around}[{len(node) - 1}]" if node else "it is empty"
            raise ScenarioError(f"--set {argument}: there is no {dotted(location)}; {last}")
    elif isinstance(node, list):
        raise ScenarioError(
            f"--set {argument}: {around} is a list; write {around}[0] for its first entry"
        )
    elif not isinstance(node, dict):
        raise ScenarioError(f"--set {argument}: {around} is {node!r}, which has no {step!r}")
