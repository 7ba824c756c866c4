"""The line that a picture of a track shows, and how fast a vehicle can drive it."""

from __future__ import annotations

from racegym.raceline.capability import VehicleModel
from racegym.raceline.reference import DEFAULT_LINE, reference_lap
from racegym.report.track_picture import DrivenLine
from racegym.report.wording import lap_text
from racegym.track import Track

__all__ = ["driven_line"]


def driven_line(track: Track, model: VehicleModel, name: str) -> DrivenLine:
    """Return the limit of a lap on the line that a track brings, else on that of references.

    Args:
        track: the track.
        model: the vehicle.
        name: of the vehicle.

    Raises:
        RacegymError: the vehicle is too wide for the track, or tells nothing of what it can do.
    """
    lap = reference_lap(track, model, DEFAULT_LINE if track.line is None else "own")
    told = lap_text(lap.lap_time) + (" s" if lap.lap_time < 60.0 else "")
    about = f"{name} on the {lap.line.name.replace('_', ' ')} line, {told}"
    return DrivenLine(d=lap.line.offset, speed=lap.speed, about=about)
