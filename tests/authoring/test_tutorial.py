"""The tutorial is walked through from its beginning: every command, every change, every output.

By default within this process, where nothing is really installed; the slow tests do all of it
as a reader would, in clean environments, and measure how long it takes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from racegym import plugins
from racegym.authoring.checking import find_subject
from racegym.cli import main
from racegym.testing import BackendSuite, run_suite

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
TEXT = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
NOT_HERE = {"pip install build", "python -m build --wheel"}  # the slow tests do these, too
SHORTER = {"racegym bench": ["--seconds", "0.05", "--no-memory"]}


class Block(NamedTuple):
    """A fenced block of the page, and the heading that it stands under."""

    heading: str
    language: str
    text: str


def page_blocks() -> list[Block]:
    blocks, heading = [], ""
    for found in re.finditer(r"^#+ ([^\n]*)$|^```(\w+)\n(.*?)^```$", TEXT, flags=re.S | re.M):
        heading = found[1] or heading
        if found[2]:
            blocks.append(Block(heading, found[2], found[3]))
    return blocks


BLOCKS = page_blocks()
SIGN = next(b.text for b in BLOCKS if b.heading.startswith("When a sign"))
ROWS = re.findall(r"^\| `(.+?)` \| `(.+?)` \| `(.+?)` \|$", TEXT, flags=re.M)


def change(text: str, block: str) -> str:
    """Return ``text`` with a block of changes, less its first line, made in it."""
    lines = block.splitlines()[1:]
    old = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    new = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
    assert text.count(old) == 1, old
    return text.replace(old, new)


def walk(beside: Path, run: Callable[[str], str], edited: Callable[[], None]) -> None:
    """Do what the page says, with ``beside`` as the folder of the plugin.

    Args:
        beside: it.
        run: does a command, and returns what it printed.
        edited: called after each change of a file.
    """
    printed, last = "", ""
    for block in BLOCKS:
        if block.language == "sh":
            for command in block.text.splitlines():
                printed = run(command)
        elif block.language == "text" and last == "sh":
            for line in block.text.splitlines():
                start = line.removesuffix("...")
                assert any(said.startswith(start) for said in printed.splitlines()), printed
        elif block.language == "diff" and not block.text.startswith("@@ next: "):
            file = beside / block.text.split()[1]
            file.write_text(change(file.read_text(encoding="utf-8"), block.text), "utf-8")
            edited()
        last = block.language


def checkout(folder: Path) -> Path:
    """Return a folder with as much of a checkout as the page needs."""
    shutil.copytree(EXAMPLES / "toykart", folder / "racegym" / "docs" / "examples" / "toykart")
    return folder / "racegym"


def is_the_example(folder: Path) -> None:
    for file in EXAMPLES.joinpath("racegym-toykart").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            made = folder / file.relative_to(EXAMPLES / "racegym-toykart")
            assert made.read_text(encoding="utf-8") == file.read_text(encoding="utf-8"), made
    assert not (folder / "racegym_toykart" / "simulator.py").exists()


def test_the_tutorial_works_as_it_stands(workshop, monkeypatch, capsys):
    if find_spec("racegym_toykart") is not None:
        pytest.skip("somebody has followed the tutorial here: pip uninstall racegym-toykart")
    home = checkout(workshop.folder)
    beside = workshop.folder / "racegym-toykart"
    monkeypatch.chdir(home)
    left_out = set()

    def run(command: str) -> str:
        name, *rest = shlex.split(command)
        if command in NOT_HERE:
            left_out.add(command)
        elif command.startswith("pip install "):
            workshop.install(Path(rest[-1]).resolve())
        elif name == "cd":
            monkeypatch.chdir(rest[0])
        elif name == "rm":
            Path(rest[0]).unlink()
        else:
            assert name == "racegym", command
            assert main([*rest, *SHORTER.get(f"racegym {rest[0]}", [])]) == 0, capsys.readouterr()
        return capsys.readouterr().out

    def edited() -> None:
        for module in [name for name in sys.modules if name.startswith("racegym_toykart")]:
            del sys.modules[module]
        plugins.load(fresh=True)

    walk(beside, run, edited)
    assert left_out == NOT_HERE
    is_the_example(beside)
    runs = [
        json.loads(file.read_text(encoding="utf-8"))["classification"][0]
        for file in beside.glob("runs/toykart/*/result.json")
    ]
    assert [car["laps"] for car in runs] == [2, 2]
    assert runs[0]["time"] == runs[1]["time"], "a worker changes nothing"


@pytest.fixture
def mistaken(tmp_path, monkeypatch):
    """A function that changes the example's backend, and returns the class in it."""
    monkeypatch.syspath_prepend(EXAMPLES / "toykart")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    source = EXAMPLES / "racegym-toykart" / "racegym_toykart" / "backend.py"
    file = tmp_path / "mistaken_toykart.py"

    def make(edit: Callable[[str], str]) -> type:
        file.write_text(edit(source.read_text(encoding="utf-8")), encoding="utf-8")
        return find_subject("backend", f"{file}:ToykartBackend").make

    yield make
    for name in ("mistaken_toykart", "toykart"):
        sys.modules.pop(name, None)


def replacing(right: str, wrong: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert text.count(right) == 1, right
        return text.replace(right, wrong)

    return edit


def test_the_message_of_the_wrong_sign_is_the_real_one(mistaken):
    make = mistaken(replacing("wheels = -degrees(", "wheels = degrees("))
    check = SIGN.split()[1]
    (finding,) = run_suite(type("Wrong", (BackendSuite,), {"make": make}), [check]).failed
    assert f"failed: {check}\n  {finding.reason}\n  look at {finding.where}\n" == SIGN


@pytest.mark.parametrize(("right", "wrong", "said"), ROWS)
def test_what_is_said_of_other_mistakes_is_true(right, wrong, said, mistaken):
    make = mistaken(replacing(right, wrong))
    checks = [
        "positive_steer_turns_left",
        "place_puts_cars_where_asked",
        "velocity_is_the_change_of_position",
        "brake_never_reverses",
    ]
    report = run_suite(type("Wrong", (BackendSuite,), {"make": make}), checks)
    assert said in [finding.reason for finding in report.failed]


def test_there_are_rows_of_mistakes():
    assert len(ROWS) == TEXT.count("\n| `") >= 5


def test_the_snapshots_that_come_next_pass(mistaken):
    def edit(text: str) -> str:
        for block in BLOCKS:
            if block.text.startswith("@@ next: "):
                text = change(text, block.text)
        return text

    suite = type("Next", (BackendSuite,), {"make": mistaken(edit)})
    report = run_suite(suite, ["spec_is_sound", "snapshot_restores_everything"])
    assert len(report.passed) == 2, report


class Timed:
    """Runs commands in an environment of its own, and notes how long each takes [s]."""

    def __init__(self, folder: Path, cwd: Path):
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        self.scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
        self.cwd = cwd
        self.seconds: dict[str, list[float]] = {}
        hidden = {"PYTHONPATH", "RACEGYM_PLUGINS", "RACEGYM_THREADS"}
        self._environment = {k: v for k, v in os.environ.items() if k not in hidden}
        self._environment["RACEGYM_CACHE_DIR"] = str(folder / "cache")  # nothing is compiled yet
        self._environment["PATH"] = os.pathsep.join([str(self.scripts), os.environ["PATH"]])

    def __call__(self, command: str) -> str:
        name, *rest = shlex.split(command)
        if name == "cd":
            self.cwd = (self.cwd / rest[0]).resolve()
            return ""
        if name == "rm":
            (self.cwd / rest[0]).unlink()
            return ""
        line = {
            "pip": [self.scripts / "python", "-m", "pip", *rest],
            "python": [self.scripts / "python", *rest],
            "racegym": [self.scripts / "racegym", *rest],
        }[name]
        began = time.perf_counter()
        done = subprocess.run(
            [str(word) for word in line],
            cwd=self.cwd, env=self._environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.seconds.setdefault(command, []).append(time.perf_counter() - began)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def table(self) -> str:
        return "".join(
            f"{took:8.1f} s  {command}\n" for command, all_ in self.seconds.items() for took in all_
        )


@pytest.mark.slow
def test_a_reader_gets_from_nothing_to_a_wheel_that_works_elsewhere(tmp_path, capsys):
    """First all of the page, then the three wheels alone in another clean environment."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(wheels)]
    for project in (ROOT, EXAMPLES / "toykart"):
        subprocess.run([*build, str(project)], check=True, capture_output=True)

    reader = Timed(tmp_path / "reader", checkout(tmp_path))
    reader(f"pip install {shlex.quote(str(next(wheels.glob('racegym-*.whl'))))}")
    beside = tmp_path / "racegym-toykart"
    walk(beside, reader, lambda: None)
    is_the_example(beside)
    for wheel in beside.joinpath("dist").glob("*.whl"):
        shutil.copy(wheel, wheels)
    assert len(list(wheels.iterdir())) == 3
    user = Timed(tmp_path / "user", tmp_path / "empty")
    user.cwd.mkdir()
    shutil.copy(beside / "scenario.yaml", user.cwd)
    user("pip install " + " ".join(shlex.quote(str(wheel)) for wheel in wheels.iterdir()))
    assert "24 passed" in user("racegym check backend toykart")
    for more in ("", " --set backend.workers=2"):
        user("racegym run scenario.yaml" + more)
        assert "verified" in user("racegym verify latest")
    with capsys.disabled():
        sys.stdout.write(f"\nthe tutorial:\n{reader.table()}the wheels:\n{user.table()}")
