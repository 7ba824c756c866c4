"""A drive over a known track, what a receiver makes of it, and the files that loggers write."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from racegym.formats.local_plane import LocalPlane
from racegym.track import Track
from racegym.track.locating import smooth_closed

Floats = NDArray[np.float64]

PLANE = LocalPlane(49.33, -8.57)  # west of Greenwich: signs of longitude must be right


@dataclass(frozen=True, kw_only=True, eq=False)
class Drive:
    """Where a car really was, finely sampled."""

    track: Track
    t: Floats
    s: Floats  # [m] unwrapped; 0 at the first crossing of the start line
    x: Floats  # [m] in the frame of the track's file
    y: Floats

    def lap_times(self) -> Floats:
        """Return the times of all complete laps."""
        n = int(self.s[-1] // self.track.length)
        return np.diff(np.interp(np.arange(n + 1) * self.track.length, self.s, self.t))


@dataclass(frozen=True, kw_only=True, eq=False)
class Fixes:
    """What a receiver tells."""

    t: Floats
    x: Floats
    y: Floats
    speed: Floats
    course: Floats  # [deg] clockwise from north

    def degrees(self) -> tuple[Floats, Floats]:
        return PLANE.to_earth(self.x, self.y)

    def part(self, rows: slice | NDArray[np.int64]) -> Fixes:
        return replace(self, **{k: getattr(self, k)[rows] for k in self.__dataclass_fields__})


def pace(track: Track) -> Floats:
    """Return a speed at each sample: by grip in corners, by power and brakes between them."""
    bend = np.abs(smooth_closed(track.curvature, track.spacing, 6.0)) + 1e-4
    v = np.minimum(18.0, np.sqrt(9.0 / bend)).tolist()
    n, h = len(v), track.spacing
    for k in [*range(n), *range(n)]:
        v[(k + 1) % n] = min(v[(k + 1) % n], (v[k] ** 2 + 6.0 * h) ** 0.5)
    for k in [*range(n - 1, -1, -1), *range(n - 1, -1, -1)]:
        v[k] = min(v[k], (v[(k + 1) % n] ** 2 + 14.0 * h) ** 0.5)
    return smooth_closed(np.array(v), h, 8.0)


def drive(
    track: Track,
    laps: int = 15,
    *,
    seed: int = 0,
    spread: float = 0.3,
    slow: dict[int, float] | None = None,
) -> Drive:
    """Drive about the centerline, each lap a little off it and at a pace of its own.

    Args:
        track: where.
        laps: complete ones.
        seed: of what varies.
        spread: [m] of the lateral offset.
        slow: share of the pace in single laps, from 1.
    """
    rng = np.random.default_rng(seed)
    s = np.arange(-120.0, laps * track.length + 90.0, 0.1)
    v = pace(track)
    here = np.interp(s % track.length, track.spacing * np.arange(len(v) + 1), np.append(v, v[0]))
    factor = 1.0 + 0.02 * rng.standard_normal(laps + 3)
    for lap, share in (slow or {}).items():
        factor[lap] = share
    here = here * np.interp(s / track.length, np.arange(-1, laps + 2) + 0.5, factor)
    t = np.concatenate([[0.0], np.cumsum(0.2 / (here[1:] + here[:-1]))])
    off = np.zeros_like(s)
    for wave in (60.0, 130.0, 300.0):
        knots = np.arange(s[0] - wave, s[-1] + 2 * wave, wave / 2)
        off += np.interp(s, knots, rng.standard_normal(len(knots))) * spread / np.sqrt(3.0)
    off = np.convolve(off, np.ones(151) / 151, "same")
    x, y, _ = track.at(s, off)
    return Drive(track=track, t=t, s=s, x=x + track.origin[0], y=y + track.origin[1])


def receive(
    driven: Drive, rate: float = 10.0, *, seed: int = 1, white: float = 0.4, bias: float = 0.5
) -> Fixes:
    """Return positions with white noise and a bias that drifts within 100 s or so [m]."""
    rng = np.random.default_rng(seed)
    t = np.arange(driven.t[0], driven.t[-1], 1.0 / rate)

    def off() -> Floats:
        keep = np.exp(-1.0 / rate / 100.0)
        drift = np.empty(len(t))
        drift[0] = bias * rng.standard_normal()
        kicks = bias * np.sqrt(1.0 - keep * keep) * rng.standard_normal(len(t))
        for k in range(1, len(t)):
            drift[k] = keep * drift[k - 1] + kicks[k]
        return drift + white * rng.standard_normal(len(t))

    vx, vy = np.gradient(driven.x, driven.t), np.gradient(driven.y, driven.t)
    speed = np.interp(t, driven.t, np.hypot(vx, vy)) + 0.05 * rng.standard_normal(len(t))
    course = 90.0 - np.rad2deg(np.interp(t, driven.t, np.unwrap(np.arctan2(vy, vx))))
    return Fixes(
        t=t,
        x=np.interp(t, driven.t, driven.x) + off(),
        y=np.interp(t, driven.t, driven.y) + off(),
        speed=np.maximum(speed, 0.0),
        course=(course + 0.5 * rng.standard_normal(len(t))) % 360.0,
    )


def clock(t: float, at: float) -> tuple[int, int, float]:
    of_day = (t + at) % 86_400.0
    return int(of_day // 3600), int(of_day // 60) % 60, of_day % 60.0


def as_gpx(fixes: Fixes, speeds: bool = True) -> str:
    rows = ['<?xml version="1.0" encoding="UTF-8"?>',
            '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="t">',
            "<trk><name>a lap or two</name><trkseg>"]  # fmt: skip
    for lat, lon, t, v in zip(*fixes.degrees(), fixes.t, fixes.speed, strict=True):
        h, m, s = clock(t, 50_000.0)
        told = f"<extensions><gpxtpx:TPX><gpxtpx:speed>{v:.3f}</gpxtpx:speed></gpxtpx:TPX>"
        told += "</extensions>"
        rows.append(
            f'<trkpt lat="{lat:.8f}" lon="{lon:.8f}"><ele>112.5</ele>'
            f"<time>2026-05-28T{h:02d}:{m:02d}:{s:06.3f}Z</time>{told * speeds}</trkpt>"
        )
    return "\n".join([*rows, "</trkseg></trk></gpx>", ""])


def as_vbo(fixes: Fixes, extra: str = "", at: float = 50_000.0) -> str:
    rows = ["File created on 31/07/2026 at 13:55:20", "", "[header]", "satellites", "time",
            "latitude", "longitude", "velocity kmh", "heading", "height", "", "[comments]",
            "\N{COPYRIGHT SIGN} 2026", *extra.splitlines(), "", "[column names]",
            "sats time lat long velocity heading height", "", "[data]"]  # fmt: skip
    for lat, lon, t, v, c in zip(*fixes.degrees(), fixes.t, fixes.speed, fixes.course, strict=True):
        h, m, s = clock(round(float(t), 2), at)
        rows.append(
            f"009 {h:02d}{m:02d}{s:05.2f} {60 * lat:+012.6f} {-60 * lon:+012.6f} {3.6 * v:07.3f} "
            f"{c:06.2f} +00152.58"
        )
    return "\n".join([*rows, ""])


PREAMBLE = """This file is created using RaceChrono Pro v9.1.3 ( http://racechrono.com/ ).
Format,{}
Session title,"Sunday, late"
Session type,Lap timing
Track name,"A track"
Driver name,
Created,31/12/2025,02:54
Note,

"""


def as_racechrono3(fixes: Fixes) -> str:
    """Positions at their rate, a sensor between them that has none."""
    rows = [
        "timestamp,fragment_id,lap_number,elapsed_time,latitude,longitude,speed,bearing,speed,rpm",
        "unix time,,,s,deg,deg,m/s,deg,m/s,rpm",
        ",,,,100: gps,100: gps,calc,100: gps,100: gps,200: obd",
    ]
    for lat, lon, t, v, c in zip(*fixes.degrees(), fixes.t, fixes.speed, fixes.course, strict=True):
        at = 1_767_150_797.0 + t
        rows.append(f"{at:.3f},0,,{t:.3f},{lat:.8f},{lon:.8f},{1.02 * v:.3f},{c:.2f},{v:.3f},")
        rows.append(f"{at + 0.01:.3f},0,,{t + 0.01:.3f},,,,,,5000")
    return PREAMBLE.format(3) + "\n".join([*rows, ""])


def as_racechrono2(fixes: Fixes) -> str:
    names = ["Time (s)", "Session fragment #", "Lap #", "Latitude (deg) *gps"]
    names += ["Longitude (deg) *gps", "Speed (m/s) *calc", "Speed (km/h) *gps"]
    rows = [",".join([*names, "Bearing (deg) *gps"])]
    for lat, lon, t, v, c in zip(*fixes.degrees(), fixes.t, fixes.speed, fixes.course, strict=True):
        rows.append(f"{t:.3f},0,,{lat:.8f},{lon:.8f},{1.02 * v:.3f},{3.6 * v:.3f},{c:.2f}")
    return PREAMBLE.format(2) + "\n".join([*rows, ""])


def as_metres(fixes: Fixes, heading: str = "t;px;py;v") -> str:
    """A table of a person's own, as a German spreadsheet saves it."""
    rows = [
        f"{t:.3f};{x:.3f};{y:.3f};{3.6 * v:.3f}".replace(".", ",")
        for t, x, y, v in zip(fixes.t, fixes.x, fixes.y, fixes.speed, strict=True)
    ]
    return "\n".join([heading, *rows, ""])
