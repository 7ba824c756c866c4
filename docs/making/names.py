"""The made part of `docs/interface.md`: every name that plugins may import from it."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

from making.tables import row
from racegym import interfaces

__all__ = ["parts"]

DATA = {  # names of what is no class and no function, which can't say themselves what they are
    "API": "major version of the interface, for `register(..., api=1)`",
    "Array": "a numpy array of any dtype",
    "Cars": "flat indices of cars, `race * n_cars + car`, int64",
    "DETAILS": "how many figures an event can carry beside its value, 16",
    "EVENT_DETAILS": "what the figures of an event are called, in order, by its kind",
    "Keys": "keys of draws, one a race, uint64",
    "MISSING_CODE": "what an integer channel without a sign holds where nothing is known, 255",
    "MISSING_GEAR": "the gear where none is known, -128",
    "Races": "indices of races, int64",
    "Snapshot": "copies of arrays by name, of some races",
    "WHEELS": "the order of every wheel axis: `fl`, `fr`, `rl`, `rr`",
}


def parts(module: ModuleType = interfaces) -> dict[str, str]:
    """Return a table of the names in ``__all__``."""
    rows = [row(f"`{name}`", _about(name, getattr(module, name))) for name in module.__all__]
    return {"names": "\n".join(["| name | what it is |", "|---|---|", *rows])}


def _about(name: str, thing: Any) -> str:
    if name in DATA:
        return DATA[name]
    if not (inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing)):
        raise LookupError(f"say what {name!r} is, in DATA of docs/making/names.py")
    first = (inspect.getdoc(thing) or "").split("\n\n")[0]
    return " ".join(first.replace("``", "`").split()).rstrip(".")
