"""Writes ``docs/examples/racegym-toykart``, as a reader of the tutorial would.

    python docs/make_example.py

The package is what ``racegym new-plugin backend toykart`` writes now, with the changes that
``docs/tutorial.md`` shows. To be run after a change of the template or of the tutorial. A change
is a fenced block ``diff`` whose first line names its file; what it takes away, and the lines
around that, must stand in the file exactly once.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import NamedTuple

from racegym.authoring.new_plugin import NewPlugin, rendered

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "tutorial.md"
FOLDER = DOCS / "examples" / "racegym-toykart"

_BLOCK = re.compile(r"^```diff\n@@ (\S+) @@\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
_REMOVED = re.compile(r"^rm (\S+)$", flags=re.MULTILINE)


class Change(NamedTuple):
    """One of the tutorial's changes: in ``file``, ``old`` is replaced by ``new``."""

    file: str
    old: str
    new: str
    by_hand: int  # lines that the author writes


def changes() -> list[Change]:
    """Return the changes that the tutorial shows, in its order."""
    found = []
    for file, text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        lines = text.splitlines()
        old = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        new = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
        found.append(Change(file, old, new, sum(line.startswith("+") for line in lines)))
    return found


def example() -> dict[str, str]:
    """Return the text of each file of the package by its path.

    Raises:
        ValueError: a change does not fit what the template writes now.
    """
    made = NewPlugin("backend", "toykart")
    files = {path.as_posix(): text for path, text in rendered(made).items()}
    for name in _REMOVED.findall(PAGE.read_text(encoding="utf-8")):
        del files[name]
    for change in changes():
        count = files[change.file].count(change.old)
        if count != 1:
            raise ValueError(
                f"{PAGE.name}: in what the template writes as {change.file}, this stands "
                f"{count} times, not once:\n{change.old}"
            )
        files[change.file] = files[change.file].replace(change.old, change.new)
    return files


def main() -> None:
    """Write the package anew."""
    files = example()
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    for name, text in files.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
