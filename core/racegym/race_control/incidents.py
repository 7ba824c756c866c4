"""Contacts between cars in race control: their class, and who is to blame."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import DETAILS, Arrays, Races, View
from racegym.kernels.aftermath import follow_incidents
from racegym.kernels.evidence import Bodies, Circuit
from racegym.kernels.history import FIGURES, SAMPLES, History, Places, remember_cars
from racegym.kernels.incidents import (
    STATES,
    Incidents,
    Limits,
    Tallies,
    Touches,
    begin_incidents,
    take_touches,
    weigh_incidents,
)
from racegym.race_control.part import Part, event_arrays
from racegym.race_control.rules import IncidentRules

__all__ = ["ContactJudge"]

LONG_AGO = -1e9  # [s] before any race


class ContactJudge(Part):
    """Sorts contacts into classes and weighs the blame; see ``docs/blame.md``.

    Args:
        view: the world's data.
        rules: what counts as what.
        arrays: the world's memory.
    """

    def __init__(self, view: View, rules: IncidentRules, arrays: Arrays):
        n_cars = view.n_cars
        race, state, frame, vehicle = view.race, view.state, view.frame, view.vehicle
        touched, tracks, cars = view.contacts, view.tracks, (n_cars,)
        most = 4 * n_cars  # open incidents

        history = History(
            newest=arrays.new("incidents.newest", (), "int32"),
            filled=arrays.new("incidents.samples", (), "int32"),
            at=arrays.new("incidents.at", (SAMPLES,), "float64"),
            past=arrays.new("incidents.past", (SAMPLES, n_cars, FIGURES)),
            known=arrays.new("incidents.known", cars, "float64"),
        )
        open_ = Incidents(
            filled=arrays.new("incidents.open", (), "int32"),
            pair=arrays.new("incidents.pair", (most, 2), "int32"),
            when=arrays.new("incidents.when", (most, 2), "float64"),
            blow=arrays.new("incidents.blow", (most, 2)),
            state=arrays.new("incidents.state", (most, STATES), "uint8"),
            figures=arrays.new("incidents.figures", (most, DETAILS)),
        )
        tallies = Tallies(
            car_impulse=race.car_impulse,
            car_contact_count=race.car_contact_count,
            contact_class=race.contact_class,
            incident_points=race.incident_points,
            blame=race.blame,
            blame_points=race.blame_points,
            last_off=arrays.new("incidents.last_off", cars, "float64", LONG_AGO),
            event_last=arrays.new("incidents.event_last", cars, "float64", LONG_AGO),
            event_points=arrays.new("incidents.event_points", cars, "uint8"),
            is_round=arrays.new("incidents.is_round", cars, "uint8"),
        )
        places = Places(frame.s, frame.d, frame.heading_error, state.yaw, state.vx, state.vy,
                        frame.width_left, frame.width_right)  # fmt: skip
        bodies = Bodies(vehicle.length, vehicle.width, vehicle.wheelbase, vehicle.to_front,
                        vehicle.mass, vehicle.brake)  # fmt: skip
        touches = Touches(touched.count, touched.car, touched.other, touched.impulse,
                          touched.normal_x, touched.normal_y, touched.closing_speed)  # fmt: skip
        limits = Limits(
            window=float(rules.window),
            aftermath=float(rules.aftermath),
            touch=float(rules.touch),
            heavy=float(rules.heavy),
            rejoin=float(rules.rejoin),
            seen=float(rules.seen),
            alone=bool(rules.alone),
        )
        self._met, self._open = np.zeros(view.n_races, np.int32), open_.filled
        self._alone = limits.alone
        self._begin = begin_incidents.bind(
            race.off_track, race.time, view.clock.elapsed, race.car_impulse, race.contact_class,
            race.blame, tallies.last_off, open_.filled, open_.blow, touched.count, touched.other,
            self._met,
        )  # fmt: skip
        self._take = take_touches.bind(
            race.status, race.present, race.off_track, race.time, self._met, touches, places,
            tracks.race_track, tracks.table, open_, tallies, limits.window,
        )  # fmt: skip
        self._weigh = weigh_incidents.bind(
            race.time, self._met, places, bodies,
            Circuit(tracks.race_track, tracks.points, tracks.table), history, tallies.last_off,
            open_, limits,
        )  # fmt: skip
        self._remember = (
            race.time, frame.s, frame.d, frame.heading_error, state.vx, state.vy,
            tracks.race_track, tracks.table, *history,
        )  # fmt: skip
        every_race = np.arange(view.n_races, dtype=np.int64)
        self._remember_all = remember_cars.bind(every_race, *self._remember)
        self._follow = follow_incidents.bind(
            race.status, race.present, race.off_track, race.wall_impulse, race.time, places,
            bodies, open_, tallies, event_arrays(view.events), limits,
        )  # fmt: skip

    def start(self, races: Races) -> None:
        """Remember where the cars stand at the start."""
        remember_cars(races, *self._remember)

    def observe(self) -> None:
        """Judge the step that has just been made."""
        self._begin()
        if np.count_nonzero(self._met):
            self._take()
            self._weigh()
        if self._alone or np.count_nonzero(self._open):
            self._follow()
        self._remember_all()
