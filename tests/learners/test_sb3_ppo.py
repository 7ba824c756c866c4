"""stable-baselines3's PPO as a trainer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from stable_baselines3 import PPO

from racegym import load_scenario
from racegym.drivers.policy_file import read_policy
from racegym.envs import RaceVectorEnv
from racegym.errors import ScenarioError
from racegym.learners.onnx import export_onnx
from racegym.learners.sb3 import RaceVecEnv
from racegym.learners.sb3_ppo import StableBaselinesPPO
from racegym.run import resume_training, run, train
from racegym.testing import TrainerSuite


@pytest.mark.slow
class TestStableBaselinesPPO(TrainerSuite):
    make = StableBaselinesPPO
    options: ClassVar[dict[str, Any]] = {"n_envs": 8, "n_steps": 32, "batch_size": 64}
    steps = 1024


SEEN: dict[str, Any] = {
    "name": "seen",
    "task": "train",
    "trainer": {"name": "sb3_ppo", "steps": 32, "n_envs": 2, "n_steps": 8, "batch_size": 8},
    "backend": "kart2d",
    "track": {"generate": {"seed": 3, "length": 300}},
    "laps": 0,
    "cars": [{"name": "Learner", "vehicle": "rental_kart", "driver": "agent"}],
    "termination": {"time_limit": {"seconds": 2.0}},
}
CAMERA = {"name": "camera", "width": 48, "height": 40}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("observation", "stack"),
    [([CAMERA], 1), ({"vision": CAMERA, "telemetry": "telemetry"}, 3), ({"vision": CAMERA}, 1)],
    ids=["one", "hybrid", "by name"],
)
def test_it_learns_from_pictures_and_what_it_learned_drives(
    observation: Any, stack: int, tmp_path: Path
) -> None:
    """The exported policy does what the model does."""
    pictures = {**CAMERA, "stack": stack}
    observation = (
        [pictures]
        if isinstance(observation, list)
        else {k: pictures if k == "vision" else v for k, v in observation.items()}
    )
    scenario = {**SEEN, "observation": observation}
    half = train({**scenario, "trainer": {**SEEN["trainer"], "steps": 16}}, runs_dir=tmp_path)
    done = resume_training(half.folder, ["trainer.steps=32"], plots=False)
    driver = {"name": "onnx", "file": str(done.checkpoint)}
    raced = load_scenario(scenario, ["task=race", f"cars[0].driver={json.dumps(driver)}"])
    assert run(raced, runs_dir=tmp_path, plots=False).state == "finished"

    races = RaceVectorEnv(load_scenario(scenario), 3)
    model = PPO("MultiInputPolicy" if isinstance(observation, dict) else "CnnPolicy",
                RaceVecEnv(races), n_steps=4, batch_size=4)  # fmt: skip
    file = export_onnx(model, races, tmp_path / "model.onnx")
    seen, _ = races.reset(seed=1)
    told = seen if isinstance(seen, dict) else {"observation": seen}
    session = read_policy(file).session
    (found,) = session.run(["action"], {i.name: told[i.name] for i in session.get_inputs()})
    expected, _ = model.predict(seen, deterministic=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    races.close()


def test_pictures_that_are_too_small_are_refused(tmp_path: Path) -> None:
    small = {**SEEN, "observation": [{"name": "camera", "width": 48, "height": 32}]}
    with pytest.raises(ScenarioError, match="a side of 32, and the network of 'sb3_ppo' needs 36"):
        train(small, runs_dir=tmp_path)
