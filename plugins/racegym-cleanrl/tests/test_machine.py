"""How many threads torch is given, and which devices there are."""

from __future__ import annotations

import pytest
import torch

from racegym.errors import ScenarioError
from racegym_cleanrl import machine
from racegym_cleanrl.machine import chosen_device, use_threads


@pytest.mark.parametrize(
    ("environment", "cores", "numbers", "images"),
    [
        ({}, 4, 2, 4),
        ({}, 1, 1, 1),
        ({"RACEGYM_THREADS": "3"}, 3, 3, 3),
        ({"RACEGYM_THREADS": "many"}, 4, 2, 4),  # is ignored, as the kernels do
        ({"OMP_NUM_THREADS": "3"}, 4, None, None),
    ],
)
def test_small_networks_take_two_threads_unless_somebody_says_otherwise(
    environment: dict[str, str],
    cores: int,
    numbers: int | None,
    images: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", given.append)
    monkeypatch.setattr(machine, "threads", lambda: cores)
    for name in ("RACEGYM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for sees, expected in ((False, numbers), (True, images)):
        given.clear()
        use_threads(torch.device("cpu"), images=sees)
        assert given == ([] if expected is None else [expected])


def test_a_gpu_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert chosen_device("cuda:0").index == 0
    with pytest.raises(ScenarioError, match="device is cuda:9, and torch finds 1 GPU here"):
        chosen_device("cuda:9")


@pytest.mark.parametrize(("name", "meant"), [("gpu", "cuda"), ("gpu:0", "cuda"), ("cpuu", "cpu")])
def test_a_device_of_another_name_is_answered_with_the_one_that_is_meant(
    name: str, meant: str
) -> None:
    with pytest.raises(ScenarioError, match=f"no device '{name}'; did you mean '{meant}'"):
        chosen_device(name)
