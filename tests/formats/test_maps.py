"""Lines on maps: GeoJSON, KML, GPX and OpenStreetMap, as a centerline and as two edges."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from racegym.errors import TrackError
from racegym.formats import format_of, read_track, write_track
from racegym.formats.local_plane import plane_of
from racegym.track import generate

CIRCUIT = generate(5, length=1800.0, width=11.0)
FORMS = ["geojson", "kml", "gpx"]


def center(track=CIRCUIT, every=5):
    return np.column_stack([track.x, track.y])[::every]


@pytest.mark.parametrize("form", [*FORMS, "osm"])
def test_a_centerline(maps, apart, form):
    path = getattr(maps, form)(center() if form == "osm" else {"Ring": center()})
    assert format_of(path) == form
    track = read_track(path)
    assert track.length == pytest.approx(CIRCUIT.length, rel=1e-3)
    own = np.column_stack([track.x, track.y]) + track.origin
    shift = np.array(maps.plane.to_plane(*plane_of(track.notes)[:2]))
    assert apart(own + shift, center(every=1)) < 0.15
    assert track.width_left[0] + track.width_right[0] == 10.0
    assert any("10 m is assumed" in note for note in track.notes)
    turned = np.sum(track.curvature) * np.sum(CIRCUIT.curvature)
    assert turned > 0.0
    back = read_track(path, options={"reverse": True, "width": 7})
    assert np.sum(back.curvature) * np.sum(CIRCUIT.curvature) < 0.0
    assert back.width_left[0] == 3.5
    assert any("7 m was given" in note for note in back.notes)


@pytest.mark.parametrize("form", FORMS)
def test_two_edges(maps, apart, edges, form):
    left, right = edges(CIRCUIT)
    right = np.roll(right[::3][::-1], 40, axis=0)
    path = getattr(maps, form)({"pit": center()[20:60], "Left edge": left[::2], "right": right})
    track = read_track(path)
    shift = np.array(maps.plane.to_plane(*plane_of(track.notes)[:2]))
    for mine, own in zip(edges(track), (left, right), strict=True):
        assert apart(mine + shift, own) < 0.2
    np.testing.assert_allclose(track.width_left + track.width_right, 11.0, atol=0.3)
    assert np.sum(track.curvature) * np.sum(CIRCUIT.curvature) > 0.0
    back = read_track(path, options={"reverse": True})
    assert np.sum(back.curvature) * np.sum(CIRCUIT.curvature) < 0.0
    assert not any("exchanged" in note for note in back.notes)


def test_elevation(maps):
    phase = 2.0 * np.pi * np.arange(len(center())) / len(center())
    hilly = np.column_stack([center(), 600.0 + 15.0 * np.sin(phase)])
    for form in ("gpx", "kml", "geojson"):
        track = read_track(getattr(maps, form)({"a": hilly}))
        assert np.ptp(track.z) == pytest.approx(30.0, abs=0.3)
        flat = read_track(getattr(maps, form)({"a": hilly}), options={"elevation": False})
        assert not flat.z.any()
    rough = np.column_stack([center(), 1000.0 * np.sin(7.0 * phase)])
    track = read_track(maps.gpx({"a": rough}))
    assert not track.z.any()
    assert any("elevations were left out" in note for note in track.notes)


def test_points_that_scatter_are_smoothed_more(maps, apart):
    scatter = np.random.default_rng(3).normal(0.0, 1.5, center().shape)
    path = maps.gpx({"a": center() + scatter})
    with pytest.raises(TrackError, match="its edge folds over: smooth the points"):
        read_track(path, options={"smoothing": 0})
    track = read_track(path)
    assert any("points scatter; it was smoothed over" in note for note in track.notes)
    own = np.column_stack([track.x, track.y]) + track.origin
    shift = np.array(maps.plane.to_plane(*plane_of(track.notes)[:2]))
    assert apart(own + shift, center(every=1)) < 4.5
    assert not any("scatter" in note for note in read_track(maps.gpx({"a": center()})).notes)


def test_polygons(maps, edges):
    left, right = edges(CIRCUIT)
    outer, inner = (left, right) if np.sum(CIRCUIT.curvature) < 0 else (right, left)
    rings = [maps.places(outer[::4]), maps.places(inner[::5])]
    path = maps.write("p.json", json.dumps({"type": "Polygon", "coordinates": rings}))
    track = read_track(path)
    np.testing.assert_allclose(track.width_left + track.width_right, 11.0, atol=0.4)

    def text(ring):
        places = " ".join(",".join(map(repr, place)) for place in ring)
        return f"<LinearRing><coordinates>{places}</coordinates></LinearRing>"

    polygon = (
        f"<Polygon><outerBoundaryIs>{text(rings[0])}</outerBoundaryIs>"
        f"<innerBoundaryIs>{text(rings[1])}</innerBoundaryIs></Polygon>"
    )
    kml = maps.write("p.kml", f"<kml><Placemark>{polygon}</Placemark></kml>")
    assert read_track(kml).length == pytest.approx(track.length, rel=1e-9)
    alone = maps.write("q.json", json.dumps({"type": "Polygon", "coordinates": rings[:1]}))
    assert any("assumed" in note for note in read_track(alone).notes)


@pytest.mark.parametrize("form", ["kml", "json"])
def test_polygons_without_holes_go_by_their_names(maps, edges, form):
    left, right = edges(CIRCUIT)
    lines = {"left": left[::4], "right": right[::4], "paddock": 0.3 * left[::9]}
    if form == "kml":
        text = maps.kml(lines).read_text(encoding="utf-8")
        for old, new in (
            ("<LineString>", "<Polygon><outerBoundaryIs><LinearRing>"),
            ("</LineString>", "</LinearRing></outerBoundaryIs></Polygon>"),
        ):
            text = text.replace(old, new)
        path = maps.write("p.kml", text)
    else:
        top = json.loads(maps.geojson(lines).read_text(encoding="utf-8"))
        for feature in top["features"]:
            shape = feature["geometry"]
            shape.update(type="Polygon", coordinates=[shape["coordinates"]])
        path = maps.write("p.json", json.dumps(top))
    track = read_track(path)
    np.testing.assert_allclose(track.width_left + track.width_right, 11.0, atol=0.4)


def test_pieces_are_joined_whichever_way_they_run(maps):
    places = maps.places(center())
    parts = [places[:51], places[50:151][::-1], places[150:]]
    path = maps.write("m.json", json.dumps({"type": "MultiLineString", "coordinates": parts}))
    whole = read_track(maps.geojson({"a": center()}))
    joined = read_track(path)
    assert joined.length == pytest.approx(whole.length, rel=1e-6)
    np.testing.assert_allclose(joined.x[:100], whole.x[:100], atol=0.01)


def test_several_lines_are_chosen_from(maps):
    small = 0.3 * center()
    path = maps.kml({"Full": center(), "Kart": small, "Moto": 0.9 * center()})
    with pytest.raises(TrackError, match=r"choose by name.*Full \(line 2, 1[78]\d\d m\); Kart"):
        read_track(path)
    assert read_track(path, options={"line": "Kart"}).length == pytest.approx(540.0, rel=0.01)
    with pytest.raises(TrackError, match="has no line 'Cart'; did you mean 'Kart'"):
        read_track(path, options={"line": "Cart"})
    with pytest.raises(Exception, match="choose either line or edges"):
        read_track(path, options={"line": "Kart", "edges": ["Full", "Moto"]})


def test_edges_are_chosen(maps, edges):
    left, right = edges(CIRCUIT)
    path = maps.geojson({"one": left, "two": right, "three": center()})
    track = read_track(path, options={"edges": ["one", "two"]})
    np.testing.assert_allclose(track.width_left + track.width_right, 11.0, atol=0.3)


def test_width_that_the_file_tells(maps):
    path = maps.geojson({"a": center()}, width="12.5 m")
    track = read_track(path)
    assert track.width_left[0] == 6.25
    assert not any("assumed" in note for note in track.notes)


class TestOpenStreetMap:
    """Ways of a circuit."""

    def test_ways_are_joined_and_widths_are_theirs(self, maps):
        whole = read_track(maps.osm(center()))
        track = read_track(maps.osm(center(), cuts=(40, 41, 200), width="12", oneway="yes"))
        assert track.length == pytest.approx(whole.length, rel=1e-9)
        assert track.width_right[0] == 6.0
        assert not any("oneway" in note for note in track.notes)
        assert any("oneway" in note for note in whole.notes)
        assert "OpenStreetMap" in track.attribution and track.licence == "ODbL-1.0"

    def test_oneway_decides_the_direction(self, maps):
        ahead = read_track(maps.osm(center(), oneway="yes"))
        back = read_track(maps.osm(center(), oneway="-1"))
        assert np.sum(ahead.curvature) * np.sum(back.curvature) < 0.0
        way = maps.osm(center(), cuts=(100,), oneway="yes").read_text(encoding="utf-8")
        head, first, second = way.split("<way ")
        refs = second.split("<nd ")[1:-1]
        last, tags = second.split("<nd ")[-1].split("/>", 1)
        turned = "<nd ".join(['id="101">', *[f"{r}" for r in ([f"{last}/>", *refs[::-1]])]]) + tags
        path = maps.write("t.osm", "<way ".join([head, first, turned]))
        assert any("against each other" in note for note in read_track(path).notes)

    def test_a_paddock_road_and_a_pit_lane_are_left_out(self, maps):
        text = maps.osm(center()).read_text(encoding="utf-8")
        more = (
            '<node id="x" lat="50.3301" lon="6.9401"/><node id="y" lat="50.3302" lon="6.9402"/>'
            '<way id="7"><nd ref="0"/><nd ref="x"/><nd ref="y"/>'
            '<tag k="highway" v="raceway"/></way>'
            '<way id="8"><nd ref="0"/><nd ref="x"/><nd ref="40"/>'
            '<tag k="highway" v="raceway"/><tag k="raceway" v="pit_lane"/></way>'
        )
        path = maps.write("m.osm", text.replace("</osm>", more + "</osm>"))
        track = read_track(path)
        assert track.length == pytest.approx(CIRCUIT.length, rel=1e-3)
        assert "1 way beside the loop left out" in track.notes

    def test_ways_are_chosen(self, maps):
        text = maps.osm(center(), name="Ring").read_text(encoding="utf-8")
        other = '<way id="9">' + "".join(f'<nd ref="{k}"/>' for k in [*range(0, 90, 3), 0])
        more = f'{other}<tag k="highway" v="raceway"/></way></osm>'
        path = maps.write("m.osm", text.replace("</osm>", more))
        with pytest.raises(TrackError, match=r"make no loop.*ways=.*Ring \(line \d+, 1\d+ m\); 9"):
            read_track(path)
        for name in ("Ring", "100", 100):  # as YAML reads an id
            assert read_track(path, options={"ways": [name]}).length > 1700.0
        with pytest.raises(TrackError, match="has no way 'Rign'; did you mean 'Ring'"):
            read_track(path, options={"ways": ["Rign"]})
        many = "".join(f'<way id="{k}"><tag k="name" v="A {k}"/></way>' for k in range(500, 600))
        path = maps.write("n.osm", text.replace("</osm>", f"{many}</osm>"))
        with pytest.raises(TrackError, match=r"did you mean 'Ring'.* Valid: A 500, A 501, A 502"):
            read_track(path, options={"ways": ["Rign"]})

    def test_what_has_no_raceway(self, maps):
        path = maps.osm(center(), highway="residential")
        with pytest.raises(TrackError, match="no way tagged highway=raceway among its 1"):
            read_track(path)
        with pytest.raises(TrackError, match=r":2:.*node '3' whose place"):
            read_track(maps.write("n.osm", '<osm>\n<way id="1"><nd ref="3"/>'
                '<tag k="highway" v="raceway"/></way></osm>'))  # fmt: skip


def test_a_recording_of_many_laps_is_sent_to_the_logs(maps):
    noise = np.random.default_rng(0).normal(0.0, 0.5, (3 * len(center()), 2))
    laps = np.tile(center(), (3, 1)) + noise
    with pytest.raises(TrackError, match=r"more than once.*racegym tracks import LOG --format log"):
        read_track(maps.gpx({"session": laps}))


def test_the_geojson_that_is_written_is_a_map(tmp_path, edges):
    """Every line is where it should be, by the standard alone."""
    track = replace(CIRCUIT.with_line(np.full(len(CIRCUIT), 2.0), "test"), runoff=np.inf)
    path = tmp_path / "t.geojson"
    write_track(track, path, "geojson")
    top = json.loads(path.read_text(encoding="utf-8"))
    roles = [feature["properties"]["role"] for feature in top["features"]]
    assert roles[:5] == ["centerline", "left_edge", "right_edge", "racing_line", "start_line"]
    assert roles.count("gate") == len(track.sectors) + len(track.checkpoints) - 2
    assert top["racegym"]["placed"] is False
    longitude, latitude = np.array(top["features"][1]["geometry"]["coordinates"]).T[:2]
    x, y = np.deg2rad(longitude) * 6_378_137.0, np.deg2rad(latitude) * 6_335_439.3
    left = edges(track)[0] - np.array(track.origin)
    np.testing.assert_allclose(np.column_stack([x, y])[:-1], left, atol=2e-3)
    del top["racegym"]  # now it is anybody's map: two edges, and more that are none
    plain = read_track(path, options={"width": None})
    path.write_text(json.dumps(top), encoding="utf-8")
    bare = read_track(path)
    assert bare.length == pytest.approx(plain.length, rel=1e-3)
    np.testing.assert_allclose(bare.width_left + bare.width_right, 11.0, atol=0.1)
