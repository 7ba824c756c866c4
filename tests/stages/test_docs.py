"""The page of built-in stages names every stage, option and value that there is."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from racegym.plugins import builtin
from racegym.sensors.state import State
from racegym.sensors.telemetry import Telemetry

KINDS = ("sensors", "action_maps", "rewards", "terminations", "drivers")


def _stages() -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []

    def register(name: str, target: str, **_: Any) -> None:
        module, _, attribute = target.partition(":")
        found.append((name, getattr(importlib.import_module(module), attribute)))

    for kind in KINDS:
        getattr(builtin, f"register_{kind}")(register)
    return found


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "stages.md").read_text("utf-8")


@pytest.mark.parametrize(("name", "stage"), _stages())
def test_every_stage_and_option_stands_on_the_page_with_its_default(page, name, stage):
    assert f"`{name}`" in page
    for option, field in stage.Options.model_fields.items():
        rows = [
            row for row in page.splitlines() if re.match(rf"\| (`{name}` \| )?`{option}` ", row)
        ]
        assert rows, f"option {option!r} of {name!r} is not on the page"
        if isinstance(field.default, int | float):
            default = str(field.default).lower()
            assert any(f"| {default} |" in row for row in rows), f"{name}.{option}: {default}"


@pytest.mark.parametrize("sensor", [Telemetry, State])
def test_every_value_of_a_sensor_stands_on_the_page_with_its_bounds(page, sensor):
    for number, value in enumerate(sensor.values):
        row = rf"\| {number} \| `{value.name}` \|.*\| {value.low} \| {value.high} \|"
        assert re.search(row, page), value.name
