"""The table of track formats, and reading and writing by it.

A row names a module of ``racegym.formats``, which is imported when it is used. Such a module
holds

- ``Options``, a ``FormatOptions`` of what a reader may be told;
- ``read(path, options) -> Track``, if it reads; it raises ``TrackError`` naming file and place,
  bounded in time and memory whatever the file holds;
- ``recognises(path, head) -> bool``, whether a file is plainly of this form: ``head`` is its
  first 4 kB, empty for a folder;
- ``write(track, path) -> list[Path]``, if it writes; it returns the files that it made, and
  leaves nothing half-written;
- ``outputs(track, path) -> list[Path]``, if that makes other files than ``path``: those.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ConfigDict, Field

from racegym.documents.document import similar_file
from racegym.errors import TrackError, UnknownNameError, nearest
from racegym.interfaces.options import StageOptions
from racegym.interfaces.options import read as read_options
from racegym.track import Track

__all__ = [
    "FORMATS",
    "Format",
    "FormatOptions",
    "format_of",
    "options_of",
    "outputs_of",
    "read_track",
    "write_track",
]

HEAD = 4096  # bytes that a format is recognised by


class FormatOptions(StageOptions):
    """What every reader may be told."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # ids of ways, as YAML reads them

    name: str | None = Field(
        default=None, min_length=1, description="of the track; None: the file's"
    )


class Format(NamedTuple):
    """One form of track file."""

    module: str  # holds what the text above says
    summary: str  # one line for people
    reads: bool = True
    writes: bool = False
    ending: str = ""  # of a file's name, by which it is meant when nothing else says the form


FORMATS = {  # in the order in which a file is asked what it is
    "native": Format(
        "racegym.formats.native",
        "racegym's own: a .track file or folder",
        writes=True,
        ending=".track",
    ),
    "native-npz": Format(
        "racegym.formats.native_npz", "the same as a folder in binary", reads=False, writes=True
    ),
    "f1tenth": Format(
        "racegym.formats.f1tenth",
        "F1TENTH map: picture and YAML, as in ROS",
        writes=True,
        ending=".yaml",
    ),
    "image": Format("racegym.formats.image", "drawn picture, alone or with checkpoints.json"),
    "log": Format("racegym.formats.log", "positions over many laps: GPX, RaceChrono, VBO, CSV"),
    "tum": Format(
        "racegym.formats.tum", "CSV of TUM's racetrack database", writes=True, ending=".csv"
    ),
    "assetto_corsa": Format("racegym.formats.assetto_corsa", "border CSV of AssettoCorsaGym"),
    "fastest_lap": Format("racegym.formats.fastest_lap", "XML of fastest-lap"),
    "geojson": Format(
        "racegym.formats.geojson",
        "GeoJSON: a line, or a pair of edges, on a map",
        writes=True,
        ending=".geojson",
    ),
    "kml": Format("racegym.formats.kml", "KML: a line, or a pair of edges, on a map"),
    "gpx": Format("racegym.formats.gpx", "GPX: one lap, or a pair of edges"),
    "osm": Format("racegym.formats.osm", "OpenStreetMap XML: the ways of a circuit"),
    "svg": Format(
        "racegym.formats.svg", "a drawing, as SVG", reads=False, writes=True, ending=".svg"
    ),
    "png": Format(
        "racegym.formats.png", "a drawing, as PNG", reads=False, writes=True, ending=".png"
    ),
}


def format_of(path: str | Path) -> str:
    """Return the name of the format that the file or folder ``path`` has.

    Raises:
        TrackError: there is no such file, or it has none of them.
    """
    path = Path(path)
    head = _head(path)
    for name, row in FORMATS.items():
        if row.reads and import_module(row.module).recognises(path, head):
            return name
    names = ", ".join(name for name, row in FORMATS.items() if row.reads)
    raise TrackError(f"is no track file that racegym knows; it reads {names}", file=path)


def read_track(
    path: str | Path, form: str | None = None, options: Mapping[str, Any] | None = None
) -> Track:
    """Return the track in a file or folder.

    Args:
        path: of it.
        form: its name in ``FORMATS``; by default the file tells.
        options: of the format, by name.

    Raises:
        TrackError: the file is wrong; says where.
        UnknownNameError: there is no such format, or it can't be read.
        ScenarioError: an option is wrong.
    """
    path = Path(path)
    name = format_of(path) if form is None else form
    module = _module(name, "reads")
    settings = read_options(module.Options, options or {}, f"track format {name!r}")
    track = module.read(path, settings)
    assert isinstance(track, Track)
    return track


def write_track(track: Track, path: str | Path, form: str) -> list[Path]:
    """Write a track; return the files that were made.

    Raises:
        TrackError: a file can't be written.
        UnknownNameError: there is no such format, or it can't be written.
    """
    files: list[Path] = _module(form, "writes").write(track, _named(path))
    return files


def outputs_of(track: Track, path: str | Path, form: str) -> list[Path]:
    """Return the files that ``write_track`` would make, or replace.

    Raises:
        TrackError: the path has no name, such as ``.``.
        UnknownNameError: there is no such format, or it can't be written.
    """
    module, path = _module(form, "writes"), _named(path)
    files: list[Path] = module.outputs(track, path) if hasattr(module, "outputs") else [path]
    return files


def options_of(form: str) -> type[StageOptions]:
    """Return the options that the reader of a format takes.

    Raises:
        UnknownNameError: there is no such format, or it can't be read.
    """
    options: type[StageOptions] = _module(form, "reads").Options
    return options


def _named(path: str | Path) -> Path:
    """Return the path of a file or folder that can be made."""
    path = Path(path)
    if path.name in ("", ".."):
        raise TrackError("is no name of a file or folder to write a track to", file=path)
    return path


def _module(name: str, can: str) -> Any:
    names = [each for each, row in FORMATS.items() if getattr(row, can)]
    if name not in names:
        raise UnknownNameError(
            f"no track format {name!r} that racegym {can}; {nearest(name, names)}"
        )
    return import_module(FORMATS[name].module)


def _head(path: Path) -> bytes:
    try:
        if path.is_dir():
            return b""
        if path.exists() and not path.is_file():
            raise TrackError("is no plain file", file=path)  # nothing would come, or no end
        with path.open("rb") as file:
            return file.read(HEAD)
    except FileNotFoundError:
        what = f"there is no such track file{similar_file(path)}"
        raise TrackError(what, file=path) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise TrackError(f"can't be read: {error}", file=path) from None
