"""Any bytes, any YAML, any JSON: a track or a plain error, and never anything else."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from racegym.errors import RacegymError
from racegym.formats import read_track
from racegym.track import Track

FEW, MANY = 100, 2000
QUICK = settings(
    max_examples=FEW,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, max_examples=MANY)


def picture(ending: str) -> bytes:
    image = Image.new("RGB", (72, 60), "white")
    pen = ImageDraw.Draw(image)
    pen.ellipse([6, 6, 66, 54], outline="black", width=10)
    content = io.BytesIO()
    image.save(content, {"jpg": "JPEG", "tif": "TIFF", "pgm": "PPM"}.get(ending, ending.upper()))
    return content.getvalue()


PICTURES = {ending: picture(ending) for ending in ("png", "jpg", "bmp", "gif", "tif", "webp")}

changes = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["cut", "set", "insert", "drop", "repeat"]),
        st.binary(min_size=1, max_size=12),
    ),
    max_size=6,
)


def changed(content: bytes, how: list) -> bytes:
    for where, what, data in how:
        at = int(where * len(content))
        if what == "cut":
            content = content[:at]
        elif what == "set":
            content = content[:at] + data + content[at + len(data) :]
        elif what == "insert":
            content = content[:at] + data + content[at:]
        elif what == "drop":
            content = content[:at] + content[at + len(data) :]
        else:
            content = content[:at] + content[max(0, at - 40) :]
    return content


def read_or_refuse(path: Path, form: str, options: dict) -> None:
    before = sorted(each.name for each in path.parent.iterdir())
    try:
        track = read_track(path, form, options)
    except RacegymError as error:
        text = str(error)
        assert len(text) < 1000
        assert "Traceback" not in text
    else:
        assert isinstance(track, Track)
        assert np.isfinite(track.x).all()
    assert sorted(each.name for each in path.parent.iterdir()) == before


def picture_bytes(folder: Path, ending: str, how: list) -> None:
    path = folder / f"t.{ending}"
    path.write_bytes(changed(PICTURES[ending], how))
    read_or_refuse(path, "image", {"length": 500.0})
    path.unlink()


numbers = (
    st.integers(-5, 80)
    | st.floats(-10, 80)
    | st.sampled_from([float("nan"), float("inf"), 1e308, -1e9, 10**400, True])
)
points = st.lists(numbers, min_size=2, max_size=2)
gate = st.lists(points, min_size=2, max_size=2)
junk = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
entry = st.fixed_dictionaries(
    {},
    optional={
        "checkpoints": st.lists(gate, max_size=8) | junk,
        "start_position": points | junk,
        "start_angle": numbers | junk,
        "direction": st.sampled_from([1, -1]) | junk,
        "resolution": numbers | junk,
        "origin": st.lists(numbers, min_size=3, max_size=3) | junk,
        "gates": st.lists(gate, max_size=4),
        "other": junk,
    },
)


def gates(folder: Path, data: object) -> None:
    path = folder / "t.png"
    path.write_bytes(PICTURES["png"])
    beside = folder / "checkpoints.json"
    text = json.dumps({"t.png": data} if isinstance(data, dict) else data)
    beside.write_text(text, "utf-8")
    read_or_refuse(path, "image", {"length": 500.0})


MAP = "image: m.png\nresolution: 0.5\norigin: [-3.0, 2.0, 0.1]\nnegate: 1\nfree_thresh: 0.2\n"
yaml_lines = st.lists(
    st.sampled_from(MAP.splitlines())
    | st.sampled_from(
        ["image: ../m.png", "image: []", "resolution: .inf", "resolution: 1e-9", "origin: {a: 1}",
         "origin: [.nan, 1, 2]", "negate: yes", "free_thresh: -1", "a: &a [*a]", "- 1", "? x", "{",
         "resolution: !!float 1", "image: *b", "\tx: 1", "mode: trinary", "resolution: 1e300"]
    )
    | st.text(max_size=20),
    max_size=8,
)  # fmt: skip


def maps(folder: Path, lines: list, how: list, rows: list) -> None:
    (folder / "m.png").write_bytes(PICTURES["png"])
    path = folder / "m.yaml"
    path.write_bytes(changed("\n".join(lines).encode("utf-8", "replace"), how))
    beside = folder / "m_centerline.csv"
    beside.unlink(missing_ok=True)
    if rows:
        beside.write_text("\n".join(rows), "utf-8")
    read_or_refuse(path, "f1tenth", {})


whole_or_not = st.just(MAP.splitlines()) | yaml_lines
csv_rows = st.just([]) | st.lists(
    st.lists(numbers, min_size=3, max_size=5).map(lambda row: ",".join(map(repr, row))), max_size=12
)


def test_any_picture(tmp_path):
    QUICK(given(how=changes)(lambda how: picture_bytes(tmp_path, "png", how)))()


@pytest.mark.slow
@pytest.mark.parametrize("ending", PICTURES)
def test_any_picture_many_times(tmp_path, ending):
    LONG(given(how=changes)(lambda how: picture_bytes(tmp_path, ending, how)))()


def test_any_gates(tmp_path):
    QUICK(given(data=entry)(lambda data: gates(tmp_path, data)))()


@pytest.mark.slow
def test_any_gates_many_times(tmp_path):
    LONG(given(data=entry | junk)(lambda data: gates(tmp_path, data)))()


def test_any_map(tmp_path):
    made = given(lines=whole_or_not, how=changes, rows=csv_rows)
    QUICK(made(lambda lines, how, rows: maps(tmp_path, lines, how, rows)))()


@pytest.mark.slow
def test_any_map_many_times(tmp_path):
    made = given(lines=whole_or_not, how=changes, rows=csv_rows)
    LONG(made(lambda lines, how, rows: maps(tmp_path, lines, how, rows)))()
