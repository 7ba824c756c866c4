from __future__ import annotations

import numpy as np
import pytest

from racegym.errors import ScenarioError, TrackError
from racegym.race_control import Rules
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.building import make_rules
from racegym.scenario.racing import RulesSettings, StartSettings
from racegym.world import StartConfig, WorldConfig


def test_the_least_scenario_races(write):
    scenario = load_scenario(write("backend: toy\n", "least.yaml"))
    assert scenario.name == "least"
    assert scenario.task == "race"
    assert [car.name for car in scenario.cars] == ["Car 1"]
    assert scenario.cars[0].is_agent
    assert scenario.cars[0].vehicle == "toy_kart"
    assert scenario.track.generate.seed == 1
    assert scenario.laps == 3
    assert scenario.termination["laps_done"].options == {"laps": 3}
    world = scenario.world(2)
    world.reset(scenario.seeds(2))
    world.step([np.zeros((2, 2), np.float32)])
    assert world.groups[0].observations.shape == (2, 35)


def test_defaults_of_rules_and_start_are_those_of_the_world():
    assert make_rules(0, RulesSettings()) == Rules()
    assert StartConfig(**StartSettings().model_dump()) == StartConfig()


def test_every_setting_arrives_in_the_world(write):
    scenario = load_scenario(
        write(
            """
            backend: {name: toy, zeal: 2}
            dt: 0.1
            rounds: 2
            laps: 4
            track: ring
            rules: {retire_stuck: 20, leave_when_finished: false}
            start: {kind: random, speed: 3}
            realism: [rain, {name: rain}]
            relief: [idle]
            cars:
              - {name: A, driver: {name: random, hold: 3}, vehicle: {base: toy_kart, mass: 120}}
              - {name: B, profile: wild, grid: 7}
            observation: {eyes: lookahead, state: {speed: 10}}
            action: {name: discrete, steer: 0.5}
            reward: {progress: 2, fast: {name: speed, weight: 3, on_track: false}}
            termination: [off_track]
            profiles:
              wild: {observation: state, reward: {}, termination: {stuck: {seconds: 9}}}
            """
        )
    )
    config = scenario.build(3, real=np.float64)
    assert isinstance(config, WorldConfig)
    assert (config.n_races, config.dt, config.rounds, config.real) == (3, 0.1, 2, np.float64)
    assert config.backend.options == {"zeal": 2.0}
    assert config.rules == Rules(laps=4, retire_stuck=20.0, leave_when_finished=False)
    assert config.start == StartConfig(kind="random", speed=3.0)
    assert [track.name for track in config.tracks] == ["ring"]
    assert [part.name for part in config.realism] == ["rain", "rain_2"]
    assert [part.name for part in config.relief] == ["idle"]
    first, second = config.cars
    assert first.driver.options["hold"] == 3
    assert first.vehicle == {"name": "toy kart", "mass": 120, "tyres": {"front": 1.0, "rear": 1.2}}
    assert (second.driver, second.profile, second.grid) == (None, "wild", 7)
    default, wild = config.profiles["default"], config.profiles["wild"]
    assert default.layout == "dict"
    assert [part.name for part in default.sensors] == ["eyes", "state"]
    assert default.sensors[1].options == {"speed": 10.0}
    assert default.action.options["steer"] == 0.5
    assert [(term.name, term.weight) for term in default.rewards] == [("progress", 2), ("fast", 3)]
    assert default.rewards[1].options == {"on_track": False}
    assert [part.options for part in default.terminations] == [{"part": "whole", "margin": 0.0}]
    assert wild.layout == "box"
    assert wild.rewards == []
    assert wild.action == default.action
    assert [part.name for part in wild.terminations] == ["stuck"]


def test_cars_can_be_replicated(write):
    scenario = load_scenario(
        write(
            """
            backend: toy
            cars:
              - {name: Pole, driver: idle}
              - {count: 3, name: "Kart {n}", driver: idle, grid: 4}
            """
        )
    )
    assert [car.name for car in scenario.cars] == ["Pole", "Kart 2", "Kart 3", "Kart 4"]
    assert [car.grid for car in scenario.cars] == [None, 4, 5, 6]
    drivers = [car.driver for car in scenario.build().cars]
    assert all(driver == drivers[0] for driver in drivers)


def test_tracks_are_dealt_out_over_the_races(write):
    scenario = load_scenario(
        write(
            """
            backend: toy
            tracks:
              - {generate: {seed: 5, count: 2, length: 500}}
              - ring
              - {name: ring, reverse: true}
            """
        )
    )
    config = scenario.build()
    assert [t.name for t in config.tracks] == ["club-5", "club-6", "ring", "ring-reversed"]
    world = scenario.world(5)
    assert list(world.view.tracks.race_track) == [0, 1, 2, 3, 0]


def test_a_second_sensor_of_one_kind_has_a_name_of_its_own():
    two = [{"name": "lookahead", "distances": [10]}, {"name": "lookahead", "seconds": [1]}]
    scenario = load_scenario({"backend": "toy", "observation": two})
    names = [part.name for part in scenario.build().profiles["default"].sensors]
    assert names == ["lookahead", "lookahead_2"]
    assert scenario.world().groups[0].observation_space.shape == (4,)


@pytest.mark.parametrize(
    "written", ["state", ["state"], {"name": "state"}, {"name": "state", "speed": 20.0}]
)
def test_one_sensor_can_be_written_in_several_ways(written):
    scenario = load_scenario({"backend": "toy", "observation": written})
    assert scenario.observation[0].name == "state"
    assert scenario.observation[0].options == {"speed": 20.0}


def test_laps_done_takes_the_race_distance():
    def ends(**settings):
        return load_scenario({"backend": "toy", **settings}).termination

    assert ends(laps=7)["laps_done"].options == {"laps": 7}
    assert ends(laps=7, termination={"laps_done": {"laps": 2}})["laps_done"].options == {"laps": 2}
    assert "laps_done" not in ends(laps=0)
    assert list(ends(termination={"stuck": True, "off_track": False})) == ["stuck"]


def test_a_driver_gets_what_its_class_declares():
    scenario = load_scenario({"backend": "toy", "track": "ring", "cars": [{"driver": "schooled"}]})
    driver = scenario.build().cars[0].driver
    assert [part.name for part in driver.sensors] == ["state", "lookahead"]
    assert driver.sensors[1].options["distances"] == [5.0, 10.0]
    assert driver.action.name == "steer_accel"
    world = scenario.world()
    world.reset(scenario.seeds())
    for _ in range(20):
        world.step([])
    assert world.view.state.vx[0, 0] > 0.5


def test_a_backend_with_a_track_and_a_vehicle_of_its_own():
    scenario = load_scenario({"backend": "lonely"})
    assert scenario.every_track == ()
    assert scenario.cars[0].vehicle is None
    scenario.world().reset(scenario.seeds())


def test_paths_start_from_the_file_and_in_overrides_from_here(write, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    for folder in ("there", "here"):
        kart = "{base: toy_kart, mass: 111}"
        (tmp_path / folder / "kart.yaml").write_text(kart, encoding="utf-8")
    text = "backend: toy\ncars: [{vehicle: ./kart.yaml, driver: {name: from_file, checkpoint: a}}]"
    path = write(text, "there/test.yaml")
    monkeypatch.chdir(tmp_path / "here")
    car = load_scenario(path).cars[0]
    assert car.vehicle == str(tmp_path / "there" / "kart.yaml")
    assert car.driver.options == {"checkpoint": str(tmp_path / "there" / "a")}
    changes = ["cars[0].vehicle=./kart.yaml", "cars[0].driver.checkpoint=b"]
    car = load_scenario(path, changes).cars[0]
    assert car.vehicle == str(tmp_path / "here" / "kart.yaml")
    assert car.driver.options == {"checkpoint": str(tmp_path / "here" / "b")}
    assert load_scenario(path, changes).build().cars[0].vehicle["mass"] == 111


def test_vehicles_change_what_they_build_on(write, tmp_path):
    (tmp_path / "one.yaml").write_text("{base: toy_kart, tyres: {rear: 1.5}}", encoding="utf-8")
    (tmp_path / "two.yaml").write_text("{base: ./one.yaml, mass: 90}", encoding="utf-8")
    text = "backend: toy\ncars: [{vehicle: {base: ./two.yaml, tyres: {front: 1.1}}}]"
    vehicle = load_scenario(write(text)).build().cars[0].vehicle
    assert vehicle == {"name": "toy kart", "mass": 90, "tyres": {"front": 1.1, "rear": 1.5}}


def test_a_shipped_scenario_is_found_by_name_and_a_file_by_path(write, monkeypatch, tmp_path):
    assert load_scenario("monza", ["track=ring", "backend=toy", *NO_GT3]).name == "monza"
    write("{backend: toy, description: mine}", "monza")
    monkeypatch.chdir(tmp_path)
    assert load_scenario("monza").description == "mine"


NO_GT3 = [f"cars[{index}].vehicle=toy_kart" for index in range(6)]


def test_a_scenario_from_code_may_hold_arrays_and_paths(tmp_path):
    (tmp_path / "kart.yaml").write_text("{base: toy_kart}", encoding="utf-8")
    scenario = load_scenario(
        {
            "backend": "toy",
            "laps": np.int64(2),
            "cars": ({"vehicle": tmp_path / "kart.yaml"},),
            "observation": [{"name": "lookahead", "distances": np.array([1.0, 2.0])}],
        }
    )
    assert scenario.laps == 2
    assert scenario.observation[0].options["distances"] == [1.0, 2.0]


def test_a_mapping_is_left_as_it_was():
    source = {"backend": "toy", "cars": [{"driver": "idle"}], "reward": {"progress": 1}}
    load_scenario(source, ["reward.progress=2"])
    assert source == {"backend": "toy", "cars": [{"driver": "idle"}], "reward": {"progress": 1}}


def test_a_scenario_is_frozen():
    scenario = load_scenario({"backend": "toy"})
    with pytest.raises(ValueError, match="frozen"):
        scenario.laps = 4
    with pytest.raises(TypeError):
        hash(scenario)


def test_a_bad_track_file_names_its_own_line(write, tmp_path):
    (tmp_path / "bad.csv").write_text("0,0,5,5\n1,x,5,5\n", encoding="utf-8")
    scenario = load_scenario(write("{backend: toy, track: ./bad.csv}"))
    with pytest.raises(TrackError, match=r"bad\.csv:2: y_m is 'x'"):
        scenario.build()


def test_a_track_that_can_not_be_generated_names_the_scenarios_line(write):
    scenario = load_scenario(write("backend: toy\nlaps: 1\ntrack: {generate: {length: 10}}\n"))
    with pytest.raises(TrackError, match=r"test\.yaml:3: a lap of 10 m is too short"):
        scenario.build()


def test_seeds():
    scenario = load_scenario({"backend": "toy", "seed": 5})
    assert scenario.seeds(3).tolist() == [5, 6, 7]
    assert scenario.seeds(2, 9).tolist() == [9, 10]
    assert scenario.seeds().dtype == np.uint64
    with pytest.raises(ScenarioError):
        load_scenario({"backend": "toy", "seed": 2**63})


def test_equality_is_of_what_is_said(write):
    one = load_scenario(write("backend: toy\nname: a\n"))
    assert one == load_scenario({"name": "a", "backend": "toy"})
    assert one != load_scenario({"name": "b", "backend": "toy"})
    assert one != "a"
    assert isinstance(one, Scenario)


def test_what_is_joined_is_written_out_and_read_again(write):
    scenario = load_scenario(
        write(
            """
            backend: toy
            observation: {a: state, b: lookahead, flatten: true}
            critic_observation: {c: state, flatten: false}
            profiles: {other: {}}
            """
        )
    )
    profiles = scenario.build().profiles
    assert {profile.layout for profile in profiles.values()} == {"joined"}
    assert {profile.critic_layout for profile in profiles.values()} == {"dict"}
    assert scenario.resolved()["observation"]["flatten"] is True
    assert "flatten" not in scenario.resolved()["critic_observation"]
    assert load_scenario(scenario.resolved()) == scenario
    apart = load_scenario(scenario.resolved(), ["observation.flatten=false"])
    assert apart.build().profiles["default"].layout == "dict"
