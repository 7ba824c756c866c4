"""The suites of reward terms and terminations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from racegym.interfaces import Array
from racegym.testing.rig import Rig, difference, everyday, profile, rows
from racegym.testing.stage import N_CARS, N_RACES, StageSuite
from racegym.testing.suite import ConformanceError, needs
from racegym.world import ProfileConfig, WeightedPart

__all__ = ["RewardSuite", "TerminationSuite"]

STEPS = 25


class _ScoringSuite(StageSuite, ABC):
    """What reward terms and terminations share: ``compute(view, out)`` for every car."""

    @abstractmethod
    def _values(self, rig: Rig) -> Array:
        """Return what was computed in the last step, (n_races * n_cars,)."""

    @abstractmethod
    def _stage(self, rig: Rig) -> Any:
        """Return the stage under test, as the world has built it."""

    def _run(self, seed: int, rig: Rig, controls: Array) -> Array:
        rig.start(seed)
        values = []
        for step in controls:
            rig.step(*np.moveaxis(step, -1, 0))
            values.append(self._values(rig).copy())
        return np.array(values).reshape(len(controls), rig.world.n_races, N_CARS)

    def check_view_is_untouched(self) -> None:
        """Computing writes nothing but ``out`` and its own arrays."""
        with self.driven() as rig:
            stage, before = self._stage(rig), rows(rig.world)
            out = np.zeros((N_RACES, N_CARS), self._values(rig).dtype)
            stage.compute(rig.world.view, out)
            odd = difference(before, rows(rig.world), skip=("agents.default.",))
        if odd:
            raise ConformanceError(f"computing wrote {odd}", where="compute")

    @needs("repeats_itself")
    def check_fills_every_value(self) -> None:
        """Everything in ``out`` is written, whatever was in it before."""
        outs = []
        for value in (0, 1):
            with self.driven() as rig:
                out = np.full((N_RACES, N_CARS), value, self._values(rig).dtype)
                self._stage(rig).compute(rig.world.view, out)
                outs.append(out)
        if outs[0].tobytes() != outs[1].tobytes():
            raise ConformanceError(
                "some of `out` was left as it was; write out[...] = values, for what is returned "
                "is not used",
                where="compute",
            )

    def check_repeats_itself(self) -> None:
        """The same seeds and controls give the same values."""
        runs = []
        for _ in range(2):
            with self.rig() as rig:
                runs.append(self._run(1, rig, everyday(STEPS, N_RACES, N_CARS)))
        if runs[0].tobytes() != runs[1].tobytes():
            raise ConformanceError("two runs with the same seeds differ", where="compute")

    @needs("repeats_itself", "fills_every_value")
    def check_reset_is_complete(self) -> None:
        """After a reset nothing from before it matters."""
        controls = everyday(STEPS, N_RACES, N_CARS)
        with self.rig() as rig:
            fresh = self._run(1, rig, controls)
            rig.world.arrays.garbage(1)
            again = self._run(1, rig, controls)
        if fresh.tobytes() != again.tobytes():
            raise ConformanceError(
                "after a reset it gives other values than in a fresh world",
                where="what it remembers: it must lie in setup.arrays",
            )

    @needs("repeats_itself")
    def check_race_is_independent_of_the_batch(self) -> None:
        """A race is scored the same in a batch as alone."""
        controls = everyday(STEPS, N_RACES, N_CARS)
        with self.rig() as rig:
            batch = self._run(5, rig, controls)
        with self.rig(1) as rig:
            alone = self._run(5, rig, controls[:, :1])
        if alone.tobytes() != batch[:, :1].tobytes():
            raise ConformanceError("race 0 of 3 is not scored as it is alone", where="compute")


class RewardSuite(_ScoringSuite):
    """What every reward term promises.

    class TestMine(RewardSuite):
        make = MyReward
    """

    def profiles(self) -> Mapping[str, ProfileConfig]:
        """Return a profile that is paid by the term alone."""
        part = WeightedPart(name="term", make=self.make, options=self.options, weight=1.0)
        return profile(rewards=[part])

    def _values(self, rig: Rig) -> Array:
        return rig.world.groups[0].terms["term"]

    def _stage(self, rig: Rig) -> Any:
        return rig.world.groups[0].rewards["term"]

    def check_values_are_finite(self) -> None:
        """Every value is finite, however the cars drive."""
        with self.rig() as rig:
            values = self._run(1, rig, everyday(2 * STEPS, N_RACES, N_CARS))
        if not np.isfinite(values).all():
            raise ConformanceError("a value is not finite", where="RewardTerm.compute")


class TerminationSuite(_ScoringSuite):
    """What every termination promises.

    class TestMine(TerminationSuite):
        make = MyTermination
    """

    def profiles(self) -> Mapping[str, ProfileConfig]:
        """Return a profile that the termination alone ends."""
        return profile(terminations=[self.part])

    def _values(self, rig: Rig) -> Array:
        return rig.world.groups[0].reasons[self.make.__name__]

    def _stage(self, rig: Rig) -> Any:
        return rig.world.groups[0].terminations[self.make.__name__]

    def check_does_not_end_at_once(self) -> None:
        """An episode lasts longer than one step."""
        with self.rig() as rig:
            values = self._run(1, rig, everyday(1, N_RACES, N_CARS))
        if values.any():
            raise ConformanceError("it ends an episode in its first step", where="compute")
