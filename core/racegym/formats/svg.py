"""Writing a drawing of a track as SVG [1].

[1] W3C (2011), "Scalable Vector Graphics (SVG) 1.1 (Second Edition)".
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from racegym.formats.drawing import Area, Disc, Drawing, Label, Shape, Stroke, drawing_of
from racegym.formats.writing import write_whole
from racegym.track import Track

__all__ = ["to_svg", "write"]

FONT = "Helvetica, Arial, sans-serif"
_UNPRINTABLE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])  # not in XML 1.0


def write(track: Track, path: Path) -> list[Path]:
    """Write the drawing of ``track``.

    Raises:
        TrackError: if the file can't be written.
    """
    write_whole(path, to_svg(drawing_of(track)))
    return [path]


def to_svg(drawing: Drawing) -> str:
    """Return a drawing as the text of an SVG file."""
    width, height = drawing.width, drawing.height
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg"',
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"',
        'stroke-linejoin="round" fill="none">',
        f"<title>{_text(drawing.title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *map(_element, drawing.shapes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _element(shape: Shape) -> str:
    match shape:
        case Area(left, right, colour, closed=True):
            # The right edge runs backwards: between the edges the winding is never zero, not
            # even where the track passes over itself; elsewhere it is.
            return f'<path d="{_path(left)}Z {_path(right[::-1])}Z" fill="{colour}"/>'
        case Area(left, right, colour):
            return f'<path d="{_path(np.concatenate([left, right[::-1]]))}Z" fill="{colour}"/>'
        case Stroke(points, colour, width, closed):
            end = "Z" if closed else ""
            return f'<path d="{_path(points)}{end}" stroke="{colour}" stroke-width="{width:g}"/>'
        case Disc(x, y, radius, colour):
            return f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}" fill="{colour}"/>'
        case Label(x, y, text, size, colour, middle):
            anchor = ' text-anchor="middle" dominant-baseline="central"' if middle else ""
            return (
                f'<text x="{x:.2f}" y="{y:.2f}" font-family="{FONT}" font-size="{size:g}" '
                f'fill="{colour}"{anchor}>{_text(text)}</text>'
            )


def _path(points: NDArray[np.float64]) -> str:
    return "M" + "L".join(f"{x:.2f},{y:.2f}" for x, y in points.tolist())


def _text(text: str) -> str:
    return escape(text.translate(_UNPRINTABLE))
