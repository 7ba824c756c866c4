"""A race from its start to the last agent's end, as those who take part are told of it."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import racegym
from racegym.envs import COLUMNS
from racegym.interfaces import Event, EventKind, Status
from racegym_multicar import env, parallel_env
from racegym_multicar.happenings import Happenings

STAND = np.array([0.0, -1.0], np.float32)


def plain(value: Any) -> bool:
    """Return whether all of an info is plain Python, and nothing in it NaN."""
    if isinstance(value, dict):
        return all(map(plain, value.values()))
    if isinstance(value, list):
        return all(map(plain, value))
    return type(value) in (bool, int, float, str) and value == value  # not NaN


def test_one_agent_is_told_what_racegym_make_tells(duel) -> None:
    race = {**duel, "cars": duel["cars"][:1], "termination": {"off_track": {"margin": 0.0}}}
    alone, one = racegym.make(race), parallel_env(race)
    rng = np.random.default_rng(1)
    for seed in (4, None):
        expected, facts = alone.reset(seed=seed)
        found, infos = one.reset(seed=seed)
        np.testing.assert_array_equal(found["red"], expected)
        assert facts.items() <= infos["red"].items()
        while one.agents:
            action = rng.uniform([-1, 0.5], 1).astype(np.float32)
            expected, *paid, facts = alone.step(action)
            found, *given, infos = one.step({"red": action})
            np.testing.assert_array_equal(found["red"], expected)
            assert [part["red"] for part in given] == paid
            assert facts.items() <= infos["red"].items()
    assert paid[1]
    alone.close()
    one.close()


@pytest.mark.parametrize("leave", ["out", "park"])
def test_agents_end_one_after_the_other(field, make, steer, leave) -> None:
    """Green never starts, red finishes, blue follows; the scripted cars race on behind them."""
    race = make(field, leave=leave)
    race.reset(seed=3)
    ended: dict[str, int] = {}
    seen: list[str] = []
    view = race.world.view
    step = 0
    while race.agents:
        actions = {name: steer(race, name) for name in race.agents}
        if "green" in actions:
            actions["green"] = STAND
        before = list(race.agents)
        told, rewards, terminated, truncated, infos = race.step(actions)
        step += 1
        assert set(told) == set(rewards) == set(terminated) == set(truncated) == set(before)
        assert set(infos) == set(before)
        for name in before:
            assert race.observation_space(name).contains(told[name])
            assert plain(infos[name])
            kinds = [event["event"] for event in infos[name]["events"]]
            assert all(name in (e["car"], e.get("other")) for e in infos[name]["events"])
            seen += [f"{name} {kind}" for kind in kinds]
            if leave == "park" and name in ended:
                assert infos[name]["parked"] and rewards[name] == 0 and not told[name].any()
                assert "rewards" not in infos[name]
            elif infos[name].get("parked") or terminated[name]:
                ended[name] = step
                assert "rewards" in infos[name]
        if leave == "out":
            assert race.agents == [name for name in before if not terminated[name]]
        elif race.agents:
            assert race.agents == race.possible_agents and not any(terminated.values())
        else:
            assert all(terminated.values()) and not any(truncated.values())
        if ended.get("green", step) < step:
            assert view.race.status[0, 2] == Status.RETIRED and not view.race.present[0, 2]
    assert ended["green"] < ended["red"] and ended["green"] < ended["Blue kart"]
    assert {"red finish", "Blue kart finish", "red lap"} <= set(seen)
    assert ("green retire" in seen) == (leave == "park")  # it is gone before it is retired
    assert view.race.status[0, :2].tolist() == [Status.FINISHED] * 2
    race.reset()
    assert race.agents == race.possible_agents and (view.race.status[0] < Status.FINISHED).all()


@pytest.mark.parametrize("seed", range(4))
def test_parking_changes_nothing_but_what_is_told(field, make, seed) -> None:
    ends = {"off_track": {"margin": 0.0}, "stuck": {"seconds": 2.0}, "time_limit": {"seconds": 8.0}}
    out, park = (make({**field, "termination": ends}, leave=leave) for leave in ("out", "park"))
    rng = np.random.default_rng(seed)
    first, other = out.reset(seed=seed), park.reset(seed=seed)
    np.testing.assert_equal(other[0], first[0])
    ended: dict[str, tuple[bool, bool]] = {}
    while out.agents:
        actions = {n: rng.uniform([-0.3, -0.2], 1).astype(np.float32) for n in park.agents}
        told = out.step({name: actions[name] for name in out.agents})
        parked = park.step(actions)
        for name in told[0]:
            np.testing.assert_array_equal(parked[0][name], told[0][name])
            assert parked[1][name] == told[1][name]
            done = told[2][name], told[3][name]
            assert parked[4][name].pop("parked") == any(done)
            np.testing.assert_equal(parked[4][name], told[4][name])
            if any(done):
                ended[name] = done
        assert out.world.hash() == park.world.hash()
        np.testing.assert_array_equal(out.state(), park.state())
    assert not park.agents
    assert {name: (parked[2][name], parked[3][name]) for name in ended} == ended


def test_an_event_is_told_to_both_cars_that_it_concerns() -> None:
    told = Happenings(["red", "grey", "blue"])
    details = {"side": 1.0}
    told.see(
        None,  # type: ignore[arg-type]  # not looked at
        [
            Event(
                time=2.5,
                race=0,
                car=0,
                other=2,
                kind=EventKind.OVERTAKE,
                value=0.0,
                details=details,
            ),
            Event(time=2.6, race=0, car=1, kind=EventKind.LAP, value=30.5),
        ],
    )
    overtake = {
        "event": "overtake",
        "time": 2.5,
        "car": "red",
        "other": "blue",
        "value": 0,
        "side": 1,
    }
    assert told.of(0) == told.of(2) == [overtake]
    assert told.of(1) == [{"event": "lap", "time": 2.6, "car": "grey", "value": 30.5}]
    told.clear()
    assert told.of(0) == []


def test_a_car_left_behind_is_not_retired_in_the_next_race(duel, make) -> None:
    race = make({**duel, "termination": {"stuck": {"seconds": 0.5}, "time_limit": {"seconds": 9}}})
    race.reset(seed=1)
    go = np.array([0.0, 1.0], np.float32)
    while "red" in race.agents:
        race.step({"red": STAND, "blue": go})
    race.reset(seed=1)
    race.step({"red": go, "blue": go})
    assert (race.world.view.race.status == Status.RACING).all()


def test_a_finisher_that_stays_on_the_track_has_ended_all_the_same(duel, make, steer) -> None:
    race = make({**duel, "rules": {"leave_when_finished": False}})
    race.reset(seed=1)
    while "red" in race.agents:
        told = race.step({name: steer(race, name) for name in race.agents})
    assert told[2]["red"] and told[4]["red"]["status"] == Status.FINISHED
    assert race.world.view.race.present[0, 0]


def test_infos_tell_of_the_race(field, make, steer) -> None:
    race = make(field)
    _, infos = race.reset(seed=1)
    assert all("rewards" not in info and info["events"] == [] for info in infos.values())
    for _ in range(60):
        *_, infos = race.step({name: steer(race, name) for name in race.agents})
    assert [infos[name]["position"] for name in race.agents] == [1, 2, 3]
    assert infos["green"]["gap_leader"] > infos["green"]["gap_ahead"] > 0
    assert infos["red"]["gap_ahead"] == infos["red"]["gap_leader"] == 0
    for key in ("laps_behind", "flags", "penalty_time", "penalty_due", "blame_points"):
        assert infos["red"][key] == 0


def test_events_of_all_held_intervals_are_told(duel, make) -> None:
    """A kart that keeps turning leaves the track once, in one of the intervals."""
    held = make({**duel, "action_repeat": 4, "termination": {}})
    held.reset(seed=1)
    told = []
    for _ in range(30):
        *_, infos = held.step(dict.fromkeys(held.agents, np.array([0.4, 1.0], np.float32)))
        told += [event["event"] for event in infos["red"]["events"]]
        if "off_track" in told:
            break
    assert told.count("off_track") == 1
    assert int(held.world.view.race.off_track_count[0, 0]) == 1


def test_an_agent_that_ends_between_decisions_is_told_of_that_moment(duel, make, steer) -> None:
    """Held for five intervals; the other one goes on, and nobody sees what comes after."""
    ends = {"laps_done": {"laps": 1}, "time_limit": {"seconds": 60.0}}
    race = {**duel, "laps": 0, "termination": ends}
    held, plainly = make({**race, "action_repeat": 5}), make(race)
    held.reset(seed=2)
    plainly.reset(seed=2)
    while "red" in held.agents:
        actions = {name: steer(held, name) for name in held.agents}
        told, rewards, terminated, _, infos = held.step(actions)
        paid = np.float32(0)
        for _ in range(5):
            expected, given, *_ = everything = plainly.step(actions)
            paid += np.float32(given["red"])
            if "red" not in plainly.agents:
                break
        np.testing.assert_array_equal(told["red"], expected["red"])
        assert rewards["red"] == paid
    assert terminated["red"] and infos["red"]["time"] == everything[4]["red"]["time"]
    assert held.world.view.race.time[0] > infos["red"]["time"]


def test_state_shows_all_cars(field, make, steer) -> None:
    race = make(field)
    race.reset(seed=1)
    for _ in range(40):
        race.step({n: STAND if n == "green" else steer(race, n) for n in race.agents})
    race.step({n: steer(race, n) for n in race.agents})
    table = race.state().reshape(5, len(COLUMNS))
    column = {name: table[:, index] for index, name in enumerate(COLUMNS)}
    view = race.world.view
    assert race.state_space.contains(race.state())
    assert column["agent"].tolist() == [1, 1, 0, 0, 0]
    assert column["out"].tolist() == [0, 0, 1, 0, 0]
    assert column["racing"].tolist() == [1, 1, 0, 1, 1]
    assert column["time"] == pytest.approx(4.1)
    lap = view.tracks.length[view.tracks.race_track[0]]
    np.testing.assert_allclose(column["progress"] * lap, view.frame.progress[0], rtol=1e-5)
    np.testing.assert_array_equal(column["vx"], view.state.vx[0])
    assert sorted(column["position"]) == [1, 2, 3, 4, 5]


def test_plain_loops_as_in_pettingzoos_tutorials(duel) -> None:
    parallel = parallel_env({**duel, "termination": {"time_limit": {"seconds": 2.0}}})
    observations, infos = parallel.reset(seed=42)
    steps = 0
    while parallel.agents:
        actions = {agent: parallel.action_space(agent).sample() for agent in parallel.agents}
        observations, rewards, terminations, truncations, infos = parallel.step(actions)
        assert set(observations) == set(rewards) == set(infos)
        steps += 1
    parallel.close()
    assert steps == 20 and all(truncations.values()) and not any(terminations.values())

    turns = env({**duel, "termination": {"time_limit": {"seconds": 2.0}}})
    turns.reset(seed=42)
    asked: dict[str, int] = {}
    for agent in turns.agent_iter():
        observation, reward, termination, truncation, info = turns.last()
        done = termination or truncation
        assert turns.observation_space(agent).contains(observation)
        assert reward == 0 or "rewards" in info
        asked[agent] = asked.get(agent, 0) + 1
        turns.step(None if done else turns.action_space(agent).sample())
    turns.close()
    assert asked == {"red": 21, "blue": 21}  # the last time with None


def test_turns_give_the_same_race_as_acting_at_once(field, steer) -> None:
    once, turns = parallel_env(field), env(field)
    once.reset(seed=8)
    turns.reset(seed=8)
    rng = np.random.default_rng(2)
    for _ in range(40):
        actions = {name: rng.uniform(-1, 1, 2).astype(np.float32) for name in once.agents}
        told, rewards, *_ = once.step(actions)
        for name in list(actions):
            assert turns.agent_selection == name
            turns.step(actions[name])
        for name in once.agents:
            np.testing.assert_array_equal(turns.observe(name), told[name])
            assert turns.rewards[name] == rewards[name]
    once.close()
    turns.close()


def test_a_picture_of_the_race(duel, make) -> None:
    race = make(duel, render_mode="rgb_array", render_size=(160, 200))
    race.reset(seed=1)
    race.step(dict.fromkeys(race.agents, STAND))
    assert race.render().shape == (200, 160, 3) and race.metadata["render_fps"] == 10
    assert make(duel).render() is None


def test_a_copy_through_pickle_races_the_same(duel, make) -> None:
    race = make(duel, leave="park")
    copy = pickle.loads(pickle.dumps(race))
    assert copy.leave == "park"
    np.testing.assert_equal(copy.reset(seed=3), race.reset(seed=3))
    actions = dict.fromkeys(race.agents, np.array([0.1, 1.0], np.float32))
    np.testing.assert_equal(copy.step(actions), race.step(actions))
    copy.close()
