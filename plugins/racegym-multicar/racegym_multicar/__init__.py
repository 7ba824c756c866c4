"""racegym's races as PettingZoo environments, and as arrays for self-play.

What is listed in ``__all__`` loads on first use, so that listing plugins imports no PettingZoo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from racegym.lazy import on_first_use

if TYPE_CHECKING:
    from racegym.envs import RaceVector
    from racegym_multicar.parallel import RaceParallelEnv, env, parallel_env, register_envs
    from racegym_multicar.vectors import to_vector

__all__ = ["RaceParallelEnv", "RaceVector", "env", "parallel_env", "register_envs", "to_vector"]

# Public name -> the module it lives in.
_HOMES = {
    "RaceParallelEnv": "racegym_multicar.parallel",
    "RaceVector": "racegym.envs",
    "env": "racegym_multicar.parallel",
    "parallel_env": "racegym_multicar.parallel",
    "register_envs": "racegym_multicar.parallel",
    "to_vector": "racegym_multicar.vectors",
}

__getattr__, __dir__ = on_first_use(__name__, _HOMES)
