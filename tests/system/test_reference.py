"""``docs/reference.md`` is what ``docs/make_reference.py`` makes of the code."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from racegym import plugins
from racegym.errors import RacegymError


def test_the_page_is_up_to_date(root: Path) -> None:
    for name in ("kart2d", "carracing"):
        try:
            plugins.load().find("backend", name).load()
        except RacegymError as error:
            pytest.skip(str(error))
    made = runpy.run_path(str(root / "docs" / "make_reference.py"))["page"]()
    page = (root / "docs" / "reference.md").read_text(encoding="utf-8")
    assert page == made, "run: python docs/make_reference.py"


def test_every_stage_and_option_of_the_installed_plugins_has_its_place(root: Path) -> None:
    page = (root / "docs" / "reference.md").read_text(encoding="utf-8")
    heads = {
        "backend": "Backend", "driver": "Driver", "sensor": "Sensor", "action_map": "Action map",
        "reward": "Reward", "termination": "Termination",
    }  # fmt: skip
    for kind, head in heads.items():
        for offer in plugins.load().offers(kind):  # type: ignore[arg-type]
            if offer.dist not in ("racegym", "racegym-kart2d"):
                continue
            section = page.split(f"### {head} `{offer.name}`\n")[1].split("\n### ")[0]
            for option in offer.load().Options.model_fields:
                assert f"| `{option}` |" in section
