"""What the overtaking benchmark is made of, each by itself."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from racegym.drivers.levels import LEVELS, efforts
from racegym.duels.judging import Judgement, Verdict
from racegym.duels.pace import aim_for
from racegym.duels.scoring import summed_up, wilson
from racegym.duels.sites import corners, sites, spot
from racegym.errors import ScenarioError
from racegym.interfaces import Event, EventKind, OvertakeKind, Status
from racegym.scenario import load_scenario
from racegym.scenario.overtaking import OvertakingSettings
from racegym.scenario.settings import StageSettings

N, SPACING = 400, 2.0


class Samples(SimpleNamespace):
    """A track of N samples, as far as sites look at it."""

    def __len__(self) -> int:
        return N


@pytest.fixture
def reference():
    """A lap with a hard corner to the left at 200 m, right after a fast one to the right."""
    s = SPACING * np.arange(N)
    speed = np.full(N, 20.0)
    bend = np.zeros(N)
    for apex, slow, side in ((160.0, 17.0, -1.0), (200.0, 10.0, 1.0), (600.0, 12.0, 1.0)):
        near = np.abs(s - apex) < 20.0
        speed[near] = np.minimum(speed[near], slow + 0.5 * np.abs(s[near] - apex))
        bend[near] = side * 0.05
    taken = 2.0 * SPACING / (speed + np.roll(speed, -1))
    time = np.concatenate([[0.0], np.cumsum(taken)])
    track = Samples(
        spacing=SPACING, width_left=np.full(N, 5.0), width_right=np.full(N, 4.0),
        curvature=np.zeros(N), length=N * SPACING,
    )  # fmt: skip
    offset = np.linspace(0.0, 1.0, N, endpoint=False)
    return SimpleNamespace(
        speed=speed, lap_time=float(time[-1]),
        lap=SimpleNamespace(curvature=bend, time=time),
        line=SimpleNamespace(track=track, offset=offset),
    )  # fmt: skip


def test_corners_are_where_the_lap_is_slow(reference):
    found = corners(reference)
    assert [corner.apex * SPACING for corner in found] == [160.0, 200.0, 600.0]
    assert [corner.side for corner in found] == [-1.0, 1.0, 1.0]
    assert found[1].drop == pytest.approx(1.0 - 10.0 / 20.0)


def test_sites_are_the_hardest_braking_points_and_the_quickest_changes_of_direction(reference):
    assert [c.apex * SPACING for c in sites("braking", reference)] == [200.0, 600.0, 160.0]
    assert [c.apex * SPACING for c in sites("chicane", reference)] == [160.0]


def test_a_spot_is_on_the_line_or_on_a_side_by_the_corner(reference):
    on = spot(reference, -SPACING * 100.5, "line", 1.0, 1.0)
    assert (on.progress, on.offset) == (-201.0, pytest.approx(299.5 / 400.0))
    assert on.heading == pytest.approx(np.arctan(1.0 / 800.0))
    assert spot(reference, 50.0, "inside", 1.0, 1.0).offset == pytest.approx(4.2)
    assert spot(reference, 50.0, "outside", 1.0, 1.0).offset == pytest.approx(-3.2)


def test_wilson_covers_as_published():
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_verdicts_add_up():
    found = summed_up([
        Verdict(passed=True, time=4.0, contact=0, raced=True),
        Verdict(passed=True, time=6.0, raced=True),
        Verdict(time=2.0, contact=4, blame=4.0, raced=True),
        Verdict(time=3.0, held=False, raced=True),
        Verdict(),
    ])  # fmt: skip
    assert (found["races"], found["passed"], found["success"]) == (5, 2, 0.4)
    assert found["time"] == 5.0
    assert found["contacts"] == {"0x": 1, "1x": 0, "2x": 0, "4x": 1}
    assert (found["blamed"], found["repassed"], found["not_raced"]) == (1, 1, 1)
    assert found["blame"] == pytest.approx(0.8)


@pytest.mark.parametrize("driver", efforts())
@pytest.mark.parametrize("length", [0.5, 1.8])
def test_a_levels_percentage_asks_for_its_aim(driver, length):
    row = efforts()[driver]["model" if length < 1.0 else "car"]
    for name, aim in row.items():
        stage = StageSettings(name=driver)
        assert aim_for(stage, LEVELS[name].percent, length) == pytest.approx(aim)


def test_defenders_that_cant_be_told_a_pace_are_refused():
    with pytest.raises(ScenarioError, match="no pace was measured"):
        aim_for(StageSettings(name="random"), 80.0, 1.8)
    with pytest.raises(ScenarioError, match="greater surplus"):
        aim_for(StageSettings(name="raceline"), 130.0, 1.8)


LAP = 1000.0


def judged(events, *, situation=None, start=(90.0, 95.0), end=(800.0, 790.0), status=Status.RACING):
    """Return the verdict of a race of two, from what race control told."""
    settings = OvertakingSettings(situation="one", window=20.0, **(situation or {}))
    view = SimpleNamespace(
        tracks=SimpleNamespace(length=np.array([LAP]), race_track=np.array([0])),
        frame=SimpleNamespace(progress=np.array([start])),
        vehicle=SimpleNamespace(length=np.full((1, 2), 2.0)),
        race=SimpleNamespace(status=np.array([[status, 1]]), present=np.ones((1, 2), bool)),
        events=SimpleNamespace(count=np.array([len(events)])),
    )
    world = SimpleNamespace(view=view, n_races=1, n_cars=2, events=lambda: events)
    judgement = Judgement(world, settings)
    judgement.see()
    view.frame.progress = np.array([end])
    (found,) = judgement.verdicts()
    return found


def overtake(time=5.0, kind=OvertakeKind.TRACK, car=0, **details):
    told = dict.fromkeys(("under_flag", "off_track", "moved", "by_result", "from_overlap"), 0.0)
    return Event(
        time=time, race=0, car=car, other=1 - car, kind=EventKind.OVERTAKE, value=float(kind),
        details={"laps": 0.0, **told, **details},
    )  # fmt: skip


def contact(kind, share, time=5.0, car=0):
    mine = ("share", "other_share")
    told = dict(zip(mine if car == 0 else mine[::-1], (share, 1.0 - share), strict=True))
    return Event(
        time=time, race=0, car=car, other=1 - car, kind=EventKind.CONTACT, value=float(kind),
        details=told,
    )  # fmt: skip


def test_a_pass_that_is_held_is_a_success_with_its_time():
    found = judged([overtake(time=7.5)])
    assert found.passed
    assert found.time == 7.5


@pytest.mark.parametrize(
    "events",
    [
        [],
        [overtake(time=20.5)],
        [overtake(car=1)],
        [overtake(kind=OvertakeKind.RETIREMENT)],
        [overtake(off_track=1.0)],
        [overtake(under_flag=1.0)],
        [overtake(moved=1.0)],
        [overtake(by_result=1.0)],
        [overtake(from_overlap=1.0)],
        [overtake(), contact(2, 0.5)],
        [overtake(), contact(4, 1.0, car=1)],
    ],
)
def test_what_is_no_pass_or_not_a_clean_one_is_no_success(events):
    assert not judged(events).passed


def test_who_is_passed_again_or_goes_out_has_not_passed():
    assert not judged([overtake()], end=(800.0, 799.0)).passed
    assert not judged([overtake()], end=(800.0, 799.0)).held
    assert not judged([overtake()], status=Status.RETIRED).passed


@pytest.mark.parametrize("events", [[contact(1, 1.0)], [contact(4, 0.0)]])
def test_a_light_contact_or_one_that_others_are_to_blame_for_spoils_nothing(events):
    assert judged([overtake(), *events]).passed


def test_lapping_is_a_success_where_it_is_asked_for():
    lapped = overtake(kind=OvertakeKind.LAPPING, laps=1.0)
    ahead = {"start": (90.0, 95.0 - LAP), "end": (800.0, 790.0 - LAP)}
    assert judged([lapped], situation={"lapping": True}, **ahead).passed
    assert not judged([overtake()], situation={"lapping": True}, **ahead).passed
    assert not judged([lapped]).passed


def test_a_situation_that_begins_alongside_may_be_won_from_there():
    assert judged([overtake(from_overlap=1.0)], situation={"gap": (-0.1, 0.0)}).passed


CARS = [{"name": "a", "driver": "raceline"}, {"name": "b", "driver": "raceline"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"overtaking": {"situation": "slipstream"}}, "arrives with realism"),
        ({"overtaking": {"situation": "wet line"}}, "arrives with realism"),
        ({"overtaking": None}, "needs a situation"),
        ({"cars": CARS[:1]}, "needs two cars"),
        ({"overtaking": {"situation": "x", "gap": [0.5, 0.1]}}, "shorter gap comes first"),
        ({"overtaking": {"situation": "x", "site": "hairpin"}}, "braking"),
    ],
)
def test_what_is_no_situation_is_refused_plainly(changes, words):
    data = {"task": "overtake", "backend": "kart2d", "track": {"generate": {}}, "laps": 0}
    with pytest.raises(ScenarioError, match=words):
        load_scenario({**data, "cars": CARS, "overtaking": {"situation": "x"}, **changes})
