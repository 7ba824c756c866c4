"""A workshop where plugins are made from the templates, installed and removed again."""

from __future__ import annotations

import importlib
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from racegym import plugins
from racegym.authoring.new_plugin import NewPlugin, new_plugin


class Workshop:
    """Makes plugins below a folder; those that are installed go away with the test."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch):
        self.folder = folder
        self._patch = patch

    def make(self, kind: str, name: str = "ice") -> tuple[NewPlugin, Path]:
        return new_plugin(kind, name, self.folder / f"made-{kind}")

    def install(self, project: Path) -> None:
        """Do what `pip install -e` does: read the project's entry points, put it on the path."""
        text = (project / "pyproject.toml").read_text(encoding="utf-8")
        settings = tomllib.loads(text)["project"]
        info = project / f"{settings['name'].replace('-', '_')}-{settings['version']}.dist-info"
        info.mkdir()
        head = f"Name: {settings['name']}\nVersion: {settings['version']}\n"
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{head}", encoding="utf-8")
        groups = settings.get("entry-points", {}).items()
        text = "".join(
            f"[{group}]\n" + "".join(f"{name} = {module}\n" for name, module in points.items())
            for group, points in groups
        )
        (info / "entry_points.txt").write_text(text, encoding="utf-8")
        self._patch.syspath_prepend(project)
        importlib.invalidate_caches()
        plugins.load(fresh=True)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    monkeypatch.delenv("RACEGYM_PLUGINS", raising=False)
    before = set(sys.modules)
    # A module that is written twice within a second would be taken from its stale byte code.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield Workshop(tmp_path, monkeypatch)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
    monkeypatch.undo()
    importlib.invalidate_caches()
    plugins.load(fresh=True)
