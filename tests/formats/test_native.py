"""The native form: what is written comes back, people can write it, and all else is refused."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racegym.errors import TrackError
from racegym.formats import format_of, native, read_track, write_track
from racegym.formats.native_head import SURFACES
from racegym.formats.native_table import MAX_BYTES
from racegym.interfaces import Surface
from racegym.track import PitLane, Track, generate

ANGLES = np.arange(0.0, 2.0 * np.pi, 0.2)
RING = [f"{50 * np.cos(a):.3f},{30 * np.sin(a):.3f}" for a in ANGLES]
EIGHT = [f"{90 * np.sin(a):.3f},{60 * np.sin(2 * a):.3f}" for a in np.arange(0, 6.28, 0.1)]
FORMS = ["ring.track", "ring", "npz"]
BASES = [generate(seed, length=400.0, spacing=4.0) for seed in range(3)]


def write(path: Path, head: str, rows: list[str], heading: str = "x,y") -> Path:
    path.write_text("\n".join([head, "---", heading, *rows]) + "\n", encoding="utf-8")
    return path


def put(track: Track, folder: Path, form: str) -> Path:
    """Write a track as a file or as one of both kinds of folder."""
    path = folder / form
    write_track(track, path, "native-npz" if form == "npz" else "native")
    return path


def unlike(one: Track, other: Track) -> list[str]:
    """Return the fields in which two tracks differ."""
    return [
        field.name
        for field in fields(Track)
        if not np.array_equal(getattr(one, field.name), getattr(other, field.name))
    ]


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Any track, with any of the parts that it may be without."""
    track = draw(st.sampled_from(BASES))
    if draw(st.booleans()):
        track = track.reversed()
    n, lap = len(track), track.length
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    s = st.floats(0.0, lap, exclude_max=True)
    changes: dict[str, object] = {
        "name": draw(text.filter(bool)),
        "source": draw(text),
        "licence": draw(text),
        "attribution": draw(text),
        "notes": tuple(draw(st.lists(text, max_size=3))),
        "problems": tuple(draw(st.lists(text, max_size=2))),
        "kerb_width": draw(st.floats(0.0, 3.0)),
        "runoff": draw(st.one_of(st.floats(2.0, 50.0), st.just(np.inf))),
        "z": rng.normal(size=n) * draw(st.sampled_from([0.0, 1.0])),
        "banking": rng.normal(size=n) * draw(st.sampled_from([0.0, 1e-3])),
        "sectors": sorted({0.0, *draw(st.lists(s, max_size=4))}),
        "checkpoints": sorted({0.0, *draw(st.lists(s, max_size=20))}),
        "origin": (draw(st.floats(-1e7, 1e7)), draw(st.floats(-1e7, 1e7))),
    }
    if draw(st.booleans()):
        changes |= {"line": rng.normal(size=n), "line_name": draw(text.filter(bool))}
    for side in ("surface_left", "surface_right"):
        if draw(st.booleans()):
            most = draw(st.integers(1, 4))
            changes[side] = rng.integers(0, most, n).astype(np.uint8)
    if draw(st.booleans()):
        slot = st.tuples(st.floats(-50.0, lap), st.floats(-4.0, 4.0))
        changes["grid"] = np.array(draw(st.lists(slot, min_size=1, max_size=5)))
    if draw(st.booleans()):
        start = draw(st.floats(0.0, 0.8 * lap))
        changes["pit"] = PitLane(
            entry=start, exit=start + 0.1 * lap, offset=draw(st.sampled_from([-7, 8.5])), width=4,
            speed_limit=draw(st.floats(5.0, 30.0)), boxes=(start + 3, start + 7.25),
        )  # fmt: skip
    track = replace(track, **changes)
    at = rng.uniform(0.0, lap, draw(st.integers(0, 4)))
    if len(at):
        x, y, _ = track.at(at, 1.0)
        track = track.with_obstacles(np.stack([x, y, rng.uniform(0.1, 0.5, len(at))], 1))
    return track


@given(tracks(), st.sampled_from(FORMS))
@settings(max_examples=60, deadline=None)
def test_what_is_written_gives_the_very_track_back(tmp_path_factory, track, form):
    path = put(track, tmp_path_factory.mktemp("t"), form)
    assert format_of(path) == "native"
    again = read_track(path)
    assert unlike(again, track) == []
    assert again.hash == track.hash
    assert [name.name for name in path.parent.iterdir()] == [path.name], "nothing is left beside"


@pytest.mark.parametrize("form", FORMS)
def test_a_bridge_comes_back(tmp_path, form):
    track = read_track(write(tmp_path / "eight.track", "width: 6\ncrossings: allow", EIGHT))
    assert len(track.crossings) == 1
    assert unlike(read_track(put(track, tmp_path, form)), track) == []


@pytest.mark.parametrize("form", FORMS)
def test_writing_twice_replaces_and_gives_the_same_bytes(tmp_path, form):
    def content():
        return [file.read_bytes() for file in native.files_of(tmp_path / form)]

    put(BASES[0], tmp_path, form)
    first = content()
    put(BASES[1], tmp_path, form)
    assert read_track(tmp_path / form).hash == BASES[1].hash
    put(BASES[0], tmp_path, form)
    assert content() == first
    assert len(list(tmp_path.iterdir())) == 1


def test_surfaces_are_named_as_everywhere():
    assert tuple(surface.name.lower() for surface in Surface) == SURFACES


# What people write


def test_points_and_a_width_are_enough(tmp_path):
    track = read_track(write(tmp_path / "ring.track", "width: 8", RING))
    assert track.name == "ring" and track.notes == ()
    assert (track.width_left == 4.0).all() and (track.width_right == 4.0).all()
    assert track.length == pytest.approx(255.3, abs=0.1)


def test_an_empty_head_will_do_where_the_table_says_all(tmp_path):
    rows = [f"{row};3;5" for row in RING]
    track = read_track(write(tmp_path / "a.track", "# mine", rows, "x,y,width_left,width_right"))
    assert (track.width_left[7], track.width_right[7]) == (3.0, 5.0)
    track = read_track(write(tmp_path / "a.track", "---\nname: b", rows, "x,y,width,z"))
    assert (track.name, track.width_left[7], track.z[7]) == ("b", 1.5, pytest.approx(5.0))


def test_a_folder_by_hand_in_csv_or_npz(tmp_path):
    (tmp_path / "track.yaml").write_text("width: 8\n", encoding="utf-8")
    (tmp_path / "centerline.csv").write_text("\n".join(["x,y", *RING]), encoding="utf-8")
    track = read_track(tmp_path)
    assert track.name == tmp_path.name
    (tmp_path / "centerline.csv").unlink()
    xy = np.array([row.split(",") for row in RING], float).T
    np.savez(tmp_path / "geometry.npz", x=xy[0], y=xy[1])
    assert read_track(tmp_path / "track.yaml").hash == track.hash


def test_windows_line_ends_and_a_byte_order_mark(tmp_path):
    plain = read_track(write(tmp_path / "a.track", "width: 8", RING))
    text = (tmp_path / "a.track").read_text(encoding="utf-8")
    (tmp_path / "a.track").write_bytes(("\ufeff" + text).replace("\n", "\r\n").encode())
    assert read_track(tmp_path / "a.track").hash == plain.hash


def test_the_start_line_is_moved_along_the_curve(tmp_path):
    here = read_track(write(tmp_path / "a.track", "width: 8", RING))
    head = "width: 8\nstart: 30\nsurface_left: gravel"
    rows = [f"{row},{k},{'gravel' if k < 9 else 'grass'}" for k, row in enumerate(RING)]
    moved = read_track(write(tmp_path / "b.track", head, rows, "x,y,line,surface_right"))
    x, y, _ = here.at(30.0)
    assert moved.x[0] + moved.origin[0] == pytest.approx(x + here.origin[0], abs=1e-3)
    assert moved.y[0] + moved.origin[1] == pytest.approx(y + here.origin[1], abs=1e-3)
    assert moved.length == pytest.approx(here.length, abs=1e-3)
    # 30 m on is after the point 4; what stood at the first point is now 30 m from the end.
    assert 4.0 < moved.line[0] < 5.0
    begin = round((moved.length - 30.0) / moved.spacing)
    assert moved.line[begin + 1] == pytest.approx(0.0, abs=0.2)
    gravel = np.flatnonzero(moved.surface_right == Surface.GRAVEL)
    assert {0, begin + 2} <= set(gravel) and len(moved) // 2 not in gravel
    assert (moved.surface_left == Surface.GRAVEL).all()


def test_reverse_turns_all_that_is_told_along_the_points(tmp_path):
    head = (
        "width_left: 3\nwidth_right: 5\nsurface_left: gravel\ngrid: [[-5, 1]]\n"
        "obstacles: [{s: 20, d: 2, radius: 0.5}, {x: -51, y: 0, radius: 1}]\n"
        "pit: {entry: 10, exit: 40, offset: 8, width: 3, speed_limit: 15}\n"
    )
    ahead = read_track(write(tmp_path / "a.track", head, RING))
    back = read_track(write(tmp_path / "a.track", f"{head}reverse: true", RING))
    assert unlike(back, ahead.reversed()) == ["name", "notes"]
    assert back.name == "a" and "its grid is for the other direction" in back.notes[0]
    assert ahead.pit.offset == 8.0 and back.pit.offset == -8.0
    there = {tuple(np.round(row, 6)) for row in ahead.obstacles}
    assert (round(-51 - ahead.origin[0], 6), round(-ahead.origin[1], 6), 1.0) in there
    x, y, _ = ahead.at(20.0, 2.0)
    assert (round(float(x), 6), round(float(y), 6), 0.5) in there


def test_a_bridge_must_be_named_where_it_is(tmp_path):
    path = tmp_path / "eight.track"
    with pytest.raises(TrackError, match="crosses itself in 1 place"):
        read_track(write(path, "width: 6", EIGHT))
    found = read_track(write(path, "width: 6\ncrossings: allow", EIGHT)).crossings[0]
    head = f"width: 6\ncrossings: [[{found.s1 + 3:.0f}, {found.s2:.0f}]]"
    assert read_track(write(path, head, EIGHT)).crossings == (found,)
    with pytest.raises(TrackError, match=r"crosses itself at s = .* names no bridge there"):
        read_track(write(path, "width: 6\ncrossings: [[100, 200]]", EIGHT))


def test_an_edit_is_noted_and_a_broken_one_refused(tmp_path):
    write_track(BASES[0], tmp_path / "a.track", "native")
    text = (tmp_path / "a.track").read_text(encoding="utf-8")

    def edited(old: str, new: str) -> Track:
        assert old in text
        (tmp_path / "b.track").write_text(text.replace(old, new), encoding="utf-8")
        return read_track(tmp_path / "b.track")

    track = edited("kerb_width: 1.0", "kerb_width: 0.5")
    assert track.kerb_width == 0.5
    (note,) = track.notes
    assert note.startswith("it was edited since it was written: its content has the hash ")
    assert note.endswith(f" {track.hash}, and {BASES[0].hash} stands in it")
    assert (
        "it is 400.0 m long, and 500 m stands in it"
        in edited(f"length: {BASES[0].length!r}", "length: 500").notes
    )
    for old, new, said in [
        (repr(float(BASES[0].x[3])), "77.5", "the next one is farther than the spacing"),
        (repr(float(BASES[0].tangent_x[3])), "7.5", "its tangent is no unit vector"),
        (repr(float(BASES[0].heading[3])), "0.123", "its heading is not that of its tangent"),
        (repr(float(BASES[0].curvature[3])), "9e9", "its curvature is beyond reason"),
        ("curvature", "curvaturr", "'curvaturr' is no column; did you mean 'curvature'"),
        (f"spacing: {BASES[0].spacing!r}", "", "no `spacing` in its head"),
        ("racegym_track: 1", "start: 10", "to move it with `start`"),
    ]:
        with pytest.raises(TrackError, match=said):
            edited(old, new)


# What is refused


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        ("name: a\nwidht: 8", 2, "widht is unknown; did you mean 'width'?"),
        ("width: 8\nwidth_left: 2", 1, "give width, or width_left and width_right, not both"),
        ("name: a\nwidth: -1", 2, "width is -1; it should be greater than 0"),
        ("width: .nan", 1, "width is nan; it should be a finite number"),
        ("width: 8\norigin: [1, .inf]", 2, r"origin\[1\] is inf; it should be a finite number"),
        ("name: ''\nwidth: 8", 1, "name is ''; it should have at least 1 character"),
        ("width: wide", 1, "width is 'wide'; it should be a number"),
        ("width: 8\nrunoff: .nan", 2, "runoff is nan"),
        ("width: 8\nsurface_left: gras", 2, "surface_left is 'gras'; did you mean 'grass'?"),
        ("width: 8\ncrossings: alow", 2, "crossings is 'alow'; did you mean 'allow'?"),
        ("width: 8\ngrid: [[1]]", 2, r"grid\[0\]\[1\] is missing"),
        ("width: 8\npit:\n  entry: 1\n  ofset: 2", 4, "pit.ofset is unknown; did you mean 'offset"),
        ("width: 8\nobstacles: [{s: 3}]", 2, r"obstacles\[0\].radius is missing"),
        ("width: 8\nobstacles: [{s: 3, x: 2, radius: 1}]", 2, r"obstacles\[0\] give s and d, al"),
        ("width: 8\nobstacles: [{x: 900, y: 0, radius: 1}]", None, "is out of reach of the track"),
        ("width: 8\nobstacles: [{s: 3, radius: 1, segment: 99999}]", None, "must have a segment"),
        (f"width: 8\nobstacles: [{{s: 3, radius: 1, segment: {10**19}}}]", 2, "segment is 1000000"),
        ("width: 8\nobstacles: [{x: 1e308, y: 0, radius: 1}]", 2, "x is 1e.308; it must lie"),
        ("width: 8\norigin: [0, -1e300]", 2, r"origin\[1\] is -1e.300; it must lie within 1e.09"),
        ("width: 8\nkerb_width: 1e300", 2, "kerb_width is 1e.300; it should be less"),
        ("width: 8\nsectors: [0, 1000]", None, "sectors must begin with 0, increase, and stay"),
        ("width: 8\nstart: 4000", None, "start is 4000 m; a lap is 255.3 m long"),
        ("width: 8\npit: {entry: 9, exit: 3, offset: 1, width: 4, speed_limit: 9}", None, "offset"),
        ("racegym_track: 2", 1, "racegym_track is 2; this racegym reads version 1"),
        ("width: 8\nwidth: 9", 2, "the key 'width' stands here and in line 1"),
        ("width: !!python/object:os.system 8", 1, "the tag .* is not allowed"),
        ("a: &a [1]\nb: &b [*a, *a]", 1, "a is unknown"),
        ("- a\n- b", 1, "its head is no mapping"),
        ("", None, "says nothing of its width_left: give `width: 8` in the head"),
    ],
)
def test_a_wrong_head_is_told_with_its_line(tmp_path, head, line, said):
    path = write(tmp_path / "a.track", head, RING)
    with pytest.raises(TrackError, match=said) as caught:
        read_track(path)
    assert (caught.value.file, caught.value.line) == (str(path), line)


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("", None, "holds no points"),
        ("x,y", None, "holds no points"),
        ("x,z\n1,2", 3, "the column 'y' is missing"),
        ("x,y,x\n1,2,3", 3, "the column 'x' stands there twice"),
        ("# note\n\nx;y;widht\n1;2;3", 5, "'widht' is no column; did you mean 'width'?"),
        ("x,y\n1,2\n1,nan", 5, "y is 'nan'; it must be finite"),
        ("x,y\n1e999,2", 4, "x is '1e999'; it must be finite"),
        ("x,y\n1,two", 4, "y is 'two'; that is no number"),
        ("x,y\n1.\x1c,2", 4, "x is '1..x1c'; that is no number"),
        ("x,y\n1", 4, "has 1 columns, and the heading 2"),
        ("x,y,surface_left\n1,2,gras", 4, "did you mean 'grass'?"),
        ("x,y\n" + "#\n" * 200_000, 200_001, "more than 200,000 lines"),
        ("x,y\n" + "," * 3_000, 4, "more than 2,000 characters"),
        ("x,y\n1,2\n2,3", None, "has 2 points; it needs at least 8"),
        ("x,y,heading\n1,2,3", None, "has samples without tangent_x"),
        ("\n".join(["x,y", *RING[:9], RING[8], *RING[9:]]), None, "line 12 is at the same place"),
        ("\n".join(["x,y", *RING, *RING]), None, "runs along its own asphalt|at the same place"),
    ],
)
def test_a_wrong_table_is_told_with_its_line(tmp_path, table, line, said):
    path = tmp_path / "a.track"
    path.write_text(f"width: 8\n---\n{table}", encoding="utf-8")
    with pytest.raises(TrackError, match=said) as caught:
        read_track(path)
    assert (caught.value.file, caught.value.line) == (str(path), line)


def test_a_line_far_beyond_the_track_is_refused(tmp_path):
    path = write(tmp_path / "a.track", "width: 8", [f"{row},1e300" for row in RING], "x,y,line")
    with pytest.raises(TrackError, match=r"racing line is 1e\+300 m beside the centerline at s = "):
        read_track(path)


def test_a_head_without_an_end_and_one_that_is_too_large(tmp_path):
    path = tmp_path / "a.track"
    path.write_text("width: 8\nx,y\n1,2\n", encoding="utf-8")
    with pytest.raises(TrackError, match="has no line '---'"):
        read_track(path)
    path.write_text("#" * 1_100_000, encoding="utf-8")
    with pytest.raises(TrackError, match="has no line '---'"):
        read_track(path)
    path.write_bytes(b"\xff\xfe---")
    with pytest.raises(TrackError, match="is no UTF-8 text"):
        read_track(path)
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 2)  # a sparse file: nothing is written
    with pytest.raises(TrackError, match="is larger than"):
        read_track(path)


def test_anchors_that_multiply_are_stopped(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    with pytest.raises(TrackError, match="holds more than 50,000 values"):
        read_track(write(tmp_path / "a.track", "\n".join(lines), RING))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with pipes in folders")
def test_what_is_no_plain_file_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.track")
    with pytest.raises(TrackError, match="is no plain file"):
        read_track(tmp_path / "pipe.track")
    with pytest.raises(TrackError, match="is no plain file"):
        read_track(tmp_path / "pipe.track", "native")
    with pytest.raises(TrackError, match=r"there is no such track file; did you mean 'pipe.track'"):
        read_track(tmp_path / "pipes.track")


def test_a_folder_needs_one_geometry_of_its_own(tmp_path):
    folder = tmp_path / "a"
    write_track(BASES[0], folder, "native")
    (folder / "geometry.npz").write_bytes(b"")
    with pytest.raises(TrackError, match=r"holds both of centerline\.csv and geometry\.npz"):
        read_track(folder)
    (folder / "geometry.npz").unlink()
    (folder / "centerline.csv").rename(tmp_path / "away.csv")
    with pytest.raises(TrackError, match="holds neither of"):
        read_track(folder)
    (folder / "centerline.csv").symlink_to(tmp_path / "away.csv")
    with pytest.raises(TrackError, match="is a link that leads out of its folder"):
        read_track(folder)
    (folder / "track.yaml").unlink()
    (folder / "track.yaml").symlink_to("/dev/zero")
    with pytest.raises(TrackError, match=r"is a link|no track file that racegym knows"):
        read_track(folder)


def npy(values, dtype=None) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, np.asarray(values, dtype), allow_pickle=True)
    return content.getvalue()


def headed(header: str) -> bytes:
    """An array with such a header, and nothing behind it."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


def giant() -> bytes:
    content = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
    np.lib.format.write_array_header_1_0(content, header)
    return content.getvalue()


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "the array 'x' is missing"),
        ({"x.npy": npy([1.0])}, "the array 'y' is missing"),
        ({"../x.npy": npy([1.0])}, "holds '../x.npy', which is no column"),
        ({"x.npy": npy([1.0]), "widht.npy": npy([1.0])}, "did you mean 'width'"),
        ({"x.npy": npy([1.0, 2.0]), "y.npy": npy([1.0])}, "differ in length: x 2, y 1"),
        ({"x.npy": npy([[1.0]])}, r"is '<f8' of shape \(1, 1\)"),
        ({"x.npy": npy([object()], object)}, r"is '\|O' of shape"),
        ({"x.npy": npy(["a"])}, "is '<U1' of shape"),
        ({"x.npy": npy([(1.0,)], "f8,")}, "has a header that can't be read"),
        ({"x.npy": headed("{'descr': '<f8', 'shape': (3,")}, "has a header that can't be read"),
        ({"x.npy": headed("-" * 9000 + "1")}, "has a header that can't be read"),
        ({"x.npy": headed("(" * 9000)}, "has a header that can't be read"),
        ({"x.npy": npy([1.0, np.nan])}, "x is nan at point 1; it must be finite"),
        ({"x.npy": npy([1.0]), "surface_left.npy": npy([9])}, "must hold codes from 0 to 3"),
        ({"x.npy": npy([1.0])[:-3]}, "is cut off, or empty"),
        ({"x.npy": giant()}, "holds more than 100,000 points"),
        ({"x.npy": b"no array"}, "is no NPZ archive that can be read"),
        ({"x.npy": b"\0" * (MAX_BYTES + 1)}, "expands to more than 48 MB"),
        ({"x": npy([1.0])}, "holds 'x', which is no column"),
    ],
)
def test_a_wrong_archive_is_told(tmp_path, members, said):
    (tmp_path / "track.yaml").write_text("width: 8\n", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "geometry.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(TrackError, match=said) as caught:
        read_track(tmp_path)
    assert caught.value.file == str(tmp_path / "geometry.npz")


def test_an_archive_of_very_many_members_is_not_opened(tmp_path):
    (tmp_path / "track.yaml").write_text("width: 8\n", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "geometry.npz", "w") as archive:
        for k in range(101):
            archive.writestr(f"x{k}.npy", b"")
    with pytest.raises(TrackError, match="holds more than 100 members"):
        read_track(tmp_path)


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_an_archive_packed_otherwise_is_refused(tmp_path, packing):
    (tmp_path / "track.yaml").write_text("width: 8\n", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "geometry.npz", "w", packing) as archive:
        archive.writestr("x.npy", npy([1.0] * 99))
    content = bytearray((tmp_path / "geometry.npz").read_bytes())
    content[40:60] = b"\xff" * 20  # so it can't be unpacked either
    (tmp_path / "geometry.npz").write_bytes(content)
    with pytest.raises(TrackError, match=r"in a way that numpy\.savez doesn't"):
        read_track(tmp_path)


def test_what_stands_in_the_way_stays(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "thesis.txt").write_text("years of work")
    (tmp_path / "b").write_text("a file")
    for name, said in [("a", "holds 'thesis.txt', which is no part"), ("b", "is no folder")]:
        with pytest.raises(TrackError, match=said):
            write_track(BASES[0], tmp_path / name, "native")
    with pytest.raises(TrackError, match="can't be written"):
        write_track(BASES[0], tmp_path / "none" / "a.track", "native")
    lone = replace(BASES[0], name="\ud800")
    with pytest.raises(TrackError, match="half a character"):
        write_track(lone, tmp_path / "c.track", "native")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "b"]


# Any input at all


def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Return content with pieces replaced, left out or repeated."""
    pieces = st.one_of(
        st.binary(max_size=12),
        st.sampled_from([b"nan", b"inf", b"1e308", b"-1", b"0", b"\n", b",", b": ", b"[", b"---\n",
                         b"x,y\n", b"width: 8\n", b"crossings: allow\n", b"reverse: true\n"]),
    )  # fmt: skip
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        until = min(len(content), at + draw(st.sampled_from([0, 1, 3, 40, len(content)])))
        content = content[:at] + draw(pieces) + content[until:]
    return content


@st.composite
def inputs(draw: st.DrawFn, sound: dict[str, list[bytes]]) -> tuple[str, list[bytes]]:
    """A form and its files: damaged ones, and such as nobody wrote."""
    form = draw(st.sampled_from(sorted(sound)))
    files = [damaged(draw, content) if draw(st.booleans()) else content for content in sound[form]]
    if draw(st.integers(0, 9)) == 0:
        files[-1] = draw(st.binary(max_size=400))
    return form, files


def sound_files(folder: Path) -> dict[str, list[bytes]]:
    track = BASES[0].with_obstacles([[*np.ravel(BASES[0].at(30.0, 1.0)[:2]), 0.5]])
    track = replace(track, line=np.zeros(len(track)), grid=np.array([[-5.0, 1.0]]))
    found = {
        form: [file.read_bytes() for file in native.files_of(put(track, folder, form))]
        for form in FORMS
    }
    by_hand = write(folder / "hand.track", "width: 8\nstart: 5\nsurface_left: grass", RING)
    return {**found, "hand.track": [by_hand.read_bytes()]}


def check_any(examples: int, folder: Path) -> None:
    sound = sound_files(folder)
    seen = {"tracks": 0, "refused": 0}

    @given(inputs(sound))
    @settings(max_examples=examples, deadline=5_000, database=None)
    def check(given_: tuple[str, list[bytes]]) -> None:
        form, files = given_
        for file, content in zip(native.files_of(folder / form), files, strict=True):
            file.write_bytes(content)
        try:
            track = read_track(folder / form, "native")
        except TrackError as error:
            assert error.file is not None and error.file.startswith(str(folder / form))
            seen["refused"] += 1
        else:
            assert np.isfinite(track.x).all() and (track.width_left > 0.0).all()
            seen["tracks"] += 1

    check()
    assert min(seen.values()) > 0.02 * examples, seen


def test_any_input_is_a_track_or_a_plain_message(tmp_path):
    check_any(100, tmp_path)


@pytest.mark.slow
def test_two_thousand_inputs_are_tracks_or_plain_messages(tmp_path):
    check_any(2_000, tmp_path)
