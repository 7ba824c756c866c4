"""What docs/trainers/ppo.md shows can be typed as it stands there."""

from __future__ import annotations

import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from racegym import load_scenario
from racegym_cleanrl.__main__ import main

PAGE = Path(__file__).resolve().parents[3] / "docs" / "trainers" / "ppo.md"
WORDS = [
    shlex.split(line)
    for block in PAGE.read_text(encoding="utf-8").split("```sh\n")[1:]
    for line in block.partition("```")[0].splitlines()
]


@pytest.mark.parametrize("words", [w for w in WORDS if w[0] == "racegym"], ids=" ".join)
def test_its_scenarios_and_what_is_set_in_them_are_there(words: list[str]) -> None:
    assert words[1] == "run"
    sets = [value for name, value in pairwise(words) if name == "--set"]
    scenario = load_scenario(words[2], sets)
    assert scenario.trainer is not None and scenario.trainer.name == "ppo"


@pytest.mark.parametrize("words", [w for w in WORDS if w[0] == "python"], ids=" ".join)
def test_its_standard_tasks_are_learned(words: list[str], tmp_path: Path) -> None:
    if words[1:3] != ["-m", "racegym_cleanrl"]:
        assert (PAGE.parents[2] / words[1]).is_file()
        return
    shorter = ["--set", "steps=64", "--set", "tensorboard=false", "--episodes", "1"]
    done = CliRunner().invoke(main, [*words[3:], *shorter, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
