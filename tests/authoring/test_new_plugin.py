"""What ``racegym new-plugin`` writes works as it stands; what it refuses leaves no trace."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from racegym import __version__, plugins
from racegym.authoring import new_plugin as module
from racegym.authoring.new_plugin import TEMPLATE_KINDS, NewPlugin
from racegym.cli import main
from racegym.testing import Suite

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", TEMPLATE_KINDS)
def test_a_new_plugin_passes_its_check_untouched(kind, workshop, capsys, monkeypatch):
    made, folder = workshop.make(kind)
    workshop.install(folder)
    assert main(["check", kind, "ice", "--json"]) == 0, capsys.readouterr()
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    assert report["from"] == f"{made.dist} 0.1.0"
    assert len(report["passed"]) >= 5

    assert main(["plugins", "validate", str(folder / "registry.toml")]) == 0
    if kind != "backend":
        pytest.importorskip("racegym_kart2d")
    monkeypatch.chdir(folder)
    assert main(["scenario", "validate", "scenario.yaml"]) == 0, capsys.readouterr().err

    spec = importlib.util.spec_from_file_location("own_test", "tests/test_conformance.py")
    own = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(own)
    tested = getattr(own, f"Test{made.class_name}")
    assert issubclass(tested, Suite)
    assert tested.make is plugins.load().find(kind, "ice").load()


@pytest.mark.parametrize("kind", ["backend", "driver", "realism"])
def test_its_scenario_is_raced_to_the_end(kind, workshop, capsys, monkeypatch):
    if kind != "backend":
        pytest.importorskip("racegym_kart2d")
    _, folder = workshop.make(kind)
    workshop.install(folder)
    monkeypatch.chdir(folder)
    assert main(["run", "scenario.yaml"]) == 0, capsys.readouterr().err
    (result,) = (folder / "runs" / "ice").glob("*/result.json")
    found = json.loads(result.read_text(encoding="utf-8"))["classification"]
    assert all(car["laps"] == 2 for car in found), found


@pytest.mark.parametrize("kind", TEMPLATE_KINDS)
def test_the_package_is_whole(kind, workshop):
    made, folder = workshop.make(kind, "deep_ice")
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert files >= {
        "pyproject.toml", "README.md", "LICENSE", "registry.toml", "scenario.yaml", ".gitignore",
        ".github/workflows/check.yml", ".github/workflows/release.yml",
        "tests/test_conformance.py", "racegym_deep_ice/__init__.py",
        "racegym_deep_ice/plugin.py", f"racegym_deep_ice/{kind}.py",
    }  # fmt: skip
    for file in files:
        text = (folder / file).read_text(encoding="utf-8")
        assert not re.search(r"<<\w*>>", text), file
        if file.endswith(".py"):
            compile(text, file, "exec")
            assert max(map(len, text.splitlines())) <= 100
    settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert settings["name"] == made.dist == "racegym-deep-ice"
    assert settings["entry-points"] == {"racegym": {"deep_ice": "racegym_deep_ice.plugin"}}
    major, minor, *_ = __version__.split(".")
    span = f">={major}.{minor},<{major}.{int(minor) + 1}"
    assert f"racegym{span}" in settings["dependencies"]
    release = (folder / ".github/workflows/release.yml").read_text(encoding="utf-8")
    assert "pypa/gh-action-pypi-publish" in release
    assert "id-token: write" in release
    check = (folder / ".github/workflows/check.yml").read_text(encoding="utf-8")
    assert f"racegym check {kind} deep_ice" in check
    assert "${{ matrix.python }}" in check


@pytest.mark.parametrize("kind", TEMPLATE_KINDS)
def test_the_package_is_clean_for_ruff(kind, workshop):
    pytest.importorskip("ruff")
    _, folder = workshop.make(kind)
    for command in (["check", "--select", "E,F,I,B,UP"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "100", "."],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEMPLATE_KINDS)
def test_the_package_is_fully_typed(kind, workshop, monkeypatch):
    pytest.importorskip("mypy")
    made, folder = workshop.make(kind)
    monkeypatch.setenv("MYPYPATH", str(ROOT / "core"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", made.module],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_tells_how_to_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new-plugin", "sensor", "ice"]) == 0
    out = capsys.readouterr().out
    assert "pip install -e racegym-ice" in out
    name = re.search(r"racegym check sensor (\S+)", out)[1]
    assert main(["check", "sensor", name]) == 0
    del sys.modules["racegym_ice"], sys.modules["racegym_ice.sensor"]


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("backends", "ice", "no template for plugins of kind 'backends'; did you mean 'backend'?"),
        ("watcher", "ice", "no template for plugins of kind 'watcher'"),
        ("backend", "kart2d", "the backend 'kart2d' exists already, in racegym-kart2d"),
        ("sensor", "state", "the sensor 'state' exists already, in racegym; choose another name"),
        ("sensor", "kart2d", "a package racegym-kart2d is known already; choose another name"),
        ("driver", "agent", "the name 'agent' has a meaning of its own"),
        ("sensor", "Ice-Radar", "'Ice-Radar' is no name for a plugin.*write 'ice_radar'"),
        ("sensor", "IceRadar", "write 'ice_radar'"),
        ("sensor", "2fast", "is no name for a plugin"),
        ("sensor", "ice_", "write 'ice'"),
        ("sensor", "", "'' is no name for a plugin"),
        ("sensor", "../../etc", "is no name for a plugin"),
        ("sensor", "racegym-ice", "which is put before it anyway; write 'ice'"),
        ("sensor", "i" * 60, "a name has at most 50 letters"),
    ],
)
def test_a_wrong_kind_or_name_is_one_message_and_nothing_is_written(
    kind, name, reason, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert main(["new-plugin", kind, name]) == 2
    assert re.search(reason, capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_what_is_installed_is_taken(workshop, capsys):
    _, folder = workshop.make("sensor")
    workshop.install(folder)
    assert main(["new-plugin", "sensor", "ice", "--path", str(workshop.folder / "other")]) == 2
    assert "the sensor 'ice' exists already, in racegym-ice" in capsys.readouterr().err
    assert main(["new-plugin", "driver", "ice", "--path", str(workshop.folder / "other")]) == 2
    assert "a package racegym-ice is installed already" in capsys.readouterr().err
    assert not (workshop.folder / "other").exists()


def test_a_module_that_python_finds_is_taken(tmp_path, monkeypatch, capsys):
    (tmp_path / "racegym_ice.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["new-plugin", "sensor", "ice", "--path", str(tmp_path / "new")]) == 2
    assert "Python finds a module racegym_ice already" in capsys.readouterr().err


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert main(["new-plugin", "sensor", "ice", "--path", str(tmp_path)]) == 2
    assert f"{tmp_path}: is not empty" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]
    assert main(["new-plugin", "sensor", "ice", "--path", str(tmp_path / "notes.txt")]) == 2
    assert "is a file; name a folder" in capsys.readouterr().err


@pytest.mark.parametrize("existed", [True, False])
def test_a_disk_that_is_full_leaves_nothing_half_written(existed, tmp_path, monkeypatch, capsys):
    target = tmp_path / "deep" / "new"
    if existed:
        target.mkdir(parents=True)
    write, count = Path.write_text, iter(range(100))

    def failing(self, *args, **kwargs):
        if next(count) == 5:
            raise OSError(28, "No space left on device")
        return write(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", failing)
    assert main(["new-plugin", "sensor", "ice", "--path", str(target)]) == 2
    assert "can't be written: No space left on device" in capsys.readouterr().err
    assert next(count) == 6, "it failed after some files were there"
    if existed:
        assert list(target.iterdir()) == []
    else:
        assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_may_be_given(tmp_path):
    assert main(["new-plugin", "sensor", "ice", "--path", str(tmp_path)]) == 0
    assert (tmp_path / "racegym_ice" / "sensor.py").is_file()


def test_no_template_is_left_over():
    folders = {folder.name for folder in (ROOT / "core/racegym/templates").iterdir()}
    assert folders == {"common", *TEMPLATE_KINDS}


def test_a_class_ends_with_its_kind_once():
    assert NewPlugin("backend", "ice").class_name == "IceBackend"
    assert NewPlugin("sensor", "ice_sensor").class_name == "IceSensor"
    assert NewPlugin("backend", "backend").class_name == "BackendBackend"
    assert module.TEMPLATE_KINDS["backend"][0] == "BackendSuite"


@pytest.mark.slow
def test_wheels_of_new_plugins_work_in_a_clean_environment(tmp_path):
    """Built, installed beside core's wheel, and run by a stranger's commands alone."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def run(*command: object, cwd: Path = tmp_path) -> str:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", wheels]
    for project in (ROOT, ROOT / "plugins" / "racegym-kart2d"):
        run(*build, project)
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    scripts = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [scripts / "python", "-m", "pip", "install", "-q"]
    run(*pip, "pytest", *wheels.glob("*.whl"))
    for kind in TEMPLATE_KINDS:
        run(scripts / "racegym", "new-plugin", kind, f"ice_{kind}")
        project = tmp_path / f"racegym-ice-{kind}"
        run(*build, project)
        run(*pip, "--no-deps", *wheels.glob(f"racegym_ice_{kind}-*.whl"))
        assert "passed" in run(scripts / "python", "-m", "pytest", "-q", cwd=project)
        assert "0 failed" in run(scripts / "racegym", "check", kind, f"ice_{kind}")
        run(scripts / "racegym", "plugins", "validate", "registry.toml", cwd=project)
        if kind == "sensor":
            run(scripts / "racegym", "scenario", "validate", "scenario.yaml", cwd=project)
        else:
            shorter = ["--set", "trainer.steps=50000"] if kind == "trainer" else []
            run(scripts / "racegym", "run", "scenario.yaml", *shorter, cwd=project)
