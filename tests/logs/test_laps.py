"""Laps and their line from noisy logs of a drive that is known, and which laps don't count."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from log_drives import PLANE, as_gpx, as_metres, as_vbo, drive, receive

from racegym.errors import TrackError
from racegym.formats import read_track
from racegym.formats.local_plane import LocalPlane
from racegym.formats.logs import Log, LogOptions
from racegym.formats.logs.laps import find_laps
from racegym.formats.logs.mean_line import mean_line
from racegym.formats.logs.motion import fit_motion
from racegym.formats.logs.placing import place_on
from racegym.formats.logs.session import read_session
from racegym.formats.logs.start import find_start, start_at
from racegym.track import Track, generate
from racegym.track.locating import ClosedLine

METRES = LogOptions.model_validate({"columns": {"time": "t", "x": "px", "y": "py", "speed": "v"}})


def log_of(fixes, *, speed=True):
    return Log(
        source="a.csv", t=fixes.t, x=fixes.x, y=fixes.y, speed=fixes.speed if speed else None
    )


def off_line(track, x, y):
    """Return how far places are from the track's centerline [m]."""
    line = ClosedLine.of(track)
    _, d = line.locate(x - track.origin[0], y - track.origin[1], np.gradient(x), np.gradient(y))
    return np.abs(d)


def laps_on_true_line(driven, log):
    """Return the laps from the start line of the track that was driven."""
    motion = fit_motion(log)
    track = driven.track
    x, y, heading = (float(v) for v in track.at(0.0))
    x, y = x + track.origin[0], y + track.origin[1]
    return find_laps(motion, start_at(motion, x, y, heading, None, "that of the track"))


@pytest.mark.parametrize(
    ("rate", "speed", "line_within", "time_within"),
    [(10.0, True, 1.0, 0.1), (10.0, False, 1.0, 0.1), (1.0, True, 1.2, 0.15),
     (1.0, False, 1.2, 0.2), (25.0, True, 1.0, 0.1)],
)  # fmt: skip
def test_line_and_lap_times_of_a_noisy_log(known_track, rate, speed, line_within, time_within):
    """White noise of 0.4 m and a drifting bias of 0.5 m, in x and in y."""
    driven = drive(known_track, laps=15, seed=7)
    laps = laps_on_true_line(driven, log_of(receive(driven, rate, seed=11), speed=speed))
    assert len(laps.kept) == 15
    times = np.array([lap.time for lap in laps.laps])
    assert np.abs(times - driven.lap_times()).max() < time_within
    line = mean_line(laps.kept, laps.line).line
    assert off_line(known_track, line.x, line.y).max() < line_within
    assert line.length == pytest.approx(known_track.length, rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [1.0, 5.0, 10.0, 25.0])
def test_accuracy_over_many_logs(rate, capsys):
    """The figures of docs/laps.md: 20 circuits, each with a log of its own."""
    worst_times, worst_lines = [], []
    for seed in range(20):
        track = generate(seed, length=600.0 + 50.0 * seed, style=("club", "kart")[seed % 2])
        driven = drive(track, laps=15, seed=seed)
        laps = laps_on_true_line(driven, log_of(receive(driven, rate, seed=100 + seed)))
        times = np.array([lap.time for lap in laps.laps])
        worst_times.append(np.abs(times - driven.lap_times()).max())
        line = mean_line(laps.kept, laps.line).line
        worst_lines.append(off_line(track, line.x, line.y).max())
    with capsys.disabled():
        print(  # noqa: T201 - figures for the docs
            f"\n{rate:g} Hz: largest error of a lap time {np.median(worst_times):.3f} s in the "
            f"median, {max(worst_times):.3f} s in the worst log; of the line "
            f"{np.median(worst_lines):.2f} m and {max(worst_lines):.2f} m"
        )
    assert max(worst_times) < (0.1 if rate == 10.0 else 0.12)
    assert max(worst_lines) < 1.0 and np.median(worst_lines) < 0.7


def test_the_start_line_is_found_and_the_track_begins_there(known_track, write):
    driven = drive(known_track, laps=6, seed=1)
    path = write("sunday.gpx", as_gpx(receive(driven, seed=2)))
    session = read_session(path)
    assert "passed most often, 7 times" in session.laps.line.found
    times = np.array([lap.time for lap in session.laps.kept])
    assert len(times) == 6 and np.abs(times.mean() - driven.lap_times().mean()) < 0.3
    track = read_track(path)
    assert track.name == "sunday" and track.length == pytest.approx(700.0, rel=0.005)
    x, y = track.x[0] + track.origin[0], track.y[0] + track.origin[1]
    line = session.laps.line
    along = (x - line.x) * np.cos(line.heading) + (y - line.y) * np.sin(line.heading)
    assert abs(along) < 0.3
    assert any("8 m is assumed" in note for note in track.notes)
    assert any(note.startswith("coordinates are those of the plane") for note in track.notes)
    assert any(note.startswith("out-lap dropped: ") for note in track.notes)


def test_a_start_line_that_is_told(known_track, write):
    driven = drive(known_track, laps=4, seed=1)
    fixes = receive(driven, seed=2)
    x, y, heading = (float(v) for v in known_track.at(0.0))
    lat, lon = PLANE.to_earth(x + known_track.origin[0], y + known_track.origin[1])
    told = {"start_lat": float(lat), "start_lon": float(lon)}
    for more in ({}, {"start_heading": 90.0 - np.rad2deg(heading)}):
        options = LogOptions.model_validate(told | more)
        laps = read_session(write("a.vbo", as_vbo(fixes)), options).laps
        assert np.abs([lap.time for lap in laps.laps] - driven.lap_times()).max() < 0.1
    away = LogOptions.model_validate({"start_lat": float(lat) + 0.1, "start_lon": float(lon)})
    with pytest.raises(TrackError, match=r"a\.vbo: the start line \(as told\) is \d+ m from"):
        read_session(write("a.vbo", as_vbo(fixes)), away)
    metres = LogOptions.model_validate({"start_x": 0.0, "start_y": 0.0})
    with pytest.raises(TrackError, match="tell its start by start_lat"):
        read_session(write("a.vbo", as_vbo(fixes)), metres)


def test_slow_laps_and_gaps_are_dropped_with_their_reason(known_track):
    driven = drive(known_track, laps=8, seed=4, slow={3: 0.6})
    fixes = receive(driven, seed=5)
    gone = (fixes.t > driven.t[np.searchsorted(driven.s, 5.3 * known_track.length)]) & (
        fixes.t < driven.t[np.searchsorted(driven.s, 5.5 * known_track.length)]
    )
    fixes = fixes.part(np.flatnonzero(~gone))
    laps = laps_on_true_line(driven, log_of(fixes))
    dropped = {each.what: each.reason for each in laps.dropped}
    assert set(dropped) == {"out-lap", "lap 3", "lap 6", "in-lap"}
    assert "% slower than the median" in dropped["lap 3"]
    assert "without positions at" in dropped["lap 6"]
    kept = [lap.number for lap in laps.kept]
    assert kept == [1, 2, 4, 5, 7, 8]
    times = np.array([lap.time for lap in laps.kept])
    assert np.abs(times - driven.lap_times()[np.array(kept) - 1]).max() < 0.1


def test_of_two_laps_that_differ_the_quicker_counts(known_track):
    driven = drive(known_track, laps=2, seed=4, slow={2: 0.6})
    laps = laps_on_true_line(driven, log_of(receive(driven, seed=5)))
    assert [lap.number for lap in laps.kept] == [1]
    assert "% slower than the median" in laps.laps[1].dropped


def test_the_longest_gap_is_told_with_its_place(known_track):
    driven = drive(known_track, laps=2, seed=4)
    fixes = receive(driven, seed=5)
    began = float(np.interp(known_track.length, driven.s, driven.t))
    gone = np.zeros(len(fixes.t), bool)
    for start, lasted in ((5.0, 3.0), (20.0, 6.0)):
        gone |= (fixes.t > began + start) & (fixes.t < began + start + lasted)
    laps = laps_on_true_line(driven, log_of(fixes.part(np.flatnonzero(~gone))))
    lasted, at = re.match(
        r"([\d.]+) s without positions at ([\d.]+) s", laps.laps[1].dropped
    ).groups()
    assert float(lasted) == pytest.approx(6.0, abs=0.2)
    assert float(at) == pytest.approx(began + 20.0, abs=0.2)


def test_positions_that_jump_bend_nothing(known_track):
    driven = drive(known_track, laps=6, seed=4)
    fixes = receive(driven, seed=5)
    laps = laps_on_true_line(driven, log_of(fixes))
    line = mean_line(laps.kept, laps.line).line
    rng = np.random.default_rng(1)
    wild = rng.choice(len(fixes.t), len(fixes.t) // 50, replace=False)
    fixes.x[wild] += 30.0 * rng.standard_normal(len(wild))
    again = laps_on_true_line(driven, log_of(fixes))
    moved = [one.time - other.time for one, other in zip(laps.laps, again.laps, strict=True)]
    assert np.abs(moved).max() < 0.05
    bent = mean_line(again.kept, again.line).line
    _, d = line.locate(bent.x, bent.y, bent.tangent_x, bent.tangent_y)
    assert np.abs(d).max() < 0.3


def test_one_lap_that_goes_wide_bends_nothing(known_track):
    driven = drive(known_track, laps=8, seed=4)
    wide = np.interp(driven.s, known_track.length * np.array([3.0, 3.3, 3.6]), [0.0, 6.0, 0.0])
    x, y, _ = known_track.at(driven.s, wide)
    driven.x[:] = x + known_track.origin[0]
    driven.y[:] = y + known_track.origin[1]
    laps = laps_on_true_line(driven, log_of(receive(driven, seed=5)))
    line = mean_line(laps.kept, laps.line).line
    assert off_line(known_track, line.x, line.y).max() < 1.0


@pytest.mark.parametrize(
    ("laps", "said"),
    [
        (0, r"holds no complete lap: the start line \(the place passed most often, once\)"),
        (1, None),
    ],
)
def test_too_few_laps(known_track, write, laps, said):
    driven = drive(known_track, laps=max(laps, 1), seed=4)
    fixes = receive(driven, seed=5)
    if laps == 0:
        fixes = fixes.part(slice(0, len(fixes.t) // 2))
    path = write("a.csv", as_metres(fixes))
    if said is None:
        assert read_session(path, METRES).middle.line.length == pytest.approx(700.0, rel=0.01)
    else:
        with pytest.raises(TrackError, match=rf"a\.csv: {said}"):
            read_session(path, METRES)


def test_a_car_that_stands(write):
    rng = np.random.default_rng(1)
    rows = [f"{0.1 * k:.1f};{a:.3f};{b:.3f};0" for k, (a, b) in
            enumerate(0.02 * rng.standard_normal((300, 2)))]  # fmt: skip
    with pytest.raises(TrackError, match="the car hardly moves"):
        read_session(write("a.csv", "\n".join(["t;px;py;v", *rows])), METRES)


def test_widths(known_track, write):
    driven = drive(known_track, laps=8, seed=4, spread=1.0)
    path = write("a.csv", as_metres(receive(driven, white=0.1, bias=0.1)))
    columns = METRES.columns.model_dump()
    told = read_track(path, options={"columns": columns, "width": 10.0})
    np.testing.assert_allclose(told.width_left + told.width_right, 10.0)
    spread = read_track(path, options={"columns": columns, "width": "spread"})
    wide = spread.width_left + spread.width_right
    assert wide.min() > 2.9 and 3.0 < wide.mean() < 6.0
    assert any("lower bound" in note for note in spread.notes)


def test_a_log_is_laid_over_a_track_wherever_its_plane_lies(known_track):
    driven = drive(known_track, laps=5, seed=4)
    fixes = receive(driven, seed=5)
    turned = (fixes.x + 1j * fixes.y) * np.exp(0.8j) + 500.0
    fixes.x[:], fixes.y[:] = turned.real, turned.imag
    motion = fit_motion(log_of(fixes))
    laps = find_laps(motion, find_start(motion))
    line = mean_line(laps.kept, laps.line).line
    placed = place_on(known_track, line, "a.csv")
    assert placed.turn == pytest.approx(-0.8, abs=0.002) and placed.off < 1.0
    x, _ = motion.moved(placed.turn, placed.x, placed.y).pieces[0].at(fixes.t[5:-5])
    true_x = np.interp(fixes.t[5:-5], driven.t, driven.x - known_track.origin[0])
    assert abs((x - true_x).mean()) < 0.5
    with pytest.raises(TrackError, match=r"does not fit '[a-z_]+-8'"):
        place_on(generate(8, length=700.0), line, "a.csv")
    with pytest.raises(TrackError, match=r"goes round '[a-z_]+-7-reversed' the other way"):
        place_on(known_track.reversed(), line, "a.csv")
    with pytest.raises(TrackError, match=r"a lap is \d+ m, one of '[a-z_]+-7' is 1200 m"):
        place_on(generate(7, length=1200.0), line, "a.csv")


@pytest.mark.parametrize("rate", [10.0, 1.0])
def test_a_car_that_stood_on_the_start_line_has_its_laps(known_track, rate):
    """Its positions went to and fro over the line for two minutes."""
    driven = drive(known_track, laps=4, seed=4)
    begun = int(np.searchsorted(driven.s, 0.0))
    wait = np.arange(-120.0, -0.02, 0.05)
    t = np.concatenate([wait, driven.t[begun:] - driven.t[begun]]) + 120.0
    x, y = (np.concatenate([np.full(len(wait), v[begun]), v[begun:]]) for v in (driven.x, driven.y))
    fixes = receive(replace(driven, t=t, s=t, x=x, y=y), rate, seed=5)
    laps = laps_on_true_line(driven, log_of(fixes, speed=False))
    np.testing.assert_allclose([lap.time for lap in laps.kept][-3:], driven.lap_times()[1:],
                               atol=0.2)  # fmt: skip
    assert len(laps.laps) <= 4


@pytest.mark.parametrize("rate", [5.0, 1.0])
def test_a_car_that_waits_beside_the_start_line_loses_no_lap(known_track, rate):
    """It stands where most laps pass, before the first lap and after the last."""
    driven = drive(known_track, laps=5, seed=4)
    wait = np.arange(-30.0, -0.02, 0.05)
    t = np.concatenate([wait, driven.t, driven.t[-1] - wait[::-1]]) + 30.0
    x, y = (
        np.concatenate([np.full(len(wait), v[0]), v, np.full(len(wait), v[-1])])
        for v in (driven.x, driven.y)
    )
    fixes = receive(replace(driven, t=t, s=t, x=x, y=y), rate, seed=5)
    motion = fit_motion(log_of(fixes, speed=False))
    laps = find_laps(motion, find_start(motion))
    assert len(laps.kept) == len(laps.laps) == 5
    assert laps.line.found == "the place passed most often, 6 times"


def test_a_line_is_not_looked_for_where_the_track_crosses_itself():
    """There the car comes by twice a lap, in much the same direction."""
    a = np.linspace(0.0, 2.0 * np.pi, 400, endpoint=False)
    points = np.column_stack([100.0 * np.sin(a), 180.0 * np.sin(2.0 * a)])
    track = Track.from_points(points, 1.5, 1.5, name="eight", crossings="allow")
    driven = drive(track, laps=4, seed=2)
    motion = fit_motion(log_of(receive(driven, seed=3)))
    laps = find_laps(motion, find_start(motion))
    times = np.array([lap.time for lap in laps.kept])
    assert len(times) == 4 and np.abs(times.mean() - driven.lap_times().mean()) < 1.0


def mean_line_of(track, turn):
    """Return the mean line of a log of a track, in a plane that is turned and shifted."""
    fixes = receive(drive(track, laps=3, seed=4), seed=5)
    turned = (fixes.x + 1j * fixes.y) * np.exp(1j * turn) + 500.0
    fixes.x[:], fixes.y[:] = turned.real, turned.imag
    motion = fit_motion(log_of(fixes))
    laps = find_laps(motion, find_start(motion))
    return mean_line(laps.kept, laps.line).line


def test_an_oval_may_lie_either_way_round_unless_its_place_on_earth_is_known():
    oval = generate(10, style="oval")
    for turn in (0.3, 0.3 + np.pi):
        placed = place_on(oval, mean_line_of(oval, turn), "a.csv")
        assert "turned by 180 degrees" in placed.doubt and placed.off < 1.0
    # The log's plane touches the Earth 5 km from the track's.
    home = replace(oval, notes=(PLANE.note,))
    other = LocalPlane(PLANE.latitude + 0.03, PLANE.longitude + 0.05)
    x, y = other.to_plane(PLANE.latitude, PLANE.longitude)
    for seed in (1, 2):
        fixes = receive(drive(oval, laps=3, seed=seed), seed=5)
        fixes.x[:], fixes.y[:] = other.to_plane(*fixes.degrees())
        motion = fit_motion(log_of(fixes))
        laps = find_laps(motion, find_start(motion))
        placed = place_on(home, mean_line(laps.kept, laps.line).line, "a.csv", other)
        assert not placed.doubt and abs(placed.turn) < 0.01
        middle = complex(x, y) * np.exp(1j * placed.turn) + complex(placed.x, placed.y)
        assert abs(middle + complex(*oval.origin[:2])) < 3.0


def test_a_circuit_that_is_nearly_symmetric_is_laid_the_right_way_round():
    oval = generate(4, style="oval")
    for turn in (0.0, 3.0):
        placed = place_on(oval, mean_line_of(oval, turn), "a.csv")
        assert not placed.doubt
        assert np.cos(placed.turn + turn) > 0.999
