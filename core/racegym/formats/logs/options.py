"""What the reader of a log may be told."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from racegym.errors import nearest
from racegym.formats.registry import FormatOptions
from racegym.interfaces.options import StageOptions

__all__ = ["ColumnMap", "LogOptions", "SpeedUnit", "TimeUnit"]

SpeedUnit = Literal["m/s", "km/h", "mph", "knots"]
TimeUnit = Literal["s", "ms", "us", "ns"]


class ColumnMap(StageOptions):
    """Which column of a CSV holds what: a heading, or a number counted from 1."""

    time: str | int | None = Field(default=None, description="time")
    lat: str | int | None = Field(default=None, description="latitude")
    lon: str | int | None = Field(default=None, description="longitude")
    x: str | int | None = Field(default=None, description="position east")
    y: str | int | None = Field(default=None, description="position north")
    speed: str | int | None = Field(default=None, description="speed")
    heading: str | int | None = Field(default=None, description="course, clockwise from north")
    lap: str | int | None = Field(default=None, description="number of the lap")


class LogOptions(FormatOptions):
    """What is known of a log, and how its laps become a track."""

    columns: ColumnMap = Field(
        default=ColumnMap(), description="of a CSV: column by what it holds, e.g. columns.time=t"
    )
    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, description="of a CSV; None: the file tells"
    )
    speed_unit: SpeedUnit | None = Field(
        default=None,
        description="of a CSV: m/s, km/h, mph or knots; None: heading or way tell",
    )
    time_unit: TimeUnit | None = Field(
        default=None, description="of a CSV: s, ms, us or ns; None: the heading tells, else s"
    )
    start_lat: float | None = Field(
        default=None, ge=-90, le=90, description="[deg] of the start line"
    )
    start_lon: float | None = Field(
        default=None, ge=-180, le=180, description="[deg] of the start line"
    )
    start_x: float | None = Field(
        default=None, description="[m] of the start line, in a log of metres"
    )
    start_y: float | None = Field(
        default=None, description="[m] of the start line, in a log of metres"
    )
    start_heading: float | None = Field(
        default=None,
        ge=-360,
        le=360,
        description="[deg] in which the start line is crossed, clockwise from north (y); "
        "None: as the log goes there",
    )
    max_gap: float | None = Field(
        default=None,
        gt=0,
        description="[s] without positions in a lap; None: 2, or 3 samples",
    )
    tolerance: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="how far a lap may be off the median time, as a share",
    )
    width: float | Literal["spread"] | None = Field(
        default=None,
        description="[m] of the track; spread: as far as the laps lie apart; None: assumed by "
        "the length of the lap",
    )
    smoothing: float | None = Field(
        default=None,
        gt=0,
        description="[m] the shortest wave of the line; None: by the length",
    )

    @model_validator(mode="before")
    @classmethod
    def _dotted(cls, given: Any) -> Any:
        """Take ``columns.time: t`` as ``columns: {time: t}``, as command lines say it."""
        if not isinstance(given, dict):
            return given
        plain = {key: value for key, value in given.items() if not _is_dotted(key)}
        inner = {key.partition(".")[2]: v for key, v in given.items() if _is_dotted(key)}
        if inner and isinstance(plain.get("columns", {}), dict):
            plain["columns"] = {**plain.get("columns", {}), **inner}
        columns = plain.get("columns", {})
        if isinstance(columns, dict):
            for name in columns:
                if name not in ColumnMap.model_fields:
                    raise ValueError(
                        f"columns has no {name!r}; {nearest(name, ColumnMap.model_fields)}"
                    )
        return plain

    @model_validator(mode="after")
    def _pairs(self) -> LogOptions:
        for one, other in (("start_lat", "start_lon"), ("start_x", "start_y")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} belong together")
        if self.start_lat is not None and self.start_x is not None:
            raise ValueError("give the start line by start_lat and start_lon or by start_x and "
                             "start_y, not both")  # fmt: skip
        if isinstance(self.width, float) and not 0.1 <= self.width <= 500.0:
            raise ValueError("width must be 0.1 m to 500 m")
        return self


def _is_dotted(key: Any) -> bool:
    return isinstance(key, str) and key.startswith("columns.")
