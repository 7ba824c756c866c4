"""The key ``racing_line`` of a scenario's tracks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racegym import Scenario, load_scenario
from racegym.errors import BackendError, RacegymError, ScenarioError
from racegym.formats.tum import write_tum
from racegym.interfaces import Backend
from racegym.raceline.minimum_curvature import minimum_curvature
from racegym.scenario import lines
from racegym.scenario.lines import with_racing_line
from racegym.track import generate


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("racegym.raceline.cache._folder", lambda kind: tmp_path / kind)


def scenario(line: str | None = None, **more: Any) -> Scenario:
    track: dict[str, Any] = {"generate": {"seed": 1, "length": 300}, **more}
    if line is not None:
        track["racing_line"] = line
    return load_scenario(
        {
            "backend": "kart2d",
            "track": track,
            "cars": [
                {"name": "agent", "vehicle": "rental_kart", "driver": "agent"},
                {"name": "other", "vehicle": {"base": "rental_kart", "width": 1.6}},
            ],
        }
    )


def test_the_line_is_laid_for_the_widest_car_and_round_obstacles() -> None:
    world = scenario("minimum_curvature", obstacles=[{"s": 40, "d": 1.0, "radius": 0.5}]).world()
    track = world.view.tracks.track_of(0)
    bare = generate(1, length=300.0)
    x, y, _ = bare.at(40.0, 1.0)
    expected = minimum_curvature(bare.with_obstacles([[float(x), float(y), 0.5]], 40.0), 1.6)
    assert track.line_name == "minimum_curvature"
    assert np.array_equal(track.line, expected.offset)
    world.close()


def test_without_the_key_a_scenario_is_as_it_was() -> None:
    plain = scenario()
    assert "racing_line" not in plain.to_yaml()
    world = plain.world()
    assert world.view.tracks.track_of(0).line is None
    assert not world.view.tracks.line[:, 0].any()
    world.close()


def test_own_is_the_line_that_the_track_brings() -> None:
    track = generate(1, length=300.0)
    brought = track.with_line(np.ones(len(track)), "by hand")
    assert with_racing_line(brought, "own", [{}], Backend, {}) is brought
    centred = with_racing_line(brought, "centerline", [{}], Backend, {})
    assert centred.line is not None
    assert not centred.line.any()


def test_an_unknown_line_is_told_with_its_place() -> None:
    with pytest.raises(ScenarioError, match=r"racing_line.*minimum_curvature"):
        scenario("mincurv")


def test_circuits_that_are_made_for_episodes_have_none() -> None:
    asked = {
        "backend": "kart2d",
        "track": {"generate": {"length": 300}, "racing_line": "shortest"},
        "draw_tracks": "fresh",
    }
    with pytest.raises(ScenarioError, match=r"racing_line.*draw_tracks: pool"):
        load_scenario(asked)
    asked["track"]["racing_line"] = "own"  # type: ignore[index]
    load_scenario(asked)


def test_a_vehicle_without_a_width_is_told(tmp_path: Path) -> None:
    track = generate(1, length=300.0)
    with pytest.raises(ScenarioError, match="needs the width of every car"):
        with_racing_line(track, "shortest", [{"width": 1.0}, {}], Backend, {})
    for kind in ("minimum_time", "weighted"):
        with pytest.raises(BackendError, match=f"{kind}.*take 'minimum_curvature'"):
            with_racing_line(track, kind, [{"width": 1.0}], Backend, {})


def test_a_missing_library_is_told_with_the_line_of_the_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tum(generate(1, length=300.0), tmp_path / "loop.csv")
    path = tmp_path / "race.yaml"
    path.write_text(
        "backend: kart2d\n"
        "track:\n  file: loop.csv\n  racing_line: minimum_time\n"
        "cars: [{name: agent, vehicle: rental_kart, driver: agent}]\n",
        encoding="utf-8",
    )

    def missing(*args: object, **options: object) -> None:
        raise RacegymError("needs CasADi")

    monkeypatch.setattr(lines, "racing_line", missing)
    monkeypatch.setattr("racegym_kart2d.backend.Kart2D.ggv", lambda *_: object(), raising=False)
    with pytest.raises(RacegymError, match=r"race\.yaml:4: needs CasADi"):
        load_scenario(path).world()
