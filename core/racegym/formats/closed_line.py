"""Lines as people draw and record them, made into closed, evenly spaced, smooth ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import Akima1DInterpolator

from racegym.errors import TrackError
from racegym.track.track import default_spacing

__all__ = ["ClosedLine", "closed", "even", "labelled", "refuse_open", "resampled", "softened"]

Floats = NDArray[np.float64]

WIDEST_GAP = 0.05  # of the length: what is more open than that is no loop
AWAY = 3.0  # times as far off as a return must be near
ASIDE = 0.03  # of how far the line goes: a return passes its beginning no farther off
MOST_OVERLAP = 0.1  # of the length: more than that of a second lap is no slip of the hand
LEAST = 8  # points
SAME = 1e-6  # [m] a last point that near to the first is the first again
MOST_SAMPLES = 50_000
FARTHEST = 1e8  # [m] from the origin; no projection of the Earth has that


class ClosedLine(NamedTuple):
    """A loop; the last point is not the first."""

    points: Floats  # (m, k) [m]; x, y and whatever is interpolated with them
    notes: tuple[str, ...]  # what was mended
    source: NDArray[np.int64]  # (m,) index that each point had


def closed(points: Floats, path: Path, what: str, gap: float | None = None) -> ClosedLine:
    """Return the loop that a row of points is meant to be.

    Points that repeat the one before are dropped. A line that runs on over its own beginning
    for a little is cut there.

    Args:
        points: (m, k) finite; x and y [m] first.
        path: of the file, for messages.
        what: names the line in messages, such as "the line 'outer'".
        gap: [m] the widest that is closed by a straight. Default: 5 % of the length, or
            twice the longest step, if that is more.

    Raises:
        TrackError: it is open, holds several laps, has too few points or leaves the Earth.
    """
    if not (np.abs(points[:, :2]) <= FARTHEST).all():
        raise TrackError(
            f"{what} has a point more than {FARTHEST:g} m from the origin: are these metres?",
            file=path,
        )
    notes = []
    step = _steps(points)
    kept = np.flatnonzero(np.concatenate([[True], step[:-1] > 1e-9 * max(step.sum(), 1e-9)]))
    if len(kept) < len(points):
        count = len(points) - len(kept)
        notes.append(f"{what} had {count} point{'s' * (count > 1)} twice in a row; dropped")
    if len(kept) > 1 and np.hypot(*(points[kept[-1], :2] - points[kept[0], :2])) < 1e-6:
        kept = kept[:-1]
    line = points[kept]
    if len(line) < LEAST:
        raise TrackError(f"{what} has {len(line)} points; a loop needs {LEAST}", file=path)
    end = _one_lap(line, path, what)
    if end < len(line):
        notes.append(
            f"{what} ran on over its beginning; its last {len(line) - end} points left out"
        )
        kept, line = kept[:end], line[:end]
    refuse_open(line, path, what, gap)
    step = _steps(line)
    if step[-1] > 2.0 * float(step[:-1].max()):
        notes.append(f"{what} had a gap of {step[-1]:.1f} m between end and start; closed")
    return ClosedLine(line, tuple(notes), kept)


def refuse_open(points: Floats, path: Path, what: str, gap: float | None = None) -> None:
    """Refuse a row of points (m, 2 or more) whose end is far from its start, see ``closed``.

    Raises:
        TrackError: it is open; tells the gap.
    """
    step = _steps(points)
    if len(step) < LEAST:
        return
    widest = max(WIDEST_GAP * float(step.sum()), 2.0 * float(step[:-1].max()))
    if step[-1] > (widest if gap is None else gap):
        raise TrackError(
            f"{what} is open: its last point is {step[-1]:.1f} m from its first, of "
            f"{step[:-1].sum():.0f} m in all; a circuit closes",
            file=path,
        )


def _one_lap(line: Floats, path: Path, what: str) -> int:
    """Return how many points make up the first lap.

    Raises:
        TrackError: it goes on for much more than one.
    """
    step = _steps(line)[:-1]
    arc = np.concatenate([[0.0], np.cumsum(step)])
    away = np.hypot(*(line[:, :2] - line[0, :2]).T)
    close = max(0.02 * float(away.max()), 2.0 * float(np.median(step)))
    gone = np.flatnonzero(away > AWAY * close)
    if not len(gone):
        return len(line)
    ahead = line[min(2, len(line) - 1), :2] - line[0, :2]
    going = np.zeros_like(line[:, :2])
    going[1:] = np.diff(line[:, :2], axis=0)
    same_way = going @ ahead > 0.5 * np.hypot(*ahead) * np.hypot(*going.T)
    back = np.flatnonzero((away < close) & same_way & (np.arange(len(line)) > gone[0]))
    if not len(back):
        return len(line)
    done = 0
    for first in back.tolist():
        if first < done:
            continue
        # The return ends where the first point is passed.
        for k in range(first, len(line)):
            beyond = (line[k, :2] - line[0, :2]) @ ahead >= -SAME * float(np.hypot(*ahead))
            if beyond or away[k] > AWAY * close:
                break
        else:
            return len(line)
        if _passed_at(line[first - 1 : k + 1, :2], line[0, :2]) > ASIDE * float(away.max()):
            done = k + 1  # it is another leg, which runs beside the first
            continue
        over = arc[-1] - arc[k]
        if over <= 0.0:
            return len(line)
        if over > MOST_OVERLAP * arc[k]:
            raise TrackError(
                f"{what} goes round more than once: it is back at its beginning after "
                f"{arc[k]:.0f} of {arc[-1]:.0f} m; a recording of many laps is imported as "
                "a log: `racegym tracks import LOG --format log`",
                file=path,
            )
        return k
    return len(line)


def _passed_at(line: Floats, place: Floats) -> float:
    """Return how near [m] a line through points (k, 2) comes to a place."""
    ahead = np.diff(line, axis=0)
    away = place - line[:-1]
    share = (away * ahead).sum(axis=1) / np.maximum((ahead**2).sum(axis=1), 1e-12)
    foot = line[:-1] + np.clip(share, 0.0, 1.0)[:, None] * ahead
    return float(np.hypot(*(foot - place).T).min())


def even(points: Floats, spacing: float | None = None) -> tuple[Floats, Floats]:
    """Return a loop through the same points, evenly spaced, and where each came from.

    Between points runs Akima's curve [1] of the parameter, which goes straight where they lie
    straight and doesn't swing out where close points follow on distant ones.

    [1] Akima (1970), "A new method of interpolation and smooth curve fitting based on local
        procedures", J. ACM 17(4):589-602; in its modified form, as scipy has it.

    Args:
        points: (m, k) of a loop; x and y [m] first.
        spacing: about what it gets [m]. Default: that of a track's samples.

    Returns:
        (n, k) points, and (n,) the index, with its fraction, of each on the loop as given.
    """
    m = len(points)
    pad = min(m, 6)
    around = np.arange(-pad, m + pad + 1)
    at = np.concatenate([[0.0], np.cumsum(_steps(points))])
    lap = float(at[-1])
    where = at[np.mod(around, m)] + lap * np.floor_divide(around, m)
    curve = Akima1DInterpolator(where, points[np.mod(around, m)], axis=0, method="makima")
    least, most = lap / MOST_SAMPLES, lap / 64
    spacing = float(np.clip(default_spacing(lap) if spacing is None else spacing, least, most))
    n = int(np.ceil(lap / spacing))
    fine = np.linspace(0.0, lap, 3 * n + 1)
    step = np.diff(curve(fine)[:, :2], axis=0)
    arc = np.concatenate([[0.0], np.cumsum(np.hypot(step[:, 0], step[:, 1]))])
    parameter = np.interp(np.linspace(0.0, arc[-1], n, endpoint=False), arc, fine)
    return curve(parameter), np.interp(parameter, at, np.arange(m + 1))


def resampled(points: Floats, n: int) -> Floats:
    """Return ``n`` points (n, k), evenly spaced along the chords of a loop (m, k)."""
    at = np.concatenate([[0.0], np.cumsum(_steps(points))])
    arc = np.linspace(0.0, at[-1], n, endpoint=False)
    around = np.concatenate([points, points[:1]])
    return np.column_stack([np.interp(arc, at, column) for column in around.T])


def softened(points: Floats, sigma: float) -> Floats:
    """Return evenly spaced points (n, k) of a loop, smoothed over ``sigma`` samples.

    The Gaussian is applied twice, the second time to what the first took away, so that corners
    are not drawn to their inside as one pass would.
    """
    if sigma <= 0.0:
        return points
    frequency = np.fft.rfftfreq(len(points))
    gain = np.exp(-2.0 * (np.pi * sigma * frequency) ** 2)
    gain = 1.0 - (1.0 - gain) ** 2
    return np.fft.irfft(np.fft.rfft(points, axis=0) * gain[:, None], n=len(points), axis=0)


def labelled(source: NDArray[np.int64], place: Floats, label: Callable[[int], str]) -> list[str]:
    """Return a name for each even point: that of the point of the file it is next to."""
    return [label(int(source[int(k) % len(source)])) for k in np.rint(place)]


def _steps(points: Floats) -> Floats:
    """Return the chord (m,) [m] from each point to the next, the last one to the first."""
    ahead = np.roll(points[:, :2], -1, axis=0) - points[:, :2]
    return np.hypot(ahead[:, 0], ahead[:, 1])
