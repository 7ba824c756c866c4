"""Whether the line, its widths and its heights make a road."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from racegym.track.check import FOLD, MOST_CROSSINGS, folds, steep_crossings
from racegym.track.nearby import TangledError, crossings
from racegym.track.track import Crossing, Track
from racegym.track.validation.report import MOST_PLACES, Problem, VehicleLimits, places, runs

__all__ = ["bends", "bridges", "contacts", "heights", "widths", "with_bridges"]

Floats = NDArray[np.float64]

SHARP_EDGE = 0.5  # [m/m] a width that changes faster than that is a step
ABRUPT = 0.6  # mean widths times change of curvature, from one sample to the next
LEAST_CLEARANCE = 0.5  # car lengths, or
CLEARANCE_OF_WIDTH = 0.2  # of the track's width, below a bridge
STEEP, TOO_STEEP = 0.25, 0.6  # slopes
KINK = 0.1  # of slope, from one sample to the next
BANKED, BANK_STEP = np.deg2rad(40.0), np.deg2rad(8.0)
CONTACT_MARGIN = 0.05  # of the track's width
SAME_PART = 3.0  # widths of arc length, within which edges may meet: that is a fold
BRIDGE_REACH = 3.0  # widths either way of a crossing, that belong to it
MOST_SAMPLES, FEW_SAMPLES = 4000, 1000  # looked at; the fewer where widths are huge


def bends(track: Track, vehicle: VehicleLimits | None) -> Iterator[Problem]:
    """Yield corners that fold over, that are too tight to steer, and kinks."""
    share, inner = folds(track.curvature, track.width_left, track.width_right)
    radius = 1.0 / np.maximum(np.abs(track.curvature), 1e-12)
    for k, where in places(track, share > 1.0, share):
        yield Problem(
            check="curvature",
            severity="error" if share[k] > FOLD else "warning",
            what=(
                f"the corner has a radius of {radius[k]:.2f} m and the asphalt reaches "
                f"{inner[k]:.2f} m to its inside, so the inner edge folds over: smooth the "
                "points there, or narrow the track on that side"
            ),
            d=float(np.sign(track.curvature[k]) * inner[k]),
            **where,
        )
    if vehicle is not None:
        yield from _steering(track, vehicle)
    yield from _kinks(track)


def _steering(track: Track, vehicle: VehicleLimits) -> Iterator[Problem]:
    """Yield corners that are tighter than the vehicle can turn, over its own wheelbase."""
    half = max(0, round(0.5 * vehicle.wheelbase / track.spacing))
    half = min(half, (len(track) - 1) // 2)
    ring = np.concatenate([track.curvature[len(track) - half :], track.curvature])
    ring = np.concatenate([ring, track.curvature[:half]])
    bend = np.convolve(ring, np.full(2 * half + 1, 1.0 / (2 * half + 1)), mode="valid")
    radius = 1.0 / np.maximum(np.abs(bend), 1e-12)
    outer = np.where(bend > 0.0, track.width_right, track.width_left)
    widest = radius + np.maximum(outer - 0.5 * vehicle.width, 0.0)
    least = vehicle.turning_radius
    for k, where in places(track, radius < least, -widest):
        hopeless = widest[k] < least
        yield Problem(
            check="steering",
            severity="error" if hopeless else "warning",
            what=(
                f"the corner has a radius of {radius[k]:.2f} m and {vehicle.name} turns no "
                f"tighter than {least:.2f} m at full lock"
                + ("" if hopeless else "; it gets round on the outside only")
            ),
            **where,
        )


def _kinks(track: Track) -> Iterator[Problem]:
    wide = float((track.width_left + track.width_right).mean())
    jump = np.abs(np.roll(track.curvature, -1) - track.curvature)
    # A sharp corner is a fold already; a kink is one that comes out of nothing.
    for k, where in places(track, jump * wide > ABRUPT, jump, gap=round(wide / track.spacing)):
        turn = np.rad2deg(jump[k] * track.spacing)
        yield Problem(
            check="kink",
            severity="warning",
            what=(
                f"the curvature jumps by {jump[k]:.3f} 1/m within {track.spacing:.2f} m "
                f"({turn:.0f} degrees): is a point out of place?"
            ),
            **where,
        )


def contacts(track: Track) -> Iterator[Problem]:
    """Yield stretches whose edge lies on asphalt of another part of the track."""
    try:
        passes = _passes(track)
    except TangledError:
        yield Problem(
            check="contact",
            severity="error",
            what="parts of the track lie on top of each other all over: are the points in the "
            "order of driving, and is it one lap?",
        )
        return
    yield from _unmarked(track, passes)
    over = [(one, other) for one, other, steep in passes if steep]
    at, other = _edges_on_asphalt(track, [*track.crossings, *over])
    partner = np.full(len(track), -1)
    partner[at] = other
    reported: list[NDArray[np.int64]] = []
    step = max(2, 2 * _stride(track))
    for part in runs(partner >= 0, gap=step)[: 4 * MOST_PLACES]:
        k = int(part[len(part) // 2])
        mate = int(partner[k])
        beside = (mate + np.arange(-step, step + 1)) % len(track)
        if any(np.isin(beside, seen).any() for seen in reported):
            continue
        reported.append(part)
        yield Problem(
            check="contact",
            severity="error",
            what=(
                "the edge lies on the asphalt of another part of the track, at "
                f"s = {mate * track.spacing:.1f} m: move the two apart, or narrow them"
            ),
            s=k * track.spacing,
            since=part[0] * track.spacing,
            until=part[-1] * track.spacing,
        )


def _passes(track: Track) -> list[tuple[float, float, bool]]:
    """Return s of both passes of each place where the centerline crosses itself.

    The third says whether it is steep enough for a bridge.

    Raises:
        TangledError: there are too many to be told.
    """
    found = crossings(track.x, track.y)
    wide = float((track.width_left + track.width_right).mean())
    steep = steep_crossings(found, len(track), track.spacing, wide)
    s1, s2 = found.first * track.spacing, found.second * track.spacing
    return list(zip(s1.tolist(), s2.tolist(), steep.tolist(), strict=True))


def _unmarked(track: Track, passes: list[tuple[float, float, bool]]) -> Iterator[Problem]:
    """Yield the places where the centerline crosses itself and no bridge is marked."""
    marked = np.array(track.crossings, np.float64).reshape(-1, 2)
    for one, other, steep in passes[:MOST_PLACES]:
        away = np.abs(marked - np.array([one, other])).max(axis=1, initial=0.0)
        if len(away) and away.min() < 2.0 * track.spacing:
            continue
        advice = (
            "mark it as a bridge, if it is one"
            if steep
            else "it is no bridge, as it passes too flat or too soon after: are the points in "
            "the order of driving?"
        )
        yield Problem(
            check="contact",
            severity="error",
            what=f"the track crosses itself, with s = {other:.1f} m; {advice}",
            s=one,
        )


def with_bridges(track: Track) -> Track:
    """Return ``track`` with those crossings marked that may be bridges."""
    try:
        passes = _passes(track)
    except TangledError:
        return track
    marked = tuple(Crossing(one, other) for one, other, steep in passes if steep)
    return replace(track, crossings=marked[:MOST_CROSSINGS])


def _stride(track: Track) -> int:
    """Return every how many samples edges are looked at."""
    wide = track.width_left + track.width_right
    most = FEW_SAMPLES if float(wide.max()) > 0.05 * track.length else MOST_SAMPLES
    return max(
        1, int(0.2 * float(np.median(wide)) / track.spacing), int(np.ceil(len(track) / most))
    )


def _edges_on_asphalt(
    track: Track, over: Sequence[tuple[float, float]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return samples whose edge lies on the asphalt of another sample's, and that sample.

    Places where the track passes ``over`` itself, s [m] of both passes, are left out.
    """
    stride, n = _stride(track), len(track)
    at = np.arange(0, n, stride)
    x, y, tx, ty = track.x[at], track.y[at], track.tangent_x[at], track.tangent_y[at]
    left, right = track.width_left[at], track.width_right[at]
    edge_x = np.concatenate([x - left * ty, x + right * ty])
    edge_y = np.concatenate([y + left * tx, y - right * tx])
    long = stride * track.spacing
    reach = float(np.maximum(left, right).max()) + long
    near = cKDTree(np.column_stack([edge_x, edge_y])).sparse_distance_matrix(
        cKDTree(np.column_stack([x, y])), reach, output_type="ndarray"
    )
    i, j = near["i"], near["j"]
    own = i % len(at)
    dx, dy = edge_x[i] - x[j], edge_y[i] - y[j]
    along, d = dx * tx[j] + dy * ty[j], dy * tx[j] - dx * ty[j]
    wide = float((track.width_left + track.width_right).mean())
    margin = CONTACT_MARGIN * (left[j] + right[j])
    inside = (np.abs(along) <= 0.51 * long) & (d < left[j] - margin) & (d > margin - right[j])
    apart = np.abs(at[own] - at[j])
    inside &= np.minimum(apart, n - apart) * track.spacing > SAME_PART * wide
    here, there = at[own[inside]], at[j[inside]]
    crossed = np.zeros(len(here), np.bool_)
    for one, other in over:
        sine = abs(np.sin(_heading_at(track, one) - _heading_at(track, other)))
        room = BRIDGE_REACH * wide / max(float(sine), 0.2)
        for low, high in ((one, other), (other, one)):
            crossed |= (_away(track, here, low) < room) & (_away(track, there, high) < room)
    return here[~crossed], there[~crossed]


def _heading_at(track: Track, s: float) -> float:
    return float(track.heading[round(s / track.spacing) % len(track)])


def _away(track: Track, samples: NDArray[np.int64], s: float) -> Floats:
    apart = np.abs(samples * track.spacing - s)
    around: Floats = np.minimum(apart, track.length - apart)
    return around


def bridges(track: Track, vehicle: VehicleLimits | None) -> Iterator[Problem]:
    """Yield bridges that are too low to pass under."""
    wide = float((track.width_left + track.width_right).mean())
    least = CLEARANCE_OF_WIDTH * wide if vehicle is None else LEAST_CLEARANCE * vehicle.length
    for one, other in track.crossings:
        gap = abs(
            track.z[round(one / track.spacing) % len(track)]
            - track.z[round(other / track.spacing) % len(track)]
        )
        if gap < least:
            yield Problem(
                check="bridge",
                severity="warning",
                what=(
                    f"the track passes over itself, with s = {other:.1f} m, and the two levels "
                    f"are {gap:.2f} m apart; at least {least:.2f} m would be needed: give the "
                    "points heights"
                ),
                s=one,
            )


def widths(track: Track) -> Iterator[Problem]:
    """Yield places where an edge jumps sideways."""
    for side, width in ((1.0, track.width_left), (-1.0, track.width_right)):
        jump = np.abs(np.roll(width, -1) - width)
        for k, where in places(track, jump > SHARP_EDGE * track.spacing, jump):
            after = float(width[(k + 1) % len(track)])
            yield Problem(
                check="width",
                severity="warning",
                what=(
                    f"the {'left' if side > 0 else 'right'} width jumps from {width[k]:.2f} m to "
                    f"{after:.2f} m within {track.spacing:.2f} m"
                ),
                d=side * max(float(width[k]), after),
                **where,
            )


def heights(track: Track) -> Iterator[Problem]:
    """Yield slopes and bankings that no road has, and steps in them."""
    steep = np.abs(track.slope)
    rise = (np.roll(track.z, -1) - track.z) / track.spacing
    for k, where in places(track, steep > STEEP, steep):
        yield Problem(
            check="elevation",
            severity="error" if steep[k] > TOO_STEEP else "warning",
            what=f"the track has a slope of {100 * steep[k]:.0f} %: are heights in metres?",
            **where,
        )
    kink = np.abs(np.roll(rise, -1) - rise)
    for k, where in places(track, kink > KINK, kink):
        yield Problem(
            check="elevation",
            severity="warning",
            what=f"the slope jumps by {100 * kink[k]:.0f} % within {track.spacing:.2f} m",
            **where,
        )
    bank = np.abs(track.banking)
    for k, where in places(track, bank > BANKED, bank):
        yield Problem(
            check="banking",
            severity="warning",
            what=f"the track is banked by {np.rad2deg(bank[k]):.0f} degrees",
            **where,
        )
    step = np.abs(np.roll(track.banking, -1) - track.banking)
    for k, where in places(track, step > BANK_STEP, step):
        yield Problem(
            check="banking",
            severity="warning",
            what=f"the banking jumps by {np.rad2deg(step[k]):.0f} degrees within "
            f"{track.spacing:.2f} m",
            **where,
        )
