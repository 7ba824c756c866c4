"""What lies beside a track beyond its kerbs: grass, gravel or asphalt, a pit lane among it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from racegym.track.lane import PitLane

if TYPE_CHECKING:
    from racegym.track.track import Track

__all__ = ["ASPHALT", "GRASS", "GRAVEL", "pit_samples", "pit_taper", "verges"]

Codes = NDArray[np.uint8]

ASPHALT, GRASS, GRAVEL = 0, 2, 3  # codes of ``interfaces.Surface``
TAPER = 4.0  # [m] of way into the pit lane and out of it, for each metre across


def verges(track: Track) -> Codes:
    """Return (n, 2) codes of ``interfaces.Surface``: left and right of the track at each sample.

    They hold from the kerb to the wall. Where nothing is said it is grass; beside a pit lane,
    and its ways in and out, all of the run-off on its side is asphalt.
    """
    codes = np.full((len(track), 2), GRASS, np.uint8)
    for column, given in enumerate((track.surface_left, track.surface_right)):
        if given is not None:
            codes[:, column] = given
    if track.pit is not None:
        side = 0 if track.pit.offset > 0.0 else 1
        codes[pit_samples(track, track.pit, pit_taper(track, track.pit)), side] = ASPHALT
    return codes


def pit_samples(track: Track, pit: PitLane, beyond: float = 0.0) -> NDArray[np.bool_]:
    """Return (n,) which samples lie beside ``pit``, or up to ``beyond`` [m] before or after it."""
    s = track.spacing * np.arange(len(track))
    long = (pit.exit - pit.entry) % track.length + 2.0 * beyond
    beside: NDArray[np.bool_] = (s - pit.entry + beyond) % track.length <= long
    return beside


def pit_taper(track: Track, pit: PitLane) -> float:
    """Return how long [m] the ways into and out of ``pit`` are."""
    width = track.width_left if pit.offset > 0.0 else track.width_right
    beside = pit_samples(track, pit)
    if not beside.any():  # it is shorter than the way from one sample to the next
        beside[round(pit.entry / track.spacing) % len(track)] = True
    across = abs(pit.offset) + 0.5 * pit.width - float(width[beside].mean())
    return TAPER * max(across, 0.0)
