"""The picture that goes with an error: what was found in the one that was given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

__all__ = ["shown"]

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

LARGEST_SIDE = 1200
AREA, LINE, JUNCTION, GATE = (120, 190, 255), (220, 0, 60), (255, 140, 0), (0, 130, 60)
PALE = 0.7  # of the way to white that the given picture is drawn


def shown(
    colour: Bytes, area: Bools | None, line: Floats, junctions: Floats, gates: Floats | None
) -> Bytes:
    """Return a picture (h, w, 3) of what was found, upright, at most 1200 pixels wide or high.

    Args:
        colour: (h, w, 4) the picture, its first row the lowest.
        area: (h, w) what was taken as the track: blue.
        line: (k, 2) columns and rows of its middle line: red.
        junctions: (k, 2) where that forks: orange rings.
        gates: (2 k, 2) the ends of the gates: green.
    """
    clear = 255.0 - colour[..., 3:].astype(np.float32)
    picture = PALE * 255.0 + (1.0 - PALE) * (colour[..., :3] + clear)
    if area is not None:
        picture[area] = 0.35 * picture[area] + 0.65 * np.array(AREA, np.float32)
    height, width = picture.shape[:2]
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)[::-1])
    share = min(1.0, LARGEST_SIDE / max(width, height))
    image = image.resize((max(1, round(share * width)), max(1, round(share * height))))
    draw = ImageDraw.Draw(image)

    def placed(points: Floats) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in zip(
            share * (points[:, 0] + 0.5), share * (height - points[:, 1] - 0.5), strict=True
        )]  # fmt: skip

    for x, y in placed(line):
        draw.rectangle((x - 1, y - 1, x + 1, y + 1), fill=LINE)
    for x, y in placed(junctions):
        draw.ellipse((x - 9, y - 9, x + 9, y + 9), outline=JUNCTION, width=3)
    if gates is not None:
        ends = placed(gates)
        for k in range(0, len(ends) - 1, 2):
            draw.line((ends[k], ends[k + 1]), fill=GATE, width=3)
            draw.text(ends[k], str(k // 2), fill=GATE)
    return np.asarray(image.convert("RGB"))
