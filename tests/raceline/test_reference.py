"""Reference laps: their hash, their cache, what changes them, and what is told of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from racegym.cli import main
from racegym.errors import BackendError, ScenarioError, UnknownNameError
from racegym.raceline.capability import POINT_MASS, Envelope, VehicleModel
from racegym.raceline.racing_line import racing_line
from racegym.raceline.reference import known_reference, reference_lap, sensitivity
from racegym.run.limit import vehicle_model
from racegym.track import Track, generate
from racegym_kart2d.backend import Kart2D


@pytest.fixture(scope="module")
def track() -> Track:
    return generate(7, length=400)


@pytest.fixture(scope="module")
def kart() -> VehicleModel:
    return vehicle_model("rental_kart")


@pytest.fixture(scope="module")
def mass_point() -> VehicleModel:
    envelope = Envelope(grip=1.2, drive=5.0, power=40.0, brake=9.0, drag=2e-3, top_speed=30.0)
    return VehicleModel(
        backend=Kart2D, vehicle={}, options={"tyre": "linear"}, envelope=envelope, width=1.4
    )


def test_a_reference_tells_what_it_is(track: Track, kart: VehicleModel) -> None:
    found = reference_lap(track, kart)
    assert found.line.name == "weighted" and "single-track" in found.source
    assert found.sector_times.sum() == pytest.approx(found.lap_time)
    assert len(found.speed) == len(track) and len(found.hash) == 16
    assert found.lap_time < reference_lap(track, kart, "centerline").lap_time
    with pytest.raises(UnknownNameError, match="did you mean"):
        reference_lap(track, kart, "minimum_curve")


def test_it_is_computed_once(
    track: Track, kart: VehicleModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = reference_lap(track, kart)
    monkeypatch.setattr("racegym.raceline.reference.lap_of_line", None)
    again = reference_lap(track, kart)
    assert again.hash == first.hash and (again.speed == first.speed).all()
    assert known_reference(track, kart, "weighted") is not None
    assert known_reference(track, kart, "shortest") is None


def test_a_line_that_somebody_computed_makes_a_reference(track: Track, kart: VehicleModel) -> None:
    assert known_reference(track, kart, "shortest") is None
    racing_line(track, "shortest", width=kart.width)
    found = known_reference(track, kart, "shortest")
    assert found is not None and found.hash == reference_lap(track, kart, "shortest").hash


@pytest.mark.parametrize("harm", ["cut", "words", "empty", "another"])
def test_a_damaged_cache_is_made_again(
    harm: str, track: Track, kart: VehicleModel, tmp_path: Path
) -> None:
    first = reference_lap(track, kart)
    (file,) = (tmp_path / "limits").glob("*.npz")
    for line in (tmp_path / "lines").glob("*.npz"):
        line.unlink()
    content = file.read_bytes()
    if harm == "another":
        with np.load(file) as entry:
            np.savez(file, **{**entry, "speed": entry["speed"][:-1]})
    else:
        file.write_bytes({"cut": content[:-200], "words": b"no archive", "empty": b""}[harm])
    assert known_reference(track, kart, "weighted") is None
    assert reference_lap(track, kart).lap_time == first.lap_time


def test_the_hash_is_of_all_it_depends_on(track: Track, kart: VehicleModel) -> None:
    base = reference_lap(track, kart, "centerline").hash
    heavier = replace(kart, vehicle={**kart.vehicle, "mass": 241.0})
    others = [
        reference_lap(track, heavier, "centerline").hash,
        reference_lap(track, replace(kart, width=1.5), "centerline").hash,
        reference_lap(track, kart, "minimum_curvature").hash,
        reference_lap(track, kart, "centerline", relief=True).hash,
        reference_lap(track.with_obstacles([[*track.at(50.0, 1.0)[:2], 0.3]]), kart).hash,
        reference_lap(generate(8, length=400), kart, "centerline").hash,
    ]
    assert len({base, *others}) == 7
    renamed = replace(kart, vehicle={**kart.vehicle, "name": "another"})
    assert reference_lap(track, renamed, "centerline").hash == base


def test_more_grip_and_power_are_faster_more_mass_and_drag_are_slower(
    track: Track, kart: VehicleModel
) -> None:
    change = sensitivity(reference_lap(track, kart), kart)
    assert set(change) == {"grip", "mass", "power", "drag"}  # it has no wings
    assert change["grip"] < 0 and change["power"] < 0
    assert change["mass"] > 0 and change["drag"] > 0


def test_a_backend_without_a_model_is_judged_by_the_envelope_that_it_tells(
    track: Track, mass_point: VehicleModel
) -> None:
    found = reference_lap(track, mass_point)
    assert found.source == POINT_MASS
    change = sensitivity(found, mass_point)
    assert set(change) == {"grip", "mass", "power", "drag"}
    assert change["grip"] < 0 < change["mass"] and change["power"] < 0 < change["drag"]
    bare = VehicleModel(backend=Kart2D, options={"tyre": "linear"}, width=1.4)
    with pytest.raises(BackendError, match="tells neither"):
        reference_lap(track, bare)


def test_what_a_vehicle_lacks_can_not_be_scaled(kart: VehicleModel) -> None:
    with pytest.raises(ScenarioError, match="no downforce"):
        kart.ggv("downforce", 1.01)


def test_a_line_that_no_vehicle_of_that_kind_can_steer_is_told(kart: VehicleModel) -> None:
    small = generate(7, length=400)
    narrow = vehicle_model("rental_kart")
    locked = {**narrow.vehicle, "steer_limit": 0.03}
    (note,) = reference_lap(small, replace(kart, vehicle=locked), "centerline").notes
    assert "bends with a radius of" in note and "steers 34.8" in note


Told = tuple[int, str, str]


@pytest.fixture
def limit(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Runs the command; returns its exit code and what it said."""

    def call(*arguments: str) -> Told:
        capsys.readouterr()
        code = main(["tracks", "limit", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def file(track: Track, tmp_path: Path) -> str:
    from racegym.formats.tum import write_tum

    write_tum(track, tmp_path / "small.csv")
    return str(tmp_path / "small.csv")


def test_the_command_prints_time_reference_and_sensitivity(
    limit: Callable[..., Told], file: str, tmp_path: Path
) -> None:
    told = json.loads(limit(file, "--vehicle", "rental_kart", "--json")[1])
    assert told["minimum_time"] is None and told["sensitivity"] is None
    assert sum(told["sector_times"]) == pytest.approx(told["lap_time"])
    picture = tmp_path / "limit.png"
    code, shown, _ = limit(
        file, "--vehicle", "rental_kart", "--sensitivity", "--plot", str(picture)
    )
    assert code == 0
    assert f"{told['lap_time']:.3f} s" in shown and told["reference"] in shown
    assert "1 % more grip: -" in shown and "downforce" not in shown
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_wings_are_worth_something(track: Track) -> None:
    gt3 = vehicle_model("gt3")
    change = sensitivity(reference_lap(track, gt3), gt3)
    assert change["downforce"] < 0 < change["drag"]


@pytest.mark.slow
def test_the_lap_of_least_time_stands_beside_it_once_it_is_known(
    limit: Callable[..., Told], file: str
) -> None:
    pytest.importorskip("casadi")
    kart = (file, "--vehicle", "rental_kart")
    best = json.loads(limit(*kart, "--line", "minimum_time", "--json")[1])
    told = json.loads(limit(*kart, "--json")[1])
    assert told["minimum_time"] == {"lap_time": best["lap_time"], "hash": best["reference"]}
    assert best["lap_time"] < told["lap_time"]
    assert "minimum time:" in limit(*kart)[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "nowhere"),
        (["FILE", "--vehicle", "rental_cart"], "did you mean 'rental_kart'"),
        (["FILE", "--backend", "kart9d"], "did you mean"),
        (["FILE", "--line", "fast"], "minimum_curvature"),
        (["FILE", "--plot", "limit.jpg"], ".png"),
        (["FILE", "--plot", "nowhere/limit.png"], "can't be written"),
    ],
)
def test_what_is_wrong_is_told(
    arguments: list[str], says: str, limit: Callable[..., Told], file: str
) -> None:
    code, _, told = limit(*[file if part == "FILE" else part for part in arguments])
    assert code == 2 and says in told and "Traceback" not in told
