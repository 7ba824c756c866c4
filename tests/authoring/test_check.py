"""Plugins made from the templates and then broken: each is told what is wrong, and the fix."""

from __future__ import annotations

import json
import re
import sys
from typing import NamedTuple

import pytest

from racegym import plugins
from racegym.authoring.checking import SUITES, check, find_subject
from racegym.authoring.new_plugin import TEMPLATE_KINDS
from racegym.cli import main


class Broken(NamedTuple):
    """A way to break a plugin.

    Attributes:
        what: its name.
        kind: of the plugin.
        file: the one that is changed.
        old, new: what is replaced in it, a regular expression, and by what.
        code: the exit code that must follow.
        told: regular expressions that the output must fit, the fix among them.
    """

    what: str
    kind: str
    file: str
    old: str
    new: str
    code: int
    told: tuple[str, ...]


OPTIONS_FIX = r"write class Options\(StageOptions\), from racegym\.interfaces"
BROKEN = [
    # --- what can't be checked at all: exit code 2 ---
    Broken(
        "no resume", "trainer", "trainer.py", r"def resume\(", "def resumed(", 2,
        (r"trainer\.py:\d+: IceTrainer lacks what every Trainer has: def resume\(self, scen",),
    ),
    Broken(
        "no hookimpl", "sensor", "plugin.py", "@hookimpl\n", "", 2,
        (r"unknown sensor 'ice'", r"racegym-ice failed to load", r"write @racegym\.hookimpl above"),
    ),
    Broken(
        "registers nothing", "sensor", "plugin.py", r"    register\((.|\n)*", "", 2,
        (r"unknown sensor 'ice'", r"racegym-ice is installed and registers nothing", r"call regis"),
    ),
    Broken(
        "misspelt hook", "sensor", "plugin.py", "register_sensors", "register_sensor", 2,
        (r"unknown hook 'register_sensor'; did you mean 'register_sensors'",),
    ),
    Broken(
        "misspelt class", "sensor", "plugin.py", "IceSensor", "IceSensr", 2,
        (r"has no 'IceSensr'; did you mean 'IceSensor'",),
    ),
    Broken(
        "class, not its name", "sensor", "plugin.py", r'"racegym_ice\.sensor:IceSensor"',
        '"racegym_ice.sensor.IceSensor"', 2, (r'is written "package\.module:Class"',),
    ),
    Broken(
        "misspelt module", "sensor", "plugin.py", r"racegym_ice\.sensor:", "racegym_ice.senser:", 2,
        (r"No module named 'racegym_ice\.senser'; did you mean 'racegym_ice\.sensor'",),
    ),
    Broken(
        "entry point of no module", "sensor", "../pyproject.toml", r"racegym_ice\.plugin",
        "racegym_ice.plugn", 2,
        (r"names 'racegym_ice\.plugn', which is not there; did you mean 'racegym_ice\.plugin'",
         r"mend it in pyproject\.toml, and install the plugin again"),
    ),
    Broken(
        "entry point of the class", "sensor", "../pyproject.toml", r"racegym_ice\.plugin",
        "racegym_ice.sensor:IceSensor", 2,
        (r"names the class IceSensor; name the module .* such as 'racegym_ice\.plugin'",),
    ),
    Broken(
        "entry point in another group", "sensor", "../pyproject.toml", r'entry-points\."racegym"',
        'entry-points."racegym.plugins"', 2,
        (r"racegym-ice is installed, and declares no entry point in the group 'racegym'",
         r'write \[project\.entry-points\."racegym"\] in its pyproject\.toml'),
    ),
    Broken(
        "newer interface of one stage", "sensor", "plugin.py", r"summary=", "api=99, summary=", 2,
        (r"'ice' needs plugin interface 99, this racegym has \d", r"upgrade racegym, or install"),
    ),
    Broken(
        "newer interface", "sensor", "plugin.py", r"@hookimpl",
        'racegym_api = ">=9"\n\n\n@hookimpl',
        2, (r"written for plugin interface >=9, and this racegym has", r"upgrade racegym"),
    ),
    Broken(
        "syntax error in the plugin", "sensor", "plugin.py", r"def register_sensors\(",
        "def register_sensors(:", 2, (r"failed to load.*racegym_ice.plugin\.py:\d+: SyntaxError",),
    ),
    Broken(
        "syntax error in the backend", "backend", "backend.py", r"(def _where.*):", r"\1", 2,
        (r"backend\.py:\d+: SyntaxError: expected ':'",),
    ),
    Broken(
        "misspelt field of the spec", "backend", "backend.py", "max_races=", "max_race=", 2,
        (r"backend\.py:\d+: TypeError: .* unexpected keyword argument 'max_race'",),
    ),
    Broken(
        "options allow more", "backend", "backend.py", r"(class Options.*\n.*\n)",
        r'\1\n        model_config = pydantic.ConfigDict(extra="allow")\n', 2,
        (r"a misspelt option would go unnoticed", OPTIONS_FIX),
    ),
    Broken(
        "forgets an argument", "sensor", "sensor.py", r"cars: Cars, out", "out", 2,
        (r"sensor\.py:\d+: IceSensor\.observe takes \(self, view: .*, out: .*\)",
         r"called as every Sensor has it: def observe\(self, view, cars, out\)"),
    ),
    Broken(
        "no act", "driver", "driver.py", "def act", "def drive", 2,
        (r"lacks what every Driver has: def act\(self, view, cars, observations, control\)",),
    ),
    Broken(
        "missing engine", "backend", "simulator.py", "from math", "import ice_engine\nfrom math", 2,
        (r"backend 'ice' of racegym-ice can't be loaded", r"No module named 'ice_engine'"),
    ),
    Broken(
        "syntax error", "driver", "driver.py", r"def act\(", "def act(:", 2,
        (r"driver\.py:\d+: SyntaxError",),
    ),
    Broken(
        "error on import", "realism", "realism.py", r"WEAR = .*", "WEAR = NAME", 2,
        (r"realism\.py:\d+: NameError: name 'NAME' is not defined",),
    ),
    Broken(
        "options are a dataclass", "sensor", "sensor.py", r"    class Options\(StageOptions\)",
        "    @dataclasses.dataclass\n    class Options", 2,
        (r"sensor\.py:\d+: IceSensor\.Options is the class Options, no pydantic", OPTIONS_FIX),
    ),
    Broken(
        "options are a dict", "sensor", "sensor.py",
        r"    class Options(.|\n)*?\n\n.*\n\n", '    Options = {"speed": 20.0}\n\n', 2,
        (r"IceSensor\.Options is \{'speed': 20\.0\}, no pydantic model", OPTIONS_FIX),
    ),
    Broken(
        "options let anything pass", "sensor", "sensor.py", r"Options\(StageOptions",
        "Options(pydantic.BaseModel", 2, (r"a misspelt option would go unnoticed", OPTIONS_FIX),
    ),
    Broken(
        "no base class", "realism", "realism.py", r"IceRealism\(Realism\)", "IceRealism", 2,
        (r"IceRealism is no Realism; derive it: class IceRealism\(Realism\)",),
    ),
    Broken(
        "another kind", "sensor", "sensor.py", r"IceSensor\(Sensor\)",
        "IceSensor(interfaces.Driver)", 2, (r"IceSensor is no Sensor; it is a driver",),
    ),
    Broken(
        "no step", "backend", "backend.py", "def step", "def steps", 2,
        (r"lacks what every Backend has: def step\(self, control, effects, dt\)",),
    ),
    Broken(
        "no spec", "backend", "backend.py", r"    spec: ", "    specs: ", 2,
        (r"IceBackend has no spec; write spec = BackendSpec\(",),
    ),
    Broken(
        "spec is a dict", "backend", "backend.py", r"= BackendSpec\(", "= dict(", 2,
        (r"the spec of IceBackend is a dict, no BackendSpec",),
    ),
    Broken(
        "vehicle without default", "backend", "backend.py", r'vehicles="own",',
        'vehicles="given",\n    )\n    Vehicle = StageOptions\n    rest = dict(', 2,
        (r"needs a vehicle", r"write default_vehicle = NAME"),
    ),
    # --- what breaks a promise: exit code 1 ---
    Broken(
        "options without steps", "trainer", "trainer.py", r"class Options\(TrainerOptions\)",
        "class Options(StageOptions)", 1,
        (r"failed:\S* options_take_steps", r"have no `steps`; derive them from TrainerOptions"),
    ),
    Broken(
        "forgets its spread", "trainer", "trainer.py", r"now = replace\(begun, note=now.note\)",
        "now = replace(begun, note=now.note, spread=now.spread)", 1,
        (r"failed:\S* resumes_exactly", r"does the checkpoint lack something"),
    ),
    Broken(
        "draws from nowhere", "trainer", "trainer.py", r"default_rng\(\[.*\]\)", "default_rng()", 1,
        (r"failed:\S* same_seed_gives_the_same_policy", r"two trainings with one seed differ"),
    ),
    Broken(
        "spec lacks vy", "backend", "backend.py", '"vx", "vy"', '"vx"', 1,
        (r"does not fill vy: no race without\n  look at what IceBackend declares", r"and \d+ more"),
    ),
    Broken(
        "wrong constructor", "backend", "backend.py", r"def __init__\(self, setup: Setup\)",
        "def __init__(self)", 1, (r"takes 1 positional argument but 2 were given",),
    ),
    Broken(
        "steers right", "backend", "backend.py", r"\.step\(steer", ".step(-steer", 1,
        (r"positive_steer_turns_left", r"it must turn left", r"look at Backend\.step, control\.st"),
    ),
    Broken(
        "steers in another unit", "backend", "backend.py", r"\.step\(steer",
        ".step(0.0175 * steer", 1,
        (r"positive_steer_turns_left", r"is steer given to the simulator in its own unit"),
    ),
    Broken(
        "brakes backwards", "backend", "backend.py", r"max\(pedal.*\)", "pedal)", 1,
        (r"brake_never_reverses", r"under full braking vx went down to -"),
    ),
    Broken(
        "keeps its simulator", "backend", "backend.py", r"self\._simulator\.yaw, .*", "pass", 1,
        (r"place_puts_cars_where_asked", r"after place, yaw is", r"look at Backend\.place"),
    ),
    Broken(
        "forgets the clock", "backend", "backend.py", r"self\.view\.clock.*", "", 1,
        (r"clock_says_what_passed", r"says that 0 s passed"),
    ),
    Broken(
        "raises in step", "backend", "backend.py", r"brake = float", "brake = floaty", 1,
        (r"NameError: name 'floaty'", r"look at .*racegym_ice.backend\.py:\d+"),
    ),
    Broken(
        "does not clip", "sensor", "sensor.py", r"np\.clip.*", "out *= 10", 1,
        (r"values_keep_to_the_space", r"outside \[-2, 2\]", r"look at Sensor\.observe"),
    ),
    Broken(
        "does not say what it reads", "sensor", "sensor.py", r"view\.state\.vx",
        "view.state.ax", 1, (r"it reads 'ax', which `requires` does not name",),
    ),
    Broken(
        "forgets the cars", "sensor", "sensor.py", r"vx\.reshape\(-1\)\[cars\]",
        "vx.reshape(-1)[: len(cars)]", 1, (r"rows_belong_to_their_cars", r"asked for cars \["),
    ),
    Broken(
        "assigns effects", "realism", "realism.py", r"effects\.grip \*= ", "effects.grip[...] = ",
        1, (r"effects_join_those_of_others", r"multiply or add, do not assign"),
    ),
    Broken(
        "keeps its memory", "realism", "realism.py", r"setup\.arrays\.new\(.*\)",
        "np.zeros((setup.view.n_races, setup.view.n_cars))", 1,
        (r"reset_is_complete", r"it must lie in setup\.arrays"),
    ),
    Broken(
        "undeclared effect", "realism", "realism.py", r"effects\.grip \*=",
        "effects.power *= 0.5\n        effects.grip *=", 1,
        (r"it changed effect 'power', which it does not declare", r"look at Realism\.effects"),
    ),
    Broken(
        "draws from numpy", "driver", "driver.py", r"actions\[:, 0\] = ",
        "actions[:, 0] = np.random.default_rng().random() + ", 1,
        (r"two runs with the same seeds differ", r"look at Driver\.act"),
    ),
    Broken(
        "yaw in degrees", "backend", "backend.py", r"yaw=car\.yaw", "yaw=57.3 * car.yaw", 1,
        (r"after place, yaw is", r"vx, vy and yaw: car frame, m/s and radians"),
    ),
    Broken(
        "forgets vy", "backend", "backend.py", r", state\.vy\[0, 0\] = now\.vx, now\.vy",
        " = now.vx", 1, (r"declared field 'vy' is missing after a reset",),
    ),
    Broken(
        "fills a misspelt field", "backend", "backend.py", '"yaw_rate"', '"yawrate"', 1,
        (r"fills names yawrate, which do not exist; did you mean 'yaw_rate'", r"IceBackend\.spec"),
    ),
    Broken(
        "one frame whatever is asked", "backend", "backend.py", r"range\(round.*\)\)", "range(1)",
        1,
        (r"other_intervals_work", r"eight steps of 0\.06 s, which is 3 frames each, the car moved",
         r"a step lasts as long as dt says"),
    ),
    Broken(
        "another clock", "backend", "backend.py", r"FRAME = Simulator\.DT", "FRAME = 0.05", 1,
        (r"velocity_is_the_change_of_position", r"but its velocity and yaw say"),
    ),
    Broken(
        "places in one direction", "backend", "backend.py", r"_put\(x, y, yaw, float",
        "_put(x, y, 0.0, float", 1,
        (r"after place, yaw is 0\.0000; -?[\d.]+ was asked", r"look at Backend\.place"),
    ),
    Broken(
        "heats up over resets", "backend", "backend.py", r"(        speed = self\._sim.*)",
        r'\1\n        self._heat = getattr(self, "_heat", 0.0) + 0.01'
        r"\n        steer *= 1.0 - min(self._heat, 0.5)", 1,
        (r"reset_is_complete", r"a used world is no fresh world", r"look at Backend\.reset"),
    ),
    Broken(
        "divides by nothing", "backend", "backend.py", r"vy=vy\)", 'vy=vy if vx else float("nan"))',
        1, (r"is missing after a reset", r"is nan after"),
    ),
    Broken(
        "draws globally", "backend", "backend.py", r"\.step\(steer",
        ".step(steer + np.random.normal()", 1, (r"replays_from_a_seed", r"only keys may decide it"),
    ),
    Broken(
        "no base constructor", "backend", "backend.py", r"super\(\)\.__init__\(setup\)", "pass", 1,
        (r"has no attribute 'view'; let its __init__ begin with super\(\)\.__init__\(setup\)",),
    ),
    Broken(
        "raises when it is built", "backend", "backend.py", r"= Simulator\(\)\n\n",
        "= Simulator(port=1)\n\n", 1,
        (r"unexpected keyword argument 'port'", r"and \d+ more", r"look at .*backend\.py:\d+"),
    ),
    Broken(
        "writes into the control", "backend", "backend.py", r"(        steer = float)",
        r"        control.steer *= 0.5\n\1", 1,
        (r"inputs_are_untouched", r"an input was written: control\.steer\[0, 0\]"),
    ),
    Broken(
        "exchanges an array", "backend", "backend.py", r"state\.yaw\[0, 0\] = ",
        "state.yaw = 0.0 * ", 1,
        (r"write in place: CarState\.yaw\[\.\.\.\] = value, not yaw = value",),
    ),
    Broken(
        "no place", "backend", "backend.py", "def place", "def places", 1,
        (r"there is no place\(\); write def place\(self, cars, pose, speed\), or declare another",),
    ),
    Broken(
        "one car, and does not say so", "backend", "backend.py", r"        max_races.*\n.*\n", "",
        1, (r"missing after a reset, at \[0, 1\].*a simulator of one declares max_cars=1",),
    ),
    Broken(
        "lock in degrees", "backend", "backend.py", r"STEER_LIMIT = .*", "STEER_LIMIT = 25.8", 1,
        (r"vehicle\.steer_limit is 25\.8; more than 0 and at most 1\.6 was expected, in rad",),
    ),
    Broken(
        "no grip", "backend", "backend.py", r'    "grip".*\n', "", 1,
        (r"vehicle\.grip is 0; more than 0 was expected\n",),
    ),
    Broken(
        "no bounds", "sensor", "sensor.py", r"Box\(-2\.0, 2\.0", "Box(-np.inf, np.inf", 1,
        (r"space_is_a_finite_box", r"a bound of the space is not finite", r"Sensor\.space"),
    ),
    Broken(
        "returns its values", "sensor", "sensor.py", r"        out\[:, 1\] = ", "        return ",
        1,
        (r"fills_every_value", r"write out\[\.\.\.\] = values, for what is returned is not used"),
    ),
    Broken(
        "no space", "sensor", "sensor.py", r"self\.space = ", "self.box = ", 1,
        (r"has no attribute 'space'; let its __init__ set self\.space", r"IceSensor\.__init__"),
    ),
    Broken(
        "sees what is not there", "sensor", "sensor.py", r"/ self\.options\.speed", "* np.nan", 1,
        (r"values_keep_to_the_space", r"is nan, outside \[-2, 2\]"),
    ),
    Broken(
        "misspelt effect", "realism", "realism.py", r'\{"grip"\}', '{"gripp"}', 1,
        (r"gripp are no effects", r"'gripp'; did you mean 'grip'"),
    ),
    Broken(
        "channel without end", "realism", "realism.py", r"high=1\.0", 'high=float("inf")', 1,
        (r"channel 'ice_wear' has bounds \[0\.0, inf\]",),
    ),
    Broken(
        "writes the state", "realism", "realism.py", r"(        effects\.grip)",
        r"        view.state.vx *= 0.99\n\1", 1,
        (r"view_is_untouched", r"it wrote state\.vx"),
    ),
    Broken(
        "too much grip", "realism", "realism.py", r"1\.0 - self", "9.0 - self", 1,
        (r"effect 'grip' is 9\.0, outside \[0, 2\]", r"look at Realism\.step"),
    ),
    Broken(
        "returns its actions", "driver", "driver.py", r"action_map\.apply\(.*", "return actions", 1,
        (r"act returned a ndarray", r"setup\.action_map\.apply\(actions, cars, control\)"),
    ),
    Broken(
        "writes for all cars", "driver", "driver.py", r"(        action_map = )",
        r"        control.steer[...] = 0.0\n\1", 1,
        (r"it wrote control\.steer of cars that it does not drive",),
    ),
    Broken(
        "decides nothing", "driver", "driver.py", r"actions\[:, 1\] = ",
        "actions[:, 1] = np.nan * ", 1,
        (r"control_keeps_its_bounds", r"control\.throttle reaches \[nan, nan\]"),
    ),
    Broken(
        "misspelt action map", "driver", "driver.py", '"steer_accel"', '"steer_acel"', 1,
        (r"unknown action_map 'steer_acel'; did you mean 'steer_accel'",),
    ),
    Broken(
        "misspelt sensor", "driver", "driver.py", '"name": "lookahead"', '"name": "lookahed"', 1,
        (r"declares what does not work.*'lookahed'; did you mean 'lookahead'",),
    ),
]  # fmt: skip


def test_there_are_many_and_of_each_kind():
    assert len({broken.what for broken in BROKEN}) == len(BROKEN) >= 20
    assert {broken.kind for broken in BROKEN} == set(TEMPLATE_KINDS)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.what)
def test_a_broken_plugin_is_told_what_is_wrong(broken, workshop, capsys):
    made, folder = workshop.make(broken.kind)
    file = folder / made.module / broken.file
    text, count = re.subn(broken.old, broken.new, file.read_text(encoding="utf-8"))
    assert count, "the template has changed"
    head = "from __future__ import annotations\n"
    more = "import dataclasses, pydantic\nfrom racegym import interfaces\n"
    text = text.replace(head, head + more)
    file.write_text(text, encoding="utf-8")
    workshop.install(folder)
    assert main(["check", broken.kind, "ice"]) == broken.code
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    told = said.err if broken.code == 2 else said.out
    assert told.startswith("error: ") == (broken.code == 2)
    for words in broken.told:
        assert re.search(words, told), told


def test_a_file_can_be_checked_before_packaging(workshop, monkeypatch, capsys, tmp_path):
    _, folder = workshop.make("sensor")
    monkeypatch.chdir(folder)
    assert main(["check", "sensor", "racegym_ice/sensor.py:IceSensor"]) == 0
    assert "sensor 'IceSensor' of racegym_ice/sensor.py\n   11 passed" in capsys.readouterr().out
    alone = tmp_path / "ice_by_itself.py"
    alone.write_bytes((folder / "racegym_ice" / "sensor.py").read_bytes())
    before = list(sys.path)
    assert main(["check", "sensor", f"{alone}:IceSensor", "--option", "speed=5"]) == 0
    assert sys.path == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sensors", "state"], "there is no suite for 'sensors'; did you mean 'sensor'"),
        (["sensor", "stat"], "unknown sensor 'stat'; did you mean 'state'"),
        (["driver", "agent_47"], "unknown driver 'agent_47'; Valid: "),
        (["sensor", "no_such.py:Mine"], "no_such.py: there is no such file"),
        (["sensor", "mine.py"], "name the class too: mine.py:CLASS"),
        (["sensor", "mine.py:Sens"], "mine.py: has no 'Sens'; did you mean 'Sense'"),
        (["sensor", "random.py:Sens"], "Python already has another module 'random'"),
        (["sensor", "mine.py:thing"], "sensor 'thing' is a function, no class"),
        (["sensor", "state", "--option", "speed"], "--option speed: write it KEY=VALUE"),
        (["sensor", "state", "--option", "speed=[1"], "--option speed=[1: the value "),
        (["sensor", "state", "--option", "sped=1"], "no option 'sped'; did you mean 'speed'"),
        (["sensor", "state", "--option", "speed=-1"], "'speed' is -1; it should be greater than 0"),
        (["sensor", "channels"], "sensor 'channels' needs the option 'channels'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_input_is_one_message(arguments, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    import random

    assert random.random
    (tmp_path / "random.py").write_text("", encoding="utf-8")
    (tmp_path / "mine.py").write_text("class Sense: ...\ndef thing(): ...\n", encoding="utf-8")
    assert main(["check", *arguments]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""
    sys.modules.pop("mine", None)


@pytest.mark.parametrize(
    ("kind", "name", "given"),
    [
        ("driver", "random", {"hold": 3}),
        ("action_map", "discrete", {}),
        ("reward", "progress", {}),
        ("termination", "off_track", {}),
        ("sensor", "channels", {"channels": ["steer"]}),
    ],
)
def test_built_in_stages_pass(kind, name, given):
    report = check(find_subject(kind, name), given)
    assert report.ok, report


def test_a_backend_that_needs_a_vehicle_gets_its_default(monkeypatch):
    pytest.importorskip("racegym_kart2d")
    seen = {}
    monkeypatch.setattr(
        "racegym.authoring.checking.run_suite", lambda suite: seen.update(vars(suite))
    )
    check(find_subject("backend", "kart2d"), {})
    (vehicle,) = seen["vehicles"]
    assert vehicle["name"] == "rental kart" or vehicle["mass"] > 0
    assert seen["make"] is plugins.load().find("backend", "kart2d").load()


def test_every_stage_with_a_suite_can_be_checked():
    from racegym import testing

    suites = {name for name in testing.__all__ if name.endswith("Suite")} - {"Suite"}
    assert {suite.__name__ for _, suite in SUITES.values()} == suites


def test_json_is_json_whatever_the_plugin_prints(workshop, capsys):
    _, folder = workshop.make("sensor")
    file = folder / "racegym_ice" / "sensor.py"
    text = file.read_text(encoding="utf-8")
    text = text.replace("        np.clip", "        print('loud')\n        out *= 10  # np.clip")
    file.write_text(text, encoding="utf-8")
    workshop.install(folder)
    assert main(["check", "sensor", "ice", "--json"]) == 1
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert not report["ok"]
    (failed,) = report["failed"]
    assert failed["check"] == "values_keep_to_the_space"
    assert failed["where"] == "Sensor.observe"
    assert "loud" in said.err


def test_failures_of_one_cause_are_told_once(workshop, capsys):
    _, folder = workshop.make("sensor")
    file = folder / "racegym_ice" / "sensor.py"
    text = file.read_text(encoding="utf-8").replace("spaces.Box(", "spaces.Bx(")
    file.write_text(text, encoding="utf-8")
    workshop.install(folder)
    assert main(["check", "sensor", "ice"]) == 1
    out = capsys.readouterr().out
    assert out.count("has no attribute 'Bx'") == 1
    line = text[: text.index("spaces.Bx(")].count("\n") + 1
    assert f"sensor.py:{line}\n" in out
