from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from racegym import __version__
from racegym.plugins import known_plugins

PROJECTS = {
    "racegym": ".",
    "racegym_kart2d": "plugins/racegym-kart2d",
    "racegym_carracing": "plugins/racegym-carracing",
    "racegym_cleanrl": "plugins/racegym-cleanrl",
    "racegym_multicar": "plugins/racegym-multicar",
}
POLICY = ("README.md", "rental_kart.json", "rental_kart.onnx")


@pytest.fixture(scope="module")
def wheels(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All wheels, built from the working tree."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheels")
    for project in PROJECTS.values():
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
        subprocess.run([*command, str(root / project)], check=True, capture_output=True)
    return {name: next(folder.glob(f"{name}-*.whl")) for name in PROJECTS}


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_of_core_holds_code_catalogue_scenarios_and_tracks(wheels, root):
    held = names(wheels["racegym"])
    assert {"racegym/__init__.py", "racegym/py.typed", "racegym/registry.toml"} <= held
    scenarios = {
        f"racegym/{file.relative_to(root).as_posix()}"
        for file in (root / "scenarios").rglob("*.yaml")
    }
    assert scenarios
    assert scenarios <= held
    assert sum(name.startswith("racegym/circuits/") for name in held) >= 3
    code = {
        file.relative_to(root / "core").as_posix()
        for file in (root / "core" / "racegym").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert code <= held
    tops = {name.partition("/")[0] for name in held}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"racegym"}


@pytest.mark.parametrize("name", ["racegym_kart2d", "racegym_carracing", "racegym_multicar"])
def test_the_wheel_of_a_plugin_holds_its_package_alone(wheels, root, name):
    held = names(wheels[name])
    source = root / PROJECTS[name]
    code = {
        file.relative_to(source).as_posix()
        for file in (source / name).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert code <= held
    tops = {entry.partition("/")[0] for entry in held}
    assert {top for top in tops if not top.endswith(".dist-info")} == {name}


def test_the_wheel_of_kart2d_holds_the_vehicles_it_registers(wheels):
    vehicles = {f"racegym_kart2d/vehicles/{name}.yaml" for name in ("gt3", "rc_car", "rental_kart")}
    assert vehicles <= names(wheels["racegym_kart2d"])


def test_the_wheel_of_kart2d_holds_the_policy_it_registers_and_says_how_it_was_made(wheels):
    policy = {f"racegym_kart2d/policies/{name}" for name in POLICY}
    assert policy <= names(wheels["racegym_kart2d"])


@pytest.mark.parametrize("name", PROJECTS)
def test_every_wheel_carries_its_licence(wheels, name):
    assert any(entry.endswith(".dist-info/licenses/LICENSE") for entry in names(wheels[name]))


def test_plugins_accept_this_version_of_core(root):
    major, minor, *_ = __version__.split(".")
    span = f">={major}.{minor},<{major}.{int(minor) + 1}"
    for project in (root / "plugins").glob("racegym-*/pyproject.toml"):
        settings = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        assert f"racegym{span}" in settings["dependencies"]
        assert known_plugins()[settings["name"]].core == span


def test_every_requirement_file_names_what_exists(root):
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (root / file).read_text(encoding="utf-8").splitlines():
            option, _, path = line.partition(" ")
            if option == "-e":
                folder = path.partition("[")[0]  # extras may follow
                assert (root / folder / "pyproject.toml").is_file()
            elif option in ("-r", "-c"):
                assert (root / path).is_file()


@pytest.mark.slow
def test_the_wheels_work_in_a_clean_environment_from_an_empty_folder(wheels, tmp_path):
    """Nothing may lean on the checkout: the shipped scenario runs from anywhere."""
    scripts = _fresh_environment(tmp_path / "venv")
    files = [str(wheels["racegym"]), str(wheels["racegym_kart2d"])]
    subprocess.run([scripts / "python", "-m", "pip", "install", "-q", *files], check=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    for command in (["--version"], ["plugins"], ["run", "quickstart"]):
        subprocess.run([scripts / "racegym", *command], cwd=empty, check=True, env=_environment())
    missing = _says(scripts, empty, "run", "pretrained_kart", code=2)
    assert "install it: pip install onnxruntime" in missing
    subprocess.run([scripts / "python", "-m", "pip", "install", "-q", "onnxruntime"], check=True)
    assert "Learned finishes" in _says(scripts, empty, "run", "pretrained_kart")
    asked = ["evaluate", "rental_kart", "--scenario", "pretrained_kart", "--episodes", "2"]
    assert "of 2 races" in _says(scripts, empty, *asked)
    torch = subprocess.run([scripts / "python", "-c", "import torch"], capture_output=True)
    assert torch.returncode != 0
    asked = subprocess.run(
        [scripts / "racegym", "plugins"],
        cwd=empty, check=True, capture_output=True, text=True, env=_environment(),
    )  # fmt: skip
    assert "pip install" not in asked.stdout  # racegym-carracing is not there, nor a checkout


@pytest.mark.slow
def test_the_install_command_of_every_known_plugin_resolves(root, tmp_path):
    scripts = _fresh_environment(tmp_path / "venv")
    subprocess.run(
        [scripts / "python", "-m", "pip", "install", "-q", "-e", "."], cwd=root, check=True
    )
    for entry in known_plugins().values():
        words = shlex.split(entry.install)
        assert words[0] == "pip"
        command = [scripts / "python", "-m", *words, "--dry-run", "-q"]
        subprocess.run(command, cwd=root, check=True, env=_environment())


def _says(scripts: Path, folder: Path, *command: str, code: int = 0) -> str:
    """Run a command of racegym and return all that it says."""
    done = subprocess.run(
        [scripts / "racegym", *command],
        cwd=folder, capture_output=True, text=True, env=_environment(),
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def _fresh_environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder / ("Scripts" if sys.platform == "win32" else "bin")


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
