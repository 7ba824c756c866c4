"""The promises of every trainer."""

from __future__ import annotations

from racegym.testing import TrainerSuite
from racegym_cleanrl.ppo import PPO


class TestPPO(TrainerSuite):
    make = PPO
    options = {"num_envs": 8, "num_steps": 16, "num_minibatches": 2, "hidden": [8], "device": "cpu"}  # noqa: RUF012  # the suite's own way of writing it
    steps = 512
