"""Tracks: read from files, drawn from seeds, or made by plugins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from racegym import plugins
from racegym.errors import PluginError
from racegym.scenario.settings import GenerateSettings, TrackSettings
from racegym.track import Track, generate, read_tum

__all__ = ["make_tracks"]


def make_tracks(settings: TrackSettings) -> Sequence[Track]:
    """Return the track, or the ``count`` tracks, that one entry of a scenario stands for.

    Raises:
        TrackError: a file or a geometry is wrong; a file's own line is named.
        UnknownNameError, PluginError: nobody offers such a track, or the offer is broken.
    """
    if settings.file is not None:
        tracks = [read_tum(settings.file)]
    elif settings.generate is not None:
        tracks = _generated(settings.generate)
    else:
        assert settings.name is not None
        tracks = [_offered(settings.name)]
    return [track.reversed() for track in tracks] if settings.reverse else tracks


def _generated(settings: GenerateSettings) -> list[Track]:
    values = settings.model_dump(exclude={"seed", "count"})
    return [generate(settings.seed + k, **values) for k in range(settings.count)]


def _offered(name: str) -> Track:
    offer = plugins.load().find("track", name)
    if offer.is_file:
        return read_tum(Path(offer.path()), name=offer.name)
    track = offer.load()()
    if not isinstance(track, Track):
        raise PluginError(f"the track {name!r} of {offer.dist} is a {type(track).__name__}")
    return track
