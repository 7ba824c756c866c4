"""Exported policies do what the networks do that they were exported from, and without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from racegym.cli import main
from racegym.errors import ScenarioError
from racegym.run.exporting import export_policy
from racegym_cleanrl.checkpoint import AGENT, Checkpoint
from racegym_cleanrl.networks import Layout
from racegym_cleanrl.policies import policy_network

Learn = Callable[..., Path]

onnx = pytest.importorskip("onnx", reason="needs onnx")
pytest.importorskip("onnxscript", reason="needs onnxscript")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")

DISCRETE = {"action": "discrete"}
CAMERA: dict[str, Any] = {"map": {"name": "topdown", "width": 40, "height": 40}, "self": "state"}
HYBRID = {"observation": CAMERA}

CLONE = {"teacher": "pure_pursuit", "teacher_steps": 400, "num_envs": 4, "steps": 512}


def memory(kind: str) -> dict[str, Any]:
    return {"recurrent": kind, "recurrent_size": 8}


KINDS: list[Any] = [
    pytest.param("ppo", {}, {}, id="numbers"),
    *(
        pytest.param(*each, id=name, marks=pytest.mark.slow)
        for name, *each in (
            ("hybrid", "ppo", {}, HYBRID),
            ("lstm", "ppo", memory("lstm"), {}),
            ("beta", "ppo", {"distribution": "beta"}, {"action": "steer_throttle_brake"}),
            ("discrete", "ppo", {}, DISCRETE),
            ("by name", "ppo", {}, {"observation": {"far": "lookahead", "near": "state"}}),
            ("images alone", "ppo", {}, {"observation": {"map": CAMERA["map"]}}),
            ("gru hybrid", "ppo", memory("gru"), HYBRID),
            ("not normalised", "ppo", {"normalize_observations": False}, {}),
            ("sac", "sac", {}, {}),
            ("sac hybrid", "sac", {}, HYBRID),
            ("td3", "td3", {}, {}),
            ("dqn", "dqn", {}, DISCRETE),
            ("clone", "bc", CLONE, {}),
            ("clone of gears", "bc", CLONE, DISCRETE),
        )
    ),
]


def observations(layout: Layout, cars: int, size: float, rng: np.random.Generator) -> Any:
    """Return what cars are told, of numbers about as large as ``size``."""
    return {
        name: rng.integers(0, 256, (cars, *shape), np.uint8)
        if name in layout.images
        else (size * rng.standard_normal((cars, *shape))).astype(np.float32)
        for name, shape in layout.shapes.items()
    }


@pytest.mark.parametrize(("trainer", "settings", "changes"), KINDS)
def test_it_does_what_the_network_does(
    learned: Learn, trainer: str, settings: dict[str, Any], changes: dict[str, Any], tmp_path: Path
) -> None:
    checkpoint = learned(trainer, settings, **changes)
    policy = export_policy(checkpoint, tmp_path / "policy.onnx")
    assert policy is not None
    read = Checkpoint.read(checkpoint, only=AGENT)
    network: Any = policy_network(read, checkpoint)
    layout = Layout.from_plain(read.head.network["layout"])
    assert policy.note == read.head.note
    inputs = [entry.name for entry in policy.session.get_inputs()]
    outputs = [entry.name for entry in policy.session.get_outputs()]
    size = int(getattr(network, "memory_size", 0))
    assert inputs == [*layout.shapes, *["memory"] * bool(size)]
    assert outputs == ["action", *["next_memory"] * bool(size)]
    assert b".py" not in (tmp_path / "policy.onnx").read_bytes()  # nor any path of this machine
    model = onnx.load(tmp_path / "policy.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert max(entry.version for entry in model.opset_import if not entry.domain) >= 17
    assert {entry.key for entry in model.metadata_props} >= {"racegym", "algorithm", "steps"}

    rng = np.random.default_rng(0)
    seen = []
    for cars, extent in (
        (1, 1.0),
        (7, 1.0),
        (64, 0.01),
        (64, 10.0),
        (33, 1e6),
        (5, 1e30),
        (5, 0.0),
    ):
        told = observations(layout, cars, extent, rng)
        feeds, memory = dict(told), torch.zeros(cars, size)
        for _ in range(3 if size else 1):
            if size:
                feeds["memory"] = memory.numpy()
            given = policy.session.run(outputs, feeds)
            tensors = {name: torch.from_numpy(part) for name, part in told.items()}
            with torch.inference_mode():
                wanted, memory = (
                    network.drive(tensors, memory) if size else (network(tensors), memory)
                )
            if size:
                np.testing.assert_allclose(given[1], memory, rtol=0, atol=1e-5)
            np.testing.assert_allclose(given[0], wanted.numpy(), rtol=0, atol=1e-5)
        seen.append(given[0].reshape(cars, -1).astype(float))
    assert np.unique(np.concatenate(seen), axis=0).shape[0] > 1  # else nothing was compared


BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "safetensors", "racegym_cleanrl"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from racegym.cli import main
code = main(sys.argv[1:])
assert not any(name.partition(".")[0] == "torch" for name in sys.modules)
sys.exit(code)
"""


def test_it_drives_where_there_is_no_torch(
    learned: Learn, small: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = learned()
    race = {**small, "task": "race", "time_limit": 2.0}
    race["cars"] = [
        {"name": "Learned", "driver": {"policy": "policy.onnx"}},
        {"name": "Rival", "driver": "pure_pursuit"},
    ]
    file = tmp_path / "race.yaml"
    file.write_text(json.dumps(race), encoding="utf-8")
    assert main(["export", str(checkpoint), str(tmp_path / "policy.onnx")]) == 0
    assert "takes observation (" in capsys.readouterr().out
    asked = ["evaluate", str(tmp_path / "policy.onnx"), "--scenario", str(file), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *asked, "--episodes", "2"],
        capture_output=True, encoding="utf-8", timeout=120, check=False,
        env={**os.environ, "RACEGYM_PLUGINS": "racegym-kart2d"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["driver"]["told_by"] == {"algorithm": "ppo", "steps": 256}
    assert main(["evaluate", str(checkpoint), *asked[2:], "--episodes", "2"]) == 0
    own = json.loads(capsys.readouterr().out)
    for one, two in zip(found["episodes"], own["episodes"], strict=True):
        assert one["distance"] == pytest.approx(two["distance"], abs=1e-3)


def test_a_training_is_judged_by_its_name_on_circuits_that_it_has_not_seen(
    learned: Learn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = learned().parent.parent
    asked = ["evaluate", "small", "--runs-dir", str(tmp_path / "runs"), "--episodes", "3"]
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["track"] for row in found["episodes"]] == [
        f"club-{1_000_007 + k}" for k in range(3)
    ]
    assert found["driver"]["observation"] == ["state", "lookahead"]
    assert main([*asked, "--checkpoints", "--plot", str(tmp_path / "curve.png")]) == 0
    told = capsys.readouterr().out
    assert "ppo, 256 steps" in told
    assert "last.safetensors" in told
    assert (tmp_path / "curve.png").stat().st_size > 5000
    (done / "checkpoints" / "last.safetensors").write_bytes(b"no longer whole")
    assert main(asked) == 2
    assert "is damaged" in capsys.readouterr().err


def test_a_training_that_says_what_it_is_judged_on_is_judged_on_its_like(
    learned: Learn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    races = {"track": {"generate": {"seed": 50, "length": 300}}, "laps": 1, "time_limit": 2.0}
    learned(training={"evaluate": {"episodes": 1, "scenario": races}})
    asked = ["evaluate", "small", "--runs-dir", str(tmp_path / "runs"), "--json"]
    for more, track in ((), "club-1000050"), (("--tracks", "same"), "club-50"):
        assert main([*asked, *more]) == 0
        (row,) = json.loads(capsys.readouterr().out)["episodes"]
        assert row["track"] == track
        assert row["time"] < 2.1


def test_all_checkpoints_of_all_seeds_are_judged_side_by_side(
    learned: Learn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learned(training={"seeds": [1, 2], "keep": 2, "checkpoint_every": 128})
    asked = ["evaluate", "small", "--runs-dir", str(tmp_path / "runs"), "--json", "--checkpoints"]
    assert main([*asked, "--episodes", "1"]) == 0
    found = json.loads(capsys.readouterr().out)["checkpoints"]
    assert [(one["checkpoint"], one["steps"]) for one in found[-4:]] == [
        (f"seed-{seed}/step-{steps:012d}.safetensors", steps)
        for seed in (1, 2)
        for steps in (128, 256)
    ]
    assert len({one["summary"]["mean_reward"] for one in found}) > 2


def test_a_policy_of_somebody_elses_environment_is_refused(learned: Learn, tmp_path: Path) -> None:
    checkpoint = learned()
    read = Checkpoint.read(checkpoint)
    other = tmp_path / "other.safetensors"
    Checkpoint(read.head.model_copy(update={"note": None}), read.tensors).write(other)
    with pytest.raises(ScenarioError, match="none of racegym's"):
        export_policy(other, tmp_path / "policy.onnx")
    assert not (tmp_path / "policy.onnx").exists()
