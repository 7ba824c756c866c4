"""Racers among other cars: following, passing, covering, letting by; mistakes and levels."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from racegym.drivers import racecraft
from racegym.drivers.idle import Idle
from racegym.drivers.levels import LEVELS, efforts
from racegym.drivers.pure_pursuit import PurePursuit
from racegym.drivers.raceline import Raceline
from racegym.errors import ScenarioError
from racegym.interfaces import Flag
from racegym.kernels.intent import ASIDE, FACTOR, LIMIT, NEUTRAL
from racegym.kernels.manners import APEX, BACKING, DEFENCE, DEFENCES, PLACE, RIVAL, SIDE
from racegym.kernels.mistakes import COUNT
from racegym.track import Track, generate
from racegym.world import World
from racegym.world.config import CarConfig, DriverPart, Part, WorldConfig

DRIVERS = {"raceline": Raceline, "pure_pursuit": PurePursuit, "idle": Idle}
KART_WIDTH = 1.4


@pytest.fixture(scope="module")
def circuit() -> Track:
    return generate(3, length=700.0, width=10.0)


@pytest.fixture
def race():
    """Return a function that builds a race of karts, a (driver, options) each, in grid order."""
    package = pytest.importorskip("racegym_kart2d")
    from racegym_kart2d.backend import Kart2D

    kart = yaml.safe_load(
        (Path(package.__file__).parent / "vehicles" / "rental_kart.yaml").read_text("utf-8")
    )
    worlds = []

    class Forwards(Kart2D):
        """A backend without a reverse gear."""

        def step(self, control, effects, dt):
            np.maximum(control.gear, 0, out=control.gear)
            super().step(control, effects, dt)

    def make(
        track: Track, *drivers: tuple[str, dict[str, Any]], n_races: int = 1, reverse: bool = True
    ) -> World:
        cars = [
            CarConfig(
                name=f"car {k}",
                vehicle=kart,
                driver=DriverPart(name=name, make=DRIVERS[name], options=options),
            )
            for k, (name, options) in enumerate(drivers)
        ]
        backend = Part(name="kart2d", make=Kart2D if reverse else Forwards)
        world = World(WorldConfig(n_races=n_races, cars=cars, backend=backend, tracks=[track]))
        worlds.append(world)
        world.reset(seeds=np.arange(n_races))
        return world

    yield make
    for world in worlds:
        world.close()


def memory_of(world: World, driver: int = 0) -> np.ndarray:
    return world.arrays[f"drivers.{driver}.racecraft"]


def overlaps(world: World) -> np.ndarray:
    """Return (n_races, n_cars, n_cars) bool, a < b: the cars' boxes overlap, by their axes."""
    state, vehicle = world.view.state, world.view.vehicle
    yaw = state.yaw.astype(float)
    east, north = np.cos(yaw), np.sin(yaw)
    axes = np.stack([np.stack([east, north], -1), np.stack([-north, east], -1)], 2)
    half = np.stack([vehicle.length, vehicle.width], -1) / 2.0
    at = np.stack([state.x, state.y], -1)
    apart = at[:, None, :] - at[:, :, None]
    apart_at_all = np.zeros(apart.shape[:3], bool)
    for chosen in (axes[:, :, None], axes[:, None]):
        for k in (0, 1):
            axis = np.broadcast_to(chosen[:, :, :, k], apart.shape)
            reach = sum(
                np.abs((each[..., j, :] * axis).sum(-1)) * size[..., j]
                for each, size in (
                    (axes[:, :, None], half[:, :, None]),
                    (axes[:, None], half[:, None]),
                )
                for j in (0, 1)
            )
            apart_at_all |= np.abs((apart * axis).sum(-1)) >= reach
    return np.triu(~apart_at_all, 1)


def test_it_follows_a_slower_car_that_it_may_not_pass_and_never_touches_it(race, circuit):
    world = race(circuit, ("raceline", {"pace": 70}), ("raceline", {"pace": 100}))
    gaps = []
    for _ in range(1600):
        world.view.race.flags[...] = Flag.YELLOW
        world.step()
        assert not overlaps(world).any()
        gaps.append(np.diff(-world.view.frame.progress[0])[0])
    assert world.view.race.position[0].tolist() == [1, 2]
    late = np.array(gaps[800:])
    assert late.min() > 1.95  # a length
    assert late.mean() < 15.0


@pytest.mark.parametrize("fast", ["raceline", "pure_pursuit"])
def test_it_passes_a_much_slower_car_within_two_laps(race, circuit, fast):
    world = race(circuit, (fast, {"pace": 70}), (fast, {"pace": 100}))
    while world.view.race.position[0, 1] != 1:
        world.step()
        assert not overlaps(world).any()
        assert world.view.race.laps_done.max() < 2
    assert (world.view.race.off_track_count == 0).all()


def test_it_drives_round_a_car_that_stands(race, circuit):
    world = race(circuit, ("idle", {}), ("raceline", {"pace": 90}))
    for _ in range(1200):
        world.step()
        assert not overlaps(world).any()
    # Its sector is yellow, where racers slow down.
    assert world.view.frame.progress[0, 1] > 0.9 * circuit.length


@pytest.mark.parametrize("name", ["raceline", "pure_pursuit"])
@pytest.mark.parametrize("lengths", [0.1, 1.5, 4.0])
@pytest.mark.parametrize("turned", [0.0, 0.5 * np.pi])
def test_it_gets_round_a_car_that_never_moves_however_close(race, circuit, name, lengths, turned):
    world = race(circuit, ("idle", {}), (name, {"pace": 80}))
    behind = 100.0 - (1.0 + lengths) * float(world.view.vehicle.length[0, 0])
    world.place([0, 1], [100.0, behind], 0.0, [turned, 0.0], 0.0)
    for _ in range(1000):
        world.step()
        if 10.0 < world.view.frame.s[0, 1] - 100.0 < 100.0:
            break
    else:
        pytest.fail(f"it is still at {world.view.frame.s[0, 1]} m")


@pytest.mark.parametrize("name", ["raceline", "pure_pursuit"])
def test_without_a_reverse_gear_it_stays_behind_a_car_too_close_to_get_round(race, circuit, name):
    world = race(circuit, ("idle", {}), (name, {"pace": 80}), reverse=False)
    behind = 100.0 - 1.1 * float(world.view.vehicle.length[0, 0])
    world.place([0, 1], [100.0, behind], 0.0, 0.0, 0.0)
    for _ in range(800):
        world.step()
        assert not world.view.race.car_impulse.any()
        assert world.view.state.vx[0, 1] < 0.5
    assert memory_of(world, 1)[0, 1, BACKING] < 0.0
    assert world.view.state.vx[0] == pytest.approx(0.0, abs=0.05)


def test_it_covers_a_corner_once_and_holds_the_side(race, circuit):
    hunters = [("raceline", {"pace": 94})] * 2
    world = race(circuit, ("raceline", {"pace": 88, "aggression": 0.9}), *hunters)
    memory = memory_of(world)[0, 0]
    begun, before = [], memory.copy()
    for _ in range(2400):
        world.step()
        progress = world.view.frame.progress[0, 0]
        if memory[DEFENCES] > before[DEFENCES]:
            assert memory[DEFENCES] == before[DEFENCES] + 1
            assert progress > before[APEX]
            begun.append((progress, memory[APEX]))
        elif before[DEFENCE] != 0.0:
            assert memory[DEFENCE] in (before[DEFENCE], 0.0)
        before = memory.copy()
    assert begun
    assert all(later[0] > first[1] for first, later in pairwise(begun))


def test_it_lets_by_whoever_laps_it_within_three_seconds(race, circuit):
    world = race(circuit, ("raceline", {"pace": 80}), ("raceline", {"pace": 80}))
    for _ in range(200):
        world.step()
    free = world.view.state.vx[0, 0]
    for _ in range(60):
        world.view.race.flags[0, 0] = Flag.BLUE
        world.step()
    memory = memory_of(world)[0, 0]
    assert abs(memory[PLACE]) > 0.6 * KART_WIDTH
    assert world.arrays["drivers.0.intent"][0, 0, FACTOR] < 1.0
    assert free > 0.0
    for _ in range(100):
        world.view.race.flags[0, 0] = 0
        world.step()
    assert abs(memory_of(world)[0, 0][PLACE]) < 0.5


def test_a_race_is_the_same_in_any_batch(race, circuit):
    field = [("raceline", {"level": name}) for name in ("rookie", "alien", "club", "expert")]
    many, one = race(circuit, *field, n_races=3), race(circuit, *field)
    one.reset(seeds=[2])
    for _ in range(400):
        many.step()
        one.step()
    for name in ("x", "y", "yaw", "vx"):
        np.testing.assert_array_equal(
            getattr(many.view.state, name)[2], getattr(one.view.state, name)[0]
        )
    np.testing.assert_array_equal(memory_of(many, 1)[2], memory_of(one, 1)[0])


@pytest.mark.parametrize("make", [Raceline, PurePursuit])
def test_alone_nothing_is_decided_and_nothing_is_kept(make_rig, monkeypatch, make):
    rig = make_rig(n_races=2)
    monkeypatch.setattr(racecraft, "plan_moves", None)
    monkeypatch.setattr(racecraft, "make_mistakes", None)
    driver = make(rig.setup())
    driver.act(rig.view, rig.cars, None, rig.view.control)
    assert not [name for name in rig.arrays if name.endswith(("intent", "racecraft", "mistakes"))]
    np.testing.assert_array_equal(driver._racecraft.intent, np.broadcast_to(NEUTRAL, (2, 1, 4)))


def mirrored_rings() -> tuple[Track, Track]:
    angle = 2.0 * np.pi * np.arange(300) / 300
    radius = 60.0 + 15.0 * np.sin(3.0 * angle)
    points = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return (
        Track.from_points(points, 5.0, 4.0, name="one"),
        Track.from_points(points * [1.0, -1.0], 4.0, 5.0, name="other"),
    )


def test_on_a_mirrored_track_it_decides_the_same_mirrored(make_rig):
    rng = np.random.default_rng(4)
    count = 60 * 4
    s = np.repeat(rng.uniform(0, 350, 60), 4) + np.tile([0.0, 4.0, 8.0, 13.0], 60)
    s += rng.uniform(-1, 1, count)
    d, speed = rng.uniform(-3, 3, count), rng.uniform(3, 12, count)
    told = []
    for side, track in zip((1.0, -1.0), mirrored_rings(), strict=True):
        rig = make_rig(track, n_races=60, n_cars=4)
        driver = PurePursuit(rig.setup({"aggression": 0.8}))
        for step in range(40):
            rig.put(s + 0.3 * step, side * d, speed=speed)
            rig.view.race.flags[::7, 1] = Flag.BLUE
            driver.act(rig.view, rig.cars, None, rig.view.control)
        told.append((driver._racecraft.intent.copy(), driver._racecraft.memory.copy()))
    (intent, memory), (other, mirrored) = told
    assert (memory[:, :, RIVAL] >= 0).any()
    assert (memory[:, :, DEFENCE] != 0).any()
    same = np.abs(intent[:, :, ASIDE] + other[:, :, ASIDE]) < 1e-6
    assert same.mean() > 0.99  # rounding decides a tie now and then
    for column in (SIDE, DEFENCE):
        assert (memory[:, :, column] == -mirrored[:, :, column]).mean() > 0.99
    np.testing.assert_allclose(intent[same][:, LIMIT], other[same][:, LIMIT], rtol=1e-6)


def test_whatever_it_is_told_its_intents_are_finite(make_rig):
    rig = make_rig(n_races=30, n_cars=4)
    driver = PurePursuit(rig.setup({"error_rate": 5.0}))
    for seed in range(5):
        rig.scramble(seed, wild=True)
        driver.act(rig.view, rig.cars, None, rig.view.control)
        control = rig.view.control
        for part in (control.steer, control.throttle, control.brake):
            assert np.isfinite(part).all()


def test_mistakes_come_as_often_as_their_rate_and_from_the_seed(make_rig, make_ring):
    rig = make_rig(make_ring(50.0), n_races=300)
    length = float(rig.view.tracks.length[0])
    counts = []
    for _ in range(2):
        driver = PurePursuit(rig.setup({"error_rate": 0.5}))
        rig.view.state.vx[...] = 10.0
        steps = int(4.0 * length / (10.0 * 0.05))
        for step in range(steps):
            rig.view.race.step[...] = step
            driver._racecraft.plan(rig.view, rig.cars, rig.cars, rig.cars)
        counts.append(driver._racecraft.mistakes[:, 0, COUNT].copy())
    np.testing.assert_array_equal(*counts)
    # A mistake lasts 1.5 s, in which none begins: 0.5 a lap are a little less.
    expected = 4.0 / (1.0 / 0.5 + 1.5 * 10.0 / length)
    assert counts[0].mean() == pytest.approx(expected, rel=0.1)


def test_a_level_sets_all_and_options_override_it(make_rig):
    rig = make_rig(n_cars=2)
    level = LEVELS["pro"]
    driver = Raceline(rig.setup({"level": "pro"}))
    assert driver._racer.aggression == level.aggression
    assert driver._racer.error_rate == level.error_rate
    assert driver._racer.effort == {kind: row["pro"] for kind, row in efforts()["raceline"].items()}
    driver = Raceline(rig.setup({"level": "pro", "pace": 70, "reaction": 1.0, "error_rate": 0}))
    assert (driver._racer.pace, driver._racer.effort) == (70, None)
    assert (driver._racer.reaction, driver._racer.error_rate) == (1.0, 0)
    assert driver._racer.aggression == level.aggression


@pytest.mark.parametrize(
    ("make", "options", "words"),
    [
        (PurePursuit, {"level": "alien"}, ["does not reach", "'alien'", "'rookie'", "raceline"]),
        (Raceline, {"level": "prro"}, ["'level'", "prro", "pro"]),
        (Raceline, {"pace": 90, "aim": 90}, ["pace and aim"]),
        (Raceline, {"aggression": 2}, ["'aggression'", "less than or equal to 1"]),
    ],
)
def test_wrong_options_are_refused_plainly(make_rig, make, options, words):
    with pytest.raises(ScenarioError) as caught:
        make(make_rig().setup(options))
    assert all(word in str(caught.value) for word in words)


def test_raceline_has_an_aim_for_every_level_and_aims_rise():
    for row in efforts()["raceline"].values():
        assert list(row) == list(LEVELS)
        assert list(row.values()) == sorted(row.values())


@pytest.mark.slow
def test_levels_match_their_labels_on_circuits_and_vehicles_that_they_were_not_fitted_on():
    pytest.importorskip("racegym_kart2d")
    from racegym.run.calibration import calibrate

    found = calibrate("raceline", ["rental_kart", "rc_car"], ["gt3"], tracks=2, seed=20)
    assert {score.vehicle for score in found.scores} == {"rental_kart", "rc_car", "gt3"}
    assert len(found.scores) == 3 * len(LEVELS)
    assert all(abs(score.error) < 1.0 for score in found.scores)
    for kind, row in efforts()["raceline"].items():
        for level, aim in row.items():
            assert found.aims[kind][level] == pytest.approx(aim, rel=0.01)
