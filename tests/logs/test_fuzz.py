"""Whatever a file holds, a reader returns a log or says in one message what is wrong.

100 files a reader by default, 2,000 in the slow run: bytes exchanged, cut out, doubled, and
fields replaced by what programs trip over.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from log_drives import as_gpx, as_metres, as_racechrono2, as_racechrono3, as_vbo, drive, receive

from racegym.errors import RacegymError
from racegym.formats.logs import LogOptions
from racegym.formats.logs.session import read_session
from racegym.track import generate

FORMS = {
    "a.gpx": as_gpx,
    "a.vbo": as_vbo,
    "v3.csv": as_racechrono3,
    "v2.csv": as_racechrono2,
    "mine.csv": as_metres,
}
MINE = LogOptions.model_validate({"columns": {"time": "t", "x": "px", "y": "py", "speed": "v"}})
NASTY = [b"nan", b"inf", b"-1e308", b"1e400", b"", b"0", b"-", b"\xff\xfe", b"\0", b"\r\n", b",",
         b";", b"<", b"&a;", b"]]>", b"[data]", b"99999999999999999999", b"1_0", b"\xc2\xb2",
         b"25:61:61", b"2026-99-99T00:00:00Z", b"9999-12-31T23:59:59Z", b'"', b"\n\n"]  # fmt: skip
SLOWEST = 5.0  # [s] for one file


@pytest.fixture(scope="module")
def files():
    driven = drive(generate(2, length=300.0, width=6.0, min_radius=8.0), laps=1, seed=3)
    fixes = receive(driven, 2.0, white=0.2, bias=0.1)
    return {name: form(fixes).encode() for name, form in FORMS.items()}


def spoilt(draw, content: bytes) -> bytes:
    """Return a file with up to five things wrong with it."""
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        kind = draw(st.sampled_from(["put", "field", "cut", "end", "twice", "bytes", "line"]))
        if kind == "put":
            content = content[:at] + draw(st.sampled_from(NASTY)) + content[at:]
        elif kind == "field":
            ends = [k for k in (content.find(c, at) for c in (b",", b" ", b'"', b"<")) if k > at]
            stop = min(ends, default=len(content))
            content = content[:at] + draw(st.sampled_from(NASTY)) + content[stop:]
        elif kind == "cut":
            content = content[:at] + content[at + draw(st.integers(1, 400)) :]
        elif kind == "end":
            content = content[:at]
        elif kind == "twice":
            piece = content[at : at + draw(st.integers(1, 3000))]
            content = content[:at] + piece + content[at:]
        elif kind == "bytes":
            content = content[:at] + draw(st.binary(max_size=8)) + content[at + 1 :]
        else:
            rows = content.splitlines(keepends=True)
            if rows:
                k = draw(st.integers(0, len(rows) - 1))
                rows.insert(draw(st.integers(0, len(rows))), rows.pop(k))
            content = b"".join(rows)
    return content


def check(name, files, tmp_path, examples):
    path = tmp_path / name

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def anything_at_all(data):
        path.write_bytes(spoilt(data.draw, files[name]))
        began = time.process_time()
        try:
            session = read_session(path, MINE if name == "mine.csv" else None)
        except RacegymError as error:
            assert str(error).startswith(str(path)), error
            assert "\n" not in str(error) and len(str(error)) < 2000
        else:
            assert session.laps.kept
        assert time.process_time() - began < SLOWEST

    anything_at_all()


@pytest.mark.parametrize("name", FORMS)
def test_a_spoilt_file(name, files, tmp_path):
    check(name, files, tmp_path, 100)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMS)
def test_many_spoilt_files(name, files, tmp_path):
    check(name, files, tmp_path, 2000)
