"""The pictures that are drawn on request, and the figures in them."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.image as mpl_image
import numpy as np
import pytest

from racegym.errors import RunError
from racegym.interfaces import Status
from racegym.record import RunFolder
from racegym.record.folder import read_json
from racegym.record.result import Lap
from racegym.report import draw_pictures
from racegym.report.accelerations import accelerations_figure
from racegym.report.best_laps import best_lap, best_laps_figure
from racegym.report.gaps import gaps_figure, gaps_to_leader
from racegym.report.lap_chart import lap_chart, lap_chart_figure
from racegym.report.style import car_colour

Make = Callable[..., RunFolder]


def lap(car: int, number: int, time: float, lap_time: float | None, valid: bool = True) -> Lap:
    return Lap(race=0, episode=0, car=car, number=number, time=time, lap_time=lap_time, valid=valid)


def test_gaps_are_those_of_race_control() -> None:
    racing, finished = int(Status.RACING), int(Status.FINISHED)
    table = {
        "position": np.array([[2, 1], [1, 2], [1, 2]]),
        "gap_leader": np.array([[1.5, np.nan], [np.nan, 2.5], [0.0, np.nan]]),
        "status": np.array([[racing, racing], [racing, racing], [finished, racing]]),
    }
    gaps = gaps_to_leader(table)
    assert np.array_equal(gaps, [[1.5, 0.0], [0.0, 2.5], [np.nan, np.nan]], equal_nan=True)
    del table["gap_leader"]  # a run of an earlier version
    assert np.isnan(gaps_to_leader(table)).all()


def test_places_are_those_of_the_order_at_the_line() -> None:
    laps = [lap(1, 1, 60, 60), lap(0, 1, 61, 61), lap(0, 2, 120, 59), lap(1, 2, 122, 62)]
    assert lap_chart(laps, [-1.0, -4.0, -7.0]) == {0: [1, 2, 1], 1: [2, 1, 2], 2: [3]}


def test_a_lap_that_does_not_count_is_best_only_where_none_does() -> None:
    episode = {"race": 0, "episode": 0}
    fast, slow = lap(0, 1, 50, 50, valid=False), lap(0, 2, 110, 60)
    assert best_lap([fast, slow], episode, 0) is slow
    assert best_lap([fast], episode, 0) is fast
    assert best_lap([fast, lap(0, 3, 120, None)], episode, 1) is None


def test_every_picture_shows_every_car(make_run: Make) -> None:
    run = make_run(n_cars=3, seconds=45)
    drawn = draw_pictures(run, read_json(run.result))
    assert drawn == [run.lap_chart, run.gaps, run.best_laps, run.accelerations]
    for path in drawn:
        image = np.asarray(mpl_image.imread(path))[..., :3]
        for car in range(3):
            colour = car_colour(car)
            wanted = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
            assert (np.abs(image - wanted).max(axis=-1) < 0.02).sum() > 50, (path.name, car)


def test_best_laps_are_drawn_from_line_to_line(make_run: Make) -> None:
    run = make_run(n_cars=2, seconds=60)
    result = read_json(run.result)
    episode = result["episodes"][0]
    figure = best_laps_figure(run, result, episode)
    assert figure is not None
    speed, lost, pedals, steering = figure.axes
    line = speed.get_lines()[0]
    distance = np.asarray(line.get_xdata())
    assert distance[0] < 1.5 and distance[-1] > episode["track_length"] - 1.5
    assert (np.diff(distance) > 0).all()
    assert np.asarray(line.get_ydata()).mean() == pytest.approx(72, abs=2)  # 20 m/s in km/h
    slower = lost.get_lines()[1]
    loss = result["classification"][1]["best_lap"] - result["classification"][0]["best_lap"]
    assert np.asarray(slower.get_ydata())[-1] == pytest.approx(loss, abs=0.1)
    assert "throttle" in pedals.get_ylabel() and "deg" in steering.get_ylabel()


def test_what_a_backend_does_not_fill_is_not_drawn(make_run: Make) -> None:
    run = make_run(n_cars=2, seconds=60, without=("steer", "throttle", "brake", "ax", "ay"))
    result = read_json(run.result)
    episode = result["episodes"][0]
    figure = best_laps_figure(run, result, episode)
    assert figure is not None and len(figure.axes) == 2
    estimated = accelerations_figure(run, result, episode)
    assert estimated is not None
    assert any("from changes of velocity" in t.get_text() for t in estimated.axes[0].texts)


def test_estimated_accelerations_are_those_of_a_circle(make_run: Make) -> None:
    from racegym.report.accelerations import GRAVITY, _estimated

    time = np.repeat(np.arange(0, 5, 0.05)[:, None], 2, axis=1)
    table = {"time": time, "vx": 10 + 2 * time, "vy": 0 * time, "yaw_rate": 0 * time + 0.5}
    along, across = _estimated(table)
    assert np.allclose(along * GRAVITY, 2)
    assert np.allclose(across * GRAVITY, 0.5 * (10 + 2 * time))


def test_a_car_alone_has_neither_gaps_nor_places(make_run: Make) -> None:
    run = make_run(n_cars=1, seconds=60)
    result = read_json(run.result)
    episode = result["episodes"][0]
    assert gaps_figure(run, result, episode) is None
    assert lap_chart_figure(run, result, episode) is None
    assert draw_pictures(run, result) == [run.best_laps, run.accelerations]


def test_names_are_no_formulas(make_run: Make) -> None:
    run = make_run(n_cars=2, names=("$\\frac{", "車 $x$ " + 40 * "a"), seconds=60)
    assert len(draw_pictures(run, read_json(run.result))) == 4


def test_without_telemetry_that_is_said(make_run: Make) -> None:
    run = make_run(telemetry=False)
    with pytest.raises(RunError, match="the run kept no telemetry"):
        draw_pictures(run, read_json(run.result))
