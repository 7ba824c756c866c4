"""Make the picture of docs/racing_line.md: ``python docs/figures/racing_lines.py``.

Needs racegym, racegym-kart2d and casadi. The track is a generated one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from racegym.raceline.quasi_steady import lap_of_line
from racegym.raceline.racing_line import racing_line
from racegym.report.style import car_colour, heading, new_figure, save
from racegym.report.track_map import draw_ground
from racegym.run.limit import vehicle_model
from racegym.track import generate

IMAGES = Path(__file__).resolve().parents[1] / "images"
KINDS = ("centerline", "shortest", "minimum_curvature", "weighted", "minimum_time")
WIDE = 5.6  # [inches]


def main() -> None:
    """Draw all lines over one track, and their speeds below."""
    track = generate(3, length=700.0, style="kart", width=10.0)
    model = vehicle_model("rental_kart")
    ggv = model.ggv()
    high = WIDE * float(np.ptp(track.y) / np.ptp(track.x))
    figure = new_figure(6.8, high + 2.4)
    above, below = figure.subplots(2, 1, height_ratios=[high, 1.8])
    assert isinstance(above, Axes)
    assert isinstance(below, Axes)
    draw_ground(above, track, 72.0 * WIDE / float(np.ptp(track.x)))
    for index, kind in enumerate(KINDS):
        line = racing_line(track, kind, width=model.width, ggv=ggv)
        lap = lap_of_line(line, ggv)
        label = f"{kind.replace('_', ' ')}, {lap.lap_time:.1f} s"
        look = {"color": car_colour(index), "lw": 1.4}
        above.plot(np.append(line.x, line.x[0]), np.append(line.y, line.y[0]), **look, label=label)
        below.plot(track.spacing * np.arange(len(track)), 3.6 * lap.speed, **look)
    heading(above, "Five lines around one track", "a rental kart on a generated track of 700 m")
    above.set_aspect("equal")
    above.set_axis_off()
    below.set_xlabel("distance along the centerline [m]")
    below.set_ylabel("speed [km/h]")
    above.legend(loc="center", bbox_to_anchor=(0.43, 0.56), frameon=False)
    save(figure, IMAGES / "racing_line.png")


if __name__ == "__main__":
    main()
