"""Which part of a picture is the track: tried colour by colour until one is a ring.

A source is all pixels of one colour, or what a map calls free. Its parts that hang together
are tidied (markings across them filled, lines that lead away and specks in them removed) and
asked for their loop. What is painted on the background goes first; then what of the background
is enclosed, as between two outlines. Whatever was assumed on the way is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from racegym.formats.picture import shapes
from racegym.formats.picture.edges import BAND, Field
from racegym.formats.picture.skeleton import Loop, NoLoopError, find_loop

__all__ = ["Found", "NotFoundError", "Source", "find_track"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Window = tuple[slice, slice]

NARROWEST = 6.0  # [pixels] a thinner ring is a line, not a track
SMALLEST = 0.001  # of the picture: what a track covers at least
MOST_PARTS = 4  # of a source, the largest, that are asked for a loop
COARSE_PIXELS = 3_000_000  # beyond, loops are looked for in a picture of half the size
MARKING = 0.3  # track widths: half of what a marking across the track may be thick
GAP = 0.5  # track widths: half of what is bridged if there is no ring otherwise
ATTACHED = 0.12  # track widths: half of what a line that leads away may be thick
UNEVEN = 6.0  # of the widest to the narrowest, from which on a ring is no track
RIVAL = 0.3  # of the length of the longest ring: another one of that makes it unclear
BORDER_SHARE = 0.5  # of the picture's border: what covers more is outside


class Source(NamedTuple):
    """One thing in a picture that may be the track."""

    title: str  # for people
    area: Bools  # (h, w)
    value: Callable[[Window, Bools], NDArray[np.float32]]  # in a window, given surely track: rays'
    painted: bool = True  # not the background's colour
    fillable: Bools | None = None  # (h, w) what may be filled without being said


class Found(NamedTuple):
    """The track in a picture."""

    loop: Loop  # in pixels of the window
    field: Field  # of the window
    offset: tuple[int, int]  # x and y of the window's first pixel in the picture
    area: Bools  # (h, w) of the window
    source: Source
    notes: list[str]


class NotFoundError(ValueError):
    """No part of the picture is one ring.

    Attributes:
        what: plain words.
        area: (h, w) of the picture, what was looked at last; None if nothing was.
        skeleton: (k, 2) x and y of its points in the picture.
        junctions: (k, 2) of its junctions.
    """

    def __init__(self, what: str, area: Bools | None, skeleton: Floats, junctions: Floats):
        super().__init__(what)
        self.what = what
        self.area = area
        self.skeleton = skeleton
        self.junctions = junctions


class _Ring(NamedTuple):
    loop: Loop
    area: Bools  # (h, w) of the window, coarse
    window: Window  # in the coarse, framed picture
    size: int
    notes: list[str]


class _Offer(NamedTuple):
    source: Source
    rings: list[_Ring]  # the one that is meant first; the others only if nobody said which
    hits: int  # hints that lie on it


class _Failure(NamedTuple):
    error: NoLoopError
    area: Bools
    window: Window


def find_track(sources: Sequence[Source], hints: Floats) -> Found:
    """Return the track among the sources.

    Args:
        sources: the most likely first.
        hints: (k, 2) x and y in the picture of places on the track, if any are known.

    Raises:
        NotFoundError: none is a ring, or several are.
        MissingLibraryError: scikit-image is not installed.
    """
    height, width = sources[0].area.shape
    shrink = 2 if height * width > COARSE_PIXELS else 1
    failures: list[_Failure] = []
    bridged: list[_Failure] = []
    astray: _Offer | None = None
    for bridging in (False, True):
        for painted in (True, False):
            offers: list[_Offer] = []
            for source in sources:
                if source.painted != painted or (bridging and not painted):
                    continue
                rings = _rings(source, shrink, bridging, bridged if bridging else failures)
                offers += [_longest(source, rings, hints, shrink)] if rings else []
            if not offers:
                continue
            best = max(offers, key=lambda offer: (offer.hits, offer.rings[0].size))
            if len(hints) and not best.hits:  # what is looked for may be found further on
                astray = astray or best
                continue
            _refuse_rivals(best, shrink)
            return _found(best.source, best.rings[0], shrink)
    if astray is not None:
        return _found(astray.source, astray.rings[0], shrink)
    raise _not_found(sources, failures or bridged, shrink)


def _rings(source: Source, shrink: int, bridging: bool, failures: list[_Failure]) -> list[_Ring]:
    """Return the rings of a source; what is none is told to ``failures``."""
    margin = int(BAND) + 3
    area = shapes.framed(_shrunk(source.area, shrink), margin)
    parts = _parts(area)
    if not parts:
        return []
    notes = []
    wide = _width(parts[0][0][parts[0][1]])
    if wide * shrink < NARROWEST:
        return []
    if bridging:
        area = shapes.closed(area, GAP * wide)
        notes.append(f"gaps of up to {2 * GAP * wide * shrink:.0f} pixels in it were bridged")
    elif source.fillable is not None:
        # Without the single pixels that blends of other colours make at the edges of those.
        area = np.logical_or.reduce([part for part, _, _ in parts])
        fillable = shapes.framed(_shrunk(source.fillable, shrink), margin)
        area = area | (shapes.closed(area, MARKING * wide) & fillable)
    rings = []
    for number, window, size in _parts(area):
        part = shapes.framed(number[window], margin)
        wide = _width(part)
        if wide * shrink < NARROWEST:
            continue
        try:
            ring = _ring(part, wide, shrink)
        except NoLoopError as error:
            failures.append(_Failure(error, part, window))
            continue
        if ring is not None:
            loop, part, filled = ring
            more = [f"{filled} small spots on it were taken as part of it"] if filled else []
            rings.append(_Ring(loop, part, window, size, notes + more))
    return rings


def _ring(part: Bools, wide: float, shrink: int) -> tuple[Loop, Bools, int] | None:
    """Return the loop of one part, the part tidied, and how many spots were filled.

    None if its loop is none of a track: far too uneven, or hardly longer than wide.
    """
    first: NoLoopError | None = None
    for radius in (ATTACHED * wide, 0.0):
        tidy = shapes.opened(part, radius) if radius * shrink >= 1.0 else part
        tidy, filled = shapes.without_small_holes(_largest(tidy), wide)
        distance = shapes.distance_inside(tidy)
        try:
            loop = find_loop(tidy, distance)
        except NoLoopError as error:
            if first is None or error.loops > first.loops:
                first = error
            continue
        rows, columns = loop.points[:, 1].astype(int), loop.points[:, 0].astype(int)
        low, high = np.percentile(distance[rows, columns], (5, 95))
        length = np.hypot(*np.diff(loop.points, axis=0).T).sum()
        if high > UNEVEN * max(low, 1.0) or length < 3.5 * loop.width:
            return None
        if loop.width * shrink < NARROWEST:
            return None
        return loop, tidy, filled
    assert first is not None
    raise first


def _longest(source: Source, rings: list[_Ring], hints: Floats, shrink: int) -> _Offer:
    """Return the rings of a source, the one first that is meant: with the hints, or the longest."""
    if not len(hints):
        rings = sorted(rings, key=lambda ring: len(ring.loop.points), reverse=True)
        return _Offer(source, rings, 0)
    hits = [_hits(ring, hints, shrink) for ring in rings]
    first = max(range(len(rings)), key=lambda k: (hits[k], rings[k].size))
    return _Offer(source, [rings[first]], hits[first])


def _refuse_rivals(offer: _Offer, shrink: int) -> None:
    """Refuse a source of which another ring may as well be meant.

    Raises:
        NotFoundError: shows all of them.
    """
    rings = offer.rings
    if len(rings) < 2 or len(rings[1].loop.points) <= RIVAL * len(rings[0].loop.points):
        return
    points = [_in_picture(ring.loop.points, ring.window, shrink) for ring in rings]
    raise NotFoundError(
        f"shows {len(rings)} separate loops of {offer.source.title}; "
        "say which is meant by `start`, a place on it",
        offer.source.area,
        np.concatenate(points),
        np.empty((0, 2)),
    )


def _hits(ring: _Ring, hints: Floats, shrink: int) -> int:
    points = _in_picture(ring.loop.points, ring.window, shrink)
    reach = ring.loop.width * shrink
    apart = np.hypot(*(hints[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    return int((apart.min(axis=1) < reach).sum())


def _found(source: Source, ring: _Ring, shrink: int) -> Found:
    """Return the ring at the picture's own resolution, with what rays look at."""
    margin = int(BAND) + 3
    area = ring.area.repeat(shrink, axis=0).repeat(shrink, axis=1)
    rows, columns = (
        slice((cut.start - 2 * margin) * shrink, (cut.stop) * shrink) for cut in ring.window
    )
    height, width = source.area.shape
    inside = (
        slice(max(rows.start, 0), min(rows.start + area.shape[0], height)),
        slice(max(columns.start, 0), min(columns.start + area.shape[1], width)),
    )
    place = (
        slice(inside[0].start - rows.start, inside[0].stop - rows.start),
        slice(inside[1].start - columns.start, inside[1].stop - columns.start),
    )
    reach = 2 * int(BAND) + 1
    surely = ndimage.minimum_filter(area, reach, mode="constant", cval=0)
    maybe = ndimage.maximum_filter(area, reach, mode="constant", cval=0)
    seen = source.value(inside, surely[place])
    rim = (maybe & ~ndimage.maximum_filter(area, 3))[place]
    contrast = float(np.percentile(seen[rim], 20)) if rim.any() else float(seen.max())
    contrast = max(contrast, 1e-3 * max(float(seen.max()), 1.0))
    value = np.full(area.shape, contrast, np.float32)
    value[place] = seen
    value[~maybe] = contrast
    value[surely] = 0.0
    value = ndimage.gaussian_filter(value, 1.0)
    points = ring.loop.points * shrink + 0.5 * (shrink - 1)
    crossings = ring.loop.crossings * shrink + 0.5 * (shrink - 1)
    return Found(
        Loop(points, crossings, ring.loop.width * shrink, ring.loop.widest * shrink),
        Field(value, contrast),
        (columns.start, rows.start),
        area,
        source,
        ring.notes,
    )


def _in_picture(points: Floats, window: Window, shrink: int) -> Floats:
    """Return points of a window of the coarse picture as points of the picture."""
    margin = int(BAND) + 3
    start = np.array([window[1].start, window[0].start]) - 2 * margin
    return np.asarray((points + start) * shrink + 0.5 * (shrink - 1))


def _not_found(sources: Sequence[Source], failures: list[_Failure], shrink: int) -> NotFoundError:
    if not failures:
        return NotFoundError(
            "shows nothing that is a ring of one colour, as a track is",
            sources[0].area,
            np.empty((0, 2)),
            np.empty((0, 2)),
        )
    # What has loops at all explains more than a blot, and a large one more than a small one.
    failure = max(failures, key=lambda each: (min(each.error.loops, 1), each.area.sum()))
    error = failure.error
    points = np.column_stack(np.nonzero(error.skeleton)[::-1]).astype(float)
    if error.loops == 0:
        what = "shows a track that does not close: no way leads round"
    else:
        forks = len(error.junctions)
        what = (
            f"shows a track of {error.loops} loop{'s' * (error.loops != 1)}: it forks in {forks} "
            f"place{'s' * (forks != 1)}, "
            "and a track may only pass straight over itself"
        )
    picture = np.zeros_like(sources[0].area)
    rows, columns = np.nonzero(failure.area)
    at = np.rint(
        _in_picture(np.column_stack([columns, rows]).astype(float), failure.window, shrink)
    )
    x, y = at.astype(int).T
    for dx in range(shrink):
        for dy in range(shrink):
            picture[
                np.clip(y + dy, 0, picture.shape[0] - 1), np.clip(x + dx, 0, picture.shape[1] - 1)
            ] = True
    return NotFoundError(
        what,
        picture,
        _in_picture(points, failure.window, shrink),
        _in_picture(error.junctions, failure.window, shrink),
    )


def _shrunk(area: Bools, shrink: int) -> Bools:
    """Return an area at 1 / shrink of its resolution."""
    if shrink == 1:
        return area
    height, width = (-(-side // shrink) for side in area.shape)
    even = np.zeros((height * shrink, width * shrink), np.uint8)
    even[: area.shape[0], : area.shape[1]] = area
    count = even.reshape(height, shrink, width, shrink).sum(axis=(1, 3), dtype=np.uint8)
    return np.asarray(2 * count >= shrink * shrink)


def _parts(area: Bools) -> list[tuple[Bools, Window, int]]:
    """Return the largest parts: (h, w) each, its window and its size; nothing of the outside."""
    number, count = ndimage.label(area, shapes.EIGHT)
    if count == 0:
        return []
    margin = int(BAND) + 3
    sizes = np.bincount(number.ravel(), minlength=count + 1)
    inner = number[margin:-margin, margin:-margin]
    border = np.concatenate([inner[0], inner[-1], inner[1:-1, 0], inner[1:-1, -1]])
    on_border = np.bincount(border, minlength=count + 1) / len(border)
    windows = ndimage.find_objects(number)
    parts: list[tuple[Bools, Window, int]] = []
    for k in np.argsort(sizes[1:])[::-1] + 1:
        if len(parts) == MOST_PARTS or sizes[k] < SMALLEST * inner.size:
            break
        if on_border[k] < BORDER_SHARE:
            parts.append((number == k, windows[k - 1], int(sizes[k])))
    return parts


def _largest(area: Bools) -> Bools:
    number, count = ndimage.label(area, shapes.EIGHT)
    if count < 2:
        return area
    sizes = np.bincount(number.ravel())
    sizes[0] = 0
    return np.asarray(number == np.argmax(sizes))


def _width(area: Bools) -> float:
    """Return about how wide a ribbon is: in one, distances from the edge are spread evenly."""
    distance = ndimage.distance_transform_edt(np.pad(area, 1))
    inside = distance[distance > 0]
    return float(2.0 * np.percentile(inside, 90) / 0.9 - 1.0) if len(inside) else 0.0
