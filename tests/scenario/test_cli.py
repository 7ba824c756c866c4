from __future__ import annotations

from racegym.cli import main
from racegym.scenario import load_scenario


def test_list_shows_what_ships(capsys):
    assert main(["scenario", "list"]) == 0
    assert "quickstart" in capsys.readouterr().out


def test_show_prints_what_can_be_loaded_again(write, capsys):
    path = write("backend: toy\n")
    assert main(["scenario", "show", str(path), "--set", "laps=9"]) == 0
    again = load_scenario(write(capsys.readouterr().out, "again.yaml"))
    assert again == load_scenario(path, ["laps=9"])


def test_validate_goes_on_after_a_failure(write, capsys):
    good, bad = write("backend: toy\n", "good.yaml"), write("backend: toy\nlaps: -1\n", "bad.yaml")
    assert main(["scenario", "validate", str(bad), str(good)]) == 2
    told = capsys.readouterr()
    assert told.out == f"{good}: ok\n"
    assert told.err.startswith(f"error: {bad}:2: laps: is -1")
    assert main(["scenario", "validate", str(good)]) == 0


def test_validate_builds_the_world(write, capsys):
    path = write("backend: toy\ntrack: {generate: {length: 10}}\n")
    assert main(["scenario", "validate", str(path)]) == 2
    assert "too short" in capsys.readouterr().err


def test_validate_needs_a_scenario(capsys):
    assert main(["scenario", "validate"]) == 2
    assert "Missing argument" in capsys.readouterr().err
