"""The shape of every track that was raced on, so that a run can be drawn without its scenario.

One JSON object per track, written when the first race on it begins; the line of a start in
``events.jsonl`` names the track's line by ``shape``, counted from 0. Positions are rounded to
the millimetre: this is for pictures, a replay builds the track anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from racegym.track import Track

__all__ = ["ShapeLog", "TrackShape", "read_shapes"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class TrackShape:
    """Where a track lies.

    Attributes:
        name: of the track.
        length: [m] of a lap.
        kerb_width: [m] outward from the edge of the asphalt.
        left, right: (n, 2) [m] x and y of the edges of the asphalt, in driving direction; the
            start line runs from ``left[0]`` to ``right[0]``, and the last point is followed by
            the first.
        obstacles: (k, 3) [m] x, y and radius of each.
        z: (n,) [m] height between them.
        runoff: [m] edge of the asphalt to the wall; inf for no wall.
        sectors: (n_sectors,) [m] s at which each begins.
        hash: the track's; empty in runs of earlier versions.
    """

    name: str
    length: float
    kerb_width: float
    left: Floats
    right: Floats
    obstacles: Floats
    z: Floats
    runoff: float
    sectors: Floats
    hash: str = ""

    def track(self) -> Track:
        """Return a track that looks like this one; its samples are those of the original."""
        across = self.left - self.right
        wide = np.hypot(*across.T)
        tangent_x, tangent_y = across[:, 1] / wide, -across[:, 0] / wide
        x, y = (0.5 * (self.left + self.right)).T
        heading = np.arctan2(tangent_y, tangent_x)
        turn = (np.roll(heading, -1) - np.roll(heading, 1) + np.pi) % (2.0 * np.pi) - np.pi
        spacing = self.length / len(x)
        flat = np.zeros(len(x))
        return Track(
            name=self.name,
            x=x,
            y=y,
            z=self.z,
            heading=heading,
            tangent_x=tangent_x,
            tangent_y=tangent_y,
            curvature=turn / (2.0 * spacing),
            slope=flat,
            width_left=0.5 * wide,
            width_right=0.5 * wide,
            banking=flat,
            spacing=spacing,
            length=self.length,
            sectors=self.sectors,
            checkpoints=np.zeros(1),
            kerb_width=self.kerb_width,
            runoff=self.runoff,
        )


class ShapeLog:
    """Writes ``tracks.jsonl``.

    Args:
        path: the file; made with the first track.
    """

    def __init__(self, path: Path):
        self._path = path
        self._file: IO[str] | None = None
        self._known: dict[str, int] = {}

    def number(self, track: Track) -> int:
        """Return the line of a track, which is written when it is new."""
        if track.hash in self._known:
            return self._known[track.hash]
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8", newline="\n")
        s = track.spacing * np.arange(len(track))
        left_x, left_y, _ = track.at(s, track.width_left)
        right_x, right_y, _ = track.at(s, -track.width_right)
        line = {
            "name": track.name,
            "hash": track.hash,
            "length": track.length,
            "kerb_width": track.kerb_width,
            "left_x": _millimetres(left_x),
            "left_y": _millimetres(left_y),
            "right_x": _millimetres(right_x),
            "right_y": _millimetres(right_y),
            "z": _millimetres(track.z) if track.z.any() else [],
            "runoff": track.runoff if np.isfinite(track.runoff) else None,
            "sectors": _millimetres(track.sectors),
        }
        if len(track.obstacles):
            line["obstacles"] = np.round(track.obstacles, 3).tolist()
        self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        self._file.flush()
        return self._known.setdefault(track.hash, len(self._known))

    def close(self) -> None:
        """End the file. May be called twice."""
        if self._file is not None:
            self._file.close()


def _millimetres(values: ArrayLike) -> list[float]:
    rounded: list[float] = np.round(np.asarray(values, np.float64), 3).tolist()
    return rounded


def read_shapes(path: Path) -> list[TrackShape]:
    """Return the tracks of ``tracks.jsonl``, up to a line that is cut off or damaged."""
    shapes: list[TrackShape] = []
    if not path.exists():
        return shapes
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                shapes.append(_shape(json.loads(line)))
            except (ValueError, KeyError, TypeError):
                break
    return shapes


def _shape(line: dict[str, Any]) -> TrackShape:
    runoff = line.get("runoff")  # some are absent in runs of earlier versions
    return TrackShape(
        name=str(line["name"]),
        length=float(line["length"]),
        kerb_width=float(line["kerb_width"]),
        left=_points(line["left_x"], line["left_y"]),
        right=_points(line["right_x"], line["right_y"]),
        obstacles=np.asarray(line.get("obstacles", []), np.float64).reshape(-1, 3),
        z=np.asarray(line.get("z") or np.zeros(len(line["left_x"])), np.float64),
        runoff=np.inf if runoff is None else float(runoff),
        sectors=np.asarray(line.get("sectors") or [0.0], np.float64),
        hash=str(line.get("hash", "")),
    )


def _points(x: Sequence[float], y: Sequence[float]) -> Floats:
    return np.stack([np.asarray(x, np.float64), np.asarray(y, np.float64)], axis=1)
