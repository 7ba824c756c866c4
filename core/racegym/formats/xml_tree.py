"""XML as a tree that knows its lines, read within bounds: nothing is expanded, nothing fetched.

A document type declaration is refused, and with it every entity of its own, internal or
external; expat opens no file and no address by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from racegym.errors import TrackError
from racegym.formats.content import read_bytes

__all__ = ["Element", "read_xml", "root_tag"]

_ROOT = re.compile(r"<(?:!DOCTYPE\s+)?(?:[\w.-]+:)?([\w.-]+)")
MAX_BYTES = 32_000_000
MAX_DEPTH = 64
MAX_ELEMENTS = 1_000_000


@dataclass(slots=True)
class Element:
    """One element: its name without prefix, and what it holds."""

    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""  # of its own, before, between and after its children
    children: list[Element] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator[Element]:
        """Yield the elements of these names below it, in the order of the file."""
        for child in self.children:
            if child.tag in tags:
                yield child
            yield from child.all(*tags)

    def child(self, tag: str) -> Element | None:
        """Return the first child of that name."""
        return next((child for child in self.children if child.tag == tag), None)

    def said(self, tag: str) -> str:
        """Return the text of the first child of that name, "" without one."""
        child = self.child(tag)
        return "" if child is None else child.text.strip()


class _Builder:
    """Makes the tree while the parser goes along."""

    def __init__(self, path: Path, parser: expat.XMLParserType):
        self.path = path
        self.parser = parser
        self.top = Element("", {}, 0)
        self.open = [self.top]
        self.texts: list[list[str]] = [[]]
        self.count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise self.error(f"holds more than {MAX_ELEMENTS:,} elements")
        if len(self.open) > MAX_DEPTH:
            raise self.error(f"nests elements more than {MAX_DEPTH} deep")
        line = self.parser.CurrentLineNumber
        element = Element(tag.rpartition(":")[2], attributes, line)
        self.open[-1].children.append(element)
        self.open.append(element)
        self.texts.append([])

    def end(self, tag: str) -> None:
        del tag
        self.open.pop().text = "".join(self.texts.pop())

    def data(self, text: str) -> None:
        self.texts[-1].append(text)

    def doctype(self, *declared: object) -> None:
        del declared
        raise self.error(
            "has a document type declaration (<!DOCTYPE), which could name entities and other "
            "files: take it out"
        )

    def error(self, what: str) -> TrackError:
        return TrackError(what, file=self.path, line=self.parser.CurrentLineNumber)


def read_xml(path: Path, root: str) -> Element:
    """Return the root element of an XML file.

    Args:
        path: of a file of at most 32 MB, a million elements, 64 deep.
        root: the name that it must have.

    Raises:
        TrackError: it is no such file; names the line.
    """
    content = read_bytes(path, MAX_BYTES)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    builder = _Builder(path, parser)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.EntityDeclHandler = builder.doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise TrackError(f"is no whole XML: {reason}", file=path, line=error.lineno) from None
    except (LookupError, ValueError) as error:  # of an encoding that nobody knows
        raise TrackError(f"is no XML that can be read: {error}", file=path, line=1) from None
    (top,) = builder.top.children
    if top.tag != root:
        raise TrackError(
            f"is a <{top.tag[:40]}> document, not a <{root}>", file=path, line=top.line
        )
    return top


def root_tag(head: bytes) -> str:
    """Return the name of the root in the beginning of a file; "" if it is no XML.

    A document type declaration names it, too; such a file is known, for it to be refused.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head[: len(head) // 2 * 2].decode("utf-16", "replace")
    else:
        text = head.decode("utf-8", "replace").lstrip("\ufeff")
    text = text.lstrip()
    while text.startswith(("<?", "<!--")):  # what may come before it
        text = text.partition("?>" if text.startswith("<?") else "-->")[2].lstrip()
    found = _ROOT.match(text)
    return found[1] if found else ""
