"""The suite of action maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from racegym.interfaces import ActionMap, Array, Cars, Control, columns
from racegym.testing.rig import Rig, difference, profile, rows
from racegym.testing.stage import N_CARS, N_RACES, StageSuite, halves
from racegym.testing.suite import ConformanceError, NotApplicable, needs
from racegym.world import ProfileConfig

__all__ = ["ActionMapSuite"]

APPLY = "ActionMap.apply"
PEDALS = ("steer", "throttle", "brake")
FAR = 50.0  # how far beyond the space actions reach


class ActionMapSuite(StageSuite):
    """What every action map promises.

        class TestMine(ActionMapSuite):
            make = MyActionMap
            options = {}

    Attributes:
        steer_index: which number of a Box steers; None where none does so directly.
    """

    steer_index: int | None = 0

    def profiles(self) -> Mapping[str, ProfileConfig]:
        """Return a profile that acts through the action map."""
        return profile(action=self.part)

    def _map(self, rig: Rig) -> ActionMap:
        return rig.world.groups[0].action_map

    def _samples(self, space: spaces.Space[Any], count: int, seed: int = 0) -> Array:
        space.seed(seed)
        return np.stack([np.asarray(space.sample()) for _ in range(count)])

    def _apply(self, rig: Rig, actions: Array, cars: Cars) -> dict[str, Array]:
        """Return the control after one application, without letting the map remember it."""
        before = rig.world.arrays.snapshot()
        control = rig.world.control
        self._map(rig).apply(actions.copy(), cars, control)
        found = {name: getattr(control, name).copy() for name in columns(Control)}
        rig.world.arrays.restore(before)
        return found

    def check_space_is_bounded(self) -> None:
        """The space is a Box with finite bounds, or Discrete or MultiDiscrete."""
        with self.rig() as rig:
            space: Any = self._map(rig).space
        if isinstance(space, spaces.Box):
            finite = np.isfinite(space.low).all() and np.isfinite(space.high).all()
            if not finite or not (space.low < space.high).all():
                raise ConformanceError("the bounds are not finite or not in order", where="space")
        elif not isinstance(space, spaces.Discrete | spaces.MultiDiscrete):
            raise ConformanceError(
                f"space is a {type(space).__name__}; Box, Discrete or MultiDiscrete were expected",
                where="ActionMap.space",
            )

    def check_control_keeps_its_bounds(self) -> None:
        """Any action, even beyond the space, gives steer in [-1, 1] and pedals in [0, 1]."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.rig() as rig:
            rig.start()
            space = self._map(rig).space
            for trial in range(20):
                actions = self._samples(space, len(everyone), trial)
                if trial % 2 and isinstance(space, spaces.Box):
                    actions = (actions * FAR).astype(space.dtype)
                self._map(rig).apply(actions, everyone, rig.world.control)
                for name in PEDALS:
                    bounds, values = columns(Control)[name], getattr(rig.world.control, name)
                    if not ((values >= bounds.low) & (values <= bounds.high)).all():
                        raise ConformanceError(
                            f"control.{name} reaches [{values.min():g}, {values.max():g}]",
                            where=APPLY,
                        )

    def check_repeats_itself(self) -> None:
        """The same actions from the same state give the same control."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.rig() as rig:
            rig.start()
            actions = self._samples(self._map(rig).space, len(everyone))
            odd = difference(
                self._apply(rig, actions, everyone), self._apply(rig, actions, everyone)
            )
        if odd:
            raise ConformanceError(f"a repetition differs: {odd}", where=APPLY)

    def check_writes_its_cars_alone(self) -> None:
        """Only the rows of ``cars`` are written."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.rig() as rig:
            rig.start()
            for cars in halves(len(everyone)):
                for name, mark in (
                    ("steer", 0.25),
                    ("throttle", 0.75),
                    ("brake", 0.5),
                    ("gear", 3),
                ):
                    getattr(rig.world.control, name)[...] = mark
                before = {
                    name: getattr(rig.world.control, name).copy() for name in columns(Control)
                }
                after = self._apply(rig, self._samples(self._map(rig).space, len(cars)), cars)
                others = np.setdiff1d(everyone, cars)
                for name, values in after.items():
                    was = before[name].reshape(-1)[others]
                    if values.reshape(-1)[others].tobytes() != was.tobytes():
                        raise ConformanceError(
                            f"asked for cars {cars.tolist()}, it wrote control.{name} of others",
                            where=APPLY,
                        )

    @needs("repeats_itself")
    def check_rows_belong_to_their_cars(self) -> None:
        """``actions[k]`` moves ``cars[k]``, whichever cars are given."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.rig() as rig:
            rig.start()
            actions = self._samples(self._map(rig).space, len(everyone))
            of_all = self._apply(rig, actions, everyone)
            for cars in halves(len(everyone)):
                some = self._apply(rig, actions[cars], cars)
                for name in PEDALS:
                    mine, all_of_it = some[name].reshape(-1), of_all[name].reshape(-1)
                    if mine[cars].tobytes() != all_of_it[cars].tobytes():
                        raise ConformanceError(
                            f"cars {cars.tolist()} alone get another control.{name}", where=APPLY
                        )

    def check_writes_control_alone(self) -> None:
        """Nothing but control and the map's own arrays is written, nor the actions."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.rig() as rig:
            rig.start()
            actions = self._samples(self._map(rig).space, len(everyone))
            given, before = actions.copy(), rows(rig.world)
            self._map(rig).apply(actions, everyone, rig.world.control)
            odd = difference(before, rows(rig.world), skip=("control.", "agents.default.action"))
            if odd is None and given.tobytes() != actions.tobytes():
                odd = "the actions were written"
        if odd:
            raise ConformanceError(f"applying wrote {odd}", where=APPLY)

    def check_positive_steer_is_left(self) -> None:
        """A positive steering action gives positive steer."""
        if self.steer_index is None:
            raise NotApplicable("steer_index is None: no number steers directly")
        with self.rig() as rig:
            rig.start()
            space: Any = self._map(rig).space
            if not isinstance(space, spaces.Box) or len(space.shape) != 1:
                raise NotApplicable("the space is no flat Box")
            for sign in (1.0, -1.0):
                actions = np.zeros((N_RACES * N_CARS, *space.shape), space.dtype)
                bound = space.high if sign > 0 else space.low
                actions[:, self.steer_index] = bound[self.steer_index]
                steer = self._apply(rig, actions, np.arange(len(actions)))["steer"]
                if not (steer * sign > 0).all():
                    raise ConformanceError(
                        f"action {bound[self.steer_index]:g} gave steer {steer[0, 0]:g}; left is "
                        "positive",
                        where=APPLY,
                    )

    @needs("repeats_itself")
    def check_inverse_comes_back(self) -> None:
        """The actions that ``invert`` finds for a control that the map gave give it again."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.rig() as rig:
            rig.start()
            action_map = self._map(rig)
            if type(action_map).invert is ActionMap.invert:
                raise NotApplicable("it has no method `invert`")
            for trial in range(5):
                given = self._apply(
                    rig, self._samples(action_map.space, len(everyone), trial), everyone
                )
                found = action_map.invert(Control(**given), everyone)
                if found.shape != (len(everyone), *(action_map.space.shape or ())):
                    raise ConformanceError(
                        f"{found.shape} for {len(everyone)} cars", where="ActionMap.invert"
                    )
                again = self._apply(rig, found, everyone)
                for name, values in again.items():
                    off = np.abs(values.astype(float) - given[name].astype(float)).max()
                    if off > 1e-5:
                        raise ConformanceError(
                            f"control.{name} comes back {off:g} away", where="ActionMap.invert"
                        )
                rig.world.step([self._samples(action_map.space, len(everyone), trial)])

    @needs("repeats_itself")
    def check_reset_is_complete(self) -> None:
        """After a reset nothing that was done before it matters."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.rig() as rig:
            rig.start()
            actions = self._samples(self._map(rig).space, len(everyone))
            fresh = self._apply(rig, actions, everyone)
            for trial in range(5):
                rig.world.step([self._samples(self._map(rig).space, len(everyone), trial)])
            rig.start()
            used = self._apply(rig, actions, everyone)
        odd = difference(fresh, used)
        if odd:
            raise ConformanceError(
                f"after a reset, control.{odd}",
                where="what it remembers: it must lie in setup.arrays",
            )
