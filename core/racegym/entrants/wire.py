"""What passes between the race and an entrant's process: lengths, numbers, bytes.

A message is a frame: one byte for its kind, four for the length, the payload. Observations
and actions are raw arrays; what is said once, at the start, and what went wrong is JSON.
Nothing is pickled, so that nothing that arrives can make the reader do something.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racegym.entrants.failure import FailureError, Fault

__all__ = [
    "ANSWER",
    "ASK",
    "DECLARE",
    "HEADER",
    "MOST",
    "READY",
    "REFUSED",
    "SETUP",
    "Answer",
    "Layout",
    "Row",
    "frame",
    "pack_answers",
    "pack_question",
    "read_failure",
    "read_mapping",
    "unpack_answers",
    "unpack_question",
]

DECLARE, SETUP, ASK = b"D", b"S", b"Q"  # to the entrant
READY, REFUSED, ANSWER = b"K", b"E", b"A"  # from it
HEADER = struct.Struct("<cI")
MOST = 1 << 20  # [bytes] of a payload from an entrant
MOST_WORDS = 1000  # characters of what went wrong

_COUNTS = struct.Struct("<II")  # number of the question, rows
_ROW = struct.Struct("<I?Q")  # race, starts afresh, seed
_DECISION = struct.Struct("<B3sB")  # 0 or the fault, dtype, dimensions
_LENGTH = struct.Struct("<I")
_DTYPES = {f"{kind}{size}".encode() for kind in ("<f", "<i", "<u") for size in (2, 4, 8)} | {
    b"|b1", b"|i1", b"|u1"
}  # fmt: skip

Answer = NDArray[Any] | FailureError


class Row(NamedTuple):
    """Who is asked.

    Attributes:
        race: index of the race.
        fresh: its episode begins with this question.
        seed: of that episode.
    """

    race: int
    fresh: bool
    seed: int


def frame(kind: bytes, payload: bytes) -> bytes:
    """Return a message."""
    return HEADER.pack(kind, len(payload)) + payload


class Layout:
    """How observations lie in a message.

    Args:
        parts: name, shape and dtype of each sensor's part; one without a name is a box.
    """

    def __init__(self, parts: Sequence[tuple[str | None, Sequence[int], str]]):
        self._parts = [(name, tuple(shape), np.dtype(dtype)) for name, shape, dtype in parts]

    @classmethod
    def of(cls, space: Any) -> Layout:
        """Return the layout of a box, or of a dictionary of boxes."""
        boxes = getattr(space, "spaces", None)
        named = [(None, space)] if boxes is None else list(boxes.items())
        return cls([(name, box.shape, box.dtype.str) for name, box in named])

    def plain(self) -> list[tuple[str | None, list[int], str]]:
        """Return it as plain data, which makes another one."""
        return [(name, list(shape), dtype.str) for name, shape, dtype in self._parts]

    def pack(self, observations: Any, rows: NDArray[np.int64]) -> bytes:
        """Return the bytes of some rows."""
        if isinstance(observations, dict):
            return b"".join(observations[name][rows].tobytes() for name, _, _ in self._parts)
        return bytes(observations[rows].tobytes())

    def unpack(self, raw: bytes, count: int) -> list[Any]:
        """Return the observation of each row, in memory of its own."""
        found: list[dict[str | None, Any]] = [{} for _ in range(count)]
        start = 0
        for name, shape, dtype in self._parts:
            size = count * prod(shape)
            part = np.frombuffer(raw, dtype, size, start).reshape((count, *shape))
            start += size * dtype.itemsize
            for row, values in zip(found, part, strict=True):
                row[name] = values.copy()
        return [row.get(None, row) for row in found]


def pack_question(number: int, rows: Sequence[Row], observations: bytes) -> bytes:
    """Return a question as a message."""
    heads = b"".join(_ROW.pack(*row) for row in rows)
    return frame(ASK, _COUNTS.pack(number, len(rows)) + heads + observations)


def unpack_question(payload: bytes, layout: Layout) -> tuple[int, list[tuple[Row, Any]]]:
    """Return the question's number, and whom it asks with which observation."""
    number, count = _COUNTS.unpack_from(payload)
    heads = _COUNTS.size
    told = heads + count * _ROW.size
    rows = [Row(*_ROW.unpack_from(payload, heads + k * _ROW.size)) for k in range(count)]
    return number, list(zip(rows, layout.unpack(payload[told:], count), strict=True))


def pack_answers(number: int, answers: Sequence[Answer]) -> bytes:
    """Return answers as a message."""
    parts = [_COUNTS.pack(number, len(answers))]
    for answer in answers:
        if isinstance(answer, FailureError):
            text = json.dumps({"what": answer.what, "line": answer.line}).encode()
            parts += [_DECISION.pack(answer.fault, b"   ", 0), _LENGTH.pack(len(text)), text]
        else:
            little = answer.astype(answer.dtype.newbyteorder("<"), copy=False)
            parts.append(_DECISION.pack(0, little.dtype.str.encode(), little.ndim))
            parts += [_LENGTH.pack(length) for length in little.shape]
            parts.append(little.tobytes())
    return frame(ANSWER, b"".join(parts))


def unpack_answers(payload: bytes) -> tuple[int, list[Answer]]:
    """Return the number of the question and the answers.

    Raises:
        ValueError: it is no such message.
    """
    try:
        return _unpack_answers(payload)
    except struct.error as error:
        raise ValueError(f"no answer: {error}") from error


def read_mapping(payload: bytes) -> dict[str, Any]:
    """Return the mapping that an entrant's process has written as JSON.

    Raises:
        ValueError: it is none.
    """
    try:
        told = json.loads(payload)
    except RecursionError:
        raise ValueError("it is too deep") from None
    if not isinstance(told, dict):
        raise ValueError("it is no mapping")
    return told


def read_failure(payload: bytes) -> tuple[str, int | None]:
    """Return what went wrong there, in words, and the line of the file, if it is known.

    Raises:
        ValueError: it does not say so.
    """
    told = read_mapping(payload)
    what, line = told.get("what"), told.get("line")
    if not isinstance(what, str):
        raise ValueError("it does not say what went wrong")
    return what[:MOST_WORDS], line if type(line) is int else None


def _unpack_answers(payload: bytes) -> tuple[int, list[Answer]]:
    number, count = _COUNTS.unpack_from(payload)
    answers: list[Answer] = []
    at = _COUNTS.size
    for _ in range(count):
        fault, dtype, dimensions = _DECISION.unpack_from(payload, at)
        at += _DECISION.size
        if fault:
            (length,) = _LENGTH.unpack_from(payload, at)
            at += _LENGTH.size
            answers.append(FailureError(Fault(fault), *read_failure(payload[at : at + length])))
            at += length
            continue
        if dtype not in _DTYPES:
            raise ValueError(f"no dtype: {dtype!r}")
        shape = [_LENGTH.unpack_from(payload, at + 4 * k)[0] for k in range(dimensions)]
        at += 4 * dimensions
        kind = np.dtype(dtype.decode())
        size = prod(shape)
        if size * kind.itemsize > len(payload) - at:
            raise ValueError("an array is cut off")
        answers.append(np.frombuffer(payload, kind, size, at).reshape(shape))
        at += size * kind.itemsize
    if at != len(payload):
        raise ValueError("something stands behind the answers")
    return number, answers
