"""Scenarios whose episodes are driven on tracks of their own: read, refused, run and proved."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from racegym.envs import RaceEnv, RaceVectorEnv
from racegym.errors import ScenarioError
from racegym.run import run, verify
from racegym.scenario import load_scenario
from racegym.track.generate import STYLES

KART = {"style": "kart", "length": 300, "width": 5, "min_radius": 5}
BASE = {"backend": "kart2d", "laps": 1, "track": {"generate": KART}}
AGENT = {**BASE, "cars": [{"driver": "agent"}]}


def names(env):
    tracks = env.unwrapped.world.view.tracks
    return [tracks.track_of(race).name for race in range(env.unwrapped.world.n_races)]


@pytest.mark.parametrize("mode", ["pool", "renewed", "fresh"])
def test_environments_alone_and_together_have_the_same_tracks(mode):
    count = 1 if mode == "fresh" else 3
    scenario = {**AGENT, "draw_tracks": mode, "renew_tracks": 1}
    scenario["track"] = {"generate": {**KART, "count": count}}
    together = RaceVectorEnv(scenario, 3)
    alone = RaceEnv(scenario)
    try:
        together.reset(seed=8)
        alone.reset(seed=9)
        for _ in range(4):
            assert names(alone) == names(together)[1:2]
            together.reset(options={"reset_mask": np.array([False, True, False])})
            alone.reset()
    finally:
        together.close()
        alone.close()


@pytest.mark.parametrize("mode", ["pool", "fresh"])
def test_an_evaluation_on_drawn_tracks_is_recorded_and_proved(mode, tmp_path):
    count = 1 if mode == "fresh" else 2
    scenario = load_scenario({
        **BASE, "name": mode, "task": "evaluate", "episodes": 3, "time_limit": 3.0,
        "draw_tracks": mode, "track": {"generate": {**KART, "count": count}},
        "cars": [{"driver": {"name": "pure_pursuit", "pace": 80}}],
    })  # fmt: skip
    finished = run(scenario, runs_dir=tmp_path)
    told = [line for line in (finished.folder / "events.jsonl").read_text().splitlines()
            if '"start"' in line]  # fmt: skip
    assert len(told) == 3
    proof = verify(finished.folder)
    assert proof.difference is None
    assert proof.steps == finished.result["steps"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"draw_tracks": "fresch"}, "draw_tracks: is 'fresch'; did you mean 'fresh'"),
        ({"track": None, "tracks": 2 * [{"generate": KART}], "draw_tracks": "fresh"},
         "draw_tracks: fresh makes circuits, so it needs one track"),
        ({"track": {"generate": KART, "reverse": True}, "draw_tracks": "renewed"},
         "track.reverse: stands for one track, and draw_tracks: renewed makes many"),
        ({"track": {"generate": {**KART, "count": 3}}, "draw_tracks": "fresh"},
         "track.generate.count: is a number of circuits"),
    ],
)  # fmt: skip
def test_what_makes_no_circuits_is_refused(change, message):
    with pytest.raises(ScenarioError) as refused:
        load_scenario({**AGENT, **change})
    assert message in str(refused.value)


def test_it_is_written_out_again():
    scenario = load_scenario({**AGENT, "draw_tracks": "renewed", "renew_tracks": 3})
    again = load_scenario(scenario.resolved())
    assert again == scenario
    assert (again.draw_tracks, again.renew_tracks) == ("renewed", 3)


PAGE = Path(__file__).parents[2] / "docs" / "generated.md"


@pytest.mark.parametrize(
    "text", re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
)
def test_what_the_page_shows_can_be_raced(text, tmp_path):
    file = tmp_path / "scenario.yaml"
    file.write_text(re.sub(r"count: (\d)\d+", r"count: \1", text), "utf-8")
    world = load_scenario(file).world(2)
    world.reset(seeds=[1, 2])
    world.close()


def test_the_page_tells_what_styles_are_by_default():
    page = PAGE.read_text("utf-8")
    rows = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].startswith("`"):
            rows.update(dict.fromkeys(re.findall(r"`(\w+)`", cells[0]), cells[1:4]))
    for style, own in STYLES.items():
        told = [
            " to ".join(f"{value:g}" for value in dict.fromkeys(numbers))
            for numbers in (own.length, own.width, (own.min_radius,))
        ]
        assert rows[style] == told, style
        assert (PAGE.parent / "images" / f"generated_{style}.png").exists()
