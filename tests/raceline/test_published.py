"""The limit against lap times that others have published, for the same cars."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from racegym.formats import read_track
from racegym.interfaces import GGV
from racegym.raceline.quasi_steady import lap_of_line
from racegym.raceline.racing_line import racing_line
from racegym.track import Track
from racegym_kart2d.limit import envelope
from racegym_kart2d.parameters import SingleTrackVehicle, parse

sys.path.insert(0, str(Path(__file__).parent))
import four_wheels

WIDTH = 2.0  # [m] of the cars


def published(shared: Path, name: str) -> Any:
    return json.loads((shared / "reference-data" / f"{name}.json").read_text("utf-8"))


def lap_time(
    track: Track, ggv: GGV, kind: str = "minimum_curvature", width: float = WIDTH
) -> float:
    return lap_of_line(racing_line(track, kind, width=width, ggv=ggv), ggv).lap_time


@pytest.fixture(scope="module")
def f1() -> GGV:
    return four_wheels.F1.ggv()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Monza", "Spa", "Silverstone", "Spielberg", "Suzuka"])
def test_the_f1_car_laps_as_published_on_a_line_like_theirs(
    name: str, shared: Path, tum: dict[str, Track], f1: GGV
) -> None:
    told = published(shared, "tum_laptimesim")["results"]["F1_quali_dry"][name]
    assert lap_time(tum[name], f1) == pytest.approx(told["lap_time_s"], rel=0.015)


@pytest.mark.slow
def test_what_mass_and_air_are_worth_is_as_published(tum: dict[str, Track], f1: GGV) -> None:
    car, track = four_wheels.F1, tum["Monza"]
    still = lap_time(track, f1)

    def worth(**change: float) -> float:
        return lap_time(track, replace(car, **change).ggv()) - still  # type: ignore[arg-type]

    assert worth(mass=car.mass + 10.0) / 10.0 == pytest.approx(0.0225, rel=0.15)
    assert worth(drag=1.1 * car.drag) == pytest.approx(1.14, rel=0.15)
    wings = {"wing_front": 1.1 * car.wing_front, "wing_rear": 1.1 * car.wing_rear}
    assert worth(**wings) == pytest.approx(-0.71, rel=0.15)
    assert -0.0040 < worth(scale=1.01) / still < -0.0020  # published 0.32 %, on their line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "within"), [("Monza", 0.01), ("Spa", 0.015), ("Spielberg", 0.015)]
)
def test_the_gt3_of_kart2d_laps_close_to_the_one_it_was_made_after(
    name: str, within: float, shared: Path, tum: dict[str, Track], root: Path
) -> None:
    told = published(shared, "gt3_laptimesim")["results_by_mu_weather"]["1.0"][name]
    ours = lap_time(tum[name], envelope(vehicle(root, "gt3")))
    assert ours == pytest.approx(told["lap_time_s"], rel=within)


def vehicle(root: Path, name: str, **changes: float) -> SingleTrackVehicle:
    folder = root / "plugins/racegym-kart2d/racegym_kart2d/vehicles"
    text = (folder / f"{name}.yaml").read_text("utf-8")
    return parse({**YAML(typ="safe").load(text), **changes})


def rental(root: Path) -> SingleTrackVehicle:
    """Return the published rental kart, which is heavier than the one that is shipped."""
    return vehicle(
        root, "rental_kart",
        mass=300.0, power=6619.49, drag_area=0.7, rolling_resistance=0.0, grip_front=1.30,
        grip_rear=1.25, grip_longitudinal=0.9 / 1.25, drive_force=6000.0, brake_force=200 / 0.139,
        top_speed=40.0,
    )  # fmt: skip


def test_a_rental_kart_drives_turns_and_brakes_as_published(shared: Path, root: Path) -> None:
    told = published(shared, "kart_qss_envelope")["straight_line"]["rental_fastest_lap_xml"]
    ggv = envelope(rental(root))
    assert 3.6 * ggv.speed[-1] == pytest.approx(told["v_top_kmh"], rel=0.01)
    assert ggv.lateral[0] / 9.81 == pytest.approx(told["ay_max_g"], rel=0.02)
    assert ggv.brake[0, 0] / 9.81 == pytest.approx(told["brake_g"], rel=0.06)  # 0.95 of the grip


@pytest.mark.slow
def test_a_rental_kart_laps_vendrell_as_published(shared: Path, root: Path) -> None:
    pytest.importorskip("casadi")
    told = published(shared, "kart_qss_envelope")["external_reference"]
    track = read_track(shared / "tracks" / "kart" / "vendrell.xml")
    ggv = envelope(rental(root))
    best = lap_time(track, ggv, "minimum_time", width=1.4)
    assert best == pytest.approx(
        told["vendrell_rental_fastest_lap_xml_optimal_control_s"], rel=0.03
    )
    # The line of least curvature is long, and a kart of little power pays for it.
    assert 1.04 * best < lap_time(track, ggv, width=1.4) < 1.10 * best
    # That of references is weighted between it and the shortest.
    assert lap_time(track, ggv, "weighted", width=1.4) < 1.045 * best
