"""What a track may be without: a racing line, surfaces beside the asphalt, a grid of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.errors import TrackError
from racegym.track.check import LARGEST_WIDTH

if TYPE_CHECKING:
    from racegym.track.track import Track

__all__ = ["frozen", "optional_parts"]

Floats = NDArray[np.float64]

MAX_SLOTS = 256
SURFACES = 4  # codes of what lies beyond the kerbs, those of ``interfaces.Surface``


_ZEROS = np.zeros(100_000)  # what flat tracks share
_ZEROS.flags.writeable = False


def frozen(array: ArrayLike) -> Floats:
    """Return a float64 copy that can't be written; what is one already is shared."""
    if (
        isinstance(array, np.ndarray)
        and array.dtype == np.float64
        and array.flags.c_contiguous
        and not (array.flags.writeable or isinstance(array.base, np.ndarray))
    ):
        return array
    own = np.array(array, dtype=np.float64, order="C")
    if own.ndim == 1 and len(own) <= len(_ZEROS) and not own.view(np.int64).any():
        return _ZEROS[: len(own)]  # not of -0.0, which has other bits
    own.flags.writeable = False
    return own


def optional_parts(track: Track) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the name and the frozen value of each part that a track may be without, checked.

    Raises:
        TrackError: naming the part at fault.
    """
    said = f"track {track.name!r}: "
    n = len(track)
    if track.line is not None:
        line = frozen(track.line)
        if line.shape != (n,) or not np.isfinite(line).all():
            raise TrackError(f"{said}its racing line must be ({n},) finite numbers")
        far = int(np.argmax(np.abs(line)))
        if abs(line[far]) > LARGEST_WIDTH:
            raise TrackError(
                f"{said}its racing line is {line[far]:g} m beside the centerline at s = "
                f"{far * track.spacing:.1f} m; {LARGEST_WIDTH:g} m are the most"
            )
        yield "line", line
    for name in ("surface_left", "surface_right"):
        codes = getattr(track, name)
        if codes is None:
            continue
        codes = np.array(codes)
        if (
            codes.shape != (n,)
            or codes.dtype.kind not in "iu"
            or ((codes < 0) | (codes >= SURFACES)).any()
        ):
            raise TrackError(f"{said}{name} must be ({n},) codes from 0 to {SURFACES - 1}")
        codes = codes.astype(np.uint8)
        codes.flags.writeable = False
        yield name, codes
    if track.grid is not None:
        grid = frozen(track.grid)
        if grid.ndim != 2 or grid.shape[1] != 2 or not 1 <= len(grid) <= MAX_SLOTS:
            raise TrackError(f"{said}its grid has shape {grid.shape}; give (1 to {MAX_SLOTS}, 2)")
        if not np.isfinite(grid).all():
            raise TrackError(f"{said}its grid holds a value that is not finite")
        yield "grid", grid
