"""The schema accepts what the loader accepts, and refuses what it refuses for its structure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racegym import plugins
from racegym.cli import main
from racegym.documents.document import parse_text
from racegym.errors import RacegymError
from racegym.scenario import load_scenario
from racegym.scenario.schema import scenario_schema

jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")
ROOT = Path(__file__).resolve().parents[2]

GOOD = """
{}
{laps: , rules: , start: , track: , tracks: , observation: , reward: , profiles: , record: }
{backend: {name: kart2d}}
{rules: {penalties: roboracer}}
{rules: {penalties: {preset: ifac, serve_within: 2, rules: {severe_hit: {amount: 2}}}}}
{rules: {penalties: {rules: {wall: {offence: wall, penalty: time, amount: 10}}}}}
{rules: {penalties: }}
{backend: racegym-kart2d:kart2d}
{backend: {name: kart2d, substep: 0.005}}
{track: ./some.csv}
{track: {file: some.csv}}
{track: {generate: {}}, tracks: []}
{track: {generate: {runoff: .inf, direction: cw, name: x}, reverse: true}}
{tracks: [{generate: {seed: 1, count: 3}}, {generate: {seed: 9}, file: }]}
{track: {generate: {obstacles: 5}, obstacles: []}}
{track: {generate: {}, obstacles: [{s: 5, radius: 1}, {s: 9.5, d: -1, radius: 0.5}]}}
{track: {generate: {}, obstacles: [{x: 5, y: -3, radius: 1}, {x: , y: , s: 3, radius: 1}]}}
{cars: [{}]}
{cars: [{driver: agent}, {driver: {name: agent}}, {driver: }]}
{cars: [{driver: pure_pursuit, vehicle: gt3}, {driver: {name: racegym:random, hold: 3}}]}
{cars: [{vehicle: racegym-kart2d:gt3}, {vehicle: {base: gt3, mass: 900}, grid: }, {vehicle: }]}
{relief: [idle, {name: pure_pursuit, pace: 80}]}
{realism: []}
{observation: state}
{observation: {name: state, speed: 30}}
{observation: [state, {name: lookahead, distances: [1, 2]}]}
{observation: {state: , ahead: lookahead, far: {name: lookahead, seconds: [1]}, lookahead: {}}}
{observation: {state: true, telemetry: false, nothing: false}}
{observation: {racegym:state: {speed: 3}}}
{observation: {name: channels, channels: [vx]}}
{observation: [{name: channels, channels: vx}, {name: state}]}
{observation: [{name: channels, channels: {vx: , vy: {low: 0, high: 1}}}]}
{observation: {vision: camera, near: {name: rays, stack: 2}, flatten: true}}
{observation: {state: , flatten: false}}
{observation: [{name: camera, stack: 4, channels_first: true, noise: 1.5, delay: 2, drop_out: 0.1}]}
{action: steer_accel}
{action: {name: discrete, steer: 0.5}}
{reward: progress}
{reward: [progress, speed]}
{reward: {}}
{reward: {progress: 1, speed: 0.5, lap: , survival: true, wall: false}}
{reward: {progress: {weight: 2}, fast: {name: speed, weight: 2, on_track: false}, far: progress}}
{reward: {progress: {on_track: false}, speed: {name: progress}}}
{termination: off_track}
{termination: [off_track, stuck]}
{termination: {stuck: , off_track: {margin: 1}, wrong_way: true, laps_done: false}}
{termination: {time_limit: {seconds: 3}, late: {name: time_limit, steps: 4}, gone: off_track}}
{termination: {time_limit: {seconds: , steps: 3}}}
{profiles: {calm: {}, wild: {reward: speed, observation: }}}
{trainer: , task: race}
{racegym: 1, name: x, task: evaluate, episodes: 3, seed: 4, dt: 0.1, rounds: 2}
"""
BAD = """
{observation: {flatten: true}}
{observation: {state: , flatten: 1}}
{observation: {state: , flatten: {name: state}}}
{observation: [{name: state, stack: 0}]}
{backend: }
{backend: kart3d}
{backend: {substep: 0.005}}
{backend: {name: kart2d, substeps: 0.005}}
{backend: [kart2d]}
{lap: 3}
{laps: three}
{laps: -1}
{dt: 0}
{racegym: 2}
{task: practice}
{trainer: nobody}
{trainer: {steps: 3}}
{trainer: mine.py:Mine}
{track: nowhere}
{track: {generate: {obstacles: 257}}}
{track: {generate: {}, obstacles: [{s: 5}]}}
{track: {generate: {}, obstacles: [{s: 5, radius: 0}]}}
{track: {generate: {}, obstacles: [{d: 5, radius: 1}]}}
{track: {generate: {}, obstacles: [{x: 5, radius: 1}]}}
{track: {generate: {}, obstacles: [{s: 5, x: 5, y: 3, radius: 1}]}}
{track: {generate: {}, obstacles: [{x: 5, y: 3, d: 1, radius: 1}]}}
{track: {}}
{track: {file: a.csv, generate: {}}}
{track: {generate: {sed: 1}}}
{track: {generate: {style: wavy}}}
{track: {generate: {}}, tracks: [{generate: {}}]}
{tracks: {generate: {}}}
{cars: []}
{cars: {driver: idle}}
{cars: [idle]}
{cars: [{drivr: idle}]}
{cars: [{driver: pure_persuit}]}
{cars: [{driver: {name: agent, pace: 3}}]}
{cars: [{driver: {name: pure_pursuit, pace: 120}}]}
{cars: [{driver: {pace: 90}}]}
{cars: [{driver: onnx}]}
{cars: [{driver: true}]}
{cars: [{vehicle: tricycle}]}
{cars: [{vehicle: 3}]}
{cars: [{vehicle: {mass: 260}}]}
{cars: [{vehicle: {base: gt3, mas: 260}}]}
{cars: [{vehicle: {base: tricycle}}]}
{cars: [{count: 0}]}
{cars: [{name: 3}]}
{relief: [agent]}
{relief: idle}
{realism: [hail]}
{observation: []}
{observation: {}}
{observation: {state: false}}
{observation: stat}
{observation: [stat]}
{observation: [true]}
{observation: [{speed: 3}]}
{observation: {name: state, ahead: lookahead}}
{observation: {near: }}
{observation: {near: true}}
{observation: {near: {speed: 3}}}
{observation: {state: {sped: 3}}}
{observation: channels}
{observation: {channels: }}
{observation: {name: channels, channels: []}}
{action: [steer_accel]}
{action: {steer_accel: }}
{action: {name: discrete, steer: 2}}
{reward: 3}
{reward: [progress, {name: speed}]}
{reward: {progress: 1e9}}
{reward: {profit: 1}}
{reward: {fast: 1}}
{reward: {progress: {wieght: 1}}}
{reward: {progress: [1]}}
{termination: {stuck: 3}}
{termination: time_limit}
{termination: {time_limit: {}}}
{termination: {time_limit: {seconds: 3, steps: 4}}}
{termination: {stuck: {weight: 2}}}
{profiles: {default: {}}}
{profiles: {calm: }}
{profiles: {calm: {rewards: speed}}}
{rules: {retire: 3}}
{start: {kind: anywhere}}
{record: {csv: 1}}
"""
# A few the schema can't tell: a name in words, a sum, what a file or a library holds.
BEYOND = {"{track: nowhere}", "{observation: {state: false}}"}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return scenario_schema()


@pytest.fixture(scope="module")
def errors(schema: dict[str, Any]) -> Callable[[Any], list[str]]:
    """Return what is wrong with data by the schema."""
    validator = jsonschema.Draft202012Validator(schema)
    return lambda data: [error.message for error in validator.iter_errors(data)]


def _data(text: str) -> dict[str, Any]:
    data = parse_text(text).data
    return {"backend": "kart2d", **data}


@pytest.fixture
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], str]:
    """Return what the loader says of data; a circuit and the working directory are there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.csv").write_text("0,0,4,4\n100,0,4,4\n100,100,4,4\n0,100,4,4\n")

    def load(data: Any) -> str:
        try:
            load_scenario(data)
        except RacegymError as error:
            return str(error)
        return ""

    return load


def test_it_is_a_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    references = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema)))
    names = {name.partition("/")[0] for name in references}
    assert names <= set(schema["$defs"])
    tops = {"profile"}  # referred to from `profiles`
    assert tops <= names


@pytest.mark.parametrize("text", GOOD.strip().splitlines())
def test_what_loads_validates(text, errors, loads):
    data = _data(text)
    assert loads(json.loads(json.dumps(data))) == ""
    assert errors(data) == []


@pytest.mark.parametrize("text", BAD.strip().splitlines())
def test_what_is_wrong_in_its_structure_is_refused_by_both(text, errors, loads):
    data = _data(text)
    assert loads(json.loads(json.dumps(data)))
    assert errors(data) or text in BEYOND


def _examples() -> Iterator[Any]:
    for file in sorted((ROOT / "scenarios").rglob("*.yaml")):
        yield pytest.param(file.read_text(encoding="utf-8"), id=file.name)
    docs = ROOT / "docs"
    pages = [*sorted(docs.glob("*.md")), *sorted(docs.glob("stages/**/*.md"))]
    for page in [ROOT / "README.md", *pages]:
        # Files of a plugin, and what needs a trainer, are tested where there is one.
        if page.name in ("hooks.md", "trainers.md"):
            continue
        text = page.read_text(encoding="utf-8")
        for number, found in enumerate(re.findall(r"^```yaml\n(.*?)^```$", text, re.S | re.M)):
            yield pytest.param(found, id=f"{page.parent.name}/{page.name}-{number}")


@pytest.mark.parametrize("text", list(_examples()))
def test_every_scenario_that_ships_and_every_example_validates(text, errors):
    if "carracing" in text:
        pytest.importorskip("racegym_carracing")
    assert errors(_data(text)) == []


def test_a_resolved_scenario_validates(errors):
    for name in ("quickstart", "time_trial", "evaluate"):
        assert errors(load_scenario(name).resolved()) == []


def test_what_holds_for_one_backend_is_asked_of_it_alone(errors):
    pytest.importorskip("racegym_carracing")
    assert errors({"backend": "carracing", "cars": [{"driver": "idle"}]}) == []
    assert errors({"backend": "carracing", "cars": [{"vehicle": "gt3"}]})
    assert errors({"backend": {"name": "carracing"}, "track": {"generate": {}}})
    assert errors({"backend": "toy", "cars": [{"vehicle": {"power": 7}}]})


def test_every_offer_stands_in_it_with_its_summary_and_options(schema):
    kinds = ("backend", "driver", "sensor", "action_map", "reward", "termination", "realism")
    for kind in kinds:
        for offer in plugins.load().offers(kind):
            definition = schema["$defs"][f"{kind}.{offer.name}"]
            assert offer.summary[1:].rstrip(".") in definition.get("description", "")
            if offer.name == "broken":  # one of the toys
                assert "Can't be loaded here: " in definition["description"]
                continue
            options = getattr(offer.load(), "Options", None)
            for option, field in getattr(options, "model_fields", {}).items():
                assert definition["properties"][option].get("description") == field.description


def test_a_plugin_that_cant_be_loaded_is_named_with_the_reason(monkeypatch):
    from racegym.errors import PluginError
    from racegym.plugins import Offer

    load = Offer.load

    def broken(offer: Offer) -> Any:
        if offer.name == "kart2d":
            raise PluginError("the engine is missing\nInstall it again")
        return load(offer)

    monkeypatch.setattr(Offer, "load", broken)
    found = scenario_schema()
    assert (
        "Can't be loaded here: the engine is missing."
        in (found["$defs"]["backend.kart2d"]["description"])
    )
    validator = jsonschema.Draft202012Validator(found)
    assert validator.is_valid({"backend": {"name": "kart2d", "anything": 1}})


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 200), st.floats(-2, 50),
    st.sampled_from(["state", "progress", "stuck", "idle", "pure_pursuit", "kart2d", "x", "gt3"]),
)  # fmt: skip
keys = st.sampled_from(
    ["name", "weight", "speed", "state", "lookahead", "progress", "stuck", "seconds", "pace",
     "off_track", "margin", "seed", "generate", "length", "x"]
)  # fmt: skip
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)
PLACES = ["observation", "action", "reward", "termination", "track", "cars", "start", "backend"]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(PLACES), values)
def test_whatever_loads_validates(place, value):
    data = {"backend": "kart2d", place: value}
    try:
        load_scenario(data)
    except RacegymError:
        return
    assert list(_validator().iter_errors(data)) == []


_kept: list[Any] = []


def _validator() -> Any:
    if not _kept:
        _kept.append(jsonschema.Draft202012Validator(scenario_schema()))
    return _kept[0]


def test_the_command_prints_or_writes_it(tmp_path, capsys):
    assert main(["scenario", "schema"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == scenario_schema()
    file = tmp_path / "racegym.schema.json"
    for _ in range(2):  # it may be made again
        assert main(["scenario", "schema", "--output", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == printed
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert str(file) in capsys.readouterr().out
    assert main(["scenario", "schema", "--output", str(tmp_path / "no" / "x.json")]) == 2
    error = capsys.readouterr().err
    assert "can't be written" in error and "Traceback" not in error
