"""Latitude and longitude to a plane in metres and back: the plane that touches the Earth.

Points on the WGS84 ellipsoid [1, table 3.1] are taken to Earth-centred coordinates by the
prime vertical radius of curvature N (EPSG method 9602 in [2]), and projected along the vertical
of one place onto its horizontal plane, x east and y north (method 9837). The way back has a
closed form, too. A length at a distance d of that place shrinks by up to (d / R)^2 / 2: 1e-7 at
3 km, 3e-5 at 50 km. Heights are left out, so that lengths are those on the ellipsoid; at 640 m
above it the ground is 1e-4 longer.

[1] NIMA TR8350.2 (2000), "Department of Defense World Geodetic System 1984", 3rd ed.
[2] IOGP (2019), Geomatics Guidance Note 7, part 2: "Coordinate Conversions and Transformations
    including Formulas", publication 373-7-2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["LocalPlane", "plane_of"]

Floats = NDArray[np.float64]

EQUATORIAL_RADIUS = 6_378_137.0  # [m] a
FLATTENING = 1.0 / 298.257223563  # f
ECCENTRICITY2 = FLATTENING * (2.0 - FLATTENING)  # e^2
POLAR_RADIUS = EQUATORIAL_RADIUS * (1.0 - FLATTENING)  # [m] b

_NOTE = re.compile(r"latitude (-?\d+\.\d+), longitude (-?\d+\.\d+) \(WGS84\)")


class LocalPlane(NamedTuple):
    """The plane that touches the Earth at one place."""

    latitude: float  # [deg]
    longitude: float  # [deg]

    @classmethod
    def amid(cls, latitude: Floats, longitude: Floats) -> LocalPlane:
        """Return the plane amid places [deg]; longitudes may run on beyond 180."""
        middle = [0.5 * float(values.min() + values.max()) for values in (latitude, longitude)]
        middle[1] = (middle[1] + 180.0) % 360.0 - 180.0
        return cls(*(round(value, 9) for value in middle))  # as the note says it

    @property
    def note(self) -> str:
        """What is to be noted with a track, so that ``plane_of`` finds its place again."""
        return (
            "coordinates are those of the plane that touches the Earth at "
            f"latitude {self.latitude:.9f}, longitude {self.longitude:.9f} (WGS84)"
        )

    def to_plane(self, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
        """Return x east and y north [m] of places [deg]."""
        phi = np.deg2rad(np.asarray(latitude, np.float64))
        ahead = np.deg2rad(np.asarray(longitude, np.float64) - self.longitude)
        phi0 = np.deg2rad(self.latitude)
        x, y, z = _earth_centred(phi, ahead)
        x0, _, z0 = _earth_centred(phi0, np.zeros(()))
        return y, np.cos(phi0) * (z - z0) - np.sin(phi0) * (x - x0)

    def to_earth(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Return latitude and longitude [deg] of places [m], not far from the plane's own."""
        east, north = np.asarray(x, np.float64), np.asarray(y, np.float64)
        phi0 = np.deg2rad(self.latitude)
        sin, cos = np.sin(phi0), np.cos(phi0)
        x0, _, z0 = _earth_centred(phi0, np.zeros(()))
        x1, z1 = x0 - north * sin, z0 + north * cos
        # How far below the plane the ellipsoid lies: (x / a)^2 + (y / a)^2 + (z / b)^2 = 1.
        aa, bb = EQUATORIAL_RADIUS**2, POLAR_RADIUS**2
        second = cos * cos / aa + sin * sin / bb
        first = x1 * cos / aa + z1 * sin / bb
        rest = (x1 * x1 + east * east) / aa + z1 * z1 / bb - 1.0
        up = -rest / (first + np.sqrt(first * first - second * rest))
        x2, z2 = x1 + up * cos, z1 + up * sin
        latitude = np.arctan2(z2, (1.0 - ECCENTRICITY2) * np.hypot(x2, east))
        longitude = self.longitude + np.rad2deg(np.arctan2(east, x2))
        return np.rad2deg(latitude), np.mod(longitude + 180.0, 360.0) - 180.0


def plane_of(notes: Iterable[str]) -> LocalPlane | None:
    """Return the plane that the notes of a track tell of, if one does."""
    for note in notes:
        found = _NOTE.search(note)
        if found:
            return LocalPlane(float(found[1]), float(found[2]))
    return None


def _earth_centred(phi: Floats, ahead: Floats) -> tuple[Floats, Floats, Floats]:
    """Return x, y and z [m] of places on the ellipsoid, the first axis through ``ahead`` = 0."""
    sin, cos = np.sin(phi), np.cos(phi)
    radius = EQUATORIAL_RADIUS / np.sqrt(1.0 - ECCENTRICITY2 * sin * sin)  # N
    return (
        radius * cos * np.cos(ahead),
        radius * cos * np.sin(ahead),
        radius * (1.0 - ECCENTRICITY2) * sin,
    )
