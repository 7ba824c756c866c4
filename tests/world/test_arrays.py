"""The memory of a world."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racegym.interfaces import Arrays, Control, ScopedArrays, allocate


def test_arrays_are_led_by_races_contiguous_and_filled():
    arrays = Arrays(3)
    a = arrays.new("a", (2, 4), fill=1.5)
    assert a.shape == (3, 2, 4)
    assert a.dtype == np.float32
    assert a.flags.c_contiguous
    assert (a == 1.5).all()
    b = arrays.new("b", (2,), "int16", [4, 5])
    assert b.tolist() == [[4, 5]] * 3
    assert arrays["a"] is a
    assert list(arrays) == ["a", "b"]
    assert ("a" in arrays, "c" in arrays, len(arrays)) == (True, False, 2)
    assert arrays.bytes_per_race == 2 * 4 * 4 + 2 * 2


def test_real_is_the_worlds_precision():
    arrays = Arrays(1, np.float64)
    assert arrays.new("a").dtype == np.float64
    assert arrays.new("b", (), "float32").dtype == np.float32


def test_two_arrays_of_one_name_are_refused():
    arrays = Arrays(1)
    arrays.new("tyres.heat")
    with pytest.raises(ValueError, match=r"two arrays are called 'tyres\.heat'"):
        ScopedArrays(arrays, "tyres").new("heat")
    ScopedArrays(arrays, "brakes").new("heat")
    assert "brakes.heat" in arrays


def test_snapshots_of_other_worlds_are_refused():
    arrays, fewer, wider = Arrays(2), Arrays(2), Arrays(2)
    arrays.new("a")
    arrays.new("b")
    fewer.new("a")
    wider.new("a", (3,))
    wider.new("b")
    with pytest.raises(ValueError, match=r"arrays that differ: \['b'\]"):
        arrays.restore(fewer.snapshot())
    with pytest.raises(ValueError, match=r"'a' is float32\(2, 3\) there and float32\(2,\) here"):
        arrays.restore(wider.snapshot())


def test_a_refused_snapshot_changes_nothing():
    arrays, other = Arrays(2), Arrays(2)
    for each in (arrays, other):
        each.new("a", fill=1 if each is arrays else 2)
    arrays.new("b", (2,))
    other.new("b", (3,))
    with pytest.raises(ValueError, match="another world"):
        arrays.restore(other.snapshot())
    assert (arrays["a"] == 1).all()


def test_arrays_larger_than_a_block_do_not_overlap():
    arrays = Arrays(4)
    made = [
        arrays.new(f"a{k}", (size,), "uint8") for k, size in enumerate((9000, 3, 5000, 4096, 1))
    ]
    for k, array in enumerate(made):
        array[...] = k + 1
    for k, array in enumerate(made):
        assert (array == k + 1).all()


DTYPES = ("real", "float64", "int8", "uint8", "int32", "int64", "uint64", "bool")


@settings(deadline=None, max_examples=40)
@given(
    n_races=st.integers(1, 5),
    made=st.lists(
        st.tuples(
            st.sampled_from(DTYPES), st.lists(st.integers(0, 4), max_size=2), st.integers(0, 1)
        ),
        min_size=1,
        max_size=12,
    ),
    seed=st.integers(0, 1000),
    data=st.data(),
)
def test_reset_restores_the_rows_of_the_named_races_alone(n_races, made, seed, data):
    arrays = Arrays(n_races)
    fills = {}
    for k, (dtype, shape, fill) in enumerate(made):
        arrays.new(f"a{k}", tuple(shape), dtype, fill)
        fills[f"a{k}"] = fill
    arrays.garbage(seed)
    before = arrays.snapshot()
    races = data.draw(st.sets(st.integers(0, n_races - 1)))
    arrays.reset(np.array(sorted(races), np.int64))
    for name in arrays:
        for race in range(n_races):
            if race in races:
                assert (arrays[name][race] == fills[name]).all()
            else:
                assert arrays[name][race].tobytes() == before[name][race].tobytes()
    arrays.restore(before)
    for name in arrays:
        assert arrays[name].tobytes() == before[name].tobytes()


def test_hash_depends_on_the_bits_and_names_of_one_race():
    arrays = Arrays(2)
    a = arrays.new("a", fill=1)
    first = arrays.hash(0)
    assert first == arrays.hash(1)
    a[1] = np.nextafter(np.float32(1), np.float32(2))
    assert (arrays.hash(0), arrays.hash(1) == first) == (first, False)
    other = Arrays(2)
    other.new("b", fill=1)
    assert other.hash(0) != first


def test_records_are_allocated_by_prefix_with_their_start_values():
    arrays = Arrays(2)
    control = allocate(Control, arrays, 3, "control")
    assert control.steer is arrays["control.steer"]
    assert control.steer.shape == (2, 3)
    assert control.gear.dtype == np.int8
