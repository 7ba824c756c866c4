"""Windows: keys, pace, environments for people, and what is said where none can be opened."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import racegym
from racegym.cli import main
from racegym.errors import MissingLibraryError, RacegymError, RunError
from racegym.record import RunFolder
from racegym.record.folder import read_json
from racegym.render import History, cast_of, scene_of
from racegym.render import viewer as viewers
from racegym.render.viewer import Viewer
from racegym.render.watchers import LiveView
from racegym.render.window import Key, Pad, Window, _Joystick, _Pad
from racegym.run import RunResult, run
from racegym.run.playback import Recording
from racegym.run.watch import watch
from racegym.scenario import Scenario, load_scenario
from racegym.world import World

pygame = pytest.importorskip("pygame", reason="needs pygame-ce: pip install -e '.[render]'")

SMALL = (320, 240)


@pytest.fixture
def viewer() -> Iterator[Viewer]:
    made = Viewer("test", SMALL)
    yield made
    made.close()


class Clock:
    """Stands still but for who sleeps, so that no test depends on how fast a machine is."""

    now = 0.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + 1e-6  # or rounding might let nothing pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(viewers, "perf_counter", made.read)
    monkeypatch.setattr(viewers, "sleep", made.sleep)
    return made


def press(*names: str) -> None:
    for name in names:
        for kind in (pygame.KEYDOWN, pygame.KEYUP):
            pygame.event.post(pygame.event.Event(kind, key=pygame.key.key_code(name)))


def test_keys_go_down_and_up(viewer: Viewer) -> None:
    press("left")
    keys = [key for key in viewer.window.listen() if key.name == "left"]
    assert keys == [Key("left", True), Key("left", False)]


def test_pictures_reach_the_screen(viewer: Viewer) -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[10, 20] = (200, 100, 50)
    viewer.window.show(picture)
    assert tuple(pygame.display.get_surface().get_at((20, 10)))[:3] == (200, 100, 50)


def test_keys_of_the_viewer(viewer: Viewer, world: World) -> None:
    cast, scene = cast_of(world.view, ["Ann", "Bob"], 1), scene_of(world.view)
    viewer.show(cast, scene, History())
    first = pygame.surfarray.array3d(pygame.display.get_surface())
    press("space", "=", "=", "-", "v", "tab", "right")
    viewer.listen()
    assert viewer.paused and viewer.speed == 2.0 and viewer.leap() == 1.0 and viewer.leap() == 0.0
    viewer.show(cast, scene, History())
    assert (pygame.surfarray.array3d(pygame.display.get_surface()) != first).mean() > 0.3
    press("escape")
    viewer.listen()
    assert viewer.closed
    viewer.show(cast, scene, History())  # nobody looks: nothing happens


def test_closing_the_window_by_mouse_is_noticed(viewer: Viewer) -> None:
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    viewer.listen()
    assert viewer.closed


def test_a_race_takes_as_long_as_it_lasts(two: Scenario, tmp_path: Path, clock: Clock) -> None:
    scenario = load_scenario({**two.resolved(), "time_limit": 1.5})
    shown = LiveView(["Ann", "Bob"], 1, title="test", size=SMALL)
    clock.now = 0.2  # after it was opened, by which the race must not be shorter
    done = run(scenario, runs_dir=tmp_path, watchers=[shown], plots=False)
    after_first = done.result["time"] - scenario.world().dt
    assert clock.now - 0.2 == pytest.approx(after_first, abs=0.02)


def test_the_race_goes_on_without_the_window(two: Scenario, tmp_path: Path, clock: Clock) -> None:
    shown = LiveView(["Ann", "Bob"], 1, title="test", size=SMALL)
    press("escape")
    done = run(two, runs_dir=tmp_path, watchers=[shown], plots=False)
    assert done.state == "finished" and clock.now < viewers.FRAME + 0.01 < done.result["time"]


def test_while_it_is_paused_an_interruption_is_heard(world: World) -> None:
    asked = iter([False] * 5)
    shown = LiveView(["Ann", "Bob"], 1, title="test", size=SMALL, stop=lambda: next(asked, True))
    press("space")
    world.watchers.append(shown)
    for _ in range(3):
        world.step()
    assert next(asked, None) is None
    shown.close()


def test_environments_for_people_show_themselves_in_real_time(clock: Clock) -> None:
    env = gymnasium.make("racegym/Kart2D-v1", render_mode="human", render_size=SMALL)
    env.reset(seed=1)
    env.step(env.action_space.sample())
    started = clock.now
    for _ in range(5):
        env.step(env.action_space.sample())
    assert clock.now - started == pytest.approx(5 / env.metadata["render_fps"], abs=0.02)
    assert env.render() is None
    assert pygame.surfarray.array3d(pygame.display.get_surface()).std() > 10
    env.close()
    assert not pygame.display.get_init()


def test_a_batch_shows_its_first_race() -> None:
    envs = racegym.make_vec("time_trial", 2, render_mode="human", render_size=SMALL)
    envs.reset(seed=1)
    envs.step(envs.action_space.sample())
    assert pygame.surfarray.array3d(pygame.display.get_surface()).std() > 10
    envs.close()


@pytest.fixture(scope="module")
def recorded(two: Scenario, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    short = load_scenario({**two.resolved(), "time_limit": 3, "task": "evaluate", "episodes": 2})
    return run(short, runs_dir=tmp_path_factory.mktemp("runs"), plots=False)


def recording(done: RunResult) -> Recording:
    folder = RunFolder(done.folder)
    return Recording(folder, read_json(folder.result))


def test_a_recording_has_the_scenes_of_the_race(recorded: RunResult, two: Scenario) -> None:
    world = two.world()
    world.reset([two.seed])
    episode = recording(recorded).episode(0)
    assert episode.cast.names == ("Ann", "Bob")
    assert episode.cast.length == pytest.approx(cast_of(world.view, ["", ""]).length, abs=1e-3)
    for step in range(len(episode)):
        world.step()
        live, then = scene_of(world.view), episode.scene(step)
        for name in ("x", "y", "yaw", "speed", "throttle", "position", "sector", "lap_start"):
            np.testing.assert_allclose(getattr(then, name), getattr(live, name), atol=1e-6)
    track = live.track
    np.testing.assert_allclose(then.track.width_left + then.track.width_right,
                               track.width_left + track.width_right, atol=2e-3)  # fmt: skip
    assert then.track.runoff == track.runoff and len(then.track.sectors) == len(track.sectors)
    world.close()


def test_watching_goes_back_and_forth_and_to_the_next_race(
    recorded: RunResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[float, str]] = []
    show = Viewer.show

    def shown(self: Viewer, cast, scene, history) -> None:  # type: ignore[no-untyped-def]
        if len(seen) == 3:
            press("right")
        if scene.time > 2.9 and len(seen) > 10:
            press("escape")
        seen.append((round(scene.time, 2), self.message))
        assert len(seen) < 3000
        show(self, cast, scene, history)

    monkeypatch.setattr(Viewer, "show", shown)
    monkeypatch.setattr("racegym.render.viewer.SPEEDS", (0.1, 8.0))
    watch(recording(recorded), size=SMALL)
    times = [time for time, _ in seen]
    assert any(b - a > 1.5 for a, b in pairwise(times))  # a leap forth
    assert any(b < a - 2.0 for a, b in pairwise(times))  # the second race


def test_what_can_not_be_watched_is_told(
    recorded: RunResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RunError, match="no race 3; the run holds 1 to 2"):
        watch(recording(recorded), first=2, size=SMALL)
    bare = tmp_path / "bare" / recorded.folder.name
    shutil.copytree(recorded.folder, bare)
    (bare / "tracks.jsonl").unlink()
    assert main(["watch", str(bare)]) == 2
    assert "does not tell where the track lies" in capsys.readouterr().err
    assert main(["watch", "latest", "--runs-dir", str(tmp_path / "none")]) == 2
    assert "there is no run 'latest'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args", [["run", "quickstart", "--view"], ["drive", "quickstart"], ["watch", "RUN"]]
)
def test_without_pygame_or_display_one_message_names_the_fix(
    args: list[str],
    recorded: RunResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    args = [str(recorded.folder) if arg == "RUN" else arg for arg in args]
    args += ["--runs-dir", str(tmp_path)]
    for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform.startswith("linux"):
        assert main(args) == 2
        assert "set SDL_VIDEODRIVER=dummy" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "pygame", None)
    assert main(args) == 2
    told = capsys.readouterr().err
    assert 'pip install "racegym[render]"' in told and 'pip install -e ".[render]"' in told
    assert list(tmp_path.iterdir()) == []


def test_environments_tell_it_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygame", None)
    env = racegym.make("time_trial", render_mode="human")
    with pytest.raises(MissingLibraryError, match="pygame-ce"):
        env.reset(seed=1)
    env.close()


def test_a_second_window_takes_the_place_of_the_first() -> None:
    first, second = Window(SMALL, "one"), Window(SMALL, "two")
    assert first.closed and not second.closed
    first.close()
    second.show(np.zeros((240, 320, 3), np.uint8))
    second.close()


def test_modes_that_there_are_not_are_refused() -> None:
    with pytest.raises(RacegymError, match="did you mean 'rgb_array'"):
        racegym.make("time_trial", render_mode="rgb_aray")


class Stick:
    """A device whose axes are where they are told to be."""

    def __init__(self, *axes: float):
        self.axes = axes

    def get_numaxes(self) -> int:
        return len(self.axes)

    def get_axis(self, axis: int) -> float:
        return self.axes[axis]


def test_pads_steer_with_the_stick_and_drive_with_the_triggers() -> None:
    left, throttle = -32767, 32767
    axes = {
        pygame.CONTROLLER_AXIS_LEFTX: left,
        pygame.CONTROLLER_AXIS_TRIGGERRIGHT: throttle,
        pygame.CONTROLLER_AXIS_TRIGGERLEFT: 0,
    }
    held = Stick(*(axes.get(axis, 0) for axis in range(6)))
    assert _Pad(pygame, held).read() == Pad(1.0, 1.0, 0.0)
    assert _Pad(pygame, Stick(*[0] * 6)).read() == Pad(0.0, 0.0, 0.0)
    assert _Joystick(Stick(0.05, 1.0)).read() == Pad(0.0, 0.0, 1.0)
    assert _Joystick(Stick(1.0, -1.0)).read() == Pad(-1.0, 1.0, 0.0)
    assert _Joystick(Stick()).read() == Pad(0.0, 0.0, 0.0)


def test_buttons_of_pads_are_keys(viewer: Viewer) -> None:
    for kind in (pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP):
        event = pygame.event.Event(kind, button=pygame.CONTROLLER_BUTTON_Y, instance_id=0)
        pygame.event.post(event)
    keys = [key for key in viewer.window.listen() if key.name.startswith("pad")]
    assert keys == [Key("pad y", True), Key("pad y", False)]
    assert viewer.window.pad() is None
