"""The kernel decorator: two twins with the same bits, a cache that is never stale, forks."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import racegym
from racegym.kernels import PARALLEL_FROM, device, kernel, outlined, prange, set_threads, threads
from racegym.kernels.randomness import draw_normal

PLUGIN = {
    "__init__.py": "",
    "helper.py": """
from racegym.kernels import device

@device
def twice(x):
    return 2.0 * x
""",
    "work.py": """
import numpy as np
from racegym.kernels import device, kernel, prange, set_threads
from racegym.kernels.randomness import draw_uniform
from tiny.helper import twice

@kernel
def fill(out):
    for k in prange(out.shape[0]):
        out[k] = twice(draw_uniform(np.uint64(1), k, 0, np.uint64(2)))

def main(threads, n):
    set_threads(threads)
    out = np.zeros(n)
    fill(out)
    twin = fill._parallel if fill._parallel is not None else fill._serial
    hits = sum(twin.stats.cache_hits.values())
    print(out[3], hits, fill._parallel is not None)
""",
}


@pytest.fixture
def two_threads():
    before = threads()
    set_threads(2)
    if threads() < 2:
        pytest.skip("this machine gives numba one thread only")
    yield
    set_threads(before)


@device
def wild(x, k):
    return np.sin(x * k) * np.sqrt(abs(x)) + 1.0 / (1.0 + x * x)


@kernel
def churn(values, key):
    """Mix transcendental functions and draws, 40 times over."""
    real = values.dtype.type
    for race in prange(values.shape[0]):
        for car in range(values.shape[1]):
            x = values[race, car]
            for k in range(40):
                x = real(wild(x, real(k)) + real(draw_normal(key[race], car, k, np.uint64(5))))
            values[race, car] = x


@kernel
def undivided(values):
    """Add up, which is no work for many."""
    for race in range(1, values.shape[0]):
        values[race] += values[race - 1]


def churned(count, n_races, dtype):
    before = threads()
    values = np.linspace(-3, 3, n_races * 2, dtype=dtype).reshape(n_races, 2)
    try:
        set_threads(count)
        churn(values, np.arange(n_races, dtype=np.uint64))
    finally:
        set_threads(before)
    return values


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_serial_and_parallel_twins_give_the_same_bits(dtype):
    n_races = PARALLEL_FROM
    serial, parallel = churned(1, n_races, dtype), churned(2, n_races, dtype)
    assert churn._parallel is not None
    assert serial.dtype == dtype
    assert np.isfinite(serial).all()
    assert serial.tobytes() == parallel.tobytes()


@pytest.mark.usefixtures("two_threads")
def test_small_batches_and_undivided_loops_stay_serial():
    @kernel
    def add(values):
        for race in prange(values.shape[0]):
            values[race] += 1

    add(np.zeros(PARALLEL_FROM - 1))
    assert add._parallel is None
    undivided(np.ones(PARALLEL_FROM * 2))
    assert undivided._parallel is None
    add(np.zeros(PARALLEL_FROM))
    assert add._parallel is not None


def test_a_kernel_may_say_from_where_it_goes_parallel(two_threads):
    @kernel(parallel_from=3)
    def eager(values):
        for k in prange(values.shape[0]):
            values[k] = 1.0

    eager(np.zeros(2))
    assert eager._parallel is None
    eager(np.zeros(3))
    assert eager._parallel is not None


def test_the_size_of_the_work_is_races_times_cars():
    from racegym.kernels.compile import _items

    assert _items((7,)) == 7
    assert _items((7, 3)) == 21
    assert _items((7, 3, 4)) == 21


def test_threads_are_counted_from_one_and_cut_to_the_cores():
    before = threads()
    try:
        with pytest.raises(ValueError, match="threads must be at least 1, not 0"):
            set_threads(0)
        set_threads(10**6)
        assert threads() == numba.config.NUMBA_NUM_THREADS
    finally:
        set_threads(before)


def test_a_kernel_keeps_its_name_and_text():
    assert churn.__name__ == "churn"
    assert churn.__doc__.startswith("Mix transcendental")


class Site:
    """A copy of racegym and a tiny plugin, with a cache of their own."""

    def __init__(self, folder: Path):
        self.folder = folder / "site"
        self.cache = folder / "cache"
        shutil.copytree(
            Path(racegym.__file__).parent,
            self.folder / "racegym",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        (self.folder / "tiny").mkdir()
        for name, text in PLUGIN.items():
            (self.folder / "tiny" / name).write_text(text, encoding="utf-8")

    def run(self, threads: int = 1, n: int = 8) -> tuple[float, int, bool]:
        """Return a number from the kernel, how often it came from the cache, which twin ran."""
        code = f"import tiny.work; tiny.work.main({threads}, {n})"
        result = subprocess.run(
            [sys.executable, "-B", "-c", code],
            cwd=self.folder,
            env=os.environ | {"RACEGYM_CACHE_DIR": str(self.cache), "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        value, hits, parallel = result.stdout.split()
        return float(value), int(hits), parallel == "True"

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_an_edited_core_or_helper_changes_a_plugins_result_at_once(site):
    first, hits, _ = site.run()
    assert hits == 0
    again, hits, _ = site.run()
    assert (again, hits) == (first, 1)
    site.edit("racegym/kernels/randomness.py", "_TO_UNIT = 1.0 /", "_TO_UNIT = 0.5 /")
    edited, hits, _ = site.run()
    assert (edited, hits) == (first / 2, 0)
    site.edit("tiny/helper.py", "2.0 * x", "8.0 * x")
    edited, hits, _ = site.run()
    assert (edited, hits) == (first * 2, 0)
    assert site.run()[1] == 1


def test_serial_and_parallel_builds_are_cached_apart(site):
    cores = numba.config.NUMBA_NUM_THREADS
    if cores < 2:
        pytest.skip("this machine gives numba one thread only")
    serial, _, was_parallel = site.run(1, 600)
    assert not was_parallel
    parallel, hits, was_parallel = site.run(2, 600)
    assert was_parallel
    assert (parallel, hits) == (serial, 0)
    assert site.run(1, 600) == (serial, 1, False)
    assert site.run(2, 600) == (serial, 1, True)


def test_a_cache_that_can_not_be_written_is_done_without(site):
    site.cache.write_text("a file where the folder should be", encoding="utf-8")
    value, hits, _ = site.run()
    assert value > 0
    assert hits == 0


FORK = """
import os, sys
import numpy as np
sys.path.insert(0, {folder!r})
from tiny.work import fill
from racegym.kernels import set_threads, threads

set_threads(2)
out = np.zeros(2000)
fill(out)
parallel = fill._parallel is not None
child = os.fork()
if child == 0:
    mine = np.zeros(2000)
    fill(mine)
    os._exit(0 if (mine == out).all() and threads() == 1 else 3)
_, status = os.waitpid(child, 0)
again = np.zeros(2000)
fill(again)
print(parallel, os.waitstatus_to_exitcode(status), (again == out).all())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.usefixtures("two_threads")
def test_a_fork_after_a_parallel_kernel_works(site):
    result = subprocess.run(
        [sys.executable, "-c", FORK.format(folder=str(site.folder))],
        cwd=site.folder,
        env=os.environ | {"RACEGYM_CACHE_DIR": str(site.cache), "PYTHONPATH": str(site.folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.stdout.split() == ["True", "0", "True"], result.stderr


@outlined(allocates=True)
def _mean_of_squares(values):
    squares = np.empty(values.shape[0])
    for k in range(values.shape[0]):
        squares[k] = values[k] * values[k]
    return squares.sum() / squares.shape[0]


@kernel
def _take_means(out, pair):
    for race in prange(out.shape[0]):
        out[race] = _mean_of_squares(pair[0][race]) + pair[1][race, 0]


def test_only_functions_that_say_so_make_arrays():
    values = np.arange(6.0).reshape(2, 3)
    out = np.zeros(2)
    counts = [sys.getrefcount(a) for a in (out, values)]
    for _ in range(100):
        _take_means(out, (values, values))
    assert out.tolist() == [5.0 / 3.0, 59.0 / 3.0]
    assert [sys.getrefcount(a) for a in (out, values)] == counts

    @kernel
    def makes_one(out):
        for race in prange(out.shape[0]):
            out[race] = np.zeros(3).sum()

    with pytest.raises(Exception, match="Only accept returning of array passed"):
        makes_one(out)


@device
def _thirds(x, share):
    return x * share / 3


def test_what_kernels_call_is_compiled_once_for_all_literal_numbers(tmp_path, monkeypatch):
    monkeypatch.setenv("RACEGYM_CACHE_DIR", str(tmp_path))  # what is cached is not compiled

    @kernel
    def fill(out):
        for race in prange(out.shape[0]):
            out[race] = _thirds(race, 3) + _thirds(race, 6)

    out = np.zeros(3)
    fill(out)
    assert out.tolist() == [0.0, 3.0, 6.0]
    assert len(_thirds.overloads) == 1


def test_what_kernels_call_can_be_called_from_python():
    assert _thirds(2, 3.0) == 2.0
    assert _mean_of_squares(np.arange(3.0)) == 5.0 / 3.0


def test_a_kernel_that_can_not_be_compiled_leaves_no_turn():
    @kernel
    def unknown(out):
        for race in prange(out.shape[0]):
            out[race] = out.nothing

    with pytest.raises(Exception, match="nothing"):
        unknown(np.zeros(3))
    assert gc.isenabled()


def test_a_bound_kernel_follows_its_arrays(two_threads):
    big, small = np.zeros(PARALLEL_FROM), np.zeros(3)
    pair = (np.ones((3, 3)), np.zeros((3, 1)))
    run = _take_means.bind(small, pair)
    run()
    pair[1][:] = [[1.0], [2.0], [3.0]]
    run()
    assert small.tolist() == [2.0, 3.0, 4.0]
    many = _take_means.bind(big, (np.ones((PARALLEL_FROM, 3)), np.ones((PARALLEL_FROM, 1))))
    for count in (2, 1, 1):
        set_threads(count)
        big[:] = 0.0
        many()
        assert (big == 2.0).all()
