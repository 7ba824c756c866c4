"""A policy as an ONNX file, for the driver ``onnx``: to race without torch.

The normalisation of what it is told goes into the file, and so does what it is told and how its
actions are read. Its inputs are called like the sensors (``observation`` where they are one
box), its output ``action``; a policy with a memory has ``memory`` and ``next_memory`` besides.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from racegym.drivers.policy_file import model_bytes
from racegym.errors import MissingLibraryError
from racegym_cleanrl.checkpoint import AGENT, Checkpoint
from racegym_cleanrl.driver import note_of
from racegym_cleanrl.networks import Layout
from racegym_cleanrl.policies import policy_network

__all__ = ["OPSET", "Exported", "export", "to_onnx"]

OPSET = 18
EXAMPLES = 2  # cars that the network is traced with; the exporter takes 1 for a constant


class Exported(nn.Module):
    """A policy that is told by position, as ONNX wants it.

    Args:
        network: called with what is told by sensor.
        names: of the sensors.
    """

    def __init__(self, network: nn.Module, names: tuple[str, ...]):
        super().__init__()
        self.network = network
        self.names = names
        self.memory_size = int(getattr(network, "memory_size", 0))

    def forward(self, *told: Tensor) -> Any:
        """Return the actions of many cars, and their memory if they have one."""
        seen = dict(zip(self.names, told[: len(self.names)], strict=True))
        if not self.memory_size:
            return self.network(seen)
        return self.network.drive(seen, told[-1])  # type: ignore[operator]


def export(checkpoint: Path, file: Path) -> None:
    """Write what a checkpoint has learned as an ONNX file.

    Args:
        checkpoint: of any algorithm of racegym-cleanrl.
        file: to be written.

    Raises:
        ScenarioError: the checkpoint is damaged, or learned on an environment that is none of
            racegym's.
        MissingLibraryError: a library that writes ONNX is missing.
    """
    read = Checkpoint.read(checkpoint, only=AGENT)
    note = note_of(read.head, checkpoint)
    network = policy_network(read, checkpoint)
    proto = to_onnx(network, Layout.from_plain(read.head.network["layout"]))
    about = {"algorithm": read.head.algorithm, "steps": str(read.head.steps)}
    file.write_bytes(model_bytes(proto, note, **about))


def to_onnx(network: nn.Module, layout: Layout) -> Any:
    """Return a network as an ``onnx.ModelProto``, for any number of cars.

    Args:
        network: called with what is told by sensor.
        layout: of what it is told.

    Raises:
        MissingLibraryError: a library that writes ONNX is missing.
    """
    exported = Exported(network, tuple(layout.shapes)).eval()
    told = [
        torch.zeros(EXAMPLES, *shape, dtype=torch.uint8 if name in layout.images else torch.float32)
        for name, shape in layout.shapes.items()
    ]
    names, outputs = [*layout.shapes], ["action"]
    if exported.memory_size:
        told.append(torch.zeros(EXAMPLES, exported.memory_size))
        names.append("memory")
        outputs.append("next_memory")
    _check_libraries()
    with _quiet():
        program = torch.onnx.export(
            exported,
            tuple(told),
            input_names=names,
            output_names=outputs,
            opset_version=OPSET,
            dynamic_shapes=(tuple({0: torch.export.Dim.DYNAMIC} for _ in told),),
            external_data=False,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def _check_libraries() -> None:
    try:
        import onnx
        import onnxscript
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            f"to write ONNX takes onnx and onnxscript, and there is no module {error.name!r}; "
            "install them: pip install onnx onnxscript"
        ) from error
    del onnx, onnxscript


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's chatter to itself."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
