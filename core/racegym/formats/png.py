"""Writing a drawing of a track as PNG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from racegym.formats.drawing import Area, Disc, Label, Shape, Stroke, drawing_of
from racegym.formats.writing import write_whole
from racegym.track import Track

__all__ = ["write"]

FINER = 3  # times as many pixels are painted each way, then averaged


def write(track: Track, path: Path) -> list[Path]:
    """Write the drawing of ``track``, 1200 pixels on its longer side.

    Raises:
        TrackError: if the file can't be written.
    """
    drawing = drawing_of(track)
    size = (drawing.width * FINER, drawing.height * FINER)
    image = Image.new("RGB", size, "#ffffff")
    canvas = ImageDraw.Draw(image)
    for shape in drawing.shapes:
        _paint(canvas, shape)
    content = io.BytesIO()
    image.reduce(FINER).save(content, "PNG", optimize=True)
    write_whole(path, content.getvalue())
    return [path]


def _paint(canvas: ImageDraw.ImageDraw, shape: Shape) -> None:
    match shape:
        case Area(left, right, colour, closed):
            # Piece by piece, so that a track which passes over itself is filled all the same.
            pairs = len(left) if closed else len(left) - 1
            for k in range(pairs):
                j = (k + 1) % len(left)
                corners = np.stack([left[k], left[j], right[j], right[k]])
                canvas.polygon(_fine(corners), fill=colour)
        case Stroke(points, colour, width, closed):
            line = np.concatenate([points, points[:2]]) if closed else points
            canvas.line(_fine(line), fill=colour, width=round(width * FINER), joint="curve")
        case Disc(x, y, radius, colour):
            canvas.circle((x * FINER, y * FINER), radius * FINER, fill=colour)
        case Label(x, y, text, size, colour, middle):
            font = ImageFont.load_default(size * FINER)
            anchor = "mm" if middle else "ls"
            canvas.text((x * FINER, y * FINER), text, fill=colour, font=font, anchor=anchor)


def _fine(points: NDArray[np.float64]) -> list[tuple[float, float]]:
    return [(x * FINER, y * FINER) for x, y in points.tolist()]
