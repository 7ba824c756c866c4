"""Race control against closed forms: cars at constant speed on a circle."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.interfaces import EventKind, Status
from racegym.race_control import Rules

SPEED = 13.7  # [m/s], so that no line falls on the end of a step


def of(events, kind, car=0):
    return [event for event in events if event.kind == kind and event.car == car]


def length(world):
    return float(world.view.tracks.length[0])


def test_lap_times_are_interpolated_exactly_at_constant_speed(on_rails, drive):
    world = on_rails(speed=[SPEED], start=[-5.0])
    lap = length(world)
    events = drive(world, 1300)
    laps = of(events, EventKind.LAP)
    assert len(laps) == 3
    # The first lap counts from the start signal, 5 m behind the line.
    assert laps[0].time == pytest.approx((5.0 + lap) / SPEED, abs=2e-4)
    assert laps[0].value == pytest.approx((5.0 + lap) / SPEED, abs=2e-4)
    for k, event in enumerate(laps[1:], 2):
        assert event.value == pytest.approx(lap / SPEED, abs=2e-4)
        assert event.time == pytest.approx((5.0 + k * lap) / SPEED, abs=2e-4)
    assert world.view.race.best_lap_time[0, 0] == pytest.approx(lap / SPEED, abs=2e-4)
    assert world.view.race.laps_done[0, 0] == 3


def test_sector_times_sum_to_the_lap_time(on_rails, drive):
    world = on_rails(speed=[lambda time: 10.0 + 3.0 * np.sin(time)], start=[-5.0])
    events = drive(world, 1500)
    laps, sectors = of(events, EventKind.LAP), of(events, EventKind.SECTOR)
    a_lap = int(world.view.tracks.sector_count[0])
    assert a_lap > 1
    assert len(laps) >= 2
    for k, lap in enumerate(laps):
        assert sum(s.value for s in sectors[k * a_lap : (k + 1) * a_lap]) == pytest.approx(
            lap.value, abs=1e-9
        )


def test_checkpoints_are_hit_once_each_in_order(on_rails, drive):
    world = on_rails(speed=[SPEED], start=[-5.0])
    hits = 0
    steps = int(1.5 * length(world) / SPEED / world.dt)
    for _ in range(steps):
        drive(world, 1)
        hits += int(world.view.race.checkpoints_hit[0, 0])
    count = int(world.view.tracks.checkpoint_count[0])
    lap, progress = length(world), float(world.view.frame.progress[0, 0])
    at = world.view.tracks.checkpoint_s[:count]
    assert hits == np.sum(at <= progress) + np.sum(at + lap <= progress)
    assert world.view.race.next_checkpoint[0, 0] == hits


def test_a_car_that_goes_back_and_forth_over_the_line_gains_no_lap(on_rails, drive):
    world = on_rails(speed=[lambda time: 8.0 * np.cos(time)], start=[-1.0])
    events = drive(world, 600)
    assert not of(events, EventKind.LAP)
    assert world.view.race.laps_done[0, 0] == 0


def test_a_cut_invalidates_the_lap_and_only_that(on_rails, drive):
    world = on_rails(speed=[SPEED], start=[-5.0], jumps={(0, 100): 60.0})
    lap = length(world)
    steps = int((5.0 + lap) / SPEED / world.dt)
    events = drive(world, 120)
    cuts = of(events, EventKind.CUT)
    assert [event.value for event in cuts] == [pytest.approx(60.0 + SPEED * world.dt, abs=1e-3)]
    assert not world.view.race.lap_valid[0, 0]
    events = drive(world, steps)
    assert len(of(events, EventKind.LAP)) == 1
    assert np.isnan(world.view.race.best_lap_time[0, 0])
    assert world.view.race.lap_valid[0, 0]
    drive(world, steps)
    assert world.view.race.best_lap_time[0, 0] == pytest.approx(lap / SPEED, abs=2e-4)


def test_a_cut_over_the_line_makes_no_lap_time(on_rails, drive):
    world = on_rails(speed=[SPEED], start=[-5.0])
    lap = length(world)
    step = int((5.0 + lap - 30.0) / SPEED / world.dt)
    world.close()
    world = on_rails(speed=[SPEED], start=[-5.0], jumps={(0, step): 60.0})
    events = drive(world, step + 50)
    assert not of(events, EventKind.LAP)
    assert np.isnan(world.view.race.last_lap_time[0, 0])
    assert not world.view.race.lap_valid[0, 0]


@pytest.mark.parametrize("laps", [1, 2])
def test_who_cuts_over_the_last_line_has_finished_and_drives_no_further_lap(on_rails, drive, laps):
    speed, start = [14.0, 13.0], [-2.0, -6.0]
    world = on_rails(speed=speed, start=start)
    step = int((6.0 + laps * length(world) - 20.0) / 13.0 / world.dt)
    world.close()
    world = on_rails(Rules(laps=laps), speed=speed, start=start, jumps={(1, step): 60.0})
    events = drive(world, 1500)
    race = world.view.race
    assert race.laps_done[0].tolist() == [laps, laps]
    assert race.status[0].tolist() == [Status.FINISHED, Status.FINISHED]
    finished = of(events, EventKind.FINISH, 1)
    assert [event.value for event in finished] == [race.finish_time[0, 1]]
    assert finished[0].time == of(events, EventKind.CUT, 1)[0].time
    assert len(of(events, EventKind.LAP, 1)) == laps - 1


def test_events_that_find_no_room_are_counted_and_told_of_once(on_rails, drive, monkeypatch):
    monkeypatch.setattr("racegym.interfaces.events.A_RACE", 0)
    monkeypatch.setattr("racegym.interfaces.events.A_CAR", 0)
    jumps = {(car, 10 * k): 10.0 for car in range(2) for k in range(2, 5)}
    with pytest.warns(RuntimeWarning, match=r"1 events of race 0 found no room at 1\.05 s") as told:
        world = on_rails(speed=[SPEED, SPEED], start=[-5.0, -8.0], jumps=jumps)
        events = drive(world, 60)
    assert len(told) == 1
    assert len(of(events, EventKind.CUT)) == 3
    assert of(events, EventKind.CUT, 1) == []
    assert world.view.events.lost.tolist() == [3]
    world.reset(seeds=[2])
    assert world.view.events.lost.tolist() == [0]


def test_off_track_is_counted_timed_and_invalidates_the_lap(on_rails, drive):
    def offset(time):
        return 9.0 if 2.0 <= time < 3.0 else 0.0

    world = on_rails(speed=[SPEED], offset=[offset], start=[-5.0])
    events = drive(world, 50)
    assert world.view.race.off_track[0, 0]
    half = 0.5 * float(world.view.vehicle.width[0, 0])
    left = of(events, EventKind.OFF_TRACK)
    assert [event.value for event in left] == [pytest.approx(9.0 - 5.0 - half, abs=1e-3)]
    events = drive(world, 50)
    assert [e.value for e in of(events, EventKind.REJOIN)] == [pytest.approx(1.0, abs=1e-6)]
    assert not world.view.race.off_track[0, 0]
    assert world.view.race.off_track_count[0, 0] == 1
    assert not world.view.race.lap_valid[0, 0]


def test_wall_contacts_are_summed_and_counted(on_rails, drive):
    world = on_rails(speed=[SPEED, SPEED], impulse={(1, 4): 30.0, (1, 9): 12.0})
    events = drive(world, 5)
    assert world.view.race.wall_impulse[0].tolist() == [0.0, 30.0]
    events += drive(world, 10)
    assert world.view.race.wall_impulse[0].tolist() == [0.0, 0.0]
    assert world.view.race.wall_count[0].tolist() == [0, 2]
    assert [event.value for event in of(events, EventKind.WALL, 1)] == [30.0, 12.0]


def test_obstacles_count_apart_from_walls(on_rails, drive):
    world = on_rails(speed=[SPEED, SPEED], impulse={(1, 4): 30.0}, bump={(1, 4): 7.0, (0, 6): 5.0})
    events = drive(world, 5)
    assert world.view.race.wall_impulse[0].tolist() == [0.0, 30.0]
    assert world.view.race.obstacle_impulse[0].tolist() == [0.0, 7.0]
    events += drive(world, 10)
    assert world.view.race.obstacle_impulse[0].tolist() == [0.0, 0.0]
    assert world.view.race.obstacle_count[0].tolist() == [1, 1]
    assert world.view.race.wall_count[0].tolist() == [0, 1]
    told = [[event.value for event in of(events, EventKind.OBSTACLE, car)] for car in (0, 1)]
    assert told == [[5.0], [7.0]]


def test_standing_still_and_driving_backwards_are_timed(on_rails, drive):
    world = on_rails(speed=[0.0, -6.0, SPEED])
    drive(world, 40)
    time = 40 * world.dt
    assert world.view.race.stuck_time[0] == pytest.approx([time, time, 0.0], abs=1e-4)
    assert world.view.race.wrong_way_time[0] == pytest.approx([0.0, time, 0.0], abs=1e-4)


def test_who_is_stuck_too_long_is_retired_and_taken_away(on_rails, drive):
    world = on_rails(Rules(retire_stuck=1.0), speed=[0.0, SPEED])
    events = drive(world, 30)
    retired = of(events, EventKind.RETIRE)
    assert [event.time for event in retired] == [pytest.approx(1.0, abs=world.dt)]
    assert world.view.race.status[0].tolist() == [Status.RETIRED, Status.RACING]
    assert world.view.race.present[0].tolist() == [False, True]


def test_positions_follow_progress_and_ties_keep_their_order(on_rails, drive):
    world = on_rails(speed=[5.0, 12.0, 5.0, 5.0], start=[-5.0, -20.0, -5.0, -8.0])
    assert world.view.race.position[0].tolist() == [1, 4, 2, 3]
    drive(world, 100)
    assert world.view.race.position[0].tolist() == [2, 1, 3, 4]
    gaps = world.view.race
    assert gaps.gap_ahead[0, 2] == 0.0
    assert gaps.gap_leader[0, 1] == 0.0
    assert gaps.gap_ahead[0, 3] == pytest.approx(3.0 / 5.0, abs=1e-3)
    # The leader was at 20 m, where the car is now, at (20 + 20) / 12 s.
    assert gaps.gap_leader[0, 0] == pytest.approx(5.0 - 40.0 / 12.0, abs=1e-3)


def test_the_flag_ends_the_race_for_all_when_they_next_cross_the_line(on_rails, drive):
    world = on_rails(Rules(laps=2), speed=[14.0, 9.0, 0.0])
    lap = length(world)
    events = drive(world, 2000, until=lambda w: not w.view.race.present[0, :2].any())
    race = world.view.race
    assert race.chequered[0]
    assert race.status[0].tolist() == [Status.FINISHED, Status.FINISHED, Status.RACING]
    assert race.finish_time[0, 0] == pytest.approx((5.0 + 2 * lap) / 14.0, abs=5e-4)
    # The second car was in its second lap when the winner finished.
    assert race.laps_done[0].tolist() == [2, 2, 0]
    assert race.finish_time[0, 1] == pytest.approx((8.0 + 2 * lap) / 9.0, abs=5e-4)
    assert race.position[0].tolist() == [1, 2, 3]
    assert [event.car for event in events if event.kind == EventKind.FINISH] == [0, 1]
    gap = race.finish_time[0, 1] - race.finish_time[0, 0]
    assert race.gap_leader[0, 1] == pytest.approx(gap, abs=1e-6)


def test_a_lapped_car_finishes_a_lap_down(on_rails, drive):
    world = on_rails(Rules(laps=3, leave_when_finished=False), speed=[14.0, 6.5])
    drive(world, 3000, until=lambda w: (w.view.race.status[0] == Status.FINISHED).all())
    race = world.view.race
    assert race.laps_done[0].tolist() == [3, 2]
    assert race.position[0].tolist() == [1, 2]
    assert race.present.all()


def test_a_flying_start_times_no_lap_before_the_line(build, drive):
    from racegym.world import StartConfig

    world = build(4, 1, start=StartConfig(kind="random", speed=5.0))
    world.reset(seeds=np.arange(4))
    assert np.isnan(world.view.race.lap_start).all()
    assert (world.view.frame.progress != 0).all()


def test_an_engine_that_loses_a_car_retires_it(build, drive):
    from racegym_fakes.leaving import LeavingBackend

    from racegym.world import Part

    backend = Part(name="leaving", make=LeavingBackend, options={"fuel": 2.0})
    world = build(1, 3, backend=backend)
    world.reset(seeds=[1])
    events = []
    for _ in range(30):
        world.step([np.tile([0.0, 1.0, 0.0, 0.0], (3, 1))])
        events += world.events()
    retired = {event.car: event.time for event in events if event.kind == EventKind.RETIRE}
    assert retired == {1: pytest.approx(1.0, abs=0.06), 2: pytest.approx(0.5, abs=0.06)}
    assert world.view.race.present[0].tolist() == [True, False, False]
    assert world.view.race.position[0].tolist() == [1, 2, 3]
