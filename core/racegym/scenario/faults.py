"""Where each value of a scenario was written, and what is wrong with it.

A location is a path into the scenario, ``("cars", 1, "driver", "pace")``, shown to people as
``cars[1].driver.pace``. A value comes from a line of the file or from a ``--set`` argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from racegym.documents.document import Location, dotted
from racegym.errors import RacegymError, ScenarioError

__all__ = ["Fault", "Faults", "Location", "Places", "dotted"]


class Places:
    """The origin of every value.

    Args:
        file: the scenario's file, as the user wrote it; None for a mapping from code.
        lines: the line of each location, from 1.
    """

    def __init__(self, file: Path | None, lines: Mapping[Location, int]):
        self.file = file
        self._folder = Path.cwd() if file is None else file.absolute().parent
        self._lines = dict(lines)
        self._arguments: dict[Location, str] = {}

    def line(self, location: Location) -> int | None:
        """Return the line of a location, or of the nearest thing around it."""
        return self._lines.get(self._known(location))

    def argument(self, location: Location) -> str | None:
        """Return the ``--set`` argument that wrote a location, if one did."""
        return self._arguments.get(self._known(location))

    def inner_argument(self, location: Location) -> str | None:
        """Return the argument that wrote a location, or else the last that wrote a part of it."""
        depth = len(location)
        inner = [text for at, text in self._arguments.items() if at[:depth] == location]
        return self.argument(location) or (inner[-1] if location and inner else None)

    def folder(self, location: Location) -> Path:
        """Return the folder that a relative path at this location starts from."""
        return Path.cwd() if self.argument(location) is not None else self._folder

    def replace(self, location: Location, argument: str) -> None:
        """Note that a ``--set`` argument has written this location and all below it."""
        self.forget(location)
        self._arguments[location] = argument

    def forget(self, location: Location) -> None:
        """Drop what is known of this location and of all below it."""
        depth = len(location)
        for known in (self._lines, self._arguments):
            for inner in [at for at in known if at[:depth] == location]:
                del known[inner]

    def _known(self, location: Location) -> Location:
        while location and location not in self._lines and location not in self._arguments:
            location = location[:-1]
        return location


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        what: the fact, the value and the fix.
        file, line: where; None for a scenario that stands in no file.
        argument: the ``--set`` argument at fault.
    """

    what: str
    file: Path | None = None
    line: int | None = None
    argument: str | None = None

    def text(self) -> str:
        """Return what is wrong, opened by the ``--set`` argument if that is at fault."""
        return self.what if self.argument is None else f"--set {self.argument}: {self.what}"


class Faults:
    """All that was found wrong so far, to be told in one message.

    Args:
        places: where values were written.
        ignore: locations that repeat others, so that nothing is told twice.
    """

    def __init__(self, places: Places, ignore: Iterable[Location] = ()):
        self.places = places
        self._ignored = set(ignore)
        self._found: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, location: Location, what: str) -> None:
        """Note a fault at a location."""
        if any(location[:depth] in self._ignored for depth in range(1, len(location) + 1)):
            return
        told = f"{dotted(location)}: {what}" if location else what
        argument = self.places.argument(location)
        if argument is not None:
            self._add(Fault(told, argument=argument))
        else:
            self._add(Fault(told, self.places.file, self.places.line(location)))

    def add_error(self, location: Location, error: RacegymError) -> None:
        """Note an error met on the way; one of another file keeps its own place."""
        if error.file is None:
            self.add(location, error.what)
        else:
            self._add(Fault(error.what, Path(error.file), error.line))

    def _add(self, fault: Fault) -> None:
        if fault not in self._found:
            self._found.append(fault)

    def text(self) -> str:
        """Return all faults, one a line, in the order of the file."""
        first, *others = sorted(self._found, key=_order)
        lines = [str(ScenarioError(f.text(), file=f.file, line=f.line)) for f in others]
        return "\n".join([first.text(), *lines])

    def tell(self) -> None:
        """Raise one error for all faults, in the order of the file, if there is any.

        Raises:
            ScenarioError: each further fault stands on a line of its own, with its place.
        """
        if self._found:
            first = min(self._found, key=_order)
            raise ScenarioError(self.text(), file=first.file, line=first.line)


def _order(fault: Fault) -> tuple[bool, str, int]:
    return fault.argument is not None, str(fault.file or ""), fault.line or 0
