"""The ground of a track on a map: verges, kerbs, asphalt, walls, the pit lane, bridges on top."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PatchCollection, PolyCollection
from matplotlib.patches import Circle
from numpy.typing import NDArray

from racegym.kernels import ground as columns
from racegym.render.ground import Ground
from racegym.report.style import INK
from racegym.track import Track
from racegym.track.borders import border_points
from racegym.track.verges import ASPHALT, GRASS, GRAVEL, verges

__all__ = [
    "OBSTACLE",
    "PIT",
    "VERGES",
    "draw_beside",
    "draw_boxes",
    "draw_ground",
    "draw_obstacles",
    "draw_slots",
]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

ROAD = "#d9dce1"
# Of each code of ``interfaces.Surface``: its name and colour as a verge.
VERGES = {
    GRASS: ("grass", "#e4f0da"),
    GRAVEL: ("gravel", "#efdfb6"),
    ASPHALT: ("paved run-off", "#eceef1"),
    1: ("kerb", "#f3d9d7"),
}
RED, WHITE = "#c8322d", "#ffffff"
WALL = "#8a9099"
PIT = "#c3cbd8"
OBSTACLE = "#d9730d"
LEAST_KERB = 0.6  # points that a kerb must be wide, to be drawn
LEAST_BLOCK = 4.0  # points of a red or white piece of a kerb
FARTHEST_WALL = 2.0  # mean widths beyond the edge, that verges are drawn where walls are far
LONGEST_SHAPE = 12  # samples of one filled shape
BRIDGE_REACH = 1.2  # track widths either way of a crossing, that are drawn again on top


def draw_ground(axes: Axes, track: Track, point: float) -> None:
    """Draw all that lies flat; a ``point`` of the picture is so many metres."""
    borders = border_points(track)
    left, right = borders[:, 0:2], borders[:, 2:4]
    everywhere = np.arange(len(track) + 1)
    draw_beside(axes, track, 1.0)
    if np.isfinite(track.runoff):
        for far in _walls(track, borders):
            _outline(axes, far, everywhere, WALL, 0.7, 1.2)
    _draw_road(axes, track, everywhere, left, right, point, 2.0)
    for one, other in track.crossings:
        upper = _upper(track, one, other)
        sine = abs(np.sin(_at(track, track.heading, one) - _at(track, track.heading, other)))
        wide = float((track.width_left + track.width_right).mean())
        half = round(BRIDGE_REACH * wide / max(float(sine), 0.3) / track.spacing)
        part = round(upper / track.spacing) + np.arange(-half, half + 1)
        _draw_road(axes, track, part, left, right, point, 5.0, parapet=True)


def draw_beside(axes: Axes, track: Track, order: float) -> None:
    """Draw verges and the pit lane, verges at ``order`` among what lies above each other."""
    borders, codes = border_points(track), verges(track)
    everywhere = np.arange(len(track) + 1)
    for column, far in enumerate(_walls(track, borders)):
        near = borders[:, 2 * column : 2 * column + 2]
        colours = [VERGES[int(code)][1] for code in codes[:, column]]
        axes.add_collection(_strip(everywhere, near, far, colours, order))
    if track.pit is not None:
        _draw_pit(axes, track)


def _walls(track: Track, borders: Floats) -> tuple[Floats, Floats]:
    """Return where verges end: at the walls, or nearer where they are far away or missing."""
    wide = float((track.width_left + track.width_right).mean())
    centre = np.column_stack([track.x, track.y])
    ends = []
    for edge, wall in ((borders[:, 0:2], borders[:, 4:6]), (borders[:, 2:4], borders[:, 6:8])):
        if track.runoff <= FARTHEST_WALL * wide:
            ends.append(wall)
            continue
        out = np.hypot(*(wall - centre).T) - np.hypot(*(edge - centre).T)
        share = np.minimum(0.5 * wide / np.maximum(out, 1e-9), 1.0)[:, None]
        ends.append(edge + share * (wall - edge))
    return ends[0], ends[1]


def _at(track: Track, values: Floats, s: float) -> float:
    return float(values[round(s / track.spacing) % len(track)])


def _upper(track: Track, one: float, other: float) -> float:
    """Return which of two passes of a crossing is the higher one; the later if they are level."""
    return one if _at(track, track.z, one) > _at(track, track.z, other) else other


def _strip(
    part: Indices, near: Floats, far: Floats, colours: str | list[str], order: float
) -> PolyCollection:
    """Return what lies between two lines along ``part``, samples one after the other."""
    n = len(near)
    k = part[:-1] % n
    inks = np.array([colours] * len(k) if isinstance(colours, str) else colours)[
        np.arange(len(k)) if isinstance(colours, str) else k
    ]
    shapes, filled = [], []
    # One shape for each stretch of one colour, short enough never to wind around itself.
    first = 0
    for last in range(1, len(k) + 1):
        if last < len(k) and inks[last] == inks[first] and last - first < LONGEST_SHAPE:
            continue
        along = part[first : last + 1] % n
        shapes.append(np.concatenate([near[along], far[along[::-1]]]))
        filled.append(str(inks[first]))
        first = last
    # A thin edge of the same colour closes the seams between shapes.
    return PolyCollection(
        shapes, facecolors=filled, edgecolors=filled, linewidths=0.5, zorder=order
    )


def _outline(
    axes: Axes, line: Floats, part: Indices, colour: str, width: float, order: float
) -> None:
    x, y = line[part % len(line)].T
    axes.plot(x, y, color=colour, linewidth=width, zorder=order, solid_capstyle="butt")


def _draw_road(
    axes: Axes,
    track: Track,
    part: Indices,
    left: Floats,
    right: Floats,
    point: float,
    order: float,
    *,
    parapet: bool = False,
) -> None:
    """Draw kerbs, asphalt and edges of some samples, one after the other."""
    kerbs = track.kerb_width / point > LEAST_KERB and not parapet
    if kerbs:
        _draw_kerbs(axes, track, left, right, point, order)
    axes.add_collection(_strip(part, left, right, ROAD, order + 0.1))
    for line in (left, right):
        _outline(axes, line, part, INK, 1.8 if parapet else 0.8, order + 0.2)


def _draw_kerbs(
    axes: Axes, track: Track, left: Floats, right: Floats, point: float, order: float
) -> None:
    """Draw kerbs, red and white where corners are."""
    points = Ground(track).points
    everywhere = np.arange(len(track) + 1)
    s = track.spacing * np.arange(len(track))
    block = max(columns.KERB_PERIOD / 2.0, LEAST_BLOCK * point, track.spacing)
    odd = (s / block).astype(np.int64) % 2 == 1
    centre = np.column_stack([track.x, track.y])
    for edge, paint in ((left, columns.PAINT_LEFT), (right, columns.PAINT_RIGHT)):
        out = edge - centre
        far = edge + track.kerb_width * out / np.maximum(np.hypot(*out.T), 1e-9)[:, None]
        painted = points[:, paint] > 0.5
        colours = np.where(painted, np.where(odd, RED, WHITE), "#c9ccd1").tolist()
        axes.add_collection(_strip(everywhere, edge, far, colours, order))
        _outline(axes, far, everywhere, "#aab0b8", 0.4, order)


def _draw_pit(axes: Axes, track: Track) -> None:
    """Draw the strip of the pit lane, with its ends marked."""
    pit = track.pit
    assert pit is not None
    long = pit.long(track.length)
    s = pit.entry + np.linspace(0.0, long, max(2, round(long / track.spacing) + 1))
    lines = [
        np.column_stack(track.at(s, pit.offset + share * pit.width)[:2]) for share in (-0.5, 0.5)
    ]
    axes.add_collection(_strip(np.arange(len(s)), lines[0], lines[1], PIT, 3.0))
    for line in lines:
        axes.plot(*line.T, color=INK, linewidth=0.6, zorder=3.1)
    for end in (0, -1):
        axes.plot(*np.stack([lines[0][end], lines[1][end]]).T, color=INK, linewidth=1.4, zorder=3.1)


def draw_boxes(axes: Axes, track: Track) -> None:
    """Draw pit boxes, on the far side of the lane."""
    if track.pit is None or not track.pit.boxes:
        return
    pit = track.pit
    half = 0.5 * pit.box_length(track.length)
    side = float(np.sign(pit.offset))
    near, far = pit.offset - 0.1 * side * pit.width, pit.offset + 0.5 * side * pit.width
    lines = []
    for s in pit.boxes:
        x, y, _ = track.at(
            s + half * np.array([-1.0, -1.0, 1.0, 1.0]), np.array([far, near, near, far])
        )
        lines.append(np.column_stack([x, y]))
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=0.7, zorder=3.2))


def draw_slots(axes: Axes, track: Track, length: float, width: float) -> None:
    """Draw the slots of the track's own grid as painted on the road, for cars of that size."""
    if track.grid is None:
        return
    lines = []
    for s, d in track.grid.tolist():
        x, y, _ = track.at(
            s + 0.5 * length * np.array([-0.4, 1.0, 1.0, -0.4]),
            d + 0.5 * width * np.array([1.0, 1.0, -1.0, -1.0]),
        )
        lines.append(np.column_stack([x, y]))
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=0.8, zorder=7.5))


def draw_obstacles(axes: Axes, track: Track) -> None:
    """Draw obstacles; the line around them keeps small ones visible."""
    if len(track.obstacles):
        circles = [Circle((x, y), radius) for x, y, radius in track.obstacles]
        axes.add_collection(
            PatchCollection(
                circles, facecolor=OBSTACLE, edgecolor=OBSTACLE, linewidth=1.5, zorder=7
            )
        )
