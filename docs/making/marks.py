"""Parts of a page that are made, between two marks; all else on it is written by hand.

<!-- made: options -->
(made)
<!-- end -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["MARKED", "filled", "marked"]

MARKED = re.compile(r"^<!-- made: ([^\n]+) -->\n(.*?)^<!-- end -->$", re.DOTALL | re.MULTILINE)


def marked(text: str) -> list[str]:
    """Return the names of the parts of a page, in order."""
    return [found[1] for found in MARKED.finditer(text)]


def filled(page: Path, parts: Mapping[str, str]) -> str:
    """Return the text of a page with its parts as they are now.

    Raises:
        LookupError: the page has a mark that stands for nothing, or lacks one.
    """
    text = page.read_text(encoding="utf-8")
    there = marked(text)
    for name in there:
        if name not in parts:
            raise LookupError(
                f"{page.name} has a part {name!r}, which nothing makes: take its marks out, or "
                f"write one of {', '.join(parts)}"
            )
    for name in parts:
        if there.count(name) != 1:
            raise LookupError(
                f"{page.name} needs the part {name!r} once, not {there.count(name)} times: put "
                f"`<!-- made: {name} -->` and `<!-- end -->` where it belongs"
            )

    def made(found: re.Match[str]) -> str:
        return f"<!-- made: {found[1]} -->\n{parts[found[1]].strip()}\n<!-- end -->"

    return MARKED.sub(made, text)
