"""``docs/scenarios.md`` names every key, but for those of ``generate``, and what it shows works."""

from __future__ import annotations

import re

import pytest

from racegym import plugins
from racegym.errors import PluginError
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.racing import (
    FlagSettings,
    PitSettings,
    RulesSettings,
    SafetyCarSettings,
    StartSettings,
    TimingSettings,
    WreckSettings,
)
from racegym.scenario.settings import (
    CarSettings,
    CarVariation,
    GenerateSettings,
    ProfileSettings,
    RecordSettings,
    SensorsByLabel,
    StartVariation,
    TrackSettings,
    VariationSettings,
)
from racegym.scenario.training_settings import (
    EvaluateSettings,
    TargetSettings,
    TrainingSettings,
)
from racegym.workers import WorkerSettings

MODELS = [
    Scenario,
    CarSettings,
    CarVariation,
    EvaluateSettings,
    FlagSettings,
    GenerateSettings,
    PitSettings,
    ProfileSettings,
    RecordSettings,
    RulesSettings,
    SafetyCarSettings,
    SensorsByLabel,
    StartSettings,
    StartVariation,
    TargetSettings,
    TimingSettings,
    TrackSettings,
    TrainingSettings,
    VariationSettings,
    WorkerSettings,
    WreckSettings,
]


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "scenarios.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_described(model, page, root):
    if model is GenerateSettings:
        page = (root / "docs" / "generated.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", page))
    assert set(model.model_fields) <= described
    for name, field in model.model_fields.items():
        assert field.description or name == "cars"


def test_every_example_builds(page, write):
    try:
        plugins.load().find("backend", "kart2d").load()
    except PluginError as error:
        pytest.skip(str(error))
    examples = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    assert len(examples) == 7
    for example in examples:
        load_scenario(write(example)).world().close()


def test_the_defaults_of_profiles_are_those_of_the_page(page, write):
    defaults = load_scenario(write("backend: toy\n"))
    for key in ("observation", "reward", "termination"):
        text = re.search(rf"- `{key}`.*?Default:\s`(.*?)`\.", page, flags=re.DOTALL)[1]
        stated = load_scenario(write(f"backend: toy\n{key}: {' '.join(text.split())}\n"))
        assert getattr(stated, key) == getattr(defaults, key)
