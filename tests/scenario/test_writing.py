from __future__ import annotations

import pytest

from racegym import __version__
from racegym.scenario import load_scenario

FULL = """
backend: {name: toy}
dt: 0.1
tracks: [ring, {name: ring, reverse: true}, {generate: {runoff: .inf, count: 2}}]
realism: [rain]
relief: [random]
cars:
  - {name: "K {n}", count: 2, driver: {name: random, hold: 3}, vehicle: {base: toy_kart, mass: 3}}
  - {profile: wild, grid: 5}
observation: {eyes: lookahead, state: }
reward: {progress: 1, fast: {name: speed, weight: 2}}
termination: {off_track: , limit: {name: time_limit, steps: 5}}
profiles: {wild: {action: {name: discrete, steer: 0.5}}}
"""


@pytest.mark.parametrize("text", ["backend: toy\n", "backend: lonely\n", FULL])
def test_what_is_written_out_reads_the_same(write, text):
    scenario = load_scenario(write(text))
    assert load_scenario(scenario.resolved()) == scenario
    again = load_scenario(write(scenario.to_yaml(), "again.yaml"))
    assert again == scenario
    assert again.to_yaml() == scenario.to_yaml()


def test_defaults_are_spelt_out_and_versions_are_named(write):
    text = load_scenario(write(FULL)).to_yaml()
    first = text.partition("\n")[0]
    assert first.startswith(f"# Resolved by racegym {__version__} with ")
    assert "racegym-toy 1.0" in first
    assert "retire_stuck: 0.0" in text
    assert "least_speed: 5.0" in text
    assert "runoff: .inf" in text


def test_paths_are_absolute(write, tmp_path):
    (tmp_path / "k.yaml").write_text("{base: toy_kart}", encoding="utf-8")
    scenario = load_scenario(write("backend: toy\ncars: [{vehicle: ./k.yaml}]\n"))
    assert scenario.resolved()["cars"][0]["vehicle"] == str(tmp_path / "k.yaml")
