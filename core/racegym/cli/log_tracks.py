"""Which track a log or a lap is laid over, as a command line names it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from racegym.errors import ScenarioError, TrackError, UnknownNameError

if TYPE_CHECKING:
    from racegym.track import Track

__all__ = ["named_track"]


def named_track(text: str) -> Track:
    """Return the track that a name, a track file or a scenario, shipped or a file, stands for.

    Raises:
        RacegymError: there is none, it is broken, or the scenario has several.
    """
    path = Path(text)
    if path.suffix in (".yaml", ".yml") and path.is_file() and not _is_track(path):
        return _of_scenario(path)
    from racegym import plugins
    from racegym.scenario.track_names import find_track

    try:
        return find_track(text)[0]
    except UnknownNameError:
        if text not in plugins.load().names("scenario"):
            raise
        return _of_scenario(text)


def _is_track(path: Path) -> bool:
    from racegym.formats import format_of

    try:
        format_of(path)
    except TrackError:
        return False
    return True


def _of_scenario(path: Path | str) -> Track:
    from racegym.scenario import load_scenario
    from racegym.scenario.tracks import make_tracks

    settings = load_scenario(path).every_track
    tracks = make_tracks(settings[0]) if len(settings) == 1 else []
    if len(tracks) != 1:
        raise ScenarioError("has no single track to lay the log over", file=Path(path))
    return tracks[0]
