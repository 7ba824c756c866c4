"""Run folders of any size, made without a simulator: cars that go round at their own pace."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from racegym.record import RunFolder
from racegym.record.finish import FORMAT, finalise
from racegym.record.folder import write_json
from racegym.record.journal import LAP_COLUMNS
from racegym.record.shapes import ShapeLog
from racegym.track import Track, generate

DT = 0.05
START = "2026-01-02T03-04-05Z"


def _episode(
    track: Track, n_cars: int, seconds: float, episode: int, first: int
) -> tuple[dict[str, Any], list[list[Any]]]:
    """Return telemetry columns and laps: car k drives at 20 - k / 4 m/s, and wavers."""
    noise = np.random.default_rng(episode)
    steps, cars = round(seconds / DT), np.arange(n_cars)
    time = DT * np.arange(1, steps + 1)
    speed = 20 - 0.25 * cars[None, :] + noise.normal(0, 0.3, (steps, n_cars))
    progress = np.cumsum(speed * DT, axis=0) - 2 - 3 * cars
    across = noise.normal(0, 0.4, (steps, n_cars))
    x, y, yaw = track.at(progress, across)
    place = (-progress).argsort(axis=1).argsort(axis=1) + 1
    columns = {
        "time": np.repeat(time, n_cars),
        "race": np.zeros(steps * n_cars, np.int32),
        "episode": np.full(steps * n_cars, episode, np.int32),
        "step": np.repeat(np.arange(1, steps + 1), n_cars),
        "car": np.tile(cars.astype(np.int32), steps),
        "x": x, "y": y, "yaw": yaw, "vx": speed, "vy": 0 * speed,
        "yaw_rate": noise.normal(0, 0.3, (steps, n_cars)),
        "ax": noise.normal(0, 3, (steps, n_cars)), "ay": noise.normal(0, 5, (steps, n_cars)),
        "steer": noise.normal(0, 0.1, (steps, n_cars)),
        "throttle": noise.random((steps, n_cars)), "brake": noise.random((steps, n_cars)),
        "s": progress % track.length, "progress": progress,
        "lap": np.maximum(progress // track.length, 0).astype(np.int32),
        "position": place.astype(np.int32),
        "gap_leader": _gaps(time, progress), "status": np.ones((steps, n_cars), np.int8),
    }  # fmt: skip
    laps = []
    for car in cars:
        before = 0.0
        for number in range(1, int(progress[-1, car] // track.length) + 1):
            end = float(np.interp(number * track.length, progress[:, car], time))
            laps.append([0, episode, car, f"car {car}", number, end, end - before, 1, ""])
            before = end
    return {name: np.ravel(values) for name, values in columns.items()}, laps


def _gaps(time: np.ndarray, progress: np.ndarray) -> np.ndarray:
    """Return how long ago the front one was where a car is; 0 where it never was."""
    front = np.maximum.accumulate(progress.max(axis=1))
    return np.maximum(time[:, None] - np.interp(progress, front, time), 0.0)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Return a function that makes a run that is over."""

    def make(
        *,
        n_cars: int = 3,
        seconds: float = 60.0,
        episodes: int = 1,
        names: Sequence[str] = (),
        scenario: str = "made",
        telemetry: bool = True,
        without: Sequence[str] = (),
        happened: Sequence[dict[str, Any]] = (),
    ) -> RunFolder:
        run = RunFolder(tmp_path / "runs" / "made" / START)
        run.path.mkdir(parents=True)
        track = generate(3, length=300)
        shapes = ShapeLog(run.tracks)
        about = {
            "format": FORMAT, "state": "finished", "scenario": scenario,
            "task": "race" if episodes == 1 else "evaluate", "seed": 1, "backend": "none",
            "deterministic": False, "collides": False, "dt": DT, "laps": 0, "races": [0],
            "telemetry": telemetry, "csv": False, "versions": {"racegym": "0"},
            "machine": {"system": "none"}, "wall": {"started": START},
            "cars": [
                {"name": names[car] if car < len(names) else f"car {car}", "driver": "d",
                 "vehicle": "v"}
                for car in range(n_cars)
            ],
        }  # fmt: skip
        parts = [_episode(track, n_cars, seconds, k, 0) for k in range(episodes)]
        events = []
        for k in range(episodes):
            start = {"kind": "start", "race": 0, "episode": k, "seed": k, "track": "made",
                     "length": track.length, "shape": shapes.number(track),
                     "start_progress": [-2.0 - 3 * car for car in range(n_cars)]}  # fmt: skip
            wall = {"kind": "wall", "time": 1.5, "race": 0, "episode": k, "car": 0,
                    "name": "", "value": 12.0}  # fmt: skip
            told = [{"race": 0, "episode": k, "car": 0, "value": 0.0, **one} for one in happened]
            for one in told:
                if "other" in one:
                    one["other_name"] = about["cars"][one["other"]]["name"]
                one["name"] = about["cars"][one["car"]]["name"]
            events += [start, wall, *told]
        shapes.close()
        run.events.write_text("".join(json.dumps(e) + "\n" for e in events), encoding="utf-8")
        rows = [LAP_COLUMNS, *(lap for _, laps in parts for lap in laps)]
        lines = "".join(",".join(str(value) for value in row) + "\n" for row in rows)
        run.laps.write_text(lines, encoding="utf-8")
        tables = [
            pa.table({name: v for name, v in columns.items() if name not in without})
            for columns, _ in parts
        ]
        table = pa.concat_tables(tables)
        with run.stream.open("wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
            stream.write_table(table, max_chunksize=256 * n_cars)
        run.scenario.write_text(f"name: {scenario!r}\n", encoding="utf-8")
        write_json(run.state, about)
        finalise(run, about)
        return run

    return make
