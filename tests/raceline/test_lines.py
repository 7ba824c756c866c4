"""Lines of least curvature and least length, against closed forms and on real circuits."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from racegym.errors import TrackError, UnknownNameError
from racegym.raceline import Line, cache
from racegym.raceline.corridor import corridor
from racegym.raceline.line import curvature_squared
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.raceline.racing_line import racing_line
from racegym.raceline.shortest import shortest
from racegym.track import Track, generate


def ring(radius: float = 50.0, width: float = 5.0, count: int = 200) -> Track:
    angle = 2.0 * np.pi * np.arange(count) / count
    points = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    return Track.from_points(points, width, width, name="ring")


def test_a_line_beside_a_ring_has_its_own_radius() -> None:
    track = ring()
    line = Line(track=track, offset=np.full(len(track), 2.0), name="inner")
    assert np.allclose(line.curvature, 1.0 / 48.0, rtol=2e-4)
    assert line.length == pytest.approx(2.0 * np.pi * 48.0, rel=1e-6)
    assert line.curvature_squared == pytest.approx(2.0 * np.pi / 48.0, rel=1e-4)
    assert np.allclose(np.hypot(line.x, line.y), 48.0, atol=1e-4)
    assert np.allclose(line.s, np.arange(len(track)) * line.step[0])
    assert curvature_squared(track, line.offset) == line.curvature_squared


def test_the_centerline_is_the_track_itself() -> None:
    track = generate(1)
    line = Line.centerline(track)
    assert np.array_equal(line.curvature, track.curvature)
    assert line.length == pytest.approx(track.length)
    beside = Line(track=track, offset=np.full(len(track), 1e-9), name="")
    assert np.abs(beside.curvature - line.curvature).max() < 0.01 * np.abs(line.curvature).max()


def test_on_a_ring_the_outer_edge_bends_least_and_the_inner_is_shortest() -> None:
    track = ring()
    assert np.allclose(minimum_curvature(track, 2.0, 0.5).offset, -3.5, atol=5e-3)
    assert np.allclose(shortest(track, 2.0, 0.5).offset, 3.5, atol=5e-3)


def test_the_line_on_six_circuits_bends_less_and_keeps_its_margin(tum: dict[str, Track]) -> None:
    for name, track in tum.items():
        line = minimum_curvature(track, 2.0, 0.3)
        assert line.curvature_squared < 0.75 * Line.centerline(track).curvature_squared, name
        assert line.clearance(2.0).min() >= 0.3, name
        assert np.abs(line.curvature).max() < np.abs(track.curvature).max(), name
        assert not line.notes, name


@pytest.mark.parametrize("style", ["fast", "smooth", "technical"])
def test_the_line_of_generated_tracks_keeps_its_margin(style: str) -> None:
    for seed in range(3):
        track = generate(seed, length=600.0, style=style)  # type: ignore[arg-type]
        line = minimum_curvature(track, 1.3, 0.2)
        assert line.curvature_squared < 0.8 * Line.centerline(track).curvature_squared
        assert line.clearance(1.3).min() >= 0.2
        short = shortest(track, 1.3, 0.2)
        assert short.length < line.length < track.length
        assert short.clearance(1.3).min() >= 0.2


def test_no_neighbouring_line_bends_less() -> None:
    """The first-order condition: no bump that stays within the corridor lowers the integral."""
    track = generate(4, length=500.0)
    line = minimum_curvature(track, 1.3, 0.2)
    bounds = corridor(track, 1.3, 0.2)
    s = track.spacing * np.arange(len(track))
    for middle in np.linspace(0.0, track.length, 12, endpoint=False):
        apart = np.mod(s - middle + 0.5 * track.length, track.length) - 0.5 * track.length
        bump = np.where(np.abs(apart) < 20.0, np.cos(np.pi * apart / 40.0) ** 4, 0.0)
        for size in (-0.05, 0.05):
            moved = np.clip(line.offset + size * bump, bounds.lower, bounds.upper)
            if not np.array_equal(moved, line.offset + size * bump):
                continue
            assert curvature_squared(track, moved) > line.curvature_squared - 1e-5


def test_the_scale_does_not_matter() -> None:
    big = generate(2, length=460.0, width=10.0, min_radius=10.0, spacing=1.0)
    scaled = {
        name: getattr(big, name) / 10.0
        for name in ("x", "y", "width_left", "width_right", "spacing", "length", "kerb_width",
                     "runoff", "sectors", "checkpoints")
    }  # fmt: skip
    small = replace(big, curvature=10.0 * big.curvature, **scaled)
    one, other = minimum_curvature(big, 2.0, 0.2), minimum_curvature(small, 0.2, 0.02)
    assert np.allclose(one.offset, 10.0 * other.offset, atol=0.02)


def test_a_track_narrower_than_the_vehicle_has_its_middle_as_line() -> None:
    track = ring(width=0.6)
    wide = replace(track, width_left=np.full(len(track), 0.8))
    line = minimum_curvature(wide, 1.5, 0.1)
    assert np.allclose(line.offset, 0.1)
    assert "narrower" in line.notes[0]


def test_tight_corners_of_wide_asphalt_do_not_fold_the_line() -> None:
    angle = 2.0 * np.pi * np.arange(60) / 60
    points = np.column_stack([60.0 * np.cos(angle), 14.0 * np.sin(angle)])
    track = Track.from_points(points, 5.5, 5.5, name="egg")
    for compute in (minimum_curvature, shortest):
        line = compute(track, 1.3, 0.1)
        assert (1.0 - track.curvature * line.offset).min() > 0.15
        assert np.abs(np.diff(line.offset)).max() < 2.0


def test_the_line_passes_an_obstacle_on_its_wider_side() -> None:
    track = ring()
    x, y, _ = track.at([0.0, 80.0], [-4.0, 1.0])
    blocked = track.with_obstacles(np.column_stack([x, y, [1.0, 0.5]]))
    line = minimum_curvature(blocked, 2.0, 0.3)
    apart = np.hypot(line.x[:, None] - x, line.y[:, None] - y).min(axis=0)
    assert (apart >= np.array([1.0, 0.5]) + 1.3 - 0.02).all()
    assert line.offset[0] > -3.0
    assert line.offset[round(80.0 / track.spacing)] < 0.0
    wall = track.with_obstacles([[50.0, 0.0, 4.5]])
    assert "no way past 1" in minimum_curvature(wall, 2.0, 0.3).notes[0]


def test_the_curvature_can_be_bounded() -> None:
    track = generate(3, length=600.0, style="technical")
    free = minimum_curvature(track, 1.3, 0.2)
    most = 0.95 * float(np.abs(free.curvature).max())
    bounded = minimum_curvature(track, 1.3, 0.2, max_curvature=most)
    assert np.abs(bounded.curvature).max() <= 1.01 * most
    assert bounded.curvature_squared >= free.curvature_squared
    assert bounded.clearance(1.3).min() >= 0.2
    hopeless = minimum_curvature(track, 1.3, 0.2, max_curvature=0.01)
    assert "bends more" in hopeless.notes[0]


def test_finer_samples_give_the_same_line() -> None:
    coarse, fine = generate(5, length=400.0), generate(5, length=400.0, spacing=0.1)
    one, other = minimum_curvature(coarse, 1.3, 0.2), minimum_curvature(fine, 1.3, 0.2)
    assert other.clearance(1.3).min() >= 0.2
    s = coarse.spacing * np.arange(len(coarse))
    there = np.interp(s, fine.spacing * np.arange(len(fine)), other.offset)
    assert np.abs(there - one.offset).max() < 0.3
    assert other.curvature_squared == pytest.approx(one.curvature_squared, rel=0.01)


def test_the_same_track_gives_the_same_bits() -> None:
    track = generate(6, length=400.0)
    assert np.array_equal(
        minimum_curvature(track, 1.3).offset, minimum_curvature(track, 1.3).offset
    )


def test_a_computed_line_is_kept_and_a_damaged_entry_is_made_again(tmp_path: Path) -> None:
    track = generate(7, length=300.0)
    line = racing_line(track, "minimum_curvature", width=1.3)
    (entry,) = (tmp_path / "lines").iterdir()
    before = entry.read_bytes()
    again = racing_line(track, "minimum_curvature", width=1.3, margin=0.13)
    assert np.array_equal(line.offset, again.offset)
    assert list((tmp_path / "lines").iterdir()) == [entry]
    for damaged in (before[: len(before) // 2], b"", b"PK\x03\x04" + bytes(40)):
        entry.write_bytes(damaged)
        remade = racing_line(track, "minimum_curvature", width=1.3)
        assert np.array_equal(line.offset, remade.offset)
        assert entry.read_bytes() == before
    racing_line(track, "minimum_curvature", width=1.4)
    racing_line(track, "shortest", width=1.3)
    assert len(list((tmp_path / "lines").iterdir())) == 3


def test_of_many_entries_those_stay_that_were_used_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST", 6)
    monkeypatch.setattr(cache, "COUNTED_EVERY", 1)

    def entry(key: int) -> None:
        cache.cached_arrays("numbers", f"{key}", ["x"], lambda: {"x": np.arange(key)})
        stamp = next(clock)
        os.utime(tmp_path / "numbers" / f"{key}.npz", ns=(stamp, stamp))

    clock = itertools.count(10**18, 10**9)
    for key in range(6):
        entry(key)
    entry(0)  # used once more
    assert len(list((tmp_path / "numbers").iterdir())) == 6
    cache.cached_arrays("numbers", "6", ["x"], lambda: {"x": np.arange(6)})
    assert {file.stem for file in (tmp_path / "numbers").iterdir()} == {"0", "5", "6"}


def test_lines_that_need_no_computing() -> None:
    track = generate(1, length=300.0)
    brought = track.with_line(np.full(len(track), 0.5), "by hand")
    assert racing_line(brought, "own", width=1.0).name == "by hand"
    assert racing_line(brought, "own", width=1.0).offset[0] == 0.5
    assert not racing_line(brought, "centerline", width=1.0).offset.any()
    assert racing_line(track, "own", width=1.0).name == "centerline"


def test_mistakes_are_told() -> None:
    track = generate(1, length=300.0)
    with pytest.raises(UnknownNameError, match="did you mean 'minimum_curvature'"):
        racing_line(track, "min_curvature", width=1.0)
    for width, margin in ((-1.0, 0.1), (float("nan"), 0.1), (1.0, -0.1)):
        with pytest.raises(TrackError, match="must be 0 m or more"):
            minimum_curvature(track, width, margin)
    with pytest.raises(TrackError, match="max_curvature"):
        minimum_curvature(track, 1.0, max_curvature=0.0)
    with pytest.raises(TrackError, match="finite"):
        Line(track=track, offset=np.zeros(3), name="short")
