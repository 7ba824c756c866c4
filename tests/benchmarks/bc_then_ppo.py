"""Compare PPO that begins from a clone with PPO alone, over several seeds.

    python tests/benchmarks/bc_then_ppo.py [--seeds 1 2 3] [--steps 4000000] [--out bc_then_ppo]

For each seed `clone_kart` is trained, then `bc_then_ppo` from it and without it, with the same
settings. What is compared is the evaluation on circuits that none of them learned on: the share
of races completed, and the laps in percent of the limit. Written are `curves.json` and
`curves.png`: the mean over the seeds, and the range. The clone's own steps cost no race, but for
its lessons; these are told, and shift its curve. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
from matplotlib import pyplot as plt
from rich.console import Console

from racegym import load_scenario
from racegym.record import RunFolder
from racegym.record.training import read_figures
from racegym.run import train

COMPLETION, PERCENT = "evaluation/completion", "evaluation/lap_percent"
Curve = list[dict[str, float]]

CONSOLE = Console()


def learned(name: str, overrides: Sequence[str], runs: Path) -> tuple[Path, Curve]:
    """Train a scenario; return its folder, and its evaluations in order."""
    done = train(load_scenario(name, tuple(overrides)), runs_dir=runs, plots=False)
    rows = read_figures(RunFolder(done.folder)).rows
    told = [
        {"steps": row["steps"], COMPLETION: row[COMPLETION], PERCENT: row.get(PERCENT, np.nan)}
        for row in rows
        if COMPLETION in row
    ]
    CONSOLE.print(f"{name} {' '.join(overrides)}: {told[-1]}")
    return done.folder, told


def lessons(folder: Path) -> int:
    """Return how many decisions were driven, by teacher and clone, to train a clone."""
    options: dict[str, Any] = json.loads((folder / "train.json").read_text())["options"]
    return int(options["teacher_steps"] + options["dagger_rounds"] * options["dagger_steps"])


def compare(
    seeds: Sequence[int], steps: int, clone_steps: int, episodes: int, out: Path
) -> dict[str, list[Curve]]:
    """Train everything; return the curves of both by their names, one a seed."""
    curves: dict[str, list[Curve]] = {"PPO from a clone": [], "PPO alone": []}
    judged = f"training.evaluate.episodes={episodes}"
    for seed in seeds:
        common = [f"seed={seed}", judged]
        clone, _ = learned("clone_kart", [*common, f"trainer.steps={clone_steps}"], out)
        ppo = [*common, f"trainer.steps={steps}"]
        _, warm = learned("bc_then_ppo", [*ppo, f"training.init_from={clone}"], out)
        _, alone = learned("bc_then_ppo", ppo, out)
        driven = lessons(clone)
        curves["PPO from a clone"].append([{**row, "steps": row["steps"] + driven} for row in warm])
        curves["PPO alone"].append(alone)
    return curves


def draw(curves: dict[str, list[Curve]], file: Path) -> None:
    """Draw the mean and the range over the seeds."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, name, factor, label in (
        (axes[0], COMPLETION, 100.0, "races completed [%]"),
        (axes[1], PERCENT, 1.0, "lap time [% of the limit]"),
    ):
        for who, of_seeds in curves.items():
            count = min(map(len, of_seeds))
            steps = [row["steps"] for row in of_seeds[0][:count]]
            values = factor * np.array([[row[name] for row in one[:count]] for one in of_seeds])
            (line,) = axis.plot(steps, values.mean(axis=0), label=who)
            low, high = values.min(axis=0), values.max(axis=0)
            axis.fill_between(steps, low, high, alpha=0.2, color=line.get_color())
        axis.set_xlabel("decisions that were driven")
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
    axes[1].legend()
    figure.savefig(file, dpi=110)
    plt.close(figure)


def main() -> None:
    """Compare, and write what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=4_000_000, help="of PPO")
    parser.add_argument("--clone-steps", type=int, default=6_000_000, help="pairs of the clone")
    parser.add_argument("--episodes", type=int, default=50, help="of each evaluation")
    parser.add_argument("--out", type=Path, default=Path("bc_then_ppo"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    curves = compare(given.seeds, given.steps, given.clone_steps, given.episodes, given.out)
    text = json.dumps(curves, indent=1)
    (given.out / "curves.json").write_text(text + "\n", encoding="utf-8")
    draw(curves, given.out / "curves.png")
    CONSOLE.print(f"written to {given.out}")


if __name__ == "__main__":
    main()
