"""Contacts between cars: incidents, their classes and points, and who is to blame."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from cases import SCENES, STRAIGHT
from scenes import DT, MASS, TOUCH, Car, Scene, Take, Touch, behind, play, shift, steady, world_of

from racegym import load_scenario
from racegym.errors import ScenarioError
from racegym.interfaces import EVENT_DETAILS, BlameKind, EventKind
from racegym.kernels.bends import corner_around
from racegym.race_control import IncidentRules, Rules
from racegym.track import TrackSet, generate
from racegym.track.corners import find_corners

SCALE = sqrt(2.0 / 4.5)  # of speeds in the rules, for cars of 2 m
WAYS = [(False, False), (True, False), (False, True), (True, True)]  # mirrored, swapped


def contacts(events, race=0):
    return [e for e in events if e.kind is EventKind.CONTACT and e.race == race]


def stage(touches, *cars, rules=None, n_cars=3):
    """Return a world of one race with these cars, by default two side by side on the straight."""
    cars = cars or (Car(STRAIGHT, -0.65), Car(STRAIGHT, 0.65))
    scene = Scene("", cars, touches, BlameKind.RACING, (0, 0))
    return world_of([Take(scene, False, False)], n_cars, rules)


@pytest.fixture(scope="module")
def played():
    """Every scene, played four ways in one batch: the takes and the contacts told of each."""
    takes = [Take(scene, *way) for scene in SCENES for way in WAYS]
    world = world_of(takes)
    told = play(world)
    world.close()
    return [(take, contacts(told, race)) for race, take in enumerate(takes)]


def seen_as(take, events):
    """Return the incident of the first two cars, as (kind, shares, points), and its event."""
    pair = {take.slot(0), take.slot(1)}
    (event,) = [e for e in events if {e.car, e.other} == pair]
    shares = event.details["share"], event.details["other_share"]
    ordered = shares if event.car == take.slot(0) else shares[::-1]
    return (BlameKind(int(event.details["blame"])), ordered, event.value), event


@pytest.mark.parametrize("index", range(len(SCENES)), ids=[scene.name for scene in SCENES])
def test_scenes_are_judged_as_expected_mirrored_and_in_other_slots(played, index):
    scene = SCENES[index]
    for take, events in played[4 * index : 4 * index + 4]:
        verdict, event = seen_as(take, events)
        assert verdict == (scene.kind, pytest.approx(scene.shares), scene.points), take
        assert event.time == pytest.approx(TOUCH)


def test_slots_change_nothing_but_names(played):
    for k in range(0, len(played), 2):
        (plain, one), (swapped, two) = played[k], played[k + 1]
        if plain.swapped == swapped.swapped:
            continue
        names = {plain.slot(car): swapped.slot(car) for car in range(3)}
        assert {(names[e.car], names[e.other]) for e in one} == {(e.car, e.other) for e in two}
        for event in one:
            (twin,) = [e for e in two if e.car == names[event.car]]
            np.testing.assert_equal(twin.details, event.details)


def test_shares_are_a_whole_at_most_and_evidence_is_complete(played):
    for _, events in played:
        for event in events:
            shares = event.details["share"], event.details["other_share"]
            assert min(shares) >= 0
            assert sum(shares) <= 1
            assert tuple(event.details) == EVENT_DETAILS[EventKind.CONTACT]


def test_evidence_is_that_of_the_courses(played):
    take, events = played[4 * [scene.name for scene in SCENES].index("rear-end on a straight")]
    _, event = seen_as(take, events)
    expected = {"gap": 2, "gap_before": 7, "speed": 22.5, "other_speed": 20, "delta_v": 0.5,
                "closing_speed": 1, "claim": 0.55 - 0.2 - 2, "moves": 0}  # fmt: skip
    for name, value in expected.items():
        # Samples are up to 0.1 s older than what is looked for, in which 0.25 m are made good.
        assert event.details[name] == pytest.approx(value, abs=0.26 if "before" in name else 0.01)


def test_who_is_pushed_into_another_is_not_to_blame(played):
    take, events = played[4 * [scene.name.startswith("chain") for scene in SCENES].index(True)]
    (second,) = [e for e in events if {e.car, e.other} == {1, 2}]
    assert BlameKind(int(second.details["blame"])) is BlameKind.RACING
    assert (second.details["share"], second.details["other_share"]) == (0, 0)
    assert second.details["since"] == pytest.approx(DT)
    assert take.scene.points == second.value == 1


@pytest.mark.parametrize("later", [0.0, 0.05])
def test_the_order_of_a_chain_within_a_step_is_chance_who_hits_first_is_to_blame(later):
    cars = Car(behind(STRAIGHT, 16, 2)), Car(STRAIGHT), Car(lambda t: STRAIGHT(t) + 2.1)
    with_front = Touch(1, 2, end=True)
    with_rear = Touch(0, 1, end=True, time=TOUCH + later)
    shares = {}
    for order in ([with_front, with_rear], [with_rear, with_front]):
        events = contacts(play(stage(order, *cars)))
        shares[order[0] is with_front] = {e.car: e.details["share"] for e in events}
    assert shares[True] == shares[False] == {0: 1.0, 1: float(later > 0)}


@pytest.mark.parametrize(
    ("delta_v", "points"),
    [
        (0.3 * SCALE - 0.01, 0),
        (0.3 * SCALE + 0.01, 1),
        (3 * SCALE - 0.01, 1),
        (3 * SCALE + 0.01, 4),
    ],
)
def test_classes_begin_at_the_speeds_of_the_rules(delta_v, points):
    world = stage([Touch(delta_v=delta_v)])
    (event,) = contacts(play(world))
    assert event.value == points
    assert world.view.race.incident_points.tolist() == [[points, points, 0]]


def test_the_rules_set_the_classes():
    rules = Rules(incidents=IncidentRules(touch=1.0, heavy=1.2))
    (event,) = contacts(play(stage([Touch(delta_v=1.1 * SCALE)], rules=rules)))
    assert event.value == 1
    (event,) = contacts(play(stage([Touch(delta_v=1.3 * SCALE)], rules=rules)))
    assert event.value == 4


def test_blows_of_neighbouring_steps_are_one_and_leaning_is_none():
    (event,) = contacts(play(stage([Touch(delta_v=0.15, steps=2)])))
    assert event.details["delta_v"] == pytest.approx(0.15 * 1.5)  # half the memory has gone by
    (event,) = contacts(play(stage([Touch(delta_v=0.09, steps=30)]), 8.0))
    assert event.details["delta_v"] == pytest.approx(0.18, rel=0.01)
    assert event.value == 0


def test_of_touches_within_the_window_the_worst_counts_once():
    touches = [Touch(), Touch(time=TOUCH + 0.9, delta_v=2.5), Touch(time=TOUCH + 1.8)]
    world = stage(touches)
    (event,) = contacts(play(world, 9.0))
    assert (event.time, event.value) == (pytest.approx(TOUCH), 4)
    assert world.view.race.car_contact_count.tolist() == [[1, 1, 0]]
    assert world.view.race.incident_points.tolist() == [[4, 4, 0]]


def test_a_touch_after_the_window_is_another_incident():
    world = stage([Touch(), Touch(time=TOUCH + 1.1)])
    events = contacts(play(world, 9.0))
    assert [e.time for e in events] == pytest.approx([TOUCH, TOUCH + 1.1])
    assert world.view.race.car_contact_count.tolist() == [[2, 2, 0]]
    assert world.view.race.incident_points.tolist() == [[2, 2, 0]]


def test_classes_blame_and_impulses_are_told_in_their_step_and_added_up():
    scene = SCENES[0]
    world = world_of([Take(scene, False, False)])
    race, told = world.view.race, []
    idle = np.zeros((3, 4), np.float32)
    for _ in range(140):
        world.step([idle])
        now = round(float(race.time[0]), 2)
        if race.car_impulse.any() or race.contact_class.any():
            told.append((now, *race.car_impulse[0], *race.contact_class[0], *race.blame[0]))
    hit = MASS * 0.5
    assert told == [
        (TOUCH, hit, hit, 0, 0, 0, 0, 0, 0, 0),
        (TOUCH + 2, 0, 0, 0, 1, 1, 0, 1, 0, 0),
    ]
    assert race.blame_points.tolist() == [[1, 0, 0]]


def test_the_flag_closes_an_incident_and_ends_the_judging():
    cars = Car(steady(560.0, 80.0), -0.65), Car(steady(560.0, 80.0), 0.65)
    world = stage([Touch(), Touch(time=TOUCH + 1.5)], *cars,
                  rules=Rules(laps=1, leave_when_finished=False))  # fmt: skip
    (event,) = contacts(play(world, TOUCH + 0.55))
    assert event.time == pytest.approx(TOUCH)
    assert not contacts(play(world))
    assert world.view.race.car_contact_count.tolist() == [[1, 1, 0]]
    assert world.view.race.finish_time[0, 0] == pytest.approx(TOUCH + 0.5)


def test_an_incident_is_over_when_a_car_is_gone():
    world = stage([Touch()])
    play(world, TOUCH + 0.5)
    world.remove([1])
    (event,) = contacts(play(world, TOUCH + 0.6))
    assert event.value == 1


def test_what_a_car_did_before_it_was_put_elsewhere_is_no_evidence():
    def thrown(t):
        return np.where(t < 3.0, 400.0 + t, STRAIGHT(t))

    (event,) = contacts(play(stage([Touch()], Car(STRAIGHT, -0.65), Car(thrown, 0.65))))
    assert abs(event.details["gap_before"]) < 1e-3
    assert event.details["blame"] == BlameKind.RACING


def test_points_of_a_car_that_is_alone():
    rules = Rules(incidents=IncidentRules(alone=True))
    off = Car(STRAIGHT, shift((1, 0), (2, 7), (3, 7), (3.5, 0)))
    turned = Car(lambda t: STRAIGHT(t) - 60, 0.0, lambda t: np.where((t > 5) & (t < 5.5), 3.0, 0.0))
    world = stage([], off, turned, rules=rules)
    play(world)
    assert world.view.race.incident_points.tolist() == [[1, 2, 0]]
    single = world_of(
        [Take(Scene("", [off], [], BlameKind.RACING, (0, 0)), False, False)], 1, rules
    )
    play(single)
    assert single.view.race.incident_points.tolist() == [[1]]


def test_of_one_event_only_the_worst_counts():
    """A touch that sends a car off the track: 1x at once, and 2x in all."""
    rules = Rules(incidents=IncidentRules(alone=True))
    off = Car(STRAIGHT, shift((TOUCH, 4), (TOUCH + 0.6, 7)))
    world = stage([Touch()], Car(STRAIGHT, 2.7), off, rules=rules)
    play(world, TOUCH + 1)
    assert world.view.race.incident_points.tolist() == [[0, 1, 0]]
    play(world)
    assert world.view.race.incident_points.tolist() == [[2, 2, 0]]


def test_a_full_list_of_incidents_counts_but_does_not_judge():
    cars = [Car(STRAIGHT, -4.5 + k) for k in range(10)]
    pairs = [(a, b) for a in range(10) for b in range(a)]
    touches = [Touch(a, b, time=TOUCH + DT * (k // 20)) for k, (a, b) in enumerate(pairs)]
    world = stage(touches, *cars, n_cars=10)
    events = contacts(play(world))
    assert len(events) == 40 < len(pairs)
    assert world.view.race.car_contact_count.sum() == 80


def test_a_race_in_a_batch_is_judged_like_that_race_alone(played):
    for index in (0, 31, 4 * 7 + 2, 4 * 22 + 1):
        take, events = played[index]
        alone = contacts(play(world_of([take])))
        assert [(e.car, e.other, e.time, e.value) for e in alone] == [
            (e.car, e.other, e.time, e.value) for e in events
        ]
        for one, two in zip(alone, events, strict=True):
            np.testing.assert_equal(one.details, two.details)


def test_a_snapshot_in_the_middle_of_an_incident_goes_on_the_same():
    world = world_of([Take(SCENES[7], False, False)])
    play(world, TOUCH + 0.3)
    saved = world.snapshot()
    first = play(world)
    ended = world.hash()
    world.restore(saved)
    assert repr(play(world)) == repr(first)  # some figures are nan
    assert world.hash() == ended
    assert contacts(first)


def test_a_reset_forgets_open_incidents_and_the_past():
    world = world_of([Take(SCENES[0], False, False)])
    fresh = world.hash()
    play(world, TOUCH + 0.3)
    world.reset(seeds=[1])
    assert world.hash() == fresh


def test_corners_at_a_contact_are_those_of_the_track():
    for seed in range(4):
        track = generate(seed, length=700.0)
        tracks = TrackSet([track], [0])
        found = find_corners(track)
        assert found
        for corner in found:
            side, entry, apex, end = corner_around(tracks.points, tracks.table, 0, corner.apex)
            assert side == np.sign(corner.turn)
            # Near ones of one side are joined there: the kernel tells of the part at hand.
            assert away(entry, corner.start, track.length) >= -2.5 * track.spacing
            assert away(corner.end, end, track.length) >= -2.5 * track.spacing
            assert abs(away(apex, corner.apex, track.length)) <= 2.5 * track.spacing


def away(a, b, length):
    """Return how far ``a`` is beyond ``b`` [m], the short way round."""
    return (a - b + length / 2) % length - length / 2


def test_classes_in_the_wrong_order_are_refused():
    with pytest.raises(ScenarioError, match=r"heavy \(1\) must be above touch \(2\)"):
        load_scenario({"rules": {"incidents": {"touch": 2, "heavy": 1}}})
