"""A policy in an ONNX file that is made without torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Writer = Callable[..., Path]


@pytest.fixture(scope="session")
def write_policy(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    """Writes a policy that steers by the curvature ahead and accelerates by the speed."""
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    from onnx import TensorProto, helper, numpy_helper

    def write(
        name: str = "policy.onnx",
        *,
        gain: float = 0.5,
        width: int = 11,
        memory: bool = False,
        **note: Any,
    ) -> Path:
        weights = np.zeros((width, 2), np.float32)
        weights[0, 1] = -gain  # state begins with the speed
        parts = [
            numpy_helper.from_array(weights, "w"),
            numpy_helper.from_array(np.array([0.02, gain], np.float32), "b"),
        ]
        nodes = [helper.make_node("Gemm", ["observation", "w", "b"], ["free"])]
        inputs = [helper.make_tensor_value_info("observation", TensorProto.FLOAT, ["n", width])]
        outputs = [helper.make_tensor_value_info("action", TensorProto.FLOAT, ["n", 2])]
        if memory:  # it counts its decisions, and goes slower the more it has made
            parts.append(numpy_helper.from_array(np.array([[0.01]], np.float32), "one"))
            nodes += [
                helper.make_node("Add", ["memory", "one"], ["next_memory"]),
                helper.make_node("Sub", ["free", "next_memory"], ["raw"]),
            ]
            inputs.append(helper.make_tensor_value_info("memory", TensorProto.FLOAT, ["n", 1]))
            outputs.append(
                helper.make_tensor_value_info("next_memory", TensorProto.FLOAT, ["n", 1])
            )
        nodes.append(helper.make_node("Tanh", ["raw" if memory else "free"], ["action"]))
        graph = helper.make_graph(nodes, "policy", inputs, outputs, parts)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        told = {"observation": ["state"], "action": "steer_accel", "dt": 0.05, **note}
        helper.set_model_props(
            model, {"racegym": json.dumps(told), "algorithm": "hand", "steps": "12"}
        )
        file = tmp_path_factory.mktemp("policy") / name
        onnx.save(model, file)
        return file

    return write


@pytest.fixture
def race() -> dict[str, Any]:
    """Two karts on six short circuits, the first one left to whoever is judged."""
    return {
        "name": "judged",
        "backend": "kart2d",
        "tracks": [{"generate": {"seed": 5, "count": 3, "length": 250, "style": "kart"}}],
        "laps": 1,
        "time_limit": 60.0,
        "cars": [
            {"name": "Judged", "vehicle": "rental_kart", "driver": "agent"},
            {"name": "Rival", "driver": {"name": "pure_pursuit", "pace": 85}},
        ],
        "termination": {"time_limit": {"seconds": 40.0}},
        "episodes": 5,
        "seed": 3,
    }
