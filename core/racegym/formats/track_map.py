"""A track as a map: features in degrees, and what gives back the track that they were made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from racegym.errors import TrackError
from racegym.formats.geographic import LineOptions
from racegym.formats.local_plane import LocalPlane, plane_of
from racegym.track import PitLane, Track

__all__ = ["OWN", "collection", "restored"]

Floats = NDArray[np.float64]

OWN = "racegym"  # the member of the collection that is no standard's
VERSION = 1
NOWHERE = LocalPlane(0.0, 0.0)
DEGREES, METRES = 9, 4  # digits behind the point; 1e-9 degrees are 0.1 mm
MOST = 100_000


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Obstacle(_Model):
    x: float
    y: float
    radius: float
    near: float  # [m] s


class _Pit(_Model):
    entry: float
    exit: float
    offset: float
    width: float
    speed_limit: float
    boxes: tuple[float, ...] = Field((), max_length=1000)


class _Own(_Model):
    """What the geometry does not say. Lists have a value for each point of the centerline."""

    version: int
    placed: bool  # whether the coordinates are where the track lies
    latitude: float = Field(ge=-90.0, le=90.0)
    longitude: float = Field(ge=-180.0, le=180.0)
    origin: tuple[float, float]
    spacing: float = Field(gt=0.0)
    length: float = Field(gt=0.0)
    width_left: list[float] = Field(max_length=MOST)
    width_right: list[float] = Field(max_length=MOST)
    banking: list[float] | None = Field(None, max_length=MOST)
    line: list[float] | None = Field(None, max_length=MOST)
    line_name: str = Field("centerline", max_length=200)
    surface_left: list[int] | None = Field(None, max_length=MOST)
    surface_right: list[int] | None = Field(None, max_length=MOST)
    sectors: list[float] = Field(max_length=1000)
    checkpoints: list[float] = Field(max_length=1000)
    kerb_width: float
    runoff: float | None  # None: no wall
    grid: list[tuple[float, float]] | None = Field(None, max_length=1000)
    pit: _Pit | None = None
    obstacles: list[_Obstacle] = Field(default_factory=list, max_length=1000)


class _Placing:
    """Puts places of the track, in its own coordinates, on the Earth."""

    def __init__(self, track: Track):
        self.track = track
        found = plane_of(track.notes)
        self.placed = found is not None
        self.plane = found or NOWHERE
        self.shift = track.origin if self.placed else (0.0, 0.0)

    def positions(self, x: Floats, y: Floats, z: Floats | None = None) -> list[list[float]]:
        latitude, longitude = self.plane.to_earth(
            np.atleast_1d(x) + self.shift[0], np.atleast_1d(y) + self.shift[1]
        )
        columns = [np.round(longitude, DEGREES), np.round(latitude, DEGREES)]
        if z is not None and self.track.z.any():
            columns.append(np.round(np.atleast_1d(z), METRES))
        rows: list[list[float]] = np.column_stack(columns).tolist()
        return rows

    def along(self, d: Floats | float) -> list[list[float]]:
        """Return the closed line at an offset [m] of the centerline."""
        t = self.track
        places = self.positions(t.x - d * t.tangent_y, t.y + d * t.tangent_x, t.z)
        return [*places, places[0]]

    def across(self, s: float) -> list[list[float]]:
        """Return the line from the left edge to the right edge."""
        t = self.track
        k = round(s / t.spacing) % len(t)
        x, y, _ = t.at([s, s], [t.width_left[k], -t.width_right[k]])
        return self.positions(x, y)


def collection(track: Track) -> dict[str, Any]:
    """Return the GeoJSON FeatureCollection of a track."""
    placing = _Placing(track)
    return {
        "type": "FeatureCollection",
        "name": track.name,
        OWN: _own(track, placing).model_dump(exclude_none=False),
        "features": list(_features(track, placing)),
    }


def _features(track: Track, placing: _Placing) -> Iterator[dict[str, Any]]:
    def feature(kind: str, coordinates: Any, role: str, **more: Any) -> dict[str, Any]:
        geometry = {"type": kind, "coordinates": coordinates}
        return {"type": "Feature", "properties": {"role": role, **more}, "geometry": geometry}

    yield feature("LineString", placing.along(0.0), "centerline", name=track.name)
    yield feature("LineString", placing.along(track.width_left), "left_edge")
    yield feature("LineString", placing.along(-track.width_right), "right_edge")
    if track.line is not None:
        yield feature("LineString", placing.along(track.line), "racing_line", kind=track.line_name)
    yield feature("LineString", placing.across(0.0), "start_line")
    for role, gates in (("sector", track.sectors[1:]), ("checkpoint", track.checkpoints[1:])):
        for k, s in enumerate(gates.tolist(), start=1):
            yield feature("LineString", placing.across(s), "gate", kind=role, index=k, s=s)
    if track.pit is not None:
        pit = track.pit
        count = int(np.ceil(((pit.exit - pit.entry) % track.length) / track.spacing)) + 1
        s = pit.entry + np.linspace(0.0, (pit.exit - pit.entry) % track.length, count)
        x, y, _ = track.at(s, pit.offset)
        limit = {"width": pit.width, "speed_limit": pit.speed_limit}
        yield feature("LineString", placing.positions(x, y), "pit_lane", **limit)
    for x, y, radius in track.obstacles:
        (place,) = placing.positions(x, y)
        yield feature("Point", place, "obstacle", radius=float(radius))


def _own(track: Track, placing: _Placing) -> _Own:
    def optional(array: NDArray[Any] | None) -> Any:
        return None if array is None else array.tolist()

    return _Own(
        version=VERSION,
        placed=placing.placed,
        latitude=placing.plane.latitude,
        longitude=placing.plane.longitude,
        origin=track.origin,
        spacing=track.spacing,
        length=track.length,
        width_left=np.round(track.width_left, METRES + 2).tolist(),
        width_right=np.round(track.width_right, METRES + 2).tolist(),
        banking=track.banking.tolist() if track.banking.any() else None,
        line=None if track.line is None else np.round(track.line, METRES + 2).tolist(),
        line_name=track.line_name,
        surface_left=optional(track.surface_left),
        surface_right=optional(track.surface_right),
        sectors=track.sectors.tolist(),
        checkpoints=track.checkpoints.tolist(),
        kerb_width=track.kerb_width,
        runoff=track.runoff if np.isfinite(track.runoff) else None,
        grid=optional(track.grid),
        pit=None if track.pit is None else _Pit(**asdict(track.pit)),
        obstacles=[
            _Obstacle(x=x, y=y, radius=radius, near=float(k * track.spacing))
            for (x, y, radius), k in zip(
                track.obstacles.tolist(), track.obstacle_segment, strict=True
            )
        ],
    )
