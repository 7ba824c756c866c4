"""A learned policy as an ONNX file: read, cached, and asked what it says of itself.

What a policy is told and how its actions are read stands in the file's metadata under the
key ``racegym``, or in ``<file>.json`` beside it, as JSON:

    {"format": 1, "observation": [{"name": "state"}], "action": {"name": "steer_accel"}, "dt": 0.1}

``observation`` and ``action`` are written as in a scenario; ``dt`` [s] is the control interval
that the policy learned with, and may be left out; ``action_repeat``, for how many of them it
decides at once, is 1 if it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from racegym.errors import MissingLibraryError, ScenarioError

__all__ = ["METADATA_KEY", "Policy", "PolicyNote", "model_bytes", "read_policy"]

METADATA_KEY = "racegym"
KEPT = 8  # files that stay open; a scenario's policies are few


class PolicyNote(BaseModel):
    """What a policy's file says of the policy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    observation: str | list[Any] | dict[str, Any] = Field(description="sensors, as in a scenario")
    action: str | dict[str, Any] = Field(description="the action map, as in a scenario")
    dt: float | None = Field(None, gt=0, description="[s] control interval that it learned with")
    action_repeat: int = Field(1, ge=1, le=1000, description="control intervals of a decision")


@dataclass(frozen=True)
class Policy:
    """A policy that is ready to be asked.

    Attributes:
        file: where it was read from.
        note: what the file says of it.
        session: onnxruntime's ``InferenceSession``, which runs on one thread.
    """

    file: Path
    note: PolicyNote
    session: Any


def read_policy(file: Path) -> Policy:
    """Return the policy in an ONNX file.

    Raises:
        MissingLibraryError: onnxruntime is not installed.
        ScenarioError: there is no such file, it is no ONNX, or it does not say what its
            policy is told; names the fix.
    """
    try:
        stat = file.stat()
        found = file.is_file()
    except (OSError, ValueError):  # ValueError: a path with a NUL in it
        found = False
    if not found:
        raise ScenarioError(
            f"there is no policy {file}; racegym.learners.export_onnx(model, scenario, path) "
            "writes one"
        )
    session = _open(file, (stat.st_mtime_ns, stat.st_size))
    return Policy(file, _note(file, session), session)


@lru_cache(maxsize=KEPT)
def _open(file: Path, stamp: tuple[int, int]) -> Any:
    """Return a session of a file; the stamp tells a cached one from one that has changed."""
    del stamp
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            f"the driver 'onnx' needs onnxruntime, and there is no module {error.name!r}; "
            "install it: pip install onnxruntime"
        ) from error
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1  # same bits everywhere
    settings.use_deterministic_compute = True
    settings.log_severity_level = 4  # what goes wrong is told by exceptions
    try:
        return onnxruntime.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base of their own
        reason = " ".join(str(error).split())
        raise ScenarioError(
            f"is no ONNX file that onnxruntime can read: {reason}", file=file
        ) from error


def _note(file: Path, session: Any) -> PolicyNote:
    beside = file.with_name(file.name + ".json")
    text, where = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY), file
    if text is None:
        try:
            text, where = beside.read_text(encoding="utf-8"), beside
        except (OSError, UnicodeDecodeError):
            raise ScenarioError(
                "does not say what its policy is told. Write it with "
                f"racegym.learners.export_onnx, or say it in {beside.name} beside it "
                "(see docs/learners.md)",
                file=file,
            ) from None
    try:
        return PolicyNote.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("format",):
            raise ScenarioError(
                f"what it says of its policy has the format {first['input']!r}, and this racegym "
                "reads 1; a newer one may read it",
                file=where,
            ) from None
        at = ".".join(str(step) for step in first["loc"])
        raise ScenarioError(
            f"what it says of its policy is wrong: {at + ': ' if at else ''}{first['msg']}",
            file=where,
        ) from None


def model_bytes(model: Any, note: PolicyNote, **more: str) -> bytes:
    """Return what an ONNX file of a policy holds.

    Of each operation torch notes by which lines of which files it was made, with the paths of
    the machine that did it. That is left out.

    Args:
        model: an ``onnx.ModelProto``, which is changed.
        note: what the file says of the policy.
        more: further metadata.
    """
    _forget_origins(model.graph)
    for function in model.functions:
        _forget_origins(function)
    for key, value in {METADATA_KEY: note.model_dump_json(), **more}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    content: bytes = model.SerializeToString()
    return content


def _forget_origins(part: Any) -> None:
    """Clear the notes of a graph or a function, of its nodes, and of graphs within them."""
    values = (getattr(part, name, ()) for name in ("input", "output", "value_info", "initializer"))
    for noted in (part, *part.node, *(value for group in values for value in group)):
        if not isinstance(noted, str):  # inputs of a function are names
            noted.ClearField("metadata_props")
            noted.ClearField("doc_string")
    for node in part.node:
        for attribute in node.attribute:
            for graph in (*([attribute.g] if attribute.HasField("g") else ()), *attribute.graphs):
                _forget_origins(graph)
