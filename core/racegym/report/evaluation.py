"""Evaluations as tables, as plain data, and as a curve over the steps of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from racegym.report.wording import MISSING, OF_LIMIT, kmh, lap_text, percent_text

if TYPE_CHECKING:
    from racegym.run import Evaluation

__all__ = [
    "FORMAT", "Judged", "as_data", "checkpoints_table", "draw_checkpoints", "driver_line",
    "evaluation_lines", "evaluation_table",
]  # fmt: skip

FORMAT = 1  # of the JSON
NOT_OVER = "not finished"  # of a car's status


@dataclass(frozen=True)
class Judged:
    """One checkpoint of several.

    Attributes:
        name: of its file, after its seed's folder where there are several.
        steps: after which it was written; None if that is not known.
        evaluation: how it drove.
    """

    name: str
    steps: int | None
    evaluation: Evaluation


def as_data(found: Evaluation) -> dict[str, Any]:
    """Return an evaluation as JSON can hold it; keys and units are those of ``result.json``."""
    return {
        "format": FORMAT,
        "scenario": found.scenario,
        "car": found.car,
        "driver": found.driver,
        "summary": found.summary,
        "episodes": list(found.episodes),
        "limit": found.limit,
    }


def driver_line(found: Evaluation) -> str:
    """Return who drove, by what it sees and does, in one line."""
    driver = found.driver
    told = [
        f"{value:,} steps" if key == "steps" else str(value)
        for key, value in driver.get("told_by", {}).items()
    ]
    text = str(driver.get("name", "")) + (f" ({', '.join(told)})" if told else "")
    if driver.get("observation"):
        text += f", sees {', '.join(driver['observation'])}"
    if driver.get("action"):
        text += f", acts by {driver['action']}"
    return text


def evaluation_table(found: Evaluation) -> Table:
    """Return one row for each episode."""
    rows = found.episodes
    limited = [OF_LIMIT] * any(row.get("best_lap_percent") is not None for row in rows)
    columns = ("seed", "track", "ended by", "laps", "best lap", *limited, "mean lap", "km/h",
               "off", "return")  # fmt: skip
    table = _table(columns, ("track", "ended by"))
    for row in rows:
        table.add_row(
            str(row["seed"]), Text(row["track"]), Text(_end(row)), str(row["laps"]),
            lap_text(row["best_lap"]),
            *[percent_text(row.get("best_lap_percent"))] * len(limited),
            lap_text(row["mean_lap"]), kmh(row["average_speed"]), str(row["off_track"]),
            f"{row['reward']:.1f}",
        )  # fmt: skip
    return table


def _end(row: Mapping[str, Any]) -> str:
    """Return why an episode ended."""
    if row["status"] != NOT_OVER:
        return str(row["status"])
    return ", ".join(row["ended_by"]) or "time limit"


def evaluation_lines(found: Evaluation) -> list[str]:
    """Return the summary of an evaluation."""
    summary, count = found.summary, len(found.episodes)
    ended = sorted(summary["ended_by"].items(), key=lambda each: -each[1])
    reasons = ", ".join(f"{name} {times}" for name, times in ended)
    done, times = round(summary["completion_rate"] * count), summary["off_track"]
    completed = f"completed {done} of {count} races ({_share(summary['completion_rate'])})"
    off = f"off the track {times} time{'' if times == 1 else 's'}"
    laps = f"best lap {lap_text(summary['best_lap'])}, mean lap {lap_text(summary['mean_lap'])}"
    return [
        f"{completed}, a valid lap in {_share(summary['lap_rate'])}, {off}",
        f"{laps}, average {kmh(summary['mean_speed'])} km/h",
        *_of_limit(summary),
        f"return {summary['mean_reward']:.2f} on average" + (f"; {reasons}" if reasons else ""),
    ]


def _of_limit(summary: Mapping[str, Any]) -> list[str]:
    """Return laps by what their tracks allow: the best of these need not be the shortest lap."""
    best, mean = summary["best_lap_percent"], summary["mean_lap_percent"]
    if best is None:
        return []
    return [f"by the limit: best lap {percent_text(best)} %, mean lap {percent_text(mean)} %"]


def _share(value: float | None) -> str:
    return MISSING if value is None else f"{100 * value:.0f} %"


def checkpoints_table(judged: Sequence[Judged]) -> Table:
    """Return one row for each checkpoint; the best in each column stands out."""
    columns = ("checkpoint", "steps", "done", "lapped", "best lap", "mean lap", OF_LIMIT,
               "off", "return")  # fmt: skip
    table = _table(columns, ("checkpoint",))
    for one in judged:
        summary = one.evaluation.summary
        table.add_row(
            Text(one.name), MISSING if one.steps is None else f"{one.steps:,}",
            _share(summary["completion_rate"]), _share(summary["lap_rate"]),
            lap_text(summary["best_lap"]), lap_text(summary["mean_lap"]),
            percent_text(summary["mean_lap_percent"]), str(summary["off_track"]),
            f"{summary['mean_reward']:.1f}",
        )  # fmt: skip
    return table


def draw_checkpoints(judged: Sequence[Judged], title: str, path: Path) -> bool:
    """Draw how checkpoints drive over the steps that they have learned for.

    Args:
        judged: checkpoints; those of unknown steps are left out, each seed has a line.
        title: of the picture.
        path: of the PNG.

    Returns:
        False where there is nothing to draw.
    """
    from matplotlib.ticker import EngFormatter, MaxNLocator

    from racegym.report.style import INK, car_colour, clean, new_figure, save

    dated = [one for one in judged if one.steps is not None]
    if not dated:
        return False
    figure = new_figure(9.6, 3.2)
    figure.suptitle(
        title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK, parse_math=False
    )
    shown = (
        ("completed [%]", "completion_rate", 100.0),
        ("mean lap [% of the limit]", "mean_lap_percent", 1.0),
        ("return", "mean_reward", 1.0),
    )
    seeds = list(dict.fromkeys(one.name.rpartition("/")[0] for one in dated))
    for index, (label, key, factor) in enumerate(shown):
        axes = figure.add_subplot(1, len(shown), index + 1)
        clean(axes, grid="y")
        for number, seed in enumerate(seeds):
            points = [
                (one.steps, factor * one.evaluation.summary[key])
                for one in dated
                if one.name.rpartition("/")[0] == seed and one.evaluation.summary[key] is not None
            ]
            steps, values = zip(*points, strict=True) if points else ((), ())
            axes.plot(steps, values, color=car_colour(number), marker="o", markersize=4, label=seed)
        axes.set_title(label, loc="left", fontsize=10, color=INK)
        axes.set_xlabel("steps", color=INK)
        axes.set_xlim(left=0.0, right=1.05 * max(one.steps or 1 for one in dated))
        if factor != 1.0:
            axes.set_ylim(-3.0, 103.0)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    if len(seeds) > 1:
        lines, names = axes.get_legend_handles_labels()
        figure.legend(
            lines, names, loc="outside upper right", frameon=False, fontsize=9, ncols=len(seeds)
        )
    save(figure, path)
    return True


def _table(columns: Sequence[str], left: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        justify: Any = "left" if column in left else "right"
        table.add_column(column, justify=justify, no_wrap=True, overflow="fold")
    return table
