"""Laps of a log: from one crossing of the start line to the next, and which of them count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.logs.motion import Motion, Piece
from racegym.formats.logs.start import StartLine

__all__ = ["Dropped", "Lap", "Laps", "find_laps"]

Floats = NDArray[np.float64]

STEP = 0.1  # [s] in which crossings are looked for
ROUNDS = 4  # of Newton at a crossing
ALONG = 0.5  # of the speed that has to lead across the line
SLOWEST = 0.2  # of the fastest crossing: a slower one begins no lap
LENGTH_OFF = 0.15  # share of the median length


@dataclass(frozen=True, kw_only=True)
class Lap:
    """A lap between two crossings.

    Attributes:
        number: from 1.
        start, end: [s] of the log.
        length: [m] driven.
        piece: which stretch of the motion holds it; None if it has a gap.
        dropped: why it does not count; empty if it does.
    """

    number: int
    start: float
    end: float
    length: float
    piece: Piece | None
    dropped: str = ""

    @property
    def time(self) -> float:
        """Return its time [s]."""
        return self.end - self.start


@dataclass(frozen=True)
class Dropped:
    """A part of the log that is no lap that counts.

    Attributes:
        what: such as ``"lap 4"`` or ``"out-lap"``.
        reason: why.
    """

    what: str
    reason: str


@dataclass(frozen=True)
class Laps:
    """All laps of a log.

    Attributes:
        line: the start line.
        laps: between crossings, in order, also those that do not count.
        dropped: what does not count, in order.
    """

    line: StartLine
    laps: tuple[Lap, ...]
    dropped: tuple[Dropped, ...]

    @property
    def kept(self) -> list[Lap]:
        """Return the laps that count."""
        return [lap for lap in self.laps if not lap.dropped]


def find_laps(motion: Motion, line: StartLine, tolerance: float = 0.2) -> Laps:
    """Return the laps of a log.

    Args:
        motion: of the log.
        line: where laps begin and end.
        tolerance: how far a lap's time may be off the median, as a share of it.

    Raises:
        TrackError: no lap counts; says why.
    """
    met = [
        (t, k, speed)
        for k, piece in enumerate(motion.pieces)
        for t, speed in zip(*_crossings(piece, line), strict=True)
    ]
    # A car that stands on the line crosses it whenever its positions are noisy.
    least = SLOWEST * max((speed for *_, speed in met), default=0.0)
    crossings = [(t, k) for t, k, speed in met if speed > least]
    laps = [
        _lap(motion, number, *crossings[number - 1], *crossings[number])
        for number in range(1, len(crossings))
    ]
    if not laps:
        raise TrackError(
            f"{motion.source} holds no complete lap: the start line ({line.found}) is crossed "
            f"{len(crossings)} time{'' if len(crossings) == 1 else 's'}"
        )
    judged = _judged(laps, tolerance)
    dropped = _outside(motion, crossings)
    named = [Dropped(f"lap {lap.number}", lap.dropped) for lap in judged if lap.dropped]
    found = Laps(line, tuple(judged), (dropped[0], *named, dropped[1]))
    if not found.kept:
        raise TrackError(
            f"{motion.source} holds no lap that counts: "
            + "; ".join(f"{each.what}: {each.reason}" for each in named[:4])
        )
    return found


def _crossings(piece: Piece, line: StartLine) -> tuple[list[float], list[float]]:
    """Return the times [s] at which the line is crossed forwards, and how fast [m/s]."""
    t = np.append(np.arange(piece.start, piece.end, STEP), piece.end)
    ahead, beside = _beside(piece, line, t)
    up = np.flatnonzero((ahead[:-1] < 0.0) & (ahead[1:] >= 0.0))
    up = up[np.minimum(np.abs(beside[up]), np.abs(beside[up + 1])) < 1.5 * line.reach]
    if not len(up):
        return [], []
    share = ahead[up] / (ahead[up] - ahead[up + 1])
    at = t[up] + share * (t[up + 1] - t[up])
    way = np.cos(line.heading), np.sin(line.heading)
    for _ in range(ROUNDS):
        vx, vy = piece.at(at, 1)
        onward = vx * way[0] + vy * way[1]
        step = _beside(piece, line, at)[0] / np.maximum(onward, 1e-3)
        at = np.clip(at - step, t[up], t[up + 1])
    vx, vy = piece.at(at, 1)
    onward, speed = vx * way[0] + vy * way[1], np.hypot(vx, vy)
    _, beside = _beside(piece, line, at)
    real = (np.abs(beside) < line.reach) & (onward > ALONG * speed)
    return at[real].tolist(), speed[real].tolist()


def _beside(piece: Piece, line: StartLine, t: Floats) -> tuple[Floats, Floats]:
    """Return how far the car is ahead of the line and to the left of its middle [m]."""
    x, y = piece.at(t)
    c, s = np.cos(line.heading), np.sin(line.heading)
    return (x - line.x) * c + (y - line.y) * s, -(x - line.x) * s + (y - line.y) * c


def _lap(motion: Motion, number: int, start: float, first: int, end: float, last: int) -> Lap:
    if first != last:
        gaps = motion.gaps[(motion.gaps[:, 0] >= start) & (motion.gaps[:, 1] <= end)]
        since, until = gaps[np.argmax(gaps[:, 1] - gaps[:, 0])].tolist()
        return Lap(
            number=number, start=start, end=end, length=np.nan, piece=None,
            dropped=f"{until - since:.1f} s without positions at {since:.1f} s",
        )  # fmt: skip
    piece = motion.pieces[first]
    x, y = piece.at(np.linspace(start, end, max(50, int((end - start) / STEP))))
    return Lap(
        number=number, start=start, end=end, piece=piece,
        length=float(np.hypot(np.diff(x), np.diff(y)).sum()),
    )  # fmt: skip


def _judged(laps: Sequence[Lap], tolerance: float) -> list[Lap]:
    """Return the laps, each with the reason not to count it if there is one."""
    whole = [lap for lap in laps if not lap.dropped]
    if not whole:
        return list(laps)
    # Of an even number the lower of both: what lies between them is the time of no lap.
    time, length = (
        sorted(values)[(len(values) - 1) // 2]
        for values in ([lap.time for lap in whole], [lap.length for lap in whole])
    )
    judged = []
    for lap in laps:
        reason = lap.dropped
        if not reason and abs(lap.time - time) > tolerance * time:
            kind = "slower" if lap.time > time else "quicker"
            off = abs(lap.time / time - 1.0)
            reason = f"{lap.time:.1f} s is {100.0 * off:.0f} % {kind} than the median {time:.1f} s"
        if not reason and abs(lap.length - length) > LENGTH_OFF * length:
            reason = f"{lap.length:.0f} m was driven, the median is {length:.0f} m"
        judged.append(
            Lap(number=lap.number, start=lap.start, end=lap.end, length=lap.length,
                piece=lap.piece, dropped=reason)
        )  # fmt: skip
    return judged


def _outside(motion: Motion, crossings: Sequence[tuple[float, int]]) -> tuple[Dropped, Dropped]:
    """Return what lies before the first crossing and after the last."""
    before = crossings[0][0] - motion.pieces[0].start
    after = motion.pieces[-1].end - crossings[-1][0]
    return (
        Dropped("out-lap", f"{before:.1f} s before the start line is crossed first"),
        Dropped("in-lap", f"{after:.1f} s after it is crossed last"),
    )
