"""Obstacles in what a run keeps of its tracks, and on its page."""

from __future__ import annotations

import json

import numpy as np

from racegym.record.shapes import ShapeLog, read_shapes
from racegym.report.page.replay import packed_shape
from racegym.track import generate


def test_a_run_keeps_them_and_the_page_gets_them(tmp_path):
    plain, full = generate(1, length=400), generate(1, length=400, obstacles=5)
    log = ShapeLog(tmp_path / "tracks.jsonl")
    assert [log.number(track) for track in (plain, full, plain)] == [0, 1, 0]
    log.close()
    shapes = read_shapes(tmp_path / "tracks.jsonl")
    assert shapes[0].obstacles.shape == (0, 3)
    np.testing.assert_allclose(shapes[1].obstacles, full.obstacles, atol=1e-3)
    packed = json.loads(json.dumps(packed_shape(shapes[1])))
    found = np.reshape(packed["obstacles"], (-1, 3)) / 100
    np.testing.assert_allclose(found, full.obstacles, atol=0.006)
    assert packed_shape(shapes[0])["obstacles"] == []
