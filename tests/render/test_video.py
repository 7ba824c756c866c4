"""Videos: as many pictures as the race has thirtieths of a second, whole or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from racegym.cli import main
from racegym.errors import MissingLibraryError, RacegymError
from racegym.render.video import Video
from racegym.render.watchers import LiveVideo
from racegym.run import run
from racegym.run.run import RunResult
from racegym.scenario import Scenario, load_scenario

av = pytest.importorskip("av", reason="needs PyAV: pip install -e '.[render]'")

SMALL = (320, 240)


def told(path: Path) -> tuple[int, int, tuple[int, int], float]:
    """Return pictures, pictures a second, size and duration of a video that is decoded."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        count = sum(1 for _ in file.decode(video=0))
        return count, stream.average_rate, (stream.width, stream.height), file.duration / 1e6


def short(two: Scenario, **more: object) -> Scenario:
    return load_scenario({**two.resolved(), "time_limit": 2.5, **more})


@pytest.mark.parametrize("dt", [0.05, 0.02, 0.11])
def test_length_and_rate_are_those_of_the_race(two: Scenario, tmp_path: Path, dt: float) -> None:
    scenario = short(two, dt=dt)
    film = LiveVideo(["Ann", "Bob"], 1, tmp_path / "a.mp4", size=SMALL)
    done = run(scenario, runs_dir=tmp_path, watchers=[film], plots=False)
    count = int(done.result["time"] * 30 + 1e-6)
    assert count in (75, 76, 78)
    assert told(tmp_path / "a.mp4") == (count, 30, SMALL, pytest.approx(count / 30, abs=0.01))


def test_races_follow_each_other(two: Scenario, tmp_path: Path) -> None:
    scenario = short(two, task="evaluate", episodes=2)
    film = LiveVideo(["Ann", "Bob"], 1, tmp_path / "a.mkv", size=SMALL, camera="track")
    run(scenario, runs_dir=tmp_path, watchers=[film], plots=False)
    assert told(tmp_path / "a.mkv")[0] == 150


@pytest.fixture(scope="module")
def recorded(two: Scenario, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(short(two), runs_dir=tmp_path_factory.mktemp("runs"), plots=False)


def test_watching_writes_what_running_writes(
    two: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two.yaml").write_text(short(two).to_yaml(), encoding="utf-8")
    size = ["--size", "320x240", "--camera", "north"]
    assert main(["run", "two.yaml", "-q", "--no-plots", "--video", "live.mp4", *size]) == 0
    assert main(["watch", "--video", "later.mp4", *size]) == 0
    assert told(Path("live.mp4")) == told(Path("later.mp4"))
    pictures = []
    for name in ("live.mp4", "later.mp4"):
        with av.open(name) as file:
            pictures.append([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])
    apart = [np.abs(a.astype(int) - b).mean() for a, b in zip(*pictures, strict=True)]
    assert max(apart) < 3.0
    assert np.abs(pictures[0][0].astype(int) - pictures[0][-1]).mean() > 5.0
    assert not list(tmp_path.glob("*.part"))


def test_an_interrupted_run_leaves_a_whole_video(two: Scenario, tmp_path: Path) -> None:
    film = LiveVideo(["Ann", "Bob"], 1, tmp_path / "a.mp4", size=SMALL)

    class Breaks(LiveVideo):
        def __init__(self) -> None:
            pass

        def see(self, view, events) -> None:  # type: ignore[no-untyped-def]
            if view.race.time[0] > 1.0:
                raise KeyboardInterrupt

        def close(self) -> None:
            pass

    with pytest.raises(KeyboardInterrupt):
        run(short(two), runs_dir=tmp_path, watchers=[film, Breaks()], plots=False)
    assert told(tmp_path / "a.mp4")[0] in (30, 31)
    assert [path.name for path in tmp_path.glob("a.*")] == ["a.mp4"]


def test_a_video_that_fails_leaves_nothing(tmp_path: Path) -> None:
    film = Video(tmp_path / "a.mp4", SMALL)
    film.write(np.zeros((240, 320, 3), np.uint8))

    class FullDisk:
        def encode(self, frame: object = None) -> object:
            raise OSError("No space left on device")

    film._stream = FullDisk()
    with pytest.raises(RacegymError, match="can't be written: No space left"):
        film.write(np.zeros((240, 320, 3), np.uint8))
    film.finish()
    assert list(tmp_path.iterdir()) == []


def test_without_pictures_there_is_no_video(tmp_path: Path) -> None:
    Video(tmp_path / "a.mp4", SMALL).finish()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "size", "what"),
    [
        ("a.avi", "320x240", "a video ends in .mp4, .mkv, .mov"),
        ("no/a.mp4", "320x240", "there is no such folder"),
        ("a.mp4", "321x240", "both sides must be even"),
        ("a.mp4", "320", "'320' is no size; write one such as 1280x720"),
        ("a.mp4", "99999x240", "its sides should be from 160 to 4096"),
    ],
)
def test_what_can_not_be_written_is_refused_before_the_race(
    recorded: RunResult, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    name: str, size: str, what: str,
) -> None:  # fmt: skip
    video = ["--video", str(tmp_path / name), "--size", size]
    assert main(["run", "quickstart", "--runs-dir", str(tmp_path / "runs"), *video]) == 2
    assert what in capsys.readouterr().err
    assert main(["watch", str(recorded.folder), *video]) == 2
    assert what in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_av_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingLibraryError, match=r'pip install "racegym\[render\]"'):
        Video(tmp_path / "a.mp4", SMALL)
