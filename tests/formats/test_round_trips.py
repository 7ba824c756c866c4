"""Import, export, import: what comes back is the track, to a millimetre.

And the drawings, which are written alone.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from racegym.errors import TrackError
from racegym.formats import FORMATS, read_track, write_track
from racegym.formats.drawing import drawing_of
from racegym.formats.local_plane import LocalPlane
from racegym.track import PitLane, Track, generate

STYLES = ["fast", "smooth", "technical"]
GEOMETRY = ["tum", "geojson"]
TOLERANCE = 1e-3  # [m] as docs/track_formats.md has it


def bridge(length=1200.0) -> Track:
    """A figure of eight that passes over itself."""
    angle = 2.0 * np.pi * (np.arange(240) + 7.3) / 240
    points = np.column_stack([np.sin(angle), np.sin(2 * angle) * 0.45, 0.02 * np.cos(angle)])
    wide = 5.0 + np.cos(3 * angle)
    points *= length / 6.0
    return Track.from_points(points, wide, wide + 0.5, name="eight", crossings="allow")


def full(track: Track) -> Track:
    """The track with everything that a track may have."""
    n = len(track)
    line = 1.5 * np.sin(2.0 * np.pi * 3.0 * np.arange(n) / n)
    pit = PitLane(
        entry=track.length - 60.0,
        exit=50.0,
        offset=-11.0,
        width=4.0,
        speed_limit=16.0,
        boxes=(5.0,),
    )
    x, y, _ = track.at(0.4 * track.length, 3.0)
    side = np.where(np.arange(n) < n // 2, 2, 3)
    return replace(
        track.with_line(line, "test").with_obstacles([[float(x), float(y), 0.5]]),
        pit=pit,
        grid=np.array([[track.length - 10.0, 1.0], [track.length - 18.0, -1.0]]),
        surface_left=side,
        runoff=np.inf,
    )


def assert_same(track: Track, again: Track, form: str) -> None:
    assert len(again) == len(track)
    assert again.length == pytest.approx(track.length, abs=TOLERANCE)
    for name in ("x", "y", "width_left", "width_right"):
        np.testing.assert_allclose(getattr(again, name), getattr(track, name), atol=TOLERANCE)
    np.testing.assert_allclose(again.origin, track.origin, atol=TOLERANCE)
    assert len(again.crossings) == len(track.crossings)
    if track.line is not None:
        np.testing.assert_allclose(again.line, track.line, atol=TOLERANCE)
    if form == "geojson":
        np.testing.assert_allclose(again.z, track.z, atol=TOLERANCE)
        np.testing.assert_allclose(again.sectors, track.sectors, atol=TOLERANCE)
        np.testing.assert_allclose(again.checkpoints, track.checkpoints, atol=TOLERANCE)
        assert (again.runoff, again.kerb_width) == (track.runoff, track.kerb_width)
        assert again.pit == track.pit
        np.testing.assert_allclose(again.obstacles, track.obstacles, atol=TOLERANCE)
        for name in ("grid", "surface_left"):
            np.testing.assert_array_equal(getattr(again, name), getattr(track, name))


@pytest.mark.parametrize("form", GEOMETRY)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), style=st.sampled_from(STYLES), whole=st.booleans())
def test_generated_tracks(tmp_path, form, seed, style, whole):
    track = generate(seed, style=style, length=700.0)
    track = full(track) if whole else track
    file = tmp_path / f"t.{form}"
    for each in tmp_path.iterdir():
        each.unlink()
    write_track(track, file, form)
    again = read_track(file)
    assert_same(track, again, form)
    write_track(again, file, form)
    assert_same(again, read_track(file), form)


@pytest.mark.parametrize("form", GEOMETRY)
@pytest.mark.parametrize("track", [bridge(), full(bridge(2000.0))], ids=["bare", "full"])
def test_bridges(tmp_path, form, track):
    file = tmp_path / "t"
    assert len(track.crossings) == 1
    write_track(track, file, form)
    assert_same(track, read_track(file, form), form)


@pytest.mark.parametrize("form", GEOMETRY)
def test_real_circuits(tmp_path, tum, form):
    for name, track in tum.items():
        write_track(track, tmp_path / f"{name}.x", form)
        assert_same(track, read_track(tmp_path / f"{name}.x", form), form)


def test_a_place_on_the_earth_is_kept(tmp_path):
    plane = LocalPlane(35.371708, 138.927245)
    track = replace(full(generate(3)), notes=(plane.note,))
    write_track(track, tmp_path / "t.geojson", "geojson")
    top = json.loads((tmp_path / "t.geojson").read_text(encoding="utf-8"))
    longitude, latitude = top["features"][0]["geometry"]["coordinates"][0][:2]
    x, y = plane.to_plane(latitude, longitude)
    assert x == pytest.approx(track.x[0] + track.origin[0], abs=TOLERANCE)
    assert y == pytest.approx(track.y[0] + track.origin[1], abs=TOLERANCE)
    again = read_track(tmp_path / "t.geojson")
    assert (again.notes, again.name) == (track.notes, track.name)
    assert_same(track, again, "geojson")
    back = read_track(tmp_path / "t.geojson", options={"reverse": True, "name": "back"})
    assert back.name == "back"
    assert_same(replace(track.reversed(), grid=track.grid), replace(back, grid=track.grid), "tum")


def changed(top, path, value):
    *inner, last = path
    for key in inner:
        top = top[key]
    if value is None:
        del top[last]
    else:
        top[last] = value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("racegym", "columns", "width_left"), [1.0], r"width_left holds 1 values, and the cent"),
        (("racegym", "columns", "what"), [1.0], r"columns.what holds 1 values"),
        (("racegym", "columns", "width_left"), "a", r"racegym.columns.width_left: input should"),
        (("racegym", "latitude"), 91.0, r"racegym.latitude: input should be less"),
        (("racegym", "placed"), None, r"racegym.placed: field required"),
        (("racegym", "head", "spacing"), -1.0, r"spacing must be|spacing .* above 0|spacing"),
        (("racegym", "head", "what"), 1, r"what is unknown"),
        (("racegym", "head", "pit"), {"entry": 1e9}, r"pit"),
        (("features", 0, "properties", "role"), "x", r"no line with the role centerline"),
        (("features", 0, "geometry", "coordinates", 4), [1.0], r"no line with the role center"),
        (("features", 0, "geometry", "coordinates", 4), [1.0, 99.0], r"leaves the Earth"),
    ],
)
def test_an_edited_export_is_refused_with_the_place(tmp_path, path, value, message):
    file = tmp_path / "t.geojson"
    write_track(generate(1), file, "geojson")
    top = json.loads(file.read_text(encoding="utf-8"))
    changed(top, path, value)
    file.write_text(json.dumps(top), encoding="utf-8")
    with pytest.raises(TrackError, match=message) as caught:
        read_track(file)
    assert str(caught.value).startswith(str(file))


def test_what_can_be_written_is_known():
    assert {name for name, row in FORMATS.items() if row.writes} >= {*GEOMETRY, "svg", "png"}


@pytest.mark.parametrize("form", ["tum", "geojson", "svg", "png"])
def test_nothing_is_left_where_writing_fails(tmp_path, form):
    with pytest.raises(TrackError, match="can't be written"):
        write_track(generate(0), tmp_path / "none" / "t", form)
    (tmp_path / "folder").mkdir()
    with pytest.raises(TrackError, match="can't be written"):
        write_track(generate(0), tmp_path / "folder", form)
    assert [each.name for each in tmp_path.rglob("*")] == ["folder"]


def test_a_drawing_in_svg(tmp_path):
    track = replace(full(bridge()), name='A & <B> "C"\x00')
    (file,) = write_track(track, tmp_path / "t.svg", "svg")
    root = ElementTree.parse(file).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text.startswith('A & <B> "C" · ')
    colours = [path.get("fill") or path.get("stroke") for path in root.iter(f"{space}path")]
    assert {"#d9dce0", "#3c424a", "#c8322d", "#16191d", "#2a6fbb", "#eceef0"} <= set(colours)
    assert len(list(root.iter(f"{space}circle"))) == 1
    wide, high = float(root.get("width")), float(root.get("height"))
    for path in root.iter(f"{space}path"):
        text = path.get("d").replace("M", " ").replace("L", " ").replace("Z", " ")
        x, y = np.array([pair.split(",") for pair in text.split()], float).T
        assert x.min() >= 0.0 and y.min() >= 0.0 and x.max() <= wide and y.max() <= high


@pytest.mark.parametrize("name", ["a narrow track with a name that is wider", "name " * 60])
def test_a_drawing_has_room_for_the_title(name):
    angle = 2.0 * np.pi * np.arange(100) / 100
    points = np.column_stack([30.0 * np.cos(angle), 300.0 * np.sin(angle)])
    track = Track.from_points(points, 4.0, 4.0, name=name)
    drawing = drawing_of(track)
    title = drawing.shapes[-1]
    assert drawing.width <= 1200 and f"· {track.length:,.0f} m" in title.text
    font = ImageFont.load_default(title.size)
    assert title.x + font.getlength(title.text) < drawing.width - 10
    edges = np.concatenate([drawing.shapes[0].left, drawing.shapes[0].right])
    assert edges[:, 0].min() + edges[:, 0].max() == pytest.approx(drawing.width, abs=1.5)


def test_a_drawing_in_png(tmp_path):
    track = full(bridge())
    (file,) = write_track(track, tmp_path / "t.png", "png")
    image = np.asarray(Image.open(io.BytesIO(file.read_bytes())))
    assert max(image.shape[:2]) == 1200
    asphalt = (image == [0xD9, 0xDC, 0xE0]).all(axis=2).sum()
    scale = (1200 - 80) / np.ptp(track.x) * 0.97  # the widths are beyond the centerline
    area = track.spacing * (track.width_left + track.width_right).sum() * scale**2
    assert 0.6 * area < asphalt < 1.1 * area
    first = file.read_bytes()
    write_track(track, file, "png")
    assert file.read_bytes() == first
