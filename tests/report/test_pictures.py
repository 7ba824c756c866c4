"""Pictures are drawn from what a run folder holds, and show what it says."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import matplotlib.image as mpl_image
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from racegym.record import RunFolder
from racegym.record.journal import LAP_COLUMNS
from racegym.report import draw_lap_times, draw_track_map
from racegym.report.style import car_colour
from racegym.report.track_map import OBSTACLE
from racegym.track import Track, generate

LAP_TIME = 60.0


def make_run(folder: Path, track: Track, n_cars: int, n_laps: int) -> tuple[RunFolder, Any]:
    """Write what the pictures read: car 0 drives the centerline, 10 m/s and faster at the top."""
    run = RunFolder(folder)
    steps = 400
    time = np.linspace(0, LAP_TIME, steps)
    x, y, _ = track.at(time / LAP_TIME * track.length)
    speed = 10 + 20 * (y - y.min()) / np.ptp(y)
    zeros = np.zeros(steps, np.int32)
    pq.write_table(
        pa.table(
            {"time": time, "x": x, "y": y, "vx": speed, "vy": 0 * speed, "status": zeros + 1,
             "car": zeros, "race": zeros, "episode": zeros}
        ),
        run.telemetry,
    )  # fmt: skip
    with run.laps.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(LAP_COLUMNS)
        for lap in range(1, n_laps + 1):
            for car in range(n_cars):
                took = LAP_TIME + car * 0.7 + (4 if lap == 1 else 0) + 0.3 * np.sin(lap * (car + 1))
                took = LAP_TIME if (car, lap) == (0, 2) else took
                rows.writerow([0, 0, car, f"car {car}", lap, LAP_TIME, took, int(lap != 3), ""])
    classification = [
        {"position": car + 1, "car": car, "name": f"car {car}", "best_lap": LAP_TIME + car}
        for car in range(n_cars)
    ]
    result = {"scenario": "picture", "classification": classification, "episodes": [{}]}
    return run, result


def pixels(path: Path) -> np.ndarray:
    return np.asarray(mpl_image.imread(path))[..., :3]


def has_colour(image: np.ndarray, colour: str) -> bool:
    wanted = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return bool((np.abs(image - wanted).max(axis=-1) < 0.02).any())


def test_the_map_shows_the_track_and_the_speed(tmp_path: Path) -> None:
    run, result = make_run(tmp_path, generate(3), 2, 3)
    path = draw_track_map(run, result, generate(3))
    assert path == run.track_map
    image = pixels(path)
    assert min(image.shape[:2]) > 400
    assert has_colour(image, "#e4e6e9")  # asphalt
    assert has_colour(image, "#22262b")  # edges, line and arrow
    hue_warm = (image[..., 0] > 0.7) & (image[..., 1] < 0.4) & (image[..., 2] < 0.3)
    hue_cold = (image[..., 2] > 0.6) & (image[..., 0] < 0.4)
    rows_warm, rows_cold = np.nonzero(hue_warm[:, :-300])[0], np.nonzero(hue_cold[:, :-300])[0]
    assert len(rows_warm) > 300 and len(rows_cold) > 300
    assert rows_warm.mean() < rows_cold.mean()  # the car is faster in the north


def test_the_map_shows_obstacles(tmp_path: Path) -> None:
    run, result = make_run(tmp_path, generate(3), 2, 3)
    for count in (0, 12):
        path = draw_track_map(run, result, generate(3, obstacles=count))
        assert path is not None
        # Not the colours of the speeds, which run through every hue.
        south = pixels(path)[:, :-300]
        assert has_colour(south, OBSTACLE) == (count > 0)


def test_the_map_of_a_run_without_a_lap_shows_what_was_driven(tmp_path: Path) -> None:
    run, result = make_run(tmp_path, generate(3), 2, 0)
    path = draw_track_map(run, result, generate(3))
    assert path is not None and len(np.unique(pixels(path).reshape(-1, 3), axis=0)) > 100


@pytest.mark.parametrize(("n_cars", "n_laps"), [(1, 1), (6, 5), (20, 30)])
def test_lap_times_of_every_car_are_drawn(tmp_path: Path, n_cars: int, n_laps: int) -> None:
    run, result = make_run(tmp_path, generate(3), n_cars, n_laps)
    path = draw_lap_times(run, result)
    assert path == run.lap_times
    image = pixels(path)
    for car in range(n_cars):
        assert has_colour(image, car_colour(car)), car
    assert len({car_colour(car) for car in range(20)}) == 20


def test_without_anything_to_draw_nothing_is_drawn(tmp_path: Path) -> None:
    run, result = make_run(tmp_path, generate(3), 1, 0)
    assert draw_lap_times(run, result) is None
    assert draw_track_map(run, {**result, "classification": []}, generate(3)) is None
    assert not list(tmp_path.glob("*.png"))


def test_the_same_run_gives_the_same_picture(tmp_path: Path) -> None:
    run, result = make_run(tmp_path, generate(3), 3, 3)
    first = draw_track_map(run, result, generate(3)), draw_lap_times(run, result)
    before = [path.read_bytes() for path in first if path]
    draw_track_map(run, result, generate(3)), draw_lap_times(run, result)
    assert [path.read_bytes() for path in first if path] == before
