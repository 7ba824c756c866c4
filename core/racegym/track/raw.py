"""What a track was to be made of, kept for whoever wants to know why it was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from numpy.typing import ArrayLike

__all__ = ["RawTrack", "keep_raw", "note_raw"]


@dataclass(frozen=True, kw_only=True, eq=False)
class RawTrack:
    """Points and widths as a file or a program gave them; nothing of it is checked.

    Attributes:
        name: of the track.
        points: (m, 2) or (m, 3) [m], in the order of driving.
        width_left, width_right: (m,) or one number [m].
        banking: (m,) or one number [rad].
        sectors, checkpoints: s [m] of each, or None.
        kerb_width, runoff: [m], or None.
        bridges: whether the track may pass over itself.
        start: x, y [m] and heading [rad] of the start, where they are given beside the points.
        gates: (k, 2, 2) [m], both ends of each gate, in the order of driving, or None.
        label: names a point, by its index, in messages.
    """

    name: str
    points: ArrayLike
    width_left: ArrayLike
    width_right: ArrayLike
    banking: ArrayLike = 0.0
    sectors: ArrayLike | None = None
    checkpoints: ArrayLike | None = None
    kerb_width: float | None = None
    runoff: float | None = None
    bridges: bool = False
    start: tuple[float, float, float] | None = None
    gates: ArrayLike | None = None
    label: Callable[[int], str] = field(default="point {}".format)


_kept: ContextVar[list[RawTrack] | None] = ContextVar("racegym_raw_tracks", default=None)


@contextmanager
def keep_raw() -> Iterator[list[RawTrack]]:
    """Collect what ``Track.from_points`` is given inside, refused or not.

    So any reader of track files can be asked what it found, without a part in it.
    """
    found: list[RawTrack] = []
    token = _kept.set(found)
    try:
        yield found
    finally:
        _kept.reset(token)


def note_raw(make: Callable[[], RawTrack]) -> None:
    """Keep what a track is being made of, if anybody asked for it."""
    kept = _kept.get()
    if kept is not None:
        kept.append(make())
