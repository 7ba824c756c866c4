"""What is wrong is told with file, line, value and the nearest that is right."""

from __future__ import annotations

import pytest

from racegym import plugins
from racegym.errors import PluginError, ScenarioError, TrackError
from racegym.scenario import load_scenario

WRONG = {
    "unknown backend": (
        "laps: 1\nbackend: toi\n",
        "FILE:2: backend.name: unknown backend 'toi'; did you mean 'toy'?",
    ),
    "no backend": ("laps: 1\n", "FILE:1: backend: is missing"),
    "backend that does not load": (
        "backend: broken\n",
        "FILE:1: backend.name: the backend 'broken' of racegym-toy can't be loaded",
    ),
    "backend option": (
        "backend:\n  name: toy\n  zea: 1\n",
        "FILE:3: backend.zea: is unknown; did you mean 'zeal'?",
    ),
    "unknown key": ("backend: toy\nlap: 1\n", "FILE:2: lap: is unknown; did you mean 'laps'?"),
    "version": ("racegym: 2\nbackend: toy\n", "FILE:1: racegym: is 2; this racegym reads"),
    "task": ("backend: toy\ntask: rase\n", "FILE:2: task: is 'rase'; did you mean 'race'?"),
    "negative laps": (
        "backend: toy\nlaps: -1\n",
        "FILE:2: laps: is -1; it should be greater than or equal to 0",
    ),
    "text for a number": (
        "backend: toy\nlaps: '3'\n",
        "FILE:2: laps: is '3'; it should be a whole",
    ),
    "true for a number": (
        "backend: toy\nlaps: true\n",
        "FILE:2: laps: is true; it should be a whole",
    ),
    "not finite": ("backend: toy\ntime_limit: .inf\n", "FILE:2: time_limit: is inf; it should be"),
    "dt no multiple": ("backend: toy\ndt: 0.015\n", "FILE:2: dt: backend 'toy' steps in frames"),
    "unknown vehicle": (
        "backend: toy\ncars:\n  - name: A\n    vehicle: toy_cart\n",
        "FILE:4: cars[0].vehicle: unknown vehicle 'toy_cart'; did you mean 'toy_kart'?",
    ),
    "missing vehicle file": (
        "backend: toy\ncars:\n  - vehicle: ./my.yaml\n",
        "FILE:3: cars[0].vehicle: there is no file",
    ),
    "unknown parameter": (
        "backend: toy\ncars:\n  - vehicle:\n      base: toy_kart\n      mas: 5\n",
        "FILE:5: cars[0].vehicle.mas: is unknown; did you mean 'mass'?",
    ),
    "unknown inner parameter": (
        "backend: toy\ncars:\n  - vehicle:\n      base: toy_kart\n      tyres:\n        frunt: 5\n",
        "FILE:6: cars[0].vehicle.tyres.frunt: is unknown; did you mean 'front'?",
    ),
    "vehicle that is a number": (
        "backend: toy\ncars: [{vehicle: 3}]\n",
        "FILE:2: cars[0].vehicle: give a vehicle's name",
    ),
    "no vehicle": (
        "backend: demanding\ncars:\n  - name: A\n",
        "FILE:3: cars[0].vehicle: is missing. Valid: ",
    ),
    "vehicle of its own": (
        "backend: lonely\ncars: [{vehicle: toy_kart}]\n",
        "FILE:2: cars[0].vehicle: backend 'lonely' has a vehicle of its own",
    ),
    "unknown driver": (
        "backend: toy\ncars:\n  - driver: idel\n",
        "FILE:3: cars[0].driver.name: unknown driver 'idel'; did you mean 'idle'?",
    ),
    "driver option": (
        "backend: toy\ncars:\n  - driver:\n      name: random\n      hold: 0\n",
        "FILE:5: cars[0].driver.hold: is 0; it should be greater than or equal to 1",
    ),
    "options of an agent": (
        "backend: toy\ncars:\n  - driver: {name: agent, pace: 3}\n",
        "FILE:3: cars[0].driver.pace: a car driven from outside takes no options",
    ),
    "driver that declares nonsense": (
        "backend: toy\ncars:\n  - driver: confused\n",
        "FILE:3: cars[0].driver: driver 'confused' declares what does not work: observation[0]",
    ),
    "unknown sensor": (
        "backend: toy\nobservation:\n  - state\n  - lokahead\n",
        "FILE:4: observation[1].name: unknown sensor 'lokahead'; did you mean 'lookahead'?",
    ),
    "no sensor": ("backend: toy\nobservation: []\n", "FILE:2: observation: is []; "),
    "sensor option": (
        "backend: toy\nobservation:\n  - name: lookahead\n    distances: [1, far]\n",
        "FILE:4: observation[0].distances[1]: is 'far'; it should be",
    ),
    "sensor options that exclude each other": (
        "backend: toy\nobservation:\n  - {name: lookahead, distances: [1], seconds: [1]}\n",
        "FILE:3: observation[0]: give distances or seconds, not both",
    ),
    "missing channel": (
        "backend: toy\nobservation:\n  - state\n  - radar\n",
        "FILE:4: observation[1]: sensor 'radar' needs echo, which backend 'toy' does not offer",
    ),
    "missing state": (
        "backend: lonely\nobservation: [telemetry]\n",
        "FILE:2: observation[0]: sensor 'telemetry' needs ax, ay, which backend 'lonely'",
    ),
    "flatten that is no truth value": (
        "backend: toy\nobservation:\n  a: state\n  flatten: 3\n",
        "FILE:4: observation.flatten: is 3; it should be true or false",
    ),
    "flatten alone": (
        "backend: toy\nobservation: {flatten: true}\n",
        "FILE:2: observation: has no sensor; give at least one",
    ),
    "label of the joined values": (
        "backend: toy\nobservation:\n  vector: state\n  flatten: true\n",
        "FILE:2: observation: calls a sensor 'vector', as flatten calls the others",
    ),
    "unknown action map": (
        "backend: toy\naction: discreet\n",
        "FILE:2: action.name: unknown action_map 'discreet'; did you mean 'discrete'?",
    ),
    "unknown reward": (
        "backend: toy\nreward:\n  progress: 1\n  speeed: 1\n",
        "FILE:4: reward.speeed.name: unknown reward 'speeed'; did you mean 'speed'?",
    ),
    "reward weight": (
        "backend: toy\nreward:\n  progress: {weight: much}\n",
        "FILE:3: reward.progress.weight: is 'much'; it should be a number",
    ),
    "termination option": (
        "backend: toy\ntermination:\n  stuck: {second: 3}\n",
        "FILE:3: termination.stuck.second: is unknown; did you mean 'seconds'?",
    ),
    "unknown realism": (
        "backend: toy\nrealism: [rian]\n",
        "FILE:2: realism[0].name: unknown realism 'rian'; did you mean 'rain'?",
    ),
    "effect not honoured": (
        "backend: toy\nrealism:\n  - rain\n  - wind\n",
        "FILE:4: realism[1]: realism 'wind' wants effect 'fx', which backend 'toy' does not honour",
    ),
    "unknown profile": (
        "backend: toy\ncars: [{profile: wld}]\nprofiles: {wild: {action: discrete}}\n",
        "FILE:2: cars[0].profile: unknown profile 'wld'; did you mean 'wild'?",
    ),
    "key of a profile": (
        "backend: toy\nprofiles:\n  wild: {rewards: {}}\n",
        "FILE:3: profiles.wild.rewards: is unknown; did you mean 'reward'?",
    ),
    "second default profile": (
        "backend: toy\nprofiles: {default: {}}\n",
        "FILE:2: profiles: the profile 'default' is written in the scenario itself",
    ),
    "two cars of one name": (
        "backend: toy\ncars:\n  - name: A\n  - name: A\n",
        "FILE:4: cars[1].name: two cars are called 'A'",
    ),
    "replicated name": (
        "backend: toy\ncars:\n  - {name: A, count: 2}\n",
        "FILE:3: cars[0].name: two cars are called 'A'; put {n} into it",
    ),
    "two cars on one slot": (
        "backend: toy\ncars:\n  - {name: A}\n  - {name: B, grid: 0}\n",
        "FILE:4: cars[1].grid: 'A' and 'B' both start from grid slot 0",
    ),
    "too many cars": (
        "backend: lonely\ncars:\n  - {}\n  - {}\n",
        "FILE:2: cars: backend 'lonely' has at most 1 car(s), not 2",
    ),
    "no cars": ("backend: toy\ncars: []\n", "FILE:2: cars: is []; it should have at least 1 item"),
    "start that the backend can't make": (
        "backend: lonely\nstart: {kind: random}\n",
        "FILE:2: start.kind: backend 'lonely' can't place cars anywhere",
    ),
    "start kind": (
        "backend: toy\nstart: {kind: gird}\n",
        "FILE:2: start.kind: is 'gird'; did you mean 'grid'?",
    ),
    "unknown track": (
        "backend: toy\ntrack: rng\n",
        "FILE:2: track.name: unknown track 'rng'; did you mean 'ring'?",
    ),
    "track that is none": (
        "backend: toy\ntrack: no_ring\n",
        "FILE:2: the track 'no_ring' of racegym-toy is a str",
    ),
    "missing track file": (
        "backend: toy\ntrack: {file: spa.csv}\n",
        "FILE:2: track.file: there is no file",
    ),
    "two kinds of track": (
        "backend: toy\ntrack: {generate: {}, name: ring}\n",
        "FILE:2: track: give one of file, generate and name, not generate and name",
    ),
    "no kind of track": (
        "backend: toy\ntrack: {reverse: true}\n",
        "FILE:2: track: give one of file, generate and name, not nothing",
    ),
    "track and tracks": (
        "backend: toy\ntrack: ring\ntracks: [ring]\n",
        "FILE:1: give either track or tracks, not both",
    ),
    "track style": (
        "backend: toy\ntrack: {generate: {style: smoth}}\n",
        "FILE:2: track.generate.style: is 'smoth'; did you mean 'smooth'?",
    ),
    "track of its own": (
        "backend: lonely\ntrack: ring\n",
        "FILE:2: track: backend 'lonely' has a track of its own",
    ),
    "rules": (
        "backend: toy\nrules:\n  retire_stuk: 1\n",
        "FILE:3: rules.retire_stuk: is unknown; did you mean 'retire_stuck'?",
    ),
    "safety car without yellow flags": (
        "backend: toy\nrules:\n  flags: {yellow: false, safety_car: {after: 5}}\n",
        "FILE:3: rules.flags: safety_car comes out after yellow flags; set yellow to true",
    ),
    "list for a mapping": (
        "backend: toy\nrules: [1]\n",
        "FILE:2: rules: is [1]; it should be a mapping",
    ),
    "true for a mapping": (
        "backend: toy\nrules:\n  flags: {safety_car: true}\n",
        "FILE:3: rules.flags.safety_car: is true; it should be a mapping, {} for the defaults",
    ),
    "car that is a number": (
        "backend: toy\ncars: [1]\n",
        "FILE:2: cars[0]: is 1; it should be a mapping",
    ),
    "name that can't be printed": (
        'backend: toy\nname: "a\\0b"\n',
        "FILE:2: name: 'a\\x00b' begins or ends with a space, or can't be printed",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_told_plainly(case, refusal):
    text, message = WRONG[case]
    first = refusal(text)[0]
    assert first.startswith(message)


def test_all_faults_are_told_at_once_in_the_order_of_the_file(refusal):
    lines = refusal("backend: toi\nlaps: -1\nstart: {kind: gird}\ncars: [{driver: idel}]\n")
    assert [line.split(" ")[0] for line in lines] == [f"FILE:{k}:" for k in (1, 2, 3, 4)]


def test_what_is_inherited_is_told_once(refusal):
    lines = refusal("backend: toy\naction: discreet\nprofiles: {wild: {reward: {}}}\n")
    assert len(lines) == 1


def test_an_error_knows_its_file_and_line(write):
    path = write("backend: toy\nlaps: -1\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert caught.value.file == str(path)
    assert caught.value.line == 2


def test_a_mapping_from_code_has_no_file():
    with pytest.raises(ScenarioError) as caught:
        load_scenario({"backend": "toy", "laps": -1})
    assert caught.value.file is None
    assert str(caught.value).startswith("laps: is -1")


@pytest.mark.parametrize("value", [{1: 2}, {"a": object()}, {"a": "\ud800"}, {"a": 10**50}])
def test_a_mapping_from_code_holds_plain_data_only(value):
    with pytest.raises(ScenarioError):
        load_scenario({"backend": "toy", "description": value})


def test_a_vehicle_file_is_named_with_its_own_line(refusal, tmp_path):
    (tmp_path / "kart.yaml").write_text("mass: 1\nmass: 2\n", encoding="utf-8")
    (line,) = refusal("backend: toy\ncars: [{vehicle: ./kart.yaml}]\n")
    assert line.endswith("kart.yaml:2: the key 'mass' stands here and in line 1")


def test_vehicles_that_build_on_each_other_without_end(refusal, tmp_path):
    (tmp_path / "a.yaml").write_text("base: ./b.yaml\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("base: ./a.yaml\n", encoding="utf-8")
    (line,) = refusal("backend: toy\ncars: [{vehicle: ./a.yaml}]\n")
    assert "builds on itself" in line


def test_a_name_that_a_known_plugin_offers_says_how_to_install_it(monkeypatch):
    monkeypatch.setenv("RACEGYM_PLUGINS", "")
    plugins.load(fresh=True)
    try:
        with pytest.raises(ScenarioError, match="racegym-kart2d provides it"):
            load_scenario({"backend": "kart2d"})
    finally:
        monkeypatch.undo()
        plugins.load(fresh=True)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("quikstart", r"neither a file nor a scenario 'quikstart'; did you mean 'quickstart'\?"),
        ("scenarios/quickstart.yaml.yaml", "there is no file"),
        ("nowhere/quickstart.yaml", "racegym ships it: write quickstart"),
        ("a\0b", "neither a file nor a scenario"),
        ("x" * 5000, "there is neither"),
        ("", "there is neither"),
    ],
)
def test_a_source_that_does_not_exist(source, message):
    with pytest.raises(ScenarioError, match=message):
        load_scenario(source)


def test_a_missing_file_names_the_nearest(write):
    path = write("backend: toy", "karts.yaml")
    with pytest.raises(ScenarioError, match=r"did you mean 'karts.yaml'\?"):
        load_scenario(path.with_name("kart.yaml"))
    with pytest.raises(ScenarioError, match=r"did you mean 'karts.yaml'\?"):
        load_scenario(str(path.with_name("kart.yaml")))


def test_the_shipped_circuit_asks_for_its_file():
    with pytest.raises(ScenarioError, match=r"Give another with --set track\.file=PATH"):
        load_scenario("monza")


def test_a_track_error_keeps_its_kind(write, tmp_path):
    (tmp_path / "few.csv").write_text("0,0,5,5\n1,1,5,5\n", encoding="utf-8")
    with pytest.raises(TrackError, match=r"few\.csv"):
        load_scenario(write("{backend: toy, track: {file: few.csv}}")).world()


def test_a_wrong_choice_of_plugins_is_told_once(monkeypatch):
    monkeypatch.setenv("RACEGYM_PLUGINS", "racegym-kart3d")
    with pytest.raises(PluginError):
        plugins.load(fresh=True)
    try:
        with pytest.raises(PluginError, match=r"^RACEGYM_PLUGINS names 'racegym-kart3d'[^\n]*$"):
            load_scenario({"backend": "kart2d"})
    finally:
        monkeypatch.undo()
        plugins.load(fresh=True)
