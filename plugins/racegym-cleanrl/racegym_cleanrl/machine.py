"""Where tensors live, and from where chance comes."""

from __future__ import annotations

import os
from collections.abc import Mapping

import torch
from torch import Tensor

from racegym.errors import ScenarioError, nearest
from racegym.kernels import threads

__all__ = ["chosen_device", "random_state", "restore_random_state", "seed_all", "use_threads"]

DEVICES = ("auto", "cpu", "cuda")
FEW = 2  # threads for networks without images


def chosen_device(name: str) -> torch.device:
    """Return the device that a setting names.

    Raises:
        ScenarioError: there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise _unknown(name) from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ScenarioError(
            "device is cuda, and torch finds no GPU here; take device: cpu, or auto, which takes "
            "a GPU where there is one"
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ScenarioError(
            f"device is {name}, and torch finds {torch.cuda.device_count()} GPU here, counted from "
            "0; take device: cuda"
        )
    if device.type not in ("cpu", "cuda"):
        raise _unknown(name)
    return device


def _unknown(name: str) -> ScenarioError:
    """Return the refusal of a device, with the one that was probably meant."""
    meant = "cuda" if name.lower().startswith(("gpu", "nvidia")) else name
    return ScenarioError(f"there is no device {name!r}; {nearest(meant, DEVICES)}, cuda:0 ...")


def seed_all(seed: int) -> None:
    """Have torch draw from this seed on."""
    torch.manual_seed(seed % 2**63)


def random_state() -> dict[str, Tensor]:
    """Return the states of torch's generators."""
    found = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        found["cuda"] = torch.cuda.get_rng_state()
    return found


def restore_random_state(states: Mapping[str, Tensor]) -> None:
    """Bring back what ``random_state`` returned."""
    torch.set_rng_state(states["cpu"].cpu())
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"].cpu())


def use_threads(device: torch.device, *, images: bool) -> None:
    """Let torch use as many threads as pay.

    Of layers of some dozens of numbers more than ``FEW`` threads only wait for each other;
    convolutions keep every core busy. ``RACEGYM_THREADS`` holds for racegym's kernels and torch,
    ``OMP_NUM_THREADS`` for torch alone.

    Args:
        device: where the networks are.
        images: whether they look at images.
    """
    if device.type != "cpu" or "OMP_NUM_THREADS" in os.environ:
        return
    asked = os.environ.get("RACEGYM_THREADS", "").isdigit()
    torch.set_num_threads(threads() if asked or images else min(FEW, threads()))
