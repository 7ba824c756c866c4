"""Self-play: whose steps are learned from, who the others are, and how they are rated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from racegym import load_scenario
from racegym.errors import RacegymError
from racegym.run import resume_training, run, train
from racegym_cleanrl.checkpoint import AGENT, Checkpoint, part
from racegym_cleanrl.networks import tensors_of
from racegym_cleanrl.policies import policy_network
from racegym_cleanrl.ppo import Args, Learner, rollout, update
from racegym_cleanrl.races import POLICY, Races
from racegym_cleanrl.ratings import Ratings
from racegym_cleanrl.selfplay import SelfPlay, SelfPlayOptions, with_scripts
from racegym_cleanrl.tasks import Task

SCRIPT = {"name": "pure_pursuit", "pace": 70}
SELFPLAY: dict[str, Any] = {
    "share_self": 0.3, "share_past": 0.4, "share_scripted": 0.3, "past_every": 512,
    "past_most": 2, "scripted": [SCRIPT],
}  # fmt: skip
TRAINER: dict[str, Any] = {
    "name": "ppo", "steps": 2048, "num_envs": 8, "num_steps": 32, "num_minibatches": 2,
    "update_epochs": 1, "hidden": [8], "device": "cpu", "anneal_lr": False,
    "selfplay": SELFPLAY, "tensorboard": False,
}  # fmt: skip
CAR = {"vehicle": "rental_kart", "driver": "agent"}
SCENARIO: dict[str, Any] = {
    "name": "pair",
    "task": "train",
    "trainer": TRAINER,
    "seed": 3,
    "backend": "kart2d",
    "dt": 0.1,
    "track": {"generate": {"seed": 7, "length": 300}},
    "laps": 0,
    "start": {"kind": "random", "order": "random", "gap": 6, "speed": 8.0},
    "cars": [{"name": "one", **CAR}, {"name": "two", **CAR}],
    "observation": ["state", {"name": "opponents", "most": 1}],
    "reward": {"progress": 0.1, "position": 1.0},
    "termination": {"off_track": {"margin": 0.0}, "time_limit": {"seconds": 4.0}},
}
ONE: dict[str, Any] = {**SCENARIO, "cars": SCENARIO["cars"][:1]}
Numbers = NDArray[np.int64]


class Fixed:
    """A director of a cast that never changes."""

    seats: tuple[int, ...] = (0,)

    def __init__(self, cast: list[list[int]]):
        self._cast = np.array(cast, np.int64)
        self.heard: list[tuple[list[int], list[int]]] = []

    def cast(self, keys: NDArray[np.uint64], n_agents: int) -> Numbers:
        return np.resize(self._cast, (len(keys), n_agents))

    def told(self, cast: Numbers, places: Numbers) -> None:
        self.heard.append((cast.tolist(), places.tolist()))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def races() -> Iterator[Races]:
    """Four races of two cars, with a scripted driver beside the track."""
    options = SelfPlayOptions.model_validate(SELFPLAY)
    batch = Races(with_scripts(load_scenario(SCENARIO), options), 4)
    yield batch
    batch.close()


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training."""
    return train(SCENARIO, runs_dir=tmp_path_factory.mktemp("whole"), plots=False).folder


def settled(**changes: Any) -> SelfPlayOptions:
    return SelfPlayOptions.model_validate({**SELFPLAY, **changes})


def forward(races: Races) -> NDArray[np.float32]:
    """Return actions that drive straight on: off the track, sooner or later."""
    actions = np.zeros((races.num_envs, 2), np.float32)
    actions[:, 1] = np.linspace(0.3, 1.0, races.num_envs)
    return actions


def test_only_rows_of_the_policy_act_until_their_episode_is_over(races: Races) -> None:
    races.director = director = Fixed([[POLICY, POLICY], [POLICY, 1], [-1, POLICY], [1, POLICY]])
    races.reset(seed=1)
    mine = races.cast.reshape(-1) == POLICY
    assert (races.acting == mine).all()
    over = np.zeros(races.num_envs, bool)
    for _ in range(45):
        acted = races.acting
        assert not (acted & over).any()
        _, reward, terminated, truncated, _ = races.step(forward(races))
        assert not reward[~acted].any() and reward[acted].any()
        assert not (terminated | truncated)[~acted].any()
        over |= terminated | truncated
        _, begun = races.renew()
        begun_race = begun.reshape(4, 2)
        assert (begun_race[:, 0] == begun_race[:, 1]).all()
        # A race starts anew once its last acting row has ended, whoever else still drives.
        assert (over | ~mine)[begun].all()
        over[begun] = False
        assert races.acting.reshape(4, 2).any(axis=1).all()
    assert len(director.heard) >= 4
    assert all(sorted(places) == [0, 1] for _, places in director.heard)


def test_who_left_the_track_is_behind_who_did_not(races: Races) -> None:
    races.director = director = Fixed([[POLICY, -1]])
    races.reset(seed=1)
    assert (races.cast == [POLICY, -1]).all()
    for _ in range(30):
        _, _, terminated, _, _ = races.step(forward(races))
        races.renew()
        if terminated.any():
            break
    assert ([POLICY, -1], [1, 0]) in director.heard


def test_a_scripted_row_is_driven_as_its_driver_drives(races: Races) -> None:
    races.director = Fixed([[POLICY, -1]])
    races.reset(seed=5)
    cars = [SCENARIO["cars"][0], {**SCENARIO["cars"][1], "driver": SCRIPT}]
    plain = load_scenario({**SCENARIO, "cars": cars, "task": "race", "trainer": None})
    world = plain.world(4)
    world.reset(np.arange(5, 9))
    action = np.tile(np.float32([0.0, 0.2]), (8, 1))
    for _ in range(12):
        races.step(action)
        world.step((action[:4],))
    for name in ("x", "yaw", "vx"):
        one, other = getattr(races.world.view.state, name), getattr(world.view.state, name)
        np.testing.assert_array_equal(one, other)
    world.close()


def learner_of(task: Task, **changes: Any) -> Learner:
    given = {**TRAINER, "num_envs": 4, "num_steps": 48, **changes}
    learner = Learner(Args.model_validate({k: v for k, v in given.items() if k != "name"}), task)
    assert learner.selfplay is not None
    learner.selfplay.freeze(learner.agent, 0)
    learner.told = tensors_of(learner.task.start({}, 0))
    return learner


@pytest.mark.parametrize("recurrent", ["none", "gru"])
def test_past_selves_never_change_and_nobody_learns_from_their_steps(
    races: Races, recurrent: str
) -> None:
    learner = learner_of(Task(races, 3), recurrent=recurrent, recurrent_size=8)
    assert learner.selfplay is not None and races.director is learner.selfplay
    first = {name: x.clone() for name, x in learner.agent.state_dict().items()}
    driven, _ = learner.selfplay.past[1].drive(learner.told, learner.memory)
    casts = []
    step = races.step

    def watched(actions: Any) -> Any:
        casts.append((races.acting, races.cast.reshape(-1).copy(), np.array(actions)))
        return step(actions)

    races.step = watched  # type: ignore[method-assign]
    try:
        rollout(learner)
    finally:
        del races.step  # type: ignore[method-assign]
    valid = learner.buffer.valid.numpy()
    np.testing.assert_array_equal(valid, [acting for acting, _, _ in casts])
    who = np.array([cast for _, cast, _ in casts])
    assert not valid[who != POLICY].any() and (who > POLICY).any()
    assert not learner.buffer.rewards.numpy()[~valid].any()
    theirs = np.flatnonzero(who[0] > POLICY)  # driven by the past self, and without chance
    assert len(theirs)
    np.testing.assert_array_equal(casts[0][2][theirs], driven.numpy()[theirs])
    update(learner)
    now = learner.agent.state_dict()
    assert any(not torch.equal(first[name], now[name]) for name in first)
    past = learner.selfplay.past[1].state_dict()
    assert all(torch.equal(first[name], past[name]) for name in first)


def test_steps_of_others_change_nothing_of_what_is_learned(races: Races) -> None:
    learner = learner_of(Task(races, 3))
    rollout(learner)
    valid = learner.buffer.valid
    assert not valid.all()
    before = {name: x.clone() for name, x in learner.agent.state_dict().items()}
    learned = []
    for noise in (0.0, 7.0):
        learner.agent.load_state_dict(before)
        learner.optimizer.state.clear()
        torch.manual_seed(5)
        learner.buffer.rewards[~valid] = noise
        for seen in learner.buffer.seen.values():
            seen[~valid] = noise
        update(learner)
        learned.append({name: x.clone() for name, x in learner.agent.state_dict().items()})
    assert all(torch.equal(learned[0][name], learned[1][name]) for name in before)


def test_opponents_are_drawn_by_the_race_alone_and_by_their_shares(races: Races) -> None:
    director = SelfPlay(settled(match="uniform"), races)
    for number in (1, 2, 3):
        director.born[number] = 0
        director.past[number] = torch.nn.Identity()  # type: ignore[assignment]
    keys = np.random.default_rng(0).integers(2**63, size=2000).astype(np.uint64)
    cast = director.cast(keys, 2)
    np.testing.assert_array_equal(cast, SelfPlay.cast(director, keys, 2))
    np.testing.assert_array_equal(cast[700:701], director.cast(keys[700:701], 2))
    assert (cast == POLICY).any(axis=1).all()
    assert (cast == POLICY).all(axis=1).mean() == pytest.approx(0.3, abs=0.03)
    assert (cast > POLICY).any(axis=1).mean() == pytest.approx(0.4, abs=0.03)
    assert (cast == -1).any(axis=1).mean() == pytest.approx(0.3, abs=0.03)
    assert set(np.unique(cast)) == {-1, 0, 2, 3}  # of three past selves the last two
    assert (cast[:, 0] != POLICY).mean() == pytest.approx(0.35, abs=0.03)  # either car
    director.past.clear()
    assert set(np.unique(director.cast(keys, 2))) == {-1, 0}


def test_open_races_are_drawn_more_often(races: Races) -> None:
    director = SelfPlay(settled(), races)
    for number in (1, 2):
        director.born[number] = 0
        director.past[number] = torch.nn.Identity()  # type: ignore[assignment]
        director.ratings.freeze(number)
    director.ratings[1].mean -= 25.0
    keys = np.arange(1000, dtype=np.uint64)
    cast = director.cast(keys, 2)
    assert (cast == 2).sum() > 2 * (cast == 1).sum() > 0


def test_ratings_go_the_right_way() -> None:
    ratings = Ratings()
    ratings.freeze(1)
    pair = np.array([0, 1])
    ratings.race(np.array([0, 0]), pair)  # against itself
    assert ratings[0].mean == ratings[1].mean and ratings.chance(1) == pytest.approx(0.5)
    for _ in range(20):
        ratings.race(pair, np.array([0, 1]))
    assert ratings[0].mean > ratings[1].mean + 5 and ratings.chance(1) > 0.8
    assert ratings[0].deviation < 8 and (ratings[1].races, ratings[1].beaten) == (20, 20.0)
    high = ratings[0].mean
    ratings.race(pair, np.array([1, 0]))
    assert ratings[0].mean < high and ratings[1].beaten == 20.0
    ratings.freeze(2)
    assert (ratings[2].mean, ratings[2].races) == (ratings[0].mean, 0)
    # Of several cars the mean place counts: 0.5 of the policy, 2.5 of the script.
    before = ratings[0].mean
    ratings.race(np.array([0, 0, -1, -1]), np.array([0, 1, 2, 3]))
    assert ratings[0].mean > before > ratings[-1].mean
    assert dict(ratings.lately()) == {1: (21, 20.0), -1: (1, 1.0)} and not ratings.lately()
    other = Ratings()
    other.restore(ratings.array())
    assert other.table == ratings.table


def tensors_in(folder: Path) -> dict[str, Any]:
    read = Checkpoint.read(folder / "checkpoints" / "last.safetensors").tensors
    return {name: values.numpy().tobytes() for name, values in read.items()}


def test_a_resumed_training_meets_the_same_opponents_and_ends_with_the_same_bits(
    run_of: Path, tmp_path: Path
) -> None:
    half = {**SCENARIO, "trainer": {**TRAINER, "steps": 1024}}
    begun = train(half, runs_dir=tmp_path / "half", plots=False)
    torch.manual_seed(99)
    resume_training(begun.folder, ["trainer.steps=2048"], plots=False)
    one, other = tensors_in(run_of), tensors_in(begun.folder)
    assert one.keys() == other.keys()
    assert not {name for name in one if one[name] != other[name]}
    assert {"selfplay.ratings", "selfplay.born", "envs.cast"} <= one.keys()
    tables = [(f / "selfplay.json").read_text("utf-8") for f in (run_of, begun.folder)]
    assert tables[0] == tables[1]


def test_the_folder_tells_of_every_past_self(run_of: Path) -> None:
    told = json.loads((run_of / "selfplay.json").read_text("utf-8"))
    assert [row["steps"] for row in told["past"]] == [0, 512, 1024, 1536, 2048]
    assert [row["races_now"] for row in told["past"]][-2:] == [True, True]
    assert told["scripted"][0]["driver"] == SCRIPT and told["scripted"][0]["races"] > 0
    last = Checkpoint.read(run_of / "checkpoints" / "last.safetensors")
    for index, row in enumerate(told["past"]):
        kept = Checkpoint.read(run_of / row["file"])
        assert kept.head.steps == row["steps"] and policy_network(kept, run_of)
        raced = part(last.tensors, f"selfplay.past.{index + 1}.")
        weights = part(kept.tensors, AGENT)
        assert all(torch.equal(weights[name], raced[name]) for name in raced)
    head = (run_of / "train.csv").read_text("utf-8").splitlines()[0].split(",")
    assert {"charts/rating", "selfplay/won/past", "selfplay/won/pure_pursuit-70"} <= set(head)


def test_what_was_learned_races_scripted_cars(run_of: Path, tmp_path: Path) -> None:
    past = run_of / "selfplay" / "past-0002.safetensors"
    cars = [
        {"name": "last", "vehicle": "rental_kart",
         "driver": {"policy": str(run_of / "checkpoints" / "last.safetensors")}},
        {"name": "past", "vehicle": "rental_kart", "driver": {"policy": str(past)}},
        {"name": "script", "vehicle": "rental_kart", "driver": SCRIPT},
    ]  # fmt: skip
    race = {**SCENARIO, "task": "race", "trainer": None, "cars": cars, "time_limit": 3.0,
            "record": {"limit": False}}  # fmt: skip
    found = run(race, runs_dir=tmp_path, plots=False)
    assert found.state == "finished"


def test_several_agents_without_options_all_learn(tmp_path: Path) -> None:
    plain = {name: value for name, value in TRAINER.items() if name != "selfplay"}
    done = train(
        {**SCENARIO, "trainer": {**plain, "steps": 512}}, runs_dir=tmp_path, plots=False
    )  # fmt: skip
    assert not (done.folder / "selfplay.json").exists()
    cast = Checkpoint.read(done.checkpoint).tensors["envs.cast"]
    assert cast.shape == (8, 2) and not cast.any()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"share_self": 0.5}, "add up to 1.2, not to 1"),
        ({"scripted": []}, "share_scripted needs drivers"),
        ({"share_past": 0.7, "share_scripted": 0}, "scripted drivers never drive"),
        ({"scripted": ["pure_persuit"]}, r"selfplay.scripted\[0\].*did you mean 'pure_pursuit'"),
        ({"scripted": [{"name": "raceline", "level": "proo"}]}, "did you mean 'pro'"),
        ({"match": "ratings"}, "did you mean 'rating'"),
        ({"past_every": 0}, "greater than or equal to 1"),
        ({"past": 3}, "selfplay.past"),
    ],
)
def test_wrong_settings_are_told_plainly(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    given = {**SCENARIO, "trainer": {**TRAINER, "selfplay": {**SELFPLAY, **changes}}}
    with pytest.raises(RacegymError, match=said):
        train(given, runs_dir=tmp_path, plots=False)
    assert not list(tmp_path.rglob("train.csv"))


def test_one_car_alone_plays_nobody(tmp_path: Path) -> None:
    with pytest.raises(RacegymError, match="leaves one car to them; give another car driver"):
        train({**ONE, "trainer": TRAINER}, runs_dir=tmp_path, plots=False)


@pytest.mark.parametrize("name", ["sac", "td3", "dqn"])
def test_other_trainers_refuse_several_agents(tmp_path: Path, name: str) -> None:
    given = {**SCENARIO, "trainer": {"name": name, "steps": 100}}
    with pytest.raises(RacegymError, match=r"learns with one car.*\(one, two\).*trainer: ppo"):
        train(given, runs_dir=tmp_path, plots=False)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What came of 200 duels of a trained policy with a script of its own pace, from behind."""
    runs = tmp_path_factory.mktemp("duel")
    file = train("selfplay_duel", runs_dir=runs, plots=False).checkpoint
    return run_path(str(Path(__file__).with_name("duels.py")))["duels"](file)


@pytest.mark.slow
def test_half_an_hour_of_selfplay_beats_a_script_of_the_same_pace(judged: Any) -> None:
    won, _ = judged.clean
    assert 2 * won > judged.races
    policy, script = judged.serious
    assert policy <= script


@pytest.mark.slow
def test_its_light_touches_are_one_in_four_races(judged: Any) -> None:
    """They are more than the script's, who overtakes nobody; docs/selfplay.md has both."""
    policy, _ = judged.points
    assert policy < 0.25
    assert judged.overtakes[0] > 0.6 * judged.races
