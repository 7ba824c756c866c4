"""Reward terms: what each pays, and the known ways to be paid for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.interfaces import Status
from racegym.rewards.checkpoint import Checkpoint
from racegym.rewards.checkpoint_time import CheckpointTime
from racegym.rewards.hard_braking import HardBraking
from racegym.rewards.lap import Lap
from racegym.rewards.obstacle import Obstacle
from racegym.rewards.off_track import OffTrack
from racegym.rewards.progress import Progress
from racegym.rewards.speed import Speed
from racegym.rewards.steering_smoothness import SteeringSmoothness
from racegym.rewards.survival import Survival
from racegym.rewards.wall import Wall

EVERY = [
    Checkpoint, CheckpointTime, HardBraking, Lap, OffTrack, Progress, Speed,
    SteeringSmoothness, Survival, Wall,
]  # fmt: skip


def pay(rig, term):
    out = np.full((rig.view.n_races, rig.view.n_cars), 9.0, rig.arrays.real)
    term.compute(rig.view, out)
    return out


def drive(rig, term, moves, *, jumped=(), off=()):
    """Return what each of these changes of progress pays, one step a move."""
    paid = []
    for step, move in enumerate(moves):
        view = rig.view
        view.previous_frame.progress[...] = view.frame.progress
        view.frame.progress[...] += move
        view.frame.jumped[...] = step in jumped
        view.race.off_track[...] = step in off
        paid.append(float(pay(rig, term)[0, 0]))
    return paid


def test_progress_pays_what_is_gained_and_takes_what_is_lost(make_rig):
    rig = make_rig()
    assert drive(rig, Progress(rig.setup()), [1.5, 2.0, -3.0]) == [1.5, 2.0, -3.0]


def test_driving_to_and_fro_over_the_line_earns_nothing(make_rig):
    rig = make_rig()
    assert sum(drive(rig, Progress(rig.setup()), [2.0, -2.0] * 20)) == 0.0


def test_a_cut_earns_nothing(make_rig):
    rig = make_rig()
    assert drive(rig, Progress(rig.setup()), [1.0, 80.0, 1.0], jumped=[1]) == [1.0, 0.0, 1.0]


def test_cutting_back_to_gain_the_same_ground_again_earns_nothing(make_rig):
    rig = make_rig()
    lap = [10.0, 10.0, 10.0, -30.0]
    paid = drive(rig, Progress(rig.setup()), lap * 3, jumped=[3, 7, 11])
    assert sum(paid) == 30.0
    paid = drive(rig, Progress(rig.setup()), [100.0, -100.0] * 5, jumped=range(10))
    assert sum(paid) == 0.0


def test_ground_gained_beside_the_track_counts_only_if_asked(make_rig):
    rig = make_rig()
    assert drive(rig, Progress(rig.setup()), [5.0, -1.0], off=[0, 1]) == [0.0, -1.0]
    term = Progress(rig.setup({"on_track": False}))
    assert drive(rig, term, [5.0], off=[0]) == [5.0]


def test_speed_sums_up_to_a_distance_and_is_negative_backwards(make_rig):
    rig = make_rig(n_cars=4, dt=0.1, real="float64")
    rig.put(0.0, heading_error=[0.0, np.pi, np.pi / 2, np.pi / 3], speed=10.0)
    np.testing.assert_allclose(pay(rig, Speed(rig.setup()))[0], [1.0, -1.0, 0.0, 0.5], atol=1e-9)


def test_speed_off_the_track_pays_nothing_but_still_costs_backwards(make_rig):
    rig = make_rig(n_cars=2, dt=0.1)
    rig.put(0.0, heading_error=[0.0, np.pi], speed=10.0)
    rig.view.race.off_track[...] = True
    np.testing.assert_allclose(pay(rig, Speed(rig.setup()))[0], [0.0, -1.0], atol=1e-9)


def test_off_track_may_charge_for_the_middle_only(make_ring, make_rig):
    rig = make_rig(make_ring(50.0, width=4.0), n_cars=3, dt=0.1)
    rig.put(0.0, d=[3.9, 4.1, -6.0])
    rig.view.race.off_track[0] = [False, False, True]
    np.testing.assert_allclose(pay(rig, OffTrack(rig.setup()))[0], [0.0, 0.0, -0.1])
    middle = OffTrack(rig.setup({"part": "middle"}))
    np.testing.assert_allclose(pay(rig, middle)[0], [0.0, -0.1, -0.1])


def test_checkpoints_are_counted(make_rig):
    rig = make_rig(n_cars=3)
    rig.view.race.checkpoints_hit[0] = [0, 1, 3]
    assert pay(rig, Checkpoint(rig.setup()))[0].tolist() == [0.0, 1.0, 3.0]


def test_a_checkpoint_is_worth_the_share_of_the_reference_speed(make_ring, make_rig):
    rig = make_rig(make_ring(50.0, checkpoints=[0.0, 60.0, 200.0]), n_cars=5, real="float64")
    race = rig.view.race
    race.checkpoints_hit[0] = [1, 1, 0, 1, 1]
    race.next_checkpoint[0] = [2, 3, 3, 3, 4]  # the one passed is the one before
    race.checkpoint_split[0] = [6.0, 1.0, 6.0, np.nan, 10.0]
    race.start_progress[0] = [-5.0, -5.0, -5.0, -5.0, -5.0]
    length = rig.view.tracks.length[0]
    term = CheckpointTime(rig.setup({"speed": 20.0}))
    expected = [60.0 / 6.0 / 20.0, 1.0, 0.0, 0.0, (length - 200.0) / 10.0 / 20.0]
    np.testing.assert_allclose(pay(rig, term)[0], expected, rtol=1e-9)
    race.start_progress[...] = 10.0  # the first of them now lies behind the start
    assert pay(rig, term)[0, 0] == 0.0


def test_only_a_car_that_races_and_moves_survives(make_rig):
    rig = make_rig(n_cars=5)
    race = rig.view.race
    race.stuck_time[0, 1] = 0.1
    race.off_track[0, 2] = True
    race.status[0, 3] = Status.RETIRED
    race.present[0, 4] = False
    np.testing.assert_allclose(pay(rig, Survival(rig.setup()))[0], [0.05, 0, 0, 0, 0])


def test_a_lap_counts_when_it_was_valid_to_its_end(make_rig):
    rig = make_rig(n_cars=4)
    race = rig.view.race
    term = Lap(rig.setup())
    term.reset(np.array([0]), race.key)
    race.lap_valid[0] = [True, False, True, True]
    assert pay(rig, term).sum() == 0
    # Race control calls the new lap valid in the step that ends the old one.
    race.lap_valid[0] = True
    race.lap_completed[0] = True
    race.off_track[0, 2] = True
    rig.view.frame.jumped[0, 3] = True
    assert pay(rig, term)[0].tolist() == [1.0, 0.0, 0.0, 0.0]
    race.lap_completed[0] = False
    assert pay(rig, term).sum() == 0


def test_the_lap_of_a_flying_start_does_not_count(make_rig):
    rig = make_rig()
    rig.view.race.lap_valid[...] = False
    term = Lap(rig.setup())
    term.reset(np.array([0]), rig.view.race.key)
    rig.view.race.lap_valid[...] = True
    rig.view.race.lap_completed[...] = True
    assert pay(rig, term)[0, 0] == 0.0


def test_bad_things_are_negative(make_rig):
    rig = make_rig(n_cars=2, dt=0.1, real="float64")
    view = rig.view
    view.race.off_track[0] = [True, False]
    view.race.wall_impulse[0] = [480.0, 0.0]
    view.race.obstacle_impulse[0] = [0.0, 120.0]
    view.control.brake[0] = [0.9, 0.79]
    view.control.steer[0], view.previous_control.steer[0] = [0.5, 0.2], [-0.5, 0.2]
    np.testing.assert_allclose(pay(rig, OffTrack(rig.setup()))[0], [-0.1, 0.0])
    np.testing.assert_allclose(pay(rig, Wall(rig.setup()))[0], [-2.0, 0.0])
    np.testing.assert_allclose(pay(rig, Obstacle(rig.setup()))[0], [0.0, -0.5])
    np.testing.assert_allclose(pay(rig, HardBraking(rig.setup()))[0], [-0.05, 0.0], atol=1e-12)
    np.testing.assert_allclose(pay(rig, SteeringSmoothness(rig.setup()))[0], [-1.0, 0.0])


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("real", ["float32", "float64"])
def test_every_cell_is_written_with_a_finite_number(make_rig, kind, real):
    rig = make_rig(n_races=6, n_cars=3, real=real)
    term = kind(rig.setup())
    for seed in range(3):
        rig.scramble(seed)
        rig.view.state.vx[0, 0] = np.nan
        rig.view.vehicle.mass[...] = np.abs(rig.view.vehicle.mass)
        paid = pay(rig, term)
        assert paid.dtype == np.dtype(real)
        assert np.isfinite(paid).all()


@pytest.mark.parametrize("kind", EVERY)
def test_a_race_is_paid_the_same_in_any_batch(make_rig, kind):
    many, one = (make_rig(n_races=n, n_cars=2) for n in (600, 1))
    for rig in (many, one):
        rig.put(0.0)
    rng = np.random.default_rng(5)
    heading, vx = (rng.normal(0, 2, (600, 2)).astype(np.float32) for _ in range(2))
    many.view.frame.heading_error[...], many.view.state.vx[...] = heading, vx
    one.view.frame.heading_error[...], one.view.state.vx[...] = heading[[417]], vx[[417]]
    batch, alone = pay(many, kind(many.setup())), pay(one, kind(one.setup()))
    np.testing.assert_array_equal(batch[417], alone[0])
