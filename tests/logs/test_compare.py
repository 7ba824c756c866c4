"""Two laps held against each other: a slow corner that was planted is found."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from log_drives import Drive, as_gpx, drive, receive

from racegym.cli import main
from racegym.errors import RunError
from racegym.formats.logs.placing import place_on
from racegym.formats.logs.session import read_session
from racegym.record import RunFolder
from racegym.record.logged import import_log
from racegym.record.result import read_laps
from racegym.record.telemetry_table import read_telemetry
from racegym.report.comparison import Choice, compare, stretches
from racegym.report.comparison_figure import draw_comparison
from racegym.report.comparison_table import lap_lines
from racegym.run import run
from racegym.track import generate
from racegym.track.corners import find_corners
from racegym.track.locating import ClosedLine

SCENARIO = {
    "name": "driven",
    "backend": "kart2d",
    "laps": 2,
    "seed": 3,
    "track": {"generate": {"seed": 7, "length": 700}},
    "cars": [
        {"name": "A", "vehicle": "rental_kart", "driver": {"name": "pure_pursuit", "pace": 94}},
        {"name": "B", "vehicle": "rental_kart", "driver": {"name": "pure_pursuit", "pace": 90}},
    ],
}


@pytest.fixture(scope="module")
def driven(tmp_path_factory):
    """A race of two karts over two laps, simulated."""
    done = run(SCENARIO, runs_dir=tmp_path_factory.mktemp("runs"), plots=False)
    return RunFolder(done.folder)


def delayed(folder: RunFolder, target, late, laps) -> RunFolder:
    """Return a copy of a run in which car A comes later.

    Args:
        folder: the run.
        target: where the copy is made.
        late: of s and progress of its rows, how much later each is [s].
        laps: of a lap's number, how much later it ends and how much longer it takes [s].
    """
    shutil.copytree(folder.path, target)
    copy = RunFolder(target)
    table = pq.read_table(copy.telemetry)
    mine = table["car"].to_numpy() == 0
    time = table["time"].to_numpy().copy()
    time[mine] += late(table["s"].to_numpy()[mine], table["progress"].to_numpy()[mine])
    exchange(copy, table, "time", time)
    with copy.laps.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["car"] == "0":
            later, longer = laps(int(row["lap"]))
            row["time"] = repr(float(row["time"]) + later)
            row["lap_time"] = repr(float(row["lap_time"]) + longer)
    with copy.laps.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return copy


def exchange(folder: RunFolder, table, name: str, values) -> None:
    """Write telemetry with other values in a column."""
    column = pa.array(values.astype(table[name].to_numpy().dtype))
    index = table.schema.get_field_index(name)
    pq.write_table(table.set_column(index, table.schema.field(index), column), folder.telemetry)


def slower_in(folder: RunFolder, corner, seconds: float, target) -> RunFolder:
    """Return a copy of a run in which car A takes that much longer for a corner of each lap."""

    def late(s, progress):
        inside = np.interp(s, [corner.start, corner.end], [0.0, 1.0])
        return seconds * (np.floor(progress / 700.0009).clip(0) + inside * (progress > 0))

    return delayed(folder, target, late, lambda lap: (seconds * lap, seconds))


@pytest.mark.parametrize("planted", [0, 3, 5])
def test_a_planted_slow_corner_is_found(driven, known_track, tmp_path, planted):
    corners = sorted(find_corners(known_track), key=lambda corner: corner.apex)
    other = slower_in(driven, corners[planted], 0.5, tmp_path / "slow")
    found = compare(Choice(driven, "quick", car="A"), Choice(other, "slow", car="A"))
    assert found.total == pytest.approx(0.5, abs=0.005)
    losses = [each.lost for each in found.corners]
    assert int(np.argmax(losses)) == planted
    assert losses[planted] == pytest.approx(0.5, abs=0.05)
    assert sum(losses) == pytest.approx(found.total, abs=1e-9)
    assert sum(each.lost for each in found.sectors) == pytest.approx(found.total, abs=1e-9)
    assert max(abs(lost) for k, lost in enumerate(losses) if k != planted) < 0.05


def test_a_planted_slow_corner_is_found_in_logs(known_track, tmp_path):
    """Two noisy logs of 10 Hz, imported and compared: the fastest lap of each."""
    corners = sorted(find_corners(known_track), key=lambda corner: corner.apex)
    corner = corners[3]
    quick = drive(known_track, laps=3, seed=4)
    inside = np.interp(quick.s % 700.0, [corner.start, corner.end], [0.0, 1.0])
    late = 0.5 * (np.floor(quick.s / known_track.length) + inside)
    slow = replace(quick, t=quick.t + late - late[0])
    runs = []
    for name, one in (("quick", quick), ("slow", slow)):
        log = tmp_path / f"{name}.gpx"
        log.write_text(as_gpx(receive(one, seed=8, bias=0.1)), encoding="utf-8")
        done = import_log(log, track=known_track, runs_dir=tmp_path / "runs")
        runs.append(Choice(done.folder, name, lap=2))
    found = compare(*runs)
    losses = [each.lost for each in found.corners]
    assert int(np.argmax(losses)) == 3 and losses[3] == pytest.approx(0.5, abs=0.1)
    assert found.total == pytest.approx(0.5, abs=0.05)


def test_a_lap_against_itself(driven):
    found = compare(Choice(driven, "one", car="A"), Choice(driven, "one", car="A"))
    assert not found.lost.any() and found.total == 0.0
    best = min(lap.lap_time for lap in read_laps(driven.laps) if lap.car == 0)
    for lap in found.laps:
        assert lap.lap.lap_time == best
        assert lap.time[-1] == pytest.approx(best, abs=0.003)
        assert lap.speed.min() > 5.0  # the last row is of a car that left
        stations = np.diff(lap.time)
        assert (stations > 0).all() and stations.max() < 0.3


def test_speeds_and_places_of_corners(driven, known_track):
    found = compare(Choice(driven, "one", car="A"), Choice(driven, "one", car="B"))
    assert [each.number for each in found.corners] == list(range(1, len(found.corners) + 1))
    assert found.total > 1.0 and found.laps[1].car == "B"
    for each in found.corners:
        assert each.slowest[0] <= min(each.entry[0], each.exit[0])
        k = round(each.corner.apex / known_track.spacing) % len(known_track)
        assert each.side == ("left" if known_track.curvature[k] > 0.0 else "right")
    ends = [each.end for each in found.corners]
    assert [each.start for each in found.corners] == [ends[-1], *ends[:-1]]


def test_a_first_lap_from_the_grid(driven):
    found = compare(Choice(driven, "one", 2, "A"), Choice(driven, "one", 1, "A"))
    first, second = (lap.lap.lap_time for lap in found.laps)
    assert found.total == pytest.approx(second - first, abs=1e-9) and found.total > 1.0
    assert sum(each.lost for each in found.sectors) == pytest.approx(found.total, abs=1e-9)


def test_people_and_drivers_compare(driven, known_track, tmp_path):
    log = tmp_path / "human.gpx"
    log.write_text(as_gpx(receive(drive(known_track, laps=3, seed=4))), encoding="utf-8")
    human = import_log(log, track=known_track, runs_dir=tmp_path / "runs").folder
    found = compare(Choice(human, "human"), Choice(driven, "script"))
    assert found.track_hash == known_track.hash
    a, b = (lap.lap.lap_time for lap in found.laps)
    assert found.total == pytest.approx(b - a, abs=1e-9)
    assert found.lost[0] == pytest.approx(0.0, abs=1e-9)
    other = import_log(log, runs_dir=tmp_path / "runs").folder  # a track of its own
    with pytest.raises(RunError, match=r"on '[a-z_]+-7'.*racegym runs import LOG --track TRACK"):
        compare(Choice(other, "human"), Choice(driven, "script"))


def test_tracks_of_one_shape_compare_and_others_do_not(driven, tmp_path, known_track):
    copy = RunFolder(tmp_path / "copy")
    shutil.copytree(driven.path, copy.path)
    shape = json.loads(copy.tracks.read_text(encoding="utf-8"))
    copy.tracks.write_text(json.dumps({**shape, "hash": "elsewhere"}) + "\n", encoding="utf-8")
    one, other = Choice(driven, "one"), Choice(copy, "other")
    assert compare(one, other).total == 0.0
    moved = {**shape, "hash": "", "left_x": [x + 2.0 for x in shape["left_x"]],
             "right_x": [x + 2.0 for x in shape["right_x"]]}  # fmt: skip
    copy.tracks.write_text(json.dumps(moved) + "\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"their centerlines are up to 2\.0 m apart; --track"):
        compare(one, other)
    assert compare(one, other, known_track).total == 0.0
    longer = {**shape, "hash": "", "length": 800.0}
    copy.tracks.write_text(json.dumps(longer) + "\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"laps of 700 m and 800 m can't be compared"):
        compare(one, other)
    with pytest.raises(RunError, match=r"lies \d+ m beside the track; was it driven on another"):
        compare(one, one, generate(8, length=700.0))


LAP = np.linspace(0.0, 1000.0, 1001)


@pytest.mark.parametrize(
    ("apexes", "fastest", "expected"),
    [
        ([200.0, 600.0], [50.0, 400.0], [(50.0, 400.0, False), (400.0, 50.0, True)]),
        ([200.0, 600.0], [900.0, 400.0], [(900.0, 400.0, True), (400.0, 900.0, False)]),
        ([200.0, 600.0], [200.0], [(200.0, 200.0, False), (200.0, 200.0, True)]),
        ([200.0, 600.0], [600.0], [(600.0, 600.0, True), (600.0, 600.0, False)]),
        ([200.0], [700.0], [(700.0, 700.0, True)]),
        ([200.0], [100.0], [(100.0, 100.0, True)]),
        ([0.0, 500.0], [0.0], [(0.0, 0.0, False), (0.0, 0.0, True)]),
        ([], [0.0], []),
    ],
)
def test_the_lap_is_cut_at_the_fastest_places(apexes, fastest, expected):
    """Also where that is an apex: that bend has no stretch then, and not the whole lap."""
    apart = np.abs(LAP[:, None] - fastest)
    speed = 90.0 - np.minimum(apart, 1000.0 - apart).min(axis=1)
    assert stretches(LAP, speed, apexes) == expected


def test_a_car_that_stood_on_the_grid(driven, tmp_path):
    """Longer than it took for the rest of its lap."""
    late = delayed(driven, tmp_path / "late", lambda s, _: 0 * s + 90.0,
                   lambda lap: (90.0, 90.0 * (lap == 1)))  # fmt: skip
    found = compare(Choice(driven, "one", 1, "A"), Choice(late, "late", 1, "A"))
    assert found.total == pytest.approx(90.0, abs=1e-6)
    assert found.sectors[0].lost == pytest.approx(90.0, abs=1e-6)


def test_a_car_may_be_told_by_index_and_a_lap_that_does_not_count_is_told(driven, tmp_path):
    by_index = compare(Choice(driven, "one", car="1"), Choice(driven, "one", car="0"))
    assert [lap.car for lap in by_index.laps] == ["B", "A"]
    assert not any("does not count" in line for line in lap_lines(by_index))
    shutil.copytree(driven.path, tmp_path / "few")
    few = RunFolder(tmp_path / "few")
    head, *rows = few.laps.read_text(encoding="utf-8").splitlines(keepends=True)
    rows = [row for row in rows if row.startswith("0,0,0,")]
    cut = [",".join([*row.split(",")[:7], "0", *row.split(",")[8:]]) for row in rows]
    few.laps.write_text("".join([head, *cut]), encoding="utf-8")
    line, _ = lap_lines(compare(Choice(few, "few"), Choice(driven, "one")))
    assert line.startswith("A: A, lap 2,") and line.endswith(", which does not count")
    with pytest.raises(RunError, match="no lap was completed"):
        compare(Choice(few, "few", car="1"), Choice(driven, "one"))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"lap": 9}, "there is no lap 9; laps go to 2"),
        ({"car": "C"}, "no car 'C'"),
        ({"episode": 2}, "there is no episode 2; the run has 1"),
    ],
)
def test_laps_that_are_not_there(driven, choice, said):
    with pytest.raises(RunError, match=said):
        compare(Choice(driven, "one", **choice), Choice(driven, "one"))


def test_a_run_without_telemetry(driven, tmp_path):
    shutil.copytree(driven.path, tmp_path / "bare")
    bare = RunFolder(tmp_path / "bare")
    bare.telemetry.unlink()
    with pytest.raises(RunError, match="kept no telemetry"):
        compare(Choice(driven, "one"), Choice(bare, "bare"))
    bare.laps.write_text(bare.laps.read_text(encoding="utf-8").splitlines()[0] + "\n", "utf-8")
    with pytest.raises(RunError, match="no lap was completed"):
        compare(Choice(driven, "one"), Choice(bare, "bare"))


def test_the_picture(driven, tmp_path):
    from PIL import Image

    found = compare(Choice(driven, "one", car="A"), Choice(driven, "one", car="B"))
    draw_comparison(found, tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as picture:
        assert picture.size == (2250, 1080)
        colours = picture.convert("RGB").getcolors(1 << 24)
        assert colours is not None and len(colours) > 200
    with pytest.raises(RunError, match="can't be written"):
        draw_comparison(found, tmp_path / "none" / "c.png")


def test_commands(driven, tmp_path, capsys):
    runs = str(driven.path.parent.parent)
    name, plot = str(driven.path), tmp_path / "c.png"
    args = ["compare", name, name, "--runs-dir", runs, "--car", "A", "--car", "B"]
    assert main([*args, "--plot", str(plot)]) == 0
    told = capsys.readouterr().out
    assert "B lost" in told and "A: A, lap 2" in told and plot.stat().st_size > 50_000
    assert main([*args, "--json", "--lap", "2"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["laps"][1]["car"] == "B" and data["laps"][0]["lap"] == 2
    assert data["lost"] == pytest.approx(sum(each["lost"] for each in data["corners"]))
    assert {"corner", "side", "apex", "entry_speed", "minimum_speed", "exit_speed", "lost"} <= set(
        data["corners"][0]
    )
    for wrong, said in (
        (["--plot", str(plot)], "exists already"),
        (["--plot", "c.jpg"], "does not end with .png"),
        (["--lap", "fast"], "is no lap"),
        (["--car", "A", "--car", "B", "--car", "C"], "twice at most"),
        (["--track", "nowhere"], "nowhere"),
    ):
        assert main([*args, *wrong]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.slow
def test_a_log_of_a_simulated_race_gives_its_laps_and_its_line_back(tmp_path, known_track):
    """Fifteen laps of a kart on its own line, seen by a receiver of 10 Hz."""
    alone = {**SCENARIO, "laps": 16, "time_limit": 2000, "cars": SCENARIO["cars"][:1]}
    done = run(alone, runs_dir=tmp_path / "runs", plots=False)
    folder = RunFolder(done.folder)
    (episode,) = done.result["episodes"]
    table = read_telemetry(folder, episode, ["time", "x", "y", "progress"], 1)
    time, x, y, progress = (table[name][:, 0] for name in ("time", "x", "y", "progress"))
    seen = Drive(track=known_track, t=time, s=progress, x=x, y=y)
    fixes = receive(seen, seed=6)
    log = tmp_path / "kart.gpx"
    log.write_text(as_gpx(fixes), encoding="utf-8")
    logged = import_log(log, track=known_track, runs_dir=tmp_path / "runs")
    true = [lap.lap_time for lap in read_laps(folder.laps)]
    found = [lap.lap_time for lap in read_laps(logged.folder.laps)]
    # The first lap begins on the grid, where the log may miss the line; the last ends at the
    # flag, where the record does.
    assert len(true) == 16 and len(found) >= 14
    shift = len(true) - 1 - len(found)
    np.testing.assert_allclose(found[1 - shift :][:14], true[1:15], atol=0.1)
    line = read_session(log).middle.line
    placed = place_on(known_track, line, "kart.gpx")
    c, s = np.cos(placed.turn), np.sin(placed.turn)
    lap = (progress > 5.0 * known_track.length) & (progress < 6.0 * known_track.length)
    own = ClosedLine.through(x[lap], y[lap], 700)
    _, d = own.locate(
        c * line.x - s * line.y + placed.x, s * line.x + c * line.y + placed.y,
        c * line.tangent_x - s * line.tangent_y, s * line.tangent_x + c * line.tangent_y,
    )  # fmt: skip
    assert np.abs(d).max() < 1.0
