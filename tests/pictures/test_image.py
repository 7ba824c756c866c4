"""Tracks out of drawn pictures: against the curves they were drawn from, lapped, and refused."""

from __future__ import annotations

import json
import struct
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from drawn_tracks import (
    BLACK,
    STYLES,
    WHITE,
    Curve,
    circuit,
    curve_of,
    draw,
    eight,
    gates,
    write_gates,
)
from driven_laps import assert_lapped
from PIL import Image, ImageDraw
from scipy.spatial import cKDTree

from racegym.errors import MissingLibraryError, ScenarioError, TrackError, TrackPictureError
from racegym.formats import format_of, read_track
from racegym.track import Track

# What a picture is held to: the greater of a pixel and 3 % of the width from the true middle,
# 1.5 pixels of width (2 of a JPEG), and 0.5 % of a lap.
CENTERLINE, CENTERLINE_SHARE = 1.0, 0.03
WIDTH = {"jpeg": 2.0}
LAP = 0.005
KART_WIDTH = 9.0  # [m]
SCALE = KART_WIDTH / 22.0  # [m] of a pixel of the small circuit


def in_pixels(track: Track, curve: Curve, scale: float = 1.0) -> np.ndarray:
    """The samples (n, 2) of a track in pixels of its picture, y down."""
    x = (track.x + track.origin[0]) / scale - 0.5
    y = curve.size[1] - (track.y + track.origin[1]) / scale - 0.5
    return np.column_stack([x, y])


def assert_drawn_from(track: Track, curve: Curve, style: str, scale: float = 1.0) -> None:
    n = len(curve.points)
    fine = np.arange(0.0, n, 0.05)
    ring = np.arange(n + 1)
    dense = np.column_stack(
        [np.interp(fine, ring, np.append(column, column[0])) for column in curve.points.T]
    )
    apart, at = cKDTree(dense).query(in_pixels(track, curve, scale))
    width = np.interp(fine[at], ring, np.append(curve.width, curve.width[0]))
    assert track.length == pytest.approx(scale * curve.length, rel=LAP)
    assert apart.max() < max(CENTERLINE, CENTERLINE_SHARE * width.min())
    found = (track.width_left + track.width_right) / scale
    assert np.abs(found - width).max() < WIDTH.get(style, 1.5)
    assert len(track.crossings) == (style == "eight")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> dict[str, tuple[Curve, Path]]:
    """Every style of one small circuit."""
    folder = tmp_path_factory.mktemp("drawn")
    made = {}
    for style in STYLES:
        curve = eight(22.0) if style == "eight" else circuit(4, 1300.0, 22.0)
        curve = curve.cut() if style == "border" else curve
        made[style] = curve, draw(style, curve, folder / style)
    return made


@pytest.fixture(scope="module")
def plain(drawn) -> tuple[Curve, Path]:
    return drawn["antialiased"]


@pytest.fixture
def copy(plain, tmp_path) -> tuple[Curve, Path]:
    """A picture in a folder of its own, so that gates can lie beside it."""
    path = tmp_path / "circuit.png"
    path.write_bytes(plain[1].read_bytes())
    return plain[0], path


@pytest.fixture(scope="module")
def read(drawn) -> dict[str, Track]:
    """Every style of it, read at a scale that suits a kart."""
    return {
        style: read_track(path, options={"scale": SCALE, "name": style})
        for style, (_, path) in drawn.items()
    }


@pytest.mark.parametrize("style", STYLES)
def test_a_drawing_gives_back_the_curve_that_it_was_drawn_from(drawn, read, style):
    curve, path = drawn[style]
    assert format_of(path) == "image"
    track = read[style]
    assert_drawn_from(track, curve, style, SCALE)
    assert any("was taken as the track" in note for note in track.notes)
    assert any("direction was taken as clockwise" in note for note in track.notes)


def test_drawings_are_lapped(read):
    assert_lapped(list(read.values()), "rental_kart")


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_drawings_with_and_without_gates_are_true_and_lapped(tmp_path, style):
    tracks = []
    for seed in range(1, 2 if style == "eight" else 5):
        curve = curve_of(style, seed)
        for with_gates in (False, True):
            folder = tmp_path / f"{seed}{with_gates}"
            folder.mkdir()
            path = draw(style, curve, folder / "circuit")
            if with_gates:
                write_gates(curve, path)
            track = read_track(path, options={"scale": 1.0})
            assert_drawn_from(track, curve, style)
            if with_gates:
                assert_starts_at_the_gates(track, curve)
            tracks.append(read_track(path, options={"width": KART_WIDTH, "name": folder.name}))
    assert_lapped(tracks, "rental_kart")


def assert_starts_at_the_gates(track: Track, curve: Curve, count: int = 8) -> None:
    k = round(0.1 * len(curve.points))
    places = in_pixels(track, curve)
    assert np.hypot(*(places[0] - curve.points[k])) < 2.0
    along = curve.points[k + 1] - curve.points[k]
    assert track.tangent_x[0] * along[0] - track.tangent_y[0] * along[1] > 0.0
    assert len(track.checkpoints) == count
    x, y, _ = track.at(track.checkpoints)
    at = (k + np.round(np.arange(count) * len(curve.points) / count).astype(int)) % len(
        curve.points
    )
    where = np.column_stack([x + track.origin[0] - 0.5, curve.size[1] - y - track.origin[1] - 0.5])
    assert np.hypot(*(where - curve.points[at]).T).max() < 3.0


@pytest.mark.parametrize("style", ["jpeg", "eight"])
def test_gates_tell_start_direction_and_checkpoints(drawn, tmp_path, style):
    curve, source = drawn[style]
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes())
    write_gates(curve, path)
    track = read_track(path, options={"scale": 1.0})
    assert_starts_at_the_gates(track, curve)
    assert_drawn_from(track, curve, style)

    write_gates(curve, path, checkpoints=[gates(curve)[0], *gates(curve)[:0:-1]])
    back = read_track(path, options={"scale": 1.0})
    assert np.cos(back.heading[0] - track.heading[0]) < -0.9
    assert any("start_angle" in note and "contradicts" in note for note in back.notes)
    assert (
        read_track(path, options={"scale": 1.0, "gates": False}).checkpoints[1]
        != (track.checkpoints[1])
    )


def test_the_proposed_form_with_resolution_and_origin(copy):
    curve, path = copy
    k = round(0.1 * len(curve.points))
    along = curve.points[k + 1] - curve.points[k]
    entry = {
        "resolution": 0.25,
        "origin": [100.0, -50.0, 0.0],
        "direction": -1,
        "start": [*curve.points[k].tolist(), float(np.arctan2(along[1], -along[0]))],
        "gates": gates(curve),
        "pit": {},
    }
    path.with_name("checkpoints.json").write_text(json.dumps(entry), "utf-8")
    track = read_track(path)
    assert track.length == pytest.approx(0.25 * curve.length, rel=LAP)
    assert track.tangent_x[0] * along[0] - track.tangent_y[0] * along[1] < 0.0
    assert any("pit lane" in note for note in track.notes)
    start = [100.0 + 0.25 * (curve.points[k, 0] + 0.5),
             -50.0 + 0.25 * (curve.size[1] - curve.points[k, 1] - 0.5)]  # fmt: skip
    x, y, _ = track.at(0.0)
    assert np.hypot(x + track.origin[0] - start[0], y + track.origin[1] - start[1]) < 0.5


def test_a_picture_of_classes(copy):
    curve, path = copy
    area = np.asarray(Image.open(path).convert("L")) < 128
    Image.fromarray(np.where(area, 1, 3).astype(np.uint8)).save(path)
    entry = {"resolution": 1.0, "gates": gates(curve)}
    path.with_name("checkpoints.json").write_text(json.dumps(entry), "utf-8")
    track = read_track(path)
    assert_drawn_from(track, curve, "classes")
    assert any("class 1" in note for note in track.notes)


def test_size_start_and_direction_are_as_told(plain):
    curve, path = plain
    by_length = read_track(path, options={"length": 800.0, "direction": "cw"})
    assert np.sum(by_length.curvature) < 0.0
    assert by_length.length == pytest.approx(800.0, rel=1e-3)
    by_width = read_track(path, options={"width": 10.0, "direction": "ccw"})
    assert np.sum(by_width.curvature) > 0.0
    assert np.median(by_width.width_left + by_width.width_right) == pytest.approx(10.0, rel=0.01)

    k = len(curve.points) // 3
    start = curve.points[k].tolist()
    tracks = {
        direction: read_track(path, options={"scale": 1, "start": start, "direction": direction})
        for direction in (0.0, "180")
    }
    for track in tracks.values():
        assert np.hypot(*(in_pixels(track, curve)[0] - start)) < 3.0
    turning = {name: np.sum(track.curvature) for name, track in tracks.items()}
    assert turning["180"] * turning[0.0] < 0.0
    assert abs(tracks[0.0].heading[0]) < np.pi / 2 < abs(tracks["180"].heading[0])


def outlines(path: Path, curve: Curve) -> None:
    picture = Image.new("RGB", curve.size, "white")
    picture = picture.resize((4 * curve.size[0], 4 * curve.size[1]))
    pen = ImageDraw.Draw(picture)
    for side in (1.0, -1.0):
        edge = 4.0 * (np.append(curve.edge(side), curve.edge(side)[:1], axis=0) + 0.5) - 0.5
        pen.line([tuple(p) for p in edge], fill=0, width=8)
    picture.reduce(4).save(path)


def test_a_track_of_two_outlines(plain, tmp_path):
    curve = plain[0]
    outlines(tmp_path / "lines.png", curve)
    track = read_track(tmp_path / "lines.png", options={"scale": 1.0})
    assert any("forms between lines" in note for note in track.notes)
    narrower = Curve(curve.points, curve.width - 2.0, curve.size)
    assert_drawn_from(track, narrower, "outlines")


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": 128},
        {"track_color": "black"},
        {"track_color": "#101010", "tolerance": 90},
    ],
)
def test_the_area_may_be_told(plain, options):
    curve, path = plain
    track = read_track(path, options={"scale": 1.0, **options})
    assert_drawn_from(track, curve, "told")


@pytest.mark.parametrize("colour", [(1, 0, 101), (204, 51, 0, 160)])
def test_the_colour_that_is_told_is_the_one_that_was_painted(tmp_path, colour):
    picture = Image.new("RGBA", (240, 200), (255, 255, 255, 0) if len(colour) == 4 else WHITE)
    ImageDraw.Draw(picture).rounded_rectangle([20, 20, 220, 180], 60, outline=colour, width=24)
    path = tmp_path / "one.png"
    picture.save(path)
    name = "#" + "".join(f"{part:02x}" for part in colour)
    track = read_track(path, options={"scale": 1.0})
    assert f"colour {name} was taken as the track" in track.notes
    again = read_track(path, options={"scale": 1.0, "track_color": name, "tolerance": 5})
    assert again.length == pytest.approx(track.length, rel=0.001)


def test_a_gap_is_bridged_and_said(copy):
    curve, path = copy
    picture = Image.open(path)
    x, y = curve.points[0]
    ImageDraw.Draw(picture).ellipse([x - 5, y - 22, x + 5, y + 22], fill="white")
    ImageDraw.Draw(picture).ellipse([x - 22, y - 5, x + 22, y + 5], fill="white")
    picture.save(path)
    track = read_track(path, options={"scale": 1.0})
    assert any("bridged" in note for note in track.notes)
    assert track.length == pytest.approx(curve.length, rel=0.02)


@pytest.mark.parametrize("mode", ["I;16", "LA"])
def test_modes_of_pictures(plain, tmp_path, mode):
    curve, source = plain
    gray = Image.open(source).convert("L")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(gray).astype(np.uint16) * 100)
    else:
        picture = gray.convert(mode)
    path = tmp_path / "t.png"
    picture.save(path)
    assert_drawn_from(read_track(path, options={"scale": 1.0}), curve, mode)


@pytest.mark.parametrize("ending", ["pgm", "webp"])
def test_formats_of_pictures(plain, tmp_path, ending):
    curve, source = plain
    path = tmp_path / f"t.{ending}"
    picture = Image.open(source).convert("L" if ending == "pgm" else "RGB")
    picture.save(path)
    assert format_of(path) == "image"
    assert_drawn_from(read_track(path, options={"scale": 1.0}), curve, "jpeg")


@pytest.mark.slow
def test_a_large_picture_is_read_reduced_and_as_truly(plain, tmp_path):
    _, source = plain
    picture = Image.open(source).convert("L")
    share = 5200 / picture.width
    picture = picture.resize((5200, round(picture.height * share)))
    picture.save(tmp_path / "large.png")
    track = read_track(tmp_path / "large.png", options={"scale": 1.0 / share})
    assert any("of its size" in note for note in track.notes)
    small = read_track(source, options={"scale": 1.0})
    assert track.length == pytest.approx(small.length, rel=1e-3)
    assert np.median(track.width_left) == pytest.approx(np.median(small.width_left), abs=0.2)


def ring(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, width: int) -> None:
    pen.ellipse([x - radius, y - radius, x + radius, y + radius], outline=BLACK, width=width)


def test_several_loops_are_refused_with_a_picture_unless_one_is_named(tmp_path):
    picture = Image.new("RGB", (420, 220), WHITE[:3])
    ring(ImageDraw.Draw(picture), 110, 110, 90, 20)
    ring(ImageDraw.Draw(picture), 310, 110, 90, 20)
    path = tmp_path / "two.png"
    picture.save(path)
    with pytest.raises(
        TrackPictureError, match=r"2 separate loops .* say which .* `start`"
    ) as info:
        read_track(path, options={"scale": 1.0})
    assert info.value.picture.shape == (220, 420, 3)
    assert (info.value.picture[:, :, 0] > 200).any()
    assert list(tmp_path.iterdir()) == [path]
    track = read_track(path, options={"scale": 1.0, "start": [390, 110]})
    assert track.origin[0] == pytest.approx(310.5, abs=1.0)


def test_start_tells_which_of_two_circuits_whatever_their_colours(tmp_path):
    """The larger is of another colour; and a road that is two thick outlines."""
    picture = Image.new("RGB", (640, 300), WHITE[:3])
    pen = ImageDraw.Draw(picture)
    pen.ellipse([20, 20, 280, 280], outline=(200, 30, 30), width=30)
    pen.ellipse([110, 110, 190, 190], outline=(30, 30, 200), width=14)
    pen.ellipse([360, 20, 620, 280], outline=BLACK, width=9)
    pen.ellipse([400, 60, 580, 240], outline=BLACK, width=9)
    path = tmp_path / "many.png"
    picture.save(path)
    widths = {}
    for start in ([150, 35], [150, 117], [490, 44]):
        track = read_track(path, options={"scale": 1.0, "start": start})
        widths[start[1]] = float(np.median(track.width_left + track.width_right))
    assert widths == pytest.approx({35: 30.0, 117: 14.0, 44: 31.0}, abs=1.5)


def test_small_rings_of_one_colour_do_not_make_a_circuit_of_another_unclear(tmp_path):
    picture = Image.new("RGB", (420, 320), (60, 140, 60))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle([20, 20, 400, 300], 80, outline=(90, 90, 95), width=30)
    for x in (150, 270):
        pen.ellipse([x - 45, 115, x + 45, 205], outline=(230, 210, 120), width=12)
    picture.save(tmp_path / "lakes.png")
    track = read_track(tmp_path / "lakes.png", options={"scale": 1.0})
    assert np.median(track.width_left + track.width_right) == pytest.approx(30.0, abs=1.5)


def test_a_fork_and_a_track_that_does_not_close_are_refused_with_a_picture(tmp_path):
    picture = Image.new("RGB", (300, 220), WHITE[:3])
    pen = ImageDraw.Draw(picture)
    pen.rectangle([20, 20, 280, 200], outline=BLACK, width=22)
    pen.rectangle([130, 30, 152, 190], fill=BLACK)
    picture.save(tmp_path / "fork.png")
    with pytest.raises(TrackPictureError, match=r"fork\.png: .* of 2 loops: it forks in 2 places"):
        read_track(tmp_path / "fork.png", options={"scale": 1.0})
    pen.rectangle([0, 0, 300, 220], fill=WHITE)  # a fork that is no right angle, with dead ends
    corners = [(30, 110), (120, 30), (230, 20), (280, 110), (220, 195), (120, 170)]
    pen.polygon(corners, outline=BLACK, width=22)
    pen.line([(142, 5), (150, 215)], fill=BLACK, width=22)
    picture.save(tmp_path / "ends.png")
    with pytest.raises(TrackPictureError, match=r"ends\.png: .* of 2 loops: it forks in 2 places"):
        read_track(tmp_path / "ends.png", options={"scale": 1.0})
    pen.rectangle([0, 0, 300, 220], fill=WHITE)
    pen.arc([20, 20, 280, 200], 0, 250, fill=BLACK, width=22)
    picture.save(tmp_path / "open.png")
    with pytest.raises(TrackPictureError, match="does not close"):
        read_track(tmp_path / "open.png", options={"scale": 1.0})


@pytest.mark.parametrize("noise", [False, True])
def test_a_picture_of_nothing_is_refused(tmp_path, noise):
    rng = np.random.default_rng(1)
    values = rng.integers(0, 256, (200, 240, 3)) if noise else np.full((200, 240, 3), 200)
    Image.fromarray(values.astype(np.uint8)).save(tmp_path / "none.png")
    with pytest.raises(TrackPictureError, match=r"none\.png: shows"):
        read_track(tmp_path / "none.png", options={"scale": 1.0})


BAD_OPTIONS = [
    ({}, TrackError, "does not say how large .* length .* width .* scale"),
    ({"length": 500, "width": 9}, ScenarioError, "give one of width and length"),
    ({"scale": 0}, ScenarioError, "'scale' is 0"),
    ({"scale": float("nan")}, ScenarioError, "'scale' is nan"),
    ({"lenght": 500}, ScenarioError, "did you mean 'length'"),
    ({"scale": 1, "track_color": "asphaltish"}, ScenarioError, "a colour is written as"),
    ({"scale": 1, "track_color": "#ff00ff"}, TrackError, "no pixel within 60 .* its colours are"),
    ({"scale": 1, "invert": True}, ScenarioError, "invert goes with threshold"),
    ({"scale": 1, "start": [5000, 5]}, TrackError, r"start is \[5000, 5\], outside the picture"),
    ({"scale": 1, "start": [2, 2]}, TrackError, r"start \[2, 2\] is \d+ pixels off the middle"),
    ({"scale": 1, "direction": "left"}, ScenarioError, "direction"),
    ({"length": 99_999, "scale": None, "smoothing": 0}, ScenarioError, "smoothing"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD_OPTIONS)
def test_bad_options_are_told_plainly(plain, options, kind, message):
    with pytest.raises(kind, match=message):
        read_track(plain[1], options=options)


def bad_gates(curve: Curve) -> list:
    good = gates(curve)
    swapped = [good[0], good[1], good[4], good[2], good[3], *good[5:]]
    here = {"circuit.png": {"checkpoints": good}}
    return [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON that can be read"),
        ("[]", "holds a list of 0; it must be a mapping"),
        ({"cirkuit.png": {}}, "says nothing of 'circuit.png'; did you mean 'cirkuit.png'"),
        ({"circuit.png": []}, "'circuit.png' is a list of 0; it must be a mapping"),
        ({"circuit.png": {"checkpoint": []}}, "did you mean 'checkpoints'"),
        ({"circuit.png": {"checkpoints": 5}}, r"'circuit.png'.checkpoints is 5; .* list of gates"),
        ({"circuit.png": {"checkpoints": [[1, 2]]}}, r"checkpoints\[0\]\[0\] is 1; .* 2 numbers"),
        ({"circuit.png": {"checkpoints": [[[1, 2], [3]]]}}, r"\[0\]\[1\] is a list of 1"),
        ({"circuit.png": {"checkpoints": [[[1, 2], [3, "x"]]]}}, r'\[0\]\[1\]\[1\] is "x"'),
        ({"circuit.png": {"checkpoints": [[[1, 2], [1, 2]]]}}, "both ends at the same pixel"),
        ('{"circuit.png": {"checkpoints": [[[1, NaN], [3, 4]]]}}', r"is NaN; that is no place"),
        ('{"circuit.png": {"start_angle": -Infinity}}', r"is -Infinity; that is no place"),
        ('{"circuit.png": {"start_angle": %s}}' % ("9" * 300), "a number of many digits"),
        ('{"circuit.png": {"start_angle": %s}}' % ("9" * 5000), "too large a number"),
        ({"circuit.png": {"start_position": [1]}}, "start_position is a list of 1"),
        ({"circuit.png": {"direction": 2}}, "direction is 2; it must be 1"),
        ({"circuit.png": {"resolution": -1}}, "resolution is -1; it must be above 0"),
        ({"circuit.png": {"checkpoints": good[:2]}}, "has 2 gates; 3 are needed"),
        ({"circuit.png": {"checkpoints": [[[-9, 2], [-5, 3]]] * 3}}, "lies outside the picture"),
        ({"circuit.png": {"checkpoints": [*good[:2], [[1, 1], [9, 9]]]}},
         r"checkpoints\[2\] is off the track"),
        ({"circuit.png": {"checkpoints": swapped}}, r"checkpoints\[[34]\] is out of order"),
        ({"circuit.png": {"checkpoints": good, "gates": good}}, "are the same; give one"),
        ({"circuit.png": {"checkpoints": good, "start_position": [1, 1]}}, "off the middle of the"),
        ({"circuit.png": {"checkpoints": good * 200}}, "holds 1600 gates; 1000 are possible"),
        (json.dumps(here) + " " * 1_000_001, "larger than 1 MB"),
        (b"\xff\xfe", "no UTF-8"),
    ]  # fmt: skip


@pytest.mark.parametrize("k", range(27))
def test_bad_gates_are_told_plainly(copy, k):
    curve, path = copy
    content, message = bad_gates(curve)[k]
    beside = path.with_name("checkpoints.json")
    if isinstance(content, bytes):
        beside.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content)
        beside.write_text(text, "utf-8")
    with pytest.raises(TrackError, match=message) as info:
        read_track(path, options={"scale": 1.0})
    assert info.value.file == str(beside)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a kilobyte that says it has so many pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for part in (body, b"IDAT" + zlib.compress(bytes(1000))):
        parts += [struct.pack(">I", len(part) - 4), part, struct.pack(">I", zlib.crc32(part))]
    return b"".join(parts)


@pytest.mark.parametrize("side", [7_000, 10_000, 100_000])
def test_a_picture_too_large_is_refused_before_it_is_decoded(tmp_path, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(side, side))
    begun = time.process_time()
    with pytest.raises(TrackError, match="megapixels"):
        read_track(path, options={"scale": 1.0})
    assert time.process_time() - begun < 1.0


def test_a_truncated_picture_is_told_plainly(copy):
    _, path = copy
    content = path.read_bytes()
    for share in (0.1, 0.5, 0.95):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(TrackError, match="broken or truncated"):
            read_track(path, options={"scale": 1.0})
    path.write_bytes(content[:9])
    with pytest.raises(TrackError, match=r"no picture that can be read|broken"):
        read_track(path, options={"scale": 1.0})


def test_a_file_that_is_no_picture(tmp_path):
    path = tmp_path / "t.png"
    path.write_text("%!PS-Adobe EPSF\n", "utf-8")
    with pytest.raises(TrackError, match="no picture that can be read; PNG"):
        read_track(path, form="image", options={"scale": 1.0})
    with pytest.raises(TrackError, match="there is no such picture"):
        read_track(tmp_path / "no.png", form="image", options={"scale": 1.0})
    with pytest.raises(TrackError, match="is no file"):
        read_track(tmp_path, form="image", options={"scale": 1.0})
    Image.new("L", (8, 400)).save(path)
    with pytest.raises(TrackError, match="8 x 400 pixels; a track needs 16"):
        read_track(path, form="image", options={"scale": 1.0})


def test_without_scikit_image_the_command_that_installs_it_is_told(plain, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.morphology", None)
    with pytest.raises(MissingLibraryError, match="pip install scikit-image"):
        read_track(plain[1], options={"scale": 1.0})
