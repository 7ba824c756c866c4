"""Somebody who follows ``docs/beginners.md`` from the top to the end gets what it says.

The page is the script: its files are written, its commands run, in its order, in a folder
that held nothing before, and what each prints is compared with what the page shows.
"""

from __future__ import annotations

import io
import json
import os
import re
import runpy
import shlex
import sys
import webbrowser
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from racegym.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "beginners.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INSTALLING = ("python3 -m venv", "source ", "pip install ")
TRAINING = "python train.py"
QUICK = " --steps 8192"  # one update; what it has learned is nothing


class Reader:
    """Somebody at a desk, who does what a page says.

    Args:
        desk: an empty folder.
        training: what to add to the command that trains.
        patch: of the test.
    """

    def __init__(self, desk: Path, training: str, patch: pytest.MonkeyPatch):
        self.desk = self.folder = desk
        self.training = training
        self.patch = patch
        self.printed = ""
        self.done: list[str] = []
        patch.chdir(desk)

    def follow(self, page: str) -> None:
        """Write, run and compare, in the page's order."""
        for language, text in BLOCK.findall(page):
            if language in ("python", "yaml"):
                named = re.match(r"# (\w+\.(?:py|yaml))\n", text)
                assert named, f"no file name above:\n{text}"
                (self.folder / named[1]).write_text(text, encoding="utf-8")
            elif language == "sh":
                self.printed = "".join(self.run(line) for line in text.splitlines())
            else:
                assert language == "text"
                self.compare(text)

    def run(self, command: str) -> str:
        """Run a command that works, and return what it prints."""
        if command.startswith(INSTALLING):
            files = re.findall(r"-[rc] (\S+)", command)
            there = ROOT / self.folder.relative_to(self.desk)  # were the desk a checkout
            assert all(Path(os.path.normpath(there / file)).is_file() for file in files), command
            return ""
        self.done.append(command)
        if command.startswith(TRAINING):
            command += self.training
        program, *arguments = shlex.split(command)
        if program == "mkdir":
            (self.folder / arguments[0]).mkdir()
            return ""
        if program == "cd":
            self.folder /= arguments[0]
            self.patch.chdir(self.folder)
            return ""
        code, printed = called(program, arguments, self.patch)
        assert code == 0, f"{command}\n{printed}"
        return printed

    def compare(self, shown: str) -> None:
        """See that each line that the page shows was printed, whatever its numbers."""
        if shown.startswith("$ "):  # a mistake, and its answer
            command, shown = shown[2:].split("\n", 1)
            program, *arguments = shlex.split(command)
            code, self.printed = called(program, arguments, self.patch)
            assert code == 2, command
        elif self.training and TRAINING in "".join(self.done):
            return  # who has learned nothing prints something else
        printed = [plain(line) for line in self.printed.splitlines()]
        for line in shown.splitlines():
            for part in line.split("..."):
                wanted = plain(part)
                assert any(wanted in one for one in printed), f"{line}\n\n{self.printed}"


def called(program: str, arguments: list[str], patch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Call a program within this process, and return its exit code and all it prints."""
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        if program == "racegym":
            return main(arguments), printed.getvalue()
        assert program == "python"
        patch.setattr(sys, "argv", arguments)
        runpy.run_path(arguments[0], run_name="__main__")
        return 0, printed.getvalue()


def plain(line: str) -> str:
    """Return a line without its numbers, dates, rules and the width of its columns."""
    line = re.sub(r"─+", "─", re.sub(r"\d[\d.,:]*", "#", line))
    return " ".join(line.split())


def follow(desk: Path, patch: pytest.MonkeyPatch, training: str = "") -> Reader:
    for library in ("stable_baselines3", "onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(library, reason=f"needs {library}")
    opened: list[str] = []
    patch.setattr(webbrowser, "open", lambda url: not opened.append(url))
    patch.setenv("COLUMNS", "100")
    reader = Reader(desk, training, patch)
    reader.follow(PAGE.read_text(encoding="utf-8"))
    return reader


def result(folder: Path, name: str, which: int = -1) -> Any:
    """Return the result of a run by its scenario's name; the latest, unless told."""
    run = sorted((folder / "runs" / name).iterdir())[which]
    assert (run / "telemetry.parquet").is_file() and (run / "track_map.png").is_file()
    return json.loads((run / "result.json").read_text(encoding="utf-8"))


def order(of: Any) -> list[str]:
    return [row["name"] for row in of["classification"]]


def check_scripted(folder: Path) -> None:
    """What the page promises of the part before learning."""
    assert len(order(result(folder, "quickstart", 0))) == 6
    slow, fast = result(folder, "duel", 0), result(folder, "duel", -1)
    assert order(slow) == order(fast) == ["Rival", "Mine"]
    last = [race["classification"][1] for race in (slow, fast)]
    assert all(row["status"] == "finished" for row in last)
    assert last[0]["gap"] > 30 > 5 > last[1]["gap"]


def test_a_reader_gets_through_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = follow(tmp_path, monkeypatch, training=QUICK)
    check_scripted(reader.folder)
    assert set(order(result(reader.folder, "final"))) == {"Mine", "Rival", "Learned"}
    assert (reader.folder / "learned.onnx").is_file()
    assert reader.printed.startswith("verified ")


@pytest.mark.slow
def test_the_reader_s_driver_learns_to_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = follow(tmp_path, monkeypatch)
    check_scripted(reader.folder)
    final = result(reader.folder, "final")
    assert order(final)[0] == "Learned"
    winner = final["classification"][0]
    assert (winner["status"], winner["laps"]) == ("finished", 3)
    assert winner["off_track"] <= 1  # it sees no other car, and may be pushed
