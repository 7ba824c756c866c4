"""The head of a native track: what its YAML may say, and what it says of a track."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from racegym.documents.describing import describe
from racegym.documents.document import Document, Location, dotted
from racegym.errors import TrackError, nearest
from racegym.interfaces import Surface
from racegym.track import Track
from racegym.track.check import LARGEST_COORDINATE, LARGEST_WIDTH
from racegym.track.obstacles import LARGEST_RADIUS, MAX_OBSTACLES
from racegym.track.track import MAX_SAMPLES

__all__ = ["VERSION", "Head", "ObstacleHead", "PitHead", "check_head", "head_of"]

VERSION = 1  # of the form
SURFACES = tuple(surface.name.lower() for surface in Surface)


def _measurable(value: float) -> float:
    """Refuse what is no measure of anything, and would overflow when squared."""
    if abs(value) > LARGEST_COORDINATE:
        raise ValueError(f"is {value:g}; it must lie within {LARGEST_COORDINATE:g}")
    return value


Measure = Annotated[float, AfterValidator(_measurable)]
SurfaceName = Literal["asphalt", "kerb", "grass", "gravel"]
Pair = Annotated[tuple[Measure, Measure], Field(strict=False)]
Pairs = Annotated[tuple[Pair, ...], Field(strict=False)]
Numbers = Annotated[tuple[float, ...], Field(strict=False, min_length=1)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]
Metres = Annotated[float, Field(gt=0.0)]


class _Part(BaseModel):
    """Base of the head and of its parts: frozen, and it knows no other keys than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class PitHead(_Part):
    """The pit lane, see ``racegym.track.PitLane``."""

    entry: Measure = Field(description="[m] s at which the speed limit begins")
    exit: Measure = Field(description="[m] s at which it ends")
    offset: Measure = Field(description="[m] d of its middle, left positive")
    width: Measure = Field(description="[m]")
    speed_limit: Measure = Field(description="[m/s]")
    boxes: Annotated[tuple[float, ...], Field(strict=False)] = Field(
        default=(), description="[m] s of the pit boxes, in the order of driving"
    )


class ObstacleHead(_Part):
    """One obstacle: where it stands, along the track or on the map, and how large it is."""

    s: Measure | None = Field(default=None, description="[m] along the centerline")
    d: Measure | None = Field(default=None, description="[m] across, left positive; 0 by default")
    x: Measure | None = Field(default=None, description="[m] as the points, in place of s and d")
    y: Measure | None = Field(default=None, description="[m]")
    radius: float = Field(gt=0.0, le=LARGEST_RADIUS, description="[m]")
    segment: int | None = Field(
        default=None,
        ge=0,
        lt=MAX_SAMPLES,
        description="sample that it belongs to; by default the nearest",
    )

    @model_validator(mode="after")
    def _one_place(self) -> ObstacleHead:
        along = self.s is not None and self.x is None and self.y is None
        on_map = self.x is not None and self.y is not None and self.s is None and self.d is None
        if not (along or on_map):
            raise ValueError("give s and d, along the track, or x and y, on the map")
        return self


class Head(_Part):
    """Everything that the head of a native track may say. All of it may be left out."""

    racegym_track: int = Field(default=VERSION, description="version of this form")
    name: str | None = Field(
        default=None, min_length=1, description="of the track; without it the file's"
    )
    source: str = Field(default="", description="where it came from")
    licence: str = Field(default="", description="under which its data may be used")
    attribution: str = Field(default="", description="whom to name with it")
    notes: Texts = Field(default=(), description="what was assumed when it was made")
    problems: Texts = Field(default=(), description="oddities that were let pass")
    hash: str | None = Field(default=None, description="of its content when it was written")
    length: Metres | None = Field(default=None, description="[m] of the lap, for people")
    spacing: Metres | None = Field(default=None, description="[m] between samples")
    origin: Pair | None = Field(
        default=None, description="[m] x and y that (0, 0) had where it came from"
    )
    width: Metres | None = Field(default=None, description="[m] of the asphalt, edge to edge")
    width_left: Metres | None = Field(default=None, description="[m] centerline to left edge")
    width_right: Metres | None = Field(default=None, description="[m] centerline to right edge")
    banking: float | None = Field(default=None, description="[rad] positive: left edge higher")
    start: float = Field(
        default=0.0, description="[m] from the first point to the start line, along the points"
    )
    reverse: bool = Field(
        default=False, description="driven against the order of the points; s is along them"
    )
    sectors: Numbers | None = Field(default=None, description="[m] s where each begins, first 0")
    checkpoints: Numbers | None = Field(default=None, description="[m] s, increasing, first 0")
    kerb_width: Annotated[float, Field(ge=0.0, le=LARGEST_WIDTH)] | None = Field(
        default=None, description="[m] outward from the edge of the asphalt"
    )
    runoff: Annotated[float, Field(ge=0.0, allow_inf_nan=True)] | None = Field(
        default=None, description="[m] edge of the asphalt to the wall; .inf: no wall"
    )
    surface_left: SurfaceName | None = Field(default=None, description="beyond the left kerb")
    surface_right: SurfaceName | None = Field(default=None, description="beyond the right kerb")
    crossings: Literal["refuse", "allow"] | Pairs = Field(
        default="refuse", description="s of both passes of each bridge, or allow or refuse"
    )
    grid: Annotated[tuple[Pair, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None, description="[m] s and d of each slot, pole first"
    )
    pit: PitHead | None = Field(default=None, description="the pit lane")
    obstacles: Annotated[
        tuple[ObstacleHead, ...], Field(strict=False, max_length=MAX_OBSTACLES)
    ] = Field(default=(), description="what stands on it")
    line_name: str = Field(default="racing line", description="what kind of line `line` is")

    @model_validator(mode="after")
    def _one_width(self) -> Head:
        if self.width is not None and (self.width_left or self.width_right) is not None:
            raise ValueError("give width, or width_left and width_right, not both")
        return self


def check_head(document: Document, file: Path) -> Head:
    """Return the head that stands in a document.

    Raises:
        TrackError: naming the first key at fault, its line and what is valid.
    """
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        raise TrackError("its head is no mapping of keys to values", file=file, line=1)
    version = data.get("racegym_track", VERSION)
    if version != VERSION:
        raise TrackError(
            f"racegym_track is {version!r}; this racegym reads version {VERSION} of the form",
            file=file,
            line=_line(document, ("racegym_track",)),
        )
    try:
        return Head.model_validate(data)
    except ValidationError as error:
        location, what = min(describe(error, Head, data), key=lambda told: _rank(document, *told))
        key = str(location[0]) if location else ""
        if what.startswith("is unknown") and len(location) == 1:
            what = f"is unknown; {nearest(key, Head.model_fields)}"
        where = dotted(location)
        raise TrackError(
            f"{where} {what}" if where else what, file=file, line=_line(document, location)
        ) from None


def _rank(document: Document, location: Location, what: str) -> tuple[bool, int, int]:
    """Return by what one complaint comes before another: an unknown key explains the most."""
    return not what.startswith("is unknown"), _line(document, location) or 0, -len(location)


def _line(document: Document, location: Location) -> int | None:
    while location and location not in document.lines:
        location = location[:-1]
    return document.lines.get(location)


def head_of(track: Track) -> dict[str, Any]:
    """Return what the head of ``track`` says, as plain data; samples stand in a table."""
    told: dict[str, Any] = {
        "racegym_track": VERSION,
        "name": track.name,
        "source": track.source,
        "licence": track.licence,
        "attribution": track.attribution,
        "notes": list(track.notes),
        "problems": list(track.problems),
        "hash": track.hash,
        "length": track.length,
        "spacing": track.spacing,
        "origin": [float(value) for value in track.origin],
        "sectors": track.sectors.tolist(),
        "checkpoints": track.checkpoints.tolist(),
        "kerb_width": float(track.kerb_width),
        "runoff": float(track.runoff),
        "crossings": [[float(one), float(other)] for one, other in track.crossings],
        "grid": None if track.grid is None else track.grid.tolist(),
        "pit": None if track.pit is None else _pit(track),
        "obstacles": _obstacles(track.obstacles, track.obstacle_segment),
        "line_name": None if track.line is None else track.line_name,
    }
    for side in ("left", "right"):
        codes = getattr(track, f"surface_{side}")
        if codes is not None and (codes == codes[0]).all():
            told[f"surface_{side}"] = SURFACES[int(codes[0])]
    return {key: value for key, value in told.items() if value not in (None, "", [])}


def _pit(track: Track) -> dict[str, Any]:
    assert track.pit is not None
    told = {key: getattr(track.pit, key) for key in PitHead.model_fields}
    return {**told, "boxes": list(track.pit.boxes)}


def _obstacles(obstacles: NDArray[np.float64], segments: NDArray[np.int64]) -> list[dict[str, Any]]:
    rows = zip(obstacles.tolist(), segments.tolist(), strict=True)
    return [
        {"x": x, "y": y, "radius": radius, "segment": segment} for (x, y, radius), segment in rows
    ]
