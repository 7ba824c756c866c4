"""Draws the pictures of races in ``docs/runs.md``: twenty karts of mixed levels, six laps.

Every third keeps to the middle of the road, where the others do not expect it.

python docs/figures/report.py

``report.png`` is the page of the quickstart in a browser 1280 pixels wide, at 1:52.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from racegym.record import RunFolder
from racegym.report import draw_pictures
from racegym.run import run
from racegym.scenario import load_scenario

IMAGES = Path(__file__).resolve().parents[1] / "images"
LEVELS = ("rookie", "amateur", "club", "pro", "expert", "alien")
WIDE = 1100  # [pixels]
RACE: dict[str, Any] = {
    "name": "mixed levels",
    "seed": 3,
    "laps": 6,
    "time_limit": 900,
    "backend": "kart2d",
    "track": {"generate": {"seed": 7, "length": 1000}},
    "rules": {
        "incidents": {"touch": 0.1},
        "penalties": {
            "rules": {
                "bump": {"offence": "contact", "least": 1, "penalty": "time", "amount": 5},
            }
        },
    },
    "start": {"kind": "standing"},
    "cars": [
        {
            "name": f"Kart {k + 1}",
            "vehicle": "rental_kart",
            "driver": {"name": "pure_pursuit", "pace": 92}
            if k % 3 == 2
            else {"name": "raceline", "level": LEVELS[6 * k // 20]},
        }
        for k in range(20)
    ],
}


def main() -> None:
    """Run the race and keep three of its pictures, scaled down."""
    with tempfile.TemporaryDirectory() as folder:
        done = run(load_scenario(RACE), runs_dir=Path(folder), plots=False)
        files = RunFolder(done.folder)
        draw_pictures(files, done.result)
        for file in (files.lap_chart, files.overtakes, files.incidents):
            picture = Image.open(file).convert("RGB")
            size = (WIDE, round(WIDE * picture.height / picture.width))
            small = picture.resize(size, Image.Resampling.LANCZOS)
            small = small.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            small.save(IMAGES / f"race_{file.name}", optimize=True)


if __name__ == "__main__":
    main()
