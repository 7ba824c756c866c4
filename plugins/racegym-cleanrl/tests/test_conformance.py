"""The promises of every trainer."""

from __future__ import annotations

from racegym.testing import TrainerSuite
from racegym_cleanrl.bc import BC
from racegym_cleanrl.ppo import PPO


class TestPPO(TrainerSuite):
    make = PPO
    options = {"num_envs": 8, "num_steps": 16, "num_minibatches": 2, "hidden": [8], "device": "cpu"}  # noqa: RUF012  # the suite's own way of writing it
    steps = 512


class TestBC(TrainerSuite):
    make = BC
    options = {  # noqa: RUF012
        "teacher": "pure_pursuit", "teacher_steps": 400, "dagger_rounds": 1, "dagger_steps": 200,
        "num_envs": 4, "hidden": [8], "batch_size": 32, "patience": 0, "device": "cpu",
    }  # fmt: skip
    steps = 2048
