"""What an entrant's class declares, and its objects at work: one a race and car."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from racegym.entrants.failure import FailureError, Fault
from racegym.entrants.source import Source, place_of
from racegym.errors import ScenarioError, nearest

if TYPE_CHECKING:
    from gymnasium import spaces

__all__ = ["Declaration", "Instances", "as_numbers", "declare", "read_action"]

MOST_NUMBERS = 10_000  # of an action


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What an entrant's class says of itself, as plain data.

    Attributes:
        observation: the sensors it wants, as a scenario writes them.
        action: the action map it wants.
        options: all its options, defaults spelt out.
        faults: what is wrong with those it was given: where in them, and what.
    """

    observation: Any
    action: Any
    options: dict[str, Any] = field(default_factory=dict)
    faults: tuple[tuple[tuple[str | int, ...], str], ...] = ()


def declare(source: Source, options: Mapping[str, Any], reserved: frozenset[str]) -> Declaration:
    """Import an entrant's class and return what it declares.

    Args:
        source: the class.
        options: as they stand in the scenario.
        reserved: names of options that are not the class's to use.

    Raises:
        ScenarioError: the file can't be imported, or the class is no driver; says why.
    """
    found = source.load()
    act = getattr(found, "act", None)
    if not callable(act):
        raise _wrong(source, "has no method act; write def act(self, observation)")
    try:
        inspect.signature(act).bind(None, None)
    except TypeError:
        what = "has an act of other arguments; write act(self, observation)"
        raise _wrong(source, what) from None
    except ValueError:
        pass  # compiled code that does not tell
    plain = {}
    for key, example in (("observation", '["state", "lookahead"]'), ("action", '"steer_accel"')):
        if getattr(found, key, None) is None:
            raise _wrong(source, f"declares no {key}; write {key} = {example}")
        try:
            plain[key] = json.loads(json.dumps(getattr(found, key)))
        except (TypeError, ValueError) as error:
            raise _wrong(source, f"declares an {key} that is no plain data: {error}") from None
    full, faults = _options(source, found, dict(options), reserved)
    return Declaration(**plain, options=full, faults=faults)


def _wrong(source: Source, what: str) -> ScenarioError:
    return ScenarioError(f"{source.name} {what}", file=source.file, line=source.line())


def _options(
    source: Source, found: Any, options: dict[str, Any], reserved: frozenset[str]
) -> tuple[dict[str, Any], tuple[tuple[tuple[str | int, ...], str], ...]]:
    model = getattr(found, "Options", None)
    known: set[str] = set()
    if model is not None:
        from pydantic import BaseModel  # not every entrant needs it

        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise _wrong(source, "has Options that are no pydantic model")
        known = set(model.model_fields)
        taken = reserved & known
        if taken:
            raise _wrong(source, f"has an option {min(taken)!r}, a name that racegym uses itself")
    unknown = sorted(options.keys() - known)
    if unknown:
        return {}, tuple(
            ((name,), f"is unknown; {nearest(name, known | reserved)}") for name in unknown
        )
    return ({}, ()) if model is None else _validated(model, options)


def _validated(
    model: Any, options: dict[str, Any]
) -> tuple[dict[str, Any], tuple[tuple[tuple[str | int, ...], str], ...]]:
    from pydantic import ValidationError

    try:
        return model.model_validate(options).model_dump(mode="json"), ()
    except ValidationError as error:
        faults = ((fault["loc"], fault["input"], fault["msg"]) for fault in error.errors())
        return {}, tuple(
            (at, f"is {value!r}; {text.replace('Input should', 'it should', 1)}")
            for at, value, text in faults
        )


class Instances:
    """The objects of an entrant's class, each made when it is first asked.

    Args:
        source: the class.
        options: complete ones.

    Raises:
        ScenarioError: the file can't be imported.
    """

    def __init__(self, source: Source, options: Mapping[str, Any]):
        self._source = source
        self._make = source.load()
        model = getattr(self._make, "Options", None)
        self._arguments = () if model is None else (model.model_validate(dict(options)),)
        reset = getattr(self._make, "reset", None)
        self._resets = callable(reset)
        self._seeded = callable(reset) and "seed" in inspect.signature(reset).parameters
        self._made: dict[int, Any] = {}

    def reset(self, car: int, seed: int) -> None:
        """Start a car's episode.

        Raises:
            FailureError: the class raised.
        """
        try:
            if car not in self._made or not self._resets:
                self._made[car] = self._make(*self._arguments)
            if self._seeded:
                self._made[car].reset(seed=seed)
            elif self._resets:
                self._made[car].reset()
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything
            raise self._raised("starting", error) from error

    def act(self, car: int, observation: Any) -> NDArray[Any]:
        """Return a car's action, numbers of any shape.

        Raises:
            FailureError: ``act`` raised, or returned no numbers.
        """
        try:
            action = self._made[car].act(observation)
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything
            raise self._raised("act", error) from error
        return as_numbers(action)

    def _raised(self, where: str, error: BaseException) -> FailureError:
        text = f"{where} raised {type(error).__name__}: {error}"
        return FailureError(Fault.RAISED, text[:1000], place_of(error, self._source.file))


def as_numbers(action: Any) -> NDArray[Any]:
    """Return an action as an array of numbers.

    Raises:
        FailureError: it is none.
    """
    try:
        given = np.asarray(action)
    except Exception as error:  # whatever __array__ of a stranger's object raises
        raise FailureError(Fault.WRONG_ACTION, f"act returned no numbers: {error}") from error
    if given.dtype.kind not in "fiub" or given.dtype.itemsize > 8:
        kind = type(action).__name__
        raise FailureError(Fault.WRONG_ACTION, f"act returned {kind}; numbers were expected")
    if given.size > MOST_NUMBERS:
        raise FailureError(Fault.WRONG_ACTION, f"act returned {given.size:,} numbers")
    return given


def read_action(given: NDArray[Any], space: spaces.Space[Any]) -> NDArray[Any]:
    """Return an action as the action map wants it, clipped to the bounds of a box.

    Raises:
        FailureError: its shape is wrong, or it is not finite or not whole.
    """
    shape, wrong = space.shape or (), Fault.WRONG_ACTION
    if given.shape != shape:
        raise FailureError(
            wrong, f"act returned an action of shape {given.shape}; {shape} was expected"
        )
    if given.dtype.kind == "f":
        if not np.isfinite(given).all():
            raise FailureError(wrong, f"act returned {given.tolist()}, which is not finite")
        if np.dtype(space.dtype).kind != "f":
            raise FailureError(wrong, f"act returned {given.tolist()}; whole numbers were expected")
    low, high = getattr(space, "low", None), getattr(space, "high", None)
    if low is not None and high is not None:
        given = np.clip(given, low, high)
    return given.astype(space.dtype)
