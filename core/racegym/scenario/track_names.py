"""Tracks by name: those of the project, the user's own, and those that plugins offer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from racegym import plugins
from racegym.errors import PluginError, RacegymError, ScenarioError, UnknownNameError, nearest
from racegym.formats import library, read_track
from racegym.plugins import Offer
from racegym.scenario.canonical import is_path
from racegym.track import Track

__all__ = [
    "NamedTrack",
    "check_name",
    "find_path",
    "find_track",
    "libraries",
    "named_tracks",
    "offered_track",
]


@dataclass(frozen=True, kw_only=True)
class NamedTrack:
    """A track that a name stands for.

    Attributes:
        name: of it.
        origin: whose it is: ``project``, ``user``, or the dist of a plugin.
        path: of its file or folder, where it has one.
        offer: by which a plugin offers it, if one does.
    """

    name: str
    origin: str
    path: Path | None = None
    offer: Offer | None = None

    def read(self) -> Track:
        """Return the track.

        Raises:
            TrackError, PluginError: it is broken.
        """
        if self.offer is not None:
            return offered_track(self.offer)
        assert self.path is not None
        return read_track(self.path)


def libraries(beside: Path | None = None) -> list[tuple[str, Path]]:
    """Return whose each library is, and its folder, in the order in which names are looked up.

    Args:
        beside: the folder of a scenario, whose project's library comes first; that of the
            working directory comes second, and the user's own last.
    """
    projects = [Path.cwd()] if beside is None else [beside, Path.cwd()]
    folders = [("project", folder / library.PROJECT) for folder in projects]
    folders.append(("user", library.user_library()))
    kept: dict[Path, tuple[str, Path]] = {}
    for origin, folder in folders:
        kept.setdefault(folder.absolute(), (origin, folder))
    return list(kept.values())


def named_tracks(beside: Path | None = None) -> Iterator[NamedTrack]:
    """Yield every track that has a name; of two that share one, the first is meant by it.

    Raises:
        TrackError: the folder of a library can't be read.
    """
    for origin, folder in libraries(beside):
        for entry in library.entries(folder):
            yield NamedTrack(name=entry.name, origin=origin, path=entry.path)
    for offer in plugins.load().offers("track"):
        path = offer.path() if offer.is_file else None
        yield NamedTrack(name=offer.name, origin=offer.dist, path=path, offer=offer)


def find_path(name: str, beside: Path | None = None) -> Path | None:
    """Return where the track of a library lies; None if no library has one of that name.

    Raises:
        TrackError: a library has two, or can't be read.
    """
    for _, folder in libraries(beside):
        found = library.find(folder, name)
        if found is not None:
            return found.absolute()
    return None


def find_track(
    text: str, form: str | None = None, options: Mapping[str, Any] | None = None
) -> tuple[Track, str, Path | None]:
    """Return the track that a name or a path stands for.

    Args:
        text: the name of a track of a library or of a plugin, or the path of a file or folder.
        form: of a file, by its name in ``racegym.formats.FORMATS``; by default it tells.
        options: of the format.

    Returns:
        The track; whose it is, as in ``NamedTrack``, or ``file``; and its file, if it has one.

    Raises:
        UnknownNameError: there is neither; names the nearest of all.
        TrackError, PluginError, ScenarioError: it is broken, or an option is wrong.
    """
    if not is_path(text) and form is None:
        path = find_path(text)
        if path is not None:
            where = {folder.absolute(): origin for origin, folder in libraries()}
            return read_track(path, options=options), where[path.parent], path
        try:
            offer = plugins.load().find("track", text)
        except UnknownNameError as error:
            if not os.path.lexists(text):
                raise _unknown(text, error) from None
        else:
            if options:
                raise ScenarioError(
                    f"the track {text!r} is one of {offer.dist}, and takes no options of a format"
                )
            return offered_track(offer), offer.dist, offer.path() if offer.is_file else None
    return read_track(text, form, options), "file", Path(text)


def offered_track(offer: Offer) -> Track:
    """Return a track that a plugin offers.

    Raises:
        TrackError, PluginError: it is broken.
    """
    if offer.is_file:
        return read_track(offer.path(), options={"name": offer.name})
    track = offer.load()()
    if not isinstance(track, Track):
        raise PluginError(f"the track {offer.name!r} of {offer.dist} is a {type(track).__name__}")
    return track


def check_name(name: str, beside: Path | None = None) -> None:
    """Refuse a name that no library and no plugin has.

    Raises:
        UnknownNameError: nobody has it; names the nearest of all.
        PluginError: several plugins offer it.
    """
    try:
        plugins.load().find("track", name)
    except UnknownNameError as error:
        raise _unknown(name, error, beside) from None


def _unknown(name: str, error: RacegymError, beside: Path | None = None) -> UnknownNameError:
    names = dict.fromkeys(track.name for track in named_tracks(beside))
    _, *hints = error.what.split("\n")
    if names:
        first = f"unknown track {name!r}; {nearest(name, names)}"
    else:
        first = (
            f"unknown track {name!r}: no library and no plugin has any. `racegym tracks import "
            "FILE` and `racegym tracks generate` add some"
        )
    return UnknownNameError("\n".join([first, *hints]))
