"""Lap times in percent of the limit, in the results of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racegym.interfaces import GGV
from racegym.record import Recorder, RunFolder, repair
from racegym.record.folder import read_json, write_json
from racegym.record.limit import MOST_REFERENCES, NOT_ENDED, Limits
from racegym.track import generate
from racegym.world import World

TOP = 20.0  # [m/s] of the cars on their rail, at full throttle


def block(speed: float) -> GGV:
    """Return an envelope that allows a constant speed, whatever the bend."""
    return GGV(
        speed=np.array([0.0, speed]),
        lateral=np.full(2, 1e3),
        share=np.array([0.0, 1.0]),
        drive=np.full((2, 2), 5.0),
        brake=np.full((2, 2), 5.0),
        source="a block",
    )


@pytest.fixture
def allows(rail_world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets the backend of the rail tell an envelope, or fail to."""

    def told(value: Any) -> None:
        def ggv(vehicle: Any, options: Any) -> GGV | None:
            if isinstance(value, Exception):
                raise value
            return None if value is None else block(value)

        monkeypatch.setattr(rail_world.config.backend.make, "ggv", ggv, raising=False)

    return told


def recorded(world: World, folder: Path, *, steps: int = 170, **more: Any) -> dict[str, Any]:
    recorder = Recorder(world, folder, **more)
    world.watchers.append(recorder)
    world.reset(seeds=[1, 2, 3, 4])
    for _ in range(steps):
        world.step()
    return recorder.finish("finished")


def test_laps_are_told_in_percent_of_the_limit(
    rail_world: World, allows: Any, tmp_path: Path
) -> None:
    allows(2 * TOP)
    result = recorded(rail_world, tmp_path)
    (told,) = result["limit"]["references"].values()
    assert result["limit"]["reasons"] == []
    assert told["source"] == "a block" and told["line"] == "weighted"
    assert told["minimum_time"] is None and sum(told["sector_times"]) == told["lap_time"]
    first, second = sorted(result["classification"], key=lambda row: str(row["name"]))
    for row in (first, second):
        assert row["limit"] == told["hash"]
        assert row["best_lap_percent"] == pytest.approx(100 * row["best_lap"] / told["lap_time"])
        assert row["laps_percent"][0] == row["best_lap_percent"] == row["mean_lap_percent"]
        assert row["best_lap_percent_of_minimum_time"] is None
    # Twice the speed, and where nothing slows in bends the best line is the circle's inner edge.
    assert 200.0 < first["best_lap_percent"] < 230.0
    assert second["best_lap_percent"] > first["best_lap_percent"]
    assert result["summary"]["best_lap_percent"] == first["best_lap_percent"]
    assert read_json(RunFolder(tmp_path).result)["limit"] == result["limit"]


def test_a_lap_that_does_not_count_is_no_percentage(
    rail_world: World, allows: Any, tmp_path: Path
) -> None:
    allows(TOP)
    recorder = Recorder(rail_world, tmp_path)
    rail_world.watchers.append(recorder)
    rail_world.reset(seeds=[1, 2, 3, 4])
    for step in range(170):
        if step == 40:
            rail_world.view.race.lap_valid[0, 1] = False
        rail_world.step()
    rows = {row["name"]: row for row in recorder.finish("finished")["classification"]}
    assert rows["b"]["laps_percent"] == [None] and rows["b"]["best_lap_percent"] is None
    assert rows["b"]["limit"] == rows["a"]["limit"] is not None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "the vehicle's envelope has grip"),
        (ZeroDivisionError("by a stranger"), "by a stranger"),
        (KeyError(), "KeyError"),
    ],
)
def test_what_goes_wrong_with_it_is_told_and_spoils_nothing(
    value: Any, reason: str, rail_world: World, allows: Any, tmp_path: Path
) -> None:
    allows(value)
    result = recorded(rail_world, tmp_path)
    assert reason in result["limit"]["reasons"][0]
    assert "track 'circle', car 'a'" in result["limit"]["reasons"][0]
    assert result["limit"]["references"] == {}
    row = result["classification"][0]
    assert row["best_lap"] is not None and row["limit"] is None
    assert row["best_lap_percent"] is None and row["laps_percent"] == [None]


def test_it_is_looked_for_only_where_a_lap_was_completed_and_if_it_is_wanted(
    rail_world: World, allows: Any, tmp_path: Path
) -> None:
    allows(AssertionError("must not be asked"))
    assert recorded(rail_world, tmp_path / "a", steps=20)["limit"] == {
        "references": {},
        "reasons": ["no lap was completed"],
    }
    rail_world.watchers.clear()
    assert recorded(rail_world, tmp_path / "b", limit=False)["limit"]["reasons"] == [
        "switched off by record.limit"
    ]


def test_a_run_has_a_bounded_number_of_them(
    rail_world: World, allows: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allows(TOP)
    monkeypatch.setattr("racegym.record.limit.MOST_REFERENCES", 0)
    result = recorded(rail_world, tmp_path)
    assert "limits of 0 laps at most" in result["limit"]["reasons"][0]
    assert MOST_REFERENCES > 8


def test_of_endless_tracks_a_run_keeps_no_more_than_it_looks_at(
    rail_world: World, allows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    allows(ValueError("no envelope"))
    tracks = [generate(seed, length=300) for seed in range(MOST_REFERENCES + 3)]
    limits = Limits(rail_world)
    for episode, track in enumerate(tracks):
        monkeypatch.setattr(rail_world.view.tracks, "track_of", lambda race, track=track: track)
        limits.lap(0, episode, 0)
    assert len(limits._tracks) == MOST_REFERENCES
    found = limits.found()
    assert len(found["reasons"]) == MOST_REFERENCES + 1 and len(found["cars"]) == len(tracks)
    assert f"limits of {MOST_REFERENCES} laps at most" in found["reasons"][-1]


def test_a_run_that_was_cut_off_has_none_and_says_so(
    rail_world: World, allows: Any, tmp_path: Path
) -> None:
    allows(TOP)
    recorded(rail_world, tmp_path)
    folder = RunFolder(tmp_path)
    state = read_json(folder.state)
    del state["limit"]
    folder.result.unlink()
    write_json(folder.state, {**state, "state": "running"})
    repair(folder)
    assert read_json(folder.result)["limit"] == {"references": {}, "reasons": [NOT_ENDED]}
