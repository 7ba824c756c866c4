"""Penalties in a world: what happens to the cars there."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.errors import ScenarioError
from racegym.interfaces import EventKind, Status
from racegym.race_control import PenaltyRule, PenaltyRules, Rules
from racegym.race_control.penalties import Penalties
from racegym.world import Command


def rules(*several, **more):
    return Rules(penalties=PenaltyRules(rules={str(k): r for k, r in enumerate(several)}, **more))


def test_without_penalties_nothing_is_allocated_or_run(on_rails, drive):
    world = on_rails(speed=[10.0], impulse={(0, 5): 100.0})
    assert not any(isinstance(part, Penalties) for part in world.race_control.parts)
    assert not any(name.startswith("penalties.") for name in world.arrays)
    drive(world, 10)
    assert world.view.race.penalty_time[0, 0] == 0.0


def test_a_car_alone_is_punished_for_walls_and_leaves_when_disqualified(on_rails, drive):
    world = on_rails(
        rules(
            PenaltyRule(offence="wall", penalty="time", amount=10.0),
            PenaltyRule(offence="wall", penalty="disqualification", after=2),
        ),
        speed=[10.0],
        impulse={(0, 5): 100.0, (0, 6): 100.0, (0, 40): 100.0, (0, 80): 100.0},
    )
    events = drive(world, 100)
    times = [e.time for e in events if e.kind == EventKind.PENALTY]
    assert times == pytest.approx([6 * world.dt, 41 * world.dt, 81 * world.dt])
    assert world.view.race.penalty_time[0, 0] == 30.0
    assert world.view.race.status[0, 0] == Status.DISQUALIFIED
    assert not world.view.race.present[0, 0]


def test_a_rescue_is_punished_in_the_step_that_follows(build):
    world = build(1, 1, rules=rules(PenaltyRule(offence="rescue", penalty="time", amount=5.0)))
    world.reset(seeds=[1])
    world.commands.append(Command(kind="rescue", race=0, car=0))
    kinds = []
    for _ in range(3):
        world.step([np.zeros((1, 4))])
        kinds.append([event.kind for event in world.events()])
    assert EventKind.RESCUE in kinds[0]
    assert EventKind.PENALTY in kinds[1]
    assert world.view.race.penalty_time[0, 0] == 5.0


def test_the_car_at_fault_stands_behind_its_victim_in_the_world(build):
    penalties = rules(
        PenaltyRule(offence="contact", penalty="restart_behind", amount=2.0), restart_speed=1.5
    )
    world = build(2, 2, rules=penalties)
    world.reset(seeds=[1, 2])
    world.place([0, 1, 2, 3], s=[60.0, 57.0, 60.0, 57.0], speed=8.0)
    before = world.view.frame.progress.copy()
    parts = world.race_control.parts
    judged = next(k for k, part in enumerate(parts) if isinstance(part, Penalties))
    parts.insert(judged, _Blames(world))
    world.step([np.zeros((4, 4))])
    frame, length = world.view.frame, float(world.view.vehicle.length[0, 0])
    assert frame.s[1, 0] == pytest.approx(frame.s[1, 1] - 2.0 - length, abs=0.05)
    assert world.view.state.vx[1, 0] == 1.5
    assert frame.d[1, 0] == pytest.approx(0.0, abs=0.01)
    assert frame.progress[1, 0] == pytest.approx(before[1, 0] - 5.0 - length + 0.4, abs=0.5)
    assert frame.s[0, 0] > 60.0  # of the other race nobody was blamed


class _Blames:
    """Says in its first step that the first car of the second race has run into the other."""

    def __init__(self, world):
        self.view, self.done = world.view, False

    def order(self, control):
        pass

    def tell(self, kind, race, car):
        pass

    def observe(self):
        race, events = self.view.race, self.view.events
        race.contact_class[...] = 0
        if not self.done:
            race.contact_class[1] = 4
            k = int(events.count[1])
            events.kind[1, k], events.car[1, k] = EventKind.CONTACT, 0
            events.other[1, k], events.value[1, k] = 1, 4.0
            events.detail[1, k, 0] = 1.0  # all of the blame
            events.count[1] = k + 1
        self.done = True


def test_rules_that_insist_on_pits_refuse_a_track_without(build):
    with pytest.raises(ScenarioError, match=r"need pits, and track .* is without") as caught:
        build(1, 1, rules=rules(PenaltyRule(offence="wall", penalty="stop_go"), pits="required"))
    assert "pits: if_any" in str(caught.value)


def test_penalties_are_forgotten_by_a_reset(on_rails, drive):
    world = on_rails(
        rules(PenaltyRule(offence="wall", penalty="time", amount=10.0)),
        speed=[10.0],
        impulse={(0, 5): 100.0},
    )
    drive(world, 8)
    snapshot = world.snapshot()
    assert world.view.race.penalty_time[0, 0] == 10.0
    world.reset(seeds=[1])
    assert world.view.race.penalty_time[0, 0] == 0.0
    world.restore(snapshot)
    assert world.view.race.penalty_time[0, 0] == 10.0
