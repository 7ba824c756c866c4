"""What ``racegym run`` and ``racegym runs resume`` show of a training, and what they say of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

if TYPE_CHECKING:
    from pathlib import Path

    from racegym.record import RunFolder
    from racegym.run import TrainingResult
    from racegym.run.training import Shown

__all__ = ["INTERRUPTED", "show_training", "steps_if_over", "tell_over", "tell_training"]

INTERRUPTED = 130  # 128 + SIGINT, as shells count


def show_training(
    learn: Callable[[Shown | None], TrainingResult], *, quiet: bool, learned: int = 0
) -> int:
    """Let something learn, show how it goes, and return the exit code.

    Args:
        learn: is given what shows its progress, or None.
        quiet: print nothing but the run's folder.
        learned: steps of the training that goes on, where it was finished.
    """
    from racegym.record import RunFolder
    from racegym.report import announce_compiling
    from racegym.report.training import LiveTraining

    console = Console(quiet=quiet)

    def say() -> None:
        console.print("compiling kernels (first run only) ...", style="dim", highlight=False)

    with announce_compiling(say), LiveTraining(console) as live:
        done = learn(None if quiet else live)
    if quiet:
        click.echo(done.folder)
    elif learned and done.state == "finished" and done.training["steps"] == learned:
        tell_over(RunFolder(done.folder))
    else:
        tell_training(RunFolder(done.folder), done.state, done.training)
    return INTERRUPTED if done.state == "stopped" else 0


def steps_if_over(run: RunFolder) -> int:
    """Return the steps of a finished training; 0 for one that isn't, or for a race."""
    from racegym.record import repair
    from racegym.record.runs import is_training
    from racegym.record.trained import read_training

    state = repair(run)
    over = is_training(state) and state["state"] == "finished"
    return int(read_training(run)["steps"]) if over else 0


def tell_over(run: RunFolder) -> None:
    """Say that a training is finished, and how it may go on all the same."""
    from racegym.record.trained import read_training

    training = read_training(run)
    click.echo(
        f"the training is finished after {training['steps']:,} steps{_why_ended(training)}; "
        "nothing was done"
    )
    path = shlex.quote(str(run.path))
    if training.get("ended_by") == "target":
        _say("go on", f"racegym runs resume {path} --set 'training.stop_at={{}}'")
    else:
        more = 2 * int(training["options"].get("steps", training["steps"]))
        _say("go on", f"racegym runs resume {path} --set trainer.steps={more}")
    _say("show", f"racegym runs show {path}")


def tell_training(run: RunFolder, state: str, training: dict[str, Any]) -> None:
    """Print what came of a training, and the commands to go on with it and to drive with it."""
    from racegym.errors import nearest
    from racegym.record.trained import checkpoint_to_drive, checkpoint_to_resume
    from racegym.report.training import figures_table, seeds_table

    console = Console()
    console.print(
        f"{training['trainer']}, {state} after {training['steps']:,} of {training['total']:,} "
        f"steps in {training['seconds']:.1f} s, {_seeds(training)}{_why_ended(training)}",
        style="" if state == "finished" else "yellow", highlight=False, markup=False,
    )  # fmt: skip
    figures = {**training["figures"], **training.get("evaluation", {})}
    if figures:
        console.print(figures_table(figures))
    for name in training.get("never_told", ()):
        near = nearest(name, training["figures"])
        console.print(
            f"{name} was waited for, and never told; {near}",
            style="yellow", highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    found = checkpoint_to_drive(run)
    several = bool(training.get("seeds"))
    if several:
        console.print(seeds_table(training["seeds"]))
    if state != "finished" and (several or checkpoint_to_resume(run) is not None):
        _say("go on", f"racegym runs resume {shlex.quote(str(run.path))}")
    if found is not None:
        _say("learned", str(found))
        if training["driver"] is not None:
            _say("drive", _drive_command(run, found, training["driver"]))
            _say("judge", f"racegym evaluate {shlex.quote(str(run.path))}")
    _say("recorded in", str(run.path))


def _seeds(training: dict[str, Any]) -> str:
    seeds = [str(row["seed"]) for row in training.get("seeds", [])]
    return f"seeds {', '.join(seeds)}" if seeds else f"seed {training['seed']}"


def _why_ended(training: dict[str, Any]) -> str:
    return ", its target met" if training.get("ended_by") == "target" else ""


def _say(what: str, text: str) -> None:
    # No wrapping: a path or a command must stay whole to be copied.
    click.echo(f"{what + ':':<12} {text}")


def _drive_command(run: RunFolder, checkpoint: Path, driver: str) -> str:
    """Return the command that races the first agent's car with what was learned."""
    from racegym.documents.document import read_document
    from racegym.scenario.canonical import AGENT

    data = read_document(run.scenario).data
    drivers = [car["driver"]["name"] for car in data["cars"]]
    options = f"{{name: {driver}, file: {json.dumps(str(checkpoint.resolve()))}}}"
    setting = f"cars[{drivers.index(AGENT)}].driver={options}"
    words = ["racegym", "run", str(run.scenario), "--set", "task=race", "--set", setting]
    return shlex.join(words)
