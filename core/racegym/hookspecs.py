"""Every way a plugin can reach into racegym, in the order the hooks fire.

A plugin is a module named by an entry point of group ``racegym``. It implements any of
these with ``@racegym.hookimpl`` and may name only the arguments it needs. Hooks fire per
command, scenario or run, never per step: a hook call costs about 1 us, and a car-step must
cost less.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pluggy

if TYPE_CHECKING:
    import click

__all__ = [
    "Register",
    "Run",
    "hookimpl",
    "hookspec",
    "register_action_maps",
    "register_backends",
    "register_commands",
    "register_drivers",
    "register_policies",
    "register_realism",
    "register_rewards",
    "register_scenarios",
    "register_sensors",
    "register_terminations",
    "register_tracks",
    "register_trainers",
    "register_vehicles",
    "register_watchers",
    "run_finished",
    "run_started",
]

hookspec = pluggy.HookspecMarker("racegym")
hookimpl = pluggy.HookimplMarker("racegym")


class Register(Protocol):
    """The function that a ``register_*`` hook is given.

    It raises ``PluginError`` when the name or the target is malformed, when this plugin has
    used the name before, or when ``api`` is newer than this version of racegym.
    """

    def __call__(self, name: str, target: str, *, summary: str = "", api: int = 1) -> None:
        """Offer ``target`` under ``name``.

        Args:
            name: what a scenario writes; letters, digits, ``_``, ``-`` and ``.``.
            target: ``"package.module:Class"``, or for a file ``"package:folder/file.ext"``.
                Always a string, so that listing plugins imports no engine.
            summary: one line for ``racegym plugins``.
            api: version of racegym's plugin interface that the target was written for.
        """


class Run(Protocol):
    """What the run hooks are told about a run. Read only."""

    @property
    def folder(self) -> Path:
        """The run's folder, which holds everything it recorded."""


@hookspec
def register_backends(register: Register) -> None:
    """Offer physics backends: what a scenario writes under ``backend``."""


@hookspec
def register_vehicles(register: Register) -> None:
    """Offer vehicles: YAML files of parameters, ``"package:vehicles/name.yaml"``."""


@hookspec
def register_tracks(register: Register) -> None:
    """Offer named tracks: track files, or functions that generate one."""


@hookspec
def register_sensors(register: Register) -> None:
    """Offer sensors, the parts of an observation."""


@hookspec
def register_action_maps(register: Register) -> None:
    """Offer action maps, which turn an agent's action into steer, throttle and brake."""


@hookspec
def register_rewards(register: Register) -> None:
    """Offer reward terms; a reward is a weighted set of them."""


@hookspec
def register_terminations(register: Register) -> None:
    """Offer terminations, which end an episode or truncate it."""


@hookspec
def register_realism(register: Register) -> None:
    """Offer realism modules: tyres, weather, fuel, damage, slipstream."""


@hookspec
def register_drivers(register: Register) -> None:
    """Offer drivers, which decide for a car that no learner drives."""


@hookspec
def register_policies(register: Register) -> None:
    """Offer learned policies by name, for ``driver: {policy: NAME}``: files that a driver takes."""


@hookspec
def register_trainers(register: Register) -> None:
    """Offer learning algorithms."""


@hookspec
def register_watchers(register: Register) -> None:
    """Offer watchers, which see every n-th step and write nothing back."""


@hookspec
def register_scenarios(register: Register) -> None:
    """Offer scenarios by name: YAML files, ``"package:scenarios/name.yaml"``."""


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add subcommands to ``racegym``, each with ``cli.add_command``.

    Fires when ``racegym`` is given a command that is none of its own, and for ``racegym
    plugins``; a command of racegym's own can't be replaced.
    """


@hookspec
def run_started(run: Run) -> None:
    """See a run that is about to take its first step, to log it or to show it."""


@hookspec
def run_finished(run: Run) -> None:
    """See a run whose folder is complete, to upload it or to report it."""
