"""What ``docs/make_reference.py`` makes of the code stands in the docs as it is now."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from racegym import plugins
from racegym.errors import RacegymError

MAKE = "run: python docs/make_reference.py"


@pytest.fixture(scope="module")
def maker(root: Path) -> Iterator[ModuleType]:
    """The program, with what it needs installed."""
    for name in ("kart2d", "carracing"):
        try:
            plugins.load().find("backend", name).load()
        except RacegymError as error:
            pytest.skip(str(error))
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "docs")
        yield importlib.import_module("make_reference")
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("make_reference", "making"):
            del sys.modules[name]


def test_made_pages_and_parts_are_up_to_date(maker: ModuleType, root: Path) -> None:
    pages = maker.pages()
    stale = [
        file.relative_to(root).as_posix()
        for file, text in pages.items()
        if not file.is_file() or file.read_text(encoding="utf-8") != text
    ]
    assert not stale, f"{', '.join(stale)} fell behind the code; {MAKE}"
    assert len(pages) > 30


def test_a_stale_part_is_noticed(maker: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- made: one -->\nold\n<!-- end -->\nb\n", encoding="utf-8")
    assert maker.filled(page, {"one": "new"}) == "a\n<!-- made: one -->\nnew\n<!-- end -->\nb\n"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "has a part 'one', which nothing makes"),
        ({"one": "", "two": ""}, "needs the part 'two' once, not 0 times"),
    ],
)
def test_marks_that_do_not_fit_are_told(
    maker: ModuleType, tmp_path: Path, parts: dict[str, str], said: str
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- made: one -->\n<!-- end -->\n", encoding="utf-8")
    with pytest.raises(LookupError, match=said):
        maker.filled(page, parts)


def test_an_unsaid_name_of_the_interface_is_told(maker: ModuleType) -> None:
    invented = ModuleType("invented")
    invented.__all__ = ["NOWHERE"]  # type: ignore[attr-defined]
    invented.NOWHERE = 3.0  # type: ignore[attr-defined]
    with pytest.raises(LookupError, match="say what 'NOWHERE' is"):
        maker.names.parts(invented)
