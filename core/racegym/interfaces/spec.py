"""What a backend says of itself, before it is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from racegym.api import API

__all__ = ["API", "BackendSpec", "Channel", "ChannelAxes"]

ChannelAxes = Literal["race", "race car", "race car wheel", "race s lane"]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Anything more than ``CarState`` that a backend or a realism module offers by name.

    Attributes:
        name: unique among all providers of a world, such as ``"tyre_temperature"``.
        axes: what the array is led by.
        shape: what follows these axes, such as ``(96, 96, 3)``.
        dtype: numpy dtype, or ``"real"``.
        unit: SI unit, ``"1"`` for a ratio, ``""`` for a code.
        low, high: finite bounds, for sensors that scale it and for the conformance suite.
        doc: one line.
    """

    name: str
    axes: ChannelAxes = "race car"
    shape: tuple[int, ...] = ()
    dtype: str = "real"
    unit: str = "1"
    low: float
    high: float
    doc: str = ""


@dataclass(frozen=True, kw_only=True)
class BackendSpec:
    """What a backend can do. Core refuses early, by name, what it can't.

    Attributes:
        api: major version of the plugin interface that it was written for.
        dt: default control interval [s].
        frame: the engine's fixed step [s]; ``dt`` must be a multiple of it. None: any dt.
        max_races, max_cars: limits; None for none.
        fills: names of the ``CarState`` fields that it fills; all others stay missing.
        channels: anything more that it offers.
        effects: names of the ``Effects`` fields that it honours.
        contacts: what it reports in ``Contacts``: ``"car"``, ``"wall"``, ``"obstacle"``.
        collides: whether cars touch each other at all.
        deterministic: same keys and controls give the same bits.
        real_time: wall time passes with simulated time, and a step may be late or lost.
        devices: where it can run.
        tracks: ``"given"`` drives the tracks it is given; ``"fixed"`` has one of its own;
            ``"new"`` makes one at each reset.
        max_points: most centerline points of a track of its own.
        placement: where it can put cars: ``"any"`` pose; ``"grid"`` only before the first
            step; ``"start"`` only at its own start; ``"none"``.
        snapshots: ``"arrays"`` when the world's arrays hold all of its state, ``"engine"``
            when ``save`` and ``load`` work, ``"none"``.
        vehicles: ``"given"`` builds the vehicles it is given; ``"own"`` has its own.
        varies: names of the vehicles' parameters, dotted where they are nested, that it takes
            from ``Setup.drawn`` at every reset.
    """

    api: int = API
    dt: float = 0.05
    frame: float | None = None
    max_races: int | None = None
    max_cars: int | None = None
    fills: frozenset[str] = frozenset()
    channels: tuple[Channel, ...] = ()
    effects: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    collides: bool = False
    deterministic: bool = True
    real_time: bool = False
    devices: tuple[str, ...] = ("cpu",)
    tracks: Literal["given", "fixed", "new"] = "given"
    max_points: int = 4096
    placement: Literal["any", "grid", "start", "none"] = "any"
    snapshots: Literal["arrays", "engine", "none"] = "arrays"
    vehicles: Literal["given", "own"] = "given"
    varies: frozenset[str] = frozenset()
