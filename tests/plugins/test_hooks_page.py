"""The plugin that ``docs/hooks.md`` shows, piece by piece, loads, and all that it offers works."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from racegym import hookspecs, load_scenario, plugins
from racegym.authoring.new_plugin import new_plugin
from racegym.cli import main
from racegym.errors import PluginError
from racegym.plugins import Catalogue
from racegym.plugins.offer import HOOKS
from racegym.run import run

DIST = "racegym-ice"
PIECE = re.compile(r"^```(?:python|yaml)\n# (racegym_ice/\S+)\n(.*?)^```$", re.S | re.M)


@pytest.fixture
def catalogue(site: Path, load: Callable[[], Catalogue], root: Path, tmp_path: Path) -> Catalogue:
    """What is installed once the page's plugin is."""
    try:
        plugins.load().find("backend", "kart2d").load()
    except PluginError as error:
        pytest.skip(str(error))
    made = tmp_path / "made"
    new_plugin("backend", "ice", made)  # the class that the page leaves to the template
    (made / "racegym_ice").rename(site / "racegym_ice")
    (site / "racegym_ice" / "plugin.py").unlink()
    for name, text in PIECE.findall((root / "docs" / "hooks.md").read_text(encoding="utf-8")):
        file = site / name
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as pieces:
            pieces.write(text)
    info = site / "racegym_ice-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {DIST}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[racegym]\nice = racegym_ice.plugin\n")
    importlib.invalidate_caches()
    return load()


def test_the_plugin_of_the_page_implements_every_hook_and_offers_every_kind(
    catalogue: Catalogue,
) -> None:
    assert DIST not in catalogue.failures
    import racegym_ice.plugin

    specs = [name for name, item in vars(hookspecs).items() if hasattr(item, "racegym_spec")]
    assert [name for name in vars(racegym_ice.plugin) if name in specs] == specs
    for kind in HOOKS:
        (offer,) = [offer for offer in catalogue.offers(kind) if offer.dist == DIST]
        if kind == "policy":  # an ONNX file, which a page can't show
            assert offer.target.endswith(".onnx")
        elif offer.is_file:
            assert offer.path().is_file()
        elif kind != "trainer":  # whose class the page does not show
            assert offer.load().__doc__ or kind == "track"


@pytest.mark.usefixtures("catalogue")
def test_what_it_offers_races(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = load_scenario("winter").world()
    world.reset([1])
    (group,) = world.groups
    for _ in range(30):
        world.step([np.zeros((1, 1), np.float32)])
        assert np.isfinite(group.reward).all()
    assert group.terms["centred"][0] <= 0.0
    assert set(group.reasons) == {"spun", "time_limit"}
    assert (world.view.state.vx > 0.2).all()
    world.close()

    tally = plugins.load().find("watcher", "tally").load()()
    drivers = ["cars[1].driver=creep", "time_limit=2"]
    done = run(load_scenario("winter", drivers), runs_dir=tmp_path, watchers=[tally], plots=False)
    assert (done.folder / "ice.txt").read_text(encoding="utf-8") == "done\n"

    assert main(["thickness", "1"]) == 0
    assert "20 cm" in capsys.readouterr().out
