"""Reading and writing the maps of F1TENTH, which are ROS occupancy grids.

``NAME.yaml`` (or ``NAME_map.yaml``) names a picture in its own folder and says how large a pixel
is and where its lower left corner lies; ``NAME_centerline.csv`` and ``NAME_raceline.csv`` may lie
beside it. Without a centerline it is found in the picture: the middle between the walls.

[1] http://wiki.ros.org/map_server, section "Map format".
[2] https://github.com/f1tenth/f1tenth_racetracks
"""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from racegym.documents.document import Document, read_document
from racegym.errors import ScenarioError, TrackError, nearest
from racegym.formats.content import is_file
from racegym.formats.f1tenth_writing import outputs, write
from racegym.formats.picture.names import is_picture
from racegym.formats.picture.pixels import Pixels, read_pixels
from racegym.formats.registry import FormatOptions
from racegym.formats.tum import read_tum
from racegym.track import Track

if TYPE_CHECKING:
    from racegym.formats.picture.drawn import Drawn

__all__ = ["Options", "outputs", "read", "recognises", "write"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

KEYS = ("image", "resolution", "origin", "negate", "occupied_thresh", "free_thresh", "mode")
MOST_OFF = 0.02  # of a centerline's points may lie outside the free area
_MAP = re.compile(rb"^image\s*:", re.MULTILINE), re.compile(rb"^resolution\s*:", re.MULTILINE)


class Options(FormatOptions):
    """What may be told of a map."""

    centerline: bool = Field(
        True, description="whether NAME_centerline.csv is read if there is one"
    )
    raceline: bool = Field(True, description="whether NAME_raceline.csv is read if there is one")
    start: tuple[float, float] | None = Field(
        None,
        description="x and y of the start line in the map, in metres; None: the map's origin "
        "(0, 0) if that is on the track, else the straightest part",
    )
    direction: Literal["cw", "ccw"] = Field("ccw", description="of the lap, without a centerline")
    smoothing: float = Field(
        0.5, gt=0, le=20, description="pixels by which the middle line may be smoothed"
    )


class _Map(NamedTuple):
    """What the YAML file says."""

    path: Path
    image: Path
    resolution: float  # [m] of a pixel
    origin: tuple[float, float, float]  # [m, m, rad] of the lower left corner
    negate: bool
    free: float  # occupied by less: free
    stem: str  # NAME


def recognises(path: Path, head: bytes) -> bool:
    """Return whether a file is a map's YAML, or a picture with such a YAML beside it."""
    if path.suffix.lower() in (".yaml", ".yml"):
        return all(key.search(head) for key in _MAP)
    return is_picture(head) and _beside(path) is not None


def read(path: Path, options: Options) -> Track:
    """Return the track of a map.

    Args:
        path: of its YAML file, or of its picture.
        options: see ``Options``.

    Raises:
        TrackPictureError: the map shows no loop, or several; carries a picture of that.
        TrackError: a file is wrong; names it.
        MissingLibraryError: scikit-image is not installed, and a centerline is to be found.
    """
    if path.suffix.lower() not in (".yaml", ".yml"):
        beside = _beside(path)
        if beside is None:
            raise TrackError(
                f"has no {path.stem}.yaml beside it, which says how large a pixel is", file=path
            )
        path = beside
    grid = _map(path)
    name = options.name if options.name is not None else grid.stem
    centerline = path.with_name(f"{grid.stem}_centerline.csv")
    if options.centerline and is_file(centerline):
        track = replace(
            read_tum(centerline, name),
            source=path.name,
            kerb_width=0.0,
            runoff=0.0,
            notes=(f"the centerline and widths are those of {centerline.name}",),
        )
        _refuse_off_map(track, grid, centerline)
    else:
        track = _found(grid, name, options)
    raceline = path.with_name(f"{grid.stem}_raceline.csv")
    if options.raceline and is_file(raceline):
        from racegym.formats.race_line import laid

        track = laid(track, raceline, "raceline")
    return track


def _beside(picture: Path) -> Path | None:
    """Return the YAML of a map beside its picture; None if there is none."""
    for suffix in (".yaml", ".yml"):
        path = picture.with_suffix(suffix)
        try:
            with path.open("rb") as file:
                head = file.read(4096)
        except (OSError, ValueError):
            continue
        if all(key.search(head) for key in _MAP):
            return path
    return None


def _map(path: Path) -> _Map:
    """Return what a map's YAML says."""
    try:
        document = read_document(path)
    except ScenarioError as error:
        raise TrackError(error.what, file=error.file, line=error.line) from None
    data = document.data
    if not isinstance(data, dict):
        raise TrackError(f"is no map: its keys are {', '.join(KEYS)}", file=path)
    for key in data:
        if key not in KEYS:
            raise _wrong(document, path, key, f"is no key of a map; {nearest(key, KEYS)}")
    for key in KEYS[:3]:
        if key not in data:
            raise TrackError(f"does not say {key!r}; a map needs {', '.join(KEYS[:3])}", file=path)
    resolution = _number(data["resolution"], "resolution", document, path)
    if not 0.0 < resolution <= 1000.0:
        raise _wrong(document, path, "resolution", f"is {resolution:g}; it must be above 0 m")
    origin = data["origin"]
    if not isinstance(origin, list) or len(origin) not in (2, 3):
        raise _wrong(document, path, "origin", "must be [x, y, heading], in m, m and rad")
    x, y, theta = (_number(value, "origin", document, path) for value in (*origin, 0.0, 0.0)[:3])
    negate = data.get("negate", 0)
    if negate not in (0, 1):
        raise _wrong(document, path, "negate", "must be 0 or 1")
    free = _number(data.get("free_thresh", 0.196), "free_thresh", document, path)
    occupied = _number(data.get("occupied_thresh", 0.65), "occupied_thresh", document, path)
    if not 0.0 < free <= occupied <= 1.0:
        raise _wrong(
            document, path, "free_thresh" if "free_thresh" in data else "occupied_thresh",
            f"must keep 0 < free_thresh <= occupied_thresh <= 1; they are {free:g}, {occupied:g}",
        )  # fmt: skip
    image = _image(data["image"], document, path)
    stem = path.stem.removesuffix("_map") or path.stem
    return _Map(path, image, resolution, (x, y, theta), bool(negate), free, stem)


def _image(value: Any, document: Document, path: Path) -> Path:
    """Return the picture that a map names, which must lie in the map's own folder."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise _wrong(document, path, "image", "must be the name of a picture beside this file")
    image = path.parent / value
    # A name with a backslash or a drive would lead elsewhere on another system.
    outside: object = (
        Path(value).is_absolute() or ".." in Path(value).parts or re.search(r"[\\:]", value)
    )
    try:
        # Where the map itself is a link, its picture may be one to the same place.
        folders = (path.parent.resolve(), path.resolve().parent)
        outside = outside or not any(image.resolve().is_relative_to(one) for one in folders)
    except (OSError, RuntimeError):  # a loop of links
        outside = True
    if outside:
        raise _wrong(
            document, path, "image",
            f"is {value[:80]!r}, outside the folder of the map; put the picture beside it",
        )  # fmt: skip
    if not image.is_file():
        raise _wrong(document, path, "image", f"is {value[:80]!r}; there is no such file")
    return image


def _number(value: Any, key: str, document: Document, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _wrong(document, path, key, f"is {str(value)[:40]!r}; it must be a finite number")
    if abs(value) > 1e9:
        raise _wrong(document, path, key, "is larger than any map")
    return float(value)


def _wrong(document: Document, path: Path, key: Any, what: str) -> TrackError:
    return TrackError(f"{str(key)[:40]} {what}", file=path, line=document.lines.get((key,)))


def _free(grid: _Map) -> tuple[Pixels, Bools]:
    """Return the map's picture, and where it is free (h, w) by the rule of [1]."""
    pixels = read_pixels(grid.image)
    # Averaged over the colours, and transparent is as good as white, as in [1].
    clear = 255.0 - pixels.colour[..., 3].astype(np.float32)
    gray = pixels.colour[..., :3].mean(axis=2, dtype=np.float32) + clear
    occupied = gray / 255.0 if grid.negate else 1.0 - gray / 255.0
    return pixels, occupied < grid.free


def _found(grid: _Map, name: str, options: Options) -> Track:
    """Return the track between the walls of a map."""
    from racegym.formats.picture.drawn import drawn_in  # scipy is loaded when it is used
    from racegym.formats.picture.sources import by_area

    pixels, free = _free(grid)
    hints = np.empty((0, 2))
    if options.start is not None:
        hints = _on_picture(grid, np.array([options.start]))
    drawn = drawn_in(pixels, [by_area("the free area", free)], grid.image, hints, options.smoothing)
    drawn = _started(drawn, grid, options)
    if drawn.is_clockwise != (options.direction == "cw"):
        drawn = drawn.reversed()
    drawn = drawn.noting(f"the direction was taken as {options.direction}")
    try:
        return drawn.track(
            grid.resolution, grid.origin, name=name, source=grid.path.name,
            kerb_width=0.0, runoff=0.0,
        )  # fmt: skip
    except TrackError as error:
        raise TrackError(error.what, file=grid.image) from None


def _started(drawn: Drawn, grid: _Map, options: Options) -> Drawn:
    start = (0.0, 0.0) if options.start is None else options.start
    index, apart = drawn.nearest(_on_picture(grid, np.array([start]))[0])
    if apart <= 0.5 * drawn.width:
        if options.start is None:
            drawn = drawn.noting("the start line was put at the map's origin")
        return drawn.started_at(index)
    if options.start is not None:
        raise TrackError(
            f"start [{start[0]:g}, {start[1]:g}] is {apart * grid.resolution:.1f} m off the middle "
            f"of the track, which is {drawn.width * grid.resolution:.1f} m wide",
            file=grid.path,
        )
    return drawn.started_at(drawn.straightest()).noting(
        "the start line was put on the straightest part"
    )


def _on_picture(grid: _Map, places: Floats) -> Floats:
    """Return places (k, 2) [m] of the map in pixels, as ``Drawn`` measures them."""
    x, y, theta = grid.origin
    cos, sin = np.cos(theta), np.sin(theta)
    return np.asarray((places - [x, y]) @ np.array([[cos, -sin], [sin, cos]]) / grid.resolution)


def _refuse_off_map(track: Track, grid: _Map, centerline: Path) -> None:
    """Refuse a centerline that runs through the walls of its map."""
    from racegym.formats.picture.drawn import in_picture

    pixels, free = _free(grid)
    places = np.column_stack([track.x + track.origin[0], track.y + track.origin[1]])
    at = np.rint(in_picture(pixels, _on_picture(grid, places))).astype(np.int64)
    column, row = np.clip(at, 0, np.array(free.shape[::-1]) - 1).T
    off = ~free[row, column] | ~(at == np.column_stack([column, row])).all(axis=1)
    if off.mean() > MOST_OFF:
        k = int(np.argmax(off))
        raise TrackError(
            f"leaves the free area of {grid.image.name} on {100 * off.mean():.0f} % of the lap, "
            f"first at s = {k * track.spacing:.1f} m: is it of another map?",
            file=centerline,
        )
