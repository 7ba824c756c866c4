"""racegym's own form of a track: a head in YAML, and a table of points or samples.

Either one file ``NAME.track``, where the head ends with a line ``---`` and the table follows as
CSV, or a folder with ``track.yaml`` and beside it ``centerline.csv`` or ``geometry.npz``. What
is written gives the very track back, to the last bit; a person needs to write points and a width.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from racegym.documents.document import MAX_BYTES as MAX_HEAD
from racegym.documents.document import Document, parse_text, plain_copy
from racegym.documents.writing import to_text
from racegym.errors import ScenarioError, TrackError
from racegym.formats.native_head import check_head, head_of
from racegym.formats.native_table import (
    MAX_BYTES,
    Table,
    parse_csv,
    parse_npz,
    table_of,
    to_csv,
    to_npz,
)
from racegym.formats.native_track import build
from racegym.formats.registry import FormatOptions as Options
from racegym.formats.writing import folder_beside, write_whole
from racegym.track import Track

__all__ = [
    "CSV",
    "ENDING",
    "HEAD",
    "NPZ",
    "Options",
    "content_digest",
    "content_of",
    "files_of",
    "read",
    "recognises",
    "write",
    "write_file",
    "write_folder",
]

ENDING = ".track"
HEAD, CSV, NPZ = "track.yaml", "centerline.csv", "geometry.npz"  # in a folder
_END = "---"  # of the head in a single file


def recognises(path: Path, head: bytes) -> bool:
    """Return whether the name says so, or the head's first key."""
    if path.is_dir():
        return (path / HEAD).is_file()
    if path.suffix == ENDING or path.name == HEAD:
        return True
    return head.removeprefix(b"\xef\xbb\xbf").startswith(b"racegym_track:")


def read(path: Path, options: Options) -> Track:
    """Return the track in a file, in a folder, or in the folder of a ``track.yaml``.

    Raises:
        TrackError: naming the file and the line at fault.
    """
    head, table, name = _parts(path)
    document = _document(head, path / HEAD if path.is_dir() else path)
    checked = check_head(document, path / HEAD if path.is_dir() else path)
    return build(checked, table, options.name or checked.name or name)


def files_of(path: Path) -> list[Path]:
    """Return the files that a native track consists of.

    Raises:
        TrackError: one is missing, is no plain file, or leads out of the folder.
    """
    if not path.is_dir():
        return [_plain_file(path)]
    there = [path / name for name in (CSV, NPZ) if (path / name).exists()]
    if len(there) != 1:
        what = "both of" if there else "neither of"
        raise TrackError(f"holds {what} {CSV} and {NPZ}; a track has one of them", file=path)
    home = path.resolve()
    for file in (path / HEAD, there[0]):
        if file.resolve().parent != home:
            raise TrackError("is a link that leads out of its folder", file=file)
    return [_plain_file(path / HEAD), _plain_file(there[0])]


def _plain_file(path: Path) -> Path:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise TrackError("there is no such track file", file=path) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise TrackError(f"can't be read: {error}", file=path) from None
    if not stat.S_ISREG(mode):
        raise TrackError("is no plain file", file=path)
    return path


def _parts(path: Path) -> tuple[str, Table, str]:
    """Return the head's text, the table, and what the track is called by its file."""
    if path.name == HEAD and not path.is_dir():
        path = path.parent
    files = files_of(path)
    content = [content_of(file) for file in files]
    if len(files) == 1:
        text = _text(content[0], path)
        head, before = _split(text, path)
        table = parse_csv(text[len(head) :].partition("\n")[2], path, before)
        return head, table, path.stem
    if files[1].name == NPZ:
        table = parse_npz(content[1], files[1])
    else:
        table = parse_csv(_text(content[1], files[1]), files[1])
    return _text(content[0], files[0]), table, path.resolve().name


def content_of(file: Path) -> bytes:
    """Return the content of one file of a track.

    Raises:
        TrackError: it can't be read, or is larger than any track.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise TrackError(f"can't be read: {error.strerror or error}", file=file) from None
    if len(content) > MAX_BYTES:
        raise TrackError(f"is larger than {MAX_BYTES / 1e6:g} MB; no track is", file=file)
    return content


def content_digest(path: Path) -> str:
    """Return 32 hex digits of the bytes of all files that a track consists of.

    Raises:
        TrackError: one is missing, can't be read, or leads out of the folder.
    """
    digest = hashlib.blake2b(digest_size=16)
    for file in files_of(path):
        content = content_of(file)
        digest.update(f"{file.name if path.is_dir() else ''}:{len(content)}:".encode() + content)
    return digest.hexdigest()


def _text(content: bytes, file: Path) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TrackError("is no UTF-8 text", file=file, line=line) from None


def _split(text: str, file: Path) -> tuple[str, int]:
    """Return the head of a single file, and how many lines stand before its table."""
    first = 1 if text.startswith(f"{_END}\n") else 0  # as some begin a YAML document
    lines = text[: MAX_HEAD + 1].split("\n")
    for number, line in enumerate(lines[first:], start=first + 1):
        if line.rstrip() == _END:
            return "\n".join(lines[: number - 1]) + "\n" * (number > 1), number
    raise TrackError(
        f"has no line {_END!r} that ends its head; the table of points stands below it", file=file
    )


def _document(text: str, file: Path) -> Document:
    if len(text) > MAX_HEAD:
        raise TrackError(f"its head is larger than {MAX_HEAD / 1e6:g} MB", file=file)
    try:
        return parse_text(text, file)
    except ScenarioError as error:
        raise TrackError(error.what, file=error.file, line=error.line) from None


def write(track: Track, path: Path) -> list[Path]:
    """Write ``track`` to one file if ``path`` ends with ``.track``, else to a folder.

    Raises:
        TrackError: it can't be written; what was there before still is.
    """
    if path.suffix != ENDING:
        return write_folder(track, path)
    return write_file(track, path)


def write_file(track: Track, path: Path) -> list[Path]:
    """Write ``track`` to a single file, whatever it is called.

    Raises:
        TrackError: it can't be written; what was there before still is.
    """
    write_whole(path, f"{_head(track)}{_END}\n{to_csv(table_of(track))}")
    return [path]


def _head(track: Track) -> str:
    try:
        text = to_text(plain_copy(head_of(track)))
    except ScenarioError as error:
        raise TrackError(f"track {track.name!r} can't be written: {error.what}") from None
    if len(text) > MAX_HEAD:
        raise TrackError(f"track {track.name!r}: its notes are larger than {MAX_HEAD / 1e6:g} MB")
    return text


def write_folder(track: Track, path: Path, geometry: str = CSV) -> list[Path]:
    """Write ``track`` as a folder.

    It is made beside its place and moved there, so it is there in full or not at all.

    Args:
        track: the track.
        path: of the folder; one that holds a native track and nothing else is replaced.
        geometry: ``centerline.csv`` or ``geometry.npz``.

    Raises:
        TrackError: it can't be written, or holds something else.
    """
    columns = table_of(track)
    content: dict[str, str | bytes] = {
        HEAD: _head(track),
        geometry: to_csv(columns) if geometry == CSV else to_npz(columns),
    }
    with folder_beside(path, {HEAD, CSV, NPZ}) as beside:
        for name, text in content.items():
            write_whole(beside / name, text)
    return [path / name for name in content]
