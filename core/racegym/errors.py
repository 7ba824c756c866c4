"""Every error that racegym raises on purpose, and how its message is made.

    RacegymError
    ├── ScenarioError     a scenario file or a setting in it is wrong
    ├── UnknownNameError  nothing of that kind goes by that name
    ├── TrackError        a track file or a track's geometry is wrong
    │   └── TrackPictureError  ... and a picture shows what was found
    ├── PluginError       a plugin failed to load, or two offer one name
    ├── BackendError      a backend can't do what it was asked, or broke
    ├── ActionError       actions have the wrong shape or are not finite
    ├── RunError          a run folder can't be written, read or verified
    │   └── TrainingError  ... and what is being learned came to nothing
    └── MissingLibraryError  an optional library is not installed

A message says what was asked, where (file and line when there is one), the nearest valid
choice and the command that fixes it. ``racegym`` prints it and exits with code 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "ActionError",
    "BackendError",
    "MissingLibraryError",
    "PluginError",
    "RacegymError",
    "RunError",
    "ScenarioError",
    "TrackError",
    "TrackPictureError",
    "TrainingError",
    "UnknownNameError",
    "naming",
    "nearest",
]


_NAMED = 60  # names in one message


class RacegymError(Exception):
    """Base of all errors meant for a user's eyes.

    Args:
        what: one or two plain sentences: the fact, the value, the fix.
        file: the file at fault, if any.
        line: its line, counted from 1, if known.

    Attributes:
        stage: the stage at fault where a world is built, as the names of its arrays begin:
            ``"agents.default.observation.rays"``; None otherwise.
    """

    stage: str | None = None

    def __init__(self, what: str, *, file: str | Path | None = None, line: int | None = None):
        self.what = what
        self.file = str(file) if file is not None else None
        self.line = line
        super().__init__(what)

    def __str__(self) -> str:
        if self.file is None:
            return self.what
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.what}"


class ScenarioError(RacegymError):
    """A scenario, or one setting of it, is wrong."""


class UnknownNameError(RacegymError):
    """Nothing of that kind goes by that name."""


class TrackError(RacegymError):
    """A track file or a track's geometry is wrong."""


class TrackPictureError(TrackError):
    """What a picture shows is no track.

    Args:
        what: as for ``RacegymError``.
        file: the file at fault.
        picture: (h, w, 3) uint8 red, green and blue: what was found in it, for people. Whoever
            reports the error may save it and name the file; the reader writes nothing.
    """

    def __init__(self, what: str, *, file: str | Path | None, picture: NDArray[np.uint8]):
        super().__init__(what, file=file)
        self.picture = picture


class PluginError(RacegymError):
    """A plugin failed to load, or two plugins offer one name."""


class BackendError(RacegymError):
    """A backend can't do what it was asked, or it broke."""


class ActionError(RacegymError, ValueError):
    """Actions have the wrong shape or hold a value that is not finite."""


class RunError(RacegymError):
    """A run folder can't be written, read or verified."""


class TrainingError(RunError):
    """Learning came to nothing, as where a loss is no number any more."""


class MissingLibraryError(RacegymError, ImportError):
    """Something needs a library that racegym itself does without."""


def nearest(name: object, valid: Iterable[str]) -> str:
    """Return a hint: the nearest valid name if one is close, then all of them, or the first 60.

    ``name`` is what stood where a name was expected, of whatever type.

    >>> nearest("pure_persuit", ["idle", "pure_pursuit"])
    "did you mean 'pure_pursuit'? Valid: idle, pure_pursuit"
    """
    names = sorted(valid)
    close = get_close_matches(str(name), names, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{guess}Valid: {', '.join(names[:_NAMED]) or 'none'}{more}"


@contextmanager
def naming(file: str | Path | None) -> Iterator[None]:
    """Let an error that names no file name this one, if there is one."""
    try:
        yield
    except RacegymError as error:
        if error.file is not None or file is None:
            raise
        raise type(error)(error.what, file=file) from error
