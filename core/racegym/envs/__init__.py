"""Environments over any scenario: Gymnasium's, of one race or a batch, and those of many agents."""

from racegym.envs.agent import ScenarioLike, as_scenario
from racegym.envs.field import Field
from racegym.envs.global_state import COLUMNS, GlobalState
from racegym.envs.info import row_of
from racegym.envs.note import PolicyNote, policy_note
from racegym.envs.race_vector import RaceVector
from racegym.envs.rendering import renderer_of
from racegym.envs.shortcuts import make, make_vec
from racegym.envs.single import RaceEnv
from racegym.envs.vector import RaceVectorEnv

__all__ = [
    "COLUMNS",
    "Field",
    "GlobalState",
    "PolicyNote",
    "RaceEnv",
    "RaceVector",
    "RaceVectorEnv",
    "ScenarioLike",
    "as_scenario",
    "make",
    "make_vec",
    "policy_note",
    "renderer_of",
    "row_of",
]
