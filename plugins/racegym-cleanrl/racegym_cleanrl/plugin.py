"""What racegym-cleanrl offers. Light on purpose: torch is imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from racegym.hookspecs import Register, hookimpl

if TYPE_CHECKING:
    import click

__all__ = ["racegym_api", "register_commands", "register_drivers", "register_trainers"]

racegym_api = ">=1.0,<2"  # versions of the plugin interface that it was written for


@hookimpl
def register_trainers(register: Register) -> None:
    """Offer the algorithms."""
    register("bc", "racegym_cleanrl.bc:BC", summary="behaviour cloning and DAgger")
    register("ppo", "racegym_cleanrl.ppo:PPO", summary="proximal policy optimisation")
    register("sac", "racegym_cleanrl.sac:SAC", summary="soft actor-critic, with DrQ for pictures")
    register("td3", "racegym_cleanrl.td3:TD3", summary="twin delayed deterministic policy gradient")
    register("dqn", "racegym_cleanrl.dqn:DQN", summary="deep Q-network, for discrete actions")


@hookimpl
def register_drivers(register: Register) -> None:
    """Offer the driver that drives with their checkpoints."""
    register(
        "cleanrl",
        "racegym_cleanrl.driver:Learned",
        summary="what a trainer of racegym-cleanrl has learned",
    )


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add ``racegym demonstrations``."""
    cli.add_command(import_module("racegym_cleanrl.commands").demonstrations)
