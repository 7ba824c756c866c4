"""How the records of a step are declared and allocated.

A record is a dataclass whose fields are arrays that stay the same objects for ever;
``column`` states the unit, dtype, extra axes, start value and bounds of each, once, and
everything else reads it from there: allocation, telemetry, documentation, conformance.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.interfaces.arrays import Arrays

__all__ = ["WHEELS", "Array", "Column", "Record", "allocate", "column", "columns"]

Array = NDArray[Any]
Made = TypeVar("Made", bound="Record")
WHEELS = ("fl", "fr", "rl", "rr")  # the order of every wheel axis

Axes = Literal["race", "car", "wheel"]


class Record:
    """A set of arrays that are written in place and never exchanged for others.

    ``state.vx += 1`` and ``state.vx[...] = 1`` write in place; ``state.vx = other`` would
    cut the array off from everybody who shares it, and is refused.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            present = getattr(self, name)
        except AttributeError:
            object.__setattr__(self, name, value)
            return
        if present is not value:
            kind = type(self).__name__
            raise AttributeError(f"write in place: {kind}.{name}[...] = value, not {name} = value")


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one array of a record holds.

    Attributes:
        unit: SI unit, ``"1"`` for a ratio, ``""`` for a code or a flag.
        dtype: numpy dtype, or ``"real"`` for the world's precision.
        axes: what it is led by: ``race``, ``car`` (race and car), ``wheel`` (and wheel).
        fill: its value after a reset, before anything has filled it.
        low, high: bounds that every value keeps, where there are any.
        doc: one line.
    """

    unit: str
    dtype: str
    axes: Axes
    fill: Any
    low: float
    high: float
    doc: str


def column(
    unit: str,
    doc: str,
    *,
    dtype: str = "real",
    axes: Axes = "car",
    fill: ArrayLike = 0,
    low: float = -np.inf,
    high: float = np.inf,
) -> Any:
    """Declare one array of a record."""
    spec = Column(unit=unit, dtype=dtype, axes=axes, fill=fill, low=low, high=high, doc=doc)
    return field(metadata={"column": spec})


def columns(record: type[Record]) -> dict[str, Column]:
    """Return the columns of a record class by name, in order."""
    declared = fields(cast(Any, record))  # every record is a dataclass
    return {f.name: cast(Column, f.metadata["column"]) for f in declared}


def allocate(record: type[Made], arrays: Arrays, n_cars: int, prefix: str) -> Made:
    """Allocate every array of ``record`` as ``prefix.name`` and return the record."""
    shapes: dict[Axes, tuple[int, ...]] = {
        "race": (),
        "car": (n_cars,),
        "wheel": (n_cars, len(WHEELS)),
    }
    made = {
        name: arrays.new(f"{prefix}.{name}", shapes[spec.axes], spec.dtype, spec.fill)
        for name, spec in columns(record).items()
    }
    return record(**made)
