"""Obstacles in scenarios: where they come to stand, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.scenario import load_scenario
from racegym.track import generate

pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")

LISTED = """
backend: kart2d
track:
  generate: {seed: 3, length: 600, obstacles: 4}
  reverse: REVERSE
  obstacles:
    - {s: 120, d: 1.5, radius: 0.5}
    - {s: 60, radius: 0.4}
    - {x: XX, y: YY, radius: 0.3}
"""


def tracks(scenario, n_races=1):
    world = load_scenario(scenario).world(n_races)
    world.close()
    return [world.view.tracks.track_of(race) for race in range(n_races)]


@pytest.mark.parametrize("reverse", [False, True])
def test_they_stand_along_the_track_as_it_is_driven_or_on_the_map(reverse, write):
    plain = generate(3, length=600.0, obstacles=4)
    plain = plain.reversed() if reverse else plain
    x, y, _ = plain.at(300.0, -2.0)
    text = LISTED.replace("REVERSE", str(reverse).lower())
    text = text.replace("XX", f"{float(x):.4f}").replace("YY", f"{float(y):.4f}")
    scenario = load_scenario(write(text))
    (track,) = tracks(scenario.resolved())
    assert len(track.obstacles) == 7
    added = {tuple(row) for row in track.obstacles} - {tuple(row) for row in plain.obstacles}
    found = {radius: (x, y) for x, y, radius in added}
    for radius, s, d in ((0.5, 120.0, 1.5), (0.4, 60.0, 0.0), (0.3, 300.0, -2.0)):
        assert found[radius] == pytest.approx([float(v) for v in plain.at(s, d)[:2]], abs=1e-4)
    assert load_scenario(write(scenario.to_yaml(), "again.yaml")) == scenario
    assert "obstacles:" in scenario.to_yaml()
    assert "obstacles: 0" in load_scenario({"backend": "kart2d"}).to_yaml()


def test_each_of_several_circuits_has_its_own(write):
    text = "backend: kart2d\ntracks: [{generate: {seed: 5, count: 3, obstacles: 6}}]\n"
    found = tracks(write(text), 3)
    assert [len(track.obstacles) for track in found] == [6, 6, 6]
    for seed, track in zip((5, 6, 7), found, strict=True):
        np.testing.assert_array_equal(track.obstacles, generate(seed, obstacles=6).obstacles)


WRONG = {
    "no radius": (
        "backend: kart2d\ntrack:\n  generate: {}\n  obstacles:\n    - {s: 1}\n",
        "FILE:5: track.obstacles[0].radius: is missing",
    ),
    "radius": (
        "backend: kart2d\ntrack:\n  generate: {}\n  obstacles: [{s: 1, radius: -1}]\n",
        "FILE:4: track.obstacles[0].radius: is -1; it should be greater than 0",
    ),
    "two places": (
        (
            "backend: kart2d\ntrack:\n  generate: {}\n  obstacles:\n    - {s: 1, radius: 1}\n"
            "    - {s: 1, x: 3, y: 2, radius: 1}\n"
        ),
        (
            "FILE:6: track.obstacles[1]: give s and d, along the track, or x and y, on the map, "
            "not s, x, y"
        ),
    ),
    "no place": (
        "backend: kart2d\ntrack:\n  generate: {}\n  obstacles: [{radius: 1}]\n",
        (
            "FILE:4: track.obstacles[0]: give s and d, along the track, or x and y, on the map, "
            "not nothing"
        ),
    ),
    "unknown key": (
        "backend: kart2d\ntrack:\n  generate: {}\n  obstacles: [{s: 1, radios: 1, radius: 1}]\n",
        "FILE:4: track.obstacles[0].radios: is unknown; did you mean 'radius'?",
    ),
    "out of reach": (
        (
            "backend: kart2d\ntrack:\n  generate: {}\n  obstacles:\n    - {s: 1, radius: 1}\n"
            "    - {s: 1, d: 30, radius: 1}\n"
        ),
        "FILE:6: track 'club-1': the obstacle at x = ",
    ),
    "beyond the lap": (
        "backend: kart2d\ntrack:\n  generate: {}\n  obstacles:\n    - {s: 1001, radius: 1}\n",
        "FILE:5: track 'club-1': an obstacle stands at s = 1001 m; a lap is 1000.0 m long",
    ),
    "too many to scatter": (
        "backend: kart2d\ntrack:\n  generate: {obstacles: 90}\n",
        "FILE:2: 90 obstacles do not fit on a lap of 1000 m that is 8 m wide; the most is 66",
    ),
    "a backend without": (
        "backend: toy\ntrack:\n  name: ring\n  obstacles: [{s: 1, radius: 1}]\n",
        "FILE:4: track.obstacles: backend 'toy' knows no obstacles: its cars would drive through",
    ),
    "a backend without, scattered": (
        "backend: toy\ntracks:\n  - name: ring\n  - generate:\n      obstacles: 3\n",
        "FILE:5: tracks[1].generate.obstacles: backend 'toy' knows no obstacles",
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_line(text, said, refusal):
    (line,) = refusal(text)
    assert line.startswith(said)
