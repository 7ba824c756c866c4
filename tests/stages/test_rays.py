"""Beams against geometry of another library, and what they must not see."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from racegym.errors import ScenarioError
from racegym.formats.tum import read_tum
from racegym.sensors.rays import MOST_BEAMS, Rays
from racegym.track.borders import border_points
from racegym.track.generate import generate

BOUND = 1e-3  # [m] by which a range may differ from the exact one
RACES, BEAMS, CARS = 40, 100, 3
MORE = ("generated 2", "generated 3", "generated 4")  # than two are longer evidence
CIRCUITS = [*(f"generated {seed}" for seed in range(5)), "Monza", "Norisring", "Spa",
            "Silverstone", "Spielberg"]  # fmt: skip


def ranges(rig, options, cars=None):
    sensor = Rays(rig.setup({"unit": "m", **options}))
    cars = rig.cars if cars is None else cars
    out = np.full((len(cars), *sensor.space.shape), 99.0, np.float32)
    sensor.observe(rig.view, cars, out)
    return out


def circuit(name, shared):
    if name.startswith("generated"):
        seed = int(name.split()[1])
        return generate(seed, length=600.0 + 100 * seed, width=7.0, min_radius=10.0)
    return read_tum(shared / "tracks" / "tum" / f"{name}.csv")


def lines(track, first):
    shapely = pytest.importorskip("shapely")
    borders = border_points(track)
    sides = [borders[:, first : first + 2], borders[:, first + 2 : first + 4]]
    return shapely.multilinestrings([np.vstack([side, side[:1]]) for side in sides])


def boxes(rig, race):
    """Return the outlines of all cars of a race but the first."""
    shapely = pytest.importorskip("shapely")
    state, vehicle, found = rig.view.state, rig.view.vehicle, []
    for car in range(1, rig.view.n_cars):
        yaw = float(state.yaw[race, car])
        middle = vehicle.to_front[race, car] - 0.5 * vehicle.wheelbase[race, car]
        half = 0.5 * np.array([vehicle.length[race, car], vehicle.width[race, car]], float)
        corners = half * np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) + [middle, 0.0]
        turn = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
        place = np.array([state.x[race, car], state.y[race, car]])
        found.append(shapely.Polygon(corners @ turn.T + place))
    return shapely.union_all(found)


def with_obstacles(track, rng, count=60):
    """Return the track with obstacles all over it, some across its edges."""
    s = rng.uniform(0, track.length, count)
    d = rng.uniform(-1, 1, count) * np.interp(
        s, track.spacing * np.arange(len(track)), np.minimum(track.width_left, track.width_right)
    )
    x, y, _ = track.at(s, d)
    placed = np.column_stack([x, y, rng.uniform(0.1, 1.2, count)])
    return track.with_obstacles(placed, near=s)


def circles(track):
    shapely = pytest.importorskip("shapely")
    x, y, radius = track.obstacles.T
    return shapely.union_all(shapely.buffer(shapely.points(x, y), radius, quad_segs=256))


@pytest.mark.parametrize(
    "name",
    [pytest.param(c, marks=pytest.mark.slow) if c in MORE else c for c in CIRCUITS],
)
def test_every_range_is_that_of_an_exact_intersection(name, make_rig, request):
    shapely = pytest.importorskip("shapely")
    shared = None if name.startswith("generated") else request.getfixturevalue("shared")
    rng = np.random.default_rng(1)
    plain = circuit(name, shared)
    # Every 50 m, so that walls, cars and obstacles are all among what is seen.
    track = with_obstacles(plain, rng, min(256, int(plain.length / 50)))
    rig = make_rig(track, n_races=RACES, n_cars=CARS)
    s = (rng.uniform(0, track.length, (RACES, 1)) + rng.uniform(-25, 25, (RACES, CARS))).ravel()
    s %= track.length
    inside = 0.95 * np.minimum(
        np.interp(s, track.spacing * np.arange(len(track)), track.width_left),
        np.interp(s, track.spacing * np.arange(len(track)), track.width_right),
    )
    rig.put(s, rng.uniform(-1, 1, s.shape) * inside, rng.normal(0, 1.5, s.shape))
    reach = 60.0
    angles = np.sort(rng.uniform(-pi, pi, BEAMS))
    found = ranges(rig, {"angles": angles.tolist(), "range": reach}, rig.cars[::CARS])
    edges, state = lines(track, 0), rig.view.state
    standing = circles(track)
    worst, hidden = 0.0, 0
    for race in range(RACES):
        x, y = float(state.x[race, 0]), float(state.y[race, 0])
        here = shapely.Point(x, y)
        seen = shapely.union(
            shapely.clip_by_rect(edges, x - 70, y - 70, x + 70, y + 70), boxes(rig, race)
        )
        round_about = shapely.intersection(standing, here.buffer(75.0))
        toward = angles + float(state.yaw[race, 0])
        ends = np.stack([x + reach * np.cos(toward), y + reach * np.sin(toward)], axis=-1)
        beams = shapely.linestrings(np.stack([np.broadcast_to([x, y], ends.shape), ends], axis=1))
        hits = shapely.intersection(beams, seen)
        exact = np.where(shapely.is_empty(hits), reach, shapely.distance(hits, here))
        stopped = shapely.intersection(beams, round_about)
        nearer = np.where(shapely.is_empty(stopped), reach, shapely.distance(stopped, here))
        hidden += int((nearer < exact - BOUND).sum())
        exact = np.minimum(exact, nearer)
        worst = max(worst, float(np.abs(exact - found[race]).max()))
    assert worst < BOUND
    assert hidden > 0.01 * RACES * BEAMS, "obstacles end many of the beams"


def test_from_the_middle_of_a_circle_all_is_equally_far(make_ring, make_rig):
    rig = make_rig(make_ring(50.0, width=4.0))
    rig.put(0.0, d=0.0)
    right, left = ranges(rig, {"angles": [-pi / 2, pi / 2]})[0]
    assert right == pytest.approx(4.0, abs=2e-3) and left == pytest.approx(4.0, abs=2e-3)
    # Straight ahead lies the outer edge: a chord of the circle of 54 m, 50 m off its middle.
    (ahead,) = ranges(rig, {"angles": [0.0]})[0]
    assert ahead == pytest.approx(np.sqrt(54.0**2 - 50.0**2), abs=0.02)


@pytest.mark.parametrize("d", [5.0, -7.0, 12.0])
def test_beside_the_track_the_edges_are_seen_from_outside(d, make_ring, make_rig):
    rig = make_rig(make_ring(50.0, width=4.0))
    rig.put(10.0, d=d)
    toward = -pi / 2 if d > 0 else pi / 2
    near, far = ranges(rig, {"angles": sorted([toward, -toward])})[0][:: 1 if d > 0 else -1]
    assert near == pytest.approx(abs(d) - 4.0, abs=2e-3)
    assert far > 49.0 or d > 0


def test_walls_lie_beyond_the_edges(make_ring, make_rig):
    rig = make_rig(make_ring(50.0, width=4.0, runoff=6.0))
    rig.put(30.0)
    options = {"angles": [-pi / 2, pi / 2], "against": "walls"}
    np.testing.assert_allclose(ranges(rig, options)[0], 10.0, atol=5e-3)


def test_a_car_hides_what_is_behind_it_and_absent_ones_do_not(make_ring, make_rig):
    rig = make_rig(make_ring(500.0, width=4.0), n_cars=2)
    rig.put([10.0, 30.0])
    length = float(rig.view.vehicle.length[0, 1])
    middle = float(rig.view.vehicle.to_front[0, 1] - 0.5 * rig.view.vehicle.wheelbase[0, 1])
    options = {"angles": [0.0], "range": 50.0}
    (ahead,) = ranges(rig, options)[0]
    assert ahead == pytest.approx(20.0 + middle - 0.5 * length, abs=0.05)
    rig.view.race.present[0, 1] = False
    assert ranges(rig, options)[0] == pytest.approx(50.0)


def test_another_level_of_the_track_is_not_seen(make_rig, shared):
    suzuka = read_tum(shared / "tracks" / "tum" / "Suzuka.csv")
    ((under, over),) = suzuka.crossings
    rig = make_rig(suzuka, n_cars=2)
    rig.put([under - 20.0, over])
    angles = np.linspace(-0.2, 0.2, 41).tolist()
    with_car = ranges(rig, {"angles": angles, "range": 45.0}, np.array([0]))[0]
    rig.view.race.present[0, 1] = False
    alone = ranges(rig, {"angles": angles, "range": 45.0}, np.array([0]))[0]
    np.testing.assert_array_equal(with_car, alone)
    assert alone[20] > 30.0, "the edges of the other level stop no beam"
    # The same car on the own level is seen.
    rig.put([under - 20.0, under])
    rig.view.race.present[0, 1] = True
    assert ranges(rig, {"angles": angles, "range": 45.0}, np.array([0]))[0].min() < 20.0


def test_an_obstacle_on_another_level_is_not_seen(make_rig, shared):
    suzuka = read_tum(shared / "tracks" / "tum" / "Suzuka.csv")
    ((under, over),) = suzuka.crossings
    options = {"angles": np.linspace(-0.2, 0.2, 41).tolist(), "range": 45.0}
    found = []
    for near in (None, over, under):
        x, y, _ = suzuka.at(under if near is None else near, 0.0)
        placed = [] if near is None else [[float(x), float(y), 0.8]]
        track = suzuka.with_obstacles(np.reshape(placed, (-1, 3)), near=over if near else 0.0)
        if near == under:
            track = suzuka.with_obstacles(placed, near=under)
        rig = make_rig(track)
        rig.put(under - 20.0)
        found.append(ranges(rig, options)[0])
    nothing, on_other, on_own = found
    np.testing.assert_array_equal(nothing, on_other)
    assert on_own.min() == pytest.approx(20.0 - 0.8, abs=0.1)


def test_from_inside_an_obstacle_nothing_is_far(make_ring, make_rig):
    ring = make_ring(50.0)
    rig = make_rig(ring.with_obstacles([[50.0, 0.5, 2.0]]))
    rig.put(0.0)
    np.testing.assert_array_equal(ranges(rig, {"beams": 9}), 0.0)


def test_presets_and_units(make_ring, make_rig):
    rig = make_rig(make_ring(50.0))
    five = Rays(rig.setup({"preset": "five"}))
    assert five.space.shape == (5,) and float(five.space.high[0]) == 1.0
    lidar = Rays(rig.setup({"preset": "lidar_1080", "range": 10.0, "unit": "m"}))
    assert lidar.space.shape == (1080,) and float(lidar.space.high[0]) == 10.0
    whole = Rays(rig.setup({"beams": 8, "field_of_view": 2 * pi}))
    np.testing.assert_allclose(np.diff(whole.angles), pi / 4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"beams": 0}, "option 'beams' is 0"),
        ({"beams": MOST_BEAMS + 1}, f"less than or equal to {MOST_BEAMS}"),
        ({"field_of_view": 90}, "field_of_view"),
        ({"angles": [0.1, 0.0]}, "angles must rise"),
        ({"angles": [0.1], "beams": 3}, "give angles, or beams, not both"),
        ({"preset": "six"}, "'five' or 'lidar_1080'"),
    ],
)
def test_what_makes_no_beams_is_refused(options, said, make_ring, make_rig):
    with pytest.raises(ScenarioError, match=said):
        Rays(make_rig(make_ring()).setup(options))
