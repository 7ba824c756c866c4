"""The replay against plain loops over whole histories; shifted images against padded ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from gymnasium import spaces

from racegym.errors import ScenarioError
from racegym_cleanrl import replay as replay_module
from racegym_cleanrl.actions import Actions
from racegym_cleanrl.memory import free_memory, told_size
from racegym_cleanrl.networks import NUMBERS, Layout
from racegym_cleanrl.replay import Batch, Replay, drawn_in_shares
from racegym_cleanrl.shift import randomly_shifted, shifted

LAYOUT = Layout.of(spaces.Box(-np.inf, np.inf, (1,), np.float32))
PICTURES = Layout.of(spaces.Dict({"camera": spaces.Box(0, 255, (84, 84, 3), np.uint8)}))
ACTIONS = Actions("discrete", (), choices=10**9)


class Moment(NamedTuple):
    """A row of one environment; it sees its own number."""

    number: int
    reward: float
    terminated: bool
    truncated: bool
    valid: bool


def history(rng: Any, rows: int, first: int) -> list[Moment]:
    """Return episodes of a few steps, each followed by a step that only resets."""
    found: list[Moment] = []
    restarted = False
    for row in range(rows):
        ends = not restarted and rng.random() < 0.25
        terminated = ends and rng.random() < 0.5
        reward = 0.0 if restarted else float(rng.integers(1, 100))
        truncated = bool(ends and not terminated)
        found.append(Moment(first + row, reward, bool(terminated), truncated, not restarted))
        restarted = ends
    return found


def window(told: list[Moment], at: int, n_step: int, gamma: float) -> tuple[float, int, float]:
    """Return the reward, what is seen next and its discount, as [1] of replay.py writes them."""
    total, discount = 0.0, 1.0
    for step in told[at : at + n_step]:
        total += discount * step.reward
        discount *= gamma
        if step.terminated:
            return total, step.number + 1, 0.0
        if step.truncated:
            return total, step.number + 1, discount
    return total, told[at].number + n_step, discount


def filled(told: list[list[Moment]], size: int, **settings: Any) -> Replay:
    made = Replay(LAYOUT, ACTIONS, len(told), size, **settings)
    for row in zip(*told, strict=True):
        add(made, row)
    return made


def add(made: Replay, row: tuple[Moment, ...]) -> None:
    numbers = torch.tensor([m.number for m in row])
    made.add(
        {NUMBERS: numbers[:, None].float()}, numbers,
        torch.tensor([m.reward for m in row]), torch.tensor([m.terminated for m in row]),
        torch.tensor([m.terminated or m.truncated for m in row]),
        torch.tensor([m.valid for m in row]),
    )  # fmt: skip


def steps_of(batch: Batch) -> Iterator[tuple[int, float, int, float]]:
    parts = (batch.actions, batch.rewards, batch.next_seen[NUMBERS][:, 0], batch.discounts)
    yield from zip(*(p.tolist() for p in parts), strict=True)


@pytest.mark.parametrize("n_step", [1, 3, 5])
@pytest.mark.parametrize("rows", [15, 40, 57])
def test_every_window_is_what_a_loop_over_the_history_says(n_step: int, rows: int) -> None:
    rng = np.random.default_rng(rows)
    torch.manual_seed(0)
    told = [history(rng, rows, first) for first in (0, 1000, 2000)]
    made = filled(told, 60, n_step=n_step, gamma=0.5)  # 20 rows, so that the longer ones wrap
    batch = made.sample(4000)
    drawn = set()
    assert torch.equal(batch.seen[NUMBERS][:, 0].long(), batch.actions)
    for number, reward, following, discount in steps_of(batch):
        column = told[number // 1000]
        expected = window(column, number % 1000, n_step, 0.5)
        if discount == 0.0:  # what follows a termination counts for nothing, whatever it is
            following = expected[1]
        assert (reward, following, discount) == pytest.approx(expected)
        drawn.add(number)
    kept = range(max(0, rows - 20), rows - n_step)  # the rows whose windows are whole
    assert drawn == {c[at].number for c in told for at in kept if c[at].valid}


def test_steps_are_drawn_alike() -> None:
    torch.manual_seed(1)
    told = [history(np.random.default_rng(3), 40, first) for first in (0, 1000)]
    made = filled(told, 80)
    counts = np.bincount(np.unique(made.sample(40_000).actions.numpy(), return_inverse=True)[1])
    mean = counts.mean()
    assert (np.abs(counts - mean) < 5 * mean**0.5).all()  # five deviations of a Poisson number


def test_an_observation_is_kept_once_and_pictures_in_bytes() -> None:
    made = Replay(PICTURES, Actions("gaussian", (2,), (-1, -1), (1, 1)), 4, 64)
    assert made.columns["seen.camera"].dtype == torch.uint8
    assert made.bytes_of_a_step == 84 * 84 * 3 + 2 * 4 + 4 + 3
    assert made.bytes == 64 * made.bytes_of_a_step
    assert made.bytes == sum(c.numel() * c.element_size() for c in made.columns.values())


def test_a_replay_that_does_not_fit_is_refused_with_the_size_that_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay_module, "free_memory", lambda: 6_000_000_000)
    actions = Actions("gaussian", (2,), (-1, -1), (1, 1))
    with pytest.raises(ScenarioError) as refused:
        Replay(PICTURES, actions, 8, 1_000_000)
    said = str(refused.value)
    assert "21.2 GB" in said and "21.2 kB for each of 1,000,000 steps" in said
    assert "of the 6.0 GB that are free it may take nine tenths" in said
    assert said.endswith(
        "trainer.buffer_size: 250000, or let the cameras give smaller or gray pictures"
    )
    with pytest.raises(ScenarioError, match=r"write trainer.num_envs: 63000 and trainer.buffer_s"):
        Replay(PICTURES, actions, 65_536, 100_000, n_step=1)  # four rows of all are the least
    with pytest.raises(ScenarioError, match=r"tenths; name fewer runs in trainer.demonstrations"):
        Replay(LAYOUT, actions, 1, 10**9, remedy="name fewer runs in trainer.demonstrations")
    monkeypatch.setattr(replay_module, "free_memory", lambda: None)  # nobody knows
    Replay(LAYOUT, ACTIONS, 8, 1000)


def test_free_memory_is_that_of_the_container_if_that_is_less(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9000 kB\nMemFree: 1 kB\nMemAvailable:    5000 kB\n")
    assert free_memory(meminfo, tmp_path) == 5000 * 1024
    for name, content in (
        ("max", "max"),
        ("current", "900000"),
        ("stat", "anon 3\ninactive_file 500"),
    ):
        (tmp_path / f"memory.{name}").write_text(content + "\n")
    assert free_memory(meminfo, tmp_path) == 5000 * 1024
    (tmp_path / "memory.max").write_text("1000000\n")
    assert free_memory(meminfo, tmp_path) == 100_500
    (tmp_path / "memory.max").write_text("800000\n")
    assert free_memory(meminfo, tmp_path) == 0  # and not what the machine has left
    assert free_memory() is None or free_memory() > 0  # type: ignore[operator]
    assert told_size(999) == "999 bytes"


@pytest.mark.parametrize("rows", [12, 33])
@pytest.mark.parametrize("size", [40, 60, 24])
def test_a_replay_brought_back_draws_the_same_and_goes_on(rows: int, size: int) -> None:
    rng = np.random.default_rng(7)
    told = [history(rng, rows + 9, first) for first in (0, 1000)]
    one = filled([column[:rows] for column in told], 40, n_step=2)
    other = Replay(LAYOUT, ACTIONS, 2, size, n_step=2)
    held, places = one.save()
    other.load({name: values.clone() for name, values in held.items()}, places)
    for row in zip(*(column[rows:] for column in told), strict=True):
        add(one, row)
        add(other, row)
    if size == 40:
        for replay in (one, other):
            torch.manual_seed(2)
            replay.drawn = list(steps_of(replay.sample(50)))  # type: ignore[attr-defined]
        assert one.drawn == other.drawn  # type: ignore[attr-defined]
    kept = range(max(0, rows + 9 - size // 2, 0 if rows < 20 else rows - 20), rows + 9 - 2)
    drawn = {number for number, *_ in steps_of(other.sample(4000))}
    assert drawn == {c[at].number for c in told for at in kept if c[at].valid}
    with pytest.raises(ValueError, match="other steps"):
        Replay(LAYOUT, ACTIONS, 3, 60).load(held, places)


def test_what_is_cut_off_has_nothing_to_do_with_what_comes_next() -> None:
    goes_on = [
        Moment(number, 1.0, terminated=False, truncated=False, valid=True) for number in range(12)
    ]
    made = filled([goes_on[:6]], 20, n_step=3, gamma=0.5)
    made.cut()
    for moment in goes_on[6:]:
        add(made, (moment,))
    told = {number: rest for number, *rest in steps_of(made.sample(500))}
    assert told.keys() == {0, 1, 2, 3, 4, 6, 7, 8}
    assert told[3] == [
        1.5,
        5.0,
        0.25,
    ]  # two steps to the last observation, which is worth something
    assert told[4] == [1.0, 5.0, 0.5]
    assert told[6] == [1.75, 9.0, 0.125]


def test_after_the_end_the_last_steps_are_drawn_too() -> None:
    for rows in (1, 2, 9):
        told = [Moment(n, 1.0, False, n == rows - 1, True) for n in range(rows)]
        lent = Moment(rows, 0.0, False, True, False)
        made = filled([[*told, lent]], 20, n_step=3, gamma=0.5)
        made.end()
        drawn = {number: rest for number, *rest in steps_of(made.sample(500))}
        assert drawn.keys() == set(range(rows))
        assert drawn[rows - 1] == [1.0, rows, 0.5]


def test_shares_come_from_where_they_should() -> None:
    columns = [[Moment(n, 1.0, False, False, True) for n in range(a, a + 9)] for a in (0, 1000)]
    one, other = (filled([column], 20) for column in columns)
    batch = drawn_in_shares([(one, 0.25), (other, 0.75)], 10)
    assert [n >= 1000 for n in batch.actions.tolist()] == [False] * 2 + [True] * 8
    assert batch.seen[NUMBERS].shape == batch.next_seen[NUMBERS].shape == (10, 1)
    assert len(drawn_in_shares([(one, 0.0), (other, 1.0)], 6).rewards) == 6


@pytest.mark.parametrize("channels_last", [True, False])
def test_a_shift_is_padding_by_the_edge_and_cropping(channels_last: bool) -> None:
    pad, rng = 3, np.random.default_rng(0)
    images = rng.integers(0, 256, (49, 9, 11, 2), dtype=np.uint8)
    moves = np.array([(y, x) for y in range(-pad, pad + 1) for x in range(-pad, pad + 1)])
    padded = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="edge")
    expected = np.stack(
        [
            p[pad - y : pad - y + 9, pad - x : pad - x + 11]
            for p, (y, x) in zip(padded, moves, strict=True)
        ]
    )
    given = torch.from_numpy(images)
    down, right = torch.from_numpy(moves).T
    if not channels_last:
        given = given.permute(0, 3, 1, 2)
        expected = expected.transpose(0, 3, 1, 2)
    found = shifted(given, down, right, channels_last=channels_last)
    assert found.dtype == torch.uint8
    np.testing.assert_array_equal(found.numpy(), expected)


def test_all_pictures_of_a_moment_are_shifted_alike_and_numbers_stay() -> None:
    torch.manual_seed(0)
    box = spaces.Box(0, 255, (8, 8, 3), np.uint8)
    layout = Layout.of(spaces.Dict({"a": box, "b": box, "c": spaces.Box(0, 1, (2,), np.float32)}))
    picture = torch.randint(0, 256, (64, 8, 8, 3), dtype=torch.uint8)
    seen = {"a": picture, "b": picture, NUMBERS: torch.zeros(64, 2)}
    found = randomly_shifted(seen, layout, 2)
    assert torch.equal(found["a"], found["b"])
    assert found[NUMBERS] is seen[NUMBERS]
    moved = (found["a"] != picture).flatten(1).any(dim=1)
    assert 45 < moved.sum() <= 64  # one of 25 stays where it is
    assert randomly_shifted(seen, layout, 0) is seen
