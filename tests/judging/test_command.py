"""``racegym evaluate`` and ``racegym export`` on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from racegym.cli import main


@pytest.fixture
def file(race: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("race.yaml").write_text(json.dumps({**race, "time_limit": 30.0}))
    return "race.yaml"


def test_a_driver_is_judged_and_the_result_written(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["evaluate", "{name: pure_pursuit, pace: 90}", "--scenario", file, "--episodes", "2"]
    assert main([*asked, "--output", "found.json"]) == 0
    told = capsys.readouterr().out
    assert "2 races of judged from seed 3" in told
    assert "completed 2 of 2 races (100 %)" in told
    # The shortest lap and the one nearest to the limit of its circuit are not one lap.
    best, mean = re.search(r"by the limit: best lap (\S+) %, mean lap (\S+) %", told).groups()
    assert "best lap" in told and "of the limit)" not in told
    data = json.loads(Path("found.json").read_text("utf-8"))
    assert [row["seed"] for row in data["episodes"]] == [3, 4]
    assert data["driver"]["options"]["pace"] == 90
    assert data["summary"]["mean_lap_percent"] > 100
    assert best == f"{data['summary']['best_lap_percent']:.1f}"
    assert mean == f"{data['summary']['mean_lap_percent']:.1f}"
    assert main([*asked, "--output", "found.json"]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert main([*asked, "--json", "--no-limit", "--at-once", "1"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert [row["total_time"] for row in again["episodes"]] == [
        row["total_time"] for row in data["episodes"]
    ]


def test_other_tracks_in_place_of_the_scenarios(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["evaluate", "idle", "--scenario", file, "--episodes", "4", "--json", "--no-limit"]

    def tracks(*more: str) -> list[str]:
        assert main([*asked, "--set", "time_limit=1", *more]) == 0
        return [row["track"] for row in json.loads(capsys.readouterr().out)["episodes"]]

    assert tracks() == ["kart-5", "kart-6", "kart-7", "kart-5"]
    assert tracks("--tracks", "same") == tracks()
    assert tracks("--tracks", "held-out") == [f"kart-{1_000_005 + k}" for k in range(4)]
    named = ("--tracks", "workshop", "--tracks", "{generate: {seed: 8, style: kart, length: 250}}")
    assert tracks(*named) == ["workshop", "kart-8"] * 2
    assert main([*asked, "--set", "track=workshop", "--tracks", "held-out"]) == 2
    assert "are not generated" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pure_pursuit"], "name a scenario, with --scenario"),
        (["pure_pursiut", "--scenario", "race.yaml"], "did you mean 'pure_pursuit'"),
        (["{pace: 3}", "--scenario", "race.yaml"], "has no name"),
        (["idle", "--scenario", "race.yaml", "--checkpoints"], "takes a training's run"),
        (["idle", "--scenario", "race.yaml", "--plot", "x.png"], "goes with --checkpoints"),
        (["race.yaml", "--scenario", "race.yaml"], "no driver takes a policy"),
        (["idle", "--scenario", "race.yaml", "--output", "nowhere/x.json"], "there is no folder"),
        (["x" * 5000, "--scenario", "race.yaml"], "xxx: can't be used: "),
    ],
)
def test_what_is_wrong_is_told(
    file: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_wrong_video_is_told_before_the_races_are_driven(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("av", reason="needs PyAV")
    asked = ["evaluate", "idle", "--scenario", file, "--set", "time_limit=1", "--no-limit"]
    assert main([*asked, "--video", "x.txt"]) == 2
    told = capsys.readouterr()
    assert "a video ends in" in told.err
    assert "completed" not in told.out


def test_what_is_no_checkpoint_is_not_exported(
    file: str, write_policy: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = str(write_policy())
    for arguments, message in (
        ([policy, "out.onnx"], "is an ONNX file already, and drives as it is"),
        (["rental_kart", "out.onnx"], "rental_kart.onnx: is an ONNX file already"),
        (["rental_krt", "out.onnx"], "policy 'rental_krt'; did you mean 'rental_kart'?"),
        ([policy, "out.pt"], "ends with .onnx"),
        ([policy, "nowhere/out.onnx"], "there is no folder"),
        ([policy, policy], "--force replaces it"),
        (["nothing", "out.onnx"], "there is no file, training or policy 'nothing'"),
    ):
        assert main(["export", *arguments]) == 2
        assert message in capsys.readouterr().err
    assert not Path("out.onnx").exists()
