"""Gymnasium environments over any scenario: one race, or a native batch of them."""

from racegym.envs.note import PolicyNote, policy_note
from racegym.envs.shortcuts import make, make_vec
from racegym.envs.single import RaceEnv
from racegym.envs.vector import RaceVectorEnv

__all__ = ["PolicyNote", "RaceEnv", "RaceVectorEnv", "make", "make_vec", "policy_note"]
