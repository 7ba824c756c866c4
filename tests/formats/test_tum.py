"""The TUM reader: real circuits, every refusal, and any text at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racegym.errors import TrackError
from racegym.formats import format_of
from racegym.formats.tum import MAX_BYTES, read_tum, write_tum
from racegym.track import Track, generate

ANGLES = 2.0 * np.pi * np.arange(40) / 40
ROWS = [f"{60 * np.cos(a):.4f},{60 * np.sin(a):.4f},4.0,5.0" for a in ANGLES]
HEADER = "# x_m,y_m,w_tr_right_m,w_tr_left_m"


def write(tmp_path, rows, header=HEADER):
    path = tmp_path / "ring.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_left_and_right_are_the_right_way_round(tmp_path):
    track = read_tum(write(tmp_path, ROWS))
    assert track.name == "ring"
    assert (track.width_left[0], track.width_right[0]) == (5.0, 4.0)


@pytest.mark.parametrize("separator", [";", " , ", ","])
def test_separators_comments_and_blank_lines(tmp_path, separator):
    rows = [row.replace(",", separator) for row in ROWS]
    path = write(tmp_path, ["", "# note", *rows, "", "#end"], header="\ufeff" + HEADER)
    assert read_tum(path, name="mine").name == "mine"


def test_a_heading_needs_no_hash(tmp_path):
    path = tmp_path / "ring.csv"
    heading = "X_m; y_m ;w_tr_right_m;w_tr_left_m"
    path.write_text("\n".join([heading, *ROWS]), encoding="utf-8")
    assert len(read_tum(path)) > 8
    path.write_text("\n".join([*ROWS, heading]), encoding="utf-8")
    with pytest.raises(TrackError, match="x_m is 'X_m'"):
        read_tum(path)


def test_windows_line_ends_and_banking(tmp_path):
    path = tmp_path / "bank.csv"
    path.write_bytes("\r\n".join(row + ",0.05" for row in ROWS).encode())
    np.testing.assert_allclose(read_tum(path).banking, 0.05)


def test_what_is_written_reads_back(tmp_path):
    track = generate(3)
    write_tum(track, tmp_path / "t.csv")
    again = read_tum(tmp_path / "t.csv")
    assert again.length == pytest.approx(track.length, rel=1e-6)
    np.testing.assert_allclose(again.x, track.x, atol=1e-3)
    assert again.width_left[5] == pytest.approx(track.width_left[5])


def replaced(line: int, row: str) -> list[str]:
    """The file's rows with another in ``line``, the header being line 1."""
    return [*ROWS[: line - 2], row, *ROWS[line - 1 :]]


BAD = [
    (replaced(5, "1,2,3"), ":5: has 3 columns"),
    (replaced(5, "1,2,3,4,5,6"), ":5: has 6 columns"),
    (replaced(5, "1,2,3,4,0.1"), ":5: has 5 columns, and the lines before it 4"),
    (replaced(6, "1,two,3,4"), ":6: y_m is 'two', which is no number"),
    (replaced(6, "1,,3,4"), ":6: y_m is '', which is no number"),
    (replaced(7, "nan,2,3,4"), ":7: x_m is nan; it must be finite"),
    (replaced(7, "1,2,inf,4"), ":7: w_tr_right_m is inf"),
    (replaced(8, ROWS[5]), "line 7 is at the same place as the one after it"),
    (replaced(9, "55,0,0.0,4"), "line 9 has a right width that is not above 0 m"),
    (ROWS[:5], "has 5 points; it needs at least 8"),
    (ROWS[:31], r"the centerline is open: its last point is 8\d\.\d m from its first, of 28"),
    ([], "holds no points"),
    ([ROWS[k] for k in np.random.default_rng(0).permutation(40)], r"line \d+"),
    ([row.replace(",4.0,5.0", "e9,4.0,5.0") for row in ROWS], "more than 1e\\+09 m|are its points"),
]


@pytest.mark.parametrize(("rows", "message"), BAD, ids=[message[:24] for _, message in BAD])
def test_a_bad_file_is_refused_with_file_and_line(tmp_path, rows, message):
    path = write(tmp_path, rows)
    with pytest.raises(TrackError, match=message) as caught:
        read_tum(path)
    assert str(caught.value).startswith(str(path))


def test_what_is_no_text_file_is_refused(tmp_path):
    with pytest.raises(TrackError, match="there is no such track file"):
        read_tum(tmp_path / "none.csv")
    with pytest.raises(TrackError, match="can't be read"):
        read_tum(tmp_path)
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\n\xff\xfe")
    with pytest.raises(TrackError, match=":1: is no UTF-8 text"):
        read_tum(picture)
    with pytest.raises(TrackError, match="can't be written"):
        write_tum(generate(0), tmp_path / "none" / "t.csv")


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "huge.csv"
    path.write_bytes(b"1,2,3,4\n" * (MAX_BYTES // 8 + 1))
    with pytest.raises(TrackError, match="larger than 5 MB"):
        read_tum(path)
    path.write_bytes(b"1,2,3,4\n" * 100_002)
    with pytest.raises(TrackError, match=":100001: holds more than 100,000 points"):
        read_tum(path)


def test_a_scribble_is_refused_quickly(tmp_path):
    points = np.random.default_rng(0).normal(0.0, 0.8, (40_000, 2))
    rows = [f"{x:.3f},{y:.3f},4,4" for x, y in points]
    with pytest.raises(TrackError, match=r"order of driving|folds over"):
        read_tum(write(tmp_path, rows))


def test_suzuka_passes_over_itself(tum):
    assert len(tum["Suzuka"].crossings) == 1
    assert not tum["Monza"].crossings


numbers = st.floats(-1e4, 1e4) | st.sampled_from([0.0, 1e308, -1e308, 5e-324, float("nan")])
rows = st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=6, max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text() | st.text("0123456789.,;-e#\n ") | rows.map(
    lambda table: "\n".join(",".join(map(repr, row)) for row in table)
))  # fmt: skip
def test_any_text_is_a_track_or_a_track_error(tmp_path, text):
    path = tmp_path / "any.csv"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        assert isinstance(read_tum(path), Track)
    except TrackError as error:
        assert str(error).startswith(str(path))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary())
def test_any_bytes_are_a_track_error(tmp_path, content):
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    with pytest.raises(TrackError):
        read_tum(path)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), noise=st.sampled_from([0.0, 0.5, 5.0, 50.0]))
def test_a_noisy_ring_is_a_track_or_a_track_error(tmp_path, seed, noise):
    rng = np.random.default_rng(seed)
    points = 60.0 * np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])
    points = points + rng.normal(0.0, noise, points.shape)
    rows = [f"{x!r},{y!r},4,5" for x, y in points.tolist()]
    try:
        assert isinstance(read_tum(write(tmp_path, rows)), Track)
    except TrackError as error:
        assert noise > 0.0, error


def test_columns_may_have_plain_names(tmp_path):
    heading = "y;X;width_left;width_right"
    rows = [f"{60 * np.sin(a):.4f};{60 * np.cos(a):.4f};4.0;5.0" for a in ANGLES]
    track = read_tum(write(tmp_path, rows, header=heading))
    assert (track.width_left[0], track.width_right[0]) == (4.0, 5.0)
    assert track.hash != read_tum(write(tmp_path, ROWS)).hash
    assert track.x.max() == pytest.approx(read_tum(write(tmp_path, ROWS)).x.max())
    path = write(tmp_path, [",".join(row.split(",")[:2]) for row in ROWS], header="x,y")
    assert format_of(path) == "tum"
    assert read_tum(path, width=9.0).length == pytest.approx(track.length)
