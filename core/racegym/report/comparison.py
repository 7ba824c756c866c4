"""Two laps of one track held against each other: where along it time is won and lost.

Both laps are brought to the arc length of the track's centerline, whatever lines they took, and
time is interpolated over it: what the second has lost to the first at a place is the difference
of their times there. A corner is charged with the stretch from the fastest place before it to
the fastest place after it, so its braking and its way out count, and all stretches together make
up the whole lap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from racegym.errors import RunError, nearest
from racegym.interfaces import Status
from racegym.record import RunFolder
from racegym.record.folder import read_json
from racegym.record.result import Lap, read_events, read_laps
from racegym.record.runs import check_raced, read_state
from racegym.record.shapes import TrackShape, read_shapes
from racegym.record.telemetry_table import read_telemetry
from racegym.track import Track
from racegym.track.corners import Corner, find_corners
from racegym.track.locating import ClosedLine

__all__ = [
    "Choice", "Comparison", "CornerLoss", "DrivenLap", "SectorLoss", "compare", "stretches",
]  # fmt: skip

Floats = NDArray[np.float64]

STATION = 1.0  # [m] between places that are compared, if those are enough
STATIONS = (400, 5000)
BEFORE = 1.0  # [s] of telemetry before a lap and after it
SAME_LENGTH = 0.005  # share, of two tracks without a common hash
SAME_LINE = 1.0  # [m]
ON_TRACK = 5.0  # [m] beyond the edge, within which nine tenths of a lap must lie
FAULT = 0.05  # [s] that interpolation may be off at the line
_COLUMNS = ("time", "x", "y", "vx", "vy", "status")


@dataclass(frozen=True)
class Choice:
    """Which lap of a run is meant.

    Attributes:
        run: its folder.
        name: of the run, for people.
        lap: its number, or the best that counts.
        car: name of the car, or its index from 0; None: whoever drove that lap, or won.
        episode: from 1; None: that of the best lap, or the first.
    """

    run: RunFolder
    name: str
    lap: int | Literal["best"] = "best"
    car: str | None = None
    episode: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class DrivenLap:
    """A lap along the track's centerline, (n,) at each station.

    Attributes:
        run: its name.
        car, driver: who.
        episode: from 1.
        lap: which; its time is that of the run.
        time: [s] since the lap began.
        speed: [m/s].
        x, y: [m] where the car was.
    """

    run: str
    car: str
    driver: str
    episode: int
    lap: Lap
    time: Floats
    speed: Floats
    x: Floats
    y: Floats

    @property
    def who(self) -> str:
        """Return who drove which lap, for people."""
        return f"{self.car}, lap {self.lap.number}"


@dataclass(frozen=True)
class SectorLoss:
    """A sector of both laps."""

    number: int  # from 1
    start: float  # [m] s
    end: float  # [m] s
    times: tuple[float, float]  # [s]
    lost: float  # [s] by the second


@dataclass(frozen=True)
class CornerLoss:
    """A corner of both laps, and the stretch that is charged to it."""

    number: int  # from 1, in the order of driving
    corner: Corner
    start: float  # [m] s at which its stretch begins; more than the end across the start line
    end: float  # [m] s
    entry: tuple[float, float]  # [m/s] where the bend begins
    slowest: tuple[float, float]  # [m/s] between its beginning and its end
    exit: tuple[float, float]  # [m/s] where it ends
    lost: float  # [s] by the second, over the stretch

    @property
    def side(self) -> str:
        """Return to which side it turns."""
        return "left" if self.corner.turn > 0.0 else "right"


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Two laps.

    Attributes:
        track: on which both lie.
        track_hash: of the runs, or of the track that was named; empty if unknown.
        laps: the first is the reference.
        s: (n,) [m] the stations, from 0 to the length of the lap.
        lost: (n,) [s] by the second, from the beginning of the lap to each station.
        sectors, corners: in order.
    """

    track: Track
    track_hash: str
    laps: tuple[DrivenLap, DrivenLap]
    s: Floats
    lost: Floats
    sectors: tuple[SectorLoss, ...]
    corners: tuple[CornerLoss, ...]

    @property
    def total(self) -> float:
        """Return what the second has lost over the lap [s]."""
        return float(self.lost[-1])

    def as_data(self) -> dict[str, Any]:
        """Return everything but the stations as plain data; SI units."""
        return {
            "track": {
                "name": self.track.name, "length": self.track.length, "hash": self.track_hash,
            },
            "laps": [
                {
                    "run": lap.run, "car": lap.car, "driver": lap.driver, "episode": lap.episode,
                    "lap": lap.lap.number, "lap_time": lap.lap.lap_time, "valid": lap.lap.valid,
                }
                for lap in self.laps
            ],
            "lost": self.total,
            "sectors": [
                {"sector": each.number, "start": each.start, "end": each.end,
                 "times": list(each.times), "lost": each.lost}
                for each in self.sectors
            ],
            "corners": [
                {
                    "corner": each.number, "side": each.side, "apex": each.corner.apex,
                    "radius": each.corner.radius, "bend_start": each.corner.start,
                    "bend_end": each.corner.end, "start": each.start, "end": each.end,
                    "entry_speed": list(each.entry), "minimum_speed": list(each.slowest),
                    "exit_speed": list(each.exit), "lost": each.lost,
                }
                for each in self.corners
            ],
        }  # fmt: skip


def compare(first: Choice, second: Choice, track: Track | None = None) -> Comparison:
    """Hold a lap of one run against a lap of another, or of the same.

    Args:
        first: the reference.
        second: what is lost is told of this one.
        track: on which both were driven, by the word of the caller; by default the runs must
            tell the same track.

    Raises:
        RunError: there is no such lap, the tracks differ, or telemetry is missing.
    """
    chosen = [_find(choice) for choice in (first, second)]
    shapes = [shape for *_, shape in chosen]
    if track is None:
        _check_same(first, second, *shapes)
        common, told = shapes[0].track(), shapes[0].hash
    else:
        common, told = track, track.hash
    line = ClosedLine.of(common)
    count = int(np.clip(round(common.length / STATION), *STATIONS)) + 1
    s = np.linspace(0.0, common.length, count)
    laps = tuple(
        _driven(choice, lap, row, episode, line, s)
        for choice, (lap, row, episode, _) in zip((first, second), chosen, strict=True)
    )
    lost = laps[1].time - laps[0].time
    return Comparison(
        track=common,
        track_hash=told,
        laps=(laps[0], laps[1]),
        s=s,
        lost=lost,
        sectors=tuple(_sectors(common, s, laps)),
        corners=tuple(_corners(common, s, laps, lost)),
    )


_Found = tuple[Lap, Mapping[str, Any], Mapping[str, Any], TrackShape]


def _find(choice: Choice) -> _Found:
    """Return the lap that is meant, the row of its car, its episode and its track."""
    run = choice.run
    check_raced(run, read_state(run), "compare")
    episodes = read_json(run.result)["episodes"]
    if choice.episode is not None:
        if not 1 <= choice.episode <= len(episodes):
            raise RunError(
                f"there is no episode {choice.episode}; the run has {len(episodes)}",
                file=run.path,
            )
        episodes = [episodes[choice.episode - 1]]
    laps: dict[tuple[int, int, int], list[Lap]] = {}
    for lap in read_laps(run.laps):
        if lap.lap_time is not None:
            laps.setdefault((lap.race, lap.episode, lap.car), []).append(lap)
    rows = [(row, episode) for episode in episodes for row in episode["classification"]]
    meant = [
        (row, episode)
        for row, episode in rows
        if choice.car is None or choice.car in (row["name"], str(row["car"]))
    ]
    if rows and not meant:
        names = dict.fromkeys(str(row["name"]) for row, _ in rows)
        raise RunError(f"no car {choice.car!r}; {nearest(choice.car, names)}", file=run.path)
    offers = [
        (lap, row, episode)
        for row, episode in meant
        for lap in laps.get((episode["race"], episode["episode"], row["car"]), ())
    ]
    if not offers:
        raise RunError("no lap was completed and timed", file=run.path)
    if choice.lap == "best":
        counted = [offer for offer in offers if offer[0].valid] or offers
        lap, row, episode = min(counted, key=lambda offer: offer[0].lap_time or np.inf)
    else:
        found = [offer for offer in offers if offer[0].number == choice.lap]
        if not found:
            most = max(offer[0].number for offer in offers)
            raise RunError(f"there is no lap {choice.lap}; laps go to {most}", file=run.path)
        lap, row, episode = found[0]
    return lap, row, episode, _shape(run, episode)


def _shape(run: RunFolder, episode: Mapping[str, Any]) -> TrackShape:
    key = episode["race"], episode["episode"]
    shapes = read_shapes(run.tracks)
    for event in read_events(run.events):
        if event["kind"] == "start" and (event["race"], event["episode"]) == key:
            number = int(event.get("shape", -1))
            if 0 <= number < len(shapes):
                return shapes[number]
    raise RunError("does not tell where the track lies", file=run.tracks)


def _check_same(first: Choice, second: Choice, one: TrackShape, other: TrackShape) -> None:
    """Refuse two tracks, unless their hash or their shape is the same.

    Raises:
        RunError: says how they differ.
    """
    if one.hash and one.hash == other.hash:
        return
    advice = "; a log is laid over a track by `racegym runs import LOG --track TRACK`"
    what = f"{first.name} was on {one.name!r}, {second.name} on {other.name!r}: "
    if abs(one.length / other.length - 1.0) > SAME_LENGTH:
        raise RunError(
            f"{what}laps of {one.length:.0f} m and {other.length:.0f} m can't be compared{advice}"
        )
    line, its = ClosedLine.of(one.track()), other.track()
    s, d = line.locate(its.x, its.y, its.tangent_x, its.tangent_y)
    start = (s[0] + 0.5 * line.length) % line.length - 0.5 * line.length
    off = float(np.abs(d).max())
    if off > SAME_LINE or abs(start) > SAME_LINE:
        where = f"their centerlines are up to {off:.1f} m apart"
        if off <= SAME_LINE:
            where = f"their start lines are {abs(start):.1f} m apart"
        raise RunError(f"{what}{where}; --track TRACK lays both over one{advice}")


def _driven(
    choice: Choice,
    lap: Lap,
    row: Mapping[str, Any],
    episode: Mapping[str, Any],
    line: ClosedLine,
    s: Floats,
) -> DrivenLap:
    """Return a lap at the stations ``s``.

    Raises:
        RunError: the lap is not on that track, or telemetry does not hold all of it.
    """
    columns = read_telemetry(choice.run, episode, _COLUMNS, len(episode["classification"]))
    missing = sorted(set(_COLUMNS) - columns.keys())
    if missing:
        raise RunError(f"holds no {', '.join(missing)}", file=choice.run.telemetry)
    time, x, y, vx, vy, status = (
        np.asarray(columns[n][:, row["car"]], np.float64) for n in _COLUMNS
    )
    assert lap.lap_time is not None  # laps without were left out
    began = lap.time - lap.lap_time
    part = (time >= began - BEFORE) & (time <= lap.time + BEFORE)
    part &= np.isfinite(x) & np.isfinite(y)
    part &= (time <= lap.time) | (status <= Status.PIT)  # at the flag a car may be taken away
    time, x, y = time[part], x[part], y[part]
    speed = np.hypot(vx[part], np.nan_to_num(vy[part]))
    if len(time) < 10:
        raise RunError(f"holds no positions of lap {lap.number}", file=choice.run.telemetry)
    at, d = line.locate(x, y, np.gradient(x, time), np.gradient(y, time))
    beyond = np.quantile(np.abs(d), 0.9) - _half_width(choice, episode)
    if beyond > ON_TRACK:
        raise RunError(
            f"lap {lap.number} of {row['name']} lies {beyond:.0f} m beside the track; was it "
            "driven on another one?",
            file=choice.run.path,
        )
    at = np.unwrap(at, period=line.length)
    # By its end: before its beginning a car may stand on the grid for most of the lap's time.
    at -= line.length * (np.round(np.interp(lap.time, time, at) / line.length) - 1.0)
    # What does not lead onward is left out: a car that rolled back, or was put back.
    furthest = np.concatenate([[-np.inf], np.maximum.accumulate(at)[:-1]])
    onward = at > furthest + 1e-6
    at, time, x, y, speed = (values[onward] for values in (at, time, x, y, speed))
    ends = [k for k, covered in ((0, at[0] <= 0.0), (-1, at[-1] >= line.length)) if not covered]
    for k in ends:  # the log of a race ends at the flag, on the line
        place = 0 if k == 0 else len(at)
        if abs(at[k] - (0.0 if k == 0 else line.length)) > 0.1 * line.length:
            raise RunError(
                f"holds only a part of lap {lap.number}: {at[0]:.0f} m to {at[-1]:.0f} m",
                file=choice.run.telemetry,
            )
        at = np.insert(at, place, 0.0 if k == 0 else line.length)
        time = np.insert(time, place, began if k == 0 else max(lap.time, time[-1] + 1e-6))
        x, y, speed = (np.insert(v, place, v[k]) for v in (x, y, speed))
    return DrivenLap(
        run=choice.name,
        car=str(row["name"]),
        driver=str(row["driver"]),
        episode=episode["episode"] + 1,
        lap=lap,
        time=_timed(PchipInterpolator(at, time)(s) - began, lap.lap_time),
        speed=np.interp(s, at, speed),
        x=np.interp(s, at, x),
        y=np.interp(s, at, y),
    )


def _timed(time: Floats, lap_time: float) -> Floats:
    """Return times at the stations, freed of what interpolation is off where the lap was timed.

    A standing start begins before the line, and a track of the caller's may have another line:
    what is more than a step is no fault of interpolation.
    """
    begins, ends = (
        off if abs(off) < FAULT else 0.0 for off in (float(time[0]), float(time[-1]) - lap_time)
    )
    return time - np.linspace(begins, ends, len(time))


def _half_width(choice: Choice, episode: Mapping[str, Any]) -> float:
    shape = _shape(choice.run, episode)
    return 0.5 * float(np.hypot(*(shape.left - shape.right).T).max())


def _sectors(track: Track, s: Floats, laps: Sequence[DrivenLap]) -> list[SectorLoss]:
    bounds = np.append(track.sectors, track.length)
    found = []
    for number, (start, end) in enumerate(pairwise(bounds.tolist()), 1):
        # The first sector of a standing start begins with the race, before the line.
        first, second = (
            float(np.interp(end, s, lap.time))
            - (float(np.interp(start, s, lap.time)) if number > 1 else 0.0)
            for lap in laps
        )
        found.append(SectorLoss(number, start, end, (first, second), second - first))
    return found


def _corners(track: Track, s: Floats, laps: Sequence[DrivenLap], lost: Floats) -> list[CornerLoss]:
    """Return the corners, the lap cut at the fastest place between each and the next."""
    corners = sorted(find_corners(track), key=lambda corner: corner.apex)
    mean = 0.5 * (laps[0].speed + laps[1].speed)
    cuts = stretches(s, mean, [corner.apex for corner in corners])
    found = []
    for number, (corner, (start, end, across)) in enumerate(zip(corners, cuts, strict=True), 1):
        begun, ended = np.interp([start, end], s, lost).tolist()
        if across:
            ended += float(lost[-1])
        a, b = (_speeds(lap, s, corner) for lap in laps)
        entry, slowest, leaving = zip(a, b, strict=True)
        found.append(
            CornerLoss(number, corner, start, end, entry, slowest, leaving, ended - begun)
        )  # fmt: skip
    return found


def stretches(s: Floats, speed: Floats, apexes: Sequence[float]) -> list[tuple[float, float, bool]]:
    """Return what is charged to each corner: beginning and end [m], and whether across the line.

    Together they make up the lap. A bend that is itself the fastest place has no stretch.

    Args:
        s: (n,) [m] from 0 to the length of the lap.
        speed: (n,) [m/s] there.
        apexes: [m] in order; the lap is cut at the fastest place between each and the next.
    """
    if not apexes:
        return []
    length = float(s[-1])
    befores = [apexes[-1] - length, *apexes[:-1]]
    cuts = [_fastest(s, speed, *bounds) for bounds in zip(befores, apexes, strict=True)]
    places = [cut % length for cut in cuts]
    # Only the first may lie before the line; if it does not, the last leads across it.
    across = [cuts[0] < 0.0] + [False] * (len(cuts) - 1)
    across[-1] |= cuts[0] >= 0.0
    return list(zip(places, [*places[1:], places[0]], across, strict=True))


def _speeds(lap: DrivenLap, s: Floats, corner: Corner) -> tuple[float, float, float]:
    """Return the speeds where a bend begins, where it is slowest, and where it ends [m/s]."""
    entry, leaving = (float(np.interp(place, s, lap.speed)) for place in (corner.start, corner.end))
    inside = lap.speed[_between(s, corner.start, corner.end)]
    return entry, min(entry, leaving, float(inside.min(initial=np.inf))), leaving


def _fastest(s: Floats, speed: Floats, before: float, after: float) -> float:
    """Return the place of the highest speed from one apex to the next; below 0 before the line."""
    places = np.concatenate([s[:-1] - s[-1], s[:-1]])
    inside = np.flatnonzero((places >= before) & (places <= after))
    if not len(inside):
        return 0.5 * (before + after)
    return float(places[inside[np.argmax(np.tile(speed[:-1], 2)[inside])]])


def _between(s: Floats, start: float, end: float) -> NDArray[np.bool_]:
    """Return which stations lie from one place on to another, which may be across the line."""
    if start < end:
        return np.asarray((s >= start) & (s <= end))
    return np.asarray((s >= start) | (s <= end))
