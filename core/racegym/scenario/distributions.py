"""Reading a number that may be drawn: ``3``, ``{uniform: [1, 4]}``, ``{choice: [1, 2]}`` ..."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from statistics import NormalDist
from typing import Any

from racegym.errors import nearest
from racegym.world.distributions import Distribution

__all__ = ["KINDS", "is_distribution", "read_distribution"]

KINDS = ("choice", "log_uniform", "normal", "uniform")
ENDS = ("high", "low")
MOST_CHOICES = 1000
LEAST_SHARE = 0.01  # of a normal distribution that must lie within its ends


def is_distribution(value: Any) -> bool:
    """Tell whether a mapping names a distribution, rightly or wrongly written."""
    return isinstance(value, Mapping) and any(kind in value for kind in KINDS)


def read_distribution(value: Any) -> Distribution:
    """Return what a number, or a mapping in its place, stands for.

    Raises:
        ValueError: it is neither a number nor a distribution; says what it should be.
    """
    if not isinstance(value, Mapping):
        return Distribution.constant(_number(value, "it"))
    kinds = [key for key in value if key in KINDS]
    if len(kinds) != 1:
        said = " and ".join(kinds)
        hint = nearest(next((str(key) for key in value if key not in ENDS), ""), KINDS)
        raise ValueError(
            f"give one distribution, not {said}"
            if said
            else f"names none of the distributions; {hint}"
        )
    kind = kinds[0]
    for key in value:
        if key != kind and (kind != "normal" or key not in ENDS):
            valid = nearest(key, (kind, *ENDS) if kind == "normal" else (kind,))
            raise ValueError(f"{kind} takes no {key!r} beside it; {valid}")
    if kind == "choice":
        return _choice(value[kind])
    first, second = _pair(kind, value[kind])
    if kind == "normal":
        return _normal(first, second, value)
    if first > second:
        raise ValueError(f"{kind} begins at {first:g} and ends at {second:g}; swap its ends")
    if kind == "uniform":
        return Distribution.uniform(first, second)
    if first <= 0:
        raise ValueError(f"log_uniform begins at {first:g}; a logarithm wants ends above 0")
    return Distribution.log_uniform(first, second)


def _normal(mean: float, deviation: float, value: Mapping[str, Any]) -> Distribution:
    if deviation <= 0:
        raise ValueError(f"normal has a standard deviation of {deviation:g}; it must be above 0")
    given = {key: _number(value[key], key) for key in ENDS if key in value}
    found = Distribution.normal(mean, deviation, **given)
    if found.low > found.high:
        raise ValueError(f"low is {found.low:g} and high is {found.high:g}; swap them")
    bell = NormalDist(mean, deviation)
    share = bell.cdf(found.high) - bell.cdf(found.low)
    if not isfinite(found.low + found.high) or share < LEAST_SHARE:
        raise ValueError(
            f"low {found.low:g} and high {found.high:g} leave {100 * share:.2g} % of "
            f"normal: [{mean:g}, {deviation:g}]; widen them"
        )
    return found


def _choice(value: Any) -> Distribution:
    if not isinstance(value, list | tuple):
        raise ValueError(f"choice is {value!r}; it should be a list of numbers")
    if not 0 < len(value) <= MOST_CHOICES:
        has = "is empty" if not value else f"has {len(value)} entries"
        raise ValueError(f"choice {has}; it should have 1 to {MOST_CHOICES}")
    return Distribution.choice([_number(entry, f"choice[{k}]") for k, entry in enumerate(value)])


def _pair(kind: str, value: Any) -> tuple[float, float]:
    meaning = "mean and standard deviation" if kind == "normal" else "its two ends"
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"{kind} is {value!r}; it should be a list of {meaning}")
    return _number(value[0], f"{kind}[0]"), _number(value[1], f"{kind}[1]")


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = f" or one of {', '.join(KINDS)}" if what == "it" else ""
        raise ValueError(f"{what} is {value!r}; it should be a number{hint}")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise ValueError(f"{what} is {value!r}; it should be a finite number")
    return number
