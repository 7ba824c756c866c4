"""Checks that the same gives the same: resets, replays, batches, threads, snapshots."""

from __future__ import annotations

import numpy as np

from racegym.kernels import PARALLEL_FROM, set_threads, threads
from racegym.testing.backend.base import BackendChecks
from racegym.testing.rig import Rows, circuits, difference, everyday, rows
from racegym.testing.suite import ConformanceError, NotApplicable, needs

__all__ = ["SamenessChecks"]

LONG = 25  # steps of a comparison
SHORT = 8


class SamenessChecks(BackendChecks):
    """What must not make a difference does not make one."""

    def _run(self, n_races: int, seed: int, controls: np.ndarray, **more: object) -> list[Rows]:
        with self.rig(n_races, controls.shape[2], **more) as rig:  # type: ignore[arg-type]
            rig.start(seed)
            return [rows(rig.world), *rig.play(controls)]

    def check_replays_from_a_seed(self) -> None:
        """The same seeds and controls give the same bits."""
        if not self.spec.deterministic:
            raise NotApplicable("the backend declares that it is not deterministic")
        controls = everyday(LONG, self.n_races, self.n_cars)
        first = self._run(self.n_races, 1, controls)
        second = self._run(self.n_races, 1, controls)
        for step, (a, b) in enumerate(zip(first, second, strict=True)):
            odd = difference(a, b)
            if odd:
                raise ConformanceError(
                    f"two runs with the same seeds and controls differ at step {step}: {odd}",
                    where="every draw of Backend.reset and Backend.step: only keys may decide it",
                )

    @needs("replays_from_a_seed", "arrays_stay_in_place")
    def check_reset_is_complete(self) -> None:
        """A reset leaves nothing of what was before, in any array or behind the scenes."""
        controls = everyday(SHORT, self.n_races, self.n_cars, seed=1)
        fresh = self._run(self.n_races, 1, controls)
        with self.rig() as rig:
            rig.start(50)
            rig.play(everyday(LONG, self.n_races, self.n_cars))
            rig.world.arrays.garbage(3)
            rig.start(1)
            used = [rows(rig.world), *rig.play(controls)]
        for step, (a, b) in enumerate(zip(fresh, used, strict=True)):
            odd = difference(a, b)
            if odd:
                when = "after the reset" if step == 0 else f"{step} steps after the reset"
                raise ConformanceError(
                    f"a used world is no fresh world {when}: {odd}", where="Backend.reset"
                )
        last = self.n_races - 1
        with self.rig() as rig:
            rig.start(50)
            rig.play(everyday(LONG, self.n_races, self.n_cars))
            rig.world.reset(seeds=[1 + last], races=[last])
            odd = difference(_of(fresh[0], [last]), rows(rig.world, [last]))
        if odd:
            raise ConformanceError(
                f"a race that was reset alone is no fresh race: {odd}", where="Backend.reset"
            )

    def check_reset_leaves_other_races_alone(self) -> None:
        """Resetting some races changes nothing in the others."""
        if self.n_races < 2:
            raise NotApplicable("the backend runs one race only")
        with self.rig() as rig:
            rig.start()
            rig.play(everyday(LONG, self.n_races, self.n_cars))
            others = [race for race in range(self.n_races) if race != 1]
            before = rows(rig.world, others)
            rig.world.reset(seeds=[9], races=[1])
            odd = difference(before, rows(rig.world, others))
        if odd:
            raise ConformanceError(
                f"race 1 was reset, and of the races {others} changed: {odd}", where="Backend.reset"
            )

    @needs("replays_from_a_seed")
    def check_race_is_independent_of_the_batch(self) -> None:
        """A race gives the same bits in a batch as alone."""
        if self.n_races < 2:
            raise NotApplicable("the backend runs one race only")
        controls = everyday(LONG, self.n_races, self.n_cars)
        batch = self._run(self.n_races, 5, controls)
        tracks = self.tracks or circuits()
        for race in range(self.n_races):
            its_track = [tracks[race % len(tracks)]]
            alone = self._run(1, 5 + race, controls[:, race : race + 1], tracks=its_track)
            for step, (a, b) in enumerate(zip(alone, batch, strict=True)):
                odd = difference(a, _of(b, [race]))
                if odd:
                    raise ConformanceError(
                        f"race {race} of {self.n_races} is not the race it is alone, at step "
                        f"{step}: {odd}",
                        where="Backend.step: nothing may be computed across races",
                    )

    @needs("replays_from_a_seed")
    def check_threads_make_no_difference(self) -> None:
        """One thread and two give the same bits."""
        n_races, most = PARALLEL_FROM + 8, self.spec.max_races
        if most is not None and most < n_races:
            raise NotApplicable(
                f"the backend runs at most {most} races; threads start at {n_races}"
            )
        if self.spec.tracks != "given":
            raise NotApplicable("the backend has tracks of its own")
        before, runs = threads(), []
        try:
            for count in (1, 2):
                set_threads(count)
                if threads() != count:
                    raise NotApplicable("this machine gives numba one thread only")
                runs.append(self._run(n_races, 3, everyday(5, n_races, 1)))
        finally:
            set_threads(before)
        odd = difference(runs[0][-1], runs[1][-1])
        if odd:
            raise ConformanceError(f"with two threads {odd}", where="the kernels of Backend.step")

    @needs("replays_from_a_seed")
    def check_snapshot_restores_everything(self) -> None:
        """A restored world goes on as it did from the snapshot."""
        if self.spec.snapshots == "none":
            raise NotApplicable("the backend declares that it has no snapshots")
        controls = everyday(LONG + 2 * SHORT, self.n_races, self.n_cars, seed=2)
        with self.rig() as rig:
            rig.start()
            rig.play(controls[:LONG])
            snapshot, then = rig.world.snapshot(), rows(rig.world)
            first = rig.play(controls[LONG : LONG + SHORT])
            rig.play(controls[LONG + SHORT :])
            rig.world.restore(snapshot)
            odd = difference(then, rows(rig.world))
            if odd:
                raise ConformanceError(
                    f"after restoring {odd}", where="Backend.save and Backend.load"
                )
            second = rig.play(controls[LONG : LONG + SHORT])
        for step, (a, b) in enumerate(zip(first, second, strict=True)):
            odd = difference(a, b)
            if odd:
                raise ConformanceError(
                    f"{step + 1} steps after restoring {odd}",
                    where=f"spec.snapshots ({self.spec.snapshots!r}): state kept outside "
                    + ("setup.arrays" if self.spec.snapshots == "arrays" else "save and load"),
                )


def _of(copies: Rows, races: list[int]) -> Rows:
    return {name: array[races] for name, array in copies.items()}
