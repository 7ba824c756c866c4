"""What a list tells of a track, kept under the content of its files: a library may be large."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym import __version__
from racegym.formats import native
from racegym.raceline.cache import cached_arrays, digest_of
from racegym.scenario.track_names import NamedTrack
from racegym.track import Track
from racegym.track.figures import figures

__all__ = ["short_figures"]

KIND = "tracks"  # folder in the cache
VERSION = 1  # of how tracks are read and measured; raised whenever that changes
WIDTHS = ("least", "mean", "most")
NAMES = ("length", "width", "corners", "hash")


def short_figures(named: NamedTrack) -> dict[str, Any]:
    """Return length, width, corners and hash of a track, as ``figures`` has them.

    Raises:
        TrackError, PluginError: it is broken; that is found anew each time.
    """
    if named.path is None or not native.recognises(named.path, b""):
        found = _arrays(named.read())
    else:
        key = digest_of(native.content_digest(named.path), __version__, str(VERSION))
        found = cached_arrays(KIND, key, NAMES, lambda: _arrays(named.read()))
    width = dict(zip(WIDTHS, found["width"].tolist(), strict=True))
    return {
        "length": float(found["length"]),
        "width": width,
        "corners": int(found["corners"]),
        "hash": str(found["hash"]),
    }


def _arrays(track: Track) -> dict[str, NDArray[Any]]:
    told = figures(track)
    return {name: np.array(told[name]) for name in NAMES if name != "width"} | {
        "width": np.array([told["width"][key] for key in WIDTHS])
    }
