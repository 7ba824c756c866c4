"""A plugin of toys, installed for these tests alone, and scenarios written to files."""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from racegym import plugins
from racegym.errors import RacegymError
from racegym.scenario import load_scenario

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def toy_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that makes the toys look like an installed distribution."""
    site = tmp_path_factory.mktemp("site")
    info = site / "racegym_toy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: racegym-toy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[racegym]\ntoy = racegym_toy.plugin\n")
    return site


@pytest.fixture(autouse=True, scope="module")
def toys(toy_site: Path) -> Iterator[None]:
    """Install the toys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RACEGYM_PLUGINS", raising=False)
        patch.syspath_prepend(HERE / "toys")
        patch.syspath_prepend(toy_site)
        importlib.invalidate_caches()
        plugins.load(fresh=True)
        yield
    importlib.invalidate_caches()
    plugins.load(fresh=True)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a scenario file."""

    def put(text: str, name: str = "test.yaml") -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return put


@pytest.fixture
def refusal(write: Callable[..., Path]) -> Callable[..., list[str]]:
    """Load and build what is expected to fail, and return the message by lines.

    The file's own path reads FILE in it.
    """

    def fail(text: str, *overrides: str) -> list[str]:
        path = write(text)
        with pytest.raises(RacegymError) as caught:
            load_scenario(path, overrides).world()
        return str(caught.value).replace(str(path), "FILE").split("\n")

    return fail
