"""racegym: a racing gym whose every part is a plugin.

Importing it registers racegym's environments with Gymnasium, by name only, and does nothing
else. What is listed in ``__all__`` loads on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from racegym.lazy import on_first_use
from racegym.registration import register_envs

if TYPE_CHECKING:
    from racegym.envs import make, make_vec
    from racegym.errors import RacegymError
    from racegym.hookspecs import hookimpl
    from racegym.run import evaluate
    from racegym.scenario import Scenario, load_scenario
    from racegym.world import World

__all__ = [
    "RacegymError",
    "Scenario",
    "World",
    "__version__",
    "evaluate",
    "hookimpl",
    "load_scenario",
    "make",
    "make_vec",
]

__version__ = "0.1.0"

# Public name -> the module it lives in.
_HOMES = {
    "RacegymError": "racegym.errors",
    "Scenario": "racegym.scenario",
    "World": "racegym.world",
    "evaluate": "racegym.run",
    "hookimpl": "racegym.hookspecs",
    "load_scenario": "racegym.scenario",
    "make": "racegym.envs",
    "make_vec": "racegym.envs",
}

__getattr__, __dir__ = on_first_use(__name__, _HOMES)

register_envs()
