"""The pages of stages: one pattern, examples that drive, spaces and pictures as they are."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

import racegym
from racegym import Scenario, load_scenario, plugins
from racegym.documents.document import parse_text
from racegym.envs.info import row_of
from racegym.errors import ScenarioError
from racegym.plugins import Offer

DOCS = Path(__file__).resolve().parents[2] / "docs"
KINDS = {
    "sensors": ("sensor", "Sensor", ["Values", "Needs", "Options", "In odd cases"]),
    "actions": ("action_map", "Action map", ["Space", "Options", "In odd cases"]),
    "rewards": (
        "reward",
        "Reward",
        ["What it pays", "Why it can't be farmed", "Typical weights", "Needs", "Options"],
    ),
    "terminations": ("termination", "Termination", ["When it applies", "Needs", "Options"]),
    "drivers": ("driver", "Driver", ["Options", "In odd cases"]),
}
PAGES = sorted(DOCS.glob("stages/*/*.md"))
REFUSED = {
    "drivers/absent.md": "only stands for another",
    "drivers/by_hand.md": "needs somebody at the wheel",
    "drivers/cleanrl.md": "no checkpoint",
    "drivers/onnx.md": "no policy",
}


def name_of(page: Path) -> str:
    return page.relative_to(DOCS / "stages").as_posix()


def example(page: Path) -> Scenario:
    """Return the page's first example as a scenario of one race on a small circuit."""
    found = re.search(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), flags=re.S | re.M)
    assert found, "a page begins with an example"
    given = parse_text(found[1]).data
    track = {"generate": {"seed": 1, "length": 400}}
    return load_scenario({"backend": "kart2d", "track": track, **given})


def offer_of(page: Path) -> Offer:
    return plugins.load().find(KINDS[page.parent.name][0], page.stem)  # type: ignore[arg-type]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_follows_the_pattern_of_its_kind(page: Path) -> None:
    _, word, headings = KINDS[page.parent.name]
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {word} `{page.stem}`\n")
    assert offer_of(page).name == page.stem
    there = re.findall(r"^## (.*)$", text, flags=re.M)
    assert [head for head in there if head in headings] == headings
    assert there[-1] == "In odd cases"
    assert ("Choose it" in text) or page.stem in ("absent", "by_hand")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_example_of_a_page_drives(page: Path) -> None:
    if name_of(page) in REFUSED:
        with pytest.raises(ScenarioError, match=REFUSED[name_of(page)]):
            drive(example(page))
    else:
        drive(example(page))


def drive(scenario: Scenario) -> None:
    """Drive a race with random actions for a second."""
    world = scenario.world()
    try:
        world.reset([1])
        for group in world.groups:
            group.action_space.seed(1)
        for _ in range(20):
            actions = [np.stack([g.action_space.sample() for _ in g.cars]) for g in world.groups]
            world.step(actions)
            for group in world.groups:
                assert np.isfinite(group.reward).all()
                assert group.observation_space.contains(row_of(group.observations, 0))
    finally:
        world.close()


@pytest.mark.parametrize("page", sorted(DOCS.glob("stages/actions/*.md")), ids=name_of)
def test_the_space_of_an_action_map_is_that_of_its_page(page: Path) -> None:
    space = racegym.make(example(page)).action_space
    text = page.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| .* \| (-?\d+) \| (-?\d+) \|$", text, flags=re.M)
    if isinstance(space, spaces.Discrete):
        assert f"`Discrete({space.n})`" in text
        assert len(re.findall(r"^\| \d \| ", text, flags=re.M)) == space.n
        return
    assert isinstance(space, spaces.Box)
    assert [int(number) for number, _, _ in rows] == list(range(space.shape[0]))
    assert [float(low) for _, low, _ in rows] == space.low.tolist()
    assert [float(high) for _, _, high in rows] == space.high.tolist()
    assert "float32)`" in text


def test_pictures_are_shown_and_small() -> None:
    shown = {
        (page.parent / picture).resolve()
        for page in PAGES
        for picture in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }
    assert shown
    assert all(picture.stat().st_size < 100_000 for picture in shown)
