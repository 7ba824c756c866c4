"""Proving a run: the recorded controls are driven again, and every step compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from racegym.errors import RunError
from racegym.interfaces import Array, Control, columns
from racegym.record import RunFolder
from racegym.record.digest import MotionDigest, StateDigest, chained
from racegym.record.result import read_events
from racegym.record.runs import LOGGED, check_raced, read_state
from racegym.record.shapes import read_shapes
from racegym.record.stream import read_batches
from racegym.record.versions import machine, versions
from racegym.run.episodes import start_episode
from racegym.run.replay import load_for_replay
from racegym.scenario import Scenario
from racegym.track import Track
from racegym.world import Command, World

__all__ = [
    "Difference", "RecordedStart", "RecordedStep", "Verification", "check_complete",
    "check_replayable", "commands_of", "compare_tracks", "compare_versions", "recorded_commands",
    "recorded_steps", "verify",
]  # fmt: skip

_LIBRARIES = ("python", "numba", "numpy", "llvmlite")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The first step at which the replay is not the run.

    Attributes:
        episode: from 0.
        step: of that episode, from 1.
        time: [s] race time in the replay.
        what: what differs, as a sentence.
    """

    episode: int
    step: int
    time: float
    what: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a replay has shown.

    Attributes:
        steps: compared, over all episodes.
        hashes: digests of the whole state that were compared, one a second.
        difference: the first, or None when the run is proved.
        warnings: what may have changed bits, such as another processor.
    """

    steps: int
    hashes: int
    difference: Difference | None = None
    warnings: tuple[str, ...] = ()


@dataclass(kw_only=True)
class RecordedStep:
    """One recorded step.

    Attributes:
        race, episode, step: which one; the step counts from 1.
        seed, seed_episode: of the race, and its episodes since that seed was given.
        chain, motion, state: digests of the controls so far and of what they led to.
        control: every array of ``Control`` by name, (1, n_cars).
    """

    race: int
    episode: int
    step: int
    seed: int
    seed_episode: int
    chain: int
    motion: int
    state: int
    control: dict[str, Array] = field(default_factory=dict)


def verify(folder: RunFolder | str | Path, *, anyway: bool = False) -> Verification:
    """Drive a run's recorded controls again and compare digests of every step.

    Of a run that was cut off, what was recorded is compared.

    Args:
        folder: of a run that is over.
        anyway: go on although racegym or a plugin has another version than it had then.

    Raises:
        RunError: the run can't be replayed: files are missing or cut off, the backend is not
            deterministic, versions differ, or it is still running.
    """
    run = folder if isinstance(folder, RunFolder) else RunFolder(Path(folder))
    state = read_state(run)
    check_replayable(run, state)
    warnings = compare_versions(run, state, anyway=anyway)
    scenario, changed = load_for_replay(run.scenario)
    warnings += changed
    world = scenario.world()
    try:
        if not world.spec.deterministic:
            raise RunError(_not_deterministic(state), file=run.path)
        compare_tracks(run, state, scenario, world)
        start, commands = RecordedStart(run, scenario, world), recorded_commands(run)
        steps = hashes = 0
        races: list[int] = state["races"]
        for race in races:
            replay = _Replay(world, start, commands, race)
            for row in recorded_steps(run, len(state["cars"]), race if len(races) > 1 else None):
                difference = replay.compare(row)
                if difference is not None:
                    return Verification(
                        steps=steps + replay.steps, hashes=hashes + replay.hashes,
                        difference=difference, warnings=warnings,
                    )  # fmt: skip
            steps, hashes = steps + replay.steps, hashes + replay.hashes
    finally:
        world.close()
    check_complete(run, state, steps)
    if steps == 0:
        raise RunError("holds not a single step", file=run.controls)
    return Verification(steps=steps, hashes=hashes, warnings=warnings)


def check_replayable(run: RunFolder, state: dict[str, Any]) -> None:
    """Refuse a run whose controls can't be driven again.

    Raises:
        RunError: says why.
    """
    check_raced(run, state, "verify")
    if state["task"] == LOGGED:
        raise RunError(
            "this run is an imported log: nothing was simulated, so nothing can be simulated "
            "again; `racegym compare` holds it against other runs",
            file=run.path,
        )
    if state["state"] == "running":
        raise RunError(
            "the run is not over; if it was cut off, `racegym runs list` completes it",
            file=run.path,
        )
    for file in (run.scenario, run.controls):
        if not file.exists():
            raise RunError("is missing: a run can't be replayed without it", file=file)
    if not state["deterministic"]:
        raise RunError(_not_deterministic(state), file=run.path)


def check_complete(run: RunFolder, state: dict[str, Any], steps: int) -> None:
    """Refuse a run of which only so many steps are left, all as recorded.

    Raises:
        RunError: it had more, and was not cut off itself.
    """
    expected = state["steps"] if state["state"] in ("finished", "stopped") else 0
    if steps < expected:
        raise RunError(
            f"is cut off: it holds {steps} of the run's {expected} steps, and those are as "
            "recorded",
            file=run.controls,
        )


def _not_deterministic(state: dict[str, Any]) -> str:
    return (
        f"the backend {state['backend']!r} does not promise equal bits for equal controls, so "
        "its runs can't be verified"
    )


def compare_versions(run: RunFolder, state: dict[str, Any], *, anyway: bool) -> tuple[str, ...]:
    """Return warnings; refuse other versions of what makes the physics, unless ``anyway``."""
    now, warnings = {**versions(), **machine()}, []
    for name, then in {**state["versions"], **state["machine"]}.items():
        here = now.get(name)
        if here == then:
            continue
        if here is None:
            warnings.append(f"the run was made with {name} {then}, which is not installed here")
            continue
        what = f"the run was made with {name} {then}, here is {name} {here}"
        if name in _LIBRARIES or name in state["machine"]:
            warnings.append(f"{what}; the last bits may differ")
        elif anyway:
            warnings.append(what)
        else:
            raise RunError(
                f"{what}: the physics may differ. Install that version, or compare with --anyway",
                file=run.path,
            )
    return tuple(warnings)


def compare_tracks(run: RunFolder, state: dict[str, Any], scenario: Scenario, world: World) -> None:
    """Refuse other tracks than those that were raced on: nothing on them would be the same."""
    now = world.config.tracks
    then = state.get("tracks", [])  # absent in runs of earlier versions
    for number, (was, track) in enumerate(zip(then, now, strict=False)):
        if was["hash"] == track.hash:
            continue
        files = [settings.file for settings in scenario.every_track]
        one_each = len(files) == len(now)
        raise RunError(
            f"the track {was['name']!r} is another one than in the run: its content had the hash "
            f"{was['hash']} and has {track.hash} now; bring back what it was to verify the run",
            file=files[number] if one_each and files[number] else run.path,
        )


def recorded_commands(run: RunFolder) -> dict[tuple[int, int], list[Command]]:
    """Return what came from outside, by episode and the step that it came before."""
    found: dict[tuple[int, int], list[Command]] = {}
    for line in read_events(run.commands):
        command = Command(
            kind=line["kind"],
            race=line["race"],
            car=line["car"],
            driver=line["driver"],
            figure=line.get("figure", 0),
        )
        found.setdefault((line["episode"], line["step"]), []).append(command)
    return found


def commands_of(
    commands: Mapping[tuple[int, int], Sequence[Command]], row: RecordedStep
) -> list[Command]:
    """Return what came from outside before a step, for a world of that race alone."""
    found = commands.get((row.episode, row.step), ())
    return [replace(command, race=0) for command in found if command.race == row.race]


def recorded_steps(run: RunFolder, n_cars: int, race: int | None = None) -> Iterator[RecordedStep]:
    """Yield the recorded steps.

    Args:
        run: its folder.
        n_cars: of a race.
        race: only those of this one; None: of all.

    Raises:
        RunError: the file does not hold what a recorder writes.
    """
    names = [name for name in RecordedStep.__dataclass_fields__ if name != "control"]
    for batch in read_batches(run.controls):
        try:
            if race is not None:
                batch = batch.filter(pc.equal(batch.column("race"), race))
            numbers = {name: batch.column(name).to_pylist() for name in names}
            controls = {
                name: batch.column(name).flatten().to_numpy(zero_copy_only=False)
                for name in columns(Control)
            }
        except (KeyError, AttributeError, pa.ArrowInvalid) as error:
            raise RunError(f"is no record of controls: {error}", file=run.controls) from error
        for k in range(batch.num_rows):
            part = slice(k * n_cars, (k + 1) * n_cars)
            yield RecordedStep(
                **{name: values[k] for name, values in numbers.items()},
                control={name: flat[part][np.newaxis] for name, flat in controls.items()},
            )


class RecordedStart:
    """Starts races as they were started when they were recorded.

    Args:
        run: its folder.
        scenario: that it is of.
        world: of one race, to start them in.
    """

    def __init__(self, run: RunFolder, scenario: Scenario, world: World):
        self._scenario, self._world = scenario, world
        self._tracks: dict[tuple[int, int], Track] = {}
        config = world.config
        if config.draw == "fixed" and len(config.tracks) > 1:
            # Which one a race has need not follow from its seed: environments are given any.
            known = {track.hash: track for track in config.tracks}
            raced = [known.get(shape.hash) for shape in read_shapes(run.tracks)]
            for line in read_events(run.events):
                shape = line.get("shape", len(raced))
                track = raced[shape] if shape < len(raced) else None
                if line["kind"] == "start" and track is not None:
                    self._tracks[line["race"], line["episode"]] = track

    def __call__(self, row: RecordedStep) -> None:
        """Start the race of which ``row`` is the first step."""
        track = self._tracks.get((row.race, row.episode))
        start_episode(self._world, self._scenario, row.seed, track)
        if row.seed_episode:  # an environment's later episodes of a seed
            self._world.view.race.episode[0] = row.seed_episode - 1
            self._world.reset()


class _Replay:
    """A world that is driven by the record.

    Args:
        world: of one race, not started.
        start: starts its races.
        commands: interventions by episode and step.
        race: which of those that were recorded.

    Attributes:
        steps, hashes: compared so far and found equal.
    """

    def __init__(
        self,
        world: World,
        start: RecordedStart,
        commands: dict[tuple[int, int], list[Command]],
        race: int,
    ):
        self.steps = 0
        self.hashes = 0
        self._world, self._start, self._commands = world, start, commands
        self._race = race
        self._motion = MotionDigest(world.view, 0)
        self._state = StateDigest(world.arrays, 0)
        self._episode, self._step, self._chain = -1, 0, 0

    def compare(self, row: RecordedStep) -> Difference | None:
        """Drive one more step; return how it differs, or None."""
        if row.step == 1 and row.episode == self._episode + 1:
            self._episode, self._step, self._chain = row.episode, 0, 0
        undone = row.step == 0  # an environment has started the race anew in this step
        self._step += not undone
        named = row.step, row.seed, row.seed_episode
        self._chain = chained(self._chain, named, row.control.values())
        expected = self._race, self._episode, 0 if undone else self._step
        if (row.race, row.episode, row.step) != expected or row.chain != self._chain:
            return self._difference("what was recorded of this step was changed after the run")
        if undone:
            self.steps += 1
            return None

        self._drive(row)
        race = self._world.view.race
        if (int(race.step[0]), int(race.seed[0]), int(race.episode[0])) != named:
            return self._difference("the race is another one in the replay")
        if self._motion() != row.motion:
            return self._difference("the cars move differently in the replay")
        if row.state and self._state() != row.state:
            return self._difference(
                "the state differs in the replay, though the cars have moved alike so far"
            )
        self.steps += 1
        self.hashes += row.state != 0
        return None

    def _drive(self, row: RecordedStep) -> None:
        commands = commands_of(self._commands, row)
        if row.step == 1 and not any(command.kind == "reset" for command in commands):
            self._start(row)
        self._world.commands.extend(commands)
        self._world.replay(row.control)

    def _difference(self, what: str) -> Difference:
        time = self._step * self._world.dt
        return Difference(episode=max(self._episode, 0), step=self._step, time=time, what=what)
