"""Every scenario in ``scenarios/`` loads, builds and steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from racegym import plugins
from racegym.errors import PluginError
from racegym.scenario import load_scenario

FILES = sorted((Path(__file__).resolve().parents[2] / "scenarios").rglob("*.yaml"))


def load(path: Path, shared: Path):
    """Load a scenario; skips where what its backend needs is not installed."""
    wanted = "carracing" if path.stem == "carracing" else "kart2d"
    try:
        plugins.load().find("backend", wanted).load()
    except PluginError as error:
        pytest.skip(f"needs the backend {wanted}: {error}")
    if path.stem == "pretrained_kart":
        pytest.importorskip("onnxruntime", reason="its policy needs onnxruntime")
    circuit = shared / "tracks" / "tum" / "Monza.csv"
    return load_scenario(path, [f"track.file={circuit}"] if path.stem == "monza" else [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_scenario_runs(path, shared):
    scenario = load(path, shared)
    assert scenario.name == path.stem
    assert scenario.description
    world = scenario.world()
    try:
        world.reset(scenario.seeds())
        actions = [np.zeros((len(group.cars), *group.action_space.shape)) for group in world.groups]
        for _ in range(40):
            world.step(actions)
        assert np.isfinite(world.view.state.x).all()
        driven = [car.driver is not None for car in world.config.cars]
        assert (world.view.state.vx[0, driven] > 1.0).all()
    finally:
        world.close()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_scenario_opens_with_a_comment(path):
    first, second, *_ = path.read_text(encoding="utf-8").splitlines()
    assert first.startswith("# ")
    assert second == "#"


@pytest.mark.slow
def test_the_karts_of_the_quickstart_finish(root, shared):
    scenario = load(root / "scenarios" / "quickstart.yaml", shared)
    world = scenario.world()
    world.reset(scenario.seeds())
    while world.view.race.present[0].any() and world.view.race.time[0] < scenario.time_limit:
        world.step([])
    assert (world.view.race.laps_done[0] == scenario.laps).all()
    assert not world.view.race.off_track[0].any()
