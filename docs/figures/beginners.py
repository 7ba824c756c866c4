"""Make the pictures of docs/beginners.md: ``python docs/figures/beginners.py``.

Needs racegym, racegym-kart2d, stable-baselines3 and the tools that export a policy. It takes
the files of the page as they stand there and trains with seeds 0 to 4, one after another, which
takes ten minutes or so; what it prints is the page's table. ``--loop`` draws only the
diagram.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from racegym.record.shapes import read_shapes

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
PAGE = ROOT / "docs" / "beginners.md"
INK, FAINT, GRID, BLUE, GREEN = "#22262b", "#737a84", "#e7e9ec", "#2563c9", "#2c8a4b"
SEEDS = range(5)
EXAM = re.compile(r"Eval num_timesteps=(\d+), episode_reward=(-?[\d.]+)")


def page_files(page: Path) -> dict[str, str]:
    """Return the files that the page tells its reader to write, by name, in its order."""
    found = re.findall(
        r"^```(?:python|yaml)\n(# (\S+\.(?:py|yaml))\n.*?)^```$", page.read_text("utf-8"),
        re.S | re.M,
    )  # fmt: skip
    return {name: text for text, name in found}


def train(folder: Path, seed: int) -> dict[str, Any]:
    """Follow the page from training to the race, and return how it went."""
    folder.mkdir()
    for name, text in page_files(PAGE).items():
        (folder / name).write_text(text, encoding="utf-8")
    start = time.perf_counter()
    printed = python(folder, "train.py", "--seed", str(seed))
    seconds = time.perf_counter() - start
    judged = python(folder, "judge.py").strip().replace("\n", ", ")
    python(folder, "-m", "racegym", "run", "final.yaml")
    (run,) = (folder / "runs" / "final").iterdir()
    result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    tell(f"seed {seed}: {seconds:.0f} s, {judged}")
    for row in result["classification"]:
        figures = (row[key] for key in ("position", "name", "status", "best_lap", "off_track"))
        tell("   ", *figures)
    exams = [(int(steps), float(reward)) for steps, reward in EXAM.findall(printed)]
    return {"exams": np.array(exams), "run": run}


def tell(*words: object) -> None:
    """Write a line for whoever waits."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def python(folder: Path, *arguments: str) -> str:
    """Run a program of the page, and return what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout


def save(figure: Figure, name: str) -> None:
    """Write a picture, and tell how large it is."""
    target = IMAGES / name
    figure.savefig(target, dpi=130, facecolor="white", pil_kwargs={"optimize": True})
    tell(target, target.stat().st_size // 1000, "kB")


def loop() -> None:
    """Draw what the environment and the driver tell each other."""
    figure = Figure(figsize=(8.6, 3.0))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 86), ylim=(0, 30))
    axes.axis("off")
    boxes = (
        (3, BLUE, "#eaf1fc", "Environment", "(the gym)", "track, karts, physics,\nrules, clock"),
        (58, GREEN, "#e9f5ec", "Driver", "(the agent)", "your ten lines,\nor a trained network"),
    )
    for x, colour, fill, name, other, about in boxes:
        axes.add_patch(FancyBboxPatch(
            (x, 8), 25, 19, boxstyle="round,pad=0,rounding_size=2", fc=fill, ec=colour, lw=2
        ))  # fmt: skip
        axes.text(x + 12.5, 23, name, ha="center", va="center", fontsize=15, weight="bold",
                  color=INK)  # fmt: skip
        axes.text(x + 12.5, 19.2, other, ha="center", va="center", fontsize=11, color=FAINT)
        axes.text(x + 12.5, 13, about, ha="center", va="center", fontsize=11, color=INK,
                  linespacing=1.5)  # fmt: skip
    arrows = (
        ((28.5, 24), (57.5, 24), BLUE), ((28.5, 17.5), (57.5, 17.5), BLUE),
        ((57.5, 11), (28.5, 11), GREEN),
    )  # fmt: skip
    for start, end, colour in arrows:
        axes.add_patch(FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=18, lw=2, color=colour, shrinkA=0,
            shrinkB=0,
        ))  # fmt: skip
    words = (
        (24, "observation", "speed, place on the track, bends ahead"),
        (17.5, "reward", "metres gained, less for going off"),
        (11, "action", "steering and pedals"),
    )
    for y, word, meaning in words:
        axes.text(43, y + 1.1, word, ha="center", va="bottom", fontsize=12.5, weight="bold",
                  color=INK)  # fmt: skip
        axes.text(43, y - 1.0, meaning, ha="center", va="top", fontsize=8.8, color=FAINT)
    axes.text(43, 3.2, "ten times a second, until the time is up or the kart is off the track: "
              "one episode", ha="center", va="center", fontsize=11, color=INK)  # fmt: skip
    save(figure, "beginners_loop.png")


def curve(trained: list[dict[str, Any]]) -> None:
    """Draw how the exams went, and the best so far, which is what is kept."""
    figure = Figure(figsize=(8.6, 3.9), layout="constrained")
    axes = figure.add_subplot()
    colours = ("#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd")
    for seed, (one, colour) in enumerate(zip(trained, colours, strict=True)):
        steps, reward = one["exams"].T
        metres = 10 * reward
        axes.plot(steps / 1000, metres, ".", color=colour, alpha=0.55, ms=6)
        axes.step(steps / 1000, np.maximum.accumulate(metres), where="post", color=colour, lw=2,
                  label=f"seed {seed}")  # fmt: skip
    axes.set_xlabel("practised so far [thousand steps]", color=INK)
    axes.set_ylabel("exam: metres in a minute, less\n100 for leaving the track", color=INK)
    axes.set_title("Each exam (dots) and the best so far (lines), five trainings",
                   loc="left", fontsize=12, color=INK)  # fmt: skip
    axes.grid(color=GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, ncols=5, loc="lower right", fontsize=9)
    save(figure, "beginners_curve.png")


def laps(run: Path) -> None:
    """Draw the best laps of who has learned and of pure_pursuit, coloured by speed."""
    table = pq.read_table(run / "telemetry.parquet").to_pandas()
    result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    timed = pd.read_csv(run / "laps.csv")
    (shape,) = read_shapes(run / "tracks.jsonl")
    figure = Figure(figsize=(7.8, 4.6), layout="constrained")
    both = figure.subplots(1, 2)
    scale = Normalize(35, 75)
    titles = {"Rival": "pure_pursuit", "Learned": "the driver that has learned"}
    for axes, (name, title) in zip(both, titles.items(), strict=True):
        row = next(row for row in result["classification"] if row["name"] == name)
        lap = timed[(timed["car"] == row["car"])].sort_values("lap_time").iloc[0]
        part = table[
            (table["car"] == row["car"])
            & (table["time"] > lap["time"] - lap["lap_time"])
            & (table["time"] <= lap["time"] + 0.1)
        ]
        left, right = (np.vstack([edge, edge[:1]]) for edge in (shape.left, shape.right))
        axes.fill(*np.vstack([left, right[::-1]]).T, color="#e4e6e9", lw=0)
        for edge in (left, right):
            axes.plot(*edge.T, color="#8a9099", lw=0.9)
        axes.plot(*np.vstack([left[0], right[0]]).T, color=INK, lw=3)
        points = part[["x", "y"]].to_numpy()
        speed = 3.6 * np.hypot(part["vx"], part["vy"]).to_numpy()
        line = LineCollection(
            list(np.stack([points[:-1], points[1:]], 1)), cmap="turbo", norm=scale, lw=3.2,
            capstyle="round",
        )  # fmt: skip
        line.set_array(speed[1:])
        axes.add_collection(line)
        axes.set_aspect("equal")
        axes.axis("off")
        axes.set_title(f"{title}: {row['best_lap']:.1f} s", fontsize=12,
                       color=INK)  # fmt: skip
    bar = figure.colorbar(line, ax=list(both), shrink=0.7, aspect=26, pad=0.02)
    bar.set_label("speed [km/h]", color=INK)
    bar.outline.set_visible(False)
    save(figure, "beginners_lap.png")


def main() -> None:
    """Draw all three, or the diagram alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loop", action="store_true", help="only the diagram")
    loop()
    if parser.parse_args().loop:
        return
    with tempfile.TemporaryDirectory() as folder:
        trained = [train(Path(folder) / f"seed{seed}", seed) for seed in SEEDS]
        curve(trained)
        laps(trained[0]["run"])


if __name__ == "__main__":
    main()
