"""Runs of a trainer on a task, a seed each: learned, judged, and kept to be cited.

    INTO/trial-state-v1/ppo/seed-1/result.json     what came of it
    INTO/trial-state-v1/ppo/seed-1/<time>/         the run: figures, checkpoints

Whatever was done stays: the same command goes on where it was broken off.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from racegym.benchmark.scoring import Score, score
from racegym.benchmark.tasks import Task
from racegym.documents.document import plain_copy
from racegym.documents.naming import safe_name
from racegym.errors import RunError, ScenarioError
from racegym.record import RunFolder, find_runs, repair
from racegym.record.folder import read_json, write_json
from racegym.record.recorder import now
from racegym.record.trained import checkpoint_to_drive, checkpoint_to_resume, read_training
from racegym.record.versions import machine, versions
from racegym.run import TrainingResult, resume_training, train
from racegym.run.training import Shown
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.faults import Places
from racegym.scenario.overrides import apply_overrides

__all__ = [
    "FORMAT",
    "RESULT",
    "Entry",
    "Outcome",
    "differing",
    "read_result",
    "run_seed",
    "settings_in",
]

FORMAT = 1
RESULT = "result.json"
NEEDED = {
    "task", "label", "trainer", "action", "seed", "steps", "seconds", "score", "completion",
    "lap_percent", "references", "missing", "versions", "machine",
}  # fmt: skip
OWN = ("trainer", "action")  # the only parts of a task that an entry may set


@dataclass(frozen=True)
class Entry:
    """A trainer with its settings, under the name that results carry.

    Attributes:
        trainer: its name and its options; those that are not said are its defaults.
        label: what it is called in reports.
        steps: to learn for; None for as many as the task allows.
        action: what its actions mean to a car, as a scenario names it; None for the task's.
    """

    trainer: Mapping[str, Any]
    label: str
    steps: int | None = None
    action: Any = None

    @classmethod
    def of(
        cls,
        name: str,
        overrides: Sequence[str] = (),
        label: str | None = None,
        steps: int | None = None,
    ) -> Entry:
        """Return an entry.

        Args:
            name: of the trainer.
            overrides: its settings, such as ``"trainer.num_envs=256"``, and its action map:
                ``"action=discrete"``.
            label: of the entry; None for the trainer's name.
            steps: to learn for; None for as many as the task allows.

        Raises:
            ScenarioError: a setting is none of the trainer's, or the label is no file's name.
        """
        data: dict[str, Any] = {"trainer": {"name": name}}
        for argument in overrides:
            path = argument.partition("=")[0]
            if path.partition(".")[0] not in OWN or path in ("trainer", "trainer.name"):
                raise ScenarioError(
                    f"--set {argument}: the tasks are fixed; settings of the trainer are set, "
                    "such as --set trainer.learning_rate=0.001, and its action map, such as "
                    "--set action=discrete"
                )
            if path == "trainer.steps":
                raise ScenarioError(
                    f"--set {argument}: for how many steps it learns is said with --steps N"
                )
        apply_overrides(data, Places(None, {}), tuple(overrides))
        named = name if label is None else label
        if safe_name(named) != named:
            raise ScenarioError(
                f"--label {named!r} can't be a folder's name; try {safe_name(named)}"
            )
        chosen = plain_copy(data)
        return cls(chosen["trainer"], named, steps, chosen.get("action"))

    def scenario(self, task: Task, seed: int) -> dict[str, Any]:
        """Return what it learns on, as a mapping.

        Raises:
            ScenarioError: it would learn for more steps than the task allows.
        """
        if self.steps is not None and self.steps > task.steps:
            raise ScenarioError(
                f"--steps {self.steps}: {task.selector} may be learned on for {task.steps:,} steps "
                "at most; leave --steps out for as many"
            )
        steps = {} if self.steps is None else {"steps": self.steps}
        return task.training({**self.trainer, **steps}, seed, self.action)


@dataclass(frozen=True)
class Outcome:
    """What came of one seed.

    Attributes:
        folder: of the seed.
        result: the content of its ``result.json``; None for one that was stopped before.
        was_there: it had been done before.
    """

    folder: Path
    result: dict[str, Any] | None
    was_there: bool = False


def run_seed(
    entry: Entry,
    task: Task,
    seed: int,
    into: Path,
    *,
    shown: Shown | None = None,
    judged: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Let a trainer learn a task with one seed and judge what it learned, or go on with that.

    Args:
        entry: what learns.
        task: what on.
        seed: of the training.
        into: the folder of all results.
        shown: is told how the training goes.
        judged: told how many episodes of how many have been driven.

    Raises:
        ScenarioError: the trainer can't learn the task, or no circuit to be judged on is there.
        RunError: the folder holds something else, or can't be written.
    """
    folder = into / task.selector / entry.label / f"seed-{seed}"
    scenario = load_scenario(entry.scenario(task, seed))
    assert scenario.trainer is not None
    given = _settings_of(scenario)
    done = None
    for file in sorted(folder.parent.glob(f"seed-*/{RESULT}")):  # one label, one set of settings
        known = read_result(file)
        _check_same(known["task"]["hash"], settings_in(known), task, given, file.parent)
        if file.parent == folder:
            done = known
    if done is not None:
        return Outcome(folder, done, was_there=True)
    task.test()  # what it is judged on must be there, before hours are spent on it
    before = find_runs(folder)
    run = before[-1] if before else None
    if run is not None and _can_go_on(run):
        _check_same(task.hash, _settings_of(load_scenario(run.scenario)), task, given, folder)
        learned = _finished(run) or resume_training(run, shown=shown)
    else:
        learned = train(scenario, runs_dir=folder, shown=shown)
    if learned.state != "finished":
        return Outcome(folder, None)
    found = score(learned.checkpoint, task, shown=judged)
    result = _result(entry, task, seed, given, learned, found, folder)
    try:
        write_json(folder / RESULT, result)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror}", file=folder / RESULT) from error
    return Outcome(folder, result)


def _can_go_on(run: RunFolder) -> bool:
    return repair(run)["state"] == "finished" or checkpoint_to_resume(run) is not None


def _finished(run: RunFolder) -> TrainingResult | None:
    """Return a training that is over and was not judged; None for one that is not over."""
    checkpoint = checkpoint_to_drive(run)
    if repair(run)["state"] != "finished" or checkpoint is None:
        return None
    return TrainingResult(
        folder=run.path, state="finished", training=read_training(run), checkpoint=checkpoint
    )


def _settings_of(scenario: Scenario) -> dict[str, Any]:
    """Return what makes an entry of a training: the trainer's settings, and the action map."""
    resolved = scenario.resolved()
    return {**resolved["trainer"], "action": resolved["action"]}


def settings_in(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same of a result."""
    trainer = result["trainer"]
    return {"name": trainer["name"], **trainer["options"], "action": result["action"]}


def _check_same(
    known: str, had: Mapping[str, Any], task: Task, given: Mapping[str, Any], folder: Path
) -> None:
    """Refuse to mix what must not stand under one label.

    Raises:
        RunError: says what differs.
    """
    if known != task.hash:
        raise RunError(
            f"holds a result of another {task.selector}, of hash {known}, not {task.hash}; "
            "choose another folder with --into",
            file=folder,
        )
    key = differing(had, given)
    if key is not None:
        raise RunError(
            f"was begun with {key}: {had.get(key)}, and now it is {given.get(key)}; give it a "
            "name of its own with --label, or another folder with --into",
            file=folder,
        )


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    """Return the first setting in which two trainings differ, or None if they are one entry."""
    keys = sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
    return keys[0] if keys else None


def _result(
    entry: Entry,
    task: Task,
    seed: int,
    given: Mapping[str, Any],
    learned: TrainingResult,
    found: Score,
    folder: Path,
) -> dict[str, Any]:
    """Return all that is needed to cite a result, and to repeat it."""
    options = {key: value for key, value in given.items() if key != "action"}
    digest = hashlib.sha256(learned.checkpoint.read_bytes()).hexdigest()
    return {
        "format": FORMAT,
        "task": {"name": task.name, "version": task.version, "hash": task.hash},
        "label": entry.label,
        "trainer": {"name": options["name"], "options": options},
        "action": given["action"],
        "seed": seed,
        "steps": learned.training["steps"],
        "budget": task.steps,
        "seconds": learned.training["seconds"],
        "resumed": len(learned.training["resumed"]),
        "run": str(learned.folder.relative_to(folder)),
        "checkpoint": {"name": learned.checkpoint.name, "sha256": digest},
        "versions": versions(),
        "machine": {**machine(), "cores": os.cpu_count()},
        "judged": now(),
        **found.plain(),
    }


def read_result(file: Path) -> dict[str, Any]:
    """Return a result that ``run_seed`` wrote.

    Raises:
        RunError: it can't be read, or is none.
    """
    data = read_json(file)
    if not isinstance(data, dict) or not data.keys() >= NEEDED:
        raise RunError("is no result of the benchmark", file=file)
    if data.get("format") != FORMAT:
        raise RunError(
            f"has the format {data.get('format')}, and this racegym reads {FORMAT}", file=file
        )
    return data
