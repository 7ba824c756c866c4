"""A new scenario runs as it is, and nothing of the user's is lost by making one."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from racegym.cli import main
from racegym.documents.document import parse_text
from racegym.scenario import load_scenario
from racegym.scenario.starting import starting_text

pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("backend", ["kart2d", "carracing", "toy"])
@pytest.mark.parametrize("task", ["race", "evaluate"])
def test_a_new_scenario_runs_by_the_command_it_names(here, capsys, backend, task):
    if backend == "carracing":
        pytest.importorskip("racegym_carracing")
        pytest.importorskip("Box2D")
    assert main(["scenario", "new", "my.yaml", "--backend", backend, "--task", task]) == 0
    command = shlex.split(capsys.readouterr().out.split("run it:")[1].strip())
    assert command == ["racegym", "run", "my.yaml"]
    assert load_scenario("my.yaml").task == task
    short = ["--set", "time_limit=0.3", "-q", "--no-plots"]
    assert main([*command[1:], *short]) == 0


def test_the_default_is_kart2d_and_a_race(here, capsys):
    assert main(["scenario", "new", "my race.yaml"]) == 0
    assert 'racegym run "my race.yaml"' in capsys.readouterr().out
    scenario = load_scenario("my race.yaml")
    assert (scenario.backend.name, scenario.task, len(scenario.cars)) == ("kart2d", "race", 3)


@pytest.mark.slow
def test_a_new_race_is_finished_and_in_time(here):
    assert main(["scenario", "new", "my.yaml"]) == 0
    scenario = load_scenario("my.yaml")
    world = scenario.world()
    world.reset(scenario.seeds())
    while world.view.race.present[0].any() and world.view.race.time[0] < scenario.time_limit:
        world.step()
    assert (world.view.race.laps_done[0] == 1).all()


def test_what_is_commented_out_is_what_holds_without_it():
    text = starting_text("kart2d", "race")
    learning = text.split("these are the defaults.\n")[1]
    opened = learning.replace("\n# ", "\n").removeprefix("# ")
    open_again = text.replace(learning, opened)
    assert open_again != text
    data = parse_text(open_again).data
    assert {"observation", "action", "reward", "termination"} <= data.keys()
    assert load_scenario(data) == load_scenario(parse_text(text).data)


def test_a_file_that_is_there_stays_as_it_is(here, capsys):
    file = here / "my.yaml"
    file.write_text("mine\n")
    assert main(["scenario", "new", "my.yaml"]) == 2
    assert "my.yaml: exists already" in capsys.readouterr().err
    assert file.read_text() == "mine\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no/where.yaml"], "can't be written"),
        (["my.yaml", "--backend", "kart3d"], "did you mean 'kart2d'"),
        (["my.yaml", "--backend", "broken"], "can't be loaded"),
        (["my.yaml", "--task", "practice"], "'practice' is not one of"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(here, capsys, arguments, told):
    assert main(["scenario", "new", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error and "Traceback" not in error
    assert not list(here.iterdir())
