"""Filling the observations of all cars, or of some."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from racegym.world.observer import Observer


class Numbered:
    """Tells a car's number and how often it was asked; keeps what memory it was given."""

    def __init__(self, size: int):
        self.space = spaces.Box(0, 1e6, (size,), np.float32)
        self.asked = 0
        self.contiguous: set[bool] = set()

    def observe(self, view, cars, out):
        self.asked += 1
        self.contiguous.add(out.flags.c_contiguous)
        assert (np.diff(cars) >= 0).all()
        out[...] = cars[:, None] + 1000 * self.asked


def flat(values):
    return np.concatenate([v.T for v in values.values()]).T if isinstance(values, dict) else values


@pytest.mark.parametrize("layout", ["box", "dict", "joined"])
@pytest.mark.parametrize("rows", [[0], [2], [4], [1, 3], [0, 1, 2, 3]])
def test_only_the_chosen_rows_change(layout, rows):
    sensors = {"a": Numbered(2), "b": Numbered(3)}
    observer = Observer(sensors, layout, np.array([0, 2, 4, 6, 8]))
    observer.observe(None)
    observer.observe_some(None, np.array(rows))
    wanted = np.array([0, 2, 4, 6, 8])[:, None] + np.full((5, 5), 1000.0)
    wanted[rows] += 1000.0
    np.testing.assert_array_equal(flat(observer.values), wanted)


class Painted(Numbered):
    """Tells the same in a picture."""

    def __init__(self, size: int):
        super().__init__(size)
        self.space = spaces.Box(0, 255, (size, size, 1), np.uint8)

    def observe(self, view, cars, out):
        self.asked += 1
        self.contiguous.add(out.flags.c_contiguous)
        out[...] = (cars + 100 * self.asked)[:, None, None, None]


def test_pictures_stay_apart_from_what_is_joined():
    sensors = {"a": Numbered(2), "eye": Painted(4), "b": Numbered(3)}
    observer = Observer(sensors, "joined", np.array([1, 3]))
    assert set(observer.space) == {"eye", "vector"}
    assert observer.space["eye"] == sensors["eye"].space
    assert observer.space["vector"] == spaces.Box(0, 1e6, (5,), np.float32)
    observer.observe(None)
    assert observer.values["vector"].tolist() == [[1001.0] * 5, [1003.0] * 5]
    assert (observer.values["eye"] == np.array([101, 103])[:, None, None, None]).all()
    observer.observe_some(None, np.array([1]))
    assert observer.values["vector"].tolist() == [[1001.0] * 5, [2003.0] * 5]
    assert (observer.values["eye"] == np.array([101, 203])[:, None, None, None]).all()


def test_pictures_alone_have_no_vector_beside_them():
    assert set(Observer({"eye": Painted(4)}, "joined", np.arange(2)).space) == {"eye"}
    assert set(Observer({"a": Numbered(4)}, "joined", np.arange(2)).space) == {"vector"}


@pytest.mark.parametrize("layout", ["box", "joined"])
@pytest.mark.parametrize("cars", [1, 5])
def test_a_sensor_is_given_one_kind_of_memory(cars, layout):
    """Another kind would have its kernel compiled once more, in the middle of a race."""
    sensors = {"a": Numbered(2), "b": Numbered(3)}
    observer = Observer(sensors, layout, np.arange(cars))
    observer.observe(None)
    for rows in ([0], [cars - 1], list(range(min(cars, 3)))):
        observer.observe_some(None, np.array(rows))
    assert all(len(sensor.contiguous) == 1 for sensor in sensors.values())
