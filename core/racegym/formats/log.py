"""Logs of positions over many laps, as a form of track: GPX, RaceChrono, VBO, any CSV.

The track is the mean line of the laps that count; what was found and assumed stands in its
notes.
"""

from __future__ import annotations

from pathlib import Path

from racegym.errors import TrackError
from racegym.formats.logs import is_log
from racegym.formats.logs.options import LogOptions as Options
from racegym.track import Track

__all__ = ["Options", "read", "recognises"]


def recognises(path: Path, head: bytes) -> bool:
    """Return whether a file plainly holds positions with times."""
    return bool(head) and is_log(path, head)


def read(path: Path, options: Options) -> Track:
    """Return the track of a log.

    Raises:
        TrackError: naming the file and, where there is one, the line at fault.
    """
    # What fits and finds laps is imported for a log only, not whenever a file is asked its form.
    from racegym.formats.logs.session import read_session, track_of

    session = read_session(path, options)
    try:
        return track_of(session, options, options.name or path.stem)
    except TrackError as error:
        what = error.what.removeprefix(f"{path.name}: ")
        raise TrackError(what, file=path) from None
