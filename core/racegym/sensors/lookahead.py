"""The track ahead: how it bends and how wide it is at chosen places."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from racegym.interfaces import Array, Cars, Sensor, Setup, StageOptions, View, options
from racegym.kernels.sensing import observe_lookahead
from racegym.sensors.values import Value, box

__all__ = ["DISTANCES", "Lookahead"]

DISTANCES = (0.0, 4.0, 8.0, 12.0, 18.0, 25.0, 35.0, 45.0, 60.0, 80.0, 100.0, 130.0)  # [m]


class Lookahead(Sensor):
    """Curvature and width of the track at places ahead, by distance or by time.

    With n places: first n curvatures, then n widths, then, if asked, n changes of heading
    from the car's own place. Between the track's samples values are linear; beyond the line
    the lap begins again. By time, a place lies ``seconds`` times the car's forward speed
    ahead, at least ``least_speed``. What each number is stands in ``values``.
    """

    class Options(StageOptions):
        """Settings of the sensor."""

        distances: (
            Annotated[
                tuple[Annotated[float, Field(ge=-1000, le=5000)], ...],
                Field(min_length=1, max_length=256),
            ]
            | None
        ) = Field(None, description="[m] ahead of the car; twelve from 0 to 130 m by default")
        seconds: (
            Annotated[
                tuple[Annotated[float, Field(ge=0, le=60)], ...],
                Field(min_length=1, max_length=256),
            ]
            | None
        ) = Field(None, description="[s] ahead at the car's speed, in place of distances")
        least_speed: float = Field(
            5.0, gt=0, le=100, description="[m/s] that seconds are counted with at least"
        )
        radius: float = Field(10.0, gt=0, le=10000, description="[m] radius that reads 1")
        width: float = Field(10.0, gt=0, le=1000, description="[m] width that reads 1")
        heading: bool = Field(False, description="add the change of heading at each place")
        reference: Literal["centerline", "racing_line"] = Field(
            "centerline", description="the line whose curvature is told"
        )

        @model_validator(mode="after")
        def _one_of_two(self) -> Lookahead.Options:
            if self.distances is not None and self.seconds is not None:
                raise ValueError("give distances or seconds, not both")
            return self

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "sensor 'lookahead'")
        self._timed = self.options.seconds is not None
        places = self.options.seconds or self.options.distances or DISTANCES
        self._ahead = np.array(places, np.float64)
        self.requires = frozenset({"vx"}) if self._timed else frozenset()
        unit = "s" if self._timed else "m"
        at = [(f"{place:g}_{unit}", f"{place:g} {unit} ahead") for place in places]
        values = [
            Value(f"curvature_{k}", "1/m", "1 / option radius", -10, 10, f"curvature {where}")
            for k, where in at
        ]
        values += [
            Value(f"width_{k}", "m", "option width", 0, 10, f"width, edge to edge, {where}")
            for k, where in at
        ]
        if self.options.heading:
            values += [
                Value(f"heading_{k}", "rad", "pi", -1, 1, f"change of heading up to {where}")
                for k, where in at
            ]
        self.values = tuple(values)
        self.space = box(self.values)

    def observe(self, view: View, cars: Cars, out: Array) -> None:
        """Fill ``out`` (k, 2 n), or (k, 3 n) with headings."""
        tracks = view.tracks
        racing = self.options.reference == "racing_line"
        observe_lookahead(
            cars, out, view.frame.s, view.state.vx,
            tracks.race_track, tracks.points,
            tracks.line_outline if racing else tracks.outline, tracks.table,
            self._ahead, self._timed, self.options.least_speed,
            self.options.radius, self.options.width, self.options.heading,
        )  # fmt: skip
