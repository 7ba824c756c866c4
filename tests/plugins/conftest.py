"""Makes tiny distributions, so that loading can be tested on plugins that misbehave."""

from __future__ import annotations

import importlib
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from racegym import plugins
from racegym.plugins import Catalogue

IMPORTS = "from racegym.hookspecs import hookimpl\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on ``sys.path`` for fake distributions; real plugins are left out."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delenv("RACEGYM_PLUGINS", raising=False)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
    monkeypatch.undo()
    importlib.invalidate_caches()
    plugins.load(fresh=True)


@pytest.fixture
def dist(site: Path) -> Callable[..., str]:
    """Write a distribution with one plugin module, and return its name."""

    def write(name: str, source: str, *, version: str = "1.0", points: str = "") -> str:
        module = re.sub(r"\W", "_", name) + "_plugin"
        (site / f"{module}.py").write_text(IMPORTS + textwrap.dedent(source), encoding="utf-8")
        info = site / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(points or f"[racegym]\nplugin = {module}\n")
        importlib.invalidate_caches()
        return name

    return write


@pytest.fixture
def load(site: Path) -> Callable[[], Catalogue]:
    """Load what is installed now, whatever was loaded before."""
    return lambda: plugins.load(fresh=True)
