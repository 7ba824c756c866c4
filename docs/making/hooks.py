"""The made parts of `docs/hooks.md`: each hook's arguments, and when it fires."""

from __future__ import annotations

import inspect
from types import ModuleType

from racegym import hookspecs

__all__ = ["hooks", "parts"]


def hooks(module: ModuleType = hookspecs) -> list[str]:
    """Return the names of all hooks, in the order in which they fire."""
    return [name for name, item in vars(module).items() if hasattr(item, "racegym_spec")]


def parts(module: ModuleType = hookspecs) -> dict[str, str]:
    """Return what is made of each hook, by its name."""
    return {name: _about(name, getattr(module, name)) for name in hooks(module)}


def _about(name: str, hook: object) -> str:
    arguments = ", ".join(inspect.signature(hook).parameters)  # type: ignore[arg-type]
    text = " ".join((inspect.getdoc(hook) or "").replace("``", "`").split())
    return f"`{name}({arguments})`\n\n{text}"
