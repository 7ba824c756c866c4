"""Pictures as SVG that takes part in the page: its colours follow light and dark."""

from __future__ import annotations

import io
import re

from matplotlib.figure import Figure

from racegym.report.style import FAINT, GRID, INK, car_colour, write_svg

__all__ = ["css_colour", "inline_svg"]

DARK_CAR = 9  # the one car colour that can't be seen on a dark page

# Fixed colours of pictures and the page's names for them.
_COLOURS = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    GRID: "var(--grid)",
    "#ffffff": "var(--paper)",
    car_colour(DARK_CAR): "var(--dark-car)",
}
_SIZE = re.compile(r'(<svg[^>]*?) width="([\d.]+)pt" height="[^"]*pt"')
_STYLE = re.compile(r'<style type="text/css">.*?</style>', re.DOTALL)
_EMPTY = re.compile(r'<g id="[^"]*"/>')
_GROUP = re.compile(r'<g id="[^"]*">')
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_COLOUR = re.compile(r"(?<=: )(" + "|".join(_COLOURS) + r")(?=[;\"])")
_DECIMALS = re.compile(r"(\d\.\d\d)\d+")
_PATH = re.compile(r' d="[^"]*"')


def css_colour(car: int) -> str:
    """Return the colour of a car as the page's style sheet knows it."""
    colour = car_colour(car)
    return _COLOURS.get(colour, colour)


def inline_svg(figure: Figure, salt: str) -> str:
    """Return a figure as an ``<svg>`` element for the middle of an HTML page.

    Args:
        figure: what to write.
        salt: another one for each figure of a page.
    """
    text = io.StringIO()
    write_svg(figure, text, salt)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]  # without the XML declaration and the document type
    for pattern, instead in ((_STYLE, ""), (_EMPTY, ""), (_GROUP, "<g>"), (_COMMENT, "")):
        svg = pattern.sub(instead, svg)
    # No larger than it was drawn, so that letters have one size on all of the page.
    svg = _SIZE.sub(lambda m: f'{m[1]} style="max-width: {float(m[2]) * 4 / 3:.0f}px"', svg)
    svg = _PATH.sub(lambda path: _DECIMALS.sub(r"\1", path[0]), svg)
    return _COLOUR.sub(lambda colour: _COLOURS[colour[0]], svg).strip()
