"""A training that is killed goes on as if nothing had happened."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from racegym import load_scenario
from racegym.record import RunFolder, find_runs, repair
from racegym.record.figures import read_figures
from racegym.run import resume_training, train
from racegym_cleanrl.checkpoint import Checkpoint

SCENARIO: dict[str, Any] = {
    "name": "killed",
    "task": "train",
    "trainer": {
        "name": "ppo", "steps": 200_000, "num_envs": 64, "num_steps": 32, "num_minibatches": 2,
        "hidden": [256, 256], "device": "cpu", "tensorboard": False,
    },
    "training": {
        "checkpoint_every": 2048,
        "keep": 3,
        "keep_every": 20,
        "evaluate": {"scenario": {"seed": 500, "laps": 1}, "episodes": 2, "every": 10},
    },
    "seed": 3,
    "backend": "kart2d",
    "track": {"generate": {"seed": 7, "count": 3, "length": 500}},
    "laps": 0,
    "start": {"kind": "random", "speed": 8.0},
    "cars": [{"name": "agent", "vehicle": "rental_kart", "driver": "agent"}],
    "reward": {"progress": 0.1, "off_track": 5.0},
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 4.0}},
}  # fmt: skip
KILLS = 5


def partial(folder: RunFolder) -> bool:
    return any(folder.checkpoints.glob(".partial-*"))


def rows(folder: Path) -> list[dict[str, str]]:
    """Return the figures without those of time, as text, in which NaN is NaN."""
    timed = ("seconds", "charts/SPS")
    told = read_figures(RunFolder(folder)).rows
    return [{name: repr(x) for name, x in row.items() if name not in timed} for row in told]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
def test_killed_while_it_writes_checkpoints_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    """Each kill falls into the writing of a checkpoint, or of its evaluation's figures."""
    file, runs = tmp_path / "killed.yaml", tmp_path / "runs"
    file.write_text(load_scenario(SCENARIO).to_yaml(), encoding="utf-8")
    words = ["run", str(file)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    for _ in range(KILLS):
        known = len(rows(find_runs(runs)[0].path)) if find_runs(runs) else 0
        process = subprocess.Popen(
            [sys.executable, "-m", "racegym", *words, "-q", "--no-plots", "--runs-dir", str(runs)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
        )  # fmt: skip
        until = time.time() + 120
        while not (
            (found := find_runs(runs))
            and len(rows(found[0].path)) > known + 5
            and partial(found[0])
        ):
            assert process.poll() is None and time.time() < until, process.communicate()
            time.sleep(0.0005)
        process.kill()
        process.communicate()
        (folder,) = find_runs(runs)
        assert repair(folder)["state"] == "cut off"
        assert not partial(folder)
        words = ["runs", "resume", str(folder.path)]
    done = resume_training(find_runs(runs)[0], plots=False)
    whole = train(SCENARIO, runs_dir=tmp_path / "whole", plots=False)
    for name in ("last.safetensors", "best.safetensors"):
        one, other = (Checkpoint.read(f.folder / "checkpoints" / name) for f in (done, whole))
        assert one.head == other.head and one.tensors.keys() == other.tensors.keys()
        for key, values in one.tensors.items():
            assert values.numpy().tobytes() == other.tensors[key].numpy().tobytes(), key
    assert rows(done.folder) == rows(whole.folder)
    assert done.training["checkpoints"] == whole.training["checkpoints"]
