"""An entrant's process, seen from the race."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import inf
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.entrants.failure import FailureError, Fault
from racegym.entrants.instances import Declaration
from racegym.entrants.link import Link, Log
from racegym.entrants.settings import RESERVED, EntrantOptions
from racegym.entrants.source import Source
from racegym.entrants.wire import (
    ANSWER,
    DECLARE,
    READY,
    SETUP,
    Answer,
    Layout,
    Row,
    frame,
    pack_question,
    read_failure,
    read_mapping,
    unpack_answers,
)
from racegym.errors import ScenarioError

__all__ = ["EntrantProcess", "declare_outside"]


class EntrantProcess:
    """A process that drives one car of each race.

    Making one starts the process and does not wait for it.

    Args:
        source: the class.
        settings: its limits.
        options: those of the class.
        layout: of what it is told.
        log: takes what it prints.
    """

    def __init__(
        self,
        source: Source,
        settings: EntrantOptions,
        options: Mapping[str, Any],
        layout: Layout,
        log: Log,
    ):
        self._settings = settings
        self._layout = layout
        self._log = log
        self._started = perf_counter()
        self._ready = False
        self._number = 0
        self._waiting: float | None = None  # since when for an answer
        self._deadline = inf
        self._missed = 0  # questions in a row
        self._link = Link(log)
        setup = {
            **_named(source, settings),
            "options": dict(options),
            "layout": layout.plain(),
        }
        self._link.send(frame(SETUP, json.dumps(setup).encode()), settings.start_s)

    def ask(self, rows: Sequence[Row], observations: Any, which: NDArray[np.int64]) -> bool:
        """Send a question, unless an earlier one is not answered yet.

        Args:
            rows: who is asked.
            observations: arrays that hold what they are told.
            which: (len(rows),) their rows in these.

        Returns:
            Whether it was sent.

        Raises:
            FailureError: the process did not start, has ended or hangs.
        """
        if not self._ready:
            self._wait_until_ready()
        self._log.trim()
        self._deadline = self._by_now(len(rows))
        if not self._is_idle():
            self._missed += 1
            return False
        if self._missed >= self._settings.patience:
            self._deadline = self._by_now(len(rows))  # a new chance
        told = self._layout.pack(observations, which)
        self._number = (self._number + 1) % 2**32
        self._link.send(pack_question(self._number, rows, told), self._settings.hang_s)
        self._waiting = perf_counter()
        return True

    def _by_now(self, rows: int) -> float:
        """Return when a decision for so many rows that is wanted now comes too late."""
        budget = self._settings.budget_ms
        return inf if budget is None else perf_counter() + rows * budget / 1000

    def _is_idle(self) -> bool:
        """Tell whether it waits for a question; an answer that is too late is dropped.

        One that has missed too much is not waited for: it alone would slow the race down.
        """
        if self._waiting is None:
            return True
        hung = self._waiting + self._settings.hang_s
        patient = self._missed < self._settings.patience
        if self._answer(min(self._deadline, hung) if patient else 0.0) is not None:
            return True
        if perf_counter() >= hung:
            raise self._hung()
        return False

    def answers(self, count: int) -> list[Answer] | None:
        """Return the answers to the question just asked; None if they come too late.

        Args:
            count: of rows that were asked.

        Raises:
            FailureError: the process has ended, hangs, or answers what nobody understands.
        """
        assert self._waiting is not None
        hung = self._waiting + self._settings.hang_s
        found = self._answer(min(self._deadline, hung))
        if found is None:
            if hung <= self._deadline:
                raise self._hung()
            self._missed += 1
            return None
        if len(found) != count:
            raise FailureError(Fault.ENDED, "its process answered another question")
        self._missed = 0
        return found

    def _answer(self, deadline: float) -> list[Answer] | None:
        message = self._link.receive(deadline)
        if message is None:
            return None
        kind, payload = message
        try:
            number, answers = unpack_answers(payload)
        except ValueError as error:
            raise _nonsense(error) from error
        if kind != ANSWER or number != self._number:
            raise FailureError(Fault.ENDED, "its process answered what nobody asked")
        self._waiting = None
        return answers

    def _hung(self) -> FailureError:
        limit = self._settings.hang_s
        return FailureError(Fault.HUNG, f"act did not return within {limit:g} s")

    def _wait_until_ready(self) -> None:
        limit = self._settings.start_s
        message = self._link.receive(self._started + limit)
        if message is None:
            raise FailureError(Fault.HUNG, f"its process did not start within {limit:g} s")
        kind, payload = message
        if kind != READY:
            try:
                refusal = read_failure(payload)
            except ValueError as error:
                raise _nonsense(error) from error
            raise FailureError(Fault.RAISED, *refusal)
        self._ready = True

    def close(self) -> None:
        """End the process and all that it has started. May be called twice."""
        self._link.close(idle=self._ready and self._waiting is None)


_declared: dict[str, Declaration] = {}  # by all that was asked


def declare_outside(
    source: Source, options: Mapping[str, Any], settings: EntrantOptions
) -> Declaration:
    """Return what ``declare`` does, having imported the file in a process of its own.

    Raises:
        ScenarioError: the file can't be imported there, or the class is no driver.
    """
    asked = {
        **_named(source, settings),
        "options": dict(options),
        "reserved": sorted(RESERVED),
    }
    key = source.digest() + json.dumps(asked, sort_keys=True)
    if key not in _declared:
        found = _ask_declaration(source, asked, settings)
        _declared[key] = found
        if not found.faults:  # the same with its defaults spelt out
            full = source.digest() + json.dumps({**asked, "options": found.options}, sort_keys=True)
            _declared[full] = found
    return _declared[key]


def _ask_declaration(
    source: Source, asked: Mapping[str, Any], settings: EntrantOptions
) -> Declaration:
    link = Link(Log(None))
    limit = settings.start_s
    try:
        link.send(frame(DECLARE, json.dumps(asked).encode()), limit)
        message = link.receive(perf_counter() + limit)
    except FailureError as failure:
        what = f"can't be imported: {failure.what}"
        raise ScenarioError(what, file=source.file) from failure
    finally:
        link.close(idle=False)
    if message is None:
        raise ScenarioError(f"could not be imported within {limit:g} s", file=source.file)
    kind, payload = message
    try:
        if kind == READY:
            return _read_declaration(payload)
        what, line = read_failure(payload)
    except ValueError as error:
        what, line = f"can't be imported: {_nonsense(error).what}", None
    raise ScenarioError(what, file=source.file, line=line)


def _read_declaration(payload: bytes) -> Declaration:
    """Return what a process says of a class.

    Raises:
        ValueError: it is not what it was asked for.
    """
    match read_mapping(payload):
        case {
            "observation": observation,
            "action": action,
            "options": dict(options),
            "faults": list(faults),
        } if None not in (observation, action) and not options.keys() & RESERVED:
            read = tuple(map(_read_fault, faults))
            return Declaration(observation=observation, action=action, options=options, faults=read)
    raise ValueError("it declares no driver")


def _read_fault(told: Any) -> tuple[tuple[str | int, ...], str]:
    match told:
        case [list(at), str(what)] if all(isinstance(step, str | int) for step in at):
            return tuple(at), what
    raise ValueError("it says of no option what is wrong with it")


def _nonsense(error: ValueError) -> FailureError:
    return FailureError(Fault.ENDED, f"its process speaks nonsense: {error}")


def _named(source: Source, settings: EntrantOptions) -> dict[str, Any]:
    return {"file": str(source.file), "name": source.name, "memory_mb": settings.memory_mb}
