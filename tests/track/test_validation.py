"""One report holds every problem of a track, each where it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from racegym.errors import TrackError
from racegym.formats import read_track
from racegym.track import PitLane, Track, generate
from racegym.track.validation import Problem, RawTrack, VehicleLimits, keep_raw, validate

KART = VehicleLimits(
    name="kart", length=1.95, width=1.4, wheelbase=1.045, steer_limit=0.35, top_speed=22.0
)
TRUCK = VehicleLimits(
    name="truck", length=14.0, width=3.0, wheelbase=9.0, steer_limit=0.4, top_speed=35.0
)


@pytest.fixture(scope="module")
def circuit() -> Track:
    return generate(5, length=800.0)


@pytest.fixture(scope="module")
def oval() -> Track:
    return made(*stadium())


def stadium(straight: float = 120.0, radius: float = 30.0, every: float = 4.0):
    """Return points of two straights and two half circles, from the middle of the lower one."""
    half = np.arange(0.0, straight / 2.0, every)
    turn = np.linspace(0.0, np.pi, round(np.pi * radius / every), endpoint=False)
    right = np.column_stack([straight / 2 + radius * np.sin(turn), radius - radius * np.cos(turn)])
    points = np.concatenate(
        [
            np.column_stack([half, np.zeros(len(half))]),
            right,
            np.column_stack([straight / 2 - 2 * half, np.full(len(half), 2 * radius)]),
            [-1.0, 1.0] * (right - [0.0, radius]) * [1.0, -1.0] + [0.0, radius],
            np.column_stack([half - straight / 2, np.zeros(len(half))]),
        ]
    )
    return points, 4.0, 4.0


def made(points, left, right, **more) -> Track:
    return Track.from_points(points, left, right, name="oval", **more)


def near(track: Track, problem: Problem, s: float, samples: float = 4.0) -> bool:
    """Return whether a problem is told at ``s``, within a few samples, or its stretch holds it."""
    assert problem.s is not None
    room = samples * track.spacing
    if problem.since is not None and problem.until is not None:
        long = (problem.until - problem.since) % track.length
        if (s - problem.since + room) % track.length <= long + 2 * room:
            return True
    return abs((s - problem.s + track.length / 2) % track.length - track.length / 2) <= room


def only(report, check: str) -> Problem:
    found = [problem for problem in report.problems if problem.check == check]
    assert len(found) == 1, report.problems
    return found[0]


def bump(track: Track, s: float, wide: float) -> np.ndarray:
    """Return (n,) from 0 to 1 at ``s``."""
    away = np.abs(np.mod(track.spacing * np.arange(len(track)) - s + track.length / 2,
                         track.length) - track.length / 2)  # fmt: skip
    return np.exp(-((away / wide) ** 2))


# ------------------------------------------------------------------ nothing wrong


@pytest.mark.parametrize("seed", range(25))
def test_generated_tracks_are_clean(seed):
    assert validate(generate(seed), KART).problems == ()


def test_real_circuits_have_no_errors(tum):
    for name, track in tum.items():
        report = validate(track, VehicleLimits(
            name="gt3", length=4.6, width=2.0, wheelbase=2.7, steer_limit=0.4, top_speed=75.0
        ))  # fmt: skip
        assert report.errors == (), name
        assert len(report.warnings) <= 2


def test_the_report_as_plain_data(circuit):
    told = validate(replace(circuit, kerb_width=20.0), KART).to_dict()
    assert (told["errors"], told["track"], told["vehicle"]) == (0, circuit.name, "kart")
    assert told["warnings"] == len(told["problems"]) > 0
    assert {"check", "severity", "what", "s"} <= told["problems"][0].keys()


# ------------------------------------------------------------------ one planted fault each


@pytest.mark.parametrize("place", [0.2, 0.55, 0.9])
def test_a_step_of_the_width(circuit, place):
    k = int(place * len(circuit))
    width = circuit.width_left.copy()
    width[k:] *= 0.7
    report = validate(replace(circuit, width_left=width))
    steps = [problem for problem in report.warnings if problem.check == "width"]
    assert any(near(circuit, problem, k * circuit.spacing) for problem in steps)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.8])
def test_too_narrow_for_the_car(circuit, place):
    s = place * circuit.length
    narrow = 1.0 - 0.93 * bump(circuit, s, 12.0)
    thin = replace(
        circuit, width_left=circuit.width_left * narrow, width_right=circuit.width_right * narrow
    )
    problem = next(p for p in validate(thin, KART).errors if p.check == "scale")
    assert near(thin, problem, s)
    assert "kart" in problem.what
    assert not [p for p in validate(thin).errors if p.check == "scale"]


def test_a_step_and_a_wall_of_heights(circuit):
    s = 0.4 * circuit.length
    report = validate(replace(circuit, z=circuit.z + 3.0 * bump(circuit, s, 1.0)))
    assert any(near(circuit, p, s) for p in report.problems if p.check == "elevation")
    steep = replace(circuit, slope=circuit.slope + 0.8 * bump(circuit, s, 5.0))
    assert near(circuit, next(p for p in validate(steep).errors), s)


def test_a_step_of_the_banking(circuit):
    s = 0.4 * circuit.length
    bank = np.where(np.arange(len(circuit)) * circuit.spacing > s, 0.3, 0.0)
    found = [p for p in validate(replace(circuit, banking=bank)).problems if p.check == "banking"]
    assert any(near(circuit, problem, s) for problem in found)


def test_a_corner_tighter_than_the_car_turns(circuit):
    sharpest = int(np.argmax(np.abs(circuit.curvature))) * circuit.spacing
    report = validate(circuit, TRUCK)
    tight = [problem for problem in report.problems if problem.check == "steering"]
    assert any(near(circuit, problem, sharpest) for problem in tight)
    assert "truck turns no tighter than 21.29 m" in tight[0].what
    hopeless = validate(circuit, replace(TRUCK, steer_limit=0.1))
    assert any(p.check == "steering" and p.severity == "error" for p in hopeless.problems)


def test_an_edge_that_lies_on_another_part():
    points, _, _ = stadium(radius=12.0)
    wide = np.full(len(points), 4.0)
    track = made(points, wide, 4.0)
    assert not [p for p in validate(track).problems if p.check == "contact"]
    fat = track.width_left + 20.0 * bump(track, 0.0, 25.0)
    problem = only(validate(replace(track, width_left=fat)), "contact")
    assert problem.severity == "error"
    assert near(track, problem, 0.0, 30.0)
    assert "another part of the track" in problem.what


def test_samples_against_the_direction_of_driving(oval):
    turned = replace(oval, tangent_x=-oval.tangent_x, tangent_y=-oval.tangent_y)
    assert any("turn the track round" in p.what for p in validate(turned).errors)


def test_a_start_line_in_a_bend(oval):
    bend = 60.0 + np.pi * 15.0 + 12.0  # beyond the middle of the first half circle
    k = round(bend / oval.spacing)
    arrays = ("x", "y", "z", "heading", "tangent_x", "tangent_y", "curvature", "slope")
    moved = replace(oval, **{name: np.roll(getattr(oval, name), -k) for name in arrays})
    assert not [p for p in validate(oval).problems if p.check == "start"]
    assert only(validate(moved), "start").s == 0.0


def test_a_lap_without_checkpoints(oval):
    problem = only(validate(replace(oval, checkpoints=np.array([0.0, 20.0]))), "gates")
    assert problem.since == 20.0
    assert problem.until == oval.length


@pytest.mark.parametrize(
    ("slots", "severity", "s", "what"),
    [
        ([[-6.0, 0.0], [-12.0, 5.0]], "error", -12.0, "slot 2 is 1.00 m off the asphalt"),
        ([[-6.0, 0.0], [-12.0, 3.6]], "warning", -12.0, "stands with a side over the edge"),
        ([[-6.0, 1.0], [-7.0, 0.5]], "error", -6.0, "slots 1 and 2 overlap"),
        ([[6.0, 0.0]], "warning", 6.0, "slot 1 is not behind the start line"),
        ([[-20.0, 0.0], [-6.0, 0.0]], "warning", -6.0, "slot 2 is ahead of slot 1"),
    ],
)
def test_slots_of_the_grid(oval, slots, severity, s, what):
    grid = np.array(slots)
    grid[:, 0] %= oval.length
    problem = only(validate(replace(oval, grid=grid), KART), "grid")
    assert (problem.severity, problem.s) == (severity, s % oval.length)
    assert what in problem.what


@pytest.mark.parametrize(
    ("changes", "severity", "what"),
    [
        ({"offset": -5.0}, "error", "overlaps the asphalt of the track by 0.50 m"),
        ({"offset": -10.0, "width": 6.0}, "error", "reaches 1.00 m beyond the wall"),
        ({"boxes": (20.0, 10.0)}, "error", "box 2 does not come after box 1"),
        ({"boxes": (10.0, 11.0)}, "warning", "boxes 1 and 2 are 1.00 m apart"),
        ({"speed_limit": 60.0}, "warning", "is it in m/s?"),
        ({"entry": 40.0, "exit": 30.0, "boxes": ()}, "warning", "the wrong way round"),
        ({"width": 1.5}, "warning", "is 1.50 m wide, and a car 1.40 m"),
        ({"offset": 31.0, "entry": 5.0, "exit": 120.0, "width": 4.0, "runoff": 30.0, "boxes": ()},
         "error", "reaches past its centre"),
    ],
)  # fmt: skip
def test_the_pit_lane(oval, changes, severity, what):
    values = {"entry": 350.0, "exit": 40.0, "offset": -8.0, "width": 3.0, "speed_limit": 11.0}
    boxes = {"boxes": (5.0, 12.0)}
    changes = dict(changes)
    track = replace(oval, runoff=changes.pop("runoff", 8.0))
    assert not validate(replace(oval, pit=PitLane(**values, **boxes)), KART).problems
    wrong = replace(track, pit=PitLane(**{**values, **boxes, **changes}))
    found = [p for p in validate(wrong, KART).problems if p.check == "pit"]
    assert any(what in p.what and p.severity == severity for p in found), found


def test_obstacles_that_leave_no_room(oval):
    x, y, _ = oval.at(np.array([200.0, 200.5, 300.0]), np.array([2.4, -2.2, 0.0]))
    blocked = oval.with_obstacles(np.column_stack([x, y, [1.6, 1.8, 0.5]]))
    found = [p for p in validate(blocked, KART).problems if p.check == "obstacle"]
    assert [p.severity for p in found] == ["error"]
    assert all(near(oval, p, 200.2) for p in found)
    grid = np.array([[299.0, 0.3]])
    on_grid = validate(replace(blocked, grid=grid), KART)
    assert any("slot 1 of the grid" in p.what and near(oval, p, 300.0) for p in on_grid.errors)


def test_kerbs_walls_and_a_line_beyond_the_edge(oval):
    assert "on the kerb" in only(validate(replace(oval, kerb_width=2.0, runoff=1.0)), "kerbs").what
    line = 5.0 * bump(oval, 100.0, 8.0)
    problem = only(validate(oval.with_line(line, "mine")), "line")
    assert near(oval, problem, 100.0)
    assert "1.00 m off the asphalt" in problem.what


def test_a_bridge_without_height(tum):
    track = tum["Suzuka"]
    problem = only(validate(track), "bridge")
    assert near(track, problem, track.crossings[0].s1)
    higher = track.z + 5.0 * bump(track, track.crossings[0].s2, 200.0)
    assert not [p for p in validate(replace(track, z=higher)).problems if p.check == "bridge"]
    unmarked = validate(replace(track, crossings=()))
    assert any("mark it as a bridge" in p.what for p in unmarked.errors)


def test_a_car_of_another_scale(oval):
    small = replace(KART, name="toy", length=0.3, width=0.1, wheelbase=0.2)
    assert any("are these metres" in p.what for p in validate(oval, small).warnings)
    assert any("are these metres" in p.what for p in validate(oval, replace(TRUCK, length=40.0))
               .warnings)  # fmt: skip


def test_the_worst_places_are_told_where_there_are_too_many(oval):
    """A dozen warnings before it do not hide an error."""
    places = 8.0 + 20.0 * np.arange(16)
    steep = sum(0.4 * bump(oval, s, 1.0) for s in places[:-1]) + 0.9 * bump(oval, places[-1], 1.0)
    found = [p for p in validate(replace(oval, slope=steep)).problems if p.check == "elevation"]
    assert len(found) == 12
    assert [p.severity for p in found] == ["error"] + ["warning"] * 11
    assert near(oval, found[0], places[-1])


def test_arrays_that_contradict_each_other(oval):
    assert validate(replace(oval, spacing=0.0)).errors[0].check == "samples"
    assert validate(replace(oval, length=oval.length + 5.0)).errors[0].check == "samples"
    shifted = oval.x.copy()
    shifted[50:] += 3.0
    problem = next(p for p in validate(replace(oval, x=shifted)).errors if p.check == "samples")
    assert near(oval, problem, 49 * oval.spacing)


# ------------------------------------------------------------------ raw points


def raw(points, left=4.0, right=4.0, **more) -> RawTrack:
    return RawTrack(name="raw", points=points, width_left=left, width_right=right, **more)


def test_every_bad_point_is_in_one_report():
    points, _, _ = stadium()
    left = np.full(len(points), 4.0)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    points = points.copy()
    points[5] = np.nan
    points[20] = points[21]
    left[40], left[50] = -1.0, 2000.0
    report = validate(raw(points, left, label="line {}".format))
    points_told = [p for p in report.errors if p.check == "points"]
    told = [p.what for p in points_told]
    assert [text.split(" ", 2)[1] for text in told] == ["5", "20", "40", "50"]
    assert report.track is not None
    for problem, k in zip(points_told, (5, 20, 40, 50), strict=True):
        assert problem.s == pytest.approx(along[k], abs=9.0)


def test_an_open_path_is_told_with_its_gap():
    points, _, _ = stadium()
    problem = only(validate(raw(points[: len(points) * 3 // 4])), "closed")
    assert problem.severity == "error"
    assert "from its last point" in problem.what


def test_a_crossing_needs_a_mark():
    angle = 0.5 + np.linspace(0.0, 2.0 * np.pi, 80, endpoint=False)
    eight = np.column_stack([150.0 * np.sin(angle), 90.0 * np.sin(2.0 * angle)])
    problem = only(validate(raw(eight)), "contact")
    assert "mark it as a bridge" in problem.what
    marked = validate(raw(eight, bridges=True))
    assert not [p for p in marked.problems if p.check == "contact"]
    assert marked.track is not None
    (bridge,) = marked.track.crossings
    assert problem.s == pytest.approx(bridge.s1)
    middle = np.array(marked.track.origin) + np.array(marked.track.at(bridge.s1)[:2])
    np.testing.assert_allclose(middle, 0.0, atol=0.1)


def test_two_laps_in_one_file():
    points, _, _ = stadium()
    report = validate(raw(np.concatenate([points, points + 0.2])))
    assert any(p.check == "contact" for p in report.errors)


def test_degrees_and_points_that_are_too_few():
    points, _, _ = stadium()
    assert any("longitude" in p.what for p in validate(raw(points * 1e-5)).errors)
    few = validate(raw(points[:5]))
    assert few.track is None
    assert "at least 8" in few.errors[0].what
    assert "must be numbers" in validate(raw([["a", "b"]])).errors[0].what


def test_start_and_gates_that_do_not_agree_with_the_points():
    points, _, _ = stadium()
    fine = raw(points, start=(10.0, 0.5, 0.0), gates=gates(points))
    assert not [p for p in validate(fine).problems if p.check in ("start", "gates", "direction")]
    back = validate(raw(points, start=(10.0, 0.5, np.pi)))
    assert "against the order" in only(back, "direction").what
    off = validate(raw(points, start=(10.0, 9.0, 0.0)))
    assert "5.00 m off the track" in only(off, "start").what
    turned = validate(raw(points, gates=gates(points)[::-1]))
    assert "opposite order" in only(turned, "direction").what
    swapped = gates(points)
    swapped[[3, 4]] = swapped[[4, 3]]
    found = [p for p in validate(raw(points, gates=swapped)).errors if p.check == "gates"]
    assert any("gate 5 does not come after gate 4" in p.what for p in found)
    away = gates(points)
    away[2] += 30.0
    assert any("gate 3 lies" in p.what for p in validate(raw(points, gates=away)).errors)


def gates(points: np.ndarray) -> np.ndarray:
    """Return eight gates (8, 2, 2) across a track, in the order of its points."""
    k = np.linspace(4, len(points) - 8, 8).astype(int)
    ahead = points[k + 1] - points[k - 1]
    across = np.column_stack([-ahead[:, 1], ahead[:, 0]]) / np.hypot(*ahead.T)[:, None]
    return np.stack([points[k] + 4.0 * across, points[k] - 4.0 * across], axis=1)


def test_sectors_that_are_wrong_are_reported_beside_the_rest():
    points, _, _ = stadium()
    report = validate(raw(points, sectors=[0.0, 900.0], checkpoints=[0.0, 50.0, 20.0]))
    assert sum("must begin with 0" in p.what for p in report.errors) == 2
    assert report.track is not None


def test_what_a_reader_refuses_is_kept_for_the_report(tmp_path):
    points, _, _ = stadium()
    rows = np.column_stack([points, np.full(len(points), 4.0), np.full(len(points), 4.0)])
    rows[30, 2] = -1.0
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in rows.tolist()))
    with keep_raw() as found, pytest.raises(TrackError, match="line 31"):
        read_track(path)
    assert "line 31" in validate(found[0]).errors[0].what


# ------------------------------------------------------------------ anything, anywhere


def narrow(track, s):
    share = 1.0 - 0.95 * bump(track, s, 6.0)
    return {"width_left": track.width_left * share, "width_right": track.width_right * share}


def off_the_grid(track, s):
    return {"grid": np.array([[s, float(track.width_left.max()) + 1.0]])}


def beyond_the_edge(track, s):
    return {"line": (float(track.width_right.max()) + 2.0) * -bump(track, s, 4.0)}


def too_steep(track, s):
    return {"slope": 0.9 * bump(track, s, 4.0)}


def out_of_place(track, s):
    # A bump that is a third of a sample wide is in one sample only.
    return {"x": track.x + 2.0 * (bump(track, track.spacing * round(s / track.spacing), 0.1))}


FAULTS = {"scale": narrow, "grid": off_the_grid, "line": beyond_the_edge,
          "elevation": too_steep, "samples": out_of_place}  # fmt: skip


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 30), st.floats(0.0, 0.999), st.sampled_from(sorted(FAULTS)))
def test_a_planted_fault_is_told_where_it_is(seed, share, check):
    track = generate(seed, length=400.0)
    s = share * track.length
    report = validate(replace(track, **FAULTS[check](track, s)), KART)
    found = [problem for problem in report.errors if problem.check == check]
    assert any(near(track, problem, s) for problem in found), report.problems


# ------------------------------------------------------------------ anything goes


@st.composite
def tracks(draw):
    """Return tracks that can be built, however odd."""
    track = generate(draw(st.integers(0, 20)), length=draw(st.sampled_from([200.0, 700.0])))
    n = len(track)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([0.0, 0.1, 10.0, 1e4, 1e12, 1e300]))
    changes = {
        name: getattr(track, name) + scale * rng.normal(size=n)
        for name in draw(st.sets(st.sampled_from(
            ["x", "y", "z", "curvature", "slope", "width_left", "width_right", "banking",
             "tangent_x", "heading"], ), max_size=3))
    }  # fmt: skip
    for name in draw(st.sets(st.sampled_from(["spacing", "length", "kerb_width", "runoff"]))):
        changes[name] = draw(st.sampled_from([0.0, 1e-9, 1.0, 1e9, float("inf")]))
    if changes.get("kerb_width") == float("inf"):
        del changes["kerb_width"]
    if draw(st.booleans()):
        changes["grid"] = rng.normal(scale=300.0, size=(draw(st.integers(1, 30)), 2))
    if draw(st.booleans()):
        changes["line"] = rng.normal(scale=5.0, size=n)
    if draw(st.booleans()):
        offset = draw(st.sampled_from([-50.0, -8.0, 3.0, 12.0]))
        entry, exit_ = rng.uniform(0.0, 150.0, 2)
        changes["pit"] = PitLane(
            entry=entry, exit=exit_, offset=offset, width=2.0, speed_limit=5.0, boxes=(entry,)
        )
    return track, changes


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tracks(), st.sampled_from([None, KART, TRUCK]))
def test_never_raises_whatever_track_can_be_built(drawn, vehicle):
    track, changes = drawn
    try:
        odd = replace(track, **changes)
    except TrackError:
        return
    report = validate(odd, vehicle)
    for problem in report.problems:
        assert problem.what
        assert problem.s is None or np.isfinite(problem.s)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(*[st.floats(width=32) | st.sampled_from([0.0, 1.0, 50.0])] * 2),
        max_size=30,
    ),
    st.floats() | st.just(4.0),
    st.booleans(),
)
def test_never_raises_whatever_the_points(points, width, bridges):
    report = validate(raw(points, left=width, bridges=bridges), KART)
    assert report.track is not None or report.errors


def test_points_as_far_apart_as_planets_take_no_more_memory_than_a_circuit():
    angle = np.linspace(0.0, 2.0 * np.pi, 20, endpoint=False)
    report = validate(raw(1e6 * np.column_stack([np.cos(angle), np.sin(angle)]), left=4.0), KART)
    assert "scale" in {problem.check for problem in report.errors}
    assert report.track is not None
    assert len(report.track) <= 100_000
