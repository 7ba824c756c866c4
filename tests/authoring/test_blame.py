"""A plugin that raises while a command is at work is one message, which names the plugin."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from racegym import plugins
from racegym.cli import main
from racegym.plugins.blame import blame

BUILT, DRIVEN = (
    r"( +)self\._simulator = Simulator\(\)\n\n",
    r"( +)speed = self\._simulator\.speed\n",
)
LATE = r'\g<0>\1if speed > 8.0:\n\1    raise RuntimeError("tyres gone")\n'


@pytest.fixture
def ice(workshop, monkeypatch):
    """A function that installs the template's backend with a change in one of its files."""

    def install(old: str, new: str, name: str = "racegym_ice/backend.py") -> Path:
        _, folder = workshop.make("backend")
        file = folder / name
        text, count = re.subn(old, new, file.read_text(encoding="utf-8"))
        assert count == 1, "the template has changed"
        file.write_text(text, encoding="utf-8")
        workshop.install(folder)
        monkeypatch.chdir(folder)
        return file

    return install


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (BUILT, r"\1raise OSError('no port')\n\n", "OSError: no port"),
        (r"( +)for name, value in VEHICLE.*\n", r"\g<0>\1    1 / 0\n", "ZeroDivisionError: "),
        (DRIVEN, LATE, "RuntimeError: tyres gone"),
        (r"super\(\)\.__init__\(setup\)", "pass", "let its __init__ begin with super()"),
    ],
    ids=["when it is built", "at the reset", "in a later step", "for want of its base"],
)
def test_a_run_tells_who_failed_and_where(old, new, said, ice, capsys):
    file = ice(old, new)
    assert main(["run", "scenario.yaml"]) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told
    place = re.search(r"^error: (\S+):(\d+): racegym-ice failed with ", told, flags=re.MULTILINE)
    assert Path(place[1]) == file
    assert int(place[2]) <= file.read_text(encoding="utf-8").count("\n")
    assert said in told
    assert "racegym check backend ice tells more, and RACEGYM_DEBUG=1 shows" in told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def step", "def steps", r"IceBackend lacks what every Backend has: def step\(self,"),
        (r"effects: Effects, dt: float", "dt: float", r"IceBackend\.step takes \(self, control: "),
    ],
    ids=["no step", "an argument is missing"],
)
def test_a_class_that_can_not_be_called_is_refused_before_anything_starts(
    old, new, said, ice, capsys
):
    ice(old, new)
    assert main(["run", "scenario.yaml"]) == 2
    told = capsys.readouterr().err
    assert re.search(said, told), told
    assert "Traceback" not in told
    assert not list(Path("runs").rglob("*")), "no run was begun"


def test_what_was_recorded_until_then_can_be_read(ice, capsys):
    ice(DRIVEN, LATE)
    assert main(["run", "scenario.yaml"]) == 2
    capsys.readouterr()
    assert main(["runs", "list"]) == 0
    assert re.search(r"\bice\b", capsys.readouterr().out)


def test_a_worker_of_it_tells_the_same(ice, capsys):
    ice(BUILT, r"\1raise OSError('no port')\n\n")
    assert main(["run", "scenario.yaml", "--set", "backend.workers=1"]) == 2
    told = capsys.readouterr().err
    assert "no port" in told
    assert "Traceback" not in told


def test_the_whole_story_can_be_had(ice, monkeypatch):
    ice(DRIVEN, LATE)
    monkeypatch.setenv("RACEGYM_DEBUG", "1")
    with pytest.raises(RuntimeError, match="tyres gone"):
        main(["run", "scenario.yaml"])


def test_a_mistake_of_racegyms_own_is_laid_at_nobodys_door():
    with pytest.raises(KeyError) as caught:
        raise KeyError("ours")
    assert blame(caught.value) is None


@pytest.mark.parametrize(
    ("old", "new", "file", "said"),
    [
        (r"racegym_ice\.plugin", "racegym_ice.plugn", "pyproject.toml", "racegym_ice.plugn"),
        (r'summary="', 'api=99, summary="', "racegym_ice/plugin.py", "plugin interface 99"),
        ("@hookimpl\n", "", "racegym_ice/plugin.py", "write @racegym.hookimpl above"),
        (r"def register_backends\(", "def register_backends(:", "racegym_ice/plugin.py", "Syntax"),
    ],
)
def test_the_list_of_plugins_says_why_one_is_not_loaded(old, new, file, said, ice, capsys):
    ice(old, new, file)
    assert main(["plugins", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["installed"]
    (row,) = [row for row in listed if row["dist"] == "racegym-ice"]
    assert row["state"] == "failed"
    assert said in row["reason"]
    assert plugins.load().failures["racegym-ice"] == row["reason"]
    assert main(["run", "scenario.yaml"]) == 2
    assert row["reason"] in capsys.readouterr().err
