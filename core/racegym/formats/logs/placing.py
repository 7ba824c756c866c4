"""Laying a log over a track that is known: which turn and shift make its mean line fit.

Where both know their place on Earth, that is where to begin. Else a log's plane and a track's
have nothing in common but the shape of the circuit. Both lines are sampled evenly; as complex
numbers about their means, the circular correlation of one with the other is largest at the part
of a lap by which their starts differ, and its angle there is the turn between them. An oval has
two such parts: each is tried. From there on the line is fitted to the track as points to the
nearest place along its normals, with weights that let corners be cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError
from racegym.formats.local_plane import LocalPlane, plane_of
from racegym.track import Track
from racegym.track.locating import ClosedLine

__all__ = ["Placement", "place_on"]

Floats = NDArray[np.float64]

SAMPLES = 1024
ROUNDS = 25
LENGTH_OFF = 0.12  # share; a racing line is a little shorter than the centerline
NEAR = 1.0  # half widths, beside the track's edge, that 95 % of the line must keep
SLACK = 3.0  # [m] more
MOST_WAYS = 4  # to lay one shape over the other that are tried
LIKELY = 0.9  # of the largest correlation, that such a way has at least
ALIKE = (2.0, 0.5)  # times, and [m] more: another way that is no farther off may be meant as well
TURNED = np.deg2rad(10.0)  # from which on it is another way
ELSEWHERE = 20_000.0  # [m] between two planes that have nothing to do with each other


@dataclass(frozen=True)
class Placement:
    """How a log lies on a track.

    Attributes:
        turn: [rad] about the origin, before the shift.
        x, y: [m] the shift.
        off: [m] from the centerline, of which 95 % of the line is nearer.
        doubt: what is to be said of it, for people; mostly nothing.
    """

    turn: float
    x: float
    y: float
    off: float
    doubt: str = ""


def place_on(
    track: Track, line: ClosedLine, source: str, plane: LocalPlane | None = None
) -> Placement:
    """Return how a log's mean line is laid over a track.

    A log in the track's own metres is left as it is.

    Args:
        track: where it was driven.
        line: the mean line of its laps.
        source: the log's name.
        plane: of the log, if it knows its place on Earth.

    Raises:
        TrackError: the log is of another track, or goes the other way round.
    """
    centre = ClosedLine.of(track)
    allowed = NEAR * float((track.width_left + track.width_right).max()) / 2.0 + SLACK
    own = Placement(0.0, -track.origin[0], -track.origin[1], 0.0)
    off, cover = _off(centre, _moved(line, own))
    if off <= allowed and cover:
        return replace(own, off=off)
    if abs(line.length / track.length - 1.0) > LENGTH_OFF:
        raise TrackError(
            f"{source}: a lap is {line.length:.0f} m, one of {track.name!r} is "
            f"{track.length:.0f} m; is the log of another track?"
        )
    there = None if plane is None else _on_earth(track, plane)
    if there is not None:
        found = _refined(centre, line, there)
        off, cover = _off(centre, _moved(line, found))
        if off <= allowed and cover:
            return replace(found, off=off)
    ways = [_refined(centre, line, how) for how in _coarse(centre, line)]
    tried = [(how, *_off(centre, _moved(line, how))) for how in ways]
    fitting = sorted((off, k) for k, (_, off, cover) in enumerate(tried) if cover)
    if fitting and fitting[0][0] <= allowed:
        off, k = fitting[0]
        others = [ways[other] for its, other in fitting[1:] if its < ALIKE[0] * off + ALIKE[1]]
        return replace(ways[k], off=off, doubt=_doubt(ways[k], others))
    off = min(off for _, off, _ in tried)
    back = _refined(centre, line, _coarse(centre, _backwards(line))[0])
    if _off(centre, _backwards(_moved(line, back)))[0] <= allowed:
        raise TrackError(f"{source} goes round {track.name!r} the other way; reverse one of them")
    raise TrackError(
        f"{source} does not fit {track.name!r}: laid over it as well as can be, a twentieth of "
        f"its line is more than {off:.0f} m from the centerline; is the log of another track?"
    )


def _doubt(how: Placement, others: list[Placement]) -> str:
    """Return what is to be said of other ways that fit as well."""
    turns = [abs((other.turn - how.turn + np.pi) % (2.0 * np.pi) - np.pi) for other in others]
    if max(turns, default=0.0) < TURNED:
        return ""
    return (
        f"it fits as well when turned by {np.rad2deg(max(turns)):.0f} degrees, so its laps may "
        "begin at another place than the track's; latitude and longitude of both would tell"
    )


def _on_earth(track: Track, plane: LocalPlane) -> Placement | None:
    """Return where a log of a plane lies on a track that notes its own; None: it notes none."""
    own = plane_of(track.notes)
    if own is None:
        return None
    x, y = own.to_plane(*plane.to_earth([0.0, 100.0], [0.0, 0.0]))
    if np.hypot(x[0], y[0]) > ELSEWHERE:
        return None
    turn = float(np.arctan2(y[1] - y[0], x[1] - x[0]))
    return Placement(turn, float(x[0]) - track.origin[0], float(y[0]) - track.origin[1], 0.0)


def _moved(line: ClosedLine, how: Placement) -> ClosedLine:
    c, s = np.cos(how.turn), np.sin(how.turn)
    return ClosedLine(
        c * line.x - s * line.y + how.x,
        s * line.x + c * line.y + how.y,
        c * line.tangent_x - s * line.tangent_y,
        s * line.tangent_x + c * line.tangent_y,
        line.spacing,
    )


def _backwards(line: ClosedLine) -> ClosedLine:
    return ClosedLine(
        line.x[::-1], line.y[::-1], -line.tangent_x[::-1], -line.tangent_y[::-1], line.spacing
    )


def _off(centre: ClosedLine, line: ClosedLine) -> tuple[float, bool]:
    """Return within which distance 95 % of a line lie, and whether it goes all the way round."""
    s, d = centre.locate(line.x, line.y, line.tangent_x, line.tangent_y)
    k = (s / centre.spacing).astype(np.int64) % len(centre)
    same = line.tangent_x * centre.tangent_x[k] + line.tangent_y * centre.tangent_y[k]
    onward = np.unwrap(s, period=centre.length)
    round_once = abs(onward[-1] - onward[0]) > 0.9 * centre.length
    return float(np.quantile(np.abs(d), 0.95)), bool(round_once and np.median(same) > 0.8)


def _coarse(centre: ClosedLine, line: ClosedLine) -> list[Placement]:
    """Return turns and shifts by correlation of the whole shapes, the likeliest first."""
    a, b = (
        part.x + 1j * part.y
        for part in (
            ClosedLine.through(line.x, line.y, SAMPLES),
            ClosedLine.through(centre.x, centre.y, SAMPLES),
        )
    )
    middle_a, middle_b = a.mean(), b.mean()
    # Entry k is the sum over j of conj(a[j]) b[j + k].
    both = np.fft.ifft(np.conj(np.fft.fft(a - middle_a)) * np.fft.fft(b - middle_b))
    size = np.abs(both)
    peak = (size >= np.roll(size, 1)) & (size > np.roll(size, -1)) & (size > LIKELY * size.max())
    peaks = np.flatnonzero(peak) if peak.any() else np.array([np.argmax(size)])
    found = []
    for k in peaks[np.argsort(-size[peaks], kind="stable")][:MOST_WAYS]:
        turn = float(np.angle(both[k]))
        shift = middle_b - np.exp(1j * turn) * middle_a
        found.append(Placement(turn, float(shift.real), float(shift.imag), 0.0))
    return found


def _refined(centre: ClosedLine, line: ClosedLine, how: Placement) -> Placement:
    """Return turn and shift for which the line is nearest to the centerline."""
    for _ in range(ROUNDS):
        at = _moved(line, how)
        s, d = centre.locate(at.x, at.y, at.tangent_x, at.tangent_y)
        k = np.round(s / centre.spacing).astype(np.int64) % len(centre)
        normal = np.column_stack([-centre.tangent_y[k], centre.tangent_x[k]])
        middle_x, middle_y = float(at.x.mean()), float(at.y.mean())
        lever = (at.x - middle_x) * normal[:, 1] - (at.y - middle_y) * normal[:, 0]
        scale = max(1.4826 * float(np.median(np.abs(d))), 0.2)
        root = np.sqrt(1.0 / (1.0 + (d / (2.0 * scale)) ** 2))
        matrix = np.column_stack([normal, lever]) * root[:, None]
        step, *_ = np.linalg.lstsq(matrix, -d * root, rcond=None)
        how = _then(how, float(step[0]), float(step[1]), float(step[2]), middle_x, middle_y)
        if np.abs(step[:2]).max() < 1e-4 and abs(step[2]) < 1e-7:
            break
    return how


def _then(
    how: Placement, x: float, y: float, turn: float, middle_x: float, middle_y: float
) -> Placement:
    """Return a placement followed by a small turn about a point and a shift."""
    c, s = np.cos(turn), np.sin(turn)
    away_x, away_y = how.x - middle_x, how.y - middle_y
    return Placement(
        how.turn + turn,
        float(middle_x + c * away_x - s * away_y + x),
        float(middle_y + s * away_x + c * away_y + y),
        0.0,
    )
