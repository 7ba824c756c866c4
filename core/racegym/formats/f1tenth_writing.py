"""Writing a track as an F1TENTH map: picture, YAML, centerline and race line.

The picture is free where a pixel's middle lies between the edges, and occupied elsewhere; so
what is read back from it is the track to within a pixel. The centerline file has it exactly.
"""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from racegym.errors import TrackError
from racegym.formats.race_line import refuse_line_of_another
from racegym.formats.writing import write_whole
from racegym.track import Track
from racegym.track.borders import border_points

__all__ = ["outputs", "write"]

Floats = NDArray[np.float64]

PIXELS_ACROSS = 40.0  # of the mean width, on a map that is not too large for that
MOST_PIXELS = 12_000_000
MARGIN = 8  # [pixels] of wall around it
FREE, OCCUPIED = 255, 0


def write(track: Track, path: Path, resolution: float | None = None) -> list[Path]:
    """Write a track as ``NAME.png``, ``NAME.yaml``, ``NAME_centerline.csv``.

    A track with a racing line gets a ``NAME_raceline.csv`` too, in the seven columns of TUM's
    trajectories; it has no speeds, so these columns are 0.

    Args:
        track: the track; a map is flat, so elevation and banking are left out.
        path: ``NAME.yaml``, ``NAME.png``, or NAME alone, in a folder that exists.
        resolution: [m] of a pixel. Default: a fortieth of the mean width, or as much as keeps
            the picture below 12 megapixels.

    Returns:
        The files made.

    Raises:
        TrackError: the picture would be too large, a file can't be written, or a race line
            of another lies beside it.
    """
    if track.line is None:
        refuse_line_of_another(path.with_name(f"{_bare(path)}_raceline.csv"), path)
    borders = border_points(track)
    low = borders[:, :4].reshape(-1, 2).min(axis=0)
    size = borders[:, :4].reshape(-1, 2).max(axis=0) - low
    if resolution is None:
        width = float((track.width_left + track.width_right).mean())
        resolution = max(width / PIXELS_ACROSS, float(np.sqrt(size.prod() / (0.9 * MOST_PIXELS))))
        resolution = float(f"{resolution:.2g}")
    count = np.ceil(size / resolution).astype(int) + 2 * MARGIN
    if count.prod() > MOST_PIXELS:
        raise TrackError(
            f"a map of {size[0]:.0f} x {size[1]:.0f} m at {resolution:g} m a pixel has "
            f"{count.prod() / 1e6:.0f} megapixels; {MOST_PIXELS / 1e6:.0f} are the most",
            file=path,
        )
    corner = low - MARGIN * resolution
    free = _free(borders, corner, resolution, int(count[0]), int(count[1]))
    picture = io.BytesIO()
    Image.fromarray(np.where(free, FREE, OCCUPIED).astype(np.uint8)[::-1]).save(picture, "PNG")
    origin = corner + np.array(track.origin)
    yaml = (
        f"image: {_quoted(_stem(path) + '.png')}\nresolution: {resolution:g}\n"
        f"origin: [{origin[0]:.6f}, {origin[1]:.6f}, 0.0]\n"
        "negate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.196\n"
    )
    contents = [picture.getvalue(), yaml.encode(), _centerline(track).encode()]
    if track.line is not None:
        contents.append(_raceline(track).encode())
    files = outputs(track, path)
    for file, content in zip(files, contents, strict=True):
        write_whole(file, content)
    return files


def outputs(track: Track, path: Path) -> list[Path]:
    """Return the files that ``write`` makes."""
    stem, name = _stem(path), _bare(path)
    names = [f"{stem}.png", f"{stem}.yaml", f"{name}_centerline.csv"]
    if track.line is not None:
        names.append(f"{name}_raceline.csv")
    return [path.with_name(each) for each in names]


def _stem(path: Path) -> str:
    stem = path.name
    for suffix in (".yaml", ".yml", ".png"):
        stem = stem.removesuffix(suffix)
    return stem


def _bare(path: Path) -> str:
    """Return what the lines of a map are called, as the reader has it: without ``_map``."""
    return _stem(path).removesuffix("_map") or _stem(path)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _free(
    borders: Floats, corner: Floats, resolution: float, width: int, height: int
) -> NDArray[np.bool_]:
    """Return which pixels (h, w), the lowest row first, have their middle on the asphalt."""
    left = (borders[:, 0:2] - corner) / resolution - 0.5
    right = (borders[:, 2:4] - corner) / resolution - 0.5
    free = np.zeros((height, width), bool)
    step = max(1, len(left) // 20_000)
    ends = np.append(np.arange(0, len(left), step), 0)
    for a, b in itertools.pairwise(ends):
        cell = np.array([right[a], right[b], left[b], left[a]])
        x0, y0 = np.maximum(np.ceil(cell.min(axis=0)).astype(int), 0)
        x1, y1 = np.floor(cell.max(axis=0)).astype(int) + 1
        x, y = np.arange(x0, x1)[None, :], np.arange(y0, y1)[:, None]
        inside = np.ones((y1 - y0, x1 - x0), bool)
        for p, q in zip(cell, np.roll(cell, -1, axis=0), strict=True):
            inside &= (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]) >= -1e-9
        free[y0:y1, x0:x1] |= inside
    return free


def _centerline(track: Track) -> str:
    columns = (
        track.x + track.origin[0], track.y + track.origin[1], track.width_right, track.width_left
    )  # fmt: skip
    return _rows(["# x_m, y_m, w_tr_right_m, w_tr_left_m"], columns, ", ")


def _raceline(track: Track) -> str:
    """Return the racing line as a closed trajectory; headings are TUM's, 0 along y."""
    line = track.line
    assert line is not None
    x = track.x - line * track.tangent_y + track.origin[0]
    y = track.y + line * track.tangent_x + track.origin[1]
    ahead_x, ahead_y = np.roll(x, -1) - x, np.roll(y, -1) - y
    step = np.hypot(ahead_x, ahead_y)
    along_x, along_y = ahead_x + np.roll(ahead_x, 1), ahead_y + np.roll(ahead_y, 1)
    heading = np.arctan2(along_y, along_x) - 0.5 * np.pi
    heading = np.arctan2(np.sin(heading), np.cos(heading))
    before_x, before_y = np.roll(ahead_x, 1), np.roll(ahead_y, 1)
    turn = np.arctan2(
        before_x * ahead_y - before_y * ahead_x, before_x * ahead_x + before_y * ahead_y
    )
    curvature = 2.0 * turn / (step + np.roll(step, 1))
    s = np.concatenate([[0.0], np.cumsum(step)])
    columns = [s] + [np.append(each, each[0]) for each in (x, y, heading, curvature)]
    columns += [np.zeros(len(s))] * 2
    comments = [
        f"# {track.line_name} of a track of {track.length:.3f} m, hash {track.hash}",
        "# without speeds: vx_mps and ax_mps2 are 0",
        "# s_m; x_m; y_m; psi_rad; kappa_radpm; vx_mps; ax_mps2",
    ]
    return _rows(comments, columns, "; ")


def _rows(comments: list[str], columns: object, separator: str) -> str:
    table = np.column_stack(columns)  # type: ignore[call-overload]
    rows = [separator.join(f"{value:.7f}" for value in row) for row in table.tolist()]
    return "\n".join([*comments, *rows]) + "\n"
