"""Track files: every form that racegym reads or writes, by name."""

from racegym.formats.registry import (
    FORMATS,
    Format,
    files_to_write,
    format_of,
    read_track,
    write_track,
)

__all__ = ["FORMATS", "Format", "files_to_write", "format_of", "read_track", "write_track"]
