"""Files of other programs: fastest-lap, AssettoCorsaGym, and the race lines of TUM."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.errors import TrackError
from racegym.formats import format_of, read_track, write_track
from racegym.formats.csv_rows import read_rows
from racegym.formats.race_line import LINES
from racegym.formats.tum import LAYOUTS, write_line
from racegym.formats.xml_tree import read_xml
from racegym.track import generate


@pytest.fixture(scope="module")
def vendrell(shared):
    path = shared / "tracks" / "kart" / "vendrell.xml"
    if not path.is_file():
        pytest.skip("needs shared/tracks/kart/vendrell.xml")
    return path


@pytest.fixture(scope="module")
def game(shared):
    folder = shared / "reference-data" / "assetto-corsa"
    if not folder.is_dir():
        pytest.skip("needs shared/reference-data/assetto-corsa")
    return folder


def test_vendrell(vendrell, edges, apart):
    assert format_of(vendrell) == "fastest_lap"
    track = read_track(vendrell)
    top = read_xml(vendrell, "circuit")
    assert track.length == pytest.approx(float(top.child("header").said("track_length")), rel=2e-3)
    data = top.child("data")

    def numbers(*tags):
        element = data
        for tag in tags:
            element = element.child(tag)
        return np.array(element.text.replace(",", " ").split(), float)

    assert track.width_left[0] == pytest.approx(numbers("nl")[0], abs=1e-3)
    assert track.width_right[0] == pytest.approx(numbers("nr")[0], abs=1e-3)
    assert track.width_left.max() == pytest.approx(numbers("nl").max(), abs=0.03)
    # The file's own boundaries, mirrored: left of the direction that yaw tells.
    for side, mine in zip(("left", "right"), edges(track), strict=True):
        own = [numbers(f"{side}_boundary", axis) for axis in ("x", "y")]
        assert apart(np.column_stack([own[0], -own[1]]), mine) < 0.1, side
    assert np.abs(np.sin(track.heading[0] + numbers("yaw")[0])) < 0.01
    assert np.cos(track.heading[0] + numbers("yaw")[0]) > 0.99
    assert any("41.197792833, longitude 1.529432222" in note for note in track.notes)


XML = """<circuit format="discrete" type="{type}">
<header><track_length>1</track_length></header>
<data number_of_points="40">
<centerline><x>{x}</x><y>{y}</y>{z}</centerline>
{more}
</data></circuit>
"""
ANGLE = 2.0 * np.pi * np.arange(40) / 40


def listed(values):
    return ", ".join(f"{v:.6f}" for v in values)


def circuit(tmp_path, **changed):
    given = {
        "type": "closed",
        "x": listed(60 * np.cos(ANGLE)),
        "y": listed(60 * np.sin(ANGLE)),
        "z": "",
        "more": f"<nl>{listed(ANGLE * 0 + 3)}</nl>\n<nr>{listed(ANGLE * 0 + 4)}</nr>",
    }
    path = tmp_path / "c.xml"
    path.write_text(XML.format(**{**given, **changed}), encoding="utf-8")
    return path


def test_y_and_z_are_mirrored(tmp_path):
    track = read_track(circuit(tmp_path, z=f"<z>{listed(-2 * np.cos(ANGLE))}</z>"))
    assert track.curvature.max() < 0.0  # it goes round to the right
    assert (track.width_left[0], track.width_right[0]) == (3.0, 4.0)
    assert track.z[0] == pytest.approx(2.0, abs=1e-6)


def test_a_circuit_of_boundaries_alone(tmp_path):
    def boundary(side, radius):
        x, y = listed(radius * np.cos(ANGLE)), listed(radius * np.sin(ANGLE))
        return f"<{side}_boundary><x>{x}</x><y>{y}</y></{side}_boundary>"

    path = circuit(tmp_path, more=boundary("left", 63.0) + boundary("right", 56.0))
    track = read_track(path)
    np.testing.assert_allclose(track.width_left + track.width_right, 7.0, atol=0.02)
    assert not any("exchanged" in note for note in track.notes)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"type": "open"}, ":1: is an open track"),
        ({"x": "1, 2, 3"}, ":4: <y> holds 40 numbers, and there are 3 points"),
        ({"x": listed(ANGLE)[:-9] + " nan"}, ":4: <x> is nan; it must be finite"),
        ({"y": "two"}, ":4: <y> is 'two', which is no number"),
        ({"more": "<nl>1</nl><nr>1</nr>"}, ":5: <nl> holds 1 numbers"),
        ({"more": ""}, ":3: has neither a <centerline> with <nl>"),
        ({"more": f"<nl>{listed(ANGLE - 1)}</nl><nr>{listed(ANGLE + 1)}</nr>"}, "left width that"),
        ({"x": listed(60 * np.cos(0.7 * ANGLE)), "y": listed(60 * np.sin(0.7 * ANGLE))}, "is open"),
    ],
)
def test_bad_circuits(tmp_path, changed, message):
    path = circuit(tmp_path, **changed)
    with pytest.raises(TrackError, match=message) as caught:
        read_track(path)
    assert str(caught.value).startswith(str(path))


def test_assetto_corsa(game, tmp_path):
    track = read_track(
        game / "synthetic_track.csv",
        options={"raceline": game / "synthetic_racing_line.csv", "name": "test"},
    )
    np.testing.assert_allclose(track.width_left + track.width_right, 12.0, atol=0.01)
    assert track.line_name == "assetto_corsa"
    points = np.loadtxt(game / "synthetic_racing_line.csv", delimiter=",", skiprows=1)
    x = track.x - track.line * track.tangent_y + track.origin[0]
    y = track.y + track.line * track.tangent_x + track.origin[1]
    away = np.hypot(x[:, None] - points[:, 0], y[:, None] - points[:, 1]).min(axis=1)
    assert away.max() < 0.76  # half of what the points are apart
    assert np.median(away) < 0.5
    # The companion is found by its name; without any the line is that of the border file.
    for file, to in (("synthetic_track", "t.csv"), ("synthetic_racing_line", "t-racing_line.csv")):
        (tmp_path / to).write_bytes((game / f"{file}.csv").read_bytes())
    assert format_of(tmp_path / "t.csv") == "assetto_corsa"
    np.testing.assert_array_equal(read_track(tmp_path / "t.csv").line, track.line)
    (tmp_path / "t-racing_line.csv").unlink()
    np.testing.assert_allclose(read_track(tmp_path / "t.csv").line, track.line, atol=0.02)
    with pytest.raises(TrackError, match="is a racing line: import the file of its borders"):
        read_track(game / "synthetic_racing_line.csv")


TRACK = generate(7, length=1500.0)


def shifted(track=TRACK, d=0.0):
    x = track.x - d * track.tangent_y + track.origin[0]
    y = track.y + d * track.tangent_x + track.origin[1]
    return np.column_stack([x, y])


def save(path, points, header="# x_m,y_m", separator=","):
    rows = [separator.join(f"{v:.5f}" for v in row) for row in points]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_line_alone_needs_a_width(tmp_path):
    path = save(tmp_path / "l.csv", shifted()[::3])
    assert format_of(path) == "tum"
    with pytest.raises(TrackError, match=r"is a line without widths.*width="):
        read_track(path)
    track = read_track(path, options={"width": 9})
    assert track.width_left[0] == 4.5
    assert track.length == pytest.approx(TRACK.length, rel=1e-3)
    assert any("9 m was given" in note for note in track.notes)


def test_a_race_line_is_laid_onto_its_track(tmp_path):
    write_track(TRACK, tmp_path / "t.csv", "tum")
    wave = 2.5 * np.sin(2.0 * np.pi * 5.0 * np.arange(len(TRACK)) / len(TRACK))
    points = shifted(d=wave)[::4]
    table = np.column_stack([np.arange(len(points)), points, *(np.zeros((4, len(points))))])
    closed = np.concatenate([table, table[:1]])
    trajectory = save(
        tmp_path / "traj.csv", closed,
        "# 1\n# 2\n# s_m; x_m; y_m; psi_rad; kappa_radpm; vx_mps; ax_mps2", "; ",
    )  # fmt: skip
    for path in (trajectory, save(tmp_path / "line.csv", points)):
        track = read_track(tmp_path / "t.csv", options={"raceline": path})
        np.testing.assert_allclose(track.line, wave, atol=0.02)
        assert track.line_name == "imported"
    relative = read_track(tmp_path / "t.csv", options={"raceline": "line.csv"})
    np.testing.assert_array_equal(relative.line, track.line)
    save(tmp_path / "t_raceline.csv", np.roll(points, 30, axis=0)[::-1])
    back = read_track(tmp_path / "t.csv")
    np.testing.assert_allclose(back.line, wave, atol=0.02)
    assert any("ran against the track" in note for note in back.notes)
    assert read_track(trajectory, options={"width": 8}).length > 1000.0


def test_a_race_line_that_leaves_the_track_is_told(tmp_path):
    write_track(TRACK, tmp_path / "t.csv", "tum")
    d = np.zeros(len(TRACK))
    d[300:330] = 5.5  # of a half width of 4 m
    path = save(tmp_path / "wide.csv", shifted(d=d))
    track = read_track(tmp_path / "t.csv", options={"raceline": path})
    (note,) = track.notes
    assert note.startswith("the race line leaves the asphalt at s = ")
    s = float(note.split("s = ")[1].split(" ")[0])
    assert abs(s - 300 * TRACK.spacing) < 4.0
    far = save(tmp_path / "far.csv", shifted() + np.array([40.0, 0.0]))
    with pytest.raises(TrackError, match=r"far.csv: the race line (is|does)"):
        read_track(tmp_path / "t.csv", options={"raceline": far})
    other = save(tmp_path / "other.csv", shifted(generate(8, length=4000.0)) + 3000.0)
    with pytest.raises(TrackError, match=r"is it of this track|is not beside|does not go round"):
        read_track(tmp_path / "t.csv", options={"raceline": other})
    with pytest.raises(TrackError, match="there is no such track file"):
        read_track(tmp_path / "t.csv", options={"raceline": "none.csv"})


def test_edges_with_heights(tmp_path, edges):
    left, right = edges(TRACK)
    high = 10.0 * np.sin(2.0 * np.pi * np.arange(len(TRACK)) / len(TRACK))
    table = np.column_stack([right, high - 0.4, left, high + 0.4])
    names = "right_bound_x,right_bound_y,right_bound_z,left_bound_x,left_bound_y,left_bound_z"
    path = save(tmp_path / "b.csv", table, names)
    assert format_of(path) == "tum"
    track = read_track(path)
    np.testing.assert_allclose(track.width_left + track.width_right, 8.0, atol=0.1)
    np.testing.assert_allclose(track.banking, np.arctan(0.1), atol=5e-3)
    assert np.ptp(track.z) == pytest.approx(20.0, abs=0.1)


def test_a_heading_tells_the_order_of_columns(tmp_path):
    table = np.column_stack([*shifted().T, np.full((len(TRACK), 2), [3.0, 5.0])])
    path = save(tmp_path / "o.csv", table, "# x_m,y_m,w_tr_left_m,w_tr_right_m")
    track = read_track(path)
    assert (track.width_left[0], track.width_right[0]) == (3.0, 5.0)


def test_write_line_writes_the_centerline_of_a_track_without_a_line(tmp_path):
    write_line(TRACK, tmp_path / "l.csv")
    rows = read_rows(tmp_path / "l.csv", LINES)
    np.testing.assert_allclose(rows.table, shifted(), atol=1e-6)
    assert rows.layout in LAYOUTS
