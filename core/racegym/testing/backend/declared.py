"""Checks of what a backend declares against what it does."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from inspect import signature
from typing import Any, NoReturn, get_args, get_type_hints

import numpy as np

from racegym.errors import nearest
from racegym.interfaces import (
    API,
    MISSING_CODE,
    MISSING_GEAR,
    Array,
    Backend,
    BackendSpec,
    CarState,
    Column,
    Effects,
    VehicleTable,
    columns,
)
from racegym.testing.backend.base import BackendChecks
from racegym.testing.rig import Rig, difference, everyday, rows
from racegym.testing.suite import ConformanceError, NotApplicable
from racegym.track import Track

__all__ = ["DeclaredChecks"]

NEED_POSITIVE = (
    "length", "width", "wheelbase", "track", "to_front", "mass", "steer_limit",
    "grip", "drive", "power", "brake", "top_speed",
)  # fmt: skip
MOST = {"length": 25.0, "width": 10.0, "mass": 1e5, "steer_limit": 1.6}
ORDERS = {"steer": 0.2, "throttle": 0.6, "brake": 0.1, "gear": 1, "request": 0}
OWN_METHODS = {
    "placement": ({"any", "grid"}, ("place",)),
    "snapshots": ({"engine"}, ("save", "load")),
    "tracks": ({"fixed", "new"}, ("track",)),
}


class DeclaredChecks(BackendChecks):
    """The spec, the state, the channels, the vehicles, the track."""

    def check_spec_is_sound(self) -> None:
        """The spec is frozen, names only what exists, and has the methods that it promises."""
        spec = self.spec
        if not isinstance(spec, BackendSpec) or not is_dataclass(spec):
            self._unsound("spec_for must return a BackendSpec")
        if spec.api > API:
            self._unsound(f"api {spec.api} is newer than {API}")
        hints = get_type_hints(BackendSpec)
        for item in dataclass_fields(spec):
            choices, value = get_args(hints[item.name]), getattr(spec, item.name)
            if choices and all(isinstance(c, str) for c in choices) and value not in choices:
                self._unsound(f"{item.name} is {value!r}, not one of {choices}")
        for name, valid in (
            ("fills", columns(CarState).keys()),
            ("effects", columns(Effects).keys()),
            ("contacts", {"car", "wall", "obstacle"}),
        ):
            odd = sorted(getattr(spec, name) - valid)
            if odd:
                self._unsound(
                    f"{name} names {', '.join(odd)}, which do not exist; {nearest(odd[0], valid)}"
                )
        if not spec.dt > 0:
            self._unsound(f"dt is {spec.dt}")
        if spec.frame is not None:
            ratio = spec.dt / spec.frame
            if ratio < 1 - 1e-9 or abs(ratio - round(ratio)) > 1e-6:
                self._unsound(f"dt {spec.dt} is no multiple of frame {spec.frame}")
        for name in ("max_races", "max_cars"):
            most = getattr(spec, name)
            if most is not None and most < 1:
                self._unsound(f"{name} is {most}")
        for channel in spec.channels:
            if not (np.isfinite([channel.low, channel.high]).all() and channel.low < channel.high):
                bounds = f"[{channel.low}, {channel.high}]"
                self._unsound(f"channel {channel.name!r} has bounds {bounds}")
        for name, (choosing, methods) in OWN_METHODS.items():
            for method in methods:
                own = getattr(self.make, method) is not getattr(Backend, method)
                if getattr(spec, name) in choosing and not own:
                    form = ", ".join(signature(getattr(Backend, method)).parameters)
                    self._unsound(
                        f"{name} is {getattr(spec, name)!r}, but there is no {method}(); write "
                        f"def {method}({form}), or declare another {name}"
                    )

    def _unsound(self, reason: str) -> NoReturn:
        raise ConformanceError(reason, where=f"{self.make.__name__}.spec")

    def check_fills_what_it_declares(self) -> None:
        """Every declared field of CarState has values, from the reset on."""
        with self.rig() as rig:
            rig.start()
            self._look_for_missing(rig, "after a reset", "Backend.reset")
            rig.play(everyday(5, self.n_races, self.n_cars))
            self._look_for_missing(rig, "after some steps", "Backend.step")

    def _look_for_missing(self, rig: Rig, when: str, where: str) -> None:
        for name in sorted(self.spec.fills):
            missing = _missing(getattr(rig.world.view.state, name), columns(CarState)[name])
            if missing.any():
                at = [int(i) for i in np.argwhere(missing)[0]]
                one = "" if missing.reshape(-1)[0] else _if_it_is_one(at)
                raise ConformanceError(
                    f"declared field {name!r} is missing {when}, at {at}{one}", where=where
                )

    def check_fills_nothing_else(self) -> None:
        """Fields of CarState that are not declared stay missing."""
        with self.rig() as rig:
            rig.start()
            rig.play(everyday(5, self.n_races, self.n_cars))
            for name, column in columns(CarState).items():
                array = getattr(rig.world.view.state, name)
                if name not in self.spec.fills and not _missing(array, column).all():
                    raise ConformanceError(
                        f"field {name!r} is filled, but spec.fills does not name it",
                        where="Backend.step",
                    )

    def check_channels_keep_their_bounds(self) -> None:
        """Every channel is finite and within its declared bounds."""
        if not self.spec.channels:
            raise NotApplicable("the backend offers no channels")
        with self.rig() as rig:
            rig.start()
            for step in [None, *everyday(30, self.n_races, self.n_cars)]:
                if step is not None:
                    rig.step(*np.moveaxis(step, -1, 0))
                for channel in self.spec.channels:
                    values = rig.world.view.channels[channel.name]
                    inside = (values >= channel.low) & (values <= channel.high)
                    if not inside.all():
                        raise ConformanceError(
                            f"channel {channel.name!r} is {values[~inside].flat[0]}, outside "
                            f"[{channel.low:g}, {channel.high:g}]",
                            where="Backend.step",
                        )

    def check_arrays_stay_in_place(self) -> None:
        """The arrays of the view are written, never exchanged for others."""
        with self.rig() as rig:
            before = _array_ids(rig)
            rig.start()
            rig.play(everyday(3, self.n_races, self.n_cars))
            for name, (array, dtype) in _array_ids(rig).items():
                was, was_dtype = before[name]
                if array != was or dtype != was_dtype:
                    raise ConformanceError(
                        f"{name} is another array now ({dtype}, before {was_dtype}); write into "
                        "the one there is: name[...] = values",
                        where="Backend.reset and Backend.step",
                    )

    def check_inputs_are_untouched(self) -> None:
        """It writes the state, vehicles, clock, contacts, its channels and its own arrays alone."""
        own = tuple(f"channels.{channel.name}" for channel in self.spec.channels)
        mine = ("state.", "vehicle.", "clock.", "contacts.", "backend.", *own)
        with self.rig() as rig:
            rig.start()
            rig.play(everyday(3, self.n_races, self.n_cars))
            world = rig.world
            for name, value in ORDERS.items():
                getattr(world.control, name)[...] = value
            before, ground = rows(world), world.view.tracks.points.copy()
            world.backend.begin(world.control, world.effects, world.dt)
            world.backend.finish()
            odd = difference(before, rows(world), skip=mine)
            if odd is None and ground.tobytes() != world.view.tracks.points.tobytes():
                odd = "the tracks' points have changed"
            if odd is not None:
                raise ConformanceError(f"an input was written: {odd}", where="Backend.step")

    def check_vehicle_table_is_plausible(self) -> None:
        """The vehicle table is filled with positive, plausible numbers."""
        with self.rig() as rig:
            rig.start()
            table = rig.world.view.vehicle
            for name in columns(VehicleTable):
                value = float(getattr(table, name)[0, 0])
                least = np.nextafter(0, 1) if name in NEED_POSITIVE else 0.0
                most = MOST.get(name, np.inf)
                if not least <= value <= most:
                    unit = columns(VehicleTable)[name].unit
                    wanted = "more than 0" if least > 0 else "0 or more"
                    limit = f" and at most {most:g}" if np.isfinite(most) else ""
                    raise ConformanceError(
                        f"vehicle.{name} is {value:g}; {wanted}{limit} was expected"
                        + (f", in {unit}" if unit not in ("", "1") else ""),
                        where="Backend.reset",
                    )
            if not table.to_front[0, 0] < table.wheelbase[0, 0] < table.length[0, 0]:
                raise ConformanceError(
                    "to_front must be less than wheelbase, and that less than length, but they "
                    f"are {table.to_front[0, 0]:g}, {table.wheelbase[0, 0]:g} and "
                    f"{table.length[0, 0]:g}",
                    where="Backend.reset",
                )

    def check_contacts_are_valid(self) -> None:
        """Contacts name cars that exist, have unit normals, and are of the declared kinds."""
        if not self.spec.contacts:
            raise NotApplicable("the backend reports no contacts")
        with self.rig() as rig:
            rig.start()
            n_races, n_cars = rig.world.n_races, rig.world.n_cars
            for step in range(self.steps(rig, 6.0)):
                rig.step(0.5 if step % 40 < 20 else -0.3, throttle=1.0)
                contacts = rig.world.view.contacts
                for race in range(n_races):
                    if not 0 <= contacts.count[race] <= contacts.capacity:
                        self._bad_contact(f"count is {contacts.count[race]}")
                    for k in range(contacts.count[race]):
                        self._judge_contact(rig, race, k, n_cars)

    def _judge_contact(self, rig: Rig, race: int, k: int, n_cars: int) -> None:
        contacts = rig.world.view.contacts
        car, other = int(contacts.car[race, k]), int(contacts.other[race, k])
        if not 0 <= car < n_cars:
            self._bad_contact(f"car is {car}; there are 0 to {n_cars - 1}")
        if other == car or not contacts.OBSTACLE <= other < n_cars:
            self._bad_contact(f"car {car} touched {other}")
        kind = {contacts.WALL: "wall", contacts.OBSTACLE: "obstacle"}.get(other, "car")
        if kind not in self.spec.contacts:
            self._bad_contact(f"{kind!r} is not among spec.contacts")
        size = float(np.hypot(contacts.normal_x[race, k], contacts.normal_y[race, k]))
        if not abs(size - 1.0) < 1e-3:
            self._bad_contact(f"the normal has length {size:g}")
        if not 0 <= contacts.impulse[race, k] < np.inf:
            self._bad_contact(f"the impulse is {contacts.impulse[race, k]}")
        if not np.isfinite([contacts.x[race, k], contacts.y[race, k]]).all():
            self._bad_contact("its place is not finite")

    def _bad_contact(self, reason: str) -> None:
        raise ConformanceError(f"a contact is wrong: {reason}", where="Backend.step")

    def check_track_is_handed_over(self) -> None:
        """A backend with a track of its own hands it over, and its cars start on it."""
        spec = self.spec
        if spec.tracks == "given":
            raise NotApplicable("the backend drives the tracks it is given")
        hashes = []
        for seed in (1, 1, 7):
            with self.rig(1, 1) as rig:
                rig.start(seed)
                track = rig.world.backend.track(0)
                if not isinstance(track, Track):
                    raise ConformanceError(
                        f"track(0) returned {type(track).__name__}", where="Backend.track"
                    )
                hashes.append(track.hash)
                frame = rig.world.view.frame
                d = float(frame.d[0, 0])
                if not -frame.width_right[0, 0] <= d <= frame.width_left[0, 0]:
                    raise ConformanceError(
                        f"the car starts {d:g} m left of the centerline, beside its track",
                        where="Backend.track and Backend.reset",
                    )
        if hashes[0] != hashes[1]:
            raise ConformanceError("one key gave two tracks", where="Backend.track")
        if (spec.tracks == "fixed") != (hashes[0] == hashes[2]):
            raise ConformanceError(
                f"tracks is {spec.tracks!r}, but two keys gave "
                f"{'one track' if hashes[0] == hashes[2] else 'two tracks'}",
                where="Backend.track",
            )

    def check_closes_twice(self) -> None:
        """close() may be called twice."""
        with self.rig() as rig:
            rig.start()
            rig.step()
            rig.world.backend.close()
            rig.world.backend.close()


def _missing(array: Array, column: Column) -> Any:
    if column.fill == MISSING_GEAR or column.fill == MISSING_CODE:
        return array == column.fill
    return np.isnan(array)


def _array_ids(rig: Rig) -> dict[str, tuple[int, Any]]:
    """Return what stands for the identity of every array of the view, by name."""
    view = rig.world.view
    found: dict[str, tuple[int, Any]] = {}
    for record in ("state", "vehicle", "clock"):
        for name in columns(type(getattr(view, record))):
            array = getattr(getattr(view, record), name)
            found[f"{record}.{name}"] = (array.__array_interface__["data"][0], array.dtype)
    for name, array in view.channels.items():
        found[f"channels[{name!r}]"] = (array.__array_interface__["data"][0], array.dtype)
    for name in ("count", "car", "other", "impulse", "x", "y", "normal_x", "normal_y"):
        array = getattr(view.contacts, name)
        found[f"contacts.{name}"] = (array.__array_interface__["data"][0], array.dtype)
    return found


def _if_it_is_one(at: list[int]) -> str:
    """Return what to declare when everything is there but not for all races and cars."""
    which = "races" if at[0] else "cars"
    return f", though it is there at [0, 0]; a simulator of one declares max_{which}=1"
