"""The geometry of a native track: columns by name, as CSV or in an NPZ archive."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racegym.errors import TrackError, nearest
from racegym.formats.native_head import SURFACES
from racegym.track import Track

__all__ = [
    "COLUMNS",
    "MAX_BYTES",
    "MAX_POINTS",
    "SAMPLE_COLUMNS",
    "Table",
    "parse_csv",
    "parse_npz",
    "table_of",
    "to_csv",
    "to_npz",
]

Column = NDArray[Any]

MAX_BYTES = 48_000_000  # of a file of geometry, and of what an archive expands to
MAX_POINTS = 100_000
MAX_LINES = 2 * MAX_POINTS
MAX_LINE = 2_000  # characters
MOST_ENTRIES = 100  # in the directory of an archive

POINT_COLUMNS = ("x", "y", "z", "width_left", "width_right", "width", "banking")
SAMPLE_COLUMNS = ("heading", "tangent_x", "tangent_y", "curvature", "slope")
SURFACE_COLUMNS = ("surface_left", "surface_right")
COLUMNS = (*POINT_COLUMNS, *SAMPLE_COLUMNS, "line", *SURFACE_COLUMNS)
_CODES = {name: code for code, name in enumerate(SURFACES)}
_ENTRY = b"PK\x01\x02"  # begins one
_SHOWN = 40  # characters of a faulty field in a message
_KIND = re.compile(r"'descr': *'([^']{1,20})'")  # in the header of an array
_SHAPE = re.compile(r"'shape': *\(([0-9, ]{0,60})\)")
_NUMBER = re.compile("[<>|=]?([iu][1248]|f[248])")
_WHOLE = re.compile("[<>|=]?[iu][1248]")


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Points of a track, or its very samples.

    Attributes:
        columns: (n,) each, of one length; surfaces are codes, all else is float64 and finite.
        file: that they stand in.
        lines: (n,) of the file, where it has lines.
    """

    columns: dict[str, Column]
    file: Path
    lines: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.columns["x"])

    def place(self, row: int) -> str:
        """Return what a message calls a row."""
        return f"line {self.lines[row]}" if self.lines else f"point {row}"


def table_of(track: Track) -> dict[str, Column]:
    """Return the samples of ``track`` and what lies beside them, by column."""
    names = [name for name in POINT_COLUMNS if name != "width"]
    columns = {name: getattr(track, name) for name in (*names, *SAMPLE_COLUMNS)}
    if track.line is not None:
        columns["line"] = track.line
    for name in SURFACE_COLUMNS:
        codes = getattr(track, name)
        if codes is not None and (codes != codes[0]).any():  # else it stands in the head
            columns[name] = codes
    return columns


def to_csv(columns: dict[str, Column]) -> str:
    """Return columns as text that gives the same numbers back, to the last bit."""
    told = [
        [SURFACES[code] for code in values.tolist()]
        if name in SURFACE_COLUMNS
        else list(map(repr, values.tolist()))
        for name, values in columns.items()
    ]
    rows = [",".join(columns), *map(",".join, zip(*told, strict=True))]
    return "\n".join(rows) + "\n"


def to_npz(columns: dict[str, Column]) -> bytes:
    """Return columns as a compressed archive. Equal columns give equal bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
        for name, values in columns.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(values), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            members.writestr(member, content.getvalue())
    return archive.getvalue()


def parse_csv(text: str, file: Path, before: int = 0) -> Table:
    """Return the columns in a text.

    Args:
        text: a heading of column names, then one row a point, separated by , or ;. Lines
            that begin with # are comments.
        file: for messages.
        before: lines of the file before the text.

    Raises:
        TrackError: naming the line at fault.
    """
    names: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, content in enumerate(io.StringIO(text), start=before + 1):
        if line > MAX_LINES or len(content) > MAX_LINE:
            what = f"more than {MAX_LINES:,} lines, or one of more than {MAX_LINE:,} characters"
            raise TrackError(f"holds {what}; no track does", file=file, line=line)
        content = content.strip()
        if not content or content.startswith("#"):
            continue
        fields = content.replace(";", ",").split(",")
        if not names:
            names = _heading([field.strip() for field in fields], file, line)
            continue
        if len(fields) != len(names):
            what = f"has {len(fields)} columns, and the heading {len(names)}"
            raise TrackError(what, file=file, line=line)
        if len(rows) == MAX_POINTS:
            raise TrackError(f"holds more than {MAX_POINTS:,} points", file=file, line=line)
        rows.append(fields)
        lines.append(line)
    if not rows:
        raise TrackError(
            "holds no points; below the head stand a heading such as x,y,width and one row a point",
            file=file,
        )
    columns = {
        name: _parse_column(name, fields, file, lines)
        for name, fields in zip(names, zip(*rows, strict=True), strict=True)
    }
    return Table(columns=columns, file=file, lines=lines)


def _heading(fields: list[str], file: Path, line: int) -> list[str]:
    names = [field.lower() for field in fields]
    for name in names:
        if name not in COLUMNS:
            raise TrackError(
                f"{name[:_SHOWN]!r} is no column; {nearest(name, COLUMNS)}", file=file, line=line
            )
        if names.count(name) > 1:
            raise TrackError(f"the column {name!r} stands there twice", file=file, line=line)
    for name in ("x", "y"):
        if name not in names:
            raise TrackError(f"the column {name!r} is missing", file=file, line=line)
    return names


def _parse_column(name: str, fields: Sequence[str], file: Path, lines: list[int]) -> Column:
    surface = name in SURFACE_COLUMNS
    try:
        if surface:
            return np.array([_CODES[field.strip()] for field in fields], np.uint8)
        values = np.array(list(map(float, fields)))
        if np.isfinite(values).all():
            return values
    except (KeyError, ValueError):
        pass
    for field, line in zip(fields, lines, strict=True):
        what = _wrong(field, surface)
        if what:
            said = field.strip(" \t")[:_SHOWN]
            raise TrackError(f"{name} is {said!r}; {what}", file=file, line=line)
    raise AssertionError("a column is wrong, and none of its fields is")


def _wrong(field: str, surface: bool) -> str:
    """Return what is wrong with a field; empty if nothing is."""
    if surface:
        return "" if field.strip() in _CODES else nearest(field.strip(), SURFACES)
    try:
        return "" if np.isfinite(float(field)) else "it must be finite"
    except ValueError:
        return "that is no number"


def parse_npz(content: bytes, file: Path) -> Table:
    """Return the columns in an archive as ``numpy.savez`` writes it, one array a column.

    Nothing is unpickled, and nothing larger than ``MAX_BYTES`` is unpacked.

    Raises:
        TrackError: naming the member at fault.
    """
    if content.count(_ENTRY) > MOST_ENTRIES:  # each of them would be read
        raise TrackError(f"holds more than {MOST_ENTRIES} members; no track does", file=file)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            _check_members(members, file)
            columns = {
                member.filename.removesuffix(".npy"): _array(archive, member, file)
                for member in members
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise TrackError(f"is no whole NPZ archive: {error}", file=file) from None
    except (NotImplementedError, ValueError, OverflowError) as error:
        raise TrackError(f"is no NPZ archive that can be read: {error}", file=file) from None
    for name in ("x", "y"):
        if name not in columns:
            raise TrackError(f"the array {name!r} is missing", file=file)
    counts = {name: len(values) for name, values in columns.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise TrackError(f"its arrays differ in length: {told}", file=file)
    return Table(columns=columns, file=file)


def _check_members(members: list[zipfile.ZipInfo], file: Path) -> None:
    names = [member.filename for member in members]
    for name in names[: len(COLUMNS) + 1]:
        if name.removesuffix(".npy") not in COLUMNS or not name.endswith(".npy"):
            raise TrackError(
                f"holds {name[:_SHOWN]!r}, which is no column; "
                f"{nearest(name.removesuffix('.npy')[:_SHOWN], COLUMNS)}",
                file=file,
            )
        if names.count(name) > 1:
            raise TrackError(f"holds {name!r} twice", file=file)
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            what = f"packs {member.filename[:_SHOWN]!r} in a way that numpy.savez doesn't"
            raise TrackError(what, file=file)
    if len(names) > len(COLUMNS):
        raise TrackError(f"holds {len(names)} members; {len(COLUMNS)} are possible", file=file)
    size = sum(member.file_size for member in members)
    if size > MAX_BYTES:
        raise TrackError(f"expands to more than {MAX_BYTES / 1e6:g} MB; no track does", file=file)


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: Path) -> Column:
    name = member.filename.removesuffix(".npy")
    with archive.open(member) as opened:
        content = io.BytesIO(opened.read(MAX_BYTES))
    kind, shape = _array_header(content, name, file)
    surface = name in SURFACE_COLUMNS
    data = content.read()
    if len(shape) != 1 or not (_WHOLE if surface else _NUMBER).fullmatch(kind):
        what = f"the array {name!r} is {kind!r} of shape {shape}; it must be (n,) numbers"
        raise TrackError(what, file=file)
    if shape[0] > MAX_POINTS:
        raise TrackError(f"the array {name!r} holds more than {MAX_POINTS:,} points", file=file)
    dtype = np.dtype(kind)
    if shape[0] < 1 or len(data) != shape[0] * dtype.itemsize:
        raise TrackError(f"the array {name!r} is cut off, or empty", file=file)
    values = np.frombuffer(data, dtype)
    if surface:
        if ((values < 0) | (values >= len(SURFACES))).any():
            what = f"the array {name!r} must hold codes from 0 to {len(SURFACES) - 1}"
            raise TrackError(what, file=file)
        return values.astype(np.uint8)
    numbers = values.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        what = f"{name} is {numbers[bad[0]]} at point {bad[0]}; it must be finite"
        raise TrackError(what, file=file)
    return numbers


def _array_header(content: io.BytesIO, name: str, file: Path) -> tuple[str, tuple[int, ...]]:
    """Return the type and the shape that an array's header tells.

    The header is the text of a Python dict. numpy has Python parse it, which a hostile text can
    make fail in many ways; here the two values are only looked for.
    """
    version = np.lib.format.read_magic(content)
    if version not in ((1, 0), (2, 0)):
        raise TrackError(f"the array {name!r} has a form that is not known", file=file)
    size = int.from_bytes(content.read(2 if version == (1, 0) else 4), "little")
    text = content.read(size).decode("latin-1")
    kind, shape = _KIND.search(text), _SHAPE.search(text)
    if kind is None or shape is None:
        raise TrackError(f"the array {name!r} has a header that can't be read", file=file)
    return kind[1], tuple(int(each) for each in shape[1].replace(",", " ").split())
