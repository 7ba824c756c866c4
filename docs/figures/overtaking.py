"""Make the picture of the page of the overtaking benchmark: ``python docs/figures/overtaking.py``.

Needs racegym alone. It drives all that it shows, about five minutes on one core; the results
stand in a folder, by default of the system's temporary files, and are not driven again.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from racegym.duels.scoring import wilson
from racegym.duels.suite import Attacker, folder_of, load_suite, measure_suite
from racegym.report.style import FAINT, INK, car_colour, clean, heading, new_figure, save, settle
from racegym.scenario.drivers import read_driver

IMAGES = Path(__file__).resolve().parents[1] / "images"
LEVELS = ("rookie", "amateur", "club", "pro", "expert", "alien")
DRIVERS = (
    "random", "raceline rookie", "raceline amateur", "raceline club", "pure_pursuit rookie",
    "raceline pro", "raceline alien", "pure_pursuit",
)  # fmt: skip
SHOWN = (10, 20, 40)  # [%] of surplus
Row = Mapping[str, Any]


def driven(kept: Path, who: str, overrides: Sequence[str] = ()) -> list[Row]:
    """Return the rounds of a driver, from a file where they have been driven before."""
    file = kept / (
        "-".join([who, *overrides]).translate({ord(c): "_" for c in " /[]=.,"}) + ".json"
    )
    if not file.is_file():
        name, _, level = who.partition(" ")
        stage = read_driver({"name": name, **({"level": level} if level else {})})
        folder = folder_of("overtaking")
        assert folder is not None
        result, _ = measure_suite(load_suite(folder, overrides), [Attacker(who, stage)])
        file.write_text(json.dumps(result["situations"]), encoding="utf-8")
    rows: list[Row] = json.loads(file.read_text(encoding="utf-8"))
    return rows


def share(rows: Sequence[Row]) -> tuple[float, float, float]:
    """Return the share of passes [%], and how far its interval reaches down and up."""
    passed, races = sum(row["passed"] for row in rows), sum(row["races"] for row in rows)
    low, high = wilson(passed, races)
    value = passed / races
    return 100.0 * value, 100.0 * (value - low), 100.0 * (high - value)


def at(rows: Sequence[Row], surplus: float) -> list[Row]:
    """Return the rounds of a surplus."""
    return [row for row in rows if abs(row["surplus"] - surplus) < 0.01]


def curve(axes: Axes, x: Sequence[float], found: Sequence[tuple[float, float, float]],
          colour: str, label: str) -> None:  # fmt: skip
    """Draw shares with their intervals."""
    values, downs, ups = zip(*found, strict=True)
    axes.errorbar(
        x, values, yerr=[downs, ups], color=colour, marker="o", markersize=4, linewidth=1.6,
        capsize=2,
    )  # fmt: skip
    axes.annotate(
        label, (x[-1], values[-1]), xytext=(8, 0), textcoords="offset points", fontsize=9,
        color=colour, va="center",
    )  # fmt: skip


def main(kept: Path) -> None:
    """Drive what is missing, and draw the picture."""
    kept.mkdir(parents=True, exist_ok=True)
    figure = new_figure(11.0, 4.2)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.0, 1.1, 1.1))

    surpluses = (2.5, 5.0, 10.0, 20.0, 40.0)
    rows = driven(kept, "raceline pro", ["overtaking.surplus=[2.5,5,10,20,40]"])
    curve(left, surpluses, [share(at(rows, surplus)) for surplus in surpluses], car_colour(0), "")
    left.set_xscale("log")
    left.set_xticks(surpluses, [f"{surplus:g}" for surplus in surpluses])
    left.minorticks_off()
    left.set_xlabel("surplus [%]", color=INK)
    left.set_ylabel("passed [% of races]", color=INK)
    heading(left, "Surplus", "pro against club")

    for number, surplus in enumerate(SHOWN):
        found = []
        for level in LEVELS:
            rounds = ["overtaking.surplus=[10,20,40]", f"cars[1].driver.level={level}"]
            found.append(share(at(driven(kept, "raceline pro", rounds), surplus)))
        curve(middle, range(len(LEVELS)), found, car_colour(number), f"{surplus} %")
    middle.set_xticks(range(len(LEVELS)), LEVELS, rotation=30)
    middle.set_xlim(-0.3, len(LEVELS) - 0.2)
    heading(middle, "Defender's level", "pro attacks, at equal surplus")

    totals = sorted((share(driven(kept, who)), who) for who in DRIVERS)
    for row, ((value, down, up), who) in enumerate(totals):
        colour = car_colour(1 if who.startswith("pure") else 0) if who != "random" else FAINT
        right.errorbar(value, row, xerr=[[down], [up]], color=colour, marker="o", capsize=2)
    right.set_yticks(range(len(totals)), [who for _, who in totals])
    right.set_xlabel("passed [% of races]", color=INK)
    heading(right, "Drivers", "all rounds of the suite")
    for axes in (left, middle):
        axes.set_ylim(0, 100)
        clean(axes, grid="y")
    clean(right, grid="x")
    settle(figure)
    save(figure, IMAGES / "overtaking.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.gettempdir()) / "overtaking")
