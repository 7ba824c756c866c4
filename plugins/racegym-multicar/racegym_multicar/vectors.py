"""Races for learners that know vector environments alone, by way of SuperSuit."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from gymnasium import spaces

from racegym.errors import MissingLibraryError, RacegymError, nearest
from racegym_multicar.parallel import RaceParallelEnv

__all__ = ["to_vector"]

BaseClass = Literal["gymnasium", "stable_baselines3"]


def to_vector(
    env: RaceParallelEnv,
    n_races: int = 1,
    *,
    base_class: BaseClass = "gymnasium",
    n_processes: int = 0,
) -> Any:
    """Return a vector environment in which each agent of each race is an environment.

    ``reset(seed=k)``, and the ``seed`` of a model of stable-baselines3, start race i with seed
    k + i; later resets go on with the races that follow.

    Args:
        env: a race, which is copied ``n_races`` times. With ``leave="park"`` it is taken as it
            is; with ``leave="out"``, ``black_death_v3`` is put around it.
        n_races: how many races.
        base_class: for whom: Gymnasium, or stable-baselines3.
        n_processes: among which the races are dealt; 0 for this one.

    Raises:
        MissingLibraryError: SuperSuit is not installed.
        RacegymError: it is no such race or a setting makes no sense; or the agents' spaces
            differ, or are of a kind that ``black_death_v3`` can't fill.
    """
    try:
        import supersuit
    except ImportError as error:
        raise MissingLibraryError(
            "vector environments of agents are made by SuperSuit; install it: pip install supersuit"
        ) from error
    _check(env)
    _check_settings(n_races, base_class, n_processes)
    race = env if env.leave == "park" else supersuit.black_death_v3(env)
    agents = supersuit.pettingzoo_env_to_vec_env_v1(race)
    races = supersuit.concat_vec_envs_v1(agents, n_races, n_processes, base_class="gymnasium")
    if base_class == "stable_baselines3":
        from racegym_multicar.seeded import SeededVecEnv

        return SeededVecEnv(races)
    return races


def _check_settings(n_races: int, base_class: str, n_processes: int) -> None:
    for name, count, least in (("n_races", n_races, 1), ("n_processes", n_processes, 0)):
        if not isinstance(count, int | np.integer) or count < least:
            raise RacegymError(f"{name} must be a whole number and at least {least}, not {count!r}")
    if base_class not in get_args(BaseClass):
        raise RacegymError(
            f"base_class is {base_class!r}; {nearest(base_class, get_args(BaseClass))}"
        )


def _check(env: RaceParallelEnv) -> None:
    if not isinstance(env, RaceParallelEnv):
        raise RacegymError(
            f"a vector environment is made of what parallel_env() returns, and not of: {env!r}"
        )
    profiles = {group.profile for group in env.world.groups}
    first = env.possible_agents[0]
    same = all(
        env.observation_space(name) == env.observation_space(first)
        and env.action_space(name) == env.action_space(first)
        for name in env.possible_agents
    )
    if not same:
        raise RacegymError(
            f"a vector environment has one space for all agents, and theirs differ (profiles: "
            f"{', '.join(sorted(profiles))}); give their cars the same profile"
        )
    if env.leave == "out" and not isinstance(env.observation_space(first), spaces.Box):
        raise RacegymError(
            "black_death_v3 knows no observations of several arrays; make the environment with "
            "leave='park', or observe one flat box"
        )
