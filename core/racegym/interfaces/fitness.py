"""Whether a class has the methods that racegym will call, told in words before it does."""

from __future__ import annotations

import inspect

from racegym.interfaces.stages import Stage
from racegym.interfaces.trainer import Trainer

__all__ = ["class_fault"]

MODULES = (Stage.__module__, Trainer.__module__)  # where what strangers derive from stands


def class_fault(make: type) -> str | None:
    """Return what a class of stages or trainers lacks, or None if nothing.

    Args:
        make: the class; one that is neither lacks nothing.

    Returns:
        The methods that are missing, or the first that can't be called as racegym does.
    """
    base = next((b for b in inspect.getmro(make) if b.__module__ in MODULES), None)
    if base is None:
        return None
    missing = sorted(getattr(make, "__abstractmethods__", ()))
    if missing:
        forms = " and def ".join(_form(base, name) for name in missing)
        return f"{make.__name__} lacks what every {base.__name__} has: def {forms}"
    bases = [b for b in inspect.getmro(base) if b.__module__ in MODULES]
    for name in dict.fromkeys(name for b in bases for name in vars(b)):
        theirs, ours = getattr(make, name), getattr(base, name)
        if name.startswith("_") or theirs is ours or not inspect.isfunction(theirs):
            continue
        if inspect.isfunction(ours) and not _fits(theirs, ours):
            return (
                f"{make.__name__}.{name} takes {inspect.signature(theirs)}, and is called as "
                f"every {base.__name__} has it: def {_form(base, name)}"
            )
    return None


def _fits(theirs: object, ours: object) -> bool:
    try:
        needed = len(inspect.signature(ours).parameters)  # type: ignore[arg-type]
        inspect.signature(theirs).bind(*range(needed))  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _form(base: type, name: str) -> str:
    return f"{name}({', '.join(inspect.signature(getattr(base, name)).parameters)})"
