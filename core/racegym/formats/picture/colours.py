"""The few colours that a drawn picture has, and how far each pixel is from one of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Palette", "colour_name", "distance_to", "palette_of"]

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

ALIKE = 48.0  # of 510: colours nearer to each other than this are one
MOST_COLOURS = 10
RARE = 0.001  # of all pixels: what is left out
UNLIKE = 80.0  # of 510: what is farther than this from all main colours is none of them
NO_COLOUR = -1
_BITS = (5, 5, 5, 3)  # of red, green, blue and opacity that tell colours apart


class Palette(NamedTuple):
    """The colours of a picture."""

    colours: Floats  # (k, 4) red, green, blue, opacity; the most frequent first
    pure: Floats  # (k, 4) the shade of each that most of its pixels have, for people
    label: NDArray[np.int8]  # (h, w) which is nearest; -1: a rare one, unlike all of them


def palette_of(picture: Bytes) -> Palette:
    """Return the main colours of a picture (h, w, 4), and which of them each pixel has."""
    key = np.zeros(picture.shape[:2], np.int32)
    for k, bits in enumerate(_BITS):
        key = (key << bits) | (picture[..., k] >> (8 - bits))
    count = np.bincount(key.ravel(), minlength=1 << sum(_BITS))
    used = np.flatnonzero(count)
    weight = count[used].astype(float)
    cells = np.empty((len(used), 4))
    rest = used.copy()
    for k in (3, 2, 1, 0):
        size = 1 << (8 - _BITS[k])
        cells[:, k] = (rest % (1 << _BITS[k])) * size + 0.5 * (size - 1)
        rest >>= _BITS[k]
    colours, tops = _main(cells, weight)
    nearest = np.zeros(len(count), np.int8)
    apart = ((cells[:, None, :] - colours[None, :, :]) ** 2).sum(axis=2)
    nearest[used] = np.where(apart.min(axis=1) <= UNLIKE**2, np.argmin(apart, axis=1), NO_COLOUR)
    return Palette(colours, _pure(picture, key, used[tops]), nearest[key])


def _pure(picture: Bytes, key: NDArray[np.int32], cells: NDArray[np.int64]) -> Floats:
    """Return the median colour (k, 4) of the pixels in each of some cells."""
    return np.array([np.median(picture[key == cell], axis=0) for cell in cells])


def _main(cells: Floats, weight: Floats) -> tuple[Floats, list[int]]:
    """Return the colours (k, 4) around which most pixels lie, and the fullest cell of each."""
    free = np.ones(len(cells), bool)
    total = weight.sum()
    found: list[Floats] = []
    tops: list[int] = []
    while len(found) < MOST_COLOURS and free.any():
        top = int(np.argmax(np.where(free, weight, -1.0)))
        near = free & (((cells - cells[top]) ** 2).sum(axis=1) <= ALIKE**2)
        if found and weight[near].sum() < RARE * total:
            free &= ~near
            continue
        found.append((cells[near] * weight[near, None]).sum(axis=0) / weight[near].sum())
        tops.append(top)
        free &= ~near
    return np.array(found), tops


def distance_to(picture: Bytes, colour: Floats) -> NDArray[np.float32]:
    """Return how far (h, w) each pixel's colour is from ``colour`` (4,)."""
    square = np.zeros(picture.shape[:2], np.float32)
    for k in range(4):
        square += (picture[..., k].astype(np.float32) - np.float32(colour[k])) ** 2
    return np.sqrt(square)


def colour_name(colour: Floats) -> str:
    """Return a colour (4,), times its opacity, for people: ``#5a5a5a``, or transparent."""
    opacity = float(colour[3])
    if opacity < 0.5 * 255:
        return "the transparent part"
    shades = [*(colour[:3] * (255.0 / opacity)), *[opacity] * (opacity < 254.5)]
    parts = (round(min(max(float(value), 0.0), 255.0)) for value in shades)
    return "colour #" + "".join(f"{part:02x}" for part in parts)
