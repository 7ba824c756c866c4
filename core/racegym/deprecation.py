"""How something is taken out of the interface: it warns for one minor release, then goes.

    @deprecated(since="0.2", use="racegym.track.generate")
    def make_circuit(seed): ...

Whoever calls it under racegym 0.2 is told to call the other, and that 0.3 no longer has it.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from packaging.version import Version

__all__ = ["RacegymDeprecationWarning", "deprecated", "deprecation", "warn_deprecated"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class RacegymDeprecationWarning(FutureWarning):
    """Something still works and will not in the next minor release.

    A ``FutureWarning``, so Python shows it by default: those who must act are the authors and
    the users of plugins, not only of racegym.
    """


def deprecation(what: str, *, since: str, use: str) -> RacegymDeprecationWarning:
    """Return the warning, for ``hookspec(warn_on_impl=...)`` and the like.

    Args:
        what: what is going, as its users write it.
        since: the first release that warns, such as ``"0.2"``.
        use: what to write in its place.
    """
    first = Version(since)
    return RacegymDeprecationWarning(
        f"{what} is deprecated since racegym {since} and gone in {first.major}.{first.minor + 1}; "
        f"use {use}"
    )


def warn_deprecated(what: str, *, since: str, use: str, stacklevel: int = 2) -> None:
    """Warn of something that is neither a function nor a class, such as an option.

    Args:
        what, since, use: see ``deprecation``.
        stacklevel: 2 blames the caller of the function that calls this.
    """
    warnings.warn(deprecation(what, since=since, use=use), stacklevel=stacklevel + 1)


def deprecated(
    *, since: str, use: str
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Let a function warn at each call, before it does its work as ever.

    Args:
        since, use: see ``deprecation``.
    """

    def wrap(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        what = f"{function.__module__}.{function.__qualname__}"

        @functools.wraps(function)
        def warning(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            warn_deprecated(what, since=since, use=use)
            return function(*args, **kwargs)

        return warning

    return wrap
