"""The line between least curvature and least length that is chosen by its lap time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from racegym.errors import TrackError
from racegym.formats import read_track
from racegym.interfaces import GGV
from racegym.raceline import Line
from racegym.raceline.capability import Envelope, point_mass_ggv
from racegym.raceline.corridor import corridor
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.raceline.quasi_steady import lap_of_line
from racegym.raceline.racing_line import racing_line
from racegym.raceline.shortest import shortest
from racegym.raceline.weighted import weighted
from racegym.run.limit import vehicle_model
from racegym.track import Track, generate

WIDTH = 1.4


@pytest.fixture(scope="module")
def wide() -> Track:
    return generate(3, length=700.0, style="kart", width=10.0)


@pytest.fixture(scope="module")
def kart() -> GGV:
    return vehicle_model("rental_kart").ggv()


def time(line: Line, ggv: GGV) -> float:
    return lap_of_line(line, ggv).lap_time


def test_a_kart_of_little_power_gains_by_a_shorter_line(wide: Track, kart: GGV) -> None:
    least, line = minimum_curvature(wide, WIDTH), weighted(wide, kart, WIDTH)
    assert time(line, kart) < 0.993 * time(least, kart)
    assert line.length < least.length - 5.0
    assert line.curvature_squared > least.curvature_squared
    assert line.length > shortest(wide, WIDTH).length
    assert line.clearance(WIDTH).min() >= 0.1 * WIDTH


def test_it_is_never_slower_than_the_line_of_least_curvature(kart: GGV) -> None:
    strong = point_mass_ggv(
        Envelope(grip=1.0, drive=20.0, power=200.0, brake=9.0, drag=2e-3, top_speed=80.0)
    )
    for seed in range(2):
        track = generate(seed, length=400.0)
        least = minimum_curvature(track, WIDTH)
        for ggv in (kart, strong):
            assert time(weighted(track, ggv, WIDTH), ggv) <= time(least, ggv)


def test_where_the_road_is_no_wider_than_the_vehicle_it_is_the_middle(kart: GGV) -> None:
    track = generate(1, length=300.0, width=WIDTH)
    line = weighted(track, kart, WIDTH, 0.0)
    assert np.abs(line.offset).max() < 1e-6
    blocked = track.with_obstacles([[*track.at(50.0, 0.0)[:2], 0.3]])
    assert weighted(blocked, kart, WIDTH).notes == corridor(blocked, WIDTH, 0.1 * WIDTH).notes


def test_each_vehicle_has_its_own_in_the_cache(wide: Track, kart: GGV, tmp_path: Path) -> None:
    line = racing_line(wide, "weighted", width=WIDTH, ggv=kart)
    again = racing_line(wide, "weighted", width=WIDTH, ggv=kart)
    assert line.name == "weighted" and np.array_equal(line.offset, again.offset)
    assert np.array_equal(line.offset, weighted(wide, kart, WIDTH).offset)
    other = vehicle_model("gt3").ggv()
    racing_line(wide, "weighted", width=WIDTH, ggv=other)
    assert len(list((tmp_path / "lines").iterdir())) == 2
    with pytest.raises(TrackError, match="'weighted' needs the g-g-v envelope"):
        racing_line(wide, "weighted", width=WIDTH)


@pytest.mark.slow
def test_on_a_real_kart_circuit_it_is_four_percent_faster(shared: Path, kart: GGV) -> None:
    track = read_track(shared / "tracks" / "kart" / "vendrell.xml")
    share = time(weighted(track, kart, WIDTH), kart) / time(minimum_curvature(track, WIDTH), kart)
    assert 0.95 < share < 0.97
