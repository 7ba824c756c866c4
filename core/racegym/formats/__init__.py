"""Track files: every form that racegym reads or writes, by name."""

from racegym.formats.registry import FORMATS, Format, format_of, read_track, write_track

__all__ = ["FORMATS", "Format", "format_of", "read_track", "write_track"]
