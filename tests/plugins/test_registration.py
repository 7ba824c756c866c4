from __future__ import annotations

import sys

import gymnasium
import pytest

from racegym.registration import register_envs


def test_racegyms_ids_are_registered_by_string():
    spec = gymnasium.spec("racegym/Race-v1")
    assert spec.entry_point == "racegym.envs:RaceEnv"
    assert spec.vector_entry_point == "racegym.envs:RaceVectorEnv"
    assert spec.max_episode_steps is None


def test_the_default_backend_has_an_id():
    spec = gymnasium.spec("racegym/Kart2D-v1")
    assert spec.entry_point == "racegym_kart2d.envs:make_env"
    assert spec.vector_entry_point == "racegym_kart2d.envs:make_vector_env"


def test_registering_again_changes_nothing():
    before = dict(gymnasium.registry)
    register_envs()
    assert dict(gymnasium.registry) == before


def test_a_strangers_id_is_registered_without_importing_it(dist, monkeypatch):
    monkeypatch.setattr(gymnasium.envs.registration, "registry", dict(gymnasium.registry))
    monkeypatch.setattr(gymnasium, "registry", gymnasium.envs.registration.registry)
    dist("good", "", points="[racegym.envs]\ngood/Oval-v3 = good_envs:Oval\n")
    register_envs()
    spec = gymnasium.spec("good/Oval-v3")
    assert (spec.entry_point, spec.vector_entry_point) == ("good_envs:Oval", None)
    assert "good_envs" not in sys.modules


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ("[racegym.envs]\nno good id = x:Y\n", "'no good id' of 'bad'"),
        ("[racegym.envs]\nracegym/Race-v1 = x:Y\n", "'racegym/Race-v1' of 'racegym'.*'bad'"),
    ],
)
def test_a_bad_declaration_is_a_warning_that_names_the_dist(dist, points, reason):
    before = dict(gymnasium.registry)
    dist("bad", "", points=points)
    with pytest.warns(RuntimeWarning, match=reason):
        register_envs()
    assert dict(gymnasium.registry) == before
