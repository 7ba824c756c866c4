"""What lies along a generated circuit: widths that change, a pit lane, gravel, a grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.track.lane import PitLane
from racegym.track.track import Track

__all__ = ["banked", "gravel", "grid_slots", "pit_lane", "widths"]

Floats = NDArray[np.float64]

WAVES = 4  # round the lap, of the width
GRAVEL = 3  # of ``interfaces.Surface``
GRASS = 2
BEND = 6.0  # widths of radius, below which a bend has gravel outside
BEYOND = 2.0  # widths that the gravel goes on after the bend, as cars do
SLOTS = 24  # of the grid, at most
FREE = 8.0  # [m] behind the line to the first slot
LANE = 0.35  # of the track's width is that of the pit lane
LANE_LIMIT = 60.0 / 3.6  # [m/s]
BOX = 8.0  # [m] along the lane
MOST_BOXES = 12


def widths(rng: np.random.Generator, narrow: float, wide: float, count: int) -> Floats:
    """Return the width [m] at ``count`` even places of a lap: from ``narrow`` to ``wide``."""
    angle = 2.0 * np.pi * np.arange(count) / count
    size, phase = rng.normal(size=WAVES), rng.uniform(0.0, 2.0 * np.pi, WAVES)
    number = np.arange(1, WAVES + 1)
    wave = ((size / number)[:, None] * np.cos(number[:, None] * angle + phase[:, None])).sum(axis=0)
    share: Floats = (wave - wave.min()) / np.ptp(wave)
    return narrow + (wide - narrow) * share


def banked(curvature: Floats, banking: float) -> Floats:
    """Return the banking [rad] along a lap: the outside of the tightest corner by ``banking``."""
    share: Floats = curvature / np.abs(curvature).max()
    return -banking * share


def gravel(track: Track) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the surfaces (n,) left and right of the asphalt: gravel outside corners."""
    width = track.width_left + track.width_right
    bent = track.curvature * width * BEND
    after = min(max(1, round(BEYOND * float(width.mean()) / track.spacing)), len(track))
    codes = []
    for inside in (-1.0, 1.0):  # a right-hander has its outside on the left
        corner = inside * bent > 1.0
        reached = np.concatenate((corner[-after:], corner)).astype(np.int64).cumsum()
        reached = reached[after:] - np.concatenate(([0], reached[: -after - 1]))
        codes.append(np.where(reached > 0, GRAVEL, GRASS).astype(np.uint8))
    return codes[0], codes[1]


def grid_slots(behind: float, gap: float, width: float, length: float) -> Floats | None:
    """Return s and d (n, 2) [m] of grid slots on the straight behind the line, pole first.

    Args:
        behind: [m] of straight before the line.
        gap: [m] along the track between slots.
        width: [m] of the asphalt, at its narrowest.
        length: of the lap [m].

    Returns:
        The slots, alternately left and right; None if there is no room for one.
    """
    first = min(FREE, gap, 0.25 * behind)
    count = min(SLOTS, int((behind - first) / gap))
    if count < 1:
        return None
    s = length - first - gap * np.arange(count)
    return np.column_stack([s, 0.22 * width * np.where(np.arange(count) % 2, -1.0, 1.0)])


def pit_lane(track: Track, behind: float, ahead: float, *, left: bool) -> PitLane:
    """Return a pit lane beside the start straight, between the kerb and the wall.

    Args:
        track: without one.
        behind, ahead: [m] of straight before and after the line.
        left: on which side.

    Raises:
        TrackError: the run-off has no room for it.
    """
    own = track.width_left if left else track.width_right
    edge = float(own.max()) + track.kerb_width
    most = float(own.min()) + track.runoff - edge
    wide = min(2.0 * LANE * float(own.mean()), 0.95 * most)
    if wide < 0.25 * LANE * float(own.mean()):
        least = float(np.ptp(own)) + track.kerb_width + LANE * float(own.mean())
        raise TrackError(
            f"track {track.name!r}: a run-off of {track.runoff:g} m has no room for a pit lane "
            f"beyond the kerb; give runoff at least {least:.1f} m"
        )
    entry, end = track.length - 0.9 * behind, 0.9 * ahead
    count = int(min(MOST_BOXES, max(1, 0.6 * (behind + ahead) / BOX)))
    middle = 0.5 * (end - 0.9 * behind)
    boxes = np.mod(middle + BOX * (np.arange(count) - 0.5 * (count - 1)), track.length)
    return PitLane(
        entry=entry,
        exit=end,
        offset=(edge + 0.5 * wide) * (1.0 if left else -1.0),
        width=wide,
        speed_limit=LANE_LIMIT,
        boxes=tuple(boxes.tolist()),
    )
