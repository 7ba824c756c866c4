"""Pictures against geometry: where things are in them, and what must not be."""

from __future__ import annotations

from dataclasses import replace
from math import cos, sin, tan

import numpy as np
import pytest

from racegym.errors import ScenarioError
from racegym.formats.tum import read_tum
from racegym.interfaces import Channel, Surface
from racegym.kernels import scenery, set_threads, threads
from racegym.sensors.camera import Camera
from racegym.sensors.palette import gray, palette
from racegym.sensors.topdown import Topdown

WIDTH = 4.0  # [m] of half the track


def codes(rig, sensor, cars=None):
    """Return the pictures of cars as colour codes, (k, height, width)."""
    cars = rig.cars if cars is None else cars
    out = np.zeros((len(cars), *sensor.space.shape), np.uint8)
    sensor.observe(rig.view, cars, out)
    colours = palette().astype(int)
    number = colours @ [65536, 256, 1]
    assert len(set(number)) == len(number), "each code has a colour of its own"
    order = np.argsort(number)
    found = out.astype(int) @ [65536, 256, 1]
    return order[np.searchsorted(number[order], found)]


def is_road(image):
    return (image == scenery.ASPHALT) | ((image >= scenery.LINE) & (image < scenery.LINE + 4))


@pytest.mark.parametrize("pitch", [0.0, 0.15, 0.4])
@pytest.mark.parametrize("turn", [0.0, 0.3, -0.5])
@pytest.mark.parametrize("d", [0.0, 2.5])
def test_the_edges_of_a_straight_are_where_a_pinhole_puts_them(
    pitch, turn, d, make_stadium, make_rig
):
    rig = make_rig(make_stadium(straight=400.0, width=WIDTH))
    rig.put(100.0, d=d, heading_error=turn)
    options = {"width": 160, "height": 120, "pitch": pitch, "above": 1.5, "field_of_view": 1.4}
    (image,) = codes(rig, Camera(rig.setup(options)))
    focal = 160 / (2 * tan(0.7))
    checked = 0
    for row in range(120):
        # The row's line of sight meets the ground along a line across, ``ahead`` of the car.
        slope = (row + 0.5 - 60.0) / focal
        down = sin(pitch) + slope * cos(pitch)
        forward = cos(pitch) - slope * sin(pitch)
        if down <= 0.0 or not 2.0 < (ahead := 1.5 * forward / down) < 60.0:
            continue
        depth = ahead * cos(pitch) + 1.5 * sin(pitch)
        predicted = []
        for edge in (WIDTH, -WIDTH):
            # On the line x = ahead of the car's frame: cos(turn) y + sin(turn) x = edge - d.
            y = (edge - d - sin(turn) * ahead) / cos(turn)
            predicted.append(80.0 - focal * y / depth)
        road = is_road(image[row])
        seen = np.flatnonzero(road)
        left, right = predicted
        if right <= 0 or left >= 160:
            assert not seen.size
            continue
        if left > 0:
            assert abs(seen[0] - left) <= 1.0, f"row {row}"
            checked += 1
        if right < 160:
            assert abs(seen[-1] + 1 - right) <= 1.0, f"row {row}"
            checked += 1
        assert road[seen[0] : seen[-1] + 1].all()
    assert checked > 5


def test_a_car_ahead_is_as_large_as_it_should_be(make_stadium, make_rig):
    rig = make_rig(make_stadium(straight=400.0, width=WIDTH), n_cars=2)
    rig.put([100.0, 112.0])
    vehicle = rig.view.vehicle
    (image,) = codes(rig, Camera(rig.setup({"width": 200, "height": 150})), np.array([0]))
    rows, columns = np.nonzero((image == scenery.CAR + 2) | (image == scenery.CAR + 3))
    back = 12.0 + float(vehicle.to_front[0, 1] - vehicle.wheelbase[0, 1] / 2)
    back -= float(vehicle.length[0, 1]) / 2
    focal, pitch, above = 100.0, 0.1, 1.2
    depth = back * cos(pitch) + above * sin(pitch)
    half = focal * float(vehicle.width[0, 1]) / 2 / depth
    assert abs(columns.min() - (100 - half)) <= 1 and abs(columns.max() + 1 - (100 + half)) <= 1
    foot = 75 - focal * (back * sin(pitch) - above * cos(pitch)) / depth
    assert abs(rows.max() + 1 - foot) <= 1
    rig.view.race.present[0, 1] = False
    (image,) = codes(rig, Camera(rig.setup({"width": 200, "height": 150})), np.array([0]))
    assert not is_car(image).any()


def is_car(image):
    return (image >= scenery.CAR) & (image < scenery.CAR + 2 * scenery.TEAMS)


def is_obstacle(image):
    return (image == scenery.OBSTACLE) | (image == scenery.OBSTACLE_FOOT)


@pytest.mark.parametrize("pitch", [0.0, 0.1, 0.3])
@pytest.mark.parametrize(
    ("ahead", "d", "radius"), [(8.0, 0.0, 0.5), (12.0, 2.0, 0.8), (25.0, -3.0, 2.0)]
)
@pytest.mark.parametrize("above", [0.6, 1.5])
def test_an_obstacle_is_where_a_pinhole_puts_a_cylinder(
    above, ahead, d, radius, pitch, make_stadium, make_rig
):
    straight = make_stadium(straight=400.0, width=WIDTH)
    x, y, _ = straight.at(100.0 + ahead, d)
    rig = make_rig(straight.with_obstacles([[float(x), float(y), radius]]))
    rig.put(100.0)
    wide, high = 240, 180
    options = {"width": wide, "height": high, "pitch": pitch, "above": above}
    (image,) = codes(rig, Camera(rig.setup(options)))
    rows, columns = np.nonzero(is_obstacle(image))
    # All points of its rims, as the camera sees them.
    turn = np.linspace(0.0, 2.0 * np.pi, 720)
    px, py = ahead + radius * np.cos(turn), d + radius * np.sin(turn)
    places = []
    for z in (0.0, scenery.FOOT_HEIGHT, scenery.OBSTACLE_HEIGHT):
        depth = px * cos(pitch) - (z - above) * sin(pitch)
        up = px * sin(pitch) + (z - above) * cos(pitch)
        places.append((wide / 2 - wide / 2 * py / depth, high / 2 - wide / 2 * up / depth))
    us, vs = (np.array(values) for values in zip(*places, strict=True))
    assert abs(columns.min() - max(us.min(), 0.0)) <= 1.0
    assert abs(columns.max() + 1 - min(us.max(), wide)) <= 1.0
    assert abs(rows.min() - max(vs.min(), 0.0)) <= 1.0
    assert abs(rows.max() + 1 - min(vs.max(), high)) <= 1.0
    # In the middle column the foot goes as high as the near rim there.
    middle = int(np.clip((us[0].min() + us[0].max()) / 2, 0, wide - 1))
    foot = np.flatnonzero(image[:, middle] == scenery.OBSTACLE_FOOT)
    assert abs(foot.min() - vs[1].max()) <= 1.5


def test_what_is_nearer_hides_what_is_farther(make_stadium, make_rig):
    straight = make_stadium(straight=400.0, width=WIDTH)
    places = [[112.0, 0.0, 0.4], [109.0, 0.0, 0.2], [109.2, 0.9, 0.1]]
    x, y, _ = straight.at(*np.array(places).T[:2])
    track = straight.with_obstacles(np.column_stack([x, y, [row[2] for row in places]]))
    rig = make_rig(track, n_cars=2)
    sensor = Camera(rig.setup({"width": 200, "height": 150}))

    def looking(other):
        rig.put([100.0, other])
        (image,) = codes(rig, sensor, np.array([0]))
        return is_obstacle(image), (image == scenery.CAR + 2) | (image == scenery.CAR + 3)

    rig.view.race.present[0, 1] = False
    alone, _ = looking(106.0)
    rig.view.race.present[0, 1] = True
    # A car in front of all hides them: what it covers is nowhere an obstacle.
    behind, car = looking(105.0)
    assert (alone & car).sum() > 30 and not (behind & car).any()
    assert (behind == (alone & ~car)).all()
    # A car behind all of them hides nothing of them.
    in_front, car = looking(120.0)
    np.testing.assert_array_equal(in_front, alone)
    assert car.any()


@pytest.mark.parametrize("start", [50.0, 63.0, 76.0, 89.0])
def test_cars_and_obstacles_far_away_are_drawn_in_the_order_of_distance(
    start, make_stadium, make_rig
):
    straight = make_stadium(straight=400.0, width=WIDTH)
    x, y, _ = straight.at(110.0, 0.0)
    rig = make_rig(straight.with_obstacles([[float(x), float(y), 0.4]]), n_cars=2)
    sensor = Camera(rig.setup({"width": 600, "height": 400}))
    seen = []
    for other in (108.0, 112.0, 200.0):
        rig.put([start, other])
        seen.append(int(is_obstacle(codes(rig, sensor, np.array([0]))[0]).sum()))
    # The car is wider than the obstacle, and nearly as high.
    assert seen[0] < 0.3 * seen[2] and seen[1] == seen[2] > 10


@pytest.mark.parametrize("north_up", [False, True])
@pytest.mark.parametrize("radius", [0.3, 1.5, 6.0])
def test_from_above_an_obstacle_is_round(radius, north_up, make_ring, make_rig):
    ring = make_ring(50.0, width=WIDTH, runoff=6.0)
    x, y, _ = ring.at(8.0, 2.0)
    rig = make_rig(ring.with_obstacles([[float(x), float(y), radius]]))
    rig.put(0.0, heading_error=0.3)
    metres = 0.25
    sensor = Topdown(rig.setup({"metres": metres, "north_up": north_up, "width": 120}))
    (image,) = codes(rig, sensor)
    state = rig.view.state
    yaw = np.pi / 2 if north_up else float(state.yaw[0, 0])
    rows, columns = np.indices(image.shape) + 0.5
    forward, left = (0.75 * 96 - rows) * metres, (60.0 - columns) * metres
    px = float(state.x[0, 0]) + np.cos(yaw) * forward - np.sin(yaw) * left
    py = float(state.y[0, 0]) + np.sin(yaw) * forward + np.cos(yaw) * left
    beyond = np.hypot(px - x, py - y) - radius
    own = is_car(image)
    seen = image == scenery.OBSTACLE
    assert seen.any() or radius < metres
    assert seen[(beyond < -metres) & ~own].all() and not seen[beyond > metres].any()


@pytest.mark.parametrize("north_up", [False, True])
@pytest.mark.parametrize("s", [0.0, 60.0, 200.0])
def test_every_pixel_from_above_shows_what_is_there(s, north_up, make_ring, make_rig):
    ring = make_ring(50.0, width=WIDTH, runoff=6.0, kerb_width=1.0)
    rig = make_rig(ring)
    rig.put(s, d=1.0, heading_error=0.4)
    metres = 0.25
    sensor = Topdown(rig.setup({"metres": metres, "north_up": north_up, "width": 120}))
    (image,) = codes(rig, sensor)
    state = rig.view.state
    yaw = np.pi / 2 if north_up else float(state.yaw[0, 0])
    rows, columns = np.indices(image.shape) + 0.5
    forward, left = (0.75 * 96 - rows) * metres, (60.0 - columns) * metres
    x = float(state.x[0, 0]) + np.cos(yaw) * forward - np.sin(yaw) * left
    y = float(state.y[0, 0]) + np.sin(yaw) * forward + np.cos(yaw) * left
    beyond = np.abs(np.hypot(x, y) - 50.0) - WIDTH  # of the edge, negative on the asphalt
    own = is_car(image)
    assert 10 < own.sum() < 80
    line = image == scenery.START

    def all_there(where, expected):
        here = where & ~own & ~line
        assert here.sum() > 50
        assert np.isin(image[here], expected).all(), np.unique(image[here])

    slack = 1.5 * metres
    all_there(beyond < -2 * slack, [scenery.ASPHALT])
    all_there((beyond > slack) & (beyond < 1.0 - slack), [scenery.KERB_RED, scenery.KERB_WHITE])
    all_there((beyond > 1.0 + slack) & (beyond < 6.0 - slack), [scenery.GRASS])
    all_there(beyond > 6.4 + slack, [scenery.FIELD])


@pytest.mark.parametrize("kind", ["topdown", "camera"])
def test_verges_are_of_what_the_track_says(kind, make_ring, make_rig):
    ring = make_ring(50.0, width=WIDTH, runoff=6.0, kerb_width=1.0)
    n = len(ring)
    left, right = np.full(n, Surface.GRAVEL), np.full(n, Surface.ASPHALT)
    both = replace(ring, surface_left=left, surface_right=right)
    rig = make_rig(ring, both, n_races=2)
    rig.put(60.0)
    if kind == "topdown":
        sensor = Topdown(rig.setup({"metres": 0.25, "width": 120}))
    else:
        sensor = Camera(rig.setup({"width": 160, "height": 120, "pitch": 0.3}))
    plain, rough = codes(rig, sensor)
    assert not (plain == scenery.GRAVEL).any()
    grass = plain == scenery.GRASS
    assert grass.sum() > 300
    # Where there was grass, there is now gravel on the left and asphalt on the right.
    assert set(np.unique(rough[grass])) == {scenery.GRAVEL, scenery.ASPHALT}
    middle = np.indices(grass.shape)[1] > grass.shape[1] // 2
    assert (rough[grass & middle] == scenery.ASPHALT).mean() > 0.6
    assert (rough[grass & ~middle] == scenery.GRAVEL).mean() > 0.6
    np.testing.assert_array_equal(rough[~grass], plain[~grass])


def test_another_level_of_the_track_is_not_drawn(make_rig, shared):
    suzuka = read_tum(shared / "tracks" / "tum" / "Suzuka.csv")
    ((under, over),) = suzuka.crossings
    rig = make_rig(suzuka, n_cars=2)
    rig.put([under - 20.0, over], d=[0.0, 2.0])
    for make, options in ((Camera, {}), (Topdown, {"metres": 0.5})):
        sensor = make(rig.setup(options))
        rig.view.race.present[0, 1] = True
        with_car = codes(rig, sensor, np.array([0]))
        rig.view.race.present[0, 1] = False
        np.testing.assert_array_equal(with_car, codes(rig, sensor, np.array([0])))
    # Nor is an obstacle on it, while the same one on the own level is.
    x, y, _ = suzuka.at(under, 0.0)
    for near, expected in ((over, False), (under, True)):
        track = suzuka.with_obstacles([[float(x), float(y), 0.8]], near=near)
        other = make_rig(track)
        other.put(under - 20.0)
        for make, options in ((Camera, {}), (Topdown, {"metres": 0.5})):
            assert is_obstacle(codes(other, make(other.setup(options)))).any() == expected
    # Beside the own road, and its run-off, there is only field where the other road passes.
    rig.put([under, over])
    (image,) = codes(rig, Topdown(rig.setup({"metres": 0.5})), np.array([0]))
    segment = rig.view.frame.segment[0, 0]
    wide = float(suzuka.width_left[segment] + suzuka.width_right[segment])
    assert is_road(image[72]).sum() * 0.5 < wide + 1.5
    assert (image[72, :4] == scenery.FIELD).all() and (image[72, -4:] == scenery.FIELD).all()


def test_threads_draw_the_same(make_ring, make_stadium, make_rig):
    rig = make_rig(make_ring(), make_stadium(), n_races=40, n_cars=2)
    rig.put(np.linspace(0, 300, 80))
    before = threads()
    pictures = []
    try:
        for count in (1, 2):
            set_threads(count)
            pictures.append(codes(rig, Camera(rig.setup())))
    finally:
        set_threads(before)
    np.testing.assert_array_equal(*pictures)


def test_gray_is_the_luma_of_the_colours(make_ring, make_rig):
    rig = make_rig(make_ring())
    shape = (1, 84, 84)
    colour, plain = np.zeros((*shape, 3), np.uint8), np.zeros((*shape, 1), np.uint8)
    Camera(rig.setup()).observe(rig.view, rig.cars, colour)
    Camera(rig.setup({"gray": True})).observe(rig.view, rig.cars, plain)
    luma = colour.astype(float) @ [0.299, 0.587, 0.114]
    assert np.abs(luma - plain[..., 0]).max() <= 0.5 + 1e-9
    assert gray(palette()).shape == (scenery.CODES,)


def test_light_and_water_change_colours_and_nothing_else(make_ring, make_rig):
    rig = make_rig(make_ring())
    pictures = []
    for options in ({}, {"light": 0.3}, {"wetness": 1.0}):
        out = np.zeros((1, 84, 84, 3), np.uint8)
        Camera(rig.setup(options)).observe(rig.view, rig.cars, out)
        pictures.append(out[0])
    day, night, wet = pictures
    assert night.mean() < 0.5 * day.mean()
    changed = (day != wet).any(axis=-1)
    road = (day == palette()[scenery.ASPHALT]).all(axis=-1)
    assert changed[road].all()


@pytest.mark.parametrize("plain", [False, True])
def test_channels_of_light_and_water_recolour_each_race(plain, make_ring, make_rig):
    channels = [
        Channel(name=name, unit="1", low=0.0, high=1.0, axes="race")
        for name in ("light", "wetness")
    ]
    rig = make_rig(make_ring(), n_races=3, channels=channels)
    sensor = Camera(rig.setup({"gray": plain}))
    rig.view.channels["light"][...] = [1.0, 0.3, 1.0]
    rig.view.channels["wetness"][...] = [0.0, 0.0, 1.0]
    out = np.zeros((3, *sensor.space.shape), np.uint8)
    sensor.observe(rig.view, rig.cars, out)
    for race, options in enumerate([{}, {"light": 0.3}, {"wetness": 1.0}]):
        alone = np.zeros((3, *sensor.space.shape), np.uint8)
        rig.view.channels["light"][...] = options.get("light", 1.0)
        rig.view.channels["wetness"][...] = options.get("wetness", 0.0)
        sensor.observe(rig.view, rig.cars, alone)
        np.testing.assert_array_equal(out[race], alone[race])
        expected = palette(**options)[scenery.ASPHALT]
        road = gray(expected[None]) if plain else expected
        assert (alone[race][-1, 42] == road).all()


@pytest.mark.parametrize(
    ("make", "options", "said"),
    [
        (Camera, {"width": 0}, "option 'width' is 0"),
        (Camera, {"field_of_view": 3.2}, "option 'field_of_view' is 3.2"),
        (Camera, {"field_of_view": 90}, "option 'field_of_view' is 90"),
        (Camera, {"heigth": 8}, "did you mean 'height'"),
        (Topdown, {"metres": 0}, "option 'metres' is 0"),
    ],
)
def test_what_makes_no_picture_is_refused(make, options, said, make_ring, make_rig):
    with pytest.raises(ScenarioError, match=said):
        make(make_rig(make_ring()).setup(options))
