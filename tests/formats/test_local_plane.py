"""The plane that touches the Earth, against published and closed-form distances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from racegym.formats.local_plane import (
    ECCENTRICITY2,
    EQUATORIAL_RADIUS,
    LocalPlane,
    plane_of,
)


def test_a_published_distance():
    """Flinders Peak to Buninyong: 54,972.271 m on the ellipsoid.

    ICSM (2006), Geocentric Datum of Australia Technical Manual, version 2.3, ch. 4. Its
    ellipsoid GRS80 differs from that of WGS84 by 0.1 mm in the polar radius.
    """
    latitude = -np.array([37 + 57 / 60 + 3.72030 / 3600, 37 + 39 / 60 + 10.15610 / 3600])
    longitude = np.array([144 + 25 / 60 + 29.52440 / 3600, 143 + 55 / 60 + 35.38390 / 3600])
    x, y = LocalPlane.amid(latitude, longitude).to_plane(latitude, longitude)
    assert np.hypot(*np.diff([x, y])) == pytest.approx(54_972.271, rel=5e-6)


@pytest.mark.parametrize("middle", [0.0, 41.2, -62.0, 78.5])
def test_a_circuit_of_ten_kilometres_keeps_its_length(middle):
    """Each short step on the ellipsoid is (M dphi, N cos(phi) dlambda), in closed form."""
    angle = np.linspace(0.0, 2.0 * np.pi, 4001)
    reach = 10_000.0 / (2.0 * np.pi) / EQUATORIAL_RADIUS
    phi = np.deg2rad(middle) + reach * np.sin(angle) * 1.2
    lam = 0.3 + reach * np.cos(angle) / np.cos(np.deg2rad(middle)) * 0.8
    between = 0.5 * (phi[1:] + phi[:-1])
    root = np.sqrt(1.0 - ECCENTRICITY2 * np.sin(between) ** 2)
    meridian = EQUATORIAL_RADIUS * (1.0 - ECCENTRICITY2) / root**3
    vertical = EQUATORIAL_RADIUS / root
    true = np.hypot(meridian * np.diff(phi), vertical * np.cos(between) * np.diff(lam)).sum()
    places = np.rad2deg(phi), np.rad2deg(lam)
    x, y = LocalPlane.amid(*places).to_plane(*places)
    assert 9_000.0 < true < 11_000.0
    assert np.hypot(np.diff(x), np.diff(y)).sum() == pytest.approx(true, rel=1e-6)


def test_north_is_up_and_east_is_right():
    x, y = LocalPlane(45.0, 9.0).to_plane([45.01, 45.0], [9.0, 9.01])
    np.testing.assert_allclose(x, [0.0, 788.5], atol=1.0)
    np.testing.assert_allclose(y, [1111.3, 0.05], atol=0.2)


@given(
    latitude=st.floats(-90.0, 90.0),
    longitude=st.floats(-180.0, 180.0),
    x=st.floats(-5e4, 5e4),
    y=st.floats(-5e4, 5e4),
)
def test_there_and_back(latitude, longitude, x, y):
    plane = LocalPlane(latitude, longitude)
    there = plane.to_earth(x, y)
    assert abs(there[0]) <= 90.0 and -180.0 <= there[1] < 180.0
    np.testing.assert_allclose(plane.to_plane(*there), [x, y], atol=2e-8)


@given(latitude=st.floats(-90.0, 90.0), longitude=st.floats(-180.0, 180.0))
def test_the_note_of_a_track_tells_its_plane(latitude, longitude):
    plane = LocalPlane.amid(np.array([latitude]), np.array([longitude]))
    found = plane_of(["something else", plane.note])
    assert found == plane
    assert plane_of(["its width of 8 m is assumed"]) is None


def test_across_the_date_line():
    longitude = np.unwrap(np.array([179.99, -179.99]), period=360.0)
    plane = LocalPlane.amid(np.array([10.0, 10.0]), longitude)
    x, _ = plane.to_plane([10.0, 10.0], longitude)
    assert np.ptp(x) == pytest.approx(2192.7, abs=1.0)
