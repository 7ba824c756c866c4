"""Drivers, rewards, terminations and sensors from files."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest
from entrant_races import race

import racegym
from racegym.cli import main
from racegym.entrants.failure import Fault
from racegym.entrants.settings import EntrantOptions
from racegym.entrants.source import Source
from racegym.errors import ScenarioError
from racegym.record.stream import read_batches
from racegym.run import code_files, run, verify
from racegym.scenario import load_scenario
from racegym.scenario.drivers import read_driver


def digests(folder, key):
    return [x for rows in read_batches(folder / "controls.arrows") for x in rows[key].to_pylist()]


def controls(world, steps=100):
    applied = []
    for _ in range(steps):
        world.step()
        applied.append(
            np.stack([world.control.steer, world.control.throttle, world.control.brake]).copy()
        )
    return np.array(applied)


def test_a_driver_from_a_file_races_and_can_be_verified(steady, tmp_path, capsys):
    file = tmp_path / "race.yaml"
    file.write_text(json.dumps(race("./steady.py:Steady", "pure_pursuit")), "utf-8")
    assert main(["run", str(file), "--runs-dir", str(tmp_path), "--no-plots"]) == 0
    told = capsys.readouterr()
    assert told.err == f"runs the code in {tmp_path / 'steady.py'}\n"
    (folder,) = (tmp_path / "entrants").iterdir()
    result = json.loads((folder / "result.json").read_text("utf-8"))
    rows = {row["driver"]: row for row in result["classification"]}
    assert rows["Steady"]["status"] == "finished"
    assert rows["Steady"]["average_speed"] == pytest.approx(7.5, abs=1)
    proof = verify(folder)
    assert proof.difference is None and proof.steps == result["steps"] and not proof.warnings

    (tmp_path / "steady.py").write_text("raise SystemExit('not to be run')\n", "utf-8")
    assert "steady.py has changed" in verify(folder).warnings[0]
    (tmp_path / "steady.py").unlink()
    proof = verify(folder)
    assert proof.difference is None and "can't be read" in proof.warnings[0]


def test_a_recorded_scenario_is_the_same_again(steady):
    scenario = load_scenario(race({"file": steady, "speed": 9}))
    plain = scenario.resolved()
    assert plain["cars"][0]["driver"]["speed"] == 9.0
    assert len(plain["cars"][0]["driver"]["digest"]) == 32
    assert load_scenario(plain) == scenario
    assert [file.name for file in code_files(scenario)] == ["steady.py"]


def test_set_starts_from_the_working_directory(steady, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    scenario = load_scenario(race("idle"), ["cars[0].driver=./steady.py:Steady"])
    assert scenario.cars[0].driver.source == steady


@pytest.mark.parametrize("process", [False, True])
def test_a_race_of_a_batch_is_the_race_alone(steady, process):
    drivers = {"file": steady, "process": process}, {"file": steady, "speed": 6}
    scenario = load_scenario(race(*drivers, start={"kind": "random", "speed": 5}))
    batch = scenario.world(3)
    batch.reset(scenario.seeds(3))
    together = controls(batch, 40)
    batch.reset(races=[1])  # an object starts afresh with its race, and alone
    again = controls(batch, 20)
    batch.close()
    alone = scenario.world()
    alone.reset([scenario.seed + 1])
    assert np.array_equal(controls(alone, 40)[:, :, 0], together[:, :, 1])
    alone.reset()
    assert np.array_equal(controls(alone, 20)[:, :, 0], again[:, :, 1])
    alone.close()


def test_a_process_of_its_own_changes_no_bit(steady, tmp_path):
    results = []
    for process in (False, True):
        entries = [{"file": steady, "process": process, "speed": 7 + k} for k in range(2)]
        done = run(race(*entries, time_limit=15), runs_dir=tmp_path, plots=False)
        results.append(done)
    inside, outside = (done.folder for done in results)
    for key in ("chain", "motion", "state"):
        assert digests(inside, key) == digests(outside, key) != []
    assert results[0].result["summary"]["mean_speed"] > 4
    assert verify(outside).difference is None


STAGES = """
import numpy as np
from gymnasium import spaces
from racegym.interfaces import RewardTerm, Sensor, StageOptions, Termination, options

class Fast(RewardTerm):
    requires = frozenset({"vx"})
    class Options(StageOptions):
        scale: float = 1.0
    def __init__(self, setup):
        super().__init__(setup)
        self.scale = options.read(self.Options, setup.options, "reward 'Fast'").scale
    def compute(self, view, out):
        out[:] = self.scale * view.state.vx

class Slow(Termination):
    def compute(self, view, out):
        out[:] = view.race.time[:, None] > 0.95

class Yaw(Sensor):
    space = spaces.Box(-4, 4, (1,), np.float32)
    def observe(self, view, cars, out):
        out[:, 0] = view.state.yaw.reshape(-1)[cars]
"""


def test_rewards_terminations_and_sensors_come_from_files(put):
    scenario = race("agent", dt=0.1, start={"speed": 4})
    path = put("stages.py", STAGES)
    scenario |= {
        "observation": [f"{path}:Yaw", "state"],
        "reward": {"mine": {"name": f"{path}:Fast", "weight": 2, "scale": 0.5}},
        "termination": [f"{path}:Slow"],
    }
    env = racegym.make(scenario)
    told, _ = env.reset(seed=1)
    assert told.shape == (12,)
    assert told[0] == env.world.view.state.yaw[0, 0]
    done = steps = False
    while not done:
        _, reward, done, _, info = env.step([0, 0])
        steps += 1
        speed = env.world.view.state.vx[0, 0]
        assert reward == speed and info["rewards"] == {"mine": pytest.approx(speed / 2)}
    assert steps == 10 and info["ended_by"] == {"Slow": True}
    env.close()
    plain = load_scenario(scenario).resolved()
    assert plain["reward"]["mine"]["name"] == "Fast"
    assert plain["reward"]["mine"]["file"] == f"{path}:Fast"
    assert load_scenario(plain) == load_scenario(scenario)


WRONG = {
    "no file": ("./none.py:Some", "", "there is no file"),
    "no class": ("./odd.py:Od", "class Odd: pass", "has no class 'Od'; did you mean 'Odd'?"),
    "no name": ("./odd.py", "class Odd: pass", "name a class, as in odd.py:Odd"),
    "syntax": ("./odd.py:Odd", "\n\ndef f(:\n", "odd.py:3: is no valid Python"),
    "import": (
        "./odd.py:Odd",
        "x = 1\nimport no_such_thing\n",
        "odd.py:2: can't be imported: ModuleNotFoundError",
    ),
    "exit": ("./odd.py:Odd", "exit(0)", "odd.py:1: can't be imported: SystemExit"),
    "no act": ("./odd.py:Odd", "\nclass Odd: pass", "odd.py:2: Odd has no method act"),
    "other act": (
        "./odd.py:Odd",
        "class Odd:\n  def act(self): pass",
        "Odd has an act of other arguments",
    ),
    "no observation": (
        "./odd.py:Odd",
        "class Odd:\n  def act(self, o): pass",
        "Odd declares no observation; write",
    ),
    "sensor": (
        "./odd.py:Odd",
        "class Odd:\n  observation = ['stat']\n  action = 'steer_accel'\n  def act(self, o): pass",
        "unknown sensor 'stat'; did you mean 'state'?",
    ),
}


OUTSIDE = ("syntax", "import", "no act", "sensor")  # a process takes its time to start


@pytest.mark.parametrize(
    ("driver", "text", "told", "process"),
    [(*WRONG[name], False) for name in WRONG] + [(*WRONG[name], True) for name in OUTSIDE],
    ids=[*WRONG, *(f"{name}, in a process" for name in OUTSIDE)],
)
def test_what_can_be_known_is_told_before_anything_starts(
    driver, text, told, process, put, tmp_path, capsys
):
    put("odd.py", text)
    file = put("race.yaml", json.dumps(race({"file": driver, "process": process})))
    assert main(["run", file, "--runs-dir", str(tmp_path / "runs")]) == 2
    shown = capsys.readouterr()
    assert told in shown.err and "Traceback" not in shown.err and not shown.out
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "text, told",
    [
        ("return np.zeros(3)", "an action of shape (3,); (2,) was expected"),
        ("return 7", "odd.py: driver 'Odd' at its first decision: act returned"),
        ("return [0, float('nan')]", "act returned [0.0, nan], which is not finite"),
        ("return None", "act returned NoneType; numbers were expected"),
        ("return undefined", "odd.py:10: driver 'Odd' at its first decision: act raised NameError"),
    ],
)  # fmt: skip
def test_the_first_decision_is_rehearsed(text, told, body, put, tmp_path, capsys):
    body(text)
    file = put("race.yaml", json.dumps(race("./odd.py:Odd")))
    assert main(["run", file, "--runs-dir", str(tmp_path / "runs")]) == 2
    assert told in capsys.readouterr().err
    assert not list((tmp_path / "runs").glob("*/*"))


def test_an_error_in_the_race_stops_it_and_names_the_line(body, put, tmp_path, capsys):
    body("return [0, 1 / (30 - self.steps)]")
    file = put("race.yaml", json.dumps(race("./odd.py:Odd")))
    assert main(["run", file, "--runs-dir", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "odd.py:10: driver 'Odd' of car 1 at 1.45 s: act raised ZeroDivisionError" in told
    assert "on_failure: coast" in told


@pytest.mark.parametrize(
    "entry, told",
    [
        ({"spead": 3}, "spead: is unknown; did you mean 'speed'?"),
        ({"proces": True}, "proces: is unknown; did you mean 'process'?"),
        ({"speed": "high"}, "speed: is 'high'; it should be a valid number"),
        ({"speed": "high", "process": True}, "speed: is 'high'; it should be a valid number"),
        ({"drop": 2}, "drop: is 2; it should be less than or equal to 1"),
        ({"budget_ms": 5}, "budget_ms needs process: true"),
    ],
)
def test_options_are_checked(steady, entry, told):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(race({"file": steady, **entry}))
    assert told in str(caught.value)


def test_a_driver_with_options_is_named_by_its_file_where_it_stands_alone(steady):
    alone = read_driver({"file": steady, "speed": 5.0})
    assert (alone.name, alone.options["speed"]) == (read_driver(steady).name, 5.0)
    with pytest.raises(ScenarioError, match="give name: NAME, policy: PATH or file: FILE"):
        read_driver({"speed": 5.0})


def test_every_setting_stands_on_the_page_with_its_default(root):
    page = (root / "docs" / "entrants.md").read_text("utf-8")
    for name, field in EntrantOptions.model_fields.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        told = {"None": "none", "False": "`false`"}
        default = told.get(str(field.default), f"{field.default or 0:g}")
        assert f"| {default} |" in row or name == "on_failure", name
    assert all(f"{fault.value} " in page for fault in Fault)


def test_the_command_line_tells_who_failed(body, put, tmp_path, capsys):
    body("raise ValueError('lost the map')")
    driver = {"file": "./odd.py:Odd", "process": True}
    file = put("race.yaml", json.dumps(race(driver, "pure_pursuit", time_limit=2)))
    assert main(["run", file, "--runs-dir", str(tmp_path), "--no-plots"]) == 0
    shown = capsys.readouterr().out
    assert "Car 1: its driver raised an error at 0.050\n" in shown
    (log,) = tmp_path.glob("entrants/*/entrant_0_Odd.log")
    told = log.read_text("utf-8")
    assert told == "[car 1, 0.00 s] odd.py:10: act raised ValueError: lost the map\n"


def test_the_driver_that_stands_for_others_does_not_drive():
    scenario = load_scenario(race("absent"))
    world = scenario.world()
    world.reset(scenario.seeds())
    with pytest.raises(ScenarioError, match="only stands for another"):
        world.step()
    world.close()


def test_a_class_of_the_wrong_kind_is_refused(put):
    path = put("stages.py", STAGES)
    with pytest.raises(ScenarioError, match=r"stages.py:16: Slow is no sensor; it must subclass"):
        load_scenario(race("idle", observation=[f"{path}:Slow"]))
    with pytest.raises(ScenarioError, match="a backend comes from a plugin, not from a file"):
        load_scenario(race("idle", backend=f"{path}:Slow"))


def test_a_driver_that_would_see_the_whole_race_is_refused(put):
    path = put("d.py", "from racegym.drivers.idle import Idle\nclass Mine(Idle): pass\n")
    with pytest.raises(ScenarioError, match="sees the whole race"):
        load_scenario(race(f"{path}:Mine"))


def test_modules_beside_the_file_can_be_imported(put):
    put("gains_of_mine.py", "GAIN = 1\n")
    path = put(
        "d.py",
        "from gains_of_mine import GAIN\nclass Mine:\n  observation = ['state']\n"
        "  action = 'steer_accel'\n  def act(self, o): return [0, GAIN]\n",
    )
    for process in (False, True):
        scenario = load_scenario(race({"file": f"{path}:Mine", "process": process}))
        world = scenario.world()
        world.reset(scenario.seeds())
        world.step()
        assert world.control.throttle[0, 0] == 1
        world.close()


def test_the_code_that_runs_is_the_files_own(tmp_path, monkeypatch):
    """Python's bytecode is told from an older one by size and second alone."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for k in range(3):
        (tmp_path / "odd.py").write_text(f"class Odd:\n  number = {k}\n", "utf-8")
        os.utime(tmp_path / "odd.py", (1, 1))
        assert Source(tmp_path / "odd.py", "Odd").load().number == k


@pytest.mark.parametrize("helper", ["helper.py", "helper/__init__.py"])
def test_files_of_two_folders_have_each_their_own_neighbours(helper, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder / helper).parent.mkdir(parents=True)
        (tmp_path / folder / helper).write_text(f"NAME = {folder!r}\n", "utf-8")
        text = "import helper\nclass Odd:\n  name = helper.NAME\n"
        (tmp_path / folder / "odd.py").write_text(text, "utf-8")
        (tmp_path / folder / "even.py").write_text(text + "  helper = helper\n", "utf-8")
    for folder in ("a", "b"):
        assert Source(tmp_path / folder / "odd.py", "Odd").load().name == folder
        assert Source(tmp_path / folder / "even.py", "Odd").load().name == folder
        assert Source(tmp_path / folder / "even.py", "Odd").load().helper is sys.modules["helper"]
