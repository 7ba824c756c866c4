"""A picture and what is told of it, made a track: scale, start line, direction, checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.picture.drawn import Drawn, drawn_in, in_file
from racegym.formats.picture.drivable import Source
from racegym.formats.picture.gates import Gates, along, read_gates
from racegym.formats.picture.names import CHECKPOINTS
from racegym.formats.picture.pixels import Pixels, read_pixels
from racegym.formats.picture.sources import (
    by_area,
    by_colour,
    by_palette,
    by_threshold,
    colours_in,
)
from racegym.track import Track
from racegym.track.track import MAX_CHECKPOINTS

if TYPE_CHECKING:
    from racegym.formats.image import Options

__all__ = ["track_in"]

Floats = NDArray[np.float64]

ASPHALT, MOST_CLASSES = 1, 6  # of a picture whose pixels are classes, with gates beside it
_OFF = 1.0  # widths from the middle line, beyond which a place is not on the track
_TURNED = 90.0  # [degrees] between two directions that contradict each other


def track_in(path: Path, options: Options) -> Track:
    """Return the track that the picture ``path`` shows, see ``racegym.formats.image``.

    Raises:
        TrackPictureError: it shows none, or more than one; carries a picture of what was found.
        TrackError: it can't be read, its size in metres is not told, or gates are wrong.
        MissingLibraryError: scikit-image is not installed.
    """
    gates = read_gates(path) if options.gates else None
    if options.scale is options.width is options.length is None and (
        gates is None or gates.scale is None
    ):
        raise TrackError(
            "is a picture, which does not say how large its track is; tell it by one of the "
            "options length (of the lap, in m), width (of the track, in m) or scale (m of a "
            "pixel), as in --set length=700 or, in a scenario, options: {length: 700}",
            file=path,
        )
    pixels = read_pixels(path)
    ends = None if gates is None else in_file(pixels, gates.gates).reshape(-1, 2, 2)
    hints = _hints(pixels, path, options, gates, ends)
    drawn = drawn_in(pixels, _sources(pixels, path, options, gates), path, hints,
                     options.smoothing, ends)  # fmt: skip
    drawn, checkpoints = _driven(drawn, pixels, path, options, gates, ends)
    scale, said = _scale(drawn, options, gates)
    drawn = drawn.noting(said, *(gates.notes if gates is not None else ()))
    name = options.name if options.name is not None else path.stem
    origin = gates.origin if gates is not None and gates.origin is not None else (0.0, 0.0, 0.0)
    try:
        track = drawn.track(scale, origin, name=name, source=path.name)
        if checkpoints is None:
            return track
        return _with_checkpoints(track, checkpoints / drawn.length)
    except TrackError as error:
        raise TrackError(error.what, file=path) from None


def _with_checkpoints(track: Track, shares: Floats) -> Track:
    """Return the track with gates at shares of the lap, the first of them 0."""
    if len(shares) > MAX_CHECKPOINTS:
        shares = shares[np.linspace(0, len(shares), MAX_CHECKPOINTS, endpoint=False).astype(int)]
    return replace(track, checkpoints=shares * track.length)


def _hints(
    pixels: Pixels, path: Path, options: Options, gates: Gates | None, ends: Floats | None
) -> Floats:
    """Return places on the track (k, 2), as ``Drawn`` measures them."""
    hints = []
    if ends is not None:
        middles = ends.mean(axis=1)
        out = (middles < 0).any(axis=1) | (middles > [pixels.width, pixels.height]).any(axis=1)
        if out.any():
            raise TrackError(
                f"checkpoints[{int(np.argmax(out))}] lies outside the picture of "
                f"{pixels.width} x {pixels.height} pixels",
                file=path.with_name(CHECKPOINTS),
            )
        hints += list(middles)
    start = options.start or (gates.start if gates is not None else None)
    if start is not None:
        x, y = start
        if not (0 <= x < pixels.width and 0 <= y < pixels.height):
            raise TrackError(
                f"start is [{x:g}, {y:g}], outside the picture of {pixels.width} x "
                f"{pixels.height} pixels",
                file=path,
            )
        hints += list(in_file(pixels, start))
    return np.array(hints).reshape(-1, 2)


def _sources(pixels: Pixels, path: Path, options: Options, gates: Gates | None) -> Sequence[Source]:
    """Return what of the picture may be the track, the most likely first."""
    if options.threshold is not None:
        return [by_threshold(pixels.colour, options.threshold, options.invert)]
    if options.track_color is not None:
        source = by_colour(pixels.colour, options.track_color, options.tolerance)
        if source is None:
            raise TrackError(
                f"has no pixel within {options.tolerance:g} of the track_color "
                f"{options.track_color!r}; its colours are {colours_in(pixels.colour)}",
                file=path,
            )
        return [source]
    if gates is not None and gates.scale is not None and pixels.classes is not None:
        classes = pixels.classes
        if classes.max() < MOST_CLASSES and (classes == ASPHALT).any():
            return [by_area("what is of class 1, asphalt,", classes == ASPHALT)]
    return by_palette(pixels.colour)


def _scale(drawn: Drawn, options: Options, gates: Gates | None) -> tuple[float, str]:
    """Return the metres of a pixel, and how they were found."""
    if options.scale is not None:
        return options.scale, f"a pixel is {options.scale:g} m, as told"
    if options.length is not None:
        scale = options.length / drawn.length
        return scale, f"a pixel is {scale:.4g} m, by the length of {options.length:g} m told"
    if options.width is not None:
        scale = options.width / drawn.width
        return scale, f"a pixel is {scale:.4g} m, by the median width of {options.width:g} m told"
    assert gates is not None and gates.scale is not None
    return gates.scale, f"a pixel is {gates.scale:g} m, by {CHECKPOINTS}"


def _driven(
    drawn: Drawn,
    pixels: Pixels,
    path: Path,
    options: Options,
    gates: Gates | None,
    ends: Floats | None,
) -> tuple[Drawn, Floats | None]:
    """Return the track from its start line in its direction, and where gates are along it.

    Returns:
        The track, and distances (k,) [pixels] of gates, the first of them 0; None without.
    """
    beside = path.with_name(CHECKPOINTS)
    start = options.start or (gates.start if gates is not None else None)
    index = None
    if start is not None:
        index, apart = drawn.nearest(in_file(pixels, start)[0])
        if apart > _OFF * drawn.width:
            raise TrackError(
                f"start [{start[0]:g}, {start[1]:g}] is {apart:.0f} pixels off the middle of the "
                f"track, which is {drawn.width:.0f} pixels wide",
                file=path if options.start is not None else beside,
            )
    where = None
    if ends is not None and len(ends):
        assert gates is not None
        where, backwards = along(drawn, ends, index, beside)
        if index is None:
            index = int(np.searchsorted(np.cumsum(drawn.steps), where[0])) % len(drawn.points)
        backwards ^= gates.against
        if options.direction is None:
            drawn = drawn.noting(f"{len(ends)} gates of {CHECKPOINTS} tell the direction")
        wanted = "against" if backwards else "along"
    else:
        wanted = ""
    if index is None:
        index = drawn.straightest()
        drawn = drawn.noting("the start line was put on the straightest part")
    turned, drawn = _turned(drawn, index, options, gates, wanted)
    offset = float(np.concatenate([[0.0], np.cumsum(drawn.steps)])[index])
    lap = drawn.length
    drawn = drawn.started_at(index)
    if turned:
        drawn = drawn.reversed()
    if where is None:
        return drawn, None
    progress = np.sort(np.mod((offset - where) if turned else (where - offset), lap))
    apart_from_start = (progress > 0.005 * lap) & (progress < 0.995 * lap)
    return drawn, np.concatenate([[0.0], progress[apart_from_start]])


def _turned(
    drawn: Drawn, index: int, options: Options, gates: Gates | None, wanted: str
) -> tuple[bool, Drawn]:
    """Return whether the lap goes against the points of ``drawn``, and that with notes."""
    heading = float(np.rad2deg(drawn.heading(index)))
    direction = options.direction
    if direction is None and not wanted and gates is not None and gates.angle is not None:
        direction = gates.angle
    if isinstance(direction, str):
        turned = drawn.is_clockwise != (direction == "cw")
    elif direction is not None:
        turned = abs((heading - direction + 180.0) % 360.0 - 180.0) > _TURNED
    elif wanted:
        turned = wanted == "against"
        if gates is not None and gates.angle is not None:
            driven = heading + 180.0 * turned
            if abs((driven - gates.angle + 180.0) % 360.0 - 180.0) > _TURNED:
                drawn = drawn.noting(
                    f"start_angle {gates.angle:g} contradicts the order of the gates, which was "
                    "followed"
                )
    else:
        turned = not drawn.is_clockwise
        drawn = drawn.noting("the direction was taken as clockwise")
    return turned, drawn
