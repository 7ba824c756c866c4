"""Tracks: read from files, drawn from seeds, or made by plugins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from racegym import plugins
from racegym.errors import TrackError
from racegym.formats import read_track
from racegym.scenario.settings import GenerateSettings, ObstacleSettings, TrackSettings
from racegym.scenario.track_names import offered_track
from racegym.track import Track, generate

__all__ = ["make_tracks", "with_obstacle"]


def make_tracks(settings: TrackSettings) -> Sequence[Track]:
    """Return the track, or the ``count`` tracks, that one entry of a scenario stands for.

    Obstacles that are listed one by one are not on it yet.

    Raises:
        TrackError: a file or a geometry is wrong; a file's own line is named.
        UnknownNameError, PluginError: nobody offers such a track, or the offer is broken.
    """
    if settings.file is not None:
        tracks = [read_track(settings.file, settings.format, settings.options)]
    elif settings.generate is not None:
        tracks = _generated(settings.generate)
    else:
        assert settings.name is not None
        tracks = [offered_track(plugins.load().find("track", settings.name))]
    return [track.reversed() for track in tracks] if settings.reverse else tracks


def with_obstacle(track: Track, settings: ObstacleSettings) -> Track:
    """Return the track with an obstacle more.

    Raises:
        TrackError: it is out of reach of the track, or there are too many.
    """
    if settings.s is None:
        place = np.array([[settings.x, settings.y, settings.radius]], np.float64)
        return track.with_obstacles(place)
    if not -track.length <= settings.s <= track.length:
        raise TrackError(
            f"track {track.name!r}: an obstacle stands at s = {settings.s:g} m; a lap is "
            f"{track.length:.1f} m long"
        )
    x, y, _ = track.at(settings.s, settings.d or 0.0)
    return track.with_obstacles([[float(x), float(y), settings.radius]], near=settings.s)


def _generated(settings: GenerateSettings) -> list[Track]:
    values = settings.model_dump(exclude={"seed", "count"})
    return [generate(settings.seed + k, **values) for k in range(settings.count)]
