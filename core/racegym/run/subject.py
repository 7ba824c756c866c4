"""What is to be judged, by whatever people call it, and on which races."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from racegym import plugins
from racegym.documents.document import parse_text
from racegym.entrants.source import is_source
from racegym.errors import RunError, ScenarioError, nearest
from racegym.record import RunFolder, find_run, find_runs
from racegym.record.runs import is_training, read_state
from racegym.record.seeds import seed_folders
from racegym.record.trained import read_training
from racegym.scenario import Scenario, load_scenario
from racegym.scenario.drivers import DriverLike
from racegym.scenario.held_out import held_out
from racegym.scenario.policies import named_policy
from racegym.scenario.settings import TrackSettings

__all__ = [
    "HELD_OUT", "LAST", "OTHERS", "SAME", "Kept", "Subject", "checkpoints_of", "find_subject",
    "on_other_circuits", "races_for",
]  # fmt: skip

HELD_OUT = 1_000_000  # added to the seeds of circuits and races that a training does not see
SAME, OTHERS = "same", "held-out"  # in place of tracks: those of the scenario, or others like it
MOST_CIRCUITS = 1000
LAST = "last"  # stem of the checkpoint that is written again and again


@dataclass(frozen=True)
class Subject:
    """What is to be judged.

    Attributes:
        driver: as ``Judge.evaluate`` takes it.
        name: what to call it.
        run: the training that it comes from, if that is known.
    """

    driver: DriverLike
    name: str
    run: RunFolder | None = None


def find_subject(what: str, runs_dir: Path) -> Subject:
    """Return what is meant by a name.

    Args:
        what: a checkpoint, an ONNX file, a training's folder or name, the name of a driver or of
            a policy, a driver with options as ``{name: NAME, pace: 90}`` or
            ``{file: FILE.py:CLASS, ...}``, or ``FILE.py:CLASS``.
        runs_dir: the folder of all runs.

    Raises:
        ScenarioError: there is nothing of that name.
        RunError: the run is no training.
    """
    if what.lstrip().startswith("{"):
        data = parse_text(what).data
        if not isinstance(data, dict):
            raise ScenarioError(f"{what!r} is no driver; write {{name: NAME, option: VALUE}}")
        return Subject(data, str(data.get("name", what)))
    if is_source(what):
        return Subject(what, what)
    path = Path(what)
    if path.is_file():
        inside = path.parent.name == "checkpoints" and (path.parent.parent / "state.json").is_file()
        return Subject(path, path.name, RunFolder(path.parent.parent) if inside else None)
    if what in plugins.load().names("driver"):
        return Subject(what, what)
    brought = named_policy(what)
    if brought is not None:
        return Subject(brought, what)
    try:
        run = find_run(what, runs_dir, training=True)
    except RunError as error:
        if path.exists():
            raise
        known = {
            *plugins.load().names("driver"),
            *plugins.load().names("policy"),
            *(run.path.resolve().parent.name for run in find_runs(runs_dir)),
        }
        raise ScenarioError(
            f"there is no file, driver or run {what!r}; {nearest(what, known)}"
        ) from error
    if not is_training(read_state(run)):
        raise RunError(
            "this run is a race, and nobody has learned in it; name a training, a checkpoint or a "
            "driver",
            file=run.path,
        )
    return Subject(run.path, _name(run), run)


def _name(run: RunFolder) -> str:
    path = run.path.resolve()
    return f"{path.parent.name}/{path.name}"


@dataclass(frozen=True)
class Kept:
    """A checkpoint that a training has kept.

    Attributes:
        name: of its file, after its seed's folder where there are several.
        file: its path.
        steps: after which it was written; None if nothing says so.
    """

    name: str
    file: Path
    steps: int | None


def checkpoints_of(run: RunFolder) -> list[Kept]:
    """Return the checkpoints of a training in the order of their steps, seed after seed."""
    found = list(_kept(run, ""))
    for seed, folder in seed_folders(run).items():
        if folder.training.is_file():
            found += _kept(folder, f"seed-{seed}/")
    return found


def _kept(run: RunFolder, above: str) -> Iterator[Kept]:
    numbers: set[int] = set()
    found: list[Kept] = []
    for entry in read_training(run)["checkpoints"]:
        name, steps, file = entry["name"], entry.get("steps"), run.checkpoints / entry["name"]
        if file.is_file():
            found.append(Kept(above + name, file, steps))
            if steps is not None and file.stem != LAST:
                numbers.add(steps)
    found.sort(key=lambda one: float("inf") if one.steps is None else one.steps)
    # What is there to resume from is, at the end, what the last one with a name of its own is.
    yield from (one for one in found if one.file.stem != LAST or one.steps not in numbers)


def races_for(
    subject: Subject,
    scenario: str | None,
    overrides: Sequence[str],
    tracks: Sequence[str],
    episodes: int | None,
    seed: int | None,
) -> tuple[Scenario, int | None, str]:
    """Return the scenario to judge on, the seed of its first race, and a word on its tracks.

    Args:
        subject: what is judged.
        scenario: the name or path of one; None for that of the training, on other circuits.
        overrides: as after ``--set``.
        tracks: in place of those of the scenario; see ``SAME`` and ``OTHERS``.
        episodes: how many races are meant, None for the scenario's own number.
        seed: of the first race; None for the scenario's own, or one that no training sees.

    Raises:
        ScenarioError: no scenario is named and none known, or something is wrong with it.
    """
    given = list(overrides)
    if tracks and not {SAME, OTHERS} & set(tracks):
        named = ", ".join(_entry(track) for track in tracks)
        given += [f"tracks=[{named}]", "draw_tracks=fixed"]
    elif len(tracks) > 1:
        raise ScenarioError(f"--tracks {SAME} and {OTHERS} stand alone")
    if scenario is not None:
        loaded, word = load_scenario(scenario, given), ""
    else:
        loaded, word = _of_training(subject, given)
        seed = loaded.seed + HELD_OUT if seed is None else seed
    wanted = tuple(tracks)
    if wanted == (OTHERS,) or (scenario is None and not wanted):
        count = loaded.episodes if episodes is None else episodes
        others = on_other_circuits(loaded, count)
        if others is not None:
            return others, seed, "circuits it has not seen, made by the same rules"
        if wanted:
            raise ScenarioError(
                f"the tracks of {loaded.name} are not generated, so there are no others like "
                "them; name others with --tracks",
                file=loaded.file,
            )
    return loaded, seed, word if wanted in ((), (SAME,)) else "the tracks named"


def _of_training(subject: Subject, overrides: Sequence[str]) -> tuple[Scenario, str]:
    """Return what a training is judged on, or else learned on, and a word on its tracks.

    Raises:
        ScenarioError: it comes from no training, or something is wrong with its scenario.
    """
    if subject.run is None:
        raise ScenarioError(
            f"{subject.name} does not say what to race on; name a scenario, with --scenario"
        )
    learned_on = load_scenario(subject.run.scenario)
    if learned_on.training.evaluate is not None:
        races = load_scenario(held_out(learned_on, load_scenario).resolved(), list(overrides))
        return races, "the races that its training was judged on"
    races = load_scenario(subject.run.scenario, [*overrides, "task=evaluate"])
    return races, "the tracks that it learned on"


def _entry(track: str) -> str:
    """Return a track as it stands in a list of YAML."""
    return track if track.lstrip().startswith("{") else json.dumps(track, ensure_ascii=False)


def on_other_circuits(scenario: Scenario, episodes: int) -> Scenario | None:
    """Return the same scenario on circuits of the same recipes and other seeds.

    Args:
        scenario: whose tracks are generated.
        episodes: as many circuits are made, up to a thousand.

    Returns:
        The scenario; None where a track is not generated.
    """
    entries = scenario.every_track
    if not entries or any(entry.generate is None for entry in entries):
        return None
    each = max(1, ceil(min(episodes, MOST_CIRCUITS) / len(entries)))
    others = tuple(_other(entry, each) for entry in entries)
    changes: dict[str, Any] = {"track": None, "tracks": others, "draw_tracks": "fixed"}
    return scenario.model_copy(update=changes)


def _other(entry: TrackSettings, count: int) -> TrackSettings:
    assert entry.generate is not None  # looked at before
    seed = (entry.generate.seed + HELD_OUT) % 2**62
    changes = {"seed": seed, "count": count, "name": None}
    return entry.model_copy(update={"generate": entry.generate.model_copy(update=changes)})
