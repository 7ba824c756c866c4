"""What a user reads who got an option wrong."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from racegym.errors import ScenarioError
from racegym.plugins import builtin


def _built_in() -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for kind in ("sensors", "action_maps", "rewards", "terminations", "drivers"):

        def register(name: str, target: str, *, kind: str = kind, **_: Any) -> None:
            found.append((kind, name, target))

        getattr(builtin, f"register_{kind}")(register)
    return found


NEEDS_A_FILE = "onnx"  # tried in tests/learners
NEEDED = {"channels": {"channels": ["vx"]}, "time_limit": {"steps": 3}}


@pytest.mark.parametrize(("kind", "name", "target"), _built_in())
def test_every_built_in_stage_is_built_and_refuses_an_unknown_option(make_rig, kind, name, target):
    module, _, attribute = target.partition(":")
    stage = getattr(importlib.import_module(module), attribute)
    rig = make_rig()
    if name == NEEDS_A_FILE:
        with pytest.raises(ScenarioError, match="'onnx' needs the option 'file'"):
            stage(rig.setup({}))
        return
    stage(rig.setup(NEEDED.get(name, {})))
    with pytest.raises(ScenarioError, match=rf"'{name}' has no option 'wieght'"):
        stage(rig.setup({**NEEDED.get(name, {}), "wieght": 1}))
    for field in stage.Options.model_fields.values():
        assert field.description, f"{name} has an option without a description"
    assert stage.Options.model_config["frozen"]


def _message(make_rig: Any, target: str, options: dict[str, Any]) -> str:
    module, _, attribute = target.partition(":")
    stage = getattr(importlib.import_module(f"racegym.{module}"), attribute)
    with pytest.raises(ScenarioError) as caught:
        stage(make_rig().setup(options))
    return str(caught.value)


@pytest.mark.parametrize(
    ("target", "options", "parts"),
    [
        (
            "sensors.lookahead:Lookahead",
            {"distanses": [1.0]},
            ["sensor 'lookahead'", "'distanses'", "did you mean 'distances'?", "least_speed"],
        ),
        (
            "sensors.lookahead:Lookahead",
            {"distances": [1.0, "far"]},
            ["sensor 'lookahead'", "'distances[1]'", "'far'", "number"],
        ),
        (
            "sensors.lookahead:Lookahead",
            {"distances": [1.0], "seconds": [1.0]},
            ["sensor 'lookahead'", "give distances or seconds, not both"],
        ),
        (
            "drivers.pure_pursuit:PurePursuit",
            {"pace": 120},
            ["driver 'pure_pursuit'", "'pace'", "120", "less than or equal to 110"],
        ),
        ("drivers.idle:Idle", {"pace": 1}, ["driver 'idle' has no option 'pace'", "takes none"]),
        ("terminations.time_limit:TimeLimit", {}, ["give either seconds or steps"]),
        (
            "terminations.off_track:OffTrack",
            {"margin": float("nan")},
            ["termination 'off_track'", "'margin'", "nan", "finite"],
        ),
        ("sensors.channels:Channels", {}, ["sensor 'channels' needs the option 'channels'"]),
        ("sensors.channels:Channels", {"channels": []}, ["'channels'", "at least 1"]),
        (
            "sensors.channels:Channels",
            {"channels": {"vx": {"low": 2, "high": 1}}},
            ["'channels'", "low is 2 and must be below high, 1"],
        ),
        (
            "sensors.channels:Channels",
            {"channels": ["engin_speed"]},
            ["there is no channel 'engin_speed'", "did you mean 'engine_speed'?"],
        ),
        (
            "sensors.channels:Channels",
            {"channels": ["furthest"]},
            ["'furthest' has no bounds of its own", "low"],
        ),
    ],
)
def test_a_wrong_option_is_told_in_one_plain_message(make_rig, target, options, parts):
    message = _message(make_rig, target, options)
    for part in parts:
        assert part in message
    assert "\n" not in message
    assert "pydantic" not in message
