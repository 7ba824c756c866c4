"""What came of a sweep: a table, a picture, and the best settings as a patch of the scenario."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from racegym.documents.writing import to_text
from racegym.record.folder import write_whole
from racegym.report.style import FAINT, INK, car_colour, clean, new_figure, save
from racegym.report.wording import short
from racegym.scenario.overrides import location_of
from racegym.scenario.sweep_settings import ChoiceSettings, RangeSettings, SweepSettings
from racegym.sweep.search import ERROR, RUN, SECONDS

if TYPE_CHECKING:
    import optuna

__all__ = ["Trial", "lines", "patch", "read_trials", "set_arguments", "write_results"]

TABLE, PICTURE, BEST = "trials.csv", "sweep.png", "best.yaml"
MOST = 11  # dimensions in the picture
ACROSS = 4  # panels beside each other
STATES = {  # of Optuna, in words of ours
    "COMPLETE": "done", "PRUNED": "ended early", "FAIL": "failed", "RUNNING": "running",
    "WAITING": "waiting",
}  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One trial of a sweep.

    Attributes:
        number: from 0.
        state: ``done``, ``ended early``, ``failed``, ``running`` or ``waiting``.
        value: of the figure; None where it was not done. Of one that was ended early, the last.
        values: what was tried, by path.
        seconds: wall time of the training, where it is known.
        run: the folder of its run, below the sweep's.
        error: why it failed.
    """

    number: int
    state: str
    value: float | None
    values: Mapping[str, Any]
    seconds: float | None
    run: str
    error: str


def read_trials(study: optuna.Study, settings: SweepSettings) -> list[Trial]:
    """Return the trials of a study, the best first, then those that came to nothing."""
    found = []
    for trial in study.get_trials(deepcopy=False):
        again = trial.state.name == "FAIL" and ERROR not in trial.user_attrs
        if again:  # it was broken off, and tried again as another
            continue
        value = trial.value
        if trial.state.name == "PRUNED" and trial.intermediate_values:
            value = trial.intermediate_values[max(trial.intermediate_values)]
        found.append(
            Trial(
                number=trial.number,
                state=STATES[trial.state.name],
                value=value,
                values={
                    path: json.loads(v) if _is_choice(settings, path) else v
                    for path, v in trial.params.items()
                },
                seconds=trial.user_attrs.get(SECONDS),
                run=trial.user_attrs.get(RUN, ""),
                error=trial.user_attrs.get(ERROR, ""),
            )
        )
    sign = -1.0 if settings.goal == "maximize" else 1.0
    rank = {state: index for index, state in enumerate(STATES.values())}
    found.sort(key=lambda t: (rank[t.state], sign * (t.value or 0.0), t.number))
    return found


def _is_choice(settings: SweepSettings, path: str) -> bool:
    return isinstance(settings.space.get(path), ChoiceSettings)


def patch(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a part of a scenario, to be laid over it; entries of lists are left out."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        location = location_of(path)
        steps = [step for step in location if isinstance(step, str)]
        if len(steps) < len(location):
            continue
        node = found
        for step in steps[:-1]:
            node = node.setdefault(step, {})
        node[steps[-1]] = value
    return found


def set_arguments(values: Mapping[str, Any]) -> str:
    """Return values as arguments of a command: ``--set trainer.gamma=0.98``."""
    words = [f"{path}={json.dumps(value)}" for path, value in values.items()]
    return " ".join(f"--set {shlex.quote(word)}" for word in words)


def write_results(folder: Path, settings: SweepSettings, trials: list[Trial]) -> list[Path]:
    """Write the table, the picture and the best settings; return the paths of what was written."""
    written = [folder / TABLE]
    write_whole(folder / TABLE, _as_table(settings, trials))
    done = [trial for trial in trials if trial.state == "done"]
    if done:
        best = done[0]
        head = (
            f"# The best of {len(done)} trials: {settings.figure} {best.value:.6g}, trial "
            f"{best.number}.\n# As arguments: {set_arguments(best.values)}\n"
        )
        write_whole(folder / BEST, head + to_text(patch(best.values)))
        _draw(folder / PICTURE, settings, trials)
        written += [folder / PICTURE, folder / BEST]
    return written


def _as_table(settings: SweepSettings, trials: list[Trial]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "state", settings.figure, *settings.space, "seconds", "run", "error"])
    for trial in trials:
        own = [json.dumps(trial.values[p]) if p in trial.values else "" for p in settings.space]
        value = "" if trial.value is None else repr(trial.value)
        seconds = "" if trial.seconds is None else trial.seconds
        writer.writerow([trial.number, trial.state, value, *own, seconds, trial.run, trial.error])
    return text.getvalue()


def _draw(path: Path, settings: SweepSettings, trials: list[Trial]) -> None:
    """Draw the value over the trials, and over each dimension."""
    shown = [trial for trial in trials if trial.value is not None]
    dimensions = list(settings.space)[:MOST]
    panels = 1 + len(dimensions)
    across = min(ACROSS, panels)
    down = ceil(panels / across)
    figure = new_figure(max(6.0, 3.4 * across), 2.8 * down + 0.7)
    figure.suptitle(
        f"Sweep: {short(settings.figure)}", x=0.01, ha="left", fontsize=13, fontweight="bold",
        color=INK, parse_math=False,
    )  # fmt: skip
    axes = figure.add_subplot(down, across, 1)
    _points(axes, [(trial.number, trial) for trial in shown])
    axes.plot(*_best_so_far(settings, shown), color=INK, linewidth=1.0, drawstyle="steps-post")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title("trial; line: the best so far", loc="left", fontsize=10, color=INK)
    for index, name in enumerate(dimensions):
        axes = figure.add_subplot(down, across, index + 2)
        dimension = settings.space[name]
        if isinstance(dimension, RangeSettings):
            at = [(trial.values[name], trial) for trial in shown if name in trial.values]
            if dimension.log:
                axes.set_xscale("log")
            elif all(isinstance(value, int) for value, _ in at):
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        else:
            places = [json.dumps(choice) for choice in dimension.choices]
            at = [
                (places.index(json.dumps(trial.values[name])), trial)
                for trial in shown
                if name in trial.values
            ]
            axes.set_xticks(range(len(places)), [short(place) for place in places])
            axes.set_xlim(-0.5, len(places) - 0.5)
        _points(axes, at)
        axes.set_title(short(name), loc="left", fontsize=10, color=INK, parse_math=False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", frameon=False, fontsize=9, ncols=2)
    save(figure, path)


def _points(axes: Axes, at: list[tuple[Any, Trial]]) -> None:
    clean(axes, grid="y")
    axes.tick_params(labelsize=8)
    for state, colour, mark in (("done", car_colour(0), "o"), ("ended early", FAINT, "x")):
        chosen = [(x, trial.value) for x, trial in at if trial.state == state]
        if chosen:
            x, y = zip(*chosen, strict=True)
            axes.plot(x, y, mark, color=colour, markersize=4.5, label=state, alpha=0.85)


def _best_so_far(settings: SweepSettings, shown: list[Trial]) -> tuple[list[int], list[float]]:
    done = sorted((t for t in shown if t.state == "done"), key=lambda trial: trial.number)
    pick = max if settings.goal == "maximize" else min
    values = [trial.value for trial in done if trial.value is not None]
    return [t.number for t in done], [pick(values[: k + 1]) for k in range(len(values))]


def lines(trials: list[Trial]) -> Iterator[str]:
    """Yield what to write into a scenario, or to give as arguments, for the best settings."""
    done = [trial for trial in trials if trial.state == "done"]
    if done:
        yield to_text(patch(done[0].values)).rstrip()
        yield f"or: {set_arguments(done[0].values)}"
