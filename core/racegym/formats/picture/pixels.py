"""Decoding a picture within limits: what it is, how large, and its colours."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from racegym.errors import TrackError

__all__ = ["MAX_BYTES", "MAX_PIXELS", "Pixels", "read_pixels"]

Bytes = NDArray[np.uint8]

MAX_BYTES = 64_000_000
MAX_PIXELS = 40_000_000  # refused beyond, before anything is decoded
WORKING_PIXELS = 12_000_000  # reduced beyond
SMALLEST_SIDE = 16
FORMATS = ("PNG", "JPEG", "BMP", "PPM", "GIF", "TIFF", "WEBP")  # none that starts a program
# What pillow's decoders raise for broken files, beside OSError.
_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, TypeError,
    AttributeError, OverflowError, ZeroDivisionError, NotImplementedError,
)  # fmt: skip


class Pixels(NamedTuple):
    """A decoded picture, upright: the first row is the lowest, so that y points up."""

    colour: Bytes  # (h, w, 4) red, green, blue and opacity; colours times opacity
    classes: Bytes | None  # (h, w) the stored numbers, of a gray or palette picture
    factor: int  # pixels of the file along one side of a pixel here
    width: int  # of the file
    height: int


def read_pixels(path: Path) -> Pixels:
    """Return the picture in ``path``; of an animation the first frame.

    A picture of more than 12 megapixels is reduced by a whole factor.

    Raises:
        TrackError: there is none, it is too large (nothing is decoded then) or broken.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise TrackError("is no file", file=path)
    except FileNotFoundError:
        raise TrackError("there is no such picture", file=path) from None
    except (OSError, ValueError) as error:
        raise TrackError(f"can't be read: {error}", file=path) from None
    if size > MAX_BYTES:
        raise TrackError(
            f"has {size / 1e6:.0f} MB; a picture may have {MAX_BYTES / 1e6:.0f} MB", file=path
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=FORMATS) as image:
                return _decoded(image, path)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise TrackError(
                f"has more than {MAX_PIXELS / 1e6:.0f} megapixels; make it smaller", file=path
            ) from None
        except UnidentifiedImageError:
            raise TrackError(
                f"is no picture that can be read; {', '.join(FORMATS)} can", file=path
            ) from None
        except MemoryError:
            raise TrackError(
                "needs more memory than there is; make it smaller", file=path
            ) from None
        except _BROKEN as error:
            raise TrackError(f"is a broken or truncated picture: {error}", file=path) from None


def _decoded(image: Image.Image, path: Path) -> Pixels:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise TrackError(
            f"has {width} x {height} pixels, {width * height / 1e6:.0f} megapixels; "
            f"{MAX_PIXELS / 1e6:.0f} are the most: make it smaller",
            file=path,
        )
    if min(width, height) < SMALLEST_SIDE:
        raise TrackError(
            f"has {width} x {height} pixels; a track needs {SMALLEST_SIDE} either way", file=path
        )
    image.load()
    classes = np.asarray(image)[::-1] if image.mode in ("L", "P") else None
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _eight_bits(image)
    image = image.convert("RGBA").convert("RGBa")
    factor = int(np.ceil(np.sqrt(width * height / WORKING_PIXELS)))
    if factor > 1:
        image = image.reduce(factor)
        classes = None
    colour = np.ascontiguousarray(np.asarray(image)[::-1])
    return Pixels(colour, classes, factor, width, height)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture of 16 or 32 bit a pixel with its range of values made 0 to 255."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / (high - low)) if high > low else np.zeros_like(values)
    return Image.fromarray(scaled.astype(np.uint8))
