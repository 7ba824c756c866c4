"""Reward terms of racing against others: what each pays, and that to and fro pays nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from racegym.errors import RacegymError
from racegym.interfaces import Status
from racegym.rewards.contact import Contact
from racegym.rewards.finishing_order import FinishingOrder
from racegym.rewards.overtakes import Overtakes
from racegym.rewards.position import Position
from racegym.rewards.relative_progress import RelativeProgress
from racegym.rewards.win import Win

EVERY = [Contact, FinishingOrder, Overtakes, Position, RelativeProgress, Win]


def pay(rig, term):
    out = np.full((rig.view.n_races, rig.view.n_cars), 9.0, rig.arrays.real)
    term.compute(rig.view, out)
    return out


def begun(rig, term):
    """Return the term, told that its races begin as they stand."""
    term.reset(np.arange(rig.view.n_races), rig.view.race.key)
    return term


def move(rig, by, jumped=False):
    view = rig.view
    view.previous_frame.progress[...] = view.frame.progress
    view.frame.progress[...] += by
    view.frame.jumped[...] = jumped


@settings(deadline=None, max_examples=50)
@given(orders=st.lists(st.permutations([1, 2, 3]), min_size=1, max_size=8))
def test_places_add_up_to_those_gained(make_rig, orders):
    rig = make_rig(n_cars=3)
    rig.view.race.position[0] = [1, 2, 3]
    term = begun(rig, Position(rig.setup()))
    total = np.zeros(3)
    for order in orders:
        rig.view.race.position[0] = order
        total += pay(rig, term)[0]
    assert total.tolist() == [1 - orders[-1][0], 2 - orders[-1][1], 3 - orders[-1][2]]


def test_two_cars_that_pass_each_other_to_and_fro_earn_nothing(make_rig):
    rig = make_rig(n_cars=2)
    term = Overtakes(rig.setup({"suffered": 1.0}))
    total = np.zeros(2)
    for step in range(10):
        rig.view.race.passed_now[0] = [step % 2, 1 - step % 2]
        rig.view.race.suffered_now[0] = [1 - step % 2, step % 2]
        total += pay(rig, term)[0]
    assert total.tolist() == [0.0, 0.0]


def test_one_suffered_may_cost_more_and_never_less(make_rig):
    rig = make_rig(n_cars=2)
    rig.view.race.passed_now[0], rig.view.race.suffered_now[0] = [2, 0], [0, 2]
    assert pay(rig, Overtakes(rig.setup({"suffered": 1.5})))[0].tolist() == [2.0, -3.0]
    with pytest.raises(RacegymError, match="suffered"):
        Overtakes(rig.setup({"suffered": 0.5}))


def test_a_lead_is_paid_as_it_grows_and_within_reach(make_rig):
    rig = make_rig(n_cars=3)
    rig.view.frame.progress[0] = [0.0, -5.0, -100.0]
    term = begun(rig, RelativeProgress(rig.setup({"reach": 20.0})))
    move(rig, [[3.0, 1.0, 0.0]])
    # The first gains 2 m on the second; the third was and is out of reach of both.
    assert pay(rig, term)[0].tolist() == pytest.approx([1.0, -1.0, 0.0])
    move(rig, [[30.0, 0.0, 0.0]])  # from 7 m of lead to the reach of 20 m
    assert pay(rig, term)[0].tolist() == pytest.approx([6.5, -6.5, 0.0])


@settings(deadline=None, max_examples=50)
@given(moves=st.lists(st.tuples(*[st.floats(-5, 5)] * 3, st.booleans()), min_size=1, max_size=10))
def test_leads_add_up_and_jumps_never_gain(make_rig, moves):
    rig = make_rig(n_cars=3, real="float64")
    rig.view.frame.progress[0] = [0.0, -4.0, -8.0]
    term = begun(rig, RelativeProgress(rig.setup({"reach": 10.0})))
    total = np.zeros(3)
    for *by, jumped in moves:
        move(rig, [by], [[jumped, False, False]])
        total += pay(rig, term)[0]
    driven, debt = np.array([0.0, -4.0, -8.0]), 0.0
    for *by, jumped in moves:
        gain = 0.0 if jumped else by[0]
        debt += max(-by[0], 0.0) if jumped else 0.0
        paid_off = min(max(gain, 0.0), debt)
        debt -= paid_off
        driven += [gain - paid_off, by[1], by[2]]

    def lead(x):
        return np.clip(x[:, None] - x[None, :], -10.0, 10.0).sum(1) / 2.0

    np.testing.assert_allclose(total, lead(driven) - lead(np.array([0, -4.0, -8.0])), atol=1e-9)


def test_contact_is_charged_by_class_and_by_blame(make_rig):
    rig = make_rig(n_cars=3)
    rig.view.race.contact_class[0] = [4, 4, 0]
    rig.view.race.blame[0] = [3.0, 1.0, 0.0]
    assert pay(rig, Contact(rig.setup()))[0].tolist() == [-3.0, -1.0, 0.0]
    term = Contact(rig.setup({"blamed": 2.0, "touched": 0.5}))
    assert pay(rig, term)[0].tolist() == [-8.0, -4.0, 0.0]


def test_the_place_at_the_end_is_paid_once(make_rig):
    rig = make_rig(n_cars=3)
    race = rig.view.race
    race.position[0] = [1, 2, 3]
    term = FinishingOrder(rig.setup({"first": 1.0, "last": 0.0, "retired": -1.0}))
    assert pay(rig, term)[0].tolist() == [0.0, 0.0, 0.0]
    race.status[0] = [Status.FINISHED, Status.RACING, Status.RETIRED]
    assert pay(rig, term)[0].tolist() == [1.0, 0.0, -1.0]
    race.status[0, 1] = Status.FINISHED
    assert pay(rig, term)[0].tolist() == [0.0, 0.5, 0.0]
    assert pay(rig, term)[0].tolist() == [0.0, 0.0, 0.0]


def test_nobody_gains_by_finishing_later_or_by_giving_up(make_rig):
    for worth in ({"first": 0.0, "last": 1.0}, {"last": 0.0, "retired": 0.5}):
        with pytest.raises(RacegymError, match="must not rise"):
            FinishingOrder(make_rig().setup(worth))


def test_a_win_counts_once_and_only_with_clean_hands(make_rig):
    rig = make_rig(n_races=2, n_cars=2)
    race = rig.view.race
    race.position[...] = [[1, 2], [2, 1]]
    race.blame_points[1] = [0.0, 1.0]
    strict, lax = Win(rig.setup({"most_blame": 0.9})), Win(rig.setup())
    race.status[:, 1] = Status.FINISHED
    assert pay(rig, strict).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert pay(rig, lax).tolist() == [[0.0, 0.0], [0.0, 1.0]]
    race.status[...] = Status.FINISHED
    assert pay(rig, strict).tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert pay(rig, lax).tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert not pay(rig, lax).any()


@pytest.mark.parametrize("kind", EVERY)
def test_every_cell_is_written_with_a_finite_number(make_rig, kind):
    rig = make_rig(n_races=6, n_cars=3)
    term = begun(rig, kind(rig.setup()))
    for seed in range(3):
        rig.scramble(seed)
        rig.view.race.blame[...] = np.abs(np.nan_to_num(rig.view.race.blame))
        paid = pay(rig, term)
        assert paid.dtype == np.float32
        assert np.isfinite(paid).all()


@pytest.mark.parametrize("kind", EVERY)
def test_a_race_is_paid_the_same_in_any_batch(make_rig, kind):
    rng = np.random.default_rng(5)
    by = rng.normal(0, 2, (2, 600, 2))
    place = np.argsort(rng.random((600, 2))) + 1
    rows = []
    for which in (np.arange(600), np.array([417])):
        rig = make_rig(n_races=len(which), n_cars=2)
        term, race = begun(rig, kind(rig.setup())), rig.view.race
        race.position[...], race.passed_now[...] = place[which], place[which] - 1
        race.contact_class[...], race.status[...] = place[which], place[which] + 2
        race.blame[...] = place[which]
        for step in by:
            move(rig, step[which])
            paid = pay(rig, term)
        rows.append(paid[-1 if len(which) == 1 else 417])
    assert rows[0].tobytes() == rows[1].tobytes()
