"""What to say when a module that a plugin names is not there."""

from __future__ import annotations

import pkgutil
from importlib.util import find_spec

from racegym.errors import nearest

__all__ = ["missing_module"]


def missing_module(error: ModuleNotFoundError, name: str) -> str:
    """Return the nearest modules to one that a plugin names, for the end of a message.

    Args:
        error: what its import raised.
        name: the module's full name.

    Returns:
        A hint beginning with ``"; "``; empty when it is another module that is missing, or
        when the package of this one is not there either.
    """
    package, _, _ = name.rpartition(".")
    if error.name != name or not package:
        return ""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    beside = [f"{package}.{module.name}" for module in pkgutil.iter_modules(folders or [])]
    return f"; {nearest(name, beside)}" if beside else ""
