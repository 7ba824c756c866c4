"""Real circuits, where they are at hand, and files of maps made of any line."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from racegym.formats.local_plane import LocalPlane
from racegym.formats.tum import read_tum
from racegym.track import Track

Floats = NDArray[np.float64]


@pytest.fixture(scope="session")
def tum(shared: Path) -> dict[str, Track]:
    files = sorted((shared / "tracks" / "tum").glob("*.csv"))
    if not files:
        pytest.skip("needs the circuits in shared/tracks/tum")
    return {file.stem: read_tum(file) for file in files}


class Maps:
    """Writes lines into files of maps, around a place on the Earth."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.plane = LocalPlane(50.33, 6.94)

    def places(self, xy: Floats) -> list[list[float]]:
        """Return [longitude, latitude] and whatever more each point of a closed line has."""
        closed = np.concatenate([xy, xy[:1]])
        latitude, longitude = self.plane.to_earth(closed[:, 0], closed[:, 1])
        return np.column_stack([longitude, latitude, closed[:, 2:]]).tolist()

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def geojson(self, lines: dict[str, Floats], **properties: object) -> Path:
        features = [
            {
                "type": "Feature",
                "properties": {"name": name, **properties},
                "geometry": {"type": "LineString", "coordinates": self.places(xy)},
            }
            for name, xy in lines.items()
        ]
        top = {"type": "FeatureCollection", "features": features}
        return self.write("map.geojson", json.dumps(top))

    def kml(self, lines: dict[str, Floats]) -> Path:
        marks = "".join(
            f"<Placemark><name>{name}</name><LineString><coordinates>\n"
            + "\n".join(",".join(map(repr, place)) for place in self.places(xy))
            + "\n</coordinates></LineString></Placemark>"
            for name, xy in lines.items()
        )
        head = '<?xml version="1.0" encoding="UTF-8"?>\n'
        space = 'xmlns="http://www.opengis.net/kml/2.2"'
        return self.write("map.kml", f"{head}<kml {space}><Document>{marks}</Document></kml>\n")

    def gpx(self, lines: dict[str, Floats]) -> Path:
        def point(place: list[float]) -> str:
            height = f"<ele>{place[2]}</ele>" if len(place) > 2 else ""
            return f'<trkpt lat="{place[1]!r}" lon="{place[0]!r}">{height}</trkpt>'

        tracks = "".join(
            f"<trk><name>{name}</name><trkseg>\n"
            + "\n".join(map(point, self.places(xy)))
            + "\n</trkseg></trk>"
            for name, xy in lines.items()
        )
        return self.write("map.gpx", f'<gpx version="1.1" creator="test">{tracks}</gpx>\n')

    def osm(self, xy: Floats, cuts: tuple[int, ...] = (), **tags: str) -> Path:
        """Write a closed line as ways that end at ``cuts``, each with the tags."""
        places = self.places(xy)[:-1]
        n = len(places)
        nodes = [f'<node id="{k}" lat="{p[1]!r}" lon="{p[0]!r}"/>' for k, p in enumerate(places)]
        ends = [0, *cuts, n]
        marks = "".join(
            f'<tag k="{k}" v="{v}"/>' for k, v in {"highway": "raceway", **tags}.items()
        )
        ways = [
            f'<way id="{100 + i}">'
            + "".join(f'<nd ref="{k % n}"/>' for k in range(a, b + 1))
            + f"{marks}</way>"
            for i, (a, b) in enumerate(pairwise(ends))
        ]
        return self.write("map.osm", "\n".join(['<osm version="0.6">', *nodes, *ways, "</osm>"]))


@pytest.fixture
def maps(tmp_path: Path) -> Maps:
    return Maps(tmp_path)


def edges_of(track: Track) -> tuple[Floats, Floats]:
    """Return left and right edge (n, 2), where they were before recentring."""
    left, right = track.width_left, track.width_right
    return tuple(  # type: ignore[return-value]
        np.column_stack([track.x - d * track.tangent_y, track.y + d * track.tangent_x])
        + np.array(track.origin)
        for d in (left, -right)
    )


@pytest.fixture(scope="session")
def edges() -> Callable[[Track], tuple[Floats, Floats]]:
    return edges_of


@pytest.fixture(scope="session")
def apart() -> Callable[[Floats, Floats], float]:
    """How far a closed line is from another at most [m]."""

    def farthest(one: Floats, other: Floats) -> float:
        around = np.concatenate([other, other[:1]])
        share = np.linspace(0.0, 1.0, 20, endpoint=False)[:, None, None]
        dense = around[:-1] + share * np.diff(around, axis=0)
        return float(cKDTree(dense.reshape(-1, 2)).query(one)[0].max())

    return farthest
