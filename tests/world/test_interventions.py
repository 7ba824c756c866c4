"""What comes from outside: placing, removing, commands, requests."""

from __future__ import annotations

import numpy as np
import pytest
from racegym_fakes.late import LateBackend

from racegym.errors import BackendError, RacegymError
from racegym.interfaces import Driver, EventKind, Request, Status
from racegym.testing.rig import difference, everyday, rows
from racegym.world import AGENT, CarConfig, Command, DriverPart


class Full(Driver):
    def act(self, view, cars, observations, control):
        control.throttle.reshape(-1)[cars] = 1.0


class Gentle(Driver):
    def act(self, view, cars, observations, control):
        control.throttle.reshape(-1)[cars] = 0.25


class Asking(Driver):
    """Asks in its fifth step for what its option says."""

    def act(self, view, cars, observations, control):
        control.throttle.reshape(-1)[cars] = 0.5
        control.steer.reshape(-1)[cars] = 0.2
        if view.race.step[0] == 5:
            control.request.reshape(-1)[cars] = self.setup.options["request"]


def coast(world, steps=1):
    for _ in range(steps):
        world.step([np.zeros((len(group.cars), 4)) for group in world.groups])


def told(world):
    """What the last step tells of interventions."""
    kinds = (EventKind.RETIRE, EventKind.RESCUE, EventKind.HAND_OVER)
    return [(e.kind, e.race, e.car, e.value) for e in world.events() if e.kind in kinds]


def test_place_puts_cars_on_their_tracks_and_keeps_their_laps(build):
    world = build(2)
    world.reset(seeds=[1, 2])
    lap = float(world.view.tracks.length[world.view.tracks.race_track[1]])
    world.place([3], s=50.0, d=1.5, heading_error=0.1, speed=4.0)
    frame = world.view.frame
    assert frame.s[1, 1] == pytest.approx(50.0, abs=0.02)
    assert frame.d[1, 1] == pytest.approx(1.5, abs=0.01)
    assert frame.heading_error[1, 1] == pytest.approx(0.1, abs=0.01)
    assert world.view.state.vx[1, 1] == 4.0
    laps = round((frame.progress[1, 1] - frame.s[1, 1]) / lap)
    assert frame.progress[1, 1] == pytest.approx(50.0 + laps * lap, abs=0.02)
    before = rows(world, [0])
    world.place([3], s=60.0)
    assert difference(before, rows(world, [0])) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"s": np.nan}, "s is not finite: nan"),
        ({"s": 1.0, "speed": np.inf}, "speed is not finite: inf"),
        ({"s": 1.0, "d": [0.0, np.nan]}, "d is not finite"),
        ({"s": [1.0, 2.0, 3.0]}, "s: 2 are wanted, or one for all"),
        ({"s": 1.0, "heading_error": [[0.0]]}, "heading_error: 2 are wanted"),
        ({"s": 1.0, "cars": 0}, "cars are told by a list of whole numbers, not by: 0"),
        ({"s": 1.0, "cars": [7]}, "there is no car 7; they go from 0 to 3"),
    ],
)
def test_what_is_no_place_is_refused_and_moves_nothing(build, asked, said):
    world = build(2)
    world.reset(seeds=[1, 2])
    before = world.hash()
    with pytest.raises(RacegymError, match=said):
        world.place(**{"cars": [0, 1], **asked})
    assert world.hash() == before


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (Command(kind="retire", race=2), "there is no race 2; they go from 0 to 1"),
        (Command(kind="rescue", car=-1), "there is no car -1"),
        (Command(kind="retire", car=2), "there is no car 2"),
        (Command(kind="hand_over", driver=9), "there is no driver 9"),
    ],
)
def test_commands_for_nobody_are_refused(build, command, said):
    world = build(2)
    world.reset(seeds=[1, 2])
    world.commands.append(command)
    with pytest.raises(RacegymError, match=said):
        coast(world)
    assert (world.view.race.status == Status.RACING).all()


@pytest.mark.parametrize("seeds", [[1, 2, 3], [[1, 2]], [1.0, 2.0]])
def test_seeds_are_one_a_race_or_one_for_all(build, seeds):
    with pytest.raises(RacegymError, match=r"2 races take a seed each, or one|whole number"):
        build(2).reset(seeds=seeds)


def test_placing_across_the_line_moves_a_car_by_what_was_asked(build):
    world = build(1, 1)
    world.reset(seeds=[1])
    frame = world.view.frame
    lap = float(world.view.tracks.length[world.view.tracks.race_track[0]])
    assert frame.progress[0, 0] < 0  # on the grid: the last line was that of a lap before
    world.place([0], s=lap + 2.0)
    assert frame.progress[0, 0] == pytest.approx(2.0, abs=0.02)
    world.place([0], s=-3.0)
    assert frame.progress[0, 0] == pytest.approx(-3.0, abs=0.02)
    assert frame.s[0, 0] == pytest.approx(lap - 3.0, abs=0.02)
    world.place([0], s=lap + 4.0)  # from before the line: a lap of it, and more
    assert frame.progress[0, 0] == pytest.approx(4.0, abs=0.02)
    world.place([0], s=lap + 4.0)
    assert frame.progress[0, 0] == pytest.approx(lap + 4.0, abs=0.02)


def test_a_rescue_right_at_the_line_is_worth_no_lap(build):
    world = build(1)
    world.reset(seeds=[1])
    frame = world.view.frame
    lap = float(world.view.tracks.length[world.view.tracks.race_track[0]])
    for s in (0.0, 1e-9, -1e-9, lap - 1e-9):
        world.place([1], s=s, d=2.0)
        before = float(frame.progress[0, 1])
        for _ in range(20):
            world.apply(Command(kind="rescue", car=1))
            assert frame.progress[0, 1] == pytest.approx(before, abs=0.1)


def test_placing_is_no_cut_and_crosses_nothing(build):
    world = build(1, 1)
    world.reset(seeds=[1])
    coast(world)
    world.place([0], s=100.0, speed=5.0)
    coast(world, 3)
    assert not [event for event in world.events() if event.kind == EventKind.LAP]
    assert not world.view.frame.jumped.any()
    assert np.isnan(world.view.race.last_lap_time[0, 0])


def test_a_backend_that_can_not_place_says_so(build):
    world = build(1, 1, backend=LateBackend, tracks=())
    world.reset(seeds=[1])
    with pytest.raises(BackendError, match=r"can't place cars during a race \(placement: start\)"):
        world.place([0], s=10.0)


def test_removed_cars_are_absent_terminated_and_stay(build):
    world = build(2)
    world.reset(seeds=[1, 2])
    for step in everyday(10, 2, 2):
        world.step([step.reshape(-1, 4)])
    world.remove([2])
    x, progress = float(world.view.state.x[1, 0]), float(world.view.frame.progress[1, 0])
    for step in everyday(10, 2, 2):
        world.step([step.reshape(-1, 4)])
    assert world.view.race.present.tolist() == [[True, True], [False, True]]
    assert world.groups[0].terminated.tolist() == [False, False, True, False]
    assert (world.view.state.x[1, 0], world.view.frame.progress[1, 0]) == (x, progress)
    world.reset()
    assert world.view.race.present.all()


def test_command_retire_takes_a_car_out(build):
    world = build(2)
    world.reset(seeds=[1, 2])
    world.commands.append(Command(kind="retire", race=1, car=0))
    coast(world)
    assert world.view.race.status[1, 0] == Status.RETIRED
    assert world.view.race.present.tolist() == [[True, True], [False, True]]
    assert [command.kind for command in world.applied] == ["retire"]
    assert told(world) == [(EventKind.RETIRE, 1, 0, 0.0)]
    coast(world)
    assert not told(world)
    assert not world.applied


def test_command_rescue_puts_a_car_back_on_the_centerline(build):
    world = build(1)
    world.reset(seeds=[1])
    world.place([1], s=80.0, d=6.0, heading_error=2.0, speed=3.0)
    world.commands.append(Command(kind="rescue", car=1))
    coast(world)
    frame = world.view.frame
    assert frame.s[0, 1] == pytest.approx(80.0, abs=0.3)
    assert frame.d[0, 1] == pytest.approx(0.0, abs=0.02)
    assert frame.heading_error[0, 1] == pytest.approx(0.0, abs=0.02)
    assert world.view.state.vx[0, 1] == pytest.approx(0.0, abs=0.05)
    assert told(world) == [(EventKind.RESCUE, 0, 1, 0.0)]


def test_a_car_that_is_out_already_is_not_retired_again(build):
    world = build(1)
    world.reset(seeds=[1])
    world.view.race.status[0, 0] = Status.FINISHED
    world.commands.append(Command(kind="retire", car=0))
    coast(world)
    assert world.view.race.status[0, 0] == Status.FINISHED
    assert not told(world)


def test_what_was_done_to_a_race_that_starts_anew_is_not_told(build):
    world = build(2)
    world.reset(seeds=[1, 2])
    world.apply(Command(kind="retire", race=0, car=0))
    world.apply(Command(kind="retire", race=1, car=0))
    world.reset(races=[0])
    coast(world)
    assert told(world) == [(EventKind.RETIRE, 1, 0, 0.0)]


def test_command_hand_over_changes_the_driver_until_the_reset(build):
    parts = [DriverPart(name="full", make=Full), DriverPart(name="gentle", make=Gentle)]
    cars = [CarConfig(name="a", driver=parts[0]), CarConfig(name="b")]
    world = build(2, cars=cars, relief=[parts[1]])
    world.reset(seeds=[1, 2])
    coast(world)
    assert world.control.throttle[:, 0].tolist() == [1.0, 1.0]
    world.commands.append(Command(kind="hand_over", race=1, car=0, driver=1))
    coast(world)
    assert world.control.throttle[:, 0].tolist() == [1.0, 0.25]
    assert told(world) == [(EventKind.HAND_OVER, 1, 0, 1.0)]
    snapshot = world.snapshot()
    world.commands.append(Command(kind="hand_over", race=1, car=0, driver=0))
    coast(world)
    assert world.control.throttle[:, 0].tolist() == [1.0, 1.0]
    world.restore(snapshot)
    coast(world)
    assert world.control.throttle[:, 0].tolist() == [1.0, 0.25]
    world.reset(races=[1])
    coast(world)
    assert world.control.throttle[:, 0].tolist() == [1.0, 1.0]


def test_an_agents_car_that_is_handed_over_is_driven_by_the_other_whatever_its_agent_does(build):
    cars = [CarConfig(name="a"), CarConfig(name="b")]
    gentle = DriverPart(name="gentle", make=Gentle)
    world = build(2, cars=cars, relief=[gentle])
    world.reset(seeds=[1, 2])
    world.hand_over([1, 2], [0, 0])
    coast(world)
    assert world.control.throttle.tolist() == [[0.0, 0.25], [0.25, 0.0]]
    assert not told(world)
    snapshot = world.snapshot()
    world.hand_over([1], [AGENT])
    coast(world)
    assert world.control.throttle.tolist() == [[0.0, 0.0], [0.25, 0.0]]
    world.restore(snapshot)
    coast(world)
    assert world.control.throttle.tolist() == [[0.0, 0.25], [0.25, 0.0]]
    world.reset(races=[0])
    coast(world)
    assert world.control.throttle.tolist() == [[0.0, 0.0], [0.25, 0.0]]


def test_an_agents_car_that_is_handed_over_is_driven_by_its_new_driver(build):
    world = build(2, 1, relief=[DriverPart(name="gentle", make=Gentle)])
    world.reset(seeds=[1, 2])
    world.commands.append(Command(kind="hand_over", race=1, car=0, driver=0))
    coast(world)
    assert world.control.throttle[:, 0].tolist() == [0.0, 0.25]
    world.commands.append(Command(kind="hand_over", race=1, car=0, driver=AGENT))
    coast(world)
    assert world.control.throttle[:, 0].tolist() == [0.0, 0.0]


def test_command_reset_starts_the_next_episode_of_one_race(build):
    world = build(2)
    world.reset(seeds=[1, 2])
    coast(world, 4)
    world.commands.append(Command(kind="reset", race=1))
    coast(world)
    assert world.view.race.episode.tolist() == [0, 1]
    assert world.view.race.step.tolist() == [5, 1]


def test_commands_are_carried_out_in_order(build):
    world = build(1)
    world.reset(seeds=[1])
    world.commands.extend([Command(kind="retire", car=0), Command(kind="reset")])
    coast(world)
    assert world.view.race.status[0, 0] == Status.RACING
    assert len(world.applied) == 2
    assert not world.commands


@pytest.mark.parametrize(
    ("request_bits", "retired", "rescued"),
    [(Request.RETIRE, True, False), (Request.RESCUE, False, True), (Request.PIT, False, False)],
)
def test_drivers_may_ask_to_retire_or_for_rescue(build, request_bits, retired, rescued):
    driver = DriverPart(name="asking", make=Asking, options={"request": int(request_bits)})
    world = build(1, cars=[CarConfig(name="a", driver=driver)])
    world.reset(seeds=[1])
    coast(world, 6)
    assert (world.view.race.status[0, 0] == Status.RETIRED) == retired
    assert (world.view.state.vx[0, 0] == 0.0) == (rescued or retired)
    assert (abs(world.view.frame.heading_error[0, 0]) < 1e-3) == rescued


def test_a_request_for_rescue_does_not_stop_a_world_that_can_not_place(build):
    driver = DriverPart(name="asking", make=Asking, options={"request": int(Request.RESCUE)})
    world = build(1, cars=[CarConfig(name="a", driver=driver)], backend=LateBackend, tracks=())
    world.reset(seeds=[1])
    coast(world, 8)
    assert world.view.race.step[0] == 8


def test_an_engine_that_can_not_remove_races_on_without_the_car(build):
    from racegym.interfaces import Backend
    from racegym.testing.parts import Bicycle

    class Clingy(Bicycle):
        remove = Backend.remove

    world = build(1, backend=Clingy)
    world.reset(seeds=[1])
    world.commands.append(Command(kind="retire", car=0))
    coast(world, 3)
    assert world.view.race.present[0].tolist() == [False, True]


def test_agents_have_no_seat():
    assert AGENT == -1
