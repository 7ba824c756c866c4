"""Angles that scenarios give: in radians, and told plainly when they look like degrees."""

from __future__ import annotations

from math import pi, radians
from typing import Any

from pydantic import BeforeValidator

__all__ = ["in_radians"]


def in_radians(most: float) -> BeforeValidator:
    """Return a validator that refuses an angle beyond ``most`` [rad], either way, in plain words.

    What is beyond a full turn was meant in degrees, so that its radians are told.
    """

    def check(value: Any) -> Any:
        if isinstance(value, int | float) and abs(value) > most:
            meant = f"radians are meant, at most {most:.4g}"
            if 2.0 * pi < abs(value) < float("inf"):
                raise ValueError(f"{meant}; {value:g} degrees are {radians(value):.4g}")
            raise ValueError(f"{meant}, not {value:g}")
        return value

    return BeforeValidator(check)
