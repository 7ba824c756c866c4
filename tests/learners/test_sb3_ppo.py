"""stable-baselines3's PPO as a trainer."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

pytest.importorskip("stable_baselines3")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from racegym.learners.sb3_ppo import StableBaselinesPPO
from racegym.testing import TrainerSuite


@pytest.mark.slow
class TestStableBaselinesPPO(TrainerSuite):
    make = StableBaselinesPPO
    options: ClassVar[dict[str, Any]] = {"n_envs": 8, "n_steps": 32, "batch_size": 64}
    steps = 1024
