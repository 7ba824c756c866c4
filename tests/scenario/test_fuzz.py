"""Whatever is given: a scenario, or one of racegym's own errors."""

from __future__ import annotations

import copy
import math
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racegym.documents.document import parse_text
from racegym.errors import RacegymError
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.scenario import Scenario as Model
from racegym.scenario.settings import CarSettings, GenerateSettings, TrackSettings

KEYS = [*Model.model_fields, *CarSettings.model_fields, *TrackSettings.model_fields]
KEYS += [*GenerateSettings.model_fields, "weight", "base", "seconds", "hold", "distances"]
WORDS = ["toy", "lonely", "agent", "idle", "random", "schooled", "state", "lookahead", "progress"]
WORDS += ["stuck", "laps_done", "ring", "rain", "wind", "toy_kart", "./x.yaml", "~nobody/x.csv"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS + WORDS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
scenarios = st.dictionaries(st.sampled_from(list(Model.model_fields)), values, max_size=6)
overrides = st.lists(
    st.builds(
        "{}={}".format,
        st.text("abc.[]0123=x", max_size=6)
        | st.lists(st.sampled_from(KEYS), min_size=1, max_size=4).map(".".join)
        | st.sampled_from(["cars[0].driver", "observation[1].speed", "tracks[0].file"]),
        st.text(max_size=6) | st.sampled_from(WORDS) | st.just("{a: 1}"),
    ),
    max_size=2,
)
quick = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def attempt(source: Any, changes: list[str] = []) -> Scenario | None:  # noqa: B006 - read only
    try:
        return load_scenario(source, changes)
    except RacegymError as error:
        assert str(error)
        return None


@quick
@given(values)
def test_any_mapping(value):
    attempt(value if isinstance(value, dict) else {"backend": value})


@quick
@given(scenarios, st.sampled_from(["toy", "lonely"]), overrides)
def test_any_scenario_of_known_keys(data, backend, changes):
    scenario = attempt({**data, "backend": backend}, changes)
    if scenario is not None:
        assert load_scenario(scenario.resolved()) == scenario


FULL = {
    "backend": {"name": "toy", "zeal": 2.0},
    "track": {"generate": {"seed": 3}},
    "rules": {"retire_stuck": 3},
    "start": {"kind": "grid", "gap": 3.0},
    "realism": ["rain"],
    "cars": [{"name": "A", "driver": {"name": "random", "hold": 3}}, {"vehicle": "toy_kart"}],
    "observation": [{"name": "lookahead", "distances": [1.0, 2.0]}, "state"],
    "action": {"name": "discrete"},
    "reward": {"progress": 1.0, "fast": {"name": "speed", "weight": 1.0}},
    "termination": {"stuck": {"seconds": 3.0}},
    "profiles": {"wild": {"observation": {"eyes": "lookahead"}}},
}


@quick
@given(st.data())
def test_one_wrong_thing_in_a_whole_scenario(data):
    scenario: Any = copy.deepcopy(FULL)
    node, key = scenario, data.draw(st.sampled_from(list(scenario)))
    while isinstance(node[key], dict | list) and data.draw(st.booleans()):
        node = node[key]
        key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
    node[key] = data.draw(values)
    loaded = attempt(scenario)
    if loaded is not None:
        assert load_scenario(loaded.resolved()) == loaded


@quick
@given(st.text(max_size=60) | st.text("ab:-{}[]&*!|>'\"#%@, \n\t\\0", max_size=40))
def test_any_text(text):
    try:
        parse_text(text)
    except RacegymError as error:
        assert str(error)


@quick
@given(st.binary(max_size=40))
def test_any_bytes(tmp_path, content):
    path = tmp_path / "test.yaml"
    path.write_bytes(content)
    attempt(path)


@quick
@given(st.text(max_size=20))
def test_any_source(source):
    attempt(source)


@quick
@given(
    st.text(max_size=8).filter(lambda text: text.isprintable() and text == text.strip() != ""),
    st.text(max_size=30),
    st.floats(1e-9, 1e7),
)
def test_what_is_written_out_reads_the_same(tmp_path, name, description, limit):
    source = {
        "backend": "toy",
        "name": name,
        "description": description,
        "time_limit": limit,
        "track": {"generate": {"runoff": math.inf}},
        "cars": [{"name": name, "driver": "idle"}],
        "reward": {name: {"name": "progress"}},
    }
    scenario = attempt(source)
    if scenario is not None:
        path = tmp_path / "resolved.yaml"
        path.write_text(scenario.to_yaml(), encoding="utf-8", newline="")
        assert load_scenario(path) == scenario
