"""Copying races to rows of bytes and back."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.kernels import set_threads, threads
from racegym.kernels.rows import MANY_RACES, gather_rows, scatter_rows


@pytest.fixture(params=[1, 2])
def some_threads(request):
    before = threads()
    set_threads(request.param)
    yield
    set_threads(before)


@pytest.mark.parametrize("count", [0, 1, MANY_RACES + 5])
def test_chosen_races_go_to_their_rows_and_come_back_and_no_others(count, some_threads):
    n_races, widths, places = 100, (4, 1, 16), (8, 3, 20)
    rng = np.random.default_rng(count)
    races = np.sort(rng.permutation(n_races)[:count])
    starts = n_races * np.cumsum([0, *widths])
    layout = np.array(list(zip(starts[:-1], widths, places, strict=True)), np.int64)
    block = rng.integers(1, 256, int(starts[-1]), np.uint8)
    rows = np.zeros((n_races, 40), np.uint8)
    gather_rows(races, block, layout, rows)
    again = np.zeros_like(block)
    scatter_rows(races, again, layout, rows)
    others = np.delete(np.arange(n_races), races)
    for start, width, place in layout:
        array = block[start : start + n_races * width].reshape(n_races, width)
        back = again[start : start + n_races * width].reshape(n_races, width)
        assert (rows[races, place : place + width] == array[races]).all()
        assert (back[races] == array[races]).all() and not back[others].any()
    assert not rows[others].any()
    assert np.count_nonzero(rows) == count * sum(widths)
