"""Calling hooks one plugin at a time, so that a failure can be laid at somebody's door."""

from __future__ import annotations

import re
import traceback

import pluggy

__all__ = ["call_one", "described", "normalised", "raised"]


def call_one(manager: pluggy.PluginManager, dist: str, hook: str, **arguments: object) -> None:
    """Call ``hook`` of the plugin registered as ``dist`` alone; whatever it raises passes."""
    others = [plugin for name, plugin in manager.list_name_plugin() if name != dist]
    manager.subset_hook_caller(hook, remove_plugins=others)(**arguments)


def described(error: BaseException) -> str:
    """Return an exception as one line, e.g. ``"ImportError: no module named 'x'"``."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def raised(error: BaseException) -> str:
    """Return an exception out of an import as one line, with the place that it comes from.

    A module that is not there says all by itself; anything else is a mistake at some line.
    """
    if isinstance(error, ModuleNotFoundError | OSError):
        return described(error)
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if not frame.filename.startswith("<frozen")]
    return f"{ours[-1].filename}:{ours[-1].lineno}: {described(error)}"


def normalised(dist: str) -> str:
    """Return a distribution's name as packaging tools compare it (PEP 503).

    >>> normalised("Racegym_Kart2D")
    'racegym-kart2d'
    """
    return re.sub(r"[-_.]+", "-", dist).lower()
