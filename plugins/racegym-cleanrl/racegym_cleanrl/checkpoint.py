"""Checkpoints: tensors in a safetensors file, and everything else as JSON in its head.

Nothing in such a file is code, and nothing of it is unpickled. One file holds all of a
checkpoint, so it is whole or absent.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from racegym.envs import PolicyNote
from racegym.errors import ScenarioError

__all__ = [
    "AGENT", "FORMAT", "SUFFIX", "Checkpoint", "Head", "going_on", "part", "read_head",
    "with_prefix",
]  # fmt: skip

FORMAT = 1
SUFFIX = ".safetensors"
KEY = "racegym"  # of the head, in the file's metadata
SUM = "racegym_sum"  # likewise: a check sum of the policy's weights
AGENT = "agent."  # begins the names of the policy's tensors
LONGEST_HEAD = 262_144  # [characters]; one takes a few thousand


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
        save_file(plain, file, {KEY: self.head.model_dump_json(), SUM: _sum(plain)})

    @classmethod
    def read(
        cls, file: Path, algorithm: str | None = None, *, only: str | None = None
    ) -> Checkpoint:
        """Read it.

        Whatever stands in the file, no more memory is taken than the file is long.

        Args:
            file: of the checkpoint.
            algorithm: that must have written it; None for any.
            only: read the tensors whose names begin so, and leave the others alone: a driver
                has no use for a replay of gigabytes.

        Raises:
            ScenarioError: there is no such file, it is damaged, no checkpoint, of a newer
                racegym-cleanrl or of another algorithm.
        """
        with _opened(file) as opened:
            told = opened.metadata() or {}
            head = _head(told, file)
            if algorithm not in (None, head.algorithm):
                raise ScenarioError(
                    f"is a checkpoint of {head.algorithm!r}, not of {algorithm!r}", file=file
                )
            names = [name for name in opened.keys() if name.startswith(only or "")]  # noqa: SIM118 - no mapping
            tensors = {name: opened.get_tensor(name) for name in names}
        if SUM in told and told[SUM] != _sum(tensors):
            raise ScenarioError(
                "is damaged: its weights are not those that were written", file=file
            )
        return cls(head, tensors)


def read_head(file: Path) -> Head:
    """Return what a checkpoint says of itself; its tensors are not read.

    Raises:
        ScenarioError: as ``Checkpoint.read``.
    """
    with _opened(file) as opened:
        return _head(opened.metadata() or {}, file)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Open a safetensors file; whatever is wrong with it is told plainly."""
    try:
        with safe_open(file, "pt") as opened:
            yield opened
    except FileNotFoundError:
        raise ScenarioError(f"there is no checkpoint {file}") from None
    except (OSError, ValueError, TypeError, AttributeError, SafetensorError) as error:
        # Beside its own errors it passes on those of torch, of a dtype that torch lacks, say.
        if file.suffix.lower() != SUFFIX:
            raise ScenarioError(
                f"is no checkpoint of racegym-cleanrl: those end with {SUFFIX}; what others have "
                "learned can't be taken over",
                file=file,
            ) from error
        reason = " ".join(str(error).split())[:200]
        raise ScenarioError(f"is damaged, or no checkpoint: {reason}", file=file) from error


@contextmanager
def going_on(file: Path) -> Iterator[None]:
    """Refuse a checkpoint, from within, that does not hold what a resume goes on from."""
    try:
        yield
    except (LookupError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ScenarioError(
            f"lacks what a resume goes on from: {reason}; begin from it, with training.init_from",
            file=file,
        ) from error


def _head(told: Mapping[str, str], file: Path) -> Head:
    text = told.get(KEY)
    if text is None:
        raise ScenarioError("is no checkpoint of racegym-cleanrl", file=file)
    if len(text) > LONGEST_HEAD:
        raise ScenarioError(
            f"has a damaged head, of {len(text):,} characters; {LONGEST_HEAD:,} are allowed",
            file=file,
        )
    try:
        data = json.loads(text)
        told_format = data.get("format") if isinstance(data, dict) else None
        if isinstance(told_format, int) and told_format > FORMAT:
            raise ScenarioError(
                f"has the format {told_format}, and this racegym-cleanrl reads up to {FORMAT}; "
                "upgrade it",
                file=file,
            )
        return Head.model_validate(data)
    except (ValueError, RecursionError) as error:  # pydantic's are ValueErrors
        reason = " ".join(str(error).split())[:200]
        raise ScenarioError(f"has a damaged head: {reason}", file=file) from error


def _sum(tensors: Mapping[str, Tensor]) -> str:
    """Return a check sum of the policy's weights, as they lie in memory."""
    total = 0
    for name in sorted(tensors):
        if name.startswith(AGENT):
            flat = tensors[name].reshape(-1)
            total = zlib.crc32(name.encode(), total)
            if flat.numel():
                total = zlib.crc32(flat.view(torch.uint8).numpy().data, total)
    return f"{total:08x}"


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
