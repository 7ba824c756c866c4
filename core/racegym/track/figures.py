"""A track in figures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.track.corners import find_corners
from racegym.track.track import Track

__all__ = ["figures"]


def _codes(surface: NDArray[np.uint8] | None) -> list[int] | None:
    """Return which surfaces there are on one side, as codes; None if it is not told."""
    return None if surface is None else np.unique(surface).tolist()


def _direction(track: Track) -> str | None:
    """Return which way round the track goes; None of a figure of eight, which goes neither."""
    turns = float(track.curvature.sum()) * track.spacing / (2.0 * np.pi)
    return None if abs(turns) < 0.5 else "ccw" if turns > 0.0 else "cw"


def figures(track: Track) -> dict[str, Any]:
    """Return what can be said of a track in numbers, as plain data; metres unless told."""
    wide = track.width_left + track.width_right
    sharpest = float(np.abs(track.curvature).max())
    climbs = np.diff(track.z, append=track.z[0])
    return {
        "name": track.name,
        "hash": track.hash,
        "length": track.length,
        "samples": len(track),
        "spacing": track.spacing,
        "width": {
            "least": float(wide.min()),
            "mean": float(wide.mean()),
            "most": float(wide.max()),
        },
        "tightest_radius": 1.0 / sharpest if sharpest > 0.0 else None,
        "direction": _direction(track),
        "corners": len(find_corners(track)),
        "elevation": float(np.ptp(track.z)),
        "climb": float(climbs[climbs > 0.0].sum()),
        "steepest": float(np.abs(track.slope).max()),
        "banking": float(np.abs(track.banking).max()),  # [rad]
        "sectors": track.sectors.tolist(),
        "checkpoints": len(track.checkpoints),
        "kerb_width": float(track.kerb_width),
        "runoff": float(track.runoff) if np.isfinite(track.runoff) else None,
        "surfaces": {side: _codes(getattr(track, f"surface_{side}")) for side in ("left", "right")},
        "crossings": [list(map(float, pair)) for pair in track.crossings],
        "obstacles": len(track.obstacles),
        "grid": 0 if track.grid is None else len(track.grid),
        "pit": None if track.pit is None else len(track.pit.boxes),
        "line": None if track.line is None else track.line_name,
    }
