"""Letters for pictures: each is drawn once by Pillow and then stamped wherever it is needed."""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from racegym.kernels.canvas import draw_letters
from racegym.render.colours import Colour

__all__ = ["Letters", "letters"]

ROOM = 384  # how many letters a size can have; a name in another script needs a few dozen

LINES = 2000  # of text whose layout is kept

Longs = NDArray[np.int64]
Align = Literal["left", "right", "middle"]

_SHIFT: dict[Align, float] = {"left": 0.0, "right": 1.0, "middle": 0.5}


class Letters:
    """One size of one font.

    Args:
        size: [pixels] of an em.
        bold: heavier strokes.

    Attributes:
        height: [pixels] of a line: from the top of the tallest letter to the lowest one's end.
    """

    def __init__(self, size: int, *, bold: bool = False):
        import matplotlib
        from PIL import ImageFont

        # DejaVu comes with matplotlib; its digits are all equally wide.
        name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
        self._font = ImageFont.truetype(
            Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name, size
        )
        self._ascent, descent = self._font.getmetrics()
        self.height = self._ascent + descent
        self.capital = -self._font.getbbox("H", anchor="ls")[1]
        self._covers = np.zeros((ROOM, self.height, 2 * size + 2), np.uint8)
        self._codes: dict[str, int] = {}
        self._widths: list[int] = []
        self._lines: dict[str, tuple[Longs, Longs, int]] = {}

    def draw(
        self,
        picture: NDArray[np.uint8],
        text: str,
        x: float,
        y: float,
        colour: Colour,
        *,
        align: Align = "left",
        alpha: float = 1.0,
    ) -> None:
        """Write a line.

        Args:
            picture: (height, width, 3) uint8; written.
            text: without line breaks.
            x: [pixels] of its left end, its right end or its middle.
            y: [pixels] of the middle of its capital letters.
            colour: red, green and blue.
            align: which of them ``x`` is.
            alpha: 0 to 1.
        """
        codes, places, total = self._line(text)
        first = round(x - _SHIFT[align] * total)
        top = round(y + 0.5 * self.capital) - self._ascent
        draw_letters(
            picture, self._covers, codes, places, first, top,
            float(colour[0]), float(colour[1]), float(colour[2]), float(alpha),
        )  # fmt: skip

    def width(self, text: str) -> int:
        """Return how wide a line is [pixels]."""
        return self._line(text)[2]

    def _line(self, text: str) -> tuple[Longs, Longs, int]:
        """Return codes and places of a line's letters and its width; kept for the next time."""
        line = self._lines.get(text)
        if line is None:
            codes = [self._code(letter) for letter in text]
            places = list(accumulate((self._widths[code] for code in codes), initial=0))
            line = np.array(codes, np.int64), np.array(places[:-1], np.int64), places[-1]
            if len(self._lines) >= LINES:
                self._lines.clear()
            self._lines[text] = line
        return line

    def fitted(self, text: str, width: float) -> str:
        """Return a line, cut to a width [pixels] if it is longer."""
        if self.width(text) <= width:
            return text
        while text and self.width(f"{text}…") > width:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def _code(self, letter: str) -> int:
        code = self._codes.get(letter)
        if code is None:
            code = self._codes["?"] if len(self._widths) >= ROOM else self._add(letter)
            self._codes[letter] = code
        return code

    def _add(self, letter: str) -> int:
        from PIL import Image, ImageDraw

        code = len(self._widths)
        rows, columns = self._covers.shape[1:]
        image = Image.new("L", (columns, rows))
        ImageDraw.Draw(image).text((0, self._ascent), letter, 255, self._font, anchor="ls")
        self._covers[code] = np.asarray(image)
        self._widths.append(round(self._font.getlength(letter)))
        return code


@cache
def letters(size: int, *, bold: bool = False) -> Letters:
    """Return a font, made when it is first asked for; "?" stands for letters beyond its room."""
    made = Letters(size, bold=bold)
    made.width("?")
    return made
