"""Runs that end before their time: by a signal, by death, by a cut."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from racegym.cli import main
from racegym.record import RunFolder, find_runs, repair
from racegym.record.stream import read_batches
from racegym.run import verify
from racegym.scenario import Scenario

LONG = ["laps=100000", "time_limit=100000", "rules.retire_stuck=0"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")


def start(short: Scenario, tmp_path: Path) -> subprocess.Popen[str]:
    """Start a race that does not end by itself, and wait until some of it is recorded."""
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(short.to_yaml(), encoding="utf-8")
    arguments = [word for setting in LONG for word in ("--set", setting)]
    process = subprocess.Popen(
        [sys.executable, "-m", "racegym", "run", str(scenario), "--runs-dir",
         str(tmp_path / "runs"), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    for _ in range(1200):
        assert process.poll() is None, process.communicate()[0]
        runs = find_runs(tmp_path / "runs")
        if runs and runs[0].stream.exists() and runs[0].stream.stat().st_size > 300_000:
            return process
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"nothing was recorded: {process.communicate()[0]}")


def test_a_killed_run_is_recognised_repaired_and_proved(
    short: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    process = start(short, tmp_path)
    (folder,) = find_runs(tmp_path / "runs")
    before = list(read_batches(folder.stream))
    assert repair(folder)["state"] == "running"  # its writer lives: hands off
    assert folder.stream.exists()
    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert main(["runs", "list", "--runs-dir", str(tmp_path / "runs"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["state"] == "cut off"
    table = pq.read_table(folder.telemetry)
    assert table.num_rows >= sum(batch.num_rows for batch in before) > 0
    known = pa.Table.from_batches(before)
    assert table.slice(0, known.num_rows).equals(known)
    assert not folder.stream.exists() and not folder.lock.exists()
    result = json.loads(folder.result.read_text(encoding="utf-8"))
    assert result["state"] == "cut off"
    assert result["steps"] == table.num_rows // 3
    assert result["classification"][0]["name"] == "fast"
    assert verify(folder).difference is None
    assert main(["runs", "show", "latest", "--runs-dir", str(tmp_path / "runs")]) == 0
    assert "cut off" in capsys.readouterr().out


def test_ctrl_c_ends_a_run_cleanly(short: Scenario, tmp_path: Path) -> None:
    process = start(short, tmp_path)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "stopped after" in output and "Classification" in output
    (folder,) = find_runs(tmp_path / "runs")
    state = json.loads(folder.state.read_text(encoding="utf-8"))
    assert state["state"] == "stopped"
    assert pq.read_table(folder.telemetry).num_rows == 3 * state["steps"]
    assert folder.track_map.exists()
    assert verify(folder).steps == state["steps"]


def cut(folder: RunFolder, whole: RunFolder, share: float) -> None:
    """Make a folder look as if its writer had died, with a part of the stream written."""
    table = pq.read_table(whole.telemetry)
    with pa.ipc.new_stream(folder.stream, table.schema) as writer:
        writer.write_table(table, max_chunksize=300)
    content = folder.stream.read_bytes()
    folder.stream.write_bytes(content[: int(share * len(content))])
    state = json.loads(folder.state.read_text(encoding="utf-8"))
    folder.state.write_text(json.dumps({**state, "state": "running"}), encoding="utf-8")
    for file in (folder.telemetry, folder.result):
        file.unlink(missing_ok=True)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.77, 1.0])
def test_a_stream_cut_anywhere_is_completed_from_what_is_whole(
    copied: RunFolder, finished: object, share: float
) -> None:
    whole = RunFolder(Path(finished.folder))  # type: ignore[attr-defined]
    cut(copied, whole, share)
    assert repair(copied)["state"] == "cut off"
    result = json.loads(copied.result.read_text(encoding="utf-8"))
    if share < 0.01:  # not even the schema is there
        assert result["steps"] == 0 and result["classification"] == []
        return
    all_rows, rows = pq.read_table(whole.telemetry), pq.read_table(copied.telemetry)
    assert rows.equals(all_rows.slice(0, rows.num_rows))
    assert rows.num_rows % 300 == 0 or share == 1.0
    assert rows.num_rows == pytest.approx(share * all_rows.num_rows, abs=400)
    assert result["steps"] == rows.num_rows // 3
    if share == 1.0:
        finished_result = json.loads(whole.result.read_text(encoding="utf-8"))
        assert result["classification"] == finished_result["classification"]


def test_lines_that_are_cut_are_dropped(copied: RunFolder, finished: object) -> None:
    cut(copied, RunFolder(Path(finished.folder)), 1.0)  # type: ignore[attr-defined]
    for file in (copied.laps, copied.events):
        file.write_bytes(file.read_bytes()[:-7])
    repair(copied)
    with copied.laps.open(encoding="utf-8", newline="") as lines:
        assert len(list(csv.DictReader(lines))) == 3
    for line in copied.events.read_text(encoding="utf-8").splitlines():
        json.loads(line)


def test_a_run_that_cannot_be_read_does_not_hide_the_others(
    copied: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = copied.path.parent / "bad"
    bad.mkdir()
    (bad / "state.json").write_text("{", encoding="utf-8")
    assert main(["runs", "list", "--runs-dir", str(copied.path.parents[1]), "--json"]) == 0
    states = {row["run"].split("/")[1]: row["state"] for row in json.loads(capsys.readouterr().out)}
    assert states == {copied.path.name: "finished", "bad": "unreadable"}
