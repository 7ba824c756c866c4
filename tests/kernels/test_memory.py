"""Copying many arrays at once."""

from __future__ import annotations

import numpy as np
import pytest

from racegym.kernels import set_threads, threads
from racegym.kernels.compile import LIGHT
from racegym.kernels.memory import AT_ONCE, MANY_RACES, copy_arrays, fill_rows


@pytest.fixture(params=[1, 2])
def some_threads(request):
    before = threads()
    set_threads(request.param)
    yield
    set_threads(before)


@pytest.mark.parametrize("races", [1, AT_ONCE, AT_ONCE + 1, LIGHT + 77])
def test_every_byte_of_every_array_is_copied(races, some_threads):
    rng = np.random.default_rng(races)
    sources = tuple(rng.integers(0, 256, races * size, np.uint8) for size in (1, 3, 8))
    targets = tuple(np.zeros_like(source) for source in sources)
    copy_arrays(np.zeros(races), sources, targets)
    for source, target in zip(sources, targets, strict=True):
        np.testing.assert_array_equal(target, source)


@pytest.mark.parametrize("count", [1, MANY_RACES + 5])
def test_rows_of_the_chosen_races_are_filled_and_no_others(count, some_threads):
    n_races, widths = 200, (4, 1, 16)
    races = np.sort(np.random.default_rng(1).permutation(n_races)[:count])
    initial = np.arange(1, sum(widths) + 1, dtype=np.uint8)
    starts = np.cumsum([0, *widths])
    layout = np.array(
        [(n_races * starts[a], width, starts[a]) for a, width in enumerate(widths)], np.int64
    )
    block = np.zeros(n_races * sum(widths), np.uint8)
    fill_rows(races, block, layout, initial)
    for offset, width, start in layout:
        rows = block[offset : offset + n_races * width].reshape(n_races, width)
        assert (rows[races] == initial[start : start + width]).all()
        assert not np.delete(rows, races, axis=0).any()
