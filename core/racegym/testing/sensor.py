"""The suite of sensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from racegym.interfaces import MISSING_CODE, MISSING_GEAR, Array, Cars, CarState, Sensor, columns
from racegym.sensors.delivery import DELIVERY, delivered
from racegym.testing.rig import Rig, circuits, difference, everyday, profile, rows
from racegym.testing.stage import N_CARS, N_RACES, StageSuite, halves
from racegym.testing.suite import ConformanceError, NotApplicable, needs
from racegym.world import Part, ProfileConfig

__all__ = ["SensorSuite"]

ALWAYS = frozenset({"x", "y", "yaw", "vx", "vy"})  # what no race can do without
OBSERVE = "Sensor.observe"


class SensorSuite(StageSuite):
    """What every sensor promises.

    class TestMine(SensorSuite):
        make = MySensor
        options = {"range": 20.0}

    ``options`` may hold the keys that every sensor takes, such as ``stack``: what is tested then
    is the sensor as it is delivered.
    """

    @property
    def part(self) -> Part[Any]:
        """The sensor under test, as it is delivered."""
        make = delivered(self.make, self.options)
        return Part(name=self.make.__name__, make=make, options=self.options)

    def profiles(self) -> Mapping[str, ProfileConfig]:
        """Return a profile that observes with the sensor alone."""
        return profile(sensors=[self.part])

    def _sensor(self, rig: Rig) -> Sensor:
        return rig.world.groups[0].observer.sensors[0]

    def _look(self, rig: Rig, cars: Cars) -> Array:
        """Return what the sensor says of these cars now, without letting it remember that."""
        sensor = self._sensor(rig)
        before = rig.world.arrays.snapshot()
        out = np.zeros((len(cars), *sensor.space.shape), sensor.space.dtype)
        sensor.observe(rig.world.view, cars, out)
        rig.world.arrays.restore(before)
        return out

    def check_space_is_a_finite_box(self) -> None:
        """The space is a Box with finite bounds, each low below its high."""
        with self.rig() as rig:
            space: Any = self._sensor(rig).space
            where = "Sensor.space"
            if not isinstance(space, spaces.Box):
                raise ConformanceError(f"space is a {type(space).__name__}, not a Box", where=where)
            if not (np.isfinite(space.low).all() and np.isfinite(space.high).all()):
                raise ConformanceError("a bound of the space is not finite", where=where)
            if not (space.low < space.high).all():
                raise ConformanceError("a low of the space is not below its high", where=where)

    @needs("space_is_a_finite_box")
    def check_space_is_float32_or_uint8(self) -> None:
        """Its values are float32, or uint8 as pictures are, so that they fit in any observation."""
        with self.rig() as rig:
            dtype = self._sensor(rig).space.dtype
        if dtype not in (np.float32, np.uint8):
            raise ConformanceError(
                f"the space is of {dtype}; give it dtype=np.float32, or np.uint8 for a picture",
                where="Sensor.space",
            )

    def check_options_are_its_own(self) -> None:
        """No option has the name of a key that every sensor takes, and that never reaches it."""
        model = getattr(self.make, "Options", None)
        taken = sorted(DELIVERY & getattr(model, "model_fields", {}).keys())
        if taken:
            raise ConformanceError(
                f"the option {taken[0]!r} is one that every sensor has, which racegym keeps to "
                "itself; call it otherwise",
                where="Sensor.Options",
            )

    @needs("space_is_a_finite_box")
    def check_values_keep_to_the_space(self) -> None:
        """Every value is within the bounds of the space, however the cars drive."""
        with self.rig() as rig:
            rig.start()
            space = self._sensor(rig).space
            for step in [None, *everyday(40, N_RACES, N_CARS)]:
                if step is not None:
                    rig.step(*np.moveaxis(step, -1, 0))
                values = rig.world.groups[0].observations
                assert not isinstance(values, dict)
                inside = (values >= space.low) & (values <= space.high)
                if not inside.all():
                    at = tuple(int(i) for i in np.argwhere(~inside)[0])
                    low, high = space.low[at[1:]], space.high[at[1:]]
                    raise ConformanceError(
                        f"value {list(at[1:])} of car {at[0]} is {values[at]}, outside "
                        f"[{low:g}, {high:g}]",
                        where=OBSERVE,
                    )

    def check_repeats_itself(self) -> None:
        """The same state is observed the same: no clock, no random numbers of its own."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.driven() as rig:
            first, second = self._look(rig, everyone), self._look(rig, everyone)
        with self.driven() as rig:
            third = self._look(rig, everyone)
        if not first.tobytes() == second.tobytes() == third.tobytes():
            raise ConformanceError("one state gave different values", where=OBSERVE)

    @needs("repeats_itself")
    def check_rows_belong_to_their_cars(self) -> None:
        """``out[k]`` is the observation of ``cars[k]``, whichever cars are asked for."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.driven() as rig:
            of_all = self._look(rig, everyone)
            for cars in [*halves(len(everyone)), everyone[-1:]]:
                some = self._look(rig, cars)
                if some.tobytes() != of_all[cars].tobytes():
                    raise ConformanceError(
                        f"asked for cars {cars.tolist()} alone, it gives other values than for "
                        "all of them",
                        where=OBSERVE,
                    )

    @needs("repeats_itself")
    def check_fills_every_value(self) -> None:
        """Everything in ``out`` is written, whatever was in it before."""
        cars, outs = np.arange(N_RACES * N_CARS), []
        for value in (0, 1):
            with self.driven() as rig:
                sensor = self._sensor(rig)
                out = np.full((len(cars), *sensor.space.shape), value, sensor.space.dtype)
                sensor.observe(rig.world.view, cars, out)
                outs.append(out)
        if outs[0].tobytes() != outs[1].tobytes():
            raise ConformanceError(
                "some of `out` was left as it was; write out[...] = values, for what is returned "
                "is not used",
                where=OBSERVE,
            )

    def check_view_is_untouched(self) -> None:
        """Observing writes nothing but ``out`` and the sensor's own arrays."""
        with self.driven() as rig:
            before = rows(rig.world)
            self._sensor(rig).observe(
                rig.world.view, *_buffers(self._sensor(rig), np.arange(N_RACES * N_CARS))
            )
            odd = difference(before, rows(rig.world), skip=("agents.default.observation",))
        if odd:
            raise ConformanceError(f"observing wrote {odd}", where=OBSERVE)

    @needs("repeats_itself", "rows_belong_to_their_cars")
    def check_race_is_independent_of_the_batch(self) -> None:
        """A race is observed the same in a batch as alone."""
        controls = everyday(15, N_RACES, N_CARS)
        tracks = self.tracks or circuits()
        with self.rig() as rig:
            rig.start(5)
            rig.play(controls)
            batch = self._look(rig, np.arange(N_RACES * N_CARS))
        for race in range(N_RACES):
            with self.rig(1, tracks=[tracks[race % len(tracks)]]) as rig:
                rig.start(5 + race)
                rig.play(controls[:, race : race + 1])
                single = self._look(rig, np.arange(N_CARS))
            if single.tobytes() != batch[race * N_CARS : (race + 1) * N_CARS].tobytes():
                raise ConformanceError(
                    f"race {race} of {N_RACES} is not observed as it is alone", where=OBSERVE
                )

    @needs("fills_every_value", "race_is_independent_of_the_batch")
    def check_reset_is_complete(self) -> None:
        """After a reset nothing from before it is observed, in all races or in one."""
        everyone = np.arange(N_RACES * N_CARS)
        last = N_RACES - 1
        with self.rig() as rig:
            rig.start(1)
            fresh = np.array(rig.world.groups[0].observations)
        with self.driven() as rig:
            rig.world.reset(seeds=[1 + last], races=[last])
            used = np.array(rig.world.groups[0].observations)
            its_cars = everyone // N_CARS == last
            one = used[its_cars].tobytes() == fresh[its_cars].tobytes()
            rig.world.arrays.garbage(2)
            rig.start(1)
            every = np.array(rig.world.groups[0].observations).tobytes() == fresh.tobytes()
        if not (one and every):
            which = "all races were" if one else "one race was"
            raise ConformanceError(
                f"after {which} reset, it gives other values than in a fresh world",
                where="what it remembers: it must lie in setup.arrays",
            )

    @needs("repeats_itself")
    def check_requires_names_what_it_reads(self) -> None:
        """It reads no field or channel of the cars that ``requires`` does not name."""
        everyone = np.arange(N_RACES * N_CARS)
        with self.driven() as rig:
            view, requires = rig.world.view, self._sensor(rig).requires
            plain = self._look(rig, everyone)
            named = [
                (name, getattr(view.state, name))
                for name in columns(CarState)
                if name not in ALWAYS
            ]
            unread = [
                (name, array)
                for name, array in [*named, *view.channels.items()]
                if name not in requires
            ]
            if not unread:
                raise NotApplicable("it requires every field there is")
            for name, array in unread:
                kept = array.copy()
                array[...] = _missing(name, array)
                changed = self._look(rig, everyone).tobytes() != plain.tobytes()
                array[...] = kept
                if changed:
                    raise ConformanceError(
                        f"it reads {name!r}, which `requires` does not name",
                        where="Sensor.requires",
                    )


def _buffers(sensor: Sensor, cars: Cars) -> tuple[Cars, Array]:
    return cars, np.zeros((len(cars), *sensor.space.shape), sensor.space.dtype)


def _missing(name: str, array: Array) -> float:
    """Return what stands in a field that no backend fills."""
    if array.dtype.kind == "f":
        return float("nan")
    return MISSING_GEAR if name == "gear" else min(MISSING_CODE, np.iinfo(array.dtype).max)
