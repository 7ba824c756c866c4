"""Reading a track from a drawn picture, with or without gates in a ``checkpoints.json`` beside it.

What is painted and goes round is the track; see ``racegym.formats.picture.drivable`` for how it
is told from kerbs, text and clutter. The picture says nothing of metres, so its scale, or the
width or length of the track, must be told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from racegym.formats.picture.names import CHECKPOINTS, is_colour, is_picture
from racegym.formats.registry import FormatOptions
from racegym.track import Track

__all__ = ["Options", "read", "recognises"]


class Options(FormatOptions):
    """What may be told of a picture of a track."""

    scale: float | None = Field(None, gt=0, le=1000, description="metres of a pixel")
    width: float | None = Field(
        None, gt=0, le=1000, description="median width of the track in metres"
    )
    length: float | None = Field(None, gt=0, le=100_000, description="of the lap in metres")
    start: tuple[float, float] | None = Field(
        None,
        description="x and y of the start line in pixels, y down; None: on the straightest part",
    )
    direction: (
        Literal["cw", "ccw"] | Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)] | None
    ) = Field(
        None,
        description="of the lap: cw, ccw, or the heading at the start in degrees, 0 to the right, "
        "90 up; None: as the gates tell, else clockwise",
    )
    track_color: str | None = Field(
        None, description='of the track, such as "#5a5a5a" or "gray"; None: told by its shape'
    )
    tolerance: float = Field(
        60.0, gt=0, le=510, description="distance from track_color, of 510, that still is track"
    )
    threshold: float | None = Field(
        None, gt=0, lt=255, description="gray value: darker is track; None: colours decide"
    )
    invert: bool = Field(False, description="with threshold: brighter is track")
    smoothing: float = Field(
        0.1, gt=0, le=20, description="pixels by which the middle line may be smoothed"
    )
    gates: bool = Field(True, description=f"whether a {CHECKPOINTS} beside the picture is read")

    @field_validator("direction", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        try:
            return float(value) if isinstance(value, str) else value
        except ValueError:
            return value

    @field_validator("track_color")
    @classmethod
    def _colour(cls, value: str | None) -> str | None:
        if value is not None and not is_colour(value):
            raise ValueError('a colour is written as "#5a5a5a" or by name, such as gray')
        return value

    @model_validator(mode="after")
    def _one(self) -> Options:
        sizes = [each for each in ("scale", "width", "length") if getattr(self, each) is not None]
        if len(sizes) > 1:
            raise ValueError(f"give one of {' and '.join(sizes)}: each tells the size by itself")
        if self.threshold is not None and self.track_color is not None:
            raise ValueError("give one of threshold and track_color")
        if self.invert and self.threshold is None:
            raise ValueError("invert goes with threshold")
        return self


def recognises(path: Path, head: bytes) -> bool:
    """Return whether a file is a picture."""
    del path
    return is_picture(head)


def read(path: Path, options: Options) -> Track:
    """Return the track that the picture ``path`` shows.

    Raises:
        TrackPictureError: it shows none, or more than one; carries a picture of what was found.
        TrackError: it can't be read, its size in metres is not told, or gates are wrong.
        MissingLibraryError: scikit-image is not installed.
    """
    from racegym.formats.picture.course import track_in  # scipy is loaded when it is used

    return track_in(path, options)
