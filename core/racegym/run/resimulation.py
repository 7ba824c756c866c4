"""A recorded run driven again by its controls, in a world that also tells what its own did not.

So whatever a sensor sees can be had of a run afterwards, though nobody thought of that sensor
when it was driven: the cars move as they did, bit for bit, and what an agent would have been
told, paid and ended by is computed on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.errors import RunError
from racegym.record import RunFolder
from racegym.record.digest import MotionDigest
from racegym.record.runs import repair
from racegym.record.telemetry_table import read_telemetry
from racegym.run.replay import load_for_replay
from racegym.run.verify import (
    RecordedStart,
    RecordedStep,
    check_complete,
    check_replayable,
    commands_of,
    compare_tracks,
    recorded_commands,
    recorded_steps,
)
from racegym.world import Command, World, WorldConfig

__all__ = ["Resimulation"]

ASTRAY = 0.1  # [m] beside its recorded place a car is on another drive
REASON = "it can't be driven again to see what the car's sensors would have told"


class Resimulation:
    """One race of a run at a time, to be gone through step by step.

    A run of another machine may differ in its last bits. That is borne as long as all cars stay
    within 10 cm of where telemetry says they were.

    Args:
        folder: of a run that is over.
        change: called with the configuration of the run's world; returns that of the world to
            drive in, which may differ in all that does not move cars, such as profiles.

    Attributes:
        world: of one race.
        n_races: races that the run recorded side by side.
        exact: whether every step so far moved the cars as recorded, bit for bit.

    Raises:
        RunError: the run can't be driven again; says why.
    """

    def __init__(
        self, folder: RunFolder | str | Path, change: Callable[[WorldConfig], WorldConfig]
    ):
        self.folder = folder if isinstance(folder, RunFolder) else RunFolder(Path(folder))
        self._state = repair(self.folder)
        check_replayable(self.folder, self._state)
        self._scenario, _ = load_for_replay(self.folder.scenario)
        self.world = World(change(self._scenario.build(n_races=1)))
        self.exact = True
        try:
            compare_tracks(self.folder, self._state, self._scenario, self.world)
            self._start = RecordedStart(self.folder, self._scenario, self.world)
            self._commands = recorded_commands(self.folder)
        except BaseException:
            self.world.close()
            raise
        self._races: list[int] = self._state["races"]
        self.n_races = len(self._races)
        self._motion = MotionDigest(self.world.view, 0)
        self._places: tuple[NDArray[Any], NDArray[Any]] | None = None

    def __enter__(self) -> Resimulation:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.world.close()

    def steps(self, race: int = 0) -> Iterator[RecordedStep]:
        """Yield the steps of one of the races that were recorded.

        When a step is yielded the world stands before it, and agents have not been asked to
        look; ``drive`` does the step, and is to be called before the next is asked for.

        Args:
            race: which of those recorded, from 0.

        Raises:
            RunError: fewer steps are left than the run had.
        """
        index, count = self._races[race], 0
        for row in recorded_steps(self.folder, len(self._state["cars"]), index):
            count += 1
            if row.step:  # an environment has started the race anew in a step 0
                self._begin(row)
                yield row
        check_complete(self.folder, self._state, count * self.n_races)

    def _begin(self, row: RecordedStep) -> None:
        """Start the race if it starts with this step, and do what came from outside before it."""
        commands = commands_of(self._commands, row)
        if row.step == 1:
            self._places = None
            if not any(command.kind == "reset" for command in commands):
                self._start(row)
        for command in commands:
            self._apply(command)

    def _apply(self, command: Command) -> None:
        if command.kind != "hand_over":  # who drove is no matter: the controls are known
            self.world.apply(command)

    def drive(self, row: RecordedStep) -> None:
        """Drive the step that was yielded.

        Raises:
            RunError: the cars move otherwise than they did.
        """
        self.world.replay(row.control)
        if self._motion() != row.motion:
            self.exact = False
            self._check_places(row)

    def _check_places(self, row: RecordedStep) -> None:
        """Refuse a step after which a car is elsewhere than telemetry says."""
        if self._places is None:
            key = {"race": row.race, "episode": row.episode}
            found = read_telemetry(self.folder, key, ("x", "y"), self.world.n_cars)
            if len(found) < 2:
                raise RunError(
                    f"step {row.step} of race {row.episode + 1} moves the cars otherwise than it "
                    f"did, and there is no telemetry to tell by how much; {REASON}",
                    file=self.folder.path,
                )
            self._places = found["x"], found["y"]
        x, y = self._places
        state = self.world.view.state
        here = row.step - 1
        if here >= len(x) or not (
            np.hypot(state.x[0] - x[here], state.y[0] - y[here]) <= ASTRAY
        ).all():  # fmt: skip
            raise RunError(
                f"after step {row.step} of race {row.episode + 1} a car is elsewhere than it was; "
                f"{REASON}. `racegym verify` tells what has changed since",
                file=self.folder.path,
            )
