from __future__ import annotations

import pytest

from racegym.errors import RacegymError, ScenarioError
from racegym.scenario import load_scenario

BASE = {
    "backend": "toy",
    "track": {"generate": {"seed": 7}},
    "cars": [{"driver": "idle"}, {"driver": {"name": "random", "hold": 3}}],
}


def load(*overrides: str):
    return load_scenario(BASE, overrides)


def test_values_are_yaml():
    scenario = load("laps=5", "name='007'", "rules={retire_stuck: 3}", "start.kind=random")
    assert (scenario.laps, scenario.name) == (5, "007")
    assert scenario.rules.retire_stuck == 3
    assert scenario.start.kind == "random"


def test_later_ones_win():
    assert load("laps=5", "laps=6").laps == 6
    assert load("rules.retire_stuck=6", "rules={}").rules.retire_stuck == 0


def test_entries_of_lists_are_reached_by_index():
    assert load("cars[1].driver.hold=9").cars[1].driver.options["hold"] == 9


def test_short_forms_are_opened():
    scenario = load(
        "backend.zeal=2",
        "cars[0].driver.name=random",
        "cars[1].vehicle=toy_kart",
        "cars[1].vehicle.mass=7",
        "observation[1].radius=30",
        "reward.progress.on_track=false",
    )
    assert scenario.backend.options == {"zeal": 2.0}
    assert scenario.cars[0].driver.name == "random"
    assert scenario.build().cars[1].vehicle["mass"] == 7
    assert scenario.observation[1].options["radius"] == 30
    assert scenario.reward["progress"].weight == 0.5
    assert scenario.reward["progress"].options == {"on_track": False}


def test_defaults_that_the_file_does_not_mention_can_be_changed():
    scenario = load("termination.time_limit.seconds=9", "termination.stuck=false", "laps=2")
    assert scenario.termination["time_limit"].options["seconds"] == 9
    assert "stuck" not in scenario.termination
    assert scenario.termination["laps_done"].options == {"laps": 2}


def test_a_profile_inherits_what_is_set():
    scenario = load("profiles.wild.action=discrete", "reward.progress=9")
    assert scenario.profiles["wild"].reward["progress"].weight == 9


@pytest.mark.parametrize("track", [{"generate": {"seed": 7}}, "ring", {"name": "ring"}])
def test_one_kind_of_track_replaces_another(track, shared):
    monza = shared / "tracks" / "tum" / "Monza.csv"
    scenario = load_scenario({**BASE, "track": track}, [f"track.file={monza}"])
    assert scenario.track.file == str(monza)
    assert scenario.build().tracks[0].length == pytest.approx(5793, rel=0.01)
    assert load("track.name=ring").track.name == "ring"
    assert load("track=ring").track.generate is None
    assert load("track.name=ring", "track.generate.seed=3").track.generate.seed == 3


def test_track_and_tracks_replace_each_other():
    scenario = load("tracks=[ring, {generate: {seed: 3}}]")
    assert len(scenario.every_track) == 2
    assert scenario.track is None
    both = {**BASE, "tracks": ["ring"]}
    del both["track"]
    assert load_scenario(both, ["track.generate.seed=2"]).tracks == ()
    assert load_scenario(both, ["tracks[0].generate.seed=2"]).tracks[0].name is None


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("laps", "--set laps: write --set laps=VALUE"),
        ("=3", "--set =3: '' is no path of keys"),
        ("a..b=3", "'a..b' is no path of keys; write it like cars[1].driver.pace"),
        ("[0]=3", "'[0]' is no path of keys"),
        ("cars[x].name=3", "'cars[x].name' is no path of keys"),
        ("cars[2].name=a", "there is no cars[2]; the last is cars[1]"),
        ("cars.name=a", "cars is a list; write cars[0] for its first entry"),
        ("laps.x=1", "laps is 3, which has no 'x'"),
        ("crs[0].name=a", "crs is missing"),
        ("rules[0]=a", "rules is missing"),
        ("name=[", "the value is no YAML"),
        ("laps=many", "laps: is 'many'; it should be a whole number"),
        ("lap=4", "lap: is unknown; did you mean 'laps'?"),
        ("crs.x.y=1", "crs: is unknown; did you mean 'cars'?"),
        ("cars[1].driver.hodl=4", "cars[1].driver.hodl: is unknown; did you mean 'hold'?"),
        ("cars[1].driver.hold=x", "cars[1].driver.hold: is 'x'; it should be"),
        ("cars[0].vehicle.mass=-1", "cars[0].vehicle"),
        ("track.file=nowhere.csv", "track.file: there is no file"),
        ("track.generate.length=10", "a lap of 10 m is too short"),
        ("backend=toi", "backend.name: unknown backend 'toi'; did you mean 'toy'?"),
    ],
)
def test_what_is_wrong_names_the_argument(override, message):
    with pytest.raises(RacegymError) as caught:
        load(override).build()
    assert str(caught.value).startswith(f"--set {override}: ")
    assert message in str(caught.value)


def test_faults_of_the_file_come_before_those_of_arguments(write):
    path = write("backend: toy\nseed: -1\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, ["laps=-1"])
    first, second = str(caught.value).split("\n")
    assert first.startswith(f"{path}:2: seed: is -1")
    assert second.startswith("--set laps=-1: laps: is -1")
