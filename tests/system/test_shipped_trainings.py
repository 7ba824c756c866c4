"""What the shipped scenarios teach, on circuits that were not learned on. Hours; run by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from racegym import Scenario, load_scenario
from racegym.run import train
from racegym.run.judging import evaluate_driver

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
TUM = ("Monza", "Norisring", "Silverstone", "Spa", "Spielberg", "Suzuka")


def learned(name: str, seed: int, folder: Path, *changes: str) -> tuple[Scenario, dict[str, Any]]:
    """Let a shipped scenario learn; return the one it is judged on, and what drives."""
    pytest.importorskip("racegym_cleanrl", reason="needs racegym-cleanrl")
    scenario = load_scenario(SCENARIOS / f"{name}.yaml", [f"seed={seed}", *changes])
    done = train(scenario, runs_dir=folder, plots=False)
    judged = {**scenario.resolved(), "task": "evaluate"}
    for key in ("trainer", "training"):
        del judged[key]
    assert scenario.training.evaluate is not None
    judged |= scenario.training.evaluate.scenario
    return load_scenario(judged), {"name": "cleanrl", "file": str(done.checkpoint)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_train_kart_laps_circuits_that_it_has_not_seen(
    seed: int, tmp_path: Path, shared: Path
) -> None:
    scenario, driver = learned("train_kart", seed, tmp_path)
    found = evaluate_driver(driver, scenario, episodes=100)
    assert found.summary["completion_rate"] >= 0.95
    laps = [row["best_lap_percent"] for row in found.episodes if row["best_lap"] is not None]
    assert sum(laps) / len(laps) <= 108.0
    circuits = 0
    for name in TUM:
        one = load_scenario(
            {
                **scenario.resolved(), "tracks": None,
                "track": {"file": str(shared / "tracks" / "tum" / f"{name}.csv")},
                "laps": 1, "time_limit": 900,
            }
        )  # fmt: skip
        circuits += evaluate_driver(driver, one, episodes=1, limit=False).summary["lap_rate"] > 0
    assert circuits >= 4


@pytest.mark.slow
def test_train_vision_laps_its_circuit(tmp_path: Path) -> None:
    scenario, driver = learned("train_vision", 1, tmp_path)
    assert evaluate_driver(driver, scenario, episodes=100).summary["lap_rate"] >= 0.8
