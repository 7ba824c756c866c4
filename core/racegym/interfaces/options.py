"""Reading a stage's options: a pydantic model each, and plain words for what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from racegym.errors import ScenarioError, nearest

__all__ = ["StageOptions", "described", "read"]


class StageOptions(BaseModel):
    """Base of a stage's ``Options``: frozen, and it knows no other names than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Model = TypeVar("Model", bound=BaseModel)


def described(description: str) -> tuple[str, str]:
    """Return what the description of an option tells, and what holds if it is not given.

    The latter is empty, unless the description ends in ``None: ...``, which is how the code says
    what takes the place of a default of None.
    """
    about, _, default = description.partition("None: ")
    return about.removesuffix("; "), default


def read(model: type[Model], options: Mapping[str, Any], what: str) -> Model:
    """Return the options as ``model``.

    Args:
        model: the stage's ``Options``.
        options: as they stand in the scenario.
        what: whose they are, such as ``"sensor 'lookahead'"``; opens the message.

    Raises:
        ScenarioError: naming the first option at fault, its value and what is valid.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        raise ScenarioError(_plain(error.errors(), model, what)) from None


def _plain(faults: list[ErrorDetails], model: type[BaseModel], what: str) -> str:
    # Of a union every member complains; an unknown name explains more than the rest.
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    at = fault["loc"]
    if fault["type"] == "extra_forbidden" and len(at) == 1:
        name = str(at[0])
        if not model.model_fields:
            return f"{what} has no option {name!r}; it takes none"
        return f"{what} has no option {name!r}; {nearest(name, model.model_fields)}"
    if fault["type"] == "missing":
        return f"{what} needs the option {_path(at)!r}"
    value, context = fault["input"], fault.get("ctx", {})
    if fault["type"] == "value_error":
        reason = str(context["error"])
        return f"{what}: option {_path(at)!r} is {value!r}; {reason}" if at else f"{what}: {reason}"
    hint = ""
    if fault["type"] == "literal_error" and isinstance(value, str):
        choices = re.findall(r"'([^']*)'", str(context["expected"]))
        hint = f"; {nearest(value, choices)}"
    message = re.sub(r"^\w+ should", "it should", fault["msg"])
    return f"{what}: option {_path(at)!r} is {value!r}; {message}{hint}"


def _path(at: tuple[int | str, ...]) -> str:
    """Return ``distances[2]`` for ``("distances", 2)``, without pydantic's own type tags."""
    text = str(at[0])
    for step in at[1:]:
        if isinstance(step, int):
            text += f"[{step}]"
    return text
