"""Whatever stands in a checkpoint's file: it is read, or refused plainly, and costs little."""

from __future__ import annotations

import json
import resource
import struct
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from racegym.errors import ScenarioError
from racegym.run import evaluate_driver
from racegym_cleanrl.checkpoint import AGENT, KEY, Checkpoint, part, read_head
from racegym_cleanrl.policies import policy_network

Learn = Callable[..., Path]
QUICK = 5.0  # [s] that a refusal may take at most, on a machine that has much else to do
SMALL = 400_000  # [kB] of memory that it may take at most


def read(file: Path) -> torch.nn.Module:
    return policy_network(Checkpoint.read(file, only=AGENT), file)


def most_memory() -> int:
    """Return the most memory [kB] that the process has ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def refuse(file: Path, message: str | None = None) -> None:
    """Check that a file is refused by a plain message, soon, and without much memory."""
    begun, before = perf_counter(), most_memory()
    with pytest.raises(ScenarioError, match=message) as caught:
        read(file)
    told = str(caught.value)
    assert len(told) < 600
    assert "\n" not in told
    assert perf_counter() - begun < QUICK
    assert most_memory() - before < SMALL


def with_head(file: Path, **changes: Any) -> Path:
    """Return a copy whose head has other values, its tensors and check sum the same."""
    whole = file.read_bytes()
    (size,) = struct.unpack("<Q", whole[:8])
    head = json.loads(whole[8 : 8 + size])
    told = json.loads(head["__metadata__"][KEY])
    told |= changes
    head["__metadata__"][KEY] = json.dumps(told)
    return rewritten(file, head, whole[8 + size :])


def rewritten(file: Path, head: Any, rest: bytes) -> Path:
    text = json.dumps(head).encode()
    other = file.with_name("other.safetensors")
    other.write_bytes(struct.pack("<Q", len(text)) + text + rest)
    return other


@pytest.mark.parametrize("examples", [5, pytest.param(200, marks=pytest.mark.slow)])
def test_damage_is_told_and_never_taken_for_a_policy(
    learned: Learn, tmp_path: Path, examples: int
) -> None:
    file = learned()
    whole, other = file.read_bytes(), tmp_path / "other.safetensors"
    (size,) = struct.unpack("<Q", whole[:8])
    weights = {name: values.clone() for name, values in read(file).state_dict().items()}

    def look(content: bytes) -> None:
        other.write_bytes(content)
        begun = perf_counter()
        try:
            found = read(other).state_dict()
        except ScenarioError as error:
            assert len(str(error)) < 600
        else:  # damage elsewhere, such as in the optimiser's part
            assert all(torch.equal(found[name], weights[name]) for name in weights)
        assert perf_counter() - begun < QUICK

    @settings(max_examples=examples, deadline=None)
    @given(st.integers(0, len(whole) - 1))
    def truncated(length: int) -> None:
        other.write_bytes(whole[:length])
        refuse(other)

    @settings(max_examples=3 * examples, deadline=None)
    @given(st.lists(st.integers(0, 8 * len(whole) - 1), min_size=1, max_size=4))
    def flipped(places: list[int]) -> None:
        content = bytearray(whole)
        for place in places:
            content[place // 8] ^= 1 << place % 8
        look(bytes(content))

    @settings(max_examples=3 * examples, deadline=None)
    @given(st.integers(0, size + 7), st.integers(0, 255))
    def flipped_in_the_head(place: int, byte: int) -> None:
        content = bytearray(whole)
        content[place] = byte
        look(bytes(content))

    @settings(max_examples=examples, deadline=None)
    @given(st.binary(max_size=200), st.integers(0, 2**64 - 1))
    def of_noise(noise: bytes, length: int) -> None:
        other.write_bytes(struct.pack("<Q", length) + noise)
        refuse(other)

    before = most_memory()
    for check in (truncated, flipped, flipped_in_the_head, of_noise):
        check()
    assert most_memory() - before < SMALL


def test_a_head_that_lies_allocates_nothing(learned: Learn) -> None:
    file = learned()
    network = read_head(file).network
    layout, actions = network["layout"], network["actions"]
    wide = {**layout, "shapes": {"observation": [10**6, 10**5]}}
    for other, message in (
        ({**network, "hidden": [10**6, 10**6]}, "was expected"),
        ({**network, "hidden": [10**12]}, "has a width of 1000000000000"),
        ({**network, "hidden": [8] * 100_000}, "a list of 100000 entries|head, of"),
        ({**network, "hidden": []}, "missing|was expected|it has no|index"),
        ({**network, "hidden": [-1]}, "does not hold"),
        ({**network, "hidden": "wide"}, "does not hold"),
        ({**network, "hidden": None}, "does not hold"),
        ({**network, "layout": wide}, "was expected"),
        ({**network, "layout": {**layout, "images": ["observation"]}}, "does not hold"),
        ({**network, "layout": {"shapes": {}}}, "does not hold"),
        ({**network, "layout": 3}, "does not hold"),
        ({**network, "actions": {**actions, "kind": "magic"}}, "does not hold|unexpected"),
        ({**network, "actions": {**actions, "shape": [10**5, 10**5]}}, "does not hold"),
        ({}, "does not hold"),
    ):
        refuse(with_head(file, network=other), message)


def test_tensors_that_lie_allocate_nothing(learned: Learn) -> None:
    file = learned()
    whole = file.read_bytes()
    (size,) = struct.unpack("<Q", whole[:8])
    head, rest = json.loads(whole[8 : 8 + size]), whole[8 + size :]
    name = next(name for name in head if name.startswith(AGENT) and len(head[name]["shape"]) == 2)
    for change in (
        {"shape": [10**9, 10**9]},
        {"shape": [-1, 4]},
        {"dtype": "F64"},
        {"dtype": "F8_E4M3"},
        {"dtype": "C999"},
        {"data_offsets": [0, 10**15]},
        {"data_offsets": [10**15, 0]},
    ):
        refuse(rewritten(file, {**head, name: {**head[name], **change}}, rest))
    refuse(rewritten(file, {**head, "agent.more": head[name]}, rest))
    refuse(rewritten(file, {k: v for k, v in head.items() if k != name}, rest))
    refuse(rewritten(file, [], rest))
    refuse(rewritten(file, {"__metadata__": {KEY: "[" * 100_000}}, b""), "damaged head")
    refuse(rewritten(file, {"__metadata__": {KEY: " " * 10**7}}, b""), "damaged head")


def test_what_is_of_others_is_told(learned: Learn, tmp_path: Path) -> None:
    file = learned()
    refuse(with_head(file, format=99), "has the format 99, and this racegym-cleanrl reads up to 1")
    refuse(with_head(file, algorithm="dream"), "is of the algorithm 'dream'")
    refuse(with_head(file, steps=-1), "damaged head")
    refuse(with_head(file, more=1), "damaged head")
    with pytest.raises(ScenarioError, match="is a checkpoint of 'ppo', not of 'sac'"):
        Checkpoint.read(file, "sac")
    refuse(tmp_path / "nowhere.safetensors", "there is no checkpoint")
    refuse(tmp_path, "is no checkpoint of racegym-cleanrl: those end with .safetensors")
    other = tmp_path / "last.npz"
    other.write_bytes(b"PK of another trainer")
    refuse(other, "those end with .safetensors; what others have learned can't be taken over")
    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(3)}, foreign)
    refuse(foreign, "is no checkpoint of racegym-cleanrl")

    whole = Checkpoint.read(file)
    weights = dict(whole.tensors)
    name = next(name for name in part(weights, AGENT) if name.endswith("weight"))
    weights[AGENT + name] = torch.full_like(weights[AGENT + name], torch.nan)
    Checkpoint(whole.head, weights).write(foreign)
    refuse(foreign, "not finite")
    weights[AGENT + name] = weights[AGENT + name].double()
    Checkpoint(whole.head, weights).write(foreign)
    refuse(foreign, "float64 .* was expected")


def test_a_policy_that_learned_with_other_sensors_than_there_are_is_refused(
    learned: Learn, small: dict[str, Any]
) -> None:
    file = learned()
    small |= {"task": "evaluate"}
    note = read_head(file).note
    assert note is not None
    other = note.model_copy(update={"observation": ["state"]}).model_dump()
    with pytest.raises(ScenarioError, match="its sensors are others than they were"):
        evaluate_driver(with_head(file, note=other), small, limit=False)
    other = note.model_copy(update={"action": "discrete"}).model_dump()
    with pytest.raises(ScenarioError, match="its action map takes"):
        evaluate_driver(with_head(file, note=other), small, limit=False)
    other = note.model_copy(update={"dt": 0.5}).model_dump()
    with pytest.raises(ScenarioError, match=r"learned at a dt of 0\.5 s"):
        evaluate_driver(with_head(file, note=other), small, limit=False)
    repeated = with_head(file, note=note.model_copy(update={"action_repeat": 4}).model_dump())
    usual = evaluate_driver(file, small, limit=False, episodes=2).episodes
    held = evaluate_driver(repeated, small, limit=False, episodes=2).episodes
    assert [row["distance"] for row in held] != [row["distance"] for row in usual]


def test_reading_a_policy_draws_nothing(learned: Learn) -> None:
    file = learned()
    before = torch.get_rng_state()
    read(file)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_training_that_is_judged_meanwhile_learns_the_same(learned: Learn) -> None:
    def weights(**more: Any) -> dict[str, torch.Tensor]:
        file = learned(training={"checkpoint_every": 128, **more})
        return dict(Checkpoint.read(file.with_name("last.safetensors"), only=AGENT).tensors)

    alone, judged = weights(), weights(evaluate={"episodes": 2})
    assert alone.keys() == judged.keys()
    assert all(torch.equal(values, judged[name]) for name, values in alone.items())


def test_only_the_policy_is_read_where_only_that_is_wanted(learned: Learn) -> None:
    file = learned()
    every, only = Checkpoint.read(file).tensors, Checkpoint.read(file, only=AGENT).tensors
    assert set(only) == {name for name in every if name.startswith(AGENT)} < set(every)
