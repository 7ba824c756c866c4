"""The suite of realism modules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from racegym.interfaces import Effects, Realism, columns
from racegym.testing.rig import Rig, difference, everyday, rows
from racegym.testing.stage import N_CARS, N_RACES, StageSuite
from racegym.testing.suite import ConformanceError, NotApplicable, needs
from racegym.world import Part

__all__ = ["RealismSuite"]

STEP = "Realism.step"
STEPS = 25


class RealismSuite(StageSuite):
    """What every realism module promises.

    class TestMine(RealismSuite):
        make = MyTyres
        options = {"compound": "soft"}
    """

    def modules(self) -> Sequence[Part[Realism]]:
        """Return the module under test, after those it needs."""
        return [*self.realism, self.part]

    def _module(self, rig: Rig) -> Realism:
        return rig.world.realism[-1]

    def check_declares_what_exists(self) -> None:
        """Its effects are effects, and its channels have finite bounds."""
        odd = sorted(self.make.effects - columns(Effects).keys())
        if odd:
            raise ConformanceError(f"{', '.join(odd)} are no effects", where="Realism.effects")
        for channel in self.make.channels:
            if not (np.isfinite([channel.low, channel.high]).all() and channel.low < channel.high):
                raise ConformanceError(
                    f"channel {channel.name!r} has bounds [{channel.low}, {channel.high}]",
                    where="Realism.channels",
                )

    def check_changes_only_declared_effects(self) -> None:
        """Effects that it does not declare are left as they are."""
        with self.rig() as rig:
            rig.start()
            for step in everyday(STEPS, N_RACES, N_CARS):
                rig.step(*np.moveaxis(step, -1, 0))
                for name in sorted(columns(Effects).keys() - self.make.effects):
                    if any(name in module.make.effects for module in self.realism):
                        continue
                    values, fill = getattr(rig.world.effects, name), columns(Effects)[name].fill
                    if not (values == fill).all():
                        raise ConformanceError(
                            f"it changed effect {name!r}, which it does not declare",
                            where="Realism.effects",
                        )

    def check_effects_keep_their_bounds(self) -> None:
        """Its effects are finite and within their documented bounds."""
        with self.rig() as rig:
            rig.start()
            for step in everyday(STEPS, N_RACES, N_CARS):
                rig.step(*np.moveaxis(step, -1, 0))
                for name in sorted(self.make.effects & columns(Effects).keys()):
                    bounds, values = columns(Effects)[name], getattr(rig.world.effects, name)
                    inside = (values >= bounds.low) & (values <= bounds.high)
                    if not inside.all():
                        raise ConformanceError(
                            f"effect {name!r} is {values[~inside].flat[0]}, outside "
                            f"[{bounds.low:g}, {bounds.high:g}]",
                            where=STEP,
                        )

    @needs("repeats_itself")
    def check_effects_join_those_of_others(self) -> None:
        """Factors are multiplied and terms added, so that modules can be combined."""
        results = []
        for factor, term in ((1.0, 0.0), (0.5, 0.5)):
            with self.driven() as rig:
                effects = rig.world.effects
                for name, column in columns(Effects).items():
                    getattr(effects, name)[...] = {1: factor, 0: term}.get(column.fill, column.fill)
                self._module(rig).step(rig.world.view, effects, rig.world.dt)
                results.append({n: getattr(effects, n).copy() for n in columns(Effects)})
        for name in sorted(self.make.effects & columns(Effects).keys()):
            alone, joined = results[0][name], results[1][name]
            wanted = {1: 0.5 * alone, 0: alone + 0.5}.get(columns(Effects)[name].fill, alone)
            if not np.allclose(joined, wanted, rtol=1e-4, atol=1e-4):
                raise ConformanceError(
                    f"effect {name!r} becomes {joined.flat[0]:g} where another module had made it "
                    f"0.5, and {wanted.flat[0]:g} was expected; multiply or add, do not assign",
                    where=STEP,
                )

    def check_channels_keep_their_bounds(self) -> None:
        """Its channels are finite and within their bounds, from the reset on."""
        if not self.make.channels:
            raise NotApplicable("it offers no channels")
        with self.rig() as rig:
            rig.start()
            for step in [None, *everyday(STEPS, N_RACES, N_CARS)]:
                if step is not None:
                    rig.step(*np.moveaxis(step, -1, 0))
                for channel in self.make.channels:
                    values = rig.world.view.channels[channel.name]
                    inside = (values >= channel.low) & (values <= channel.high)
                    if not inside.all():
                        raise ConformanceError(
                            f"channel {channel.name!r} is {values[~inside].flat[0]}, outside "
                            f"[{channel.low:g}, {channel.high:g}]",
                            where="Realism.reset and Realism.step",
                        )

    def check_view_is_untouched(self) -> None:
        """It writes effects, its channels and its own arrays alone."""
        own = tuple(f"channels.{channel.name}" for channel in self.make.channels)
        with self.driven() as rig:
            before = rows(rig.world)
            self._module(rig).step(rig.world.view, rig.world.effects, rig.world.dt)
            mine = ("effects.", f"realism.{self.make.__name__}", *own)
            odd = difference(before, rows(rig.world), skip=mine)
        if odd:
            raise ConformanceError(f"it wrote {odd}", where=STEP)

    def check_interval_may_be_split(self) -> None:
        """It works as well when the control interval is made of several calls."""
        with self.rig(rounds=3) as rig:
            rig.start()
            rig.play(everyday(10, N_RACES, N_CARS))
            for name in columns(Effects):
                if np.isnan(getattr(rig.world.effects, name)).any():
                    raise ConformanceError(f"effect {name!r} is NaN in rounds", where=STEP)

    def check_repeats_itself(self) -> None:
        """The same seeds and controls give the same bits."""
        self.replay(STEPS, STEP)

    @needs("repeats_itself")
    def check_reset_is_complete(self) -> None:
        """After a reset nothing from before it matters."""
        self.reset_anew(STEPS, "what it remembers: it must lie in setup.arrays")

    @needs("repeats_itself")
    def check_race_is_independent_of_the_batch(self) -> None:
        """A race gives the same bits in a batch as alone."""
        self.alone(STEPS, STEP)

    @needs("repeats_itself", "reset_is_complete")
    def check_snapshot_restores_everything(self) -> None:
        """A restored world goes on as it did from the snapshot."""
        with self.driven() as rig:
            controls = everyday(15, N_RACES, N_CARS, seed=3)
            snapshot = rig.world.snapshot()
            first = rig.play(controls)
            rig.world.restore(snapshot)
            second = rig.play(controls)
        for step, (a, b) in enumerate(zip(first, second, strict=True)):
            self.must_be_same(
                a, b, f"{step + 1} steps after restoring", "state kept outside setup.arrays"
            )
