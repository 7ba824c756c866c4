"""The line that a picture of a track shows, and how fast a vehicle drives it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from racegym.drivers.speed_profile import Envelope, lap_time, speed_profile
from racegym.raceline.line import Line
from racegym.raceline.racing_line import racing_line
from racegym.report.track_picture import DrivenLine
from racegym.report.wording import lap_text
from racegym.track import Track

__all__ = ["driven_line"]


def driven_line(track: Track, vehicle: Mapping[str, float], name: str) -> DrivenLine:
    """Return the racing line that a track brings, or that of least curvature, and its speeds.

    The speeds are those of a point mass, see ``racegym.kernels.pacing``.

    Args:
        track: the track.
        vehicle: the fields of ``VehicleTable`` of the vehicle.
        name: of the vehicle.

    Raises:
        TrackError: the vehicle is too wide for the track.
    """
    if track.line is not None:
        line = Line.of_track(track)
    else:
        line = racing_line(track, "minimum_curvature", width=vehicle["width"])
    even = line.length / len(track)
    s = even * np.arange(len(track))
    bend = np.interp(s, line.s, line.curvature, period=line.length)
    fields = {field: vehicle[field] for field in Envelope._fields if np.isfinite(vehicle[field])}
    speed = speed_profile(bend, even, Envelope(**fields))
    seconds = lap_time(speed, even)
    told = lap_text(seconds) + (" s" if seconds < 60.0 else "")
    about = f"{name} on the {line.name.replace('_', ' ')} line, {told}"
    return DrivenLine(d=line.offset, speed=np.interp(line.s, s, speed, period=line.length),
                      about=about)  # fmt: skip
