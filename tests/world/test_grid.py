"""Cars start in the slots that a track brings, and behind them by the rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from racegym.errors import ScenarioError
from racegym.testing.rig import circuits
from racegym.world import StartConfig


def with_grid(*slots):
    track = circuits()[0]
    grid = np.array(slots) + np.array([track.length, 0.0])
    return replace(track, grid=grid)


def test_slots_of_the_track_are_used_in_order(build):
    track = with_grid([-5.0, 1.0], [-11.0, -1.5], [-17.0, 0.5])
    world = build(2, 3, tracks=[track])
    world.reset()
    for race in range(2):
        np.testing.assert_allclose(world.view.frame.s[race], track.grid[:, 0], atol=1e-6)
        np.testing.assert_allclose(world.view.frame.d[race], track.grid[:, 1], atol=1e-6)


def test_cars_behind_the_last_slot_follow_by_the_rule(build):
    track = with_grid([-5.0, 1.0], [-11.0, -1.5])
    world = build(1, 4, tracks=[track], start=StartConfig(gap=7.0))
    world.reset()
    behind = track.length - world.view.frame.s[0]
    np.testing.assert_allclose(behind, [5.0, 11.0, 18.0, 25.0], atol=1e-6)
    assert world.view.frame.d[0, 2] > 0.0 > world.view.frame.d[0, 3]


def test_a_random_start_knows_no_slots(build):
    plain, marked = circuits()[0], with_grid([-5.0, 1.0], [-11.0, -1.5])
    starts = []
    for track in (plain, marked):
        world = build(2, 2, tracks=[track], start=StartConfig(kind="random"))
        world.reset(seeds=[3, 4])
        starts.append(world.view.frame.s.copy())
    np.testing.assert_array_equal(*starts)


def test_slots_closer_than_the_rule_admit_more_cars(build):
    track = circuits()[0]
    count = int(track.length // 6) + 5
    with pytest.raises(ScenarioError, match="behind the line"):
        build(1, count, tracks=[track], start=StartConfig(gap=6.0)).reset()
    slots = np.column_stack([-1.0 - 2.0 * np.arange(count), np.zeros(count)])
    world = build(1, count, tracks=[with_grid(*slots)], start=StartConfig(gap=6.0))
    world.reset()
    assert np.ptp(world.view.frame.s) > 2.0
