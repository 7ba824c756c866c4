"""How many threads torch is given."""

from __future__ import annotations

import pytest
import torch

from racegym_cleanrl import machine
from racegym_cleanrl.machine import use_threads


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
