"""A log as a run: the same files as of any run, and the same commands."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from log_drives import as_gpx, as_metres, drive, receive

from racegym.cli import main
from racegym.cli.log_tracks import named_track
from racegym.errors import RunError, TrackError, UnknownNameError
from racegym.formats import read_track
from racegym.formats.logs import LogOptions
from racegym.record.folder import read_json
from racegym.record.logged import import_log
from racegym.record.result import read_laps
from racegym.record.telemetry_table import read_telemetry
from racegym.run import verify

METRES = LogOptions.model_validate({"columns": {"time": "t", "x": "px", "y": "py", "speed": "v"}})
SET = ("--set", "columns.time=t", "--set", "columns.x=px", "--set", "columns.y=py",
       "--set", "columns.speed=v")  # fmt: skip


@pytest.fixture(scope="module")
def session(tmp_path_factory, known_track):
    """A drive of five laps, its log as GPX, and the run that it becomes on the known track."""
    folder = tmp_path_factory.mktemp("logged")
    driven = drive(known_track, laps=5, seed=4)
    log = folder / "sunday.gpx"
    log.write_text(as_gpx(receive(driven, seed=5)), encoding="utf-8")
    return driven, log, import_log(log, track=known_track, runs_dir=folder / "runs")


def test_a_log_on_a_known_track(session, known_track):
    driven, _, run = session
    laps = read_laps(run.folder.laps)
    assert [lap.number for lap in laps] == [1, 2, 3, 4, 5] and all(lap.valid for lap in laps)
    np.testing.assert_allclose([lap.lap_time for lap in laps], driven.lap_times(), atol=0.1)
    result = read_json(run.folder.result)
    (episode,) = result["episodes"]
    (row,) = episode["classification"]
    assert row["laps"] == 5 and row["status"] == "finished" and row["name"] == "human"
    assert row["best_lap"] == min(lap.lap_time for lap in laps)
    assert row["limit"] is None and row["laps_percent"] == [None] * 5
    assert result["limit"]["reasons"] == [
        "an imported log: it does not tell which vehicle was driven"
    ]
    state = read_json(run.folder.state)
    assert state["tracks"] == [{"name": known_track.name, "hash": known_track.hash}]
    shape = json.loads(run.folder.tracks.read_text(encoding="utf-8"))
    assert shape["hash"] == known_track.hash


def test_telemetry_lies_on_the_track(session, known_track):
    driven, _, run = session
    (episode,) = read_json(run.folder.result)["episodes"]
    names = pq.read_schema(run.folder.telemetry).names
    table = {k: v[:, 0] for k, v in read_telemetry(run.folder, episode, names, 1).items()}
    assert all(np.isfinite(values).all() for values in table.values())
    time, on = table["time"], slice(20, -20)
    np.testing.assert_allclose(np.diff(time), 0.1, atol=1e-9)
    true_s = np.interp(time, driven.t, driven.s)
    # Out by a drift of the receiver of 0.5 m in x and in y, and by what the fit leaves.
    assert np.abs(table["progress"] - true_s)[on].max() < 2.5
    assert np.abs(table["d"])[on].max() < 2.5
    x, y, way = known_track.at(table["s"], table["d"])
    np.testing.assert_allclose(np.hypot(table["x"] - x, table["y"] - y), 0.0, atol=0.02)
    speed = np.gradient(true_s, time)
    assert np.abs(table["vx"] - speed)[on].max() < 1.5
    assert np.abs(table["ax"] - np.gradient(table["vx"], time))[on].max() < 1.0
    assert np.abs(table["ay"] - table["vx"] * table["yaw_rate"])[on].max() < 0.1
    turned = (table["yaw"] - way + np.pi) % (2 * np.pi) - np.pi
    np.testing.assert_allclose(table["heading_error"], turned, atol=1e-5)
    assert set(np.unique(table["lap"])) == {0, 1, 2, 3, 4, 5}
    assert not table["off_track"].any()


def test_sector_times_add_up(session):
    _, _, run = session
    for row in run.folder.laps.read_text(encoding="utf-8").splitlines()[1:]:
        fields = row.split(",")
        sectors = [float(value) for value in fields[8].split()]
        assert len(sectors) == 3 and min(sectors) > 5.0
        assert sum(sectors) == pytest.approx(float(fields[6]), abs=1e-9)


def test_a_log_without_a_track_makes_one(known_track, tmp_path, write):
    path = write("own.csv", as_metres(receive(drive(known_track, laps=4, seed=4), seed=5)))
    run = import_log(path, options=METRES, runs_dir=tmp_path / "runs", name="my own", driver="me")
    assert run.folder.path.parent.name == "my_own"
    made = read_track(run.folder.path / "my_own.track")
    assert made.hash == run.track.hash and made.name == "my own"
    state = read_json(run.folder.state)
    assert state["cars"] == [{"name": "me", "driver": "me", "vehicle": ""}]
    assert state["log"]["rate"] == 10.0 and 0.3 < state["log"]["noise"] < 0.5
    assert [each["what"] for each in state["log"]["dropped"]] == ["out-lap", "in-lap"]
    (episode,) = run.result["episodes"]
    d = read_telemetry(run.folder, episode, ["d"], 1)["d"]
    assert np.abs(d[20:-20]).max() < 2.5


def test_a_gap_is_bridged_and_its_lap_does_not_count(known_track, tmp_path, write):
    fixes = receive(drive(known_track, laps=4, seed=4), seed=5)
    gone = (fixes.t > 70.0) & (fixes.t < 78.0)
    path = write("gap.csv", as_metres(fixes.part(np.flatnonzero(~gone))))
    run = import_log(path, track=known_track, options=METRES, runs_dir=tmp_path / "runs")
    assert [lap.valid for lap in read_laps(run.folder.laps)] == [True, False, True, True]
    (episode,) = run.result["episodes"]
    table = read_telemetry(run.folder, episode, ["time", "x", "lap", "progress"], 1)
    assert np.isfinite(table["x"]).all() and np.diff(table["time"][:, 0]).max() < 0.11
    assert table["progress"][-1, 0] == pytest.approx(4 * 700.0 + 90.0, abs=5.0)


def test_nothing_is_left_of_a_log_that_fails(known_track, tmp_path, write, monkeypatch):
    path = write("own.csv", as_metres(receive(drive(known_track, laps=2, seed=4), seed=5)))
    with pytest.raises(TrackError, match="does not fit"):
        from racegym.track import generate

        import_log(path, track=generate(8, length=700.0), options=METRES, runs_dir=tmp_path / "r")
    assert not (tmp_path / "r").exists()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("racegym.record.logged.write_json", full)
    with pytest.raises(RunError, match="can't write a run there: No space left"):
        import_log(path, track=known_track, options=METRES, runs_dir=tmp_path / "r")
    assert not any((tmp_path / "r").rglob("*"))


def test_a_log_is_not_verified(session):
    _, _, run = session
    with pytest.raises(RunError, match="an imported log: nothing was simulated"):
        verify(run.folder)


def test_commands(session, known_track, tmp_path, monkeypatch, capsys, write):
    _, log, _ = session
    monkeypatch.chdir(tmp_path)
    from racegym.formats import write_track

    write_track(known_track, "known.track", "native")
    own = write("own.csv", as_metres(receive(drive(known_track, laps=3, seed=4), seed=5)))
    assert main(["runs", "import", str(log), "--track", "known.track", "--no-plots"]) == 0
    told = capsys.readouterr().out
    assert "5 laps count of 5, the best in 0:" not in told and "5 laps count of 5" in told
    assert f"the log is laid over the track {known_track.name!r}" in told
    assert main(["runs", "import", str(own), *SET, "-q", "--set", "width=10"]) == 0
    folder = capsys.readouterr().out.strip()
    assert (tmp_path / folder / "track_map.png").stat().st_size > 10_000
    assert main(["runs", "list"]) == 0
    assert main(["runs", "show", "sunday"]) == 0
    assert main(["runs", "report", "sunday"]) == 0
    assert main(["runs", "export", "sunday", "--output", "a.json"]) == 0
    assert len(json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))) > 2000
    capsys.readouterr()
    assert main(["verify", "sunday"]) == 2
    assert "nothing was simulated" in capsys.readouterr().err
    assert main(["runs", "import", str(own), "--set", "columns"]) == 2
    assert "write --set OPTION=VALUE" in capsys.readouterr().err
    assert main(["runs", "import", "none.gpx"]) == 2
    assert "there is no such log" in capsys.readouterr().err
    assert main(["runs", "import", str(own), "--track", "nowhere"]) == 2
    assert main(["tracks", "import", str(log), "--dry-run"]) == 0
    assert "is log (positions over many laps" in capsys.readouterr().out


def test_a_shipped_scenario_names_its_track():
    assert named_track("quickstart").name == "club-7"
    with pytest.raises(UnknownNameError, match="unknown track 'quickstrat'"):
        named_track("quickstrat")
