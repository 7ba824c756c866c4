"""``racegym export``: what was learned, as an ONNX file that races without the learner."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from racegym import plugins
from racegym.drivers.policy_file import Policy, read_policy
from racegym.errors import MissingLibraryError, RacegymError, RunError, ScenarioError
from racegym.interfaces import Driver, Trainer
from racegym.scenario.policies import find_policy

__all__ = ["export_policy"]

ONNX = ".onnx"


def export_policy(source: str | Path, file: str | Path) -> Policy | None:
    """Write a checkpoint as an ONNX file for the driver ``onnx``.

    Args:
        source: a checkpoint, or the folder of a training.
        file: to be written; its folder exists. It is replaced, whole or not at all.

    Returns:
        The policy as it is read from the file; None where onnxruntime is not installed to read
        it.

    Raises:
        ScenarioError: there is no such checkpoint, or it is damaged.
        RunError: it is an ONNX file, its trainer writes none, or the file can't be written.
        MissingLibraryError: a library that writes ONNX is missing.
    """
    target = Path(file)
    if target.suffix.lower() != ONNX:
        raise RunError(f"a policy is exported to a file that ends with {ONNX}", file=target)
    if not target.parent.is_dir():
        raise RunError(f"there is no folder {target.parent} to write it in", file=target)
    driver, checkpoint = find_policy(Path(source))
    if checkpoint.suffix.lower() == ONNX:
        raise RunError(
            "is an ONNX file already, and drives as it is: racegym evaluate "
            f"{shlex.quote(str(checkpoint))} --scenario SCENARIO",
            file=checkpoint,
        )
    found: type[Driver] = plugins.load().find("driver", driver).load()
    trainer = next(_exporters(found), None)
    if trainer is None:
        raise RunError(
            f"no trainer whose policies the driver {driver!r} drives with writes ONNX files",
            file=checkpoint,
        )
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            beside = Path(folder) / target.name
            trainer.export(checkpoint, beside)
            policy = _read(beside, trainer)
            with beside.open("rb+") as written:
                os.fsync(written.fileno())
            beside.replace(target)
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror or error}", file=target) from error
    return None if policy is None else Policy(target, policy.note, policy.session)


def _exporters(driver: type[Driver]) -> Iterator[type[Trainer]]:
    """Yield the trainers whose checkpoints a driver takes and that write ONNX."""
    for offer in plugins.load().offers("trainer"):
        try:
            trainer = offer.load()
        except RacegymError:  # of a plugin that can't be imported
            continue
        own = getattr(trainer.export, "__func__", trainer.export)  # it may be a static method
        plain = Trainer.export.__func__  # type: ignore[attr-defined]
        if getattr(trainer, "driver", None) is driver and own is not plain:
            yield trainer


def _read(file: Path, trainer: type[Trainer]) -> Policy | None:
    if not file.is_file():
        raise RunError(f"{trainer.__name__} has written no file", file=file)
    try:
        return read_policy(file)
    except MissingLibraryError:
        return None
    except ScenarioError as error:
        raise RunError(f"{trainer.__name__} has written no policy: it {error.what}") from error
