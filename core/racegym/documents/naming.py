"""Names of files that every file system takes."""

from __future__ import annotations

import re

__all__ = ["safe_name"]

_MOST_BYTES = 200  # of 255 that most file systems take: endings are added
_UNSAFE = re.compile(r"[^\w.-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # on Windows


def safe_name(name: str) -> str:
    """Return a name that every file system takes.

    >>> safe_name("24h: Le Mans")
    '24h_Le_Mans'
    """
    safe = _UNSAFE.sub("_", name).strip("._")[:80]
    safe = safe.encode()[:_MOST_BYTES].decode(errors="ignore").rstrip("._")
    return f"_{safe}" if not safe or _RESERVED.fullmatch(safe) else safe
