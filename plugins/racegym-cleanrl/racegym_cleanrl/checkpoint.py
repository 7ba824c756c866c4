"""Checkpoints: tensors in a safetensors file, and everything else as JSON in its head.

Nothing in such a file is code, and nothing of it is unpickled. One file holds all of a
checkpoint, so it is whole or absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from racegym.envs import PolicyNote
from racegym.errors import ScenarioError

__all__ = ["FORMAT", "SUFFIX", "Checkpoint", "Head", "part", "with_prefix"]

FORMAT = 1
SUFFIX = ".safetensors"
KEY = "racegym"  # of the head, in the file's metadata


class Head(BaseModel):
    """What a checkpoint says of itself.

    Attributes:
        format: of the file.
        algorithm: the trainer that wrote it.
        args: its settings.
        note: what the policy is told, and how its actions are read; None for a policy that
            learned on an environment of somebody else.
        network: the arguments from which the network is built again.
        steps: decisions that were learned from.
        state: other numbers and words, of the algorithm's own choice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    algorithm: str
    args: dict[str, Any]
    note: PolicyNote | None = None
    network: dict[str, Any]
    steps: int = Field(ge=0)
    state: dict[str, Any] = {}


@dataclass(frozen=True)
class Checkpoint:
    """All that has been learned and, if a resume may go on from it, all that it needs for that.

    Attributes:
        head: see there.
        tensors: by name; those of the policy begin with ``agent.``.
    """

    head: Head
    tensors: Mapping[str, Tensor] = field(repr=False)

    def write(self, file: Path) -> None:
        """Write it."""
        plain = {name: tensor.detach().cpu().contiguous() for name, tensor in self.tensors.items()}
        save_file(plain, file, {KEY: self.head.model_dump_json()})

    @classmethod
    def read(cls, file: Path, algorithm: str | None = None) -> Checkpoint:
        """Read it.

        Args:
            file: of the checkpoint.
            algorithm: that must have written it; None for any.

        Raises:
            ScenarioError: there is no such file, it is damaged, no checkpoint, of a newer
                racegym-cleanrl or of another algorithm.
        """
        try:
            with safe_open(file, "pt") as opened:
                text = (opened.metadata() or {}).get(KEY)
                if text is None:
                    raise ScenarioError("is no checkpoint of racegym-cleanrl", file=file)
                head = _head(text, file)
                if algorithm not in (None, head.algorithm):
                    raise ScenarioError(
                        f"is a checkpoint of {head.algorithm!r}, not of {algorithm!r}", file=file
                    )
                return cls(head, {name: opened.get_tensor(name) for name in opened.keys()})  # noqa: SIM118 - no mapping
        except FileNotFoundError:
            raise ScenarioError(f"there is no checkpoint {file}") from None
        except (OSError, SafetensorError) as error:
            raise ScenarioError(f"is damaged, or no checkpoint: {error}", file=file) from error


def _head(text: str, file: Path) -> Head:
    try:
        data = json.loads(text)
        told = data.get("format") if isinstance(data, dict) else None
        if isinstance(told, int) and told > FORMAT:
            raise ScenarioError(
                f"has the format {told}, and this racegym-cleanrl reads up to {FORMAT}; upgrade it",
                file=file,
            )
        return Head.model_validate(data)
    except (ValueError, ValidationError) as error:
        raise ScenarioError(f"has a damaged head: {error}", file=file) from error


def with_prefix(prefix: str, values: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return tensors or arrays as tensors, their names led by ``prefix``."""
    return {
        f"{prefix}{name}": value if isinstance(value, Tensor) else torch.from_numpy(np.array(value))
        for name, value in values.items()
    }


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with ``prefix``, without it."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
