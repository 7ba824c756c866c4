"""The promises of every trainer. PPO keeps them each time, the others are tried in the slow set."""

from __future__ import annotations

from typing import Any

import pytest

from racegym.testing import TrainerSuite
from racegym.testing.suite import NotApplicable
from racegym.testing.trainer import CIRCUIT
from racegym_cleanrl.bc import BC
from racegym_cleanrl.dqn import DQN
from racegym_cleanrl.ppo import PPO
from racegym_cleanrl.sac import SAC
from racegym_cleanrl.td3 import TD3


class TestPPO(TrainerSuite):
    make = PPO
    options = {"num_envs": 8, "num_steps": 16, "num_minibatches": 2, "hidden": [8], "device": "cpu"}  # noqa: RUF012  # the suite's own way of writing it
    steps = 512

    def check_exports_what_drives(self) -> None:
        """Tried in the slow set: torch's exporter takes seconds to import."""
        raise NotApplicable("see TestPPOExport")


@pytest.mark.slow
class TestPPOExport(TrainerSuite):
    make = PPO
    options = TestPPO.options
    steps = TestPPO.steps

    @classmethod
    def checks(cls) -> dict[str, str]:
        return {"exports_what_drives": ""}


@pytest.mark.slow
class TestBC(TrainerSuite):
    make = BC
    options = {  # noqa: RUF012
        "teacher": "pure_pursuit", "teacher_steps": 400, "dagger_rounds": 1, "dagger_steps": 200,
        "num_envs": 4, "hidden": [8], "batch_size": 32, "patience": 0, "device": "cpu",
    }  # fmt: skip
    steps = 2048


OFF_POLICY: dict[str, Any] = {
    "num_envs": 8, "learning_starts": 64, "batch_size": 16, "hidden": [8], "log_every": 64,
    "updates_per_step": 0.1, "device": "cpu", "save_replay": True, "tensorboard": False,
}  # fmt: skip


class SavingSAC(SAC):
    """With ``save_replay`` a resume is exact."""

    resumes_exactly = True


class SavingTD3(TD3):
    """With ``save_replay`` a resume is exact."""

    resumes_exactly = True


class SavingDQN(DQN):
    """With ``save_replay`` a resume is exact."""

    resumes_exactly = True


@pytest.mark.slow
class TestSAC(TrainerSuite):
    make = SavingSAC
    options = OFF_POLICY
    steps = 512


@pytest.mark.slow
class TestTD3(TrainerSuite):
    make = SavingTD3
    options = OFF_POLICY
    steps = 512


@pytest.mark.slow
class TestDQN(TrainerSuite):
    make = SavingDQN
    options = {**OFF_POLICY, "target_network_frequency": 7}  # noqa: RUF012
    scenario = {**CIRCUIT, "action": "discrete", "backend": "kart2d"}  # noqa: RUF012
    steps = 512
