"""Compare PPO that begins from a clone with PPO alone, over several seeds.

    python tests/benchmarks/bc_then_ppo.py [--seeds 1 2 3] [--steps 4000000] [--out bc_then_ppo]

For each seed `clone_kart` is trained, then `bc_then_ppo` from it and without it: with the same
settings, and with those that `train_kart` has for PPO alone. What is compared is the evaluation
on circuits that none of them learned on: the share of races completed, and the laps in percent of
the limit. The curve from a clone begins with the clone itself, after the decisions that were
driven to teach it.

Written are `curves.json` and `curves.png`: the mean over the seeds, and the 95 % interval of a
bootstrap over them. It also tells after how many decisions each is as quick as PPO alone, with
the same settings, was at its quickest. Trainings that are finished are not repeated when it is
started again with the same `--out`. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from racegym import load_scenario
from racegym.benchmark.statistics import estimate, mean
from racegym.record import RunFolder
from racegym.record.figures import read_figures
from racegym.record.folder import read_json
from racegym.record.runs import find_runs
from racegym.record.trained import read_training
from racegym.report.style import car_colour, clean, new_figure, save
from racegym.run import train

COMPLETION, PERCENT = "evaluation/completion", "evaluation/lap_percent"
FROM_CLONE, ALONE, TUNED = "PPO from a clone", "PPO alone", "PPO alone, train_kart's settings"
ENOUGH = 0.9  # of the races must be completed for the laps to count
SLOWEST = 200.0  # [% of the limit] that is drawn

Curve = list[dict[str, float]]

CONSOLE = Console()


def learned(name: str, overrides: Sequence[str], runs: Path) -> tuple[RunFolder, Curve]:
    """Train a scenario, unless that is done; return its folder, and its evaluations in order."""
    scenario = load_scenario(name, tuple(overrides))
    folder = _done(scenario.to_yaml(), runs)
    if folder is None:
        CONSOLE.print(f"{name} {' '.join(overrides)}")
        folder = RunFolder(train(scenario, runs_dir=runs, plots=False).folder)
    told = [
        {"steps": row["steps"], COMPLETION: row[COMPLETION], PERCENT: row.get(PERCENT, np.nan)}
        for row in read_figures(folder).rows
        if COMPLETION in row
    ]
    last = told[-1]
    CONSOLE.print(
        f"{folder.path}: {read_training(folder)['seconds']:.0f} s, "
        f"{last[COMPLETION]:.0%} completed, {last[PERCENT]:.1f} % of the limit"
    )
    return folder, told


def _done(scenario_yaml: str, runs: Path) -> RunFolder | None:
    """Return the folder of a finished training of exactly this scenario."""
    for run in find_runs(runs):
        finished = run.scenario.is_file() and read_json(run.state).get("state") == "finished"
        if finished and run.scenario.read_text(encoding="utf-8") == scenario_yaml:
            return run
    return None


def lessons(folder: RunFolder) -> int:
    """Return how many decisions were driven, by teacher and clone, to train a clone."""
    options: Mapping[str, Any] = read_training(folder)["options"]
    return int(options["teacher_steps"] + options["dagger_rounds"] * options["dagger_steps"])


def tuned() -> list[str]:
    """Return the overrides that give PPO the settings and the reward of ``train_kart``."""
    shipped = load_scenario("train_kart").resolved()
    settings = {k: v for k, v in shipped["trainer"].items() if k not in ("name", "steps")}
    own = load_scenario("bc_then_ppo").resolved()["trainer"]
    odd = [f"trainer.{k}={json.dumps(v)}" for k, v in settings.items() if own[k] != v]
    told = [f"{part}={json.dumps(shipped[part])}" for part in ("reward", "termination")]
    return [*odd, *told]


def compare(
    seeds: Sequence[int], steps: int, clone_steps: int, episodes: int, out: Path
) -> dict[str, list[Curve]]:
    """Train everything; return the curves of all by their names, one a seed.

    What is known is written after each seed.
    """
    curves: dict[str, list[Curve]] = {FROM_CLONE: [], ALONE: [], TUNED: []}
    for seed in seeds:
        common = [f"seed={seed}", f"training.evaluate.episodes={episodes}"]
        clone, judged = learned("clone_kart", [*common, f"trainer.steps={clone_steps}"], out)
        ppo = [*common, f"trainer.steps={steps}", "training.evaluate.every=1"]
        _, warm = learned("bc_then_ppo", [*ppo, f"training.init_from={clone.path}"], out)
        driven = lessons(clone)
        curves[FROM_CLONE].append(
            [{**row, "steps": row["steps"] + driven} for row in [{**judged[-1], "steps": 0}, *warm]]
        )
        curves[ALONE].append(learned("bc_then_ppo", ppo, out)[1])
        curves[TUNED].append(learned("bc_then_ppo", [*ppo, *tuned()], out)[1])
        told = {"seeds": list(seeds[: len(curves[ALONE])]), "curves": curves}
        (out / "curves.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        draw(curves, out / "curves.png")
    return curves


def draw(curves: Mapping[str, Sequence[Curve]], file: Path) -> None:
    """Draw the mean, its interval, and each seed."""
    figure = new_figure(11.0, 4.2)
    left, right = figure.subplots(1, 2)
    for axes, name, factor, label in (
        (left, COMPLETION, 100.0, "races completed [%]"),
        (right, PERCENT, 1.0, "lap time [% of the limit]"),
    ):
        clean(axes, grid="both")
        for index, (who, of_seeds) in enumerate(curves.items()):
            steps = np.array([row["steps"] for row in of_seeds[0]]) / 1e6
            values = factor * np.array([[row[name] for row in one] for one in of_seeds])
            told = np.isfinite(values).all(axis=0)  # a lap was completed with every seed
            found = np.array([estimate([v], mean) for v in values.T[told]], np.float64).reshape(
                -1, 3
            )
            look = {"color": car_colour(index)}
            axes.plot(steps, values.T, linewidth=0.6, alpha=0.5, **look)
            axes.fill_between(steps[told], *found.T[1:], alpha=0.15, linewidth=0, **look)
            axes.plot(steps[told], found[:, 0], linewidth=1.8, label=who, **look)
        axes.set_xlabel("decisions driven [million]")
        axes.set_ylabel(label)
        axes.set_xlim(left=0.0)
    right.set_ylim(top=min(right.get_ylim()[1], SLOWEST))
    right.legend(frameon=False, fontsize=9)
    save(figure, file)


def reached(curve: Curve, percent: float) -> float | None:
    """Return after how many decisions laps are this quick for the first time, None for never."""
    quick = (r["steps"] for r in curve if r[COMPLETION] >= ENOUGH and r[PERCENT] <= percent)
    return next(quick, None)


def table(curves: Mapping[str, Sequence[Curve]], seeds: Sequence[int]) -> Table:
    """Return after how many decisions each is as quick as PPO alone ever was."""
    shown = Table("seed", "quickest alone [% of the limit]", *curves, title="decisions until then")
    for k, seed in enumerate(seeds):
        counted = [r[PERCENT] for r in curves[ALONE][k] if r[COMPLETION] >= ENOUGH]
        if not counted:
            shown.add_row(str(seed), f"never completed {ENOUGH:.0%}", *["" for _ in curves])
            continue
        best = min(counted)
        until = [reached(of_seeds[k], best) for of_seeds in curves.values()]
        cells = ["never" if n is None else f"{n:,.0f}" for n in until]
        shown.add_row(str(seed), f"{best:.1f}", *cells)
    last = [[one[-1] for one in of_seeds] for of_seeds in curves.values()]
    shown.add_section()
    for name, factor, label in (
        (COMPLETION, 100.0, "% completed at the end, mean"),
        (PERCENT, 1.0, "% of the limit at the end, mean"),
    ):
        shown.add_row("", label, *(f"{factor * fmean(r[name] for r in ends):.1f}" for ends in last))
    return shown


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
    CONSOLE.print(table(curves, given.seeds))
    CONSOLE.print(f"written to {given.out}")


if __name__ == "__main__":
    main()
