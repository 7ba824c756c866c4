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
    colours = _main(cells, weight)
    nearest = np.zeros(len(count), np.int8)
    apart = ((cells[:, None, :] - colours[None, :, :]) ** 2).sum(axis=2)
    nearest[used] = np.where(apart.min(axis=1) <= UNLIKE**2, np.argmin(apart, axis=1), NO_COLOUR)
    return Palette(colours, nearest[key])


def _main(cells: Floats, weight: Floats) -> Floats:
    """Return the colours (k, 4) around which most pixels lie."""
    free = np.ones(len(cells), bool)
    total = weight.sum()
    found: list[Floats] = []
    while len(found) < MOST_COLOURS and free.any():
        top = int(np.argmax(np.where(free, weight, -1.0)))
        near = free & (((cells - cells[top]) ** 2).sum(axis=1) <= ALIKE**2)
        if found and weight[near].sum() < RARE * total:
            free &= ~near
            continue
        found.append((cells[near] * weight[near, None]).sum(axis=0) / weight[near].sum())
        free &= ~near
    return np.array(found)


def distance_to(picture: Bytes, colour: Floats) -> NDArray[np.float32]:
    """Return how far (h, w) each pixel's colour is from ``colour`` (4,)."""
    square = np.zeros(picture.shape[:2], np.float32)
    for k in range(4):
        square += (picture[..., k].astype(np.float32) - np.float32(colour[k])) ** 2
    return np.sqrt(square)


def colour_name(colour: Floats) -> str:
    """Return a colour for people: ``#5a5a5a``, or transparent."""
    if colour[3] < 0.5 * 255:
        return "the transparent part"
    red, green, blue = (round(float(value)) for value in np.clip(colour[:3], 0, 255))
    return f"colour #{red:02x}{green:02x}{blue:02x}"
