"""What goes into a parcel: plain arrays and JSON, never a pickle."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.interfaces import Cars, Channel
from racegym.track import Crossing, Track
from racegym.track.obstacles import MAX_OBSTACLES

__all__ = [
    "OBSTACLE_BYTES",
    "POINT_BYTES",
    "Brief",
    "decode_poses",
    "decode_track",
    "encode_poses",
    "encode_track",
]

POINT_BYTES = 8 * sum(field.type == "Floats" for field in fields(Track))
OBSTACLE_BYTES = 8 * 4 * MAX_OBSTACLES  # of a track with the most
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What a worker builds its engine from.

    Attributes:
        engine: the class, ``"package.module:Class"``.
        options: of the engine, plain data.
        vehicles: for each car slot, likewise.
        channels: of the view.
        n_cars, dt: of the view.
        real: the name of the world's real dtype.
        max_points: most samples of a track.
    """

    engine: str
    options: Mapping[str, Any]
    vehicles: Sequence[Mapping[str, Any]]
    channels: Sequence[Channel]
    n_cars: int
    dt: float
    real: str
    max_points: int

    def encode(self, track: Track) -> bytes:
        """Return the brief and the track to start with as bytes.

        Raises:
            TypeError: the options or a vehicle hold what JSON has no word for.
        """
        text = json.dumps(asdict(self)).encode()
        return _LENGTH.pack(len(text)) + text + encode_track(track)

    @classmethod
    def decode(cls, raw: bytes) -> tuple[Brief, Track]:
        """Return what ``encode`` was given."""
        text, rest = _split(raw)
        told = json.loads(text)
        told["channels"] = [
            Channel(**(channel | {"shape": tuple(channel["shape"])}))
            for channel in told["channels"]
        ]
        return cls(**told), decode_track(rest)


def encode_track(track: Track) -> bytes:
    """Return a track as its numbers in JSON and its arrays as they lie in memory."""
    arrays: dict[str, tuple[str, tuple[int, ...]]] = {}
    values: dict[str, Any] = {}
    raw = b""
    for field in fields(track):
        value = getattr(track, field.name)
        if isinstance(value, np.ndarray):
            arrays[field.name] = (value.dtype.name, value.shape)
            raw += value.tobytes()
        else:
            values[field.name] = value
    text = json.dumps([arrays, values]).encode()
    return _LENGTH.pack(len(text)) + text + raw


def decode_track(raw: bytes) -> Track:
    """Return the track that ``encode_track`` was given, equal in every bit."""
    text, rest = _split(raw)
    shapes, values = json.loads(text)
    arrays: dict[str, Any] = {}
    start = 0
    for name, (dtype, shape) in shapes.items():
        array = np.frombuffer(rest, dtype, prod(shape), offset=start)
        arrays[name] = array.reshape(shape)
        start += array.nbytes
    values["origin"] = tuple(values["origin"])
    values["problems"] = tuple(values["problems"])
    values["crossings"] = tuple(Crossing(*pair) for pair in values["crossings"])
    return Track(**arrays, **values)


def encode_poses(cars: Cars, pose: NDArray[np.float64], speed: NDArray[np.float64]) -> bytes:
    """Return the arguments of ``Backend.place`` as bytes."""
    return cars.astype(np.int64).tobytes() + np.column_stack([pose, speed]).tobytes()


def decode_poses(raw: bytes) -> tuple[Cars, NDArray[np.float64], NDArray[np.float64]]:
    """Return the arguments of ``Backend.place``."""
    count = len(raw) // 40
    numbers = np.frombuffer(raw, np.float64, 4 * count, offset=8 * count).reshape(count, 4)
    cars = np.frombuffer(raw, np.int64, count)
    return cars, np.ascontiguousarray(numbers[:, :3]), np.ascontiguousarray(numbers[:, 3])


def _split(raw: bytes) -> tuple[bytes, bytes]:
    start = _LENGTH.size
    end = start + _LENGTH.unpack_from(raw)[0]
    return raw[start:end], raw[end:]
