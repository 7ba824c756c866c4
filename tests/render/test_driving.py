"""Driving by hand: keys move the car, hand it over, restart it, and all of it is proved."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from racegym.cli import main
from racegym.errors import RacegymError, ScenarioError
from racegym.render.window import Key, Pad, Window, load_pygame
from racegym.run import RunResult, verify
from racegym.run.by_hand import drive, with_person
from racegym.run.cockpit import Cockpit
from racegym.scenario import Scenario, load_scenario

pygame = pytest.importorskip("pygame", reason="needs pygame-ce: pip install -e '.[render]'")

Script = dict[int, list[tuple[str, bool]]]


def post(name: str, down: bool) -> None:
    kind = pygame.KEYDOWN if down else pygame.KEYUP
    pygame.event.post(pygame.event.Event(kind, key=pygame.key.key_code(name)))


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Callable[[Script], None]:
    """Let keys go down and up at certain calls of the window's listener, without waiting."""

    def plan(script: Script) -> None:
        calls = {"n": 0}
        listen = Window.listen

        def listened(self: Window) -> list[Key]:
            for name, down in script.get(calls["n"], []):
                post(name, down)
            calls["n"] += 1
            assert calls["n"] <= max(script) + 1, "the window was not closed"
            return listen(self)

        monkeypatch.setattr(Window, "listen", listened)
        # A picture and a listening for every step, as fast as it goes.
        monkeypatch.setattr("racegym.render.viewer.SELDOM", 0.0)
        monkeypatch.setattr("racegym.render.viewer.FRAME", 0.0)

        def now(self: Any) -> None:
            if not self.paused:
                self._now += 1.0

        monkeypatch.setattr("racegym.render.viewer.Viewer._tick", now)

    return plan


def driven(scenario: Scenario, folder: Path, **more: Any) -> RunResult:
    return drive(scenario, runs_dir=folder, size=(320, 240), plots=False, **more)


def columns(folder: Path, *names: str, car: int = 0) -> list[list[Any]]:
    table = pq.read_table(folder / "telemetry.parquet", filters=[("car", "=", car)])
    return [table.column(name).to_pylist() for name in names]


def test_up_drives_forward_and_esc_ends(
    two: Scenario, tmp_path: Path, press: Callable[[Script], None]
) -> None:
    press({0: [("up", True)], 40: [("up", False), ("down", True)], 50: [("escape", True)]})
    done = driven(two, tmp_path, name="Zoe")
    throttle, brake, vx, progress = columns(
        done.folder, "control_throttle", "control_brake", "vx", "progress"
    )
    assert throttle[2] < throttle[30] == 1.0  # it goes down at a limited rate
    assert max(vx) > 3.0 and progress[-1] > progress[0] + 3.0
    assert throttle[-1] == 0.0 and brake[-1] > 0.5
    assert done.state == "stopped"
    state = json.loads((done.folder / "state.json").read_text("utf-8"))
    assert [car["driver"] for car in state["cars"]] == ["Zoe", "pure_pursuit"]
    assert verify(done.folder).difference is None


def test_tab_hands_over_and_back_and_r_restarts(
    two: Scenario, tmp_path: Path, press: Callable[[Script], None]
) -> None:
    press(
        {
            5: [("tab", True)],
            60: [("tab", True)],
            70: [("r", True), ("left", True)],
            90: [("escape", True)],
        }
    )
    done = driven(two, tmp_path)
    lines = (done.folder / "commands.jsonl").read_text("utf-8").splitlines()
    commands = [json.loads(line) for line in lines]
    assert [command["kind"] for command in commands] == ["hand_over", "hand_over", "reset"]
    assert commands[0]["driver"] != commands[1]["driver"]
    episode, step, vx, throttle, steer = columns(
        done.folder, "episode", "step", "vx", "control_throttle", "control_steer"
    )
    at = [commands[0]["step"], commands[1]["step"]]
    assert max(throttle[: at[0] - 1]) == 0.0  # nobody drives
    assert max(throttle[at[0] : at[1] - 1]) > 0.0 and vx[at[1] - 2] > 2.0  # pure_pursuit does
    assert throttle[at[1]] == 0.0
    assert sorted(set(episode)) == [0, 1] and step[episode.index(1)] == 1
    assert steer[-1] > 0.5  # to the left
    proof = verify(done.folder)
    assert proof.difference is None and proof.steps == len(step)


def test_backspace_puts_the_car_on_the_line(
    two: Scenario, tmp_path: Path, press: Callable[[Script], None]
) -> None:
    press(
        {
            0: [("up", True), ("right", True)],
            60: [("backspace", True), ("up", False), ("right", False)],
            64: [("escape", True)],
        }
    )
    done = driven(two, tmp_path)
    d, vx = columns(done.folder, "d", "vx")
    assert max(abs(value) for value in d) > 0.5
    assert abs(d[-1]) < 0.05 and abs(vx[-1]) < 0.1
    assert verify(done.folder).difference is None


def test_a_race_that_is_over_waits_for_a_restart(
    two: Scenario, tmp_path: Path, press: Callable[[Script], None]
) -> None:
    brief = load_scenario({**two.resolved(), "time_limit": 0.5})
    press({40: [("r", True)], 80: [("escape", True)]})
    done = driven(brief, tmp_path)
    (episode,) = columns(done.folder, "episode")
    assert [episode.count(k) for k in (0, 1)] == [10, 10]
    assert done.state == "finished"
    assert verify(done.folder).difference is None


def test_the_command_says_where_the_run_is(
    two: Scenario,
    tmp_path: Path,
    press: Callable[[Script], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    press({0: [("up", True)], 20: [("escape", True)]})
    file = tmp_path / "two.yaml"
    file.write_text(two.to_yaml(), encoding="utf-8")
    args = ["drive", str(file), "--runs-dir", str(tmp_path), "--size", "320x240", "--no-plots"]
    assert main([*args, "--car", "Bob", "--name", "Zoe"]) == 0
    told = capsys.readouterr().out
    assert "Zoe" in told and "recorded in" in told
    assert main([*args, "--car", "Bo"]) == 2
    assert "no car is called 'Bo'; did you mean 'Bob'?" in capsys.readouterr().err


def test_nobody_at_the_wheel_is_told(two: Scenario, tmp_path: Path) -> None:
    mine, index = with_person(two, "Zoe", "Bob")
    assert index == 1 and mine.relief[0].name == "pure_pursuit"
    world = mine.world()
    world.reset([1])
    with pytest.raises(ScenarioError, match="`racegym drive`"):
        world.step()
    world.close()


def test_an_agent_is_replaced_and_others_must_be_driven(two: Scenario) -> None:
    data = two.resolved()
    data["cars"][0]["driver"] = "agent"
    mine, _ = with_person(load_scenario(data), "Zoe")
    assert mine.cars[0].driver.name == "by_hand" and not mine.relief
    with pytest.raises(RacegymError, match="nobody drives Ann"):
        with_person(load_scenario(data), "Zoe", "Bob")


def test_keys_steer_at_a_limited_rate_and_less_at_speed() -> None:
    cockpit = Cockpit(1.0, 0.5, 1.0)
    cockpit.hear(Key("left", True))
    steps = []
    for _ in range(30):
        cockpit.move(0.05, 2.0)
        steps.append(cockpit.steer)
    assert steps[0] == pytest.approx(0.13) and steps[-1] == 1.0
    for _ in range(30):
        cockpit.move(0.05, 25.0)
    assert 0.1 < cockpit.steer < 0.2  # what the tyres can use
    cockpit.hear(Key("left", False))
    cockpit.move(0.5, 25.0)
    assert cockpit.steer == 0.0
    cockpit.hear(Key("up", True))
    cockpit.hear(Key("focus", False))  # the window lost the keyboard
    cockpit.move(0.5, 25.0)
    assert cockpit.throttle == 0.0


def test_a_pad_takes_over_until_a_key_is_pressed() -> None:
    cockpit = Cockpit(1.0, 0.5, 1.0)
    cockpit.move(1.0, 5.0, Pad(-0.5, 0.75, 0.0))
    assert (cockpit.steer, cockpit.throttle) == (-0.25, 0.75)
    cockpit.hear(Key("down", True))
    cockpit.move(1.0, 5.0, Pad(0.0, 0.0, 0.0))
    assert (cockpit.steer, cockpit.throttle, cockpit.brake) == (0.0, 0.0, 1.0)


def test_pygame_is_quiet_and_the_environment_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYGAME_HIDE_SUPPORT_PROMPT", raising=False)
    assert load_pygame() is pygame
    import os

    assert "PYGAME_HIDE_SUPPORT_PROMPT" not in os.environ
