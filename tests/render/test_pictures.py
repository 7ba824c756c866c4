"""What is in a picture: the track's shape, cars where they are, numbers that change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from racegym.errors import RacegymError
from racegym.interfaces import Event, EventKind, Flag, PenaltyKind, Status, Surface
from racegym.kernels import ground
from racegym.render import CAMERAS, History, Painter, cast_of, scene_of
from racegym.render.cameras import Framing, overview
from racegym.render.colours import FLAG_BLUE, FLAG_RED, FLAG_YELLOW, INKS, of_car
from racegym.render.ground import Ground, Tiles
from racegym.render.history import FRESH
from racegym.render.hud import lap_text, signs
from racegym.render.letters import letters
from racegym.render.scene import Cast, Scene, blend
from racegym.track import PitLane, Track, generate
from racegym.world import World

NAMES = ["Ann", "Bob"]


@pytest.fixture
def cast(world: World) -> Cast:
    return cast_of(world.view, NAMES, 1)


@pytest.fixture
def scene(world: World) -> Scene:
    for _ in range(60):
        world.step()
    return scene_of(world.view)


def colour_at(picture: NDArray[np.uint8], place: NDArray[np.float64]) -> NDArray[np.int64]:
    column, row = int(place[0]), int(place[1])
    return picture[row, column].astype(np.int64)


def far_from(colour: NDArray[np.int64], other: object) -> float:
    return float(np.abs(colour - np.asarray(other)).max())


def test_asphalt_is_grey_between_the_edges_and_grass_green_beyond(scene: Scene, cast: Cast) -> None:
    track = scene.track
    painter = Painter(cast, (900, 700), camera="track", display=False)
    picture, framing = painter.paint(scene, History()), painter.framing(scene)
    s = np.arange(12.0, track.length - 12.0, 7.0)
    half = float(track.width_left.min())
    edges = {0.0: "asphalt", 0.8 * half: "asphalt", -0.8 * half: "asphalt"}
    for d, what in edges.items():
        x, y, _ = track.at(s, d)
        for place in framing.to_picture(np.stack([x, y], axis=1)):
            colour = colour_at(picture, place)
            if min(np.hypot(*(place - p)) for p in places_of(scene, framing)) > 20:
                assert np.ptp(colour) < 14, (what, d, colour)
    x, y, _ = track.at(s, track.width_left.max() + track.kerb_width + 2.0)
    for place in framing.to_picture(np.stack([x, y], axis=1)):
        red, green, blue = colour_at(picture, place)
        assert green > red + 10 and green > blue + 10


def marker(scene: Scene, framing: Framing, car: int) -> NDArray[np.float64]:
    """Return a place in the disc that marks a car, below its number."""
    return places_of(scene, framing)[car] + np.array([0.0, 5.6])


def places_of(scene: Scene, framing: Framing) -> NDArray[np.float64]:
    return framing.to_picture(np.stack([scene.x, scene.y], axis=1))


@pytest.mark.parametrize("camera", CAMERAS)
def test_cars_are_where_they_are_in_their_colours(scene: Scene, cast: Cast, camera: str) -> None:
    painter = Painter(cast, (640, 480), camera=camera, focus=1, display=False)
    picture, framing = painter.paint(scene, History()), painter.framing(scene)
    for car in (1, 0):
        # Beside the cockpit and the stripe; a marker's number is in its middle.
        off = np.array([-0.3, 0.28]) * [cast.length[car], cast.width[car]]
        c, s = np.cos(scene.yaw[car]), np.sin(scene.yaw[car])
        x = scene.x[car] + c * off[0] - s * off[1]
        y = scene.y[car] + s * off[0] + c * off[1]
        place = framing.to_picture(np.array([x, y]))
        if camera == "track":
            place = marker(scene, framing, car)
        assert far_from(colour_at(picture, place), of_car(car)) < 40


def test_the_car_points_upward_in_the_view_that_turns_with_it(scene: Scene, cast: Cast) -> None:
    painter = Painter(cast, (640, 480), camera="follow")
    framing = painter.framing(scene)
    nose = np.array([np.cos(scene.yaw[0]), np.sin(scene.yaw[0])])
    here = np.array([scene.x[0], scene.y[0]])
    up = framing.to_picture(here + nose) - framing.to_picture(here)
    assert up[0] == pytest.approx(0.0, abs=1e-9) and up[1] < 0.0


def test_a_car_that_is_out_is_not_drawn(scene: Scene, cast: Cast) -> None:
    painter = Painter(cast, (640, 480), camera="track", focus=0, display=False)
    here = painter.paint(scene, History()).copy()
    gone = painter.paint(replace(scene, present=np.array([True, False])), History())
    place = marker(scene, painter.framing(scene), 1)
    assert far_from(colour_at(here, place), of_car(1)) < 40
    assert far_from(colour_at(gone, place), of_car(1)) > 60


def test_only_what_changes_in_the_display_changes_the_picture(scene: Scene, cast: Cast) -> None:
    painter = Painter(cast, (640, 480), camera="track")
    first = painter.paint(scene, History()).copy()
    faster = replace(scene, speed=scene.speed + 3.0)
    second = painter.paint(faster, History()).copy()
    rows, columns = np.nonzero((first != second).any(axis=2))
    assert len(rows) > 20
    assert columns.max() < 108 and rows.min() > 350  # the speed, at the lower left
    later = replace(scene, time=scene.time + 0.789)
    rows, columns = np.nonzero((first != painter.paint(later, History())).any(axis=2))
    assert len(rows) > 20 and columns.max() < 176 and rows.max() < 90  # the lap's time


def test_the_same_scene_gives_the_same_picture(scene: Scene, cast: Cast) -> None:
    for camera in CAMERAS:
        first = Painter(cast, camera=camera).paint(scene, History()).copy()
        assert np.array_equal(first, Painter(cast, camera=camera).paint(scene, History()))


def test_tiles_show_what_is_painted_at_once(scene: Scene) -> None:
    """North up, at a whole number of pixels, the way through tiles changes nothing."""
    ground, scale = Ground(scene.track), 4.0
    direct = np.empty((200, 300, 3), np.uint8)
    west, north = -10.0, 15.0
    ground.paint(direct, west, north, scale)
    through = np.empty_like(direct)
    Tiles(ground, scale).fill(through, Framing(west, north, 0.0, 0.0, scale))
    assert np.abs(direct.astype(int) - through).max() <= 2


def test_a_higher_track_lies_over_a_lower_one() -> None:
    t = np.linspace(0.0, 2.0 * np.pi, 240, endpoint=False) + 0.8  # the line is elsewhere
    eight = np.stack([80.0 * np.sin(t), 50.0 * np.sin(2.0 * t), 6.0 * np.cos(t)], axis=1)
    track = Track.from_points(eight, 4.0, 4.0, name="eight", crossings="allow")
    ((s1, s2),) = track.crossings
    picture = np.empty((160, 160, 3), np.uint8)
    x, y, _ = track.at(s1)
    Ground(track).paint(picture, float(x) - 10.0, float(y) + 10.0, 8.0)
    high = max((s1, s2), key=lambda s: track.z[int(s / track.spacing)])
    along = np.stack(track.at(high + np.linspace(-6.0, 6.0, 25), 3.9)[:2], axis=1)
    framing = Framing(float(x), float(y), 80.0, 80.0, 8.0)
    whites = [colour_at(picture, p).min() > 170 for p in framing.to_picture(along)]
    assert np.mean(whites) > 0.8  # its edge line goes through


@given(
    st.floats(-500, 500), st.floats(-500, 500), st.floats(-3.2, 3.2), st.floats(0.01, 100),
    st.floats(-900, 900), st.floats(-900, 900),
)  # fmt: skip
def test_the_way_to_the_picture_and_back(
    x: float, y: float, up: float, scale: float, right: float, down: float
) -> None:
    framing = Framing(x, y, 320.0, 240.0, scale, up)
    pixel = np.array([right, down])
    assert framing.to_picture(framing.to_map(pixel)) == pytest.approx(pixel, abs=1e-6)


def test_the_whole_track_is_beside_the_panels(scene: Scene) -> None:
    ground = Ground(scene.track)
    panels = [(0.0, 0.0, 180.0, 160.0), (460.0, 0.0, 640.0, 200.0)]
    framing = overview(ground.bounds, (640, 480), ground.points[:, :2], panels)
    seen = framing.to_picture(ground.points[:, :2])
    assert (seen > 0).all() and (seen < [640, 480]).all()
    for left, top, right, bottom in panels:
        assert not ((seen > [left, top]) & (seen < [right, bottom])).all(axis=1).any()


def test_trails_are_coloured_by_speed(scene: Scene, cast: Cast) -> None:
    history = History()
    painter = Painter(cast, (640, 480), camera="north", display=False)
    ahead = np.array([np.cos(scene.yaw[0]), np.sin(scene.yaw[0])])
    place = painter.framing(scene).to_picture(
        np.array([scene.x[0], scene.y[0]]) - 3.0 * cast.length[0] * ahead
    )
    for speed, channel in ((0.0, 2), (cast.top_speed, 0)):  # slow is blue, fast is red
        history = History()
        for k in range(60):
            back = (60 - k) * 0.2 * ahead
            history.add(
                replace(
                    scene, time=k / 10.0, step=k + 1, x=scene.x - back[0], y=scene.y - back[1],
                    speed=np.full(2, speed),
                )
            )  # fmt: skip
        colour = colour_at(painter.paint(replace(scene, step=61, time=6.0), history), place)
        assert np.argmax(colour) == channel


def test_a_line_can_be_laid_over_the_track(scene: Scene, cast: Cast) -> None:
    x, y, _ = scene.track.at(np.arange(0.0, scene.track.length, 1.0), 1.5)
    line = np.stack([x, y], axis=1)
    plain = Painter(cast, camera="track", display=False).paint(scene, History()).copy()
    lined = Painter(cast, camera="track", display=False, line=line).paint(scene, History())
    changed = (plain != lined).any(axis=2).sum()
    assert 100 < changed < 0.05 * plain.shape[0] * plain.shape[1]


def test_blending_goes_the_short_way_round_and_never_through_a_jump(scene: Scene) -> None:
    before = replace(scene, yaw=np.array([3.1, 0.0]))
    after = replace(
        scene, time=scene.time + 0.1, yaw=np.array([-3.1, 0.2]), x=scene.x + np.array([0.2, 50])
    )
    middle = blend(before, after, 0.5)
    assert abs(middle.yaw[0]) == pytest.approx(np.pi, abs=0.01)
    assert middle.x == pytest.approx(scene.x + np.array([0.1, 0.0]))
    assert middle.time == pytest.approx(scene.time + 0.05)
    assert blend(before, after, 1.0) is after


def test_sectors_are_compared_with_the_own_best(scene: Scene) -> None:
    history = History()

    def ends(sector: int, value: float, *, step: int, valid: bool = True) -> None:
        told = Event(time=0.0, race=0, car=0, kind=EventKind.SECTOR, value=value)
        now = replace(
            scene, step=step, sector=np.array([(sector + 1) % 3, 0]),
            lap_valid=np.array([valid, True]),
        )  # fmt: skip
        history.add(now, [told])

    ends(0, 10.0, step=1)
    assert np.isnan(history.sectors(0)[0].delta)
    ends(0, 9.0, step=2, valid=False)  # too fast to be true
    ends(0, 9.75, step=3)
    assert history.sectors(0)[0].delta == pytest.approx(-0.25)
    ends(0, 10.0, step=1)  # a restart: bests stay
    assert history.sectors(0)[0].delta == pytest.approx(0.25)


def test_lap_times_read_as_on_a_stop_watch() -> None:
    assert lap_text(59.9996) == "1:00.000"
    assert lap_text(0.0) == "0:00.000"


def test_letters_are_cut_to_their_room() -> None:
    font = letters(12)
    assert font.fitted("Ann", 100) == "Ann"
    cut = font.fitted("A name that is far too long", 60)
    assert cut.endswith("…") and font.width(cut) <= 60


def test_sizes_cameras_and_cars_that_there_are_not_are_refused(cast: Cast) -> None:
    with pytest.raises(RacegymError, match="did you mean 'follow'"):
        Painter(cast, camera="folow")  # type: ignore[arg-type]
    with pytest.raises(RacegymError, match="100 x 480"):
        Painter(cast, (100, 480))
    with pytest.raises(RacegymError, match="no car 2"):
        Painter(cast, focus=2)


def test_asphalt_and_grass_are_told_apart_by_eye() -> None:
    assert np.abs(INKS[0] - INKS[2]).max() > 25


def test_the_racing_line_of_a_track_is_drawn_unless_another_is_given(
    scene: Scene, cast: Cast
) -> None:
    track = scene.track
    raced = replace(scene, track=track.with_line(np.full(len(track), 1.0), "left"))
    x, y, _ = track.at(track.spacing * np.arange(len(track)), 1.0)

    def painted(scene: Scene, line: ArrayLike | None = None) -> NDArray[np.uint8]:
        painter = Painter(cast, camera="track", display=False, line=line)
        return painter.paint(scene, History()).copy()

    plain, by_itself = painted(scene), painted(raced)
    assert (plain != by_itself).any(axis=2).sum() > 200
    given = painted(scene, np.stack([x, y], axis=1))
    assert (given != by_itself).any(axis=2).mean() < 0.01
    assert np.array_equal(painted(raced, ()), plain)


def test_verges_and_the_pit_lane_are_painted() -> None:
    plain = generate(5, length=500.0, runoff=9.0)
    n = len(plain)
    lane = PitLane(
        entry=450.0, exit=50.0, offset=-9.0, width=3.0, speed_limit=10.0, boxes=(10.0, 20.0)
    )
    gravel = np.full(n, Surface.GRAVEL)
    track = replace(plain, surface_left=gravel, surface_right=gravel, pit=lane)

    def colours(track: Track, s: float, d: ArrayLike) -> NDArray[np.int64]:
        """Return the mean colour of half a metre around each place."""
        found = []
        for x, y in np.stack(track.at(s, d)[:2], axis=1):
            picture = np.zeros((5, 5, 3), np.uint8)
            Ground(track).paint(picture, float(x) - 0.25, float(y) + 0.25, 10.0)
            found.append(picture.reshape(-1, 3).mean(axis=0))
        return np.array(found, np.int64)

    beside = np.array([8.0, -8.0])
    for one, ink in ((plain, ground.GRASS), (track, ground.GRAVEL)):
        assert far_from(colours(one, 250.0, beside), INKS[ink]) < 25.0
    left, right = colours(track, 30.0, beside)
    assert far_from(left, INKS[ground.GRAVEL]) < 25.0
    assert far_from(right, INKS[ground.ASPHALT]) < 12.0
    # The edges of the lane, and a side of the first box, are white lines.
    half = 0.5 * lane.box_length(track.length)
    for s, d in ((30.0, -7.5), (30.0, -10.5), (10.0 - half, -9.8), (10.0 + half, -9.8)):
        x, y, _ = track.at(s, d)
        picture = np.zeros((9, 9, 3), np.uint8)
        Ground(track).paint(picture, float(x) - 0.225, float(y) + 0.225, 20.0)
        assert picture.reshape(-1, 3).min(axis=1).max() > 200, (s, d)


def shown_to(scene: Scene, car: int, flags: int, due: PenaltyKind = PenaltyKind.NONE) -> Scene:
    every, penalties = scene.flags.copy(), scene.penalty_due.copy()
    every[car], penalties[car] = flags, due
    return replace(scene, flags=every, penalty_due=penalties)


def test_flags_and_penalties_of_the_car_that_is_looked_at_are_told(scene: Scene) -> None:
    assert signs(scene, 0) == []
    told = shown_to(scene, 0, Flag.BLUE | Flag.YELLOW, PenaltyKind.STOP_GO)
    assert signs(told, 0) == [
        ("PENALTY: STOP-GO", FLAG_RED), ("YELLOW FLAG", FLAG_YELLOW),
        ("BLUE FLAG: LET BY", FLAG_BLUE),
    ]  # fmt: skip
    assert signs(told, 1) == []
    out = replace(told, status=np.full_like(told.status, Status.RETIRED))
    assert signs(out, 0) == []


def test_a_flag_has_its_colour_in_the_middle_and_in_the_standings(scene: Scene, cast: Cast) -> None:
    painter = Painter(cast, (640, 480), camera="north", focus=0)
    before = painter.paint(scene, History()).copy()
    after = painter.paint(shown_to(scene, 0, Flag.YELLOW), History()).copy()

    def yellow(picture: NDArray[np.uint8], columns: slice) -> int:
        near = np.abs(picture[:64, columns].astype(int) - FLAG_YELLOW).max(axis=-1) < 12
        return int(near.sum())

    for columns, least in ((slice(230, 420), 800), (slice(470, 640), 30)):
        assert yellow(after, columns) > yellow(before, columns) + least


def test_news_are_shown_while_they_are_fresh(scene: Scene, cast: Cast) -> None:
    history = History()
    passed = Event(
        time=scene.time, race=0, car=1, other=0, kind=EventKind.OVERTAKE, value=0.0,
        details={"counted": 1.0},
    )  # fmt: skip
    history.add(scene, [passed])
    assert history.news(scene.time) is passed
    assert history.news(scene.time + FRESH + 0.1) is None
    painter = Painter(cast, (640, 480), camera="north", focus=0)
    told = painter.paint(scene, history).copy()
    assert (told != painter.paint(scene, History())).any()
    history.add(replace(scene, step=0, time=0.0), [])  # a race has begun anew
    assert history.news(0.0) is None
