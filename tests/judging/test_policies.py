"""``driver: {policy: PATH}`` becomes the driver that takes the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racegym import load_scenario
from racegym.errors import ScenarioError
from racegym.run import run
from racegym.scenario.schema import scenario_schema


def with_policy(race: dict[str, Any], path: Any, **more: Any) -> dict[str, Any]:
    cars = [{"name": "P {n}", "count": 2, "driver": {"policy": path, **more}}, race["cars"][1]]
    return {**race, "cars": cars, "time_limit": 2.0}


def test_it_races_among_others_with_sensors_of_its_own(
    race: dict[str, Any], write_policy: Any, tmp_path: Path
) -> None:
    file = write_policy()
    scenario = load_scenario(with_policy(race, str(file)))
    assert scenario.cars[0].driver.model_dump() == {
        "name": "onnx", "file": str(file), "any_dt": False
    }  # fmt: skip
    done = run(scenario, runs_dir=tmp_path, plots=False)
    rows = done.result["episodes"][0]["classification"]
    assert sorted(row["driver"] for row in rows) == ["onnx", "onnx", "pure_pursuit"]
    assert all(row["distance"] > 1 for row in rows)


def test_it_is_found_from_the_folder_of_the_scenario(
    race: dict[str, Any], write_policy: Any, tmp_path: Path
) -> None:
    (tmp_path / "brains").mkdir()
    write_policy().rename(tmp_path / "brains" / "quick.onnx")
    file = tmp_path / "race.yaml"
    file.write_text(json.dumps(with_policy(race, "brains/quick.onnx", any_dt=True)))
    driver = load_scenario(file).cars[1].driver
    assert driver.options == {"file": str(tmp_path / "brains" / "quick.onnx"), "any_dt": True}


def test_a_training_stands_for_its_best_checkpoint(
    race: dict[str, Any], write_policy: Any, tmp_path: Path
) -> None:
    run_folder, checkpoints = tmp_path / "training", tmp_path / "training" / "checkpoints"
    checkpoints.mkdir(parents=True)
    for name in ("first.onnx", "best.onnx", "last.onnx"):
        write_policy().rename(checkpoints / name)
    names = [("first.onnx", True), ("best.onnx", False), ("last.onnx", True)]
    told = {"driver": "nobody offers it", "checkpoints": [
        {"name": name, "resumable": resumable} for name, resumable in names
    ]}  # fmt: skip
    (run_folder / "train.json").write_text(json.dumps(told))

    def chosen() -> str:
        found = load_scenario(with_policy(race, str(run_folder))).cars[0].driver
        assert found.name == "onnx"
        return Path(found.options["file"]).name

    assert chosen() == "best.onnx"
    by_time = load_scenario(with_policy(race, str(tmp_path))).cars[0].driver  # a folder of runs
    assert Path(by_time.options["file"]) == checkpoints / "best.onnx"
    (checkpoints / "best.onnx").unlink()
    assert chosen() == "last.onnx"
    (checkpoints / "last.onnx").unlink()
    (checkpoints / "first.onnx").unlink()
    with pytest.raises(ScenarioError, match="has left no checkpoint"):
        chosen()
    (run_folder / "train.json").write_text("[]")
    with pytest.raises(ScenarioError, match="does not tell of a training"):
        chosen()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"policy": 3}, r"cars\[0\].driver.policy: is 3"),
        ({"policy": "nowhere.onnx"}, "there is no file"),
        ({"policy": "."}, "is no folder of a training"),
        ({"policy": "readme.txt"}, "no driver takes a policy with the ending '.txt'"),
        ({"policy": "broken.onnx"}, "is no ONNX file"),
        ({"policy": "broken.onnx", "file": "x"}, "leave one of them out"),
        ({"policy": "broken.onnx", "name": "idle"}, "driver.policy"),
        ({"policy": "a\0b"}, "there is no file"),
    ],
)
def test_what_is_wrong_is_told(
    race: dict[str, Any],
    entry: dict[str, Any],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("readme.txt").touch()
    Path("broken.onnx").write_bytes(b"onnx?")
    race["cars"][0]["driver"] = entry
    with pytest.raises(ScenarioError, match=message) as caught:
        load_scenario(race).world()
    assert "\n" not in str(caught.value)  # one thing is wrong, and told once


def test_editors_know_it(race: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
    judge = jsonschema.Draft202012Validator(scenario_schema())
    assert judge.is_valid(with_policy(race, "quick.onnx", any_dt=True))
    assert not judge.is_valid(with_policy(race, ""))
    assert not judge.is_valid(with_policy(race, "quick.onnx", file="quick.onnx"))


def test_each_car_has_a_memory_of_its_own_that_begins_with_the_race(
    race: dict[str, Any], write_policy: Any
) -> None:
    file = write_policy(memory=True, gain=0.2)
    world = load_scenario(with_policy(race, str(file))).world(2)
    world.reset([1, 2])
    for _ in range(4):
        world.step()
    memory = world.arrays["drivers.0.memory"]
    assert memory.shape == (2, 3, 1)
    np.testing.assert_allclose(memory[:, :2], 0.04, rtol=1e-6)  # cars 0 and 1 of each race
    np.testing.assert_array_equal(memory[:, 2], 0.0)
    world.reset(races=[1])
    np.testing.assert_array_equal(memory[1], 0.0)
    np.testing.assert_allclose(memory[0, :2], 0.04, rtol=1e-6)
    world.close()
