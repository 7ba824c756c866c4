"""How races begin: lights, jump starts, formations, pursuits, and who stands where."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from racegym.errors import ScenarioError
from racegym.interfaces import EventKind, Signal, Status
from racegym.race_control import Rules
from racegym.terminations.stuck import Stuck
from racegym.world import CarConfig, Part, StartConfig
from racegym.world.formation import slots_of

LAP = 80.0 * np.pi
FRONT = 1.5  # [m] from the line back to the middle of the first car


def run(world, steps, throttle=0.0, steer=0.0):
    """Step a world of cars with constant actions; return its events."""
    actions = np.zeros((world.n_races, world.n_cars, 4), np.float32)
    actions[..., 0], actions[..., 1] = steer, throttle
    events = []
    for _ in range(steps):
        world.step([actions.reshape(-1, 4)])
        events += world.events()
    return events


def of(events, kind):
    return [(event.car, event.time, event.value) for event in events if event.kind == kind]


def test_cars_wait_for_lights_that_are_drawn_for_each_race(on_start):
    start = StartConfig(kind="standing", lights=(0.5, 1.5))
    world = on_start(start, n_races=4)
    race, x = world.view.race, world.view.state.x.copy()
    assert (race.signal == Signal.LIGHTS).all()
    assert (race.status == Status.GRID).all()
    run(world, 9, throttle=1.0)
    np.testing.assert_array_equal(world.view.state.x, x)
    assert (race.stuck_time == 0).all()
    run(world, 30, throttle=1.0)
    assert (race.signal == Signal.GREEN).all()
    assert (race.status == Status.RACING).all()
    assert ((race.start_time >= 0.5) & (race.start_time <= 1.55)).all()
    assert len(set(race.start_time)) > 1
    assert not race.jump_start.any()
    assert (world.view.state.vx > 1.0).all()
    drawn = race.start_time.copy()
    world.reset(seeds=[1, 2, 3, 4])
    run(world, 40)
    np.testing.assert_array_equal(race.start_time, drawn)
    world.reset(races=[0])
    run(world, 40)
    assert race.start_time[0] != drawn[0]


def test_signals_are_events_of_the_race(on_start):
    world = on_start(StartConfig(kind="standing", lights=(0.5, 0.5)))
    told = of(run(world, 20), EventKind.SIGNAL)
    assert told == [(-1, 0.0, Signal.LIGHTS), (-1, pytest.approx(0.5), Signal.GREEN)]


def test_a_race_without_lights_is_green_and_tells_nothing(on_start):
    for start in (StartConfig(), StartConfig(kind="standing", lights=(0.0, 0.0))):
        world = on_start(start)
        assert world.view.race.signal[0] == Signal.GREEN
        assert of(run(world, 3, throttle=1.0), EventKind.SIGNAL) == []
        assert world.view.state.vx[0, 0] > 0.0


def test_race_and_first_lap_count_from_lights_out(on_start):
    speed = 14.0
    start = StartConfig(kind="standing", lights=(2.0, 2.0))
    moves = [lambda time: speed * (time > 1.999)]
    world = on_start(start, speed=moves, at=[-FRONT], rules=Rules(laps=2))
    events = run(world, 1000)
    whole, first = (2 * LAP + FRONT) / speed, (LAP + FRONT) / speed
    race = world.view.race
    assert race.finish_time[0, 0] == pytest.approx(whole, abs=1e-6)
    assert of(events, EventKind.FINISH)[0][1:] == pytest.approx((2.0 + whole, whole), abs=1e-6)
    laps = [value for _, _, value in of(events, EventKind.LAP)]
    assert laps == pytest.approx([first, LAP / speed], abs=1e-6)
    assert race.lap_valid.all()


def test_who_moves_before_green_has_jumped(on_start):
    start = StartConfig(kind="standing", lights=(2.0, 2.0), hold=False, jump_distance=0.21)
    creep, jump, back = 0.1, 0.5, -0.5
    speeds = [lambda time: 0.0, *(
        (lambda time, way=way: way if 1.0 <= time < 1.999 else 0.0) for way in (creep, jump, back)
    )]  # fmt: skip
    starts = [-FRONT - 3.2 * slot for slot in range(4)]
    world = on_start(start, speed=speeds, at=starts)
    jumped = of(run(world, 60), EventKind.JUMP_START)
    assert [car for car, _, _ in jumped] == [2, 3]
    for _, time, value in jumped:
        assert time == pytest.approx(1.45)  # nine steps of 25 mm each are the first above 0.21 m
        assert value == pytest.approx(0.225, abs=1e-3)
    assert world.view.race.jump_start[0].tolist() == [False, False, True, True]


def test_cars_that_are_not_held_can_drive_off(on_start):
    start = StartConfig(kind="standing", lights=(2.0, 2.0), hold=False)
    world = on_start(start)
    assert len(of(run(world, 20, throttle=1.0), EventKind.JUMP_START)) == 2
    assert world.view.race.signal[0] == Signal.LIGHTS


def test_a_rolling_start_is_green_when_the_first_car_is_on_the_line(on_start):
    start = StartConfig(kind="rolling", speed=10.0, run_up=20.03)
    starts = [-20.03 - FRONT - 3.2 * slot for slot in range(2)]
    world = on_start(start, speed=[10.0, 10.0], at=starts)
    race = world.view.race
    assert race.signal[0] == Signal.FORMATION
    events = run(world, 60)
    begun = (20.03 + FRONT) / 10.0
    assert race.start_time[0] == pytest.approx(begun, abs=1e-6)
    np.testing.assert_allclose(race.lap_start[0], begun, atol=1e-6)
    signals = [(car, value) for car, _, value in of(events, EventKind.SIGNAL)]
    assert signals == [(-1, Signal.FORMATION), (-1, Signal.GREEN)]


def test_a_formation_keeps_its_order_and_its_distances(on_start):
    start = StartConfig(kind="rolling", speed=8.0, run_up=60.0, gap=6.0)
    world = on_start(start, n_cars=3)
    progress = world.view.frame.progress
    steer = np.arctan(1.05 / 40.0) / 0.4
    gaps = -np.diff(progress[0])
    run(world, 100, throttle=[1.0, 0.0, 1.0], steer=steer)
    assert world.view.race.signal[0] == Signal.FORMATION
    np.testing.assert_allclose(-np.diff(progress[0]), gaps, atol=0.8)
    np.testing.assert_allclose(world.view.state.vx[0], 8.0, atol=0.7)
    assert (world.view.race.status == Status.GRID).all()
    run(world, 100, throttle=1.0, steer=steer)
    assert world.view.race.signal[0] == Signal.GREEN
    assert (world.view.state.vx > 8.5).all()


def test_in_a_pursuit_everyone_drives_the_same_distance(on_start):
    start = StartConfig(kind="pursuit", lights=(0.0, 0.0))
    starts = [-FRONT, -LAP / 2 - FRONT]
    world = on_start(start, speed=[14.0, 14.1], at=starts, rules=Rules(laps=2))
    race = world.view.race
    np.testing.assert_allclose(race.lap_origin[0], [0.0, -LAP / 2])
    np.testing.assert_allclose(world.view.frame.progress[0], starts, atol=1e-3)
    events = run(world, 900)
    assert race.position[0].tolist() == [2, 1]
    times = [(2 * LAP + FRONT) / speed for speed in (14.0, 14.1)]
    np.testing.assert_allclose(race.finish_time[0], times, atol=1e-3)
    laps = {car: value for car, _, value in of(events, EventKind.LAP)}
    assert laps[1] == pytest.approx(LAP / 14.1, abs=1e-3)


def test_pursuers_are_spread_evenly(on_start):
    world = on_start(StartConfig(kind="pursuit"), n_cars=5)
    np.testing.assert_allclose(-np.diff(world.view.frame.progress[0]), LAP / 5, atol=1e-3)
    np.testing.assert_allclose(world.view.frame.d, 0.0, atol=1e-3)


@pytest.mark.parametrize(("n_cars", "row"), [(2, 2), (5, 5), (6, 2)])
def test_side_by_side_is_one_row_or_rows_of_two(on_start, n_cars, row):
    world = on_start(StartConfig(kind="side_by_side", gap=4.0), n_cars=n_cars)
    frame = world.view.frame
    behind = [FRONT + 4.0 * (car // row) for car in range(n_cars)]
    np.testing.assert_allclose(frame.progress[0], -np.array(behind), atol=1e-3)
    sides = [5.0 - 10.0 * (car % row + 0.5) / row for car in range(n_cars)]
    np.testing.assert_allclose(frame.d[0], sides, atol=1e-3)


def test_a_car_far_behind_the_line_is_not_ahead(on_start):
    world = on_start(StartConfig(gap=70.0), n_cars=3)
    np.testing.assert_allclose(world.view.frame.progress[0], [-FRONT, -71.5, -141.5], atol=1e-3)
    assert world.view.race.position[0].tolist() == [1, 2, 3]


CARS = [CarConfig(name=name, grid=slot) for name, slot in zip("ABCD", (4, 0, 2, 9), strict=True)]


@pytest.mark.parametrize(
    ("start", "slots"),
    [
        (StartConfig(), [4, 0, 2, 9]),
        (StartConfig(order="reversed"), [2, 9, 4, 0]),
        (StartConfig(order="qualifying", qualifying=("D", "A")), [2, 4, 9, 0]),
        (StartConfig(kind="side_by_side"), [2, 0, 1, 3]),
        (StartConfig(kind="pursuit", order="reversed"), [1, 3, 2, 0]),
    ],
    ids=["given", "reversed", "qualifying", "abreast", "pursuit"],
)
def test_the_order_says_who_has_which_slot(build, start, slots):
    world = build(1, cars=CARS, start=start)
    assert slots_of(world.config).tolist() == slots


def test_a_random_order_is_drawn_for_every_episode(on_start):
    world = on_start(StartConfig(order="random", gap=5.0), n_races=6, n_cars=4)
    position = world.view.race.position
    assert (np.sort(position, axis=1) == [1, 2, 3, 4]).all()
    orders = {tuple(row) for row in position}
    assert len(orders) > 2
    alone = on_start(StartConfig(order="random", gap=5.0), n_cars=4)
    assert tuple(alone.view.race.position[0]) == tuple(position[0])
    first = position.copy()
    world.reset()
    assert (position != first).any()


def test_cars_that_start_anywhere_stand_behind_each_other_with_a_gap(on_start):
    start = StartConfig(kind="random", order="random", gap=7.0)
    world = on_start(start, n_races=200, n_cars=3)
    progress = world.view.frame.progress
    np.testing.assert_allclose(np.diff(np.sort(progress, axis=1), axis=1), 7.0, atol=1e-6)
    first = progress.max(axis=1)
    assert (first >= 0).all() and first.max() < LAP and np.ptp(first) > 0.9 * LAP
    assert (progress < 0).any()  # who stands behind the line is behind who stands on it
    np.testing.assert_array_equal(world.view.race.position, (-progress).argsort().argsort() + 1)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ({"kind": "rolling"}, "a rolling start needs start.speed"),
        ({"kind": "standing", "speed": 3.0}, "is from standstill: leave start.speed out"),
        ({"kind": "pursuit", "speed_noise": 1.0}, "leave start.speed_noise out"),
        ({"kind": "side_by_side", "race_speed_noise": 1.0}, "leave start.race_speed_noise out"),
        ({"lights": (3.0, 1.0)}, "the shortest time first"),
        ({"order": "qualifying"}, "give start.qualifying, too"),
        ({"qualifying": ("car 0",)}, "goes unused with start.order 'given'"),
        ({"order": "qualifying", "qualifying": ("car1",)}, "no car of the race; did you mean"),
        ({"order": "qualifying", "qualifying": ("car 1", "car 1")}, "names 'car 1' twice"),
    ],
)
def test_starts_that_contradict_themselves_are_refused(build, start, said):
    with pytest.raises(ScenarioError, match=said):
        build(start=StartConfig(**start))


def test_more_cars_than_marked_slots_are_refused_unless_a_gap_is_given(build, on_start):
    ring = on_start(StartConfig()).view.tracks.track_of(0)
    track = replace(ring, grid=np.array([[LAP - 5.0, 1.0], [LAP - 10.0, -1.0]]))
    for kind in ("grid", "standing"):
        with pytest.raises(ScenarioError, match="grid slot 2 is wanted, but the grid of track"):
            build(1, 3, tracks=[track], start=StartConfig(kind=kind))
        world = build(1, 3, tracks=[track], start=StartConfig(kind=kind, gap=4.0))
        world.reset()
        np.testing.assert_allclose(world.view.frame.progress[0], [-5, -10, -14], atol=1e-3)


@pytest.mark.parametrize("kind", ["standing", "rolling", "side_by_side"])
def test_more_cars_than_the_lap_holds_are_refused(on_start, kind):
    start = StartConfig(kind=kind, gap=60.0, speed=8.0 if kind == "rolling" else 0.0)
    with pytest.raises(ScenarioError, match="behind the line"):
        on_start(start, n_cars=12)


@pytest.mark.parametrize(
    ("start", "n_cars", "said"),
    [
        ({"kind": "random", "gap": 0.5}, 2, "start.gap puts cars at 0.5 m from each other"),
        ({"kind": "random", "gap": 60.0}, 6, "6 cars at 60 m from each other need 30[0-9] m"),
        ({"kind": "random"}, 150, "a lap of 251 m puts 150 cars at 1.68 m from each other"),
        ({"kind": "pursuit"}, 150, "use fewer cars or a longer track"),
    ],
)
def test_cars_that_would_start_in_each_other_are_refused(on_start, start, n_cars, said):
    with pytest.raises(ScenarioError, match=said):
        on_start(StartConfig(**start), n_cars=n_cars)


def test_the_start_is_part_of_the_snapshot(on_start):
    world = on_start(StartConfig(kind="standing", lights=(0.5, 1.5)))
    run(world, 5)
    saved = world.snapshot()
    ends = []
    for _ in range(2):
        world.restore(saved)
        run(world, 40, throttle=1.0)
        ends.append(world.hash())
    assert ends[0] == ends[1]


def test_order_of_signals_never_goes_back(on_start):
    world = on_start(StartConfig(kind="standing", lights=(0.3, 0.9)), n_races=3)
    seen = []
    for _ in range(30):
        run(world, 1, throttle=1.0)
        seen.append(world.view.race.signal.copy())
    assert all((after >= before).all() for before, after in pairwise(seen))


def test_who_waits_for_green_is_not_stuck(build):
    stuck = Part(name="stuck", make=Stuck, options={"seconds": 1.0, "speed": 0.5})
    start = StartConfig(kind="standing", lights=(2.0, 2.0))
    world = build(1, 1, start=start, terminations=[stuck])
    world.reset(seeds=[1])
    run(world, 58)
    assert not world.groups[0].terminated.any()
    run(world, 4)
    assert world.groups[0].terminated.all()


def test_all_cars_of_a_race_share_the_speed_that_is_drawn_for_it(on_start):
    start = StartConfig(kind="random", gap=7.0, speed=5.0, race_speed_noise=4.0)
    speed = on_start(start, n_races=6, n_cars=3).view.state.vx
    assert (speed == speed[:, :1]).all()
    assert len(np.unique(speed[:, 0])) == 6 and (abs(speed - 5.0) <= 4.0).all()
    scattered = replace(start, speed_noise=0.5)
    apart = on_start(scattered, n_races=6, n_cars=3).view.state.vx - speed
    assert (abs(apart) <= 0.501).all() and len(np.unique(apart)) == 18
