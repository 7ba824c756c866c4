"""What in a picture may be the track: by its colours, one colour, a gray value, or as told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from racegym.formats.picture.colours import colour_name, distance_to, palette_of
from racegym.formats.picture.drivable import Source, Window

__all__ = ["by_area", "by_colour", "by_palette", "by_threshold", "colours_in"]

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Values = NDArray[np.float32]

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def by_area(title: str, area: Bools) -> Source:
    """Return an area (h, w) as it is."""

    def value(window: Window, surely: Bools) -> Values:
        del surely
        return (~area[window]).astype(np.float32)

    return Source(title, area, value)


def by_palette(picture: Bytes) -> list[Source]:
    """Return each main colour of a picture (h, w, 4); that of its border is the background."""
    palette = palette_of(picture)
    label = palette.label
    border = np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]])
    background = int(np.argmax(np.bincount(border[border >= 0], minlength=1)))
    painted = label != background
    return [
        _of_colour(picture, label == k, colour, colour_name(pure), k != background, painted)
        for k, (colour, pure) in enumerate(zip(palette.colours, palette.pure, strict=True))
    ]


def by_colour(picture: Bytes, name: str, tolerance: float) -> Source | None:
    """Return what is within ``tolerance`` of a colour; None if nothing is."""
    red, green, blue, *more = ImageColor.getrgb(name)
    opacity = more[0] if more else 255
    wanted = np.array([red, green, blue, 255.0]) * (opacity / 255.0)
    area = distance_to(picture, wanted) <= tolerance
    if not area.any():
        return None
    typical = picture[area].mean(axis=0)
    return _of_colour(picture, area, typical, colour_name(typical), True, None)


def by_threshold(picture: Bytes, threshold: float, brighter: bool) -> Source:
    """Return what is darker than a gray value, or brighter; behind the picture lies white."""
    gray = 255 - picture[..., 3].astype(np.float32)
    gray += picture[..., :3].astype(np.float32) @ _LUMINANCE
    area = gray > threshold if brighter else gray < threshold

    def value(window: Window, surely: Bools) -> Values:
        part = gray[window]
        own = part[surely].mean() if surely.any() else np.float32(255 * brighter)
        return np.abs(part - own)

    title = f"what is {'brighter' if brighter else 'darker'} than gray {threshold:g}"
    return Source(title, area, value)


def colours_in(picture: Bytes) -> str:
    """Return the names of a picture's main colours."""
    return ", ".join(colour_name(colour) for colour in palette_of(picture).pure)


def _of_colour(
    picture: Bytes, area: Bools, typical: Floats, name: str, painted: bool, fillable: Bools | None
) -> Source:
    def value(window: Window, surely: Bools) -> Values:
        part = picture[window]
        # Of the very colour that is there: that of the whole picture may be a little off.
        kept = surely & area[window]
        return distance_to(part, part[kept].mean(axis=0) if kept.any() else typical)

    title = name if painted else f"what {name} forms between lines of other colours"
    return Source(title, area, value, painted, fillable if painted else None)
