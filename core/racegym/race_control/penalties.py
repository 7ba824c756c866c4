"""Penalties: the part of race control that counts offences and says what follows from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import (
    Array,
    Arrays,
    BlameKind,
    EventKind,
    Offence,
    PenaltyKind,
    View,
)
from racegym.kernels.imposing import QUEUE, Book
from racegym.kernels.offences import OFFENCES, RULE_COLUMNS, Seen
from racegym.kernels.penalties import judge_offences
from racegym.race_control.part import Part, event_arrays
from racegym.race_control.penalty_rules import PenaltyRule, PenaltyRules

__all__ = ["NOBODY", "Penalties"]

NOBODY = (np.zeros(0, np.int64), np.zeros(0))  # no cars, and their progress
_ONCE = {None: 0, "lap": 1, "race": 2}


class Penalties(Part):
    """Counts offences, imposes penalties, and sees to it that they are served.

    Args:
        view: the world's data.
        rules: what is an offence and what follows.
        arrays: the world's memory.
        serves: for each car, whether its driver drives through the pit lane when it has to.
        places_cars: whether the backend can set cars back during a race.
    """

    def __init__(
        self,
        view: View,
        rules: PenaltyRules,
        arrays: Arrays,
        *,
        serves: Sequence[bool],
        places_cars: bool,
    ):
        race, frame, state, tracks = view.race, view.frame, view.state, view.tracks
        vehicle, n_cars = view.vehicle, view.n_cars
        of_rules = (n_cars, len(rules.rules))

        def new(name: str, dtype: str = "real", fill: float = 0) -> Array:
            return arrays.new(f"penalties.{name}", (n_cars,), dtype, fill)

        self.restart_speed = rules.restart_speed
        self._rescued = new("rescued", "bool")
        self._restart = new("restart", "float64", np.nan)
        self._waits = np.zeros(self._restart.shape, np.bool_)
        self._sets_back = any(rule.penalty == "restart_behind" for rule in rules.rules.values())
        self._judge = judge_offences.bind(
            arrays.new("penalties.figures", (n_cars, OFFENCES), fill=-1),
            Seen(
                present=race.present, off_track=race.off_track,
                off_track_since=race.off_track_since, wall_impulse=race.wall_impulse,
                obstacle_impulse=race.obstacle_impulse, contact_class=race.contact_class,
                jump_start=race.jump_start, stuck_time=race.stuck_time,
                wrong_way_time=race.wrong_way_time, pit_standing=race.pit_standing,
                pit_passes=race.pit_passes, laps_done=race.laps_done,
                vx=state.vx, vy=state.vy, s=frame.s, d=frame.d, progress=frame.progress,
                mass=vehicle.mass, length=vehicle.length, width=vehicle.width,
                pit_limit=race.pit_limit, time=race.time, elapsed=view.clock.elapsed,
                race_track=tracks.race_track, table=tracks.table, pits=tracks.pits,
                serves=np.array(serves, np.bool_),
            ),
            Book(
                counted=arrays.new("penalties.count", of_rules, "int32"),
                last=arrays.new("penalties.last", of_rules, "float64", -np.inf),
                last_lap=arrays.new("penalties.last_lap", of_rules, "int32", -1),
                blue_time=new("blue_time"), rescued=self._rescued,
                was_in_pit=new("was_in_pit", "bool"),
                due_at_entry=new("due_at_entry", "uint8"), passes=new("passes", "int32"),
                stood=new("stood"),
                queue=arrays.new("penalties.queue", (n_cars, QUEUE, 4), "float64"),
                queued=new("queued", "int32"), shown=new("shown", "uint8"),
                victim=new("victim", "int32", -1), gap=new("gap", "float64"), restart=self._restart,
                status=race.status, flags=race.flags, time=race.penalty_time,
                places=race.penalty_places, laps=race.penalty_laps, score=race.penalty_score,
                due=race.penalty_due, stop=race.penalty_stop, warnings=race.warnings,
            ),
            event_arrays(view.events),
            _table(rules),
            rules.serve_within,
            places_cars,
        )  # fmt: skip

    def observe(self) -> None:
        """Judge the step that has just been made."""
        self._judge()

    def tell(self, kind: EventKind, race: int, car: int) -> None:
        """Take note of a rescue, to be judged in the next step."""
        if kind is EventKind.RESCUE:
            self._rescued[race, car] = True

    def restarts(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the cars to be set back now, and the progress [m] of each; asks once a step."""
        if not self._sets_back:
            return NOBODY
        waits = np.isfinite(self._restart, out=self._waits)
        if not np.count_nonzero(waits):
            return NOBODY
        cars = np.flatnonzero(waits)
        to = self._restart.reshape(-1)[cars]
        self._restart[waits] = np.nan
        return cars, to


def _table(rules: PenaltyRules) -> NDArray[np.float64]:
    """Return the rules as kernels read them, those on warnings last."""
    rows = [_row(rule) for rule in rules.rules.values()]
    rows.sort(key=lambda row: row[0] == Offence.WARNINGS)
    return np.array(rows, np.float64).reshape(-1, RULE_COLUMNS)


def _row(rule: PenaltyRule) -> tuple[float, ...]:
    return (
        Offence[rule.offence.upper()], rule.least, rule.share, rule.after, rule.each, rule.apart,
        _ONCE[rule.once], PenaltyKind[rule.penalty.upper()], rule.amount, rule.instead,
        rule.unserved == "disqualification",
        sum(1 << BlameKind[kind.upper()] for kind in rule.blames),
    )  # fmt: skip
