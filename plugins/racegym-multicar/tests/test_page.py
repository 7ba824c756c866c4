"""The page on several agents tells of every column and every info as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from racegym.envs import COLUMNS

PAGE = Path(__file__).parents[3] / "docs" / "multicar.md"


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table of a section."""
    if not PAGE.is_file():
        pytest.skip("needs the checkout with its docs")
    section = PAGE.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return [row for row in cells[1:] if not row[0].startswith("-")]


def test_columns_of_the_state() -> None:
    told = {
        name.strip("`"): (bounds, doc) for name, bounds, doc in rows("The whole race, for critics")
    }
    assert told == {
        name: (f"{column.low:g} to {column.high:g}", column.doc) for name, column in COLUMNS.items()
    }


def test_infos(duel, make) -> None:
    told = {name.strip("` "): kind for names, kind, _ in rows("Infos") for name in names.split(",")}
    race = make(duel, leave="park")
    race.reset(seed=1)
    *_, infos = race.step({name: [0.0, 1.0] for name in race.agents})
    found = {key: type(value).__name__ for key, value in infos["red"].items()}
    assert len(told) > 15 and told.items() <= found.items()
