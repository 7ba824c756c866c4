"""What tells pictures and colours apart, without loading anything that works on them."""

from __future__ import annotations

from PIL import ImageColor

__all__ = ["CHECKPOINTS", "is_colour", "is_picture"]

CHECKPOINTS = "checkpoints.json"  # beside a picture
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"BM", b"GIF8", b"II*\0", b"MM\0*")
_NETPBM = b"123456"
_LONGEST_NAME = 40


def is_picture(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is a picture of a known format."""
    if head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    return len(head) > 2 and head[:1] == b"P" and head[1] in _NETPBM and head[2:3].isspace()


def is_colour(name: str) -> bool:
    """Return whether ``name`` is a colour."""
    if len(name) > _LONGEST_NAME:
        return False
    try:
        ImageColor.getrgb(name)
    except ValueError:
        return False
    return True
