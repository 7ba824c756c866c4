"""A trainer that is installed, the one of the template, and short trainings with it."""

from __future__ import annotations

import importlib
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from racegym import plugins
from racegym.authoring.new_plugin import new_plugin
from racegym.run import TrainingResult, train

pytest.importorskip("racegym_kart2d", reason="needs the backend kart2d")

SHORT: dict[str, Any] = {
    "name": "short",
    "task": "train",
    "trainer": {"name": "ice", "steps": 6000, "population": 8},
    "seed": 3,
    "backend": "kart2d",
    "track": {"generate": {"seed": 3, "length": 300}},
    "start": {"speed": 6.0},
    "cars": [{"name": "Learner", "vehicle": "rental_kart", "driver": "agent"}],
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 4.0}},
}


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a package with the template's trainer, as `pip install -e` leaves it."""
    _, project = new_plugin("trainer", "ice", tmp_path_factory.mktemp("made") / "racegym-ice")
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    settings = tomllib.loads(text)["project"]
    info = project / "racegym_ice-0.1.0.dist-info"
    info.mkdir()
    head = f"Name: {settings['name']}\nVersion: {settings['version']}\n"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{head}", encoding="utf-8")
    points = settings["entry-points"]["racegym"].items()
    lines = "".join(f"{name} = {module}\n" for name, module in points)
    (info / "entry_points.txt").write_text(f"[racegym]\n{lines}", encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def installed(package: Path) -> Iterator[None]:
    """The trainer and the driver `ice` are there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RACEGYM_PLUGINS", "racegym-kart2d,racegym-ice")  # no other trainers
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.syspath_prepend(package)
        importlib.invalidate_caches()
        plugins.load(fresh=True)
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "racegym_ice"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    plugins.load(fresh=True)


@pytest.fixture
def short(installed: None) -> dict[str, Any]:
    """A scenario that is learned on for some iterations."""
    return SHORT


@pytest.fixture(scope="module")
def base(installed: None) -> dict[str, Any]:
    """The same scenario, for fixtures that last as long."""
    return SHORT


@pytest.fixture(scope="module")
def finished(installed: None, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    """Its training, from the beginning to the end; not to be changed."""
    return train(SHORT, runs_dir=tmp_path_factory.mktemp("runs"))


@pytest.fixture
def copied(finished: TrainingResult, tmp_path: Path) -> Path:
    """A copy of the training's folder, to be changed."""
    folder = tmp_path / "runs" / "short" / finished.folder.name
    shutil.copytree(finished.folder, folder)
    return folder
