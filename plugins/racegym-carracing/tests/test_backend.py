"""The backend against Gymnasium's own CarRacing-v3, and against racegym's conventions."""

from __future__ import annotations

from math import hypot, pi

import numpy as np
import pytest

from racegym.errors import BackendError, ScenarioError
from racegym.interfaces import Surface, columns
from racegym.interfaces.records import CarState, VehicleTable
from racegym_carracing.backend import CarRacing
from racegym_carracing.engine import Engine, car_racing

DRIVE = [
    (0.3 * np.sin(k / 7.0), 0.4 if k % 50 < 40 else 0.0, 0.1 * (k % 50 > 44)) for k in range(150)
]


def native(key, controls, rendered=False):
    """Rewards and pictures of the plain environment under the same controls."""
    env = car_racing.CarRacing()
    if not rendered:
        env._render = lambda mode: None
    picture, _ = env.reset(seed=key)
    rewards, pictures, done = [], [picture], False
    for steer, throttle, brake in np.float32(controls):
        action = np.array([-0.4 * steer, throttle, brake])
        picture, reward, terminated, _, _ = env.step(action)
        rewards.append(reward)
        pictures.append(picture)
        done |= terminated
    hull = env.car.hull
    pose = (hull.worldCenter.x, hull.worldCenter.y, hull.angle)
    env.close()
    return rewards, pictures, pose


def map_velocity(car):
    return complex(car.value("vx"), car.value("vy")) * np.exp(1j * float(car.value("yaw")))


def test_drives_like_the_plain_environment(bench):
    car = bench().reset(5)
    rewards, _, pose = native(5, DRIVE)
    paid = []
    for control in DRIVE:
        car.step(*control)
        paid.append(car.value("native_reward"))
    assert paid == rewards
    assert sum(paid) > 10.0
    origin = car.backend.track(0).origin
    assert car.value("x") == pose[0] - origin[0]
    assert car.value("y") == pose[1] - origin[1]
    assert np.cos(car.value("yaw") - (pose[2] + pi / 2)) == pytest.approx(1.0, abs=1e-9)


def test_reward_of_a_call_is_that_of_its_frames(bench):
    car = bench(dt=0.06).reset(5)
    controls = [control for control in DRIVE[::3] for _ in range(3)]
    rewards, _, _ = native(5, controls)
    for k, control in enumerate(DRIVE[::3]):
        car.step(*control)
        assert car.value("native_reward") == pytest.approx(sum(rewards[3 * k : 3 * k + 3]))


def test_two_calls_in_one_step_of_the_world_add_up(bench):
    once, twice = bench(dt=0.04).reset(5), bench(dt=0.02).reset(5)
    for control in DRIVE[:60]:
        once.step(*control)
        twice.step(*control)
        twice.backend.step(twice.control, twice.effects, 0.02)
        assert twice.view.clock.elapsed[0] == pytest.approx(0.04)
        assert twice.value("native_reward") == pytest.approx(once.value("native_reward"))


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_dt_steps_that_many_frames(bench, frames):
    car, reference = bench(dt=0.02 * frames).reset(2), bench().reset(2)
    for _ in range(10):
        car.step(0.2, 0.5)
        for _ in range(frames):
            reference.step(0.2, 0.5)
        assert car.view.clock.elapsed[0] == pytest.approx(0.02 * frames)
        for field in ("x", "y", "yaw", "vx", "vy", "yaw_rate", "steer"):
            assert car.value(field) == reference.value(field)


def test_dt_between_frames_is_refused(bench):
    car = bench(dt=0.05).reset(2)
    with pytest.raises(BackendError, match=r"0\.04 and 0\.06"):
        car.step()


def test_pictures_are_the_environments_own(bench):
    plain, skipping = bench(pixels=True).reset(4), bench(dt=0.06, pixels=True).reset(4)
    controls = [control for control in DRIVE[:8] for _ in range(3)]
    _, pictures, _ = native(4, controls, rendered=True)
    assert np.array_equal(plain.value("native_pixels"), pictures[0])
    assert np.array_equal(skipping.value("native_pixels"), pictures[0])
    for k, control in enumerate(controls):
        plain.step(*control)
        assert np.array_equal(plain.value("native_pixels"), pictures[k + 1])
        if k % 3 == 2:
            skipping.step(*control)
            assert np.array_equal(skipping.value("native_pixels"), pictures[k + 1])
    assert not np.array_equal(pictures[0], pictures[-1])


def test_same_key_and_controls_give_the_same_bits(bench):
    used, fresh = bench(), bench()
    for key in (11, 12):  # what came before must not matter
        used.reset(key)
        for control in DRIVE:
            used.step(*control)
    used.reset(2**64 - 3)
    fresh.reset(2**64 - 3)
    assert used.arrays.hash(0) == fresh.arrays.hash(0)
    for control in DRIVE:
        used.step(*control)
        fresh.step(*control)
        assert used.arrays.hash(0) == fresh.arrays.hash(0)


def test_starts_at_rest_on_the_start_looking_along_the_track(bench):
    car = bench()
    for key in range(6):
        car.reset(key)
        x, y, heading = car.backend.track(0).at(0.0)
        assert hypot(car.value("x") - x, car.value("y") - y) < 0.1
        assert abs(np.angle(np.exp(1j * (car.value("yaw") - heading)))) < 0.1
        assert hypot(car.value("vx"), car.value("vy")) < 1e-3
        assert car.value("ax") == car.value("ay") == 0.0
        assert list(car.value("surface")) == [Surface.ASPHALT] * 4
        assert car.value("native_done") == 0
        assert 0.0 < car.value("tiles_visited") < 0.02


def test_fills_what_it_says_and_nothing_else(bench):
    car = bench().reset(1)
    for moment in ("reset", "step"):
        if moment == "step":
            car.step(0.1, 0.3)
        for name, spec in columns(CarState).items():
            values = getattr(car.view.state, name)
            untouched = np.array_equal(
                values, np.full_like(values, spec.fill), equal_nan=values.dtype.kind == "f"
            )
            assert untouched == (name not in CarRacing.spec.fills), name
    for name in columns(VehicleTable):
        assert np.isfinite(getattr(car.view.vehicle, name)).all(), name


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_steering_left_turns_left(bench, side):
    car = bench().reset(3)
    for _ in range(50):
        car.step(0.0, 0.3)
    x, y, yaw = car.value("x"), car.value("y"), car.value("yaw")
    for _ in range(15):
        car.step(0.25 * side, 0.0)
    assert car.value("steer") == pytest.approx(0.1 * side, abs=0.01)
    assert car.value("yaw_rate") * side > 0.3
    assert car.value("ay") * side > 5.0
    dx, dy = car.value("x") - x, car.value("y") - y
    assert (dy * np.cos(yaw) - dx * np.sin(yaw)) * side > 0.05
    assert dx * np.cos(yaw) + dy * np.sin(yaw) > 1.0


@pytest.mark.parametrize("steer", [-1.0, -0.5, 0.5, 1.0])
def test_front_wheels_go_to_the_share_of_full_lock(bench, steer):
    car = bench().reset(3)
    for _ in range(30):
        car.step(steer)
    assert car.value("steer") == pytest.approx(steer * 0.4, abs=0.01)
    assert car.view.vehicle.steer_limit[0, 0] == pytest.approx(0.4)


def test_velocity_is_the_change_of_position(bench):
    car = bench().reset(3)
    for k in range(120):
        x, y = car.value("x"), car.value("y")
        car.step(0.3 * np.sin(k / 10.0), 0.5)
        moved = complex(car.value("x") - x, car.value("y") - y) / 0.02
        # Box2D moves a body with its new velocity, then pulls the joints together.
        assert abs(moved - map_velocity(car)) < 0.01 * abs(moved) + 0.01
    assert abs(moved) > 40.0


def test_acceleration_is_the_change_of_velocity(bench):
    car = bench(dt=0.04).reset(3)
    for k in range(60):
        yaw, before = car.value("yaw"), map_velocity(car)
        car.step(0.3 * np.sin(k / 5.0), 0.5)
        middle = 0.5 * (yaw + car.value("yaw"))
        felt = (map_velocity(car) - before) / 0.04 * np.exp(-1j * middle)
        assert car.value("ax") == pytest.approx(felt.real, abs=0.01)
        assert car.value("ay") == pytest.approx(felt.imag, abs=0.01)
    assert abs(car.value("ay")) > 10.0


def test_pedals_at_work(bench):
    car = bench().reset(3)
    car.step(0.0, 1.0)
    assert car.value("throttle") == pytest.approx(0.1)  # it rises by a tenth a frame
    for _ in range(20):
        car.step(0.0, 1.0)
    assert car.value("throttle") == pytest.approx(1.0)
    rolling = car.value("wheel_speed").copy()
    assert rolling.min() > 10.0
    assert rolling[2:].min() > rolling[:2].max()  # the rear wheels drive
    car.step(0.0, 0.0, 1.0)
    assert car.value("throttle") == 0.0
    assert car.value("brake") == pytest.approx(0.8)  # never the dead stop of 0.9
    assert car.value("wheel_speed").min() > 0.0
    for _ in range(5):  # the rear wheels, which were spinning, slow down first
        car.step(0.0, 0.0, 1.0)
    assert car.value("ax") < -150.0


def test_grass_beside_the_road(bench):
    car = bench().reset(3)
    seen = set()
    for _ in range(150):
        car.step(0.3, 0.4)
        seen.add(tuple(int(v) for v in car.value("surface")))
    assert (int(Surface.GRASS),) * 4 in seen
    assert any(len(set(wheels)) == 2 for wheels in seen)


def test_goes_on_after_its_own_end(bench):
    car = bench(dt=0.1).reset(3)
    last = None
    for _ in range(100):
        car.step(0.0, 0.3)
        if last is not None:
            assert car.value("native_reward") == 0.0
            assert car.value("native_done") == 1
        elif car.value("native_done"):
            last = car.value("native_reward")
    assert last is not None
    assert -101.0 <= last <= -99.0  # it left the playfield
    assert car.view.clock.elapsed[0] == pytest.approx(0.1)
    assert np.isfinite(car.value("x"))
    assert car.reset(3).value("native_done") == 0


def test_a_car_taken_off_the_track_stands_still(bench):
    car = bench().reset(3)
    for _ in range(30):
        car.step(0.0, 0.5)
    car.view.race.present[0, 0] = False
    car.backend.remove(np.zeros(1, np.int64))
    x = car.value("x")
    car.step(0.0, 0.5)
    assert car.value("x") == x
    assert car.view.clock.elapsed[0] == pytest.approx(0.02)


def test_channels_keep_their_bounds(bench):
    car = bench(dt=0.1, pixels=True).reset(3)
    assert "native_pixels" not in {c.name for c in CarRacing.spec.channels}
    for _ in range(5):
        car.step(0.0, 0.5)
        for name, spec in car.view.channel_specs.items():
            values = car.view.channels[name]
            assert values.shape == (1, 1, *spec.shape)
            assert spec.low <= values.min()
            assert values.max() <= spec.high


@pytest.mark.parametrize(
    ("options", "message"), [({"pixel": True}, "'pixels'"), ({"pixels": "yes"}, "boolean")]
)
def test_wrong_options_are_told(options, message):
    with pytest.raises(ScenarioError, match=message):
        CarRacing.spec_for(options)


def test_use_before_reset_and_after_close_is_told(bench):
    car = bench()
    with pytest.raises(BackendError, match="reset"):
        car.step()
    with pytest.raises(BackendError, match="reset"):
        car.backend.track(0)
    car.reset(1)
    car.backend.close()
    car.backend.close()
    with pytest.raises(BackendError, match="closed"):
        car.step()


def test_draws_only_when_asked():
    engine = Engine()
    assert engine.reset(seed=1)[0] is None
    engine.drawing = True
    assert engine.step(np.zeros(3))[0].shape == (96, 96, 3)
    engine.close()


def test_no_window_is_opened(bench):
    import pygame

    car = bench(pixels=True).reset(1)
    car.step()
    assert not pygame.display.get_init()
