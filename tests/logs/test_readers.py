"""Every form of log tells the same drive, and what is wrong with a file is said plainly."""

from __future__ import annotations

import re

import numpy as np
import pytest
from log_drives import (
    PLANE,
    PREAMBLE,
    as_gpx,
    as_metres,
    as_racechrono2,
    as_racechrono3,
    as_vbo,
    clock,
)

from racegym.errors import RacegymError, TrackError
from racegym.formats import format_of
from racegym.formats.logs import LogOptions, read_log
from racegym.formats.logs.options import ColumnMap
from racegym.formats.logs.text import MAX_LINE
from racegym.interfaces.options import read as read_options

FORMS = {
    "a.gpx": as_gpx,
    "a.vbo": as_vbo,
    "v3.csv": as_racechrono3,
    "v2.csv": as_racechrono2,
}


def options(**given):
    return read_options(LogOptions, given, "log")


MINE = {"columns.time": "t", "columns.x": "px", "columns.y": "py", "columns.speed": "v"}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_tells_the_same(name, write, short_fixes):
    path = write(name, FORMS[name](short_fixes))
    assert format_of(path) == "log"
    log = read_log(path)
    assert len(log) == len(short_fixes.t)
    np.testing.assert_allclose(log.t, short_fixes.t - short_fixes.t[0], atol=0.006)
    assert log.plane is not None and log.plane.longitude == pytest.approx(-8.57, abs=0.01)
    east, north = PLANE.to_plane(log.plane.latitude, log.plane.longitude)
    np.testing.assert_allclose(log.x + east, short_fixes.x, atol=0.01)
    np.testing.assert_allclose(log.y + north, short_fixes.y, atol=0.01)
    np.testing.assert_allclose(log.speed, short_fixes.speed, atol=0.002)
    if name != "a.gpx":
        way = np.deg2rad(90.0 - short_fixes.course)
        assert np.abs(np.exp(1j * log.heading) - np.exp(1j * way)).max() < 2e-4


def test_a_table_of_ones_own(write, short_fixes):
    path = write("mine.csv", as_metres(short_fixes))
    with pytest.raises(TrackError, match=r"no.csv:1: .* its columns are u, a, b, c"):
        read_log(write("no.csv", as_metres(short_fixes, "u;a;b;c")), options())
    log = read_log(path, options(**MINE))
    np.testing.assert_allclose(log.x, short_fixes.x, atol=1e-3)
    np.testing.assert_allclose(log.speed, short_fixes.speed, atol=1e-3)
    assert log.plane is None
    assert any("taken as km/h" in note for note in log.notes)
    by_number = options(columns={"time": 1, "x": 2, "y": 3, "speed": 4}, speed_unit="km/h")
    np.testing.assert_array_equal(read_log(path, by_number).speed, log.speed)
    headless = write("headless.csv", as_metres(short_fixes).partition("\n")[2])
    np.testing.assert_array_equal(read_log(headless, by_number).x, log.x)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize(
    "heading",
    [
        "time_ms {0} lat {0} lon {0} speed_mph",
        "Time (ms){0}Latitude (deg){0}Longitude (deg){0}Speed (mph)",
    ],
)
def test_headings_tell_units(write, short_fixes, separator, heading):
    if separator == " " and "(" in heading:
        pytest.skip("words are separated by what separates columns")
    rows = [heading.format(separator)]
    for lat, lon, t, v in zip(
        *short_fixes.degrees(), short_fixes.t, short_fixes.speed, strict=True
    ):
        fields = f"{1e3 * t:.0f}", f"{lat:.7f}", f"{lon:.7f}", f"{v / 0.44704:.3f}"
        rows.append(separator.join(fields))
    log = read_log(write("a.csv", "\n".join(rows)))
    np.testing.assert_allclose(log.t, short_fixes.t, atol=1e-3)
    np.testing.assert_allclose(log.speed, short_fixes.speed, atol=2e-3)


def test_times_of_many_kinds(write, short_fixes):
    lat, lon = short_fixes.degrees()
    for written in (lambda t: f"2026-05-28 10:{int(t // 60):02d}:{t % 60:06.3f}",
                    lambda t: f"23:{int(t // 60):02d}:{t % 60:06.3f}",
                    lambda t: f"{int(t // 60)}:{t % 60:06.3f}",
                    lambda t: f"{1e9 + t:.3f}"):  # fmt: skip
        rows = [f"{written(t)},{a:.8f},{b:.8f}" for t, a, b in zip(short_fixes.t, lat, lon,
                                                                  strict=True)]  # fmt: skip
        log = read_log(write("a.csv", "\n".join(["time,lat,lon", *rows])))
        np.testing.assert_allclose(log.t, short_fixes.t, atol=1.1e-3)


def test_midnight(write, short_fixes):
    at = 86_400.0 - 30.0
    log = read_log(write("a.vbo", as_vbo(short_fixes, at=at)))
    np.testing.assert_allclose(log.t, short_fixes.t, atol=0.006)
    rows = ["time,lat,lon"]
    for lat, lon, t in zip(*short_fixes.degrees(), short_fixes.t, strict=True):
        h, m, s = clock(t, at)
        rows.append(f"{h:02d}:{m:02d}:{s:06.3f},{lat:.8f},{lon:.8f}")
    log = read_log(write("a.csv", "\n".join(rows)))
    np.testing.assert_allclose(log.t, short_fixes.t, atol=0.0011)


def test_knots(write, short_fixes):
    text = as_vbo(short_fixes).replace("velocity kmh", "velocity knots")
    log = read_log(write("a.vbo", text))
    assert log.speed is None  # the numbers are of km/h, which the way gives away
    assert any("speeds were left out" in note and "1.8" in note for note in log.notes)


def test_a_start_line_that_the_file_draws(write, short_fixes):
    lat, lon = short_fixes.degrees()
    ends = f"{-60 * lon[50]:+.6f} {60 * lat[50]:+.6f} {-60 * lon[50]:+.6f} {60 * lat[50]:+.6f}"
    log = read_log(write("a.vbo", as_vbo(short_fixes, f"[laptiming]\nStart {ends} Start")))
    assert log.start is not None
    assert np.hypot(log.start[0] - log.x[50], log.start[1] - log.y[50]) < 0.1
    log = read_log(write("b.vbo", as_vbo(short_fixes, "[laptiming]\nStart +1 +2 +3 +4")))
    assert log.start is None and any("lies elsewhere" in note for note in log.notes)


def test_what_is_written_before_the_receiver_knows_moves_no_start_line(write, short_fixes):
    lat, lon = short_fixes.degrees()
    ends = f"{-60 * lon[50]:+.6f} {60 * lat[50]:+.6f} {-60 * lon[50]:+.6f} {60 * lat[50]:+.6f}"
    head, rows = as_vbo(short_fixes, f"[laptiming]\nStart {ends}").split("[data]\n")
    blind = "".join(f"000 1300{k:02d}.00 +0.0 +0.0 000.000 000.00 +0.0\n" for k in range(50))
    log = read_log(write("a.vbo", f"{head}[data]\n{blind}{rows}"))
    assert len(log) == len(short_fixes.t) and log.start is not None
    assert np.hypot(log.start[0] - log.x[50], log.start[1] - log.y[50]) < 0.1


def test_a_speed_that_stands_twice_in_a_gpx(write, short_fixes):
    text = re.sub(r"(</time>)(.*?<gpxtpx:speed>)([\d.]+)", r"\1<speed>\3</speed>\2\3",
                  as_gpx(short_fixes))  # fmt: skip
    assert text.count("speed>") == 4 * len(short_fixes.t)
    np.testing.assert_allclose(read_log(write("a.gpx", text)).speed, short_fixes.speed, atol=0.002)


def test_a_logger_faster_than_its_receiver(write, short_fixes):
    rows = as_metres(short_fixes).splitlines()
    again = [rows[0]]
    for k, row in enumerate(rows[1:]):
        t = float(row.split(";")[0].replace(",", "."))
        again += [row, row.replace(row.split(";")[0], f"{t + 0.05:.3f}")]
        assert k < 10_000
    log = read_log(write("a.csv", "\n".join(again)), options(**MINE))
    np.testing.assert_allclose(log.t, short_fixes.t, atol=1e-3)
    assert any("repeat the position before" in note for note in log.notes)


def test_a_last_line_that_is_cut_off(write, short_fixes):
    for name, form in (("a.vbo", as_vbo), ("a.csv", as_racechrono2)):
        text = form(short_fixes)
        cut = text[: text.rstrip().rindex("\n") + 9]
        log = read_log(write(name, cut))
        assert len(log) == len(short_fixes.t) - 1
        assert any("is cut off" in note for note in log.notes)


def replaced(text: str, line: int, old: str, new: str) -> str:
    rows = text.splitlines()
    assert old in rows[line - 1], rows[line - 1]
    rows[line - 1] = rows[line - 1].replace(old, new, 1)
    return "\n".join([*rows, ""])


def shuffled(text: str, line: int) -> str:
    rows = text.splitlines()
    rows[line - 1], rows[line] = rows[line], rows[line - 1]
    return "\n".join([*rows, ""])


REFUSED = {
    "latitude": ("a.vbo", lambda t: replaced(t, 20, " +2", " +7"),
                 r"a\.vbo:20: latitude is .* it must be -90 to 90"),
    "longitude": ("a.gpx", lambda t: replaced(t, 8, 'lon="-8', 'lon="-188'),
                  r"a\.gpx:8: longitude is -188.* it must be -180 to 180"),
    "nan": ("a.gpx", lambda t: replaced(t, 8, 'lat="49.', 'lat="nan'),
            r"a\.gpx:8: lat is 'nan.*', which is no finite number"),
    "inf": ("a.csv", lambda t: replaced(t, 20, ",49.", ",inf"),
            r"a\.csv:20: lat is 'inf.*', which is no finite number"),
    "word": ("a.csv", lambda t: replaced(t, 20, ",49.", ",4 9"), r"a\.csv:20: lat is '4 9"),
    "overflow": ("a.csv", lambda t: replaced(t, 20, ",49.", ",4e999"), r"a\.csv:\d+: "),
    "backwards": ("a.csv", lambda t: shuffled(t, 40), r"a\.csv:41: the time runs back by 0.1 s"),
    "backwards gpx": ("a.gpx", lambda t: shuffled(t, 40), r"a\.gpx:41: the time runs back by"),
    "no data": ("a.vbo", lambda t: t.split("[data]")[0], r"a\.vbo: has no section \[data\]"),
    "no columns": ("a.vbo", lambda t: t.replace("[column names]", "[columns]"),
                   r"a\.vbo:19: has no section \[column names\]"),
    "unknown column": ("a.vbo", lambda t: t.replace(" lat ", " latt "),
                       r"has no column 'lat'; did you mean 'latt'\?"),
    "not a clock": ("a.vbo", lambda t: replaced(t, 20, "009 1", "009 97"),
                    r"a\.vbo:20: time is .* no hhmmss"),
    "short row": ("a.vbo", lambda t: replaced(t, 20, " +00152.58", ""),
                  r"a\.vbo:20: has fewer fields than the 7 columns"),
    "short csv": ("a.csv", lambda t: replaced(t, 20, ",49.", "_"), r"a\.csv:20: has 7 fields"),
    "cut off": ("a.gpx", lambda t: t[:3000], r"a\.gpx:\d+: is no whole XML: .*cut off"),
    "no time": ("a.gpx", lambda t: replaced(t, 9, "<time>", "<tim>").replace("</time>", "</tim>", 6)
                .replace("<time>", "<tim>", 5), r"a\.gpx:\d+: .*time"),
    "entity": ("a.gpx", lambda t: t.replace("<gpx", '<!DOCTYPE g [<!ENTITY a "b">]><gpx', 1),
               r"a\.gpx:2: declares a document type"),
    "html": ("a.gpx", lambda t: "<html><body/></html>", r"a\.gpx:1: is XML of a 'html'"),
    "deep": ("a.gpx", lambda t: "<gpx>" + "<a>" * 99, r"more than 64 elements within"),
    "empty": ("a.csv", lambda t: "", r"a\.csv: has no headings"),
    "no rows": ("a.csv", lambda t: "time,lat,lon\n", r"a\.csv: holds 0 positions"),
    "binary": ("a.csv", lambda t: t + "\0", r"a\.csv:\d+: holds bytes that are no text"),
    "long line": ("a.csv", lambda t: "x" * (MAX_LINE + 1), r"a\.csv:1: is longer than"),
    "far away": ("a.csv", lambda t: replaced(t, 20, ",49.", ",39."), r"a\.csv:20: lies 11.. km"),
    "unit row": ("a.csv", lambda t: "time,lat,lon\nnoon,1,2\n", r"a\.csv:2: time is 'noon'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", REFUSED)
def test_refusals_name_file_and_line(fault, write, short_fixes):
    name, spoil, said = REFUSED[fault]
    form = {"gpx": as_gpx, "vbo": as_vbo, "csv": as_racechrono2}[name[-3:]]
    with pytest.raises(TrackError, match=said):
        read_log(write(name, spoil(form(short_fixes.part(slice(0, 200))))))


def test_entities_cost_nothing(write):
    nest = "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "{"x" * 99}">{nest}]><gpx>&i;</gpx>'
    with pytest.raises(TrackError, match="document type or an entity"):
        read_log(write("a.gpx", bomb))


def test_times_that_are_too_coarse(write, short_fixes):
    lat, lon = short_fixes.degrees()
    rows = [f"{int(t)},{a:.8f},{b:.8f}" for t, a, b in zip(short_fixes.t, lat, lon, strict=True)]
    with pytest.raises(TrackError, match=r":3: 90 % of the positions have the time of the one"):
        read_log(write("a.csv", "\n".join(["time,lat,lon", *rows])))
    with pytest.raises(TrackError, match=r"has a position every 100 s.* time_unit=ms"):
        rows = [row.replace(",", "00,", 1) for row in rows[::10]]
        read_log(write("b.csv", "\n".join(["time,lat,lon", *rows])))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"colums.time": "t"}, "no option 'colums.time'; did you mean 'columns'"),
        ({"columns.tim": "t"}, "columns has no 'tim'; did you mean 'time'"),
        ({"columns.x": "px"}, "x or y alone"),
        ({"columns.time": "tme", "columns.x": "px", "columns.y": "py"}, "did you mean 'time'"),
        ({"start_lat": 4.0}, "start_lat and start_lon belong together"),
        ({"width": 900.0}, "width must be"),
        ({"columns.time": 0, "columns.x": 1, "columns.y": 2}, "columns count from 1"),
    ],
)
def test_options_that_are_wrong(write, short_fixes, given, said):
    with pytest.raises(RacegymError, match=said):
        read_log(write("a.csv", as_metres(short_fixes, "time;px;py;v")), options(**given))


def test_a_log_of_a_month(write):
    rows = [f"{2 * k},{0.01 * k:.2f},0" for k in range(100_000)]
    with pytest.raises(TrackError, match="holds 56 h of positions; cut the log in parts"):
        read_log(write("a.csv", "\n".join(["t,x,y", *rows])))


def test_every_option_stands_on_the_page(root):
    page = (root / "docs" / "laps.md").read_text(encoding="utf-8")
    for option in LogOptions.model_fields:
        assert f"`{option}`" in page, f"option {option} of logs is not in docs/laps.md"
    for column in ColumnMap.model_fields:
        assert f"`{column}`" in page, column


def test_racechrono_without_rows(write):
    with pytest.raises(TrackError, match="has no headings"):
        read_log(write("a.csv", PREAMBLE.format(3)))


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(TrackError, match="there is no such log"):
        read_log(tmp_path / "none.gpx")
    with pytest.raises(TrackError, match="can't be read"):
        read_log(tmp_path)
