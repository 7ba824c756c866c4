"""``driver: {policy: PATH}`` becomes the driver that takes the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from racegym import load_scenario
from racegym.errors import ScenarioError
from racegym.run import evaluate_driver, run
from racegym.run.examination import _trusted
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
        "name": "onnx", "file": str(file), "any_dt": False, "code": False
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
    assert driver.options == {
        "file": str(tmp_path / "brains" / "quick.onnx"), "any_dt": True, "code": False
    }  # fmt: skip


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
    (checkpoints / "last.onnx").rename(checkpoints / "last.cem")
    told["checkpoints"].append({"name": "last.cem", "resumable": True})
    (run_folder / "train.json").write_text(json.dumps({**told, "driver": "cem"}))
    with pytest.raises(ScenarioError, match="training drives with 'cem': unknown driver 'cem'"):
        chosen()
    (checkpoints / "last.cem").unlink()
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


def odd_policy(
    file: Path,
    *,
    last: Any = None,
    out: tuple[str, list[Any]] = ("FLOAT", ["n", 2]),
    told: tuple[str, list[Any]] = ("FLOAT", ["n", 11]),
    memory: str | None = None,
    rows: int = 11,
) -> Path:
    """Write a policy of zeros, whose last node makes something odd of them."""
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    from onnx import TensorProto, helper, numpy_helper

    def value(name: str, kind: str, shape: list[Any]) -> Any:
        return helper.make_tensor_value_info(name, getattr(TensorProto, kind), shape)

    weights = numpy_helper.from_array(np.zeros((rows, 2), np.float32), "w")
    nodes = [
        helper.make_node("MatMul", ["observation", "w"], ["zeros"]),
        last or helper.make_node("Identity", ["zeros"], ["action"]),
    ]
    inputs, outputs = [value("observation", *told)], [value("action", *out)]
    if memory is not None:
        nodes.append(helper.make_node("Identity", ["memory"], ["next_memory"]))
        inputs.append(value("memory", memory, ["n", 3]))
        outputs.append(value("next_memory", memory, ["n", 3]))
    graph = helper.make_graph(nodes, "odd", inputs, outputs, [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    note = {"observation": ["state"], "action": "steer_accel", "dt": 0.05}
    more = {"algorithm": "x" * 5000, "steps": "9" * 5000}
    helper.set_model_props(model, {"racegym": json.dumps(note), **more})
    onnx.save(model, file)
    return file


def cast(kind: str) -> Any:
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    to = getattr(onnx.TensorProto, kind)
    return onnx.helper.make_node("Cast", ["zeros"], ["action"], to=to)


def twice() -> Any:
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    return onnx.helper.make_node("Concat", ["zeros", "zeros"], ["action"], axis=0)


@pytest.mark.parametrize(
    ("last", "changes", "message"),
    [
        (lambda: cast("STRING"), {"out": ("STRING", ["n", 2])}, r"is tensor\(string\), and"),
        (lambda: cast("FLOAT16"), {"out": ("FLOAT16", ["n", 2])}, r"is tensor\(float16\), and"),
        (None, {"memory": "DOUBLE"}, r"the memory is tensor\(double\)"),
        (None, {"rows": 5, "told": ("FLOAT", ["n", "m"])}, "the policy can't be asked: "),
        (twice, {"out": ("FLOAT", ["k", 2])}, r"of the shape \(4, 2\) for 2 cars"),
    ],
)
def test_what_a_file_does_not_keep_is_told(
    race: dict[str, Any], last: Any, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    file = odd_policy(tmp_path / "odd.onnx", last=last and last(), **changes)
    with pytest.raises(ScenarioError, match=message) as caught:
        evaluate_driver(file, race, episodes=2, limit=False)
    assert caught.value.file == str(file)


def test_what_a_file_says_of_itself_is_kept_short(race: dict[str, Any], tmp_path: Path) -> None:
    race |= {"time_limit": 0.2}
    found = evaluate_driver(odd_policy(tmp_path / "odd.onnx"), race, episodes=1, limit=False)
    assert found.driver["told_by"] == {"algorithm": "x" * 100}  # and no number of 5000 digits


def test_a_policy_runs_code_only_if_that_is_said(
    race: dict[str, Any], write_policy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(
        "from racegym.sensors.state import State\n"
        "open('ran', 'w').close()\n"
        "class Own(State):\n"
        "    pass\n"
    )
    race |= {"time_limit": 0.2}
    file = write_policy(observation=["./own.py:Own"])
    with pytest.raises(
        ScenarioError, match=r"names code, .*own\.py:Own.* give the driver code: true"
    ):
        evaluate_driver(file, race, episodes=1)
    assert not Path("ran").exists()
    trusted = {"policy": str(file), "code": True}
    assert evaluate_driver(trusted, race, episodes=1).driver["observation"]
    assert Path("ran").exists()
    # A training judges checkpoints that name the code of its own scenario.
    sees_it = {**race, "observation": ["./own.py:Own"]}
    assert _trusted(load_scenario(sees_it), "onnx") == {"code": True}
    assert _trusted(load_scenario(race), "onnx") == {}
