"""Truncated and hostile files: a plain message each, in bounded time; and fuzzing of readers."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racegym.errors import TrackError
from racegym.formats import content, format_of, geojson, read_track, xml_tree
from racegym.track import Track, generate

CIRCUIT = generate(11, length=600.0)
POINTS = np.column_stack([CIRCUIT.x, CIRCUIT.y])[::6]

LAUGHS = (
    '<?xml version="1.0"?>\n<!DOCTYPE {root} [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 12))
    + "]>\n<{root}>&a11;</{root}>"
)
OUTSIDE = '<!DOCTYPE {root} [<!ENTITY f SYSTEM "file:///etc/hostname">]>\n<{root}>&f;</{root}>'
ELSEWHERE = '<!DOCTYPE {root} SYSTEM "http://localhost:9/x.dtd">\n<{root}></{root}>'
ROOTS = {"kml": "kml", "gpx": "gpx", "osm": "osm", "fastest_lap": "circuit"}


@pytest.mark.parametrize("form", ROOTS)
@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE, ELSEWHERE], ids=["laughs", "file", "address"])
def test_nothing_is_expanded_and_nothing_fetched(maps, form, text):
    path = maps.write("x.xml", text.replace("{root}", ROOTS[form]))
    start = time.process_time()
    with pytest.raises(TrackError, match=r":[12]: has a document type declaration"):
        read_track(path, form)
    assert time.process_time() - start < 0.5
    assert format_of(path) == form


@pytest.mark.parametrize("form", ROOTS)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<{root}>" * 100 + "</{root}>" * 100, "nests elements more than 64 deep"),
        ("<{root}>\n<a>\n</b></{root}>", ":3: is no whole XML: mismatched tag"),
        ("<{root}><a>", ":1: is no whole XML: no element found"),
        ("", ":1: is no whole XML: no element found"),
        (
            '<?xml version="1.0" encoding="martian"?><{root}/>',
            "no XML that can be read|unknown enc",
        ),
        ("<other/>", ":1: is a <other> document, not a <{root}>"),
        ("<{root}/>", "has no|holds no"),
        ("<{root}>&what;</{root}>", "is no whole XML: undefined entity"),
    ],
)
def test_broken_xml(maps, form, text, message):
    root = ROOTS[form]
    path = maps.write("x.xml", text.replace("{root}", root))
    with pytest.raises(TrackError, match=message.replace("{root}", root)) as caught:
        read_track(path, form)
    assert str(caught.value).startswith(str(path))


def test_xml_in_other_encodings(maps):
    text = maps.kml({"Übung": POINTS}).read_text(encoding="utf-8").partition("?>\n")[2]
    for encoding in ("utf-16", "latin-1", "cp1252", "utf-8-sig"):
        name = encoding.removesuffix("-sig")
        path = maps.folder / "e.kml"
        path.write_bytes(f'<?xml version="1.0" encoding="{name}"?>\n{text}'.encode(encoding))
        assert read_track(path, options={"line": "Übung"}).length > 500.0
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(TrackError, match=":1: is no whole XML: not well-formed"):
        read_track(path, "kml")
    gpx = maps.gpx({"a": POINTS}).read_text(encoding="utf-8")
    path.write_bytes(f'<?xml version="1.0" encoding="utf-16"?>{gpx}'.encode("utf-16"))
    assert format_of(path) == "gpx"


def test_sizes_are_bounded(maps, monkeypatch):
    monkeypatch.setattr(xml_tree, "MAX_BYTES", 5_000)
    with pytest.raises(TrackError, match=r"larger than 0\.005 MB"):
        read_track(maps.kml({"a": POINTS}))
    monkeypatch.setattr(xml_tree, "MAX_BYTES", 10_000_000)
    monkeypatch.setattr(xml_tree, "MAX_ELEMENTS", 50)
    with pytest.raises(TrackError, match=r":\d+: holds more than 50 elements"):
        read_track(maps.gpx({"a": POINTS}))
    monkeypatch.setattr(geojson, "MAX_BYTES", 5_000)
    with pytest.raises(TrackError, match=r"larger than 0\.005 MB"):
        read_track(maps.geojson({"a": POINTS}))
    monkeypatch.setattr(geojson, "MAX_BYTES", 10_000_000)
    monkeypatch.setattr(geojson, "MAX_POINTS", 50)
    with pytest.raises(TrackError, match="more than 50 points"):
        read_track(maps.geojson({"a": POINTS}))
    assert content.MAX_POINTS == 100_000


def ring(*, at=3, place=None, closed=True, **top):
    places = [[7.0 + 0.003 * np.cos(a), 50.0 + 0.002 * np.sin(a)] for a in np.arange(60) * 0.1047]
    places = [*places, places[0]] if closed else places[:45]
    if place is not None:
        places[at] = place
    return json.dumps({"type": "LineString", "coordinates": places, **top})


BAD_JSON = [
    (ring(place=[7.0, 95.0]), r"point 4 of the file has the latitude 95, which is beyond 90"),
    (ring(place=[7.0, -90.5]), r"are latitude and longitude exchanged"),
    (ring(place=[181.0, 50.0]), r"has the longitude 181, which is beyond 180"),
    (ring(place=[7.0, 40.0]), r"reach over 10\.0 degrees of latitude"),
    (ring(place=[7.0]), r"point 4 of the file is a list; it must be \[longitude, latitude\]"),
    (ring(place="a"), r'point 4 of the file is "a"'),
    (ring(place=["a", 1.0]), r'point 4 of the file holds "a", which is no number'),
    (ring(place=[True, 1.0]), r"point 4 of the file holds true, which is no number"),
    (ring().replace("7.003,", "NaN,", 1), r"is no JSON: NaN is no number"),
    (ring().replace("7.003,", "-Infinity,", 1), r"is no JSON: -Infinity is no number"),
    (ring().replace("7.003,", "1e999,", 1), r"it must be finite"),
    (ring().replace("7.003,", "9" * 5000 + ",", 1), r"is no JSON: a number of 5000 digits"),
    (ring().replace("7.003,", "9" * 400 + ",", 1), r"a huge number; it must be finite"),
    (ring(closed=False), r"the file\) is open: its last point is \d+\.\d m from its first"),
    (ring()[:200], r":1: is no whole JSON"),
    ("[" * 100_000, r"too deep|no whole JSON"),
    ('{"type":"Feature","geometry":' * 9000 + "1" + "}" * 9000, r"too deep|nests"),
    ('{"type":"GeometryCollection","geometries":[' * 30 + "]}" * 30, r"more than 16 deep"),
    ("[1, 2]", r"it must be an object"),
    ('{"type": "Polygon"}', r"coordinates of the file is null; it must be a list"),
    ('{"type": "FeatureCollection", "features": {}}', r"features of the file is an object"),
    ('{"type": "Topology"}', r'is no GeoJSON object: its type is "Topology"'),
    ('{"type": "FeatureCollection", "features": []}', r"holds no line"),
    ('{"type": "LineString", "coordinates": [[7, 50], [7, 50]]}', r"has 1 points; a loop needs 8"),
    (ring(racegym={}), r"racegym\.placed: field required"),
]


@pytest.mark.parametrize(("text", "message"), BAD_JSON, ids=range(len(BAD_JSON)))
def test_bad_geojson(maps, text, message):
    path = maps.write("x.geojson", text)
    with pytest.raises(TrackError, match=message) as caught:
        read_track(path, "geojson")
    assert str(caught.value).startswith(str(path))


def test_geojson_in_another_encoding(maps):
    path = maps.folder / "x.geojson"
    path.write_bytes(b'{"type": "Feature"\n, "\xff\xfe": 1}')
    with pytest.raises(TrackError, match=":2: is no UTF-8 text; is it a GeoJSON file"):
        read_track(path, "geojson")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r"<coordinates>.*?</coordinates>", "", r":2: a <LineString> has no <coordinates>"),
        (r",\d\d\.\d+\n", "\n", r":\d+: a place is '6\.9\d*'; it must be longitude,latitude"),
        (r"\n6\.9\d+,", "\nnan,", r":\d+: longitude is nan; it must be finite"),
        (r",50\.\d+\n", ",150.1\n", r":\d+: line \d+ has the latitude 150\.1"),
    ],
)
def test_bad_kml(maps, old, new, message):
    text = maps.kml({"a": POINTS}).read_text(encoding="utf-8")
    path = maps.write("b.kml", re.sub(old, new, text, count=1, flags=re.DOTALL))
    with pytest.raises(TrackError, match=message):
        read_track(path)


def test_a_zipped_kmz_is_refused(maps):
    path = maps.folder / "a.kmz"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(TrackError, match=r"is a zipped KMZ: unpack it, and import the \.kml"):
        read_track(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r'lat="[^"]*" ', "", r":2: a <trkpt> has no lat"),
        (r'lat="[^"]*"', 'lat="north"', r":2: latitude is 'north', which is no number"),
        (r"></trkpt>", "><ele>inf</ele></trkpt>", r":2: elevation is inf"),
    ],
)
def test_bad_gpx(maps, old, new, message):
    text = maps.gpx({"a": POINTS}).read_text(encoding="utf-8")
    path = maps.write("b.gpx", re.sub(old, new, text, count=1))
    with pytest.raises(TrackError, match=message):
        read_track(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x_m,y_m\n" + "1,2\n" * 20, "has 1 points"),
        ("x_m,y_m\n1,2\n3\n", ":3: has 1 columns, and the lines before it 2"),
        ("s_m;x_m;y_m;psi_rad;kappa_radpm;vx_mps;ax_mps2\n1;2;x;4;5;6;7\n", ":2: y_m is 'x'"),
        ("1,2,3\n", r":1: has 3 columns; rows are x_m, y_m, w_tr_right_m"),
        ("left_border_x,left_border_y,right_border_x,right_border_y\n", "holds no points"),
    ],
)
def test_bad_csv(maps, text, message):
    path = maps.write("x.csv", text)
    form = "assetto_corsa" if "border" in text else "tum"
    with pytest.raises(TrackError, match=message):
        read_track(path, form, {"width": 5} if form == "tum" else {})


def test_what_is_no_plain_file(maps):
    for form in ("tum", "geojson", "kml", "assetto_corsa"):
        with pytest.raises(TrackError, match="no plain file"):
            read_track(maps.folder, form)
        with pytest.raises(TrackError, match="there is no such track file"):
            read_track(maps.folder / "none", form)


# Fuzzing: whole files of each form, torn, doubled and with odd words in place of numbers.

ODD = [
    "", "0", "-0", "nan", "NaN", "inf", "-Infinity", "1e308", "-1e308", "5e-324", "1e999", "90.01",
    "-91", "181", "9" * 400, "null", "true", "[]", "{}", '"', "<", ">", "&", "&lt;", "</", "]]>",
    "\x00", "\n", "\ufeff", "é", ",", ";", " ", "#",
]  # fmt: skip
CHANGE = st.tuples(
    st.sampled_from(["cut", "drop", "twice", "word", "byte", "move"]),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
    st.sampled_from(ODD),
    st.integers(0, 255),
)
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def torn(data: bytes, changes) -> bytes:
    for kind, start, end, word, byte in changes:
        n = len(data)
        a = int(start * n)
        b = min(n, a + 1 + int(end**4 * n))  # mostly short pieces
        if kind == "cut":
            data = data[:a]
        elif kind == "drop":
            data = data[:a] + data[b:]
        elif kind == "twice":
            data = data[:b] + data[a:b] + data[b:]
        elif kind == "byte":
            data = data[:a] + bytes([byte]) + data[a + 1 :]
        elif kind == "move":
            data = data[b:] + data[:a] + data[a:b]
        elif found := NUMBER.search(data, a):
            data = data[: found.start()] + word.encode() + data[found.end() :]
    return data[:200_000]


def seeds(maps, form: str, edges) -> list[bytes]:
    """Return whole files of a form."""
    left, right = (edge[::6] for edge in edges(CIRCUIT))
    if form in ("geojson", "kml", "gpx"):
        write = getattr(maps, form)
        files = [
            write({"a": POINTS}).read_bytes(),
            write({"left": left, "right": right}).read_bytes(),
        ]
        if form == "geojson":
            own = maps.folder / "own.geojson"
            geojson.write(generate(1, length=300.0), own)
            files.append(own.read_bytes())
        return files
    if form == "osm":
        return [maps.osm(POINTS, cuts=(30, 60), oneway="yes", width="9").read_bytes()]
    if form == "fastest_lap":
        columns = {"x": POINTS[:, 0], "y": -POINTS[:, 1]}
        text = "".join(f"<{k}>{', '.join(map(repr, v.tolist()))}</{k}>" for k, v in columns.items())
        n = ", ".join(["4"] * len(POINTS))
        return [
            f'<circuit type="closed"><data><centerline>{text}</centerline>'
            f"<nl>{n}</nl><nr>{n}</nr></data></circuit>".encode()
        ]
    if form == "assetto_corsa":
        names = "left_border_x,left_border_y,right_border_x,right_border_y,pos_x,pos_y"
        table = np.column_stack([left, right, 0.5 * (left + right)])
        return [csv(names, table)]
    wide = np.full((len(POINTS), 2), 4.0)
    zero = np.zeros((len(POINTS), 1))
    return [
        csv("# x_m,y_m,w_tr_right_m,w_tr_left_m", np.column_stack([POINTS, wide])),
        csv("# x_m,y_m", POINTS),
        csv("right_bound_x,right_bound_y,right_bound_z,left_bound_x,left_bound_y,left_bound_z",
            np.column_stack([right, zero, left, zero])),
    ]  # fmt: skip


def csv(heading: str, table) -> bytes:
    rows = [",".join(f"{v:.4f}" for v in row) for row in table.tolist()]
    return "\n".join([heading, *rows]).encode()


LONGEST = 3.0  # [s] of the processor, for a file of at most 200 kB
FUZZED = ["tum", "assetto_corsa", "fastest_lap", "geojson", "kml", "gpx", "osm"]


def fuzz(maps, edges, form: str, examples: int) -> None:
    files = seeds(maps, form, edges)
    path: Path = maps.folder / f"fuzzed.{form}"

    @settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(which=st.integers(0, len(files) - 1), changes=st.lists(CHANGE, max_size=6))
    def run(which, changes):
        path.write_bytes(torn(files[which], changes))
        start = time.process_time()
        try:
            track = read_track(path, form, {"width": 8.0} if form == "tum" else {})
        except TrackError as error:
            assert changes, error
            assert str(error).startswith(str(path))
            assert len(str(error)) < 4000
        else:
            assert isinstance(track, Track)
        assert time.process_time() - start < LONGEST

    run()


@pytest.mark.parametrize("form", FUZZED)
def test_whatever_stands_in_a_file_it_is_a_track_or_a_plain_message(maps, edges, form):
    fuzz(maps, edges, form, 25)


@pytest.mark.slow
@pytest.mark.parametrize("form", FUZZED)
def test_two_thousand_torn_files_of_each_form(maps, edges, form):
    fuzz(maps, edges, form, 2000)
