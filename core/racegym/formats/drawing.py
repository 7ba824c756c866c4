"""What a drawing of a track shows: areas, strokes, discs and labels, in pixels, y down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.track import Track

__all__ = ["Area", "Disc", "Drawing", "Label", "Shape", "Stroke", "drawing_of"]

Floats = NDArray[np.float64]

LONG_SIDE = 1200.0  # [px] of the drawing
MARGIN = 40.0  # [px]
HEADROOM = 34.0  # [px] above, for the name
TITLE = 18.0  # [px] size of its letters
LETTER = 0.56  # of that size: how wide one is, on average

ASPHALT, EDGE, PIT, BOX = "#d9dce0", "#3c424a", "#eceef0", "#8a9099"
START, SECTOR, GATE = "#16191d", "#2a6fbb", "#b9c9da"
LINE, OBSTACLE, INK = "#c8322d", "#d9730d", "#22262b"


class Area(NamedTuple):
    """The strip between two lines of the same number of points, closed or not."""

    left: Floats  # (n, 2)
    right: Floats
    colour: str
    closed: bool


class Stroke(NamedTuple):
    """A line."""

    points: Floats  # (n, 2)
    colour: str
    width: float  # [px]
    closed: bool = False


class Disc(NamedTuple):
    """A filled circle."""

    x: float
    y: float
    radius: float
    colour: str


class Label(NamedTuple):
    """A text that begins at a place, or has it in its middle."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    middle: bool = True


Shape = Area | Stroke | Disc | Label


class Drawing(NamedTuple):
    """Shapes in the order in which they are painted."""

    width: int  # [px]
    height: int
    title: str
    shapes: list[Shape]


def drawing_of(track: Track) -> Drawing:
    """Return edges, start line, sectors, gates, grid, pit lane, obstacles and racing line."""
    left = _beside(track, track.width_left)
    right = _beside(track, -track.width_right)
    around = [left, right]
    if track.pit is not None:
        around += list(_pit_edges(track))
    everything = np.concatenate(around)
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = (LONG_SIDE - 2.0 * MARGIN) / float((high - low).max())
    title = f"{track.name} · {track.length:,.0f} m"
    shown = _title(track)
    width, height = (high - low) * scale + 2.0 * MARGIN
    widened = max(TITLE * LETTER * len(shown) + 2.0 * MARGIN - width, 0.0)
    width += widened

    def px(points: Floats) -> Floats:
        flipped = np.column_stack([points[:, 0] - low[0], high[1] - points[:, 1]])
        return np.asarray(flipped * scale + [MARGIN + 0.5 * widened, MARGIN + HEADROOM])

    shapes = [_moved(shape, px, scale) for shape in _shapes(track, left, right, 1.0 / scale)]
    shapes.append(Label(MARGIN, MARGIN, shown, TITLE, INK, middle=False))
    return Drawing(int(np.ceil(width)), int(np.ceil(height + HEADROOM)), title, shapes)


def _title(track: Track) -> str:
    """Return name and length of the track, the name as far as it has room."""
    length = f" · {track.length:,.0f} m"
    room = int((LONG_SIDE - 2.0 * MARGIN) / (TITLE * LETTER)) - len(length)
    name = track.name if len(track.name) <= room else f"{track.name[: room - 1]}…"
    return name + length


def _shapes(track: Track, left: Floats, right: Floats, pixel: float) -> Iterator[Shape]:
    """Yield shapes in metres but for the widths of strokes and sizes of labels.

    Args:
        track: the track.
        left, right: (n, 2) [m] its edges.
        pixel: [m].
    """
    if track.pit is not None:
        inner, outer = _pit_edges(track)
        yield Area(inner, outer, PIT, closed=False)
        for edge in (inner, outer):
            yield Stroke(edge, BOX, 1.0)
        side = 0.5 * track.pit.width
        for s in track.pit.boxes:
            yield Stroke(
                _across(track, s, track.pit.offset + side, track.pit.offset - side), BOX, 2
            )
    yield Area(left, right, ASPHALT, closed=True)
    for s in track.checkpoints[1:].tolist():
        yield Stroke(_gate(track, s), GATE, 1.0)
    yield Stroke(left, EDGE, 1.5, closed=True)
    yield Stroke(right, EDGE, 1.5, closed=True)
    if track.line is not None:
        yield Stroke(_beside(track, track.line), LINE, 1.5, closed=True)
    for x, y, radius in track.obstacles.tolist():
        yield Disc(x, y, max(radius, 2.0 * pixel), OBSTACLE)
    for k, s in enumerate(track.sectors.tolist()[1:], start=2):
        gate = _gate(track, s, 6.0 * pixel)
        yield Stroke(gate, SECTOR, 2.5)
        away = gate[0] + (gate[0] - gate[1]) / np.hypot(*(gate[0] - gate[1])) * 12.0 * pixel
        yield Label(float(away[0]), float(away[1]), f"S{k}", 13.0, SECTOR)
    for s, d in [] if track.grid is None else track.grid.tolist():
        yield Stroke(_across(track, s, d + 3.0 * pixel, d - 3.0 * pixel), INK, 1.5)
    yield from _start(track, pixel)


def _start(track: Track, pixel: float) -> Iterator[Shape]:
    """Yield the start line, and an arrow beside it that points in the direction of driving."""
    yield Stroke(_gate(track, 0.0, 6.0 * pixel), START, 4.0)
    d = float(track.width_left[0]) + 14.0 * pixel
    x, y, heading = (float(v) for v in track.at(0.0, d))
    ahead = np.array([np.cos(heading), np.sin(heading)])
    aside = np.array([-ahead[1], ahead[0]])
    tail, tip = np.array([x, y]), np.array([x, y]) + 34.0 * pixel * ahead
    neck = tip - 11.0 * pixel * ahead
    yield Stroke(np.stack([tail, neck]), START, 3.0)
    barbs = np.stack([neck + 6.0 * pixel * aside, tip]), np.stack([neck - 6.0 * pixel * aside, tip])
    yield Area(*barbs, START, closed=False)


def _moved(shape: Shape, px: Callable[[Floats], Floats], scale: float) -> Shape:
    """Return the shape in pixels."""
    if isinstance(shape, Area):
        return shape._replace(left=px(shape.left), right=px(shape.right))
    if isinstance(shape, Stroke):
        return shape._replace(points=px(shape.points))
    ((x, y),) = px(np.array([[shape.x, shape.y]])).tolist()
    if isinstance(shape, Disc):
        return shape._replace(x=x, y=y, radius=shape.radius * scale)
    return shape._replace(x=x, y=y)


def _beside(track: Track, d: Floats) -> Floats:
    """Return the line (n, 2) [m] at an offset (n,) [m] of the samples."""
    return np.column_stack([track.x - d * track.tangent_y, track.y + d * track.tangent_x])


def _across(track: Track, s: float, left: float, right: float) -> Floats:
    x, y, _ = track.at([s, s], [left, right])
    return np.column_stack([x, y])


def _gate(track: Track, s: float, beyond: float = 0.0) -> Floats:
    """Return the ends (2, 2) [m] of the line from edge to edge, and beyond them."""
    k = round(s / track.spacing) % len(track)
    left, right = float(track.width_left[k]), float(track.width_right[k])
    return _across(track, s, left + beyond, -right - beyond)


def _pit_edges(track: Track) -> tuple[Floats, Floats]:
    """Return both edges (k, 2) [m] of the pit lane."""
    pit = track.pit
    assert pit is not None
    reach = (pit.exit - pit.entry) % track.length
    s = pit.entry + np.linspace(0.0, reach, 2 + int(reach / track.spacing))
    lines = [track.at(s, pit.offset + side * 0.5 * pit.width) for side in (1.0, -1.0)]
    one, two = (np.column_stack([x, y]) for x, y, _ in lines)
    return one, two
