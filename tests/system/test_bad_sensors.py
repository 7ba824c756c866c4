"""What sensors can't do is one plain message with its line, and exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from racegym.cli import main

WRONG = [
    ("{name: camera, width: 0}", "observation[0].width: is 0; it should be greater than or"),
    (
        "{name: camera, field_of_view: 200}",
        "observation[0].field_of_view: radians are meant, at most 3; 200 degrees are 3.491",
    ),
    (
        "{name: camera, field_of_view: 3.5}",
        "observation[0].field_of_view: radians are meant, at most 3, not 3.5",
    ),
    (
        "{name: camera, pitch: -10}",
        "observation[0].pitch: radians are meant, at most 1.5; -10 degrees are -0.1745",
    ),
    (
        "{name: rays, field_of_view: 270}",
        "observation[0].field_of_view: radians are meant, at most 6.283; 270 degrees are 4.712",
    ),
    (
        "{name: rays, angles: [-45, 0, 0.5]}",
        "observation[0].angles[0]: radians are meant, at most 3.142; -45 degrees are -0.7854",
    ),
    (
        "{name: rays, beams: 5000}",
        "observation[0].beams: is 5000; it should be less than or equal to 4096",
    ),
    ("{name: rays, stack: 0}", "observation[0].stack: is 0; it should be greater than or equal"),
    ("{name: channels, channels: tyre_heat}", "there is no channel 'tyre_heat' here; "),
    (
        "{name: channels, channels: [gear], delay: 1}",
        "sensor 'channels' needs gear, which backend 'kart2d' does not offer; ",
    ),
]


@pytest.mark.parametrize(("sensor", "said"), WRONG, ids=[sensor for sensor, _ in WRONG])
def test_what_no_sensor_can_do_is_told_with_its_line(
    sensor: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(f"backend: kart2d\nobservation:\n  - {sensor}\n", encoding="utf-8")
    assert main(["scenario", "validate", str(file)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: {file}:3: ")
    assert said in told.err
    assert told.err.count("\n") == 1 and "Traceback" not in told.err


@pytest.mark.parametrize("key", ["observation", "critic_observation"])
def test_a_label_has_its_own_line(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.yaml"
    profile = f"    {key}:\n      a: state\n      b: {{name: channels, channels: [gear]}}\n"
    cars = "cars: [{vehicle: rental_kart, profile: other}]\n"
    file.write_text(f"backend: kart2d\n{cars}profiles:\n  other:\n{profile}", encoding="utf-8")
    assert main(["scenario", "validate", str(file)]) == 2
    assert f"{file}:7: profile 'other': sensor 'b' needs gear" in capsys.readouterr().err
