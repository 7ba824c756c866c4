"""Distances along beams: to the edges or walls of the track, to cars and to obstacles."""

from __future__ import annotations

from math import pi
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from racegym.interfaces import Array, Cars, Sensor, Setup, StageOptions, View, options
from racegym.kernels.beams import BLOCK, cast_beams
from racegym.sensors.angles import in_radians
from racegym.sensors.values import Value, box

__all__ = ["MOST_BEAMS", "PRESETS", "Rays"]

MOST_BEAMS = 4096
FULL_TURN = 2.0 * pi

PRESETS: dict[str, dict[str, Any]] = {
    "five": {"angles": (-pi / 4, -pi / 8, 0.0, pi / 8, pi / 4), "range": 50.0},
    "lidar_1080": {"beams": 1080, "field_of_view": 4.7, "range": 30.0},
}


class Rays(Sensor):
    """Distances from the car along beams, from right to left.

    A beam ends at the nearest border of the track's own corridor, at another car or an obstacle
    in it, or at ``range``. Borders run straight from sample to sample of the track. Parts of the
    track on another level are not seen, nor is what lies behind a border.
    """

    class Options(StageOptions):
        """Settings of the sensor."""

        preset: Literal["five", "lidar_1080"] | None = Field(
            None, description="beams and range that others are known to use; both may be changed"
        )
        angles: (
            Annotated[
                tuple[Annotated[float, Field(ge=-pi, lt=pi), in_radians(pi)], ...],
                Field(min_length=1, max_length=MOST_BEAMS),
            ]
            | None
        ) = Field(None, description="[rad] of each beam, left positive, rising")
        beams: Annotated[int, Field(ge=1, le=MOST_BEAMS)] | None = Field(
            None, description="how many are spread over the field of view; 9 by default"
        )
        field_of_view: Annotated[
            Annotated[float, Field(gt=0, le=FULL_TURN)] | None, in_radians(FULL_TURN)
        ] = Field(
            None, description="[rad] that beams are spread over, from edge to edge; pi by default"
        )
        range: Annotated[float, Field(gt=0, le=1000)] | None = Field(
            None, description="[m] of the longest beam; 50 by default"
        )
        against: Literal["edges", "walls"] = Field(
            "edges", description="edges of the asphalt, or the walls beyond the run-off"
        )
        mount: float = Field(
            0.0, ge=-10, le=10, description="[m] of the sensor ahead of the car's centre of mass"
        )
        unit: Literal["range", "m"] = Field(
            "range", description="what reads 1: the range, or a metre"
        )

        @model_validator(mode="after")
        def _one_way_of_saying(self) -> Rays.Options:
            if self.angles is not None:
                given = [k for k in ("beams", "field_of_view") if getattr(self, k) is not None]
                if given:
                    raise ValueError(f"give angles, or {' and '.join(given)}, not both")
                if any(b <= a for a, b in zip(self.angles, self.angles[1:], strict=False)):
                    raise ValueError("angles must rise, from the right (negative) to the left")
            return self

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "sensor 'rays'")
        angles = self._angles()
        self.angles = angles
        self._beams = np.ascontiguousarray([np.cos(angles), np.sin(angles)])
        self._reach = float(self._setting("range", 50.0))
        self._unit = self._reach if self.options.unit == "range" else 1.0
        self._column = 0 if self.options.against == "edges" else 4
        blocks = -(-setup.view.n_races * setup.view.n_cars // BLOCK)
        self._scratch = np.empty((blocks, len(angles)))
        scale = "option range" if self.options.unit == "range" else "1 m"
        high = self._reach / self._unit
        self.values = tuple(
            Value(f"beam_{index}", "m", scale, 0.0, high, f"distance at {angle:.3f} rad")
            for index, angle in enumerate(angles)
        )
        self.space = box(self.values)

    def _setting(self, name: str, default: Any) -> Any:
        """Return an option: as it was given, as the preset has it, or else the default."""
        given = getattr(self.options, name)
        if given is None:
            given = PRESETS.get(self.options.preset or "", {}).get(name, default)
        return given

    def _angles(self) -> NDArray[np.float64]:
        """Return the angles [rad] of all beams, rising; (n,)."""
        asked = self.options
        spread = asked.beams is not None or asked.field_of_view is not None
        given = asked.angles if spread else self._setting("angles", None)
        if given is not None:
            return np.array(given, np.float64)
        view = self._setting("field_of_view", pi)
        beams = self._setting("beams", 9)
        if beams == 1:
            return np.zeros(1)
        # A full turn has no two beams in the same direction.
        return np.linspace(-view / 2.0, view / 2.0, beams, endpoint=view < FULL_TURN)

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, beams)."""
        state, vehicle, tracks = view.state, view.vehicle, view.tracks
        cast_beams(
            cars, out, state.x, state.y, state.yaw, view.frame.segment, view.race.present,
            vehicle.length, vehicle.width, vehicle.wheelbase, vehicle.to_front,
            tracks.race_track, tracks.points, tracks.borders, tracks.obstacles, tracks.table,
            self.angles, self._beams, self._column, self.options.mount,
            self._reach, self._unit, self._scratch,
        )  # fmt: skip
