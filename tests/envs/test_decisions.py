"""Actions that are held for several intervals, and what only critics are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import racegym
from racegym.errors import ActionError
from racegym.interfaces import Event, View, Watcher

REPEAT = 4


def actions(count: int) -> Any:
    return np.random.default_rng(3).uniform(-1, 1, (count, 2)).astype(np.float32)


def test_a_repeated_action_is_that_action_again_and_again(short_episodes: dict[str, Any]) -> None:
    held = racegym.make({**short_episodes, "action_repeat": REPEAT})
    plain = racegym.make(short_episodes)
    assert held.metadata["render_fps"] == 5 and plain.metadata["render_fps"] == 20
    lengths = []
    for seed in range(12):
        np.testing.assert_array_equal(held.reset(seed=seed)[0], plain.reset(seed=seed)[0])
        over = False
        for action in actions(100):
            seen, reward, *ended, info = held.step(action)
            rewards, terms, steps = np.float32(0), dict.fromkeys(info["rewards"], 0.0), 0
            for _ in range(REPEAT):
                theirs = plain.step(action)
                rewards += np.float32(theirs[1])
                terms = {name: terms[name] + theirs[4]["rewards"][name] for name in terms}
                steps += 1
                if theirs[2] or theirs[3]:
                    break
            np.testing.assert_array_equal(seen, theirs[0])
            assert reward == rewards and ended == [theirs[2], theirs[3]]
            assert info.pop("rewards") == pytest.approx(terms, rel=1e-5, abs=1e-7)
            theirs[4].pop("rewards")
            assert info == theirs[4]
            over = any(ended)
            if over:
                lengths.append(steps)
                break
        assert over
    assert set(lengths) - {REPEAT}, "no episode ended within a decision"
    held.close()
    plain.close()


class Witness(Watcher):
    def __init__(self) -> None:
        self.steps: list[int] = []
        self.time = 0.0

    def see(self, view: View, events: Sequence[Event]) -> None:
        self.steps.append(int(view.race.step[0]))


def test_watchers_see_every_interval(short_episodes: dict[str, Any]) -> None:
    for make in (racegym.make, lambda scenario: racegym.make_vec(scenario, 2)):
        env = make({**short_episodes, "action_repeat": REPEAT, "termination": {}})
        witness = Witness()
        env.reset(seed=1)
        env.unwrapped.world.watchers.append(witness)
        for _ in range(3):
            env.step(env.action_space.sample() * 0)
        assert witness.steps == list(range(1, 3 * REPEAT + 1))
        env.close()


def test_a_wrong_action_moves_nothing(short_episodes: dict[str, Any]) -> None:
    env = racegym.make({**short_episodes, "action_repeat": REPEAT})
    env.reset(seed=1)
    with pytest.raises(ActionError):
        env.step(np.array([np.nan, 0.0]))
    assert env.world.view.race.time[0] == 0
    env.close()


CRITIC = {
    "box": ["state", {"name": "channels", "channels": ["drawn.grip"]}],
    "dict": {"pose": "state", "road": {"name": "channels", "channels": ["drawn.grip"]}},
}


@pytest.mark.parametrize("form", CRITIC)
def test_a_critic_is_told_what_the_policy_is_not(short_episodes: dict[str, Any], form: str) -> None:
    scenario = {
        **short_episodes,
        "critic_observation": CRITIC[form],
        "variation": {"grip": {"uniform": [0.5, 1.0]}},
    }
    envs = racegym.make_vec(scenario, 4, autoreset_mode="SameStep")
    plain = racegym.make_vec({**short_episodes, "variation": scenario["variation"]}, 4)
    assert envs.observation_space == plain.observation_space
    assert plain.critic_observation_space is None
    assert plain.single_critic_observation_space is None
    _, infos = envs.reset(seed=0)
    final = 0
    for action in actions(200 * 4).reshape(200, 4, 2):
        grip = envs.world.effects.grip[:, 0, 0].copy()
        assert envs.critic_observation_space.contains(_unmasked(infos["critic_observation"]))
        np.testing.assert_allclose(_road(infos["critic_observation"]), (grip - 0.75) * 4, atol=1e-5)
        assert infos["_critic_observation"].all()
        *_, infos = envs.step(action)
        if "final_info" in infos:
            told, over = infos["final_info"]["critic_observation"], infos["_final_info"]
            np.testing.assert_allclose(_road(told)[over], ((grip - 0.75) * 4)[over], atol=1e-5)
            assert (_road(told)[~over] == 0).all()
            final += int(over.sum())
    assert final > 3
    envs.close()
    plain.close()


def _unmasked(told: Any) -> Any:
    """Return the parts of a batch's info without the masks that Gymnasium wants beside them."""
    if isinstance(told, dict):
        return {name: part for name, part in told.items() if not name.startswith("_")}
    return told


def _road(told: Any) -> Any:
    return told["road"][:, 0] if isinstance(told, dict) else told[:, -1]


def test_the_infos_of_a_critic_are_its_own_copies(short_episodes: dict[str, Any]) -> None:
    env = racegym.make({**short_episodes, "critic_observation": "state"})
    _, info = env.reset(seed=1)
    kept = info["critic_observation"].copy()
    assert env.critic_observation_space.contains(kept)
    env.step(np.ones(2, np.float32))
    np.testing.assert_array_equal(info["critic_observation"], kept)
    env.close()
