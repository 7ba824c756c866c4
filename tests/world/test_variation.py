"""What is drawn reaches the cars, in every race what the race alone would draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from racegym.errors import BackendError, ScenarioError
from racegym.interfaces import Control, columns
from racegym.sensors.channels import Channels
from racegym.testing.parts import Bicycle
from racegym.testing.rig import imposed, rows
from racegym.world import CarConfig, Distribution, Part, StartConfig

FLAT, ONE = Distribution.uniform, Distribution.constant


class Heavy(Bicycle):
    """A bicycle whose mass may be drawn; it also notes the control that reaches it."""

    spec = replace(Bicycle.spec, varies=frozenset({"mass", "tyres.front"}))

    def reset(self, races, keys):
        super().reset(races, keys)
        if "mass" in self.setup.drawn:
            self.view.vehicle.mass[races] = self.setup.drawn["mass"][races]

    def step(self, control, effects, dt):
        self.seen = {name: getattr(control, name).copy() for name in columns(Control)}
        super().step(control, effects, dt)


class Still(Heavy):
    spec = replace(Bicycle.spec, placement="start", effects=frozenset())


ALL = {
    "delay": Distribution.choice([0.0, 0.05, 0.1, 0.15]),
    "start.s": FLAT(0, 280),
    "start.d": Distribution.normal(0, 1),
    "start.heading": FLAT(-0.2, 0.2),
    "start.speed": FLAT(0, 9),
    "vehicle.mass": Distribution.log_uniform(100, 200),
}


def cars(*draws):
    return [
        CarConfig(name=f"car {k}", vehicle={"mass": 160.0}, variation=drawn)
        for k, drawn in enumerate(draws)
    ]


def varied(build, n_races=6, **more):
    more.setdefault("cars", cars(ALL, {"delay": ONE(0.05)}))
    more.setdefault("variation", {"grip": FLAT(0.5, 1.0)})
    world = build(n_races, backend=Heavy, **more)
    world.reset(np.arange(n_races) + 40)
    return world


def drive(world, steps, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        actions = rng.uniform(-1, 1, (6, world.n_cars, 4)).astype(np.float32)
        yield [actions[: world.n_races].reshape(-1, 4)]


def test_a_race_draws_in_a_batch_what_it_draws_alone(build):
    tracks = build().config.tracks[:1]
    batch = varied(build, tracks=tracks)
    alone = build(1, backend=Heavy, cars=batch.config.cars, variation=batch.config.variation,
                  tracks=tracks)  # fmt: skip
    alone.reset([44])
    assert batch.variation.told(4) == alone.variation.told(0)
    assert batch.variation.told(4) != batch.variation.told(3)
    for one, other in zip(drive(batch, 30), drive(alone, 30), strict=True):
        batch.step(one)
        alone.step([one[0].reshape(6, 2, 4)[4]])
        assert other[0].shape == (2, 4)
    batch.reset(races=[4, 1])
    alone.reset()
    assert batch.variation.told(4) == alone.variation.told(0)
    assert batch.hash(4) == alone.hash(0)


def test_each_episode_draws_anew_and_only_for_races_that_start(build):
    world = varied(build)
    before = [world.variation.told(race) for race in range(6)]
    world.reset(races=[2])
    after = [world.variation.told(race) for race in range(6)]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False, *[True] * 3]
    world.reset(seeds=[42], races=[2])
    assert world.variation.told(2) == before[2]


def test_a_reset_leaves_no_trace(build):
    world, fresh = varied(build), varied(build)
    for actions in drive(world, 20):
        world.step(actions)
    world.arrays.garbage(3)
    world.reset(np.arange(6) + 40)
    mine, theirs = rows(world), rows(fresh)
    assert all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)
    assert [world.variation.told(k) for k in range(6)] == [
        fresh.variation.told(k) for k in range(6)
    ]


def test_one_more_draw_changes_no_other(build):
    less = varied(build, cars=cars({"start.d": ALL["start.d"]}, {}), variation={})
    more = varied(build)
    assert less.variation.told(3)[0]["start.d"] == more.variation.told(3)[0]["start.d"]


def test_starts_are_where_they_were_drawn(build):
    world = varied(build)
    for race in range(6):
        told = world.variation.told(race)[0]
        frame, state, vehicle = world.view.frame, world.view.state, world.view.vehicle
        lap = world.view.tracks.length[world.view.tracks.race_track[race]]
        assert frame.s[race, 0] == pytest.approx(told["start.s"] % lap, abs=0.1)
        inside = 0.5 * vehicle.width[race, 0]
        wanted = np.clip(
            told["start.d"], inside - frame.width_right[race, 0],
            frame.width_left[race, 0] - inside,
        )  # fmt: skip
        assert frame.d[race, 0] == pytest.approx(wanted, abs=0.05)
        assert frame.heading_error[race, 0] == pytest.approx(told["start.heading"], abs=0.02)
        assert state.vx[race, 0] == pytest.approx(told["start.speed"], rel=1e-6)
        assert state.vx[race, 1] == 0  # the other car starts as the grid says
    assert np.isnan(world.view.race.lap_start).all()  # a lap begins at the line


def test_what_is_not_drawn_of_a_start_stays(build):
    start = StartConfig(speed=7.0, speed_noise=1.0, lateral_noise=1.0)
    plain = build(3, 1, backend=Heavy, start=start)
    some = build(3, backend=Heavy, start=start, cars=cars({"start.speed": FLAT(1, 2)}))
    for world in (plain, some):
        world.reset([1, 2, 3])
    np.testing.assert_array_equal(some.view.state.x, plain.view.state.x)
    assert (some.view.state.vx < 2).all() and (plain.view.state.vx > 5).all()
    assert (some.view.race.lap_start == 0).all()


def test_all_cars_of_a_race_share_the_road(build):
    world = varied(build)
    grip = world.effects.grip
    assert (grip == grip[:, :1, :1]).all() and len(np.unique(grip)) == 6
    for race in range(6):
        assert grip[race, 0, 0] == np.float32(world.variation.told(race)[0]["grip"])
    for actions in drive(world, 3):
        world.step(actions)
    assert grip[0, 0, 0] == np.float32(world.variation.told(0)[0]["grip"])


@pytest.mark.parametrize("rounds", [1, 3])
def test_realism_multiplies_on_top_of_the_road(build, rounds):
    world = varied(build, realism=imposed({"grip"}), rounds=rounds)
    world.realism[0].values = {"grip": 0.5}
    for actions in drive(world, 3):
        world.step(actions)
        for race in range(6):
            road = np.float32(world.variation.told(race)[0]["grip"])
            np.testing.assert_array_equal(world.effects.grip[race], road * np.float32(0.5))


def test_controls_arrive_late(build):
    draws = [{"delay": ONE(0.0)}, {"delay": ONE(0.11)}, {}]
    world = build(2, backend=Heavy, cars=cars(*draws))
    world.reset([1, 2])
    asked = []
    for k, actions in enumerate(drive(world, 8)):
        actions[0] = actions[0].reshape(-1, 4)[:6]
        if k == 5:
            world.reset(races=[1])
        world.step(actions)
        asked.append({name: getattr(world.control, name).copy() for name in columns(Control)})
        for name in ("steer", "throttle", "brake", "gear"):
            seen = world.backend.seen[name]
            for car in (0, 2):
                np.testing.assert_array_equal(seen[:, car], asked[k][name][:, car])
            for race, since in ((0, k), (1, k if k < 5 else k - 5)):
                wanted = asked[k - 2][name][race, 1] if since >= 2 else 0
                assert seen[race, 1] == wanted
    assert world.variation.told(0)[1] == {"delay": pytest.approx(0.1)}


def test_a_snapshot_holds_what_is_on_its_way(build):
    world = varied(build)
    steps = list(drive(world, 12))
    for actions in steps[:5]:
        world.step(actions)
    saved = world.snapshot()
    for actions in steps[5:]:
        world.step(actions)
    hashes = [world.hash(race) for race in range(6)]
    world.reset()
    world.restore(saved)
    for actions in steps[5:]:
        world.step(actions)
    assert [world.hash(race) for race in range(6)] == hashes


def test_vehicles_are_told_to_the_backend_and_to_everybody(build):
    world = varied(build, cars=cars(ALL, {}))
    for race in range(6):
        mass = world.variation.told(race)[0]["vehicle.mass"]
        assert world.view.vehicle.mass[race, 0] == np.float32(mass)
    assert (world.view.vehicle.mass[:, 1] == 160).all()
    assert world.variation.told(0)[1].keys() == {"grip"}


def test_draws_are_channels(build):
    names = ["drawn.grip", "drawn.vehicle.mass", "drawn.start.d", "drawn.delay"]
    sensor = Part(name="channels", make=Channels, options={"channels": names})
    world = varied(build, sensors=[sensor], cars=cars(ALL, {}))
    seen = world.groups[0].observations.reshape(6, 2, 4)
    for race in range(6):
        told = world.variation.told(race)[0]
        assert seen[race, 0, 0] == pytest.approx((told["grip"] - 0.75) / 0.25, abs=1e-5)
        assert seen[race, 0, 1] == pytest.approx((told["vehicle.mass"] - 150) / 50, abs=1e-5)
        assert seen[race, 0, 3] == pytest.approx((told["delay"] - 0.075) / 0.075, abs=1e-5)
        assert seen[race, 1, 2] == 0  # nothing is drawn for it, which reads as 0
    assert world.groups[0].observer.space.contains(seen[0, 0])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"cars": cars({"vehicle.power": FLAT(1, 2)})},
            BackendError,
            "backend 'Heavy' can't change the vehicle's 'power' from episode to episode",
        ),
        ({"cars": cars({"start.v": FLAT(1, 2)})}, ScenarioError, "'car 0' draws 'start.v'"),
        ({"cars": cars({"grip": FLAT(1, 2)})}, ScenarioError, "draws 'grip'; Valid: delay"),
        ({"variation": {"grip": FLAT(1, 3)}}, ScenarioError, "it must lie in [0.01, 2]"),
        ({"cars": cars({"delay": FLAT(-1, 0)})}, ScenarioError, "it must lie in [0, 10]"),
        ({"cars": cars({"delay": FLAT(1, 0)})}, ScenarioError, "from 1 to 0"),
        ({"variation": {"delay": ONE(1)}}, ScenarioError, "the variation draws 'delay'"),
        (
            {"backend": Still, "cars": cars({"start.d": ONE(1)})},
            BackendError,
            "backend 'Still' can't place cars",
        ),
        ({"backend": Still, "variation": {"grip": ONE(1)}}, BackendError, "the effect 'grip'"),
    ],
)
def test_what_can_not_be_drawn(build, change, error, message):
    with pytest.raises(error) as caught:
        build(**{"backend": Heavy, **change})
    assert message in str(caught.value)


def test_an_action_is_held_at_least_once(build):
    profile = replace(build().config.profiles["default"], action_repeat=0)
    with pytest.raises(ScenarioError, match="action_repeat must be at least 1, not 0"):
        build(profiles={"default": profile})
