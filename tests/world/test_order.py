"""The stages of a step run in their order, each once, each on what came before."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.errors import ActionError, BackendError
from racegym.interfaces import Driver, Realism, RewardTerm, Sensor, Termination, Watcher
from racegym.testing.parts import Bicycle, Direct, Nothing
from racegym.world import CarConfig, DriverPart, Part, WeightedPart

LOG: list[str] = []


class LoggedBackend(Bicycle):
    def reset(self, races, keys):
        LOG.append("backend.reset")
        super().reset(races, keys)

    def place(self, cars, pose, speed):
        LOG.append("backend.place")
        super().place(cars, pose, speed)

    def step(self, control, effects, dt):
        LOG.append(f"backend {dt:g}")
        assert effects.grip[0, 0, 0] == 0.5
        super().step(control, effects, dt)


class LoggedRealism(Realism):
    effects = frozenset({"grip"})

    def reset(self, races, keys):
        LOG.append("realism.reset")

    def step(self, view, effects, dt):
        LOG.append(f"realism {dt:g}")
        assert (effects.grip == 1).all(), "effects are made neutral before every round"
        effects.grip *= 0.5


class LoggedMap(Direct):
    def apply(self, actions, cars, control):
        LOG.append("action map")
        super().apply(actions, cars, control)


class LoggedDriver(Driver):
    def act(self, view, cars, observations, control):
        LOG.append("driver")
        control.throttle.reshape(-1)[cars] = 1


class LoggedReward(RewardTerm):
    def compute(self, view, out):
        LOG.append("reward")
        out[...] = view.race.time[:, None]


class LoggedTermination(Termination):
    def compute(self, view, out):
        LOG.append("termination")
        out[...] = False


class LoggedSensor(Nothing):
    def observe(self, view, cars, out):
        LOG.append("sensor")
        super().observe(view, cars, out)


class LoggedWatcher(Watcher):
    def see(self, view, events):
        LOG.append("watcher")

    def close(self):
        LOG.append("watcher.close")


@pytest.fixture
def world(build):
    LOG.clear()
    world = build(
        backend=LoggedBackend,
        cars=[
            CarConfig(name="agent"),
            CarConfig(name="bot", driver=DriverPart(name="bot", make=LoggedDriver)),
        ],
        realism=[Part(name="realism", make=LoggedRealism)],
        sensors=[Part(name="sensor", make=LoggedSensor)],
        action=LoggedMap,
        rewards=[WeightedPart(name="reward", make=LoggedReward, weight=2.0)],
        terminations=[Part(name="termination", make=LoggedTermination)],
        rounds=2,
    )
    world.watchers.append(LoggedWatcher())
    return world


def test_the_order_of_a_reset_and_of_a_step(world):
    world.reset(seeds=[1, 2])
    assert LOG == ["backend.reset", "backend.place", "realism.reset", "sensor"]
    LOG.clear()
    world.step([np.zeros((2, 4))])
    assert LOG == [
        "driver",
        "action map",
        "realism 0.025",
        "backend 0.025",
        "realism 0.025",
        "backend 0.025",
        "reward",
        "termination",
        "sensor",
        "watcher",
    ]
    assert world.view.race.time.tolist() == [0.05, 0.05]
    assert world.groups[0].reward.tolist() == pytest.approx([0.1, 0.1])
    assert world.groups[0].terms["reward"].tolist() == pytest.approx([0.05, 0.05])


def test_previous_control_and_frame_are_those_of_the_step_before(world):
    world.reset(seeds=[1, 2])
    world.step([np.tile([0.0, 0.25, 0.0, 0.0], (2, 1))])
    progress = world.view.frame.progress.copy()
    world.step([np.tile([0.0, 0.75, 0.0, 0.0], (2, 1))])
    assert world.view.previous_control.throttle[:, 0].tolist() == [0.25, 0.25]
    assert world.view.control.throttle[:, 0].tolist() == [0.75, 0.75]
    assert (world.view.previous_frame.progress == progress).all()
    assert (world.view.frame.progress > progress).all()  # both drive


def test_watchers_are_closed_once(world):
    LOG.clear()
    world.close()
    world.close()
    assert LOG == ["watcher.close"]


def test_watchers_get_the_events_of_the_step(on_rails, drive):
    from racegym.interfaces import EventKind

    seen = []

    class Eye(Watcher):
        def see(self, view, events):
            seen.extend(events)

    world = on_rails(speed=[10.0], jumps={(0, 3): 60.0})
    world.watchers.append(Eye())
    events = drive(world, 6)
    assert [event.kind for event in seen] == [EventKind.CUT]
    assert seen == events


def test_a_world_must_be_reset_before_its_first_step(world):
    with pytest.raises(BackendError, match="reset the world before its first step"):
        world.step([np.zeros((2, 4))])


def test_wrong_actions_are_told(world):
    world.reset(seeds=[1, 2])
    with pytest.raises(ActionError, match=r"shape \(3, 4\); \(2, 4\) was expected"):
        world.step([np.zeros((3, 4))])
    with pytest.raises(ActionError, match="environment 1 is not finite"):
        world.step([np.array([[0.0] * 4, [np.nan] * 4])])
    with pytest.raises(ActionError, match="numbers were expected"):
        world.step([np.full((2, 4), "a")])
    with pytest.raises(BackendError, match=r"1 group\(s\) of actions wanted, 0 given"):
        world.step([])


def test_records_are_written_in_place(world):
    with pytest.raises(AttributeError, match=r"write in place: CarState\.vx\[\.\.\.\] = value"):
        world.view.state.vx = np.zeros((2, 2))
    world.view.state.vx += 1


def test_sensors_see_the_step_that_was_made(build):
    class Speed(Sensor):
        def __init__(self, setup):
            super().__init__(setup)
            from gymnasium import spaces

            self.space = spaces.Box(-100, 100, (1,), np.float32)

        def observe(self, view, cars, out):
            out[:, 0] = view.state.vx.reshape(-1)[cars]

    world = build(sensors=[Part(name="speed", make=Speed)])
    world.reset(seeds=[1, 2])
    world.step([np.tile([0, 1, 0, 0], (4, 1))])
    assert (world.groups[0].observations[:, 0] == world.view.state.vx.reshape(-1)).all()
    assert (world.groups[0].observations > 0).all()


def test_a_watcher_that_looks_rarely_is_told_all_that_happened(on_rails, drive):
    class Rare(Watcher):
        every = 5

        def __init__(self):
            self.looks = []

        def see(self, view, events):
            self.looks.append((int(view.race.step[0]), len(events)))

    world = on_rails(speed=[10.0], jumps={(0, 3): 60.0})
    rare = Rare()
    world.watchers.append(rare)
    drive(world, 10)
    assert rare.looks == [(5, 1), (10, 0)]
