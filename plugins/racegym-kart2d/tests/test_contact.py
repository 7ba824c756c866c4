"""Cars against cars: when they touch, what it does to them, and what is told of it."""

from __future__ import annotations

import numpy as np
import pytest
from kart2d_rig import PLAIN, Rig, circle, vehicle
from numpy.testing import assert_allclose, assert_array_equal

from racegym.kernels import kernel, prange, set_threads, threads
from racegym.track import Track
from racegym_kart2d.backend import Kart2D
from racegym_kart2d.kernels.boxes import NEVER, Course, depth, last_box, meet

KART = vehicle("rental_kart")
SIDES = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])


@kernel
def meetings(first, second, time, normal, deep):
    """Fill when, how and how deep pairs of boxes meet; rows are those of ``Course``."""
    for i in prange(first.shape[0]):
        a, b = first[i], second[i]
        one = Course(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11])
        two = Course(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11])
        met = meet(one, two, a.dtype.type)
        time[i], normal[i, 0], normal[i, 1] = met.time, met.nx, met.ny
        deep[i] = depth(last_box(one), last_box(two), met.nx, met.ny)


def courses(pose, size, moved=0.0, turned=0.0):
    """Return rows for ``meetings`` of boxes that end at ``pose`` (n, 3)."""
    n = len(pose)
    moved, turned = np.broadcast_to(moved, (n, 2)), np.broadcast_to(turned, n)
    yaw = pose[:, 2]
    ends = [np.cos(yaw), np.sin(yaw), np.cos(yaw - turned), np.sin(yaw - turned)]
    middle = np.zeros(n)
    return np.column_stack([pose[:, :2], *ends, moved, turned, middle, 0.5 * size])


def met(*rows):
    n = len(rows[0])
    time, normal, deep = np.empty(n), np.empty((n, 2)), np.empty(n)
    meetings(*rows, time, normal, deep)
    return time, normal, deep


def outline(pose, size):
    x, y, yaw = pose
    c, s = np.cos(yaw), np.sin(yaw)
    return [x, y] + 0.5 * SIDES * size @ np.array([[c, s], [-s, c]])


def random_boxes(n, seed, apart=3.0):
    rng = np.random.default_rng(seed)
    pose = np.column_stack([rng.uniform(-apart, apart, (n, 2)), rng.uniform(-9, 9, n)])
    return pose, rng.uniform(0.3, 4.0, (n, 2))


def test_overlap_is_that_of_shapely_and_parting_by_the_depth_ends_it():
    shapely = pytest.importorskip("shapely")
    n = 10_000
    (pose, size), (other, other_size) = random_boxes(n, 1), random_boxes(n, 2)
    time, normal, deep = met(courses(pose, size), courses(other, other_size))
    one = shapely.polygons([outline(p, s) for p, s in zip(pose, size, strict=True)])
    two = shapely.polygons([outline(p, s) for p, s in zip(other, other_size, strict=True)])
    clear = np.abs(shapely.distance(one, two) - 0.5e-4) > 0.51e-4  # not within what counts as none
    touching = shapely.intersects(one, two)
    clear |= touching
    assert 2000 < touching.sum() < 8000 and clear.mean() > 0.999
    assert_array_equal((time < NEVER)[clear], touching[clear])

    sunk = touching & (deep > 0)
    assert sunk.sum() > 0.99 * touching.sum()
    assert (deep <= np.minimum(size.min(1), other_size.min(1)) / 2 + np.hypot(*size.T) / 2
            + np.hypot(*other_size.T) / 2)[sunk].all()  # fmt: skip
    for share, apart in ((1.0 + 1e-9, True), (0.999, False)):
        moved = other.copy()
        moved[:, :2] += (share * deep)[:, None] * normal
        far = shapely.polygons([outline(p, s) for p, s in zip(moved, other_size, strict=True)])
        area = shapely.area(shapely.intersection(one, far))[sunk]
        assert (area < 1e-9).all() if apart else (area > 0).all()


def test_the_first_touch_is_that_of_many_small_steps():
    shapely = pytest.importorskip("shapely")
    n, looks = 150, 2001
    rng = np.random.default_rng(3)
    (pose, size), (other, other_size) = random_boxes(n, 4, 4.0), random_boxes(n, 5, 4.0)
    moved, by = rng.uniform(-9, 9, (2, n, 2))
    turned, by_turned = rng.uniform(-1.5, 1.5, (2, n))
    time, _, _ = met(courses(pose, size, moved, turned), courses(other, other_size, by, by_turned))
    for i in range(n):
        back = np.linspace(1.0, 0.0, looks)
        polygons = []
        for p, s, step, turn in ((pose[i], size[i], moved[i], turned[i]),
                                 (other[i], other_size[i], by[i], by_turned[i])):  # fmt: skip
            at = p - back[:, None] * np.append(step, turn)
            c, d = np.cos(at[:, 2]), np.sin(at[:, 2])
            corners = 0.5 * SIDES * s
            x = at[:, :1] + corners[:, 0] * c[:, None] - corners[:, 1] * d[:, None]
            y = at[:, 1:2] + corners[:, 0] * d[:, None] + corners[:, 1] * c[:, None]
            polygons.append(shapely.polygons(np.stack([x, y], axis=2)))
        hit = np.flatnonzero(shapely.intersects(*polygons))
        if len(hit) == 0:
            # A shallow touch may fall between two looks.
            assert time[i] == NEVER or shapely.distance(*polygons).min() < 0.01
        elif time[i] == NEVER:
            assert len(hit) < looks / 32
        else:
            assert abs(time[i] - hit[0] / (looks - 1)) < 1 / 32 + 0.005


def stepped(made, dt=1e-9):
    """Make a step so short that contact alone changes anything; return what was before."""
    s = made.state
    before = {k: getattr(s, k).copy() for k in ("x", "y", "yaw", "vx", "vy", "yaw_rate")}
    made.dt = dt
    made.step()
    return before


def momenta(made, s, at):
    """Return momentum x, y and that about the origin, positions taken from ``at``."""
    p = made.backend.parameters
    c, d = np.cos(s["yaw"]), np.sin(s["yaw"])
    vx, vy = c * s["vx"] - d * s["vy"], d * s["vx"] + c * s["vy"]
    mass, turn = p[..., 0], p[..., 1] * s["yaw_rate"]
    about = turn + mass * (at["x"] * vy - at["y"] * vx)
    return np.stack([(mass * vx).sum(1), (mass * vy).sum(1), about.sum(1)])


def now(made):
    return {k: getattr(made.state, k) for k in ("x", "y", "yaw", "vx", "vy", "yaw_rate")}


def crash(n, seed, **options):
    """Return pairs of unequal cars that overlap a little and approach each other at random."""
    rng = np.random.default_rng(seed)
    made = Rig(KART, vehicle("rental_kart", mass=400.0, yaw_inertia=160.0), n_races=n, **options)
    angle = rng.uniform(-np.pi, np.pi, n)
    away = rng.uniform(1.1, 2.0, n)
    x = np.stack([np.zeros(n), away * np.cos(angle)], 1)
    y = np.stack([np.zeros(n), away * np.sin(angle)], 1)
    made.place(x.reshape(-1), y.reshape(-1), rng.uniform(-np.pi, np.pi, 2 * n))
    made.state.vx[:], made.state.vy[:] = rng.normal(0.0, 8.0, (2, n, 2))
    made.state.yaw_rate[:] = rng.normal(0.0, 3.0, (n, 2))
    return made


@pytest.mark.parametrize(("restitution", "friction"), [(0.2, 0.4), (1.0, 2.0), (0.0, 0.0)])
def test_momentum_is_conserved_and_energy_never_grows(restitution, friction):
    made = crash(10_000, 6, restitution=restitution, friction=friction)
    energy = made.energy().sum(1)
    before = stepped(made)
    hit = made.view.contacts.count > 0
    assert hit.mean() > 0.3
    first, then = momenta(made, before, before), momenta(made, now(made), before)
    scale = np.abs(made.backend.parameters[:, :, 0] * np.hypot(before["vx"], before["vy"])).sum(1)
    assert (np.abs(then - first) <= 1e-6 * scale * [[1], [1], [4]]).all()
    assert (made.energy().sum(1) <= energy * (1 + 1e-9)).all()
    if restitution == 1.0 and friction == 0.0:
        assert_allclose(made.energy().sum(1), energy, rtol=1e-6)
    assert (made.energy().sum(1)[hit] < energy[hit]).mean() > 0.9


def duel(*poses, vx, vy=0.0, cars=(KART, KART), **more):
    made = Rig(*cars, **more)
    x, y, yaw = np.transpose(poses)
    made.place(x, y, yaw)
    made.state.vx[0], made.state.vy[0] = vx, vy
    return made


def row(made):
    c = made.view.contacts
    assert c.count[0] == 1
    return {
        name: getattr(c, name)[0, 0].item()
        for name in ("car", "other", "impulse", "x", "y", "normal_x", "normal_y", "closing_speed")
    }


LONG, WIDE = KART["length"], KART["width"]
MIDDLE = 0.5 * (KART["to_front"] - KART["to_rear"])
MASS, INERTIA = KART["mass"], KART["yaw_inertia"]


def test_equal_cars_head_on_part_with_the_restitution():
    made = duel((0, 0, 0), (LONG + 2 * MIDDLE, 0, np.pi), vx=[6.0, 4.0], restitution=0.3)
    stepped(made)
    # In the map frame 6 and -4 become u with a mean of 1 and a difference of 0.3 times 10.
    assert_allclose(made.state.vx[0], [-0.5, -2.5], atol=1e-6)
    assert_allclose(made.state.yaw_rate, 0.0, atol=1e-6)
    told = row(made)
    assert (told["car"], told["other"]) == (0, 1)
    assert_allclose(told["impulse"], 1.3 * 0.5 * MASS * 10.0, rtol=1e-6)
    assert_allclose(told["closing_speed"], 10.0, rtol=1e-6)
    assert_allclose([told["normal_x"], told["normal_y"]], [-1.0, 0.0], atol=1e-6)
    assert_allclose([told["x"], told["y"]], [0.5 * LONG + MIDDLE, 0.0], atol=1e-4)


def test_what_is_told_of_an_approach_is_that_of_the_first_impulse():
    # The first one is hit back by the second, which bounces off the third.
    made = duel(*[(k * LONG, 0, 0) for k in range(3)], vx=[8.0, 0.0, 0.0], cars=[KART] * 3)
    stepped(made)
    c = made.view.contacts
    pairs = list(zip(c.car[0, :2].tolist(), c.other[0, :2].tolist(), strict=True))
    assert c.count[0] == 2 and set(pairs) == {(0, 1), (1, 2)}
    assert c.impulse[0, pairs.index((0, 1))] > 1.2 * 0.5 * MASS * 8.0 * (1 + 1e-3)  # more than one
    assert_allclose(c.closing_speed[0, pairs.index((0, 1))], 8.0, rtol=1e-6)


@pytest.mark.parametrize(("friction", "slides"), [(0.1, True), (2.0, False)])
def test_a_glancing_touch_rubs_as_coulomb_says(friction, slides):
    made = duel(
        (0, 0, 0), (0, WIDE, 0), vx=[10.0, 6.0], vy=[1.0, 0.0], restitution=0.0, friction=friction
    )
    stepped(made)
    # The middles of the sides meet, MIDDLE ahead of the middles of mass.
    normal = 1.0 / (2 / MASS + 2 * MIDDLE**2 / INERTIA)
    assert_allclose(row(made)["impulse"], normal, rtol=1e-5)
    lost = MASS * (10.0 - made.state.vx[0, 0])
    if slides:
        assert_allclose(lost, friction * normal, rtol=1e-5)
    else:
        s, half = made.state, 0.5 * WIDE
        point = s.vx[0] - s.yaw_rate[0] * np.array([half, -half])
        assert_allclose(point[0], point[1], atol=2e-2)  # what is left at the point of touch
        assert lost < friction * normal


def test_an_off_centre_hit_spins_both_as_the_levers_say():
    # The second car stands across; its flank is hit by a corner of the first one's nose.
    ahead = 0.5 * LONG + MIDDLE + 0.5 * WIDE
    made = duel(
        (0, 0, 0), (ahead, 0.9 - MIDDLE, np.pi / 2), vx=[8.0, 0.0], restitution=0.2, friction=0.0
    )
    stepped(made)
    told, s = row(made), made.state
    lever, other = told["y"], told["y"] - (0.9 - MIDDLE)
    impulse = 1.2 * 8.0 / (2 / MASS + (lever**2 + other**2) / INERTIA)
    assert_allclose(told["impulse"], impulse, rtol=1e-5)
    assert_allclose(s.vx[0, 0], 8.0 - impulse / MASS, rtol=1e-5)
    assert_allclose(
        s.yaw_rate[0], [lever * impulse / INERTIA, -other * impulse / INERTIA], rtol=1e-4
    )
    assert s.yaw_rate[0, 0] > 0 > -s.yaw_rate[0, 1]


def test_realism_may_make_a_car_heavier():
    made = duel((0, 0, 0), (LONG + 2 * MIDDLE, 0, np.pi), vx=[5.0, 5.0], restitution=0.0)
    made.effects.mass[0, 1] = 2 * MASS
    stepped(made)
    assert_allclose(made.state.vx[0], [-2.5, 2.5], atol=1e-6)


@pytest.mark.parametrize("offset", [0.0, 0.05, 0.14])
@pytest.mark.parametrize("speed", [3.0, 20.0])
def test_fast_small_cars_do_not_pass_through_each_other(speed, offset):
    # Up to 2 m a step, cars of 0.58 m: the noses meet, whatever lies over what by the end.
    small = vehicle("rc_car")
    n = 40
    made = Rig(small, small, n_races=n)
    gap = np.linspace(0.7, 3.0, n)
    x = np.stack([np.zeros(n), gap], 1)
    y = np.stack([np.zeros(n), np.full(n, offset)], 1)
    made.place(x.reshape(-1), y.reshape(-1), np.tile([0.0, np.pi], n), speed)
    first = np.zeros(n, bool)
    for _ in range(12):
        made.step()
        c = made.view.contacts
        hit = (c.count > 0) & ~first
        assert_allclose(c.normal_x[hit, 0], -1.0, atol=0.05)
        first |= hit
        behind = made.state.x[:, 0] < made.state.x[:, 1]
        assert behind[hit].all() and (behind | first).all()
    assert first.mean() > (0.95 if speed > 10 else 0.2)


def overlaps(made):
    shapely = pytest.importorskip("shapely")
    s, p = made.state, made.backend.parameters
    found = 0.0
    for race in range(made.view.n_races):
        boxes = []
        for i in np.flatnonzero(made.view.race.present[race]):
            middle = 0.5 * (p[race, i, 2] - p[race, i, 3])
            c, d = np.cos(s.yaw[race, i]), np.sin(s.yaw[race, i])
            pose = (s.x[race, i] + middle * c, s.y[race, i] + middle * d, s.yaw[race, i])
            boxes.append(shapely.polygons(outline(pose, p[race, i, 7:9])))
        for k, one in enumerate(boxes):
            for two in boxes[k + 1 :]:
                found = max(found, shapely.area(shapely.intersection(one, two)))
    return found


def test_a_heap_of_cars_comes_apart_and_to_rest():
    n = 20
    made = Rig(*[KART] * n)
    rng = np.random.default_rng(8)
    made.place(*rng.uniform(-3.5, 3.5, (2, n)), rng.uniform(-3, 3, n), 4.0)
    made.drive(brake=1.0)
    assert overlaps(made) > 0.3
    for _ in range(100):
        made.step()
        assert np.isfinite(made.state.x).all() and np.isfinite(made.state.vx).all()
    assert overlaps(made) < 1e-2
    assert np.abs(made.state.vx).max() < 1e-3
    made.step()
    assert made.view.contacts.count[0] == 0


def test_cars_are_not_pushed_through_walls():
    track = circle(60.0, 10.0, runoff=1.0)
    made = Rig(*[KART] * 6, track=track)
    s, d = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.5]), np.array([5.0, 3.4, 1.8, 5.2, 3.6, 2.0])
    pose = made.tracks.pose(np.zeros(6, int), s, d)
    made.backend.place(np.arange(6), pose, np.zeros(6))
    made.state.vy[0] = 12.0
    for _ in range(40):
        made.step()
        out = np.hypot(made.state.x, made.state.y)
        # The middle of a car is half a width from the wall at least.
        assert (out > 60.0 - 6.0 + 0.5 * WIDE - 1e-3).all()
    assert overlaps(made) < 0.02


def test_absent_cars_are_not_touched():
    made = duel((0, 0, 0), (1.0, 0, np.pi), vx=[5.0, 0.0])
    made.view.race.present[0, 1] = False
    made.step(5)
    assert made.view.contacts.count[0] == 0 and made.state.vx[0, 0] > 4.0
    assert made.state.x[0, 1] == 1.0


def test_a_car_that_is_nowhere_touches_nothing_and_harms_nobody():
    made = Rig(KART, KART, KART)
    made.place([0, 1.5, 2.0], 0.0, [0, np.pi, 0], 5.0)
    made.state.vx[0, 2] = np.nan
    made.step()
    assert made.view.contacts.count[0] == 1
    assert np.isfinite(made.state.vx[0, :2]).all()


@pytest.mark.parametrize("height", [0.0, 6.0])
def test_cars_on_a_bridge_and_below_do_not_touch(height):
    t = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False) + 0.5
    points = 80.0 * np.column_stack([np.sin(t), np.sin(t) * np.cos(t), np.zeros(200)])
    points[:, 2] = 0.5 * height * (1 - np.cos(t))
    eight = Track.from_points(points, 4.0, 4.0, name="eight", crossings="allow")
    ((under, over),) = eight.crossings
    for places, touches in (((under, over), False), ((under, under + 1.0), True)):
        ends = []
        for contact in (True, False):
            made = Rig(KART, KART, track=eight, contact=contact)
            made.view.frame.segment[0] = np.array(places) / eight.spacing
            pose = made.tracks.pose(np.zeros(2, int), np.array(places), np.zeros(2))
            made.backend.place(np.arange(2), pose, np.array([8.0, 5.0]))
            made.step()
            ends.append([getattr(made.state, name)[0] for name in ("x", "y", "vx", "yaw_rate")])
        # Cars in each other are moved apart, though nothing is told where they part already.
        assert np.array_equal(*ends) != touches


def test_a_pair_is_told_of_once_however_a_step_is_split():
    made = duel((0, 0, 0), (LONG + 0.1, 0, 0), vx=[6.0, 4.0])
    made.step()
    whole = row(made)
    made = duel((0, 0, 0), (LONG + 0.1, 0, 0), vx=[6.0, 4.0])
    made.drive(throttle=[[1.0, 0.0]])
    made.view.contacts.count[:] = 0
    for _ in range(5):
        made.backend.step(made.control, made.effects, 0.025)
    told = row(made)
    assert (told["car"], told["other"]) == (0, 1)
    assert told["impulse"] > 0.9 * whole["impulse"]


def fight(n_races, number=1, **options):
    """Return rows of a fight of six cars in many races."""
    before = threads()
    set_threads(number)
    try:
        made = Rig(*[KART] * 6, n_races=n_races, track=PLAIN, real=np.float32, **options)
        rng = np.random.default_rng(9)
        x, y, yaw = rng.uniform(-4, 4, (3, 120, 6))
        made.place(*(v[:n_races].reshape(-1) for v in (x, y, yaw)), 6.0)
        rows, touched = [], 0
        for _ in range(15):
            made.step()
            touched += int(made.view.contacts.count.sum())
            s = made.state
            rows.append(np.stack([s.x, s.y, s.vx, s.vy, s.yaw_rate])[:, :7].copy())
        return np.array(rows), touched
    finally:
        set_threads(before)


def test_a_race_is_the_same_alone_in_a_batch_and_on_two_threads():
    batch, touched = fight(120)
    assert touched > 1000
    assert_array_equal(fight(7)[0], batch)
    assert_array_equal(fight(120, number=2)[0], batch)


def test_slots_do_not_matter_and_mirrored_cars_do_the_mirrored():
    rng = np.random.default_rng(10)
    n = 200
    pose = [(*rng.uniform(-1.2, 1.2, 2), rng.uniform(-3, 3)) for _ in range(2 * n)]
    x, y, yaw = np.array(pose).T
    speed = rng.uniform(-8, 8, 2 * n)
    ends = []
    for way, side in ((1, 1), (-1, 1), (1, -1)):
        made = Rig(KART, KART, n_races=n)
        turned = [v.reshape(n, 2)[:, ::way].reshape(-1) for v in (x, side * y, side * yaw, speed)]
        made.place(*turned)
        made.step(3)
        s = made.state
        rows = np.stack([s.x, side * s.y, side * s.yaw, s.vx, side * s.vy, side * s.yaw_rate])
        ends.append(rows[:, :, ::way])
    assert_array_equal(ends[0], ends[1])
    assert_allclose(ends[0], ends[2], atol=1e-6)


def test_touches_at_the_very_same_time_are_answered_by_place_and_not_by_slot():
    # One on either side of a third, the mirror images of each other, hit it at once.
    y, yaw, side = np.array([0.0, 1.0, -1.0]) * (WIDE + 0.02), [0.0, 0.05, -0.05], [0.0, -3.0, 3.0]
    ends = []
    for order in ([0, 1, 2], [0, 2, 1], [2, 0, 1]):
        made = duel(*np.transpose([np.zeros(3), y, yaw])[order], vx=5.0,
                    vy=np.array(side)[order], cars=[KART] * 3)  # fmt: skip
        made.step()
        assert made.view.contacts.count[0] == 2
        s = made.state
        ends.append(np.stack([s.x, s.y, s.vx, s.vy, s.yaw_rate])[:, 0, np.argsort(order)])
    assert_array_equal(ends[0], ends[1])
    assert_array_equal(ends[0], ends[2])


def test_without_contact_cars_pass_through_each_other():
    assert Kart2D.spec.collides and "car" in Kart2D.spec.contacts
    spec = Kart2D.spec_for({"contact": False})
    assert not spec.collides and spec.contacts == {"wall", "obstacle"}
    made = duel((0, 0, 0), (3.0, 0, np.pi), vx=[5.0, 5.0], contact=False)
    made.step(10)
    assert made.state.x[0, 0] > made.state.x[0, 1] and made.view.contacts.count[0] == 0


def test_there_is_room_for_every_touch_of_64_cars():
    # 8 by 8 cars, side by side and nose to tail: 112 pairs of faces, and corners.
    made = Rig(*[KART] * 64)
    x, y = np.meshgrid(np.arange(8) * (LONG - 0.01), np.arange(8) * (WIDE - 0.01))
    made.place(x.reshape(-1), y.reshape(-1), 0.0)
    made.state.vx[0] = 4.0 - x.reshape(-1)
    made.state.vy[0] = 4.0 - y.reshape(-1)
    made.step()
    c = made.view.contacts
    k = c.count[0]
    assert 112 <= k <= c.capacity
    pairs = set(zip(c.car[0, :k].tolist(), c.other[0, :k].tolist(), strict=True))
    assert len(pairs) == k and all(a < b for a, b in pairs)
