"""A track as a map: features in degrees, and what gives back the track that they were made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from racegym.documents.document import Document
from racegym.errors import TrackError
from racegym.formats.local_plane import LocalPlane, plane_of
from racegym.formats.native_head import SURFACES, check_head, head_of
from racegym.formats.native_table import SURFACE_COLUMNS, Table, table_of
from racegym.formats.native_track import build
from racegym.track import Track

__all__ = ["OWN", "collection", "restored"]

Floats = NDArray[np.float64]

OWN = "racegym"  # the member of the collection that is no standard's
NOWHERE = LocalPlane(0.0, 0.0)
DEGREES, METRES = 9, 4  # digits behind the point; 1e-9 degrees are 0.1 mm
DIGITS = 6  # of widths and the like
MOST = 100_000  # points
NO_WALL = "none"  # JSON knows no infinity
BESIDE = ("width_left", "width_right", "banking", "line", *SURFACE_COLUMNS)
LYING = ("line", *SURFACE_COLUMNS)
HINT = f"take the member {OWN!r} out to have the lines alone read"


class _Own(BaseModel):
    """What the member ``racegym`` holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    placed: bool  # whether the coordinates are where the track lies
    latitude: float = Field(ge=-90.0, le=90.0)
    longitude: float = Field(ge=-180.0, le=180.0)
    head: dict[str, Any]  # as that of a native track
    columns: dict[str, Annotated[list[float], Field(max_length=MOST)]]  # one value a point


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
        columns = [longitude.round(DEGREES), latitude.round(DEGREES)]
        if z is not None and self.track.z.any():
            columns.append(z.round(METRES))
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
        OWN: _own(track, placing),
        "features": list(_features(track, placing)),
    }


def _features(track: Track, placing: _Placing) -> Iterator[dict[str, Any]]:
    def feature(shape: str, coordinates: Any, role: str, **more: Any) -> dict[str, Any]:
        geometry = {"type": shape, "coordinates": coordinates}
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


def _own(track: Track, placing: _Placing) -> dict[str, Any]:
    head = head_of(track)
    del head["hash"]  # of the samples, which are laid anew through the points
    if not np.isfinite(track.runoff):
        head["runoff"] = NO_WALL
    columns = table_of(track)
    kept = [name for name in columns if name in BESIDE]
    return {
        "placed": placing.placed,
        "latitude": placing.plane.latitude,
        "longitude": placing.plane.longitude,
        "head": head,
        "columns": {name: np.round(columns[name], DIGITS).tolist() for name in kept},
    }


def restored(top: dict[str, Any], name: str | None, path: Path) -> Track:
    """Return the track that a collection was made of.

    Args:
        top: the collection, with its member ``racegym``.
        name: of the track, if it gets another.
        path: of the file.

    Raises:
        TrackError: the member is wrong, or does not go with the centerline.
    """
    try:
        own = _Own.model_validate(top[OWN])
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, (OWN, *fault["loc"])))
        raise TrackError(f"{where}: {fault['msg'].lower()}; {HINT}", file=path) from None
    plain = dict(own.head)
    if plain.get("runoff") == NO_WALL:
        plain["runoff"] = np.inf
    head = check_head(Document(plain, {}), path)
    points = _centerline(top, path)
    plane = LocalPlane(own.latitude, own.longitude)
    x, y = plane.to_plane(points[:, 1], points[:, 0])
    if own.placed and head.origin is not None:
        x, y = x - head.origin[0], y - head.origin[1]
    columns: dict[str, NDArray[Any]] = {"x": x, "y": y, "z": points[:, 2]}
    for key, values in own.columns.items():
        if key not in BESIDE or len(values) != len(x):
            raise TrackError(
                f"{OWN}.columns.{key} holds {len(values)} values, and the centerline {len(x)} "
                f"points; {HINT}",
                file=path,
            )
        columns[key] = np.array(values)
        if key in SURFACE_COLUMNS:
            columns[key] = np.clip(np.rint(columns[key]), 0, len(SURFACES) - 1).astype(np.uint8)
    track = build(head, Table(columns=columns, file=path), name or head.name or path.stem)
    if len(track) != len(x):
        return track
    # The points are the samples again: what lies beside them needs no interpolation.
    exact: dict[str, Any] = {key: columns[key] for key in LYING if key in columns}
    return replace(track, **exact)


def _centerline(top: dict[str, Any], path: Path) -> Floats:
    """Return longitude, latitude and elevation (n, 3) of the feature with that role."""
    features = top.get("features")
    for each in features if isinstance(features, list) else []:
        try:
            if each["properties"]["role"] == "centerline":
                given = np.array(each["geometry"]["coordinates"], np.float64)
                if given.ndim == 2 and given.shape[1] in (2, 3) and 1 < len(given) <= MOST + 1:
                    break
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    else:
        raise TrackError(f"has no line with the role centerline; {HINT}", file=path)
    points = np.zeros((len(given) - 1, 3))
    points[:, : given.shape[1]] = given[:-1]  # the last is the first again
    if not (np.isfinite(points).all() and (np.abs(points[:, :2]) <= [180.0, 90.0]).all()):
        raise TrackError("its centerline leaves the Earth; coordinates are degrees", file=path)
    return points
