"""Sixty-four karts on a narrow track: nothing overflows, and places add up all the same."""

from __future__ import annotations

import numpy as np
import pytest
from fields import SAFETY_CAR, rough, scenario, start

from racegym.interfaces import Status
from racegym.race_control import place_gains
from racegym.scenario import load_scenario
from racegym.world import Command

N_CARS = 64
NARROW = {"generate": {"seed": 7, "length": 900, "width": 7, "runoff": 1.5}}


def drive(kind, stop, steps, **more):
    """Drive a race in which all retire at once at a step; return most events and contacts."""
    said = scenario(
        rough(N_CARS), track=NARROW, laps=1, start=start(kind, **more),
        rules={"penalties": "deepracer", "flags": SAFETY_CAR},
    )  # fmt: skip
    world = load_scenario(said).world(1)
    world.reset(seeds=[1])
    view = world.view
    grid, told, fullest = view.race.position[0].copy(), [], np.zeros(2, int)
    for step in range(steps):
        if step == stop:
            world.commands.extend(Command(kind="retire", car=car) for car in range(N_CARS))
        world.step()
        fullest = np.maximum(fullest, (view.events.count[0], view.contacts.count[0]))
        told += world.events()
        if (view.race.status > Status.PIT).all():
            break
    assert (view.race.status > Status.PIT).all()
    gains = place_gains(told)
    won = [gains[car] for car in range(N_CARS)]
    assert won == (grid - view.race.position[0]).tolist()
    assert (fullest < (view.events.capacity, view.contacts.capacity)).all()
    return fullest


def test_sixty_four_karts_start_and_all_retire_at_once():
    drive("standing", 300, 400)


def test_a_field_out_of_order_that_goes_out_at_once_is_told_in_full():
    """In a pursuit places go by distance, not as on the road: hundreds change in one step."""
    assert drive("pursuit", 1200, 1300)[0] > 8 + 8 * N_CARS


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "speed"), [("standing", 0), ("rolling", 6), ("side_by_side", 0)])
def test_sixty_four_karts_race_and_all_go_out_at_once(kind, speed):
    drive(kind, 1200, 6000, speed=speed)
