"""Pictures of the ground for people: a track and what lies beside it, from straight above.

The ground is a closed row of samples; the normals of two that follow bound a strip. A pixel
belongs to the strip that it lies in; where several parts of the track claim it, to the one
whose asphalt is nearest, and where asphalt crosses asphalt, to the higher one. Colours come
from the distance to edges in metres, so that edges are smooth at any scale.

``points`` is (n, GROUND_COLUMNS) float64, one row a sample.
"""

from __future__ import annotations

from math import ceil, floor, inf

import numpy as np

from racegym.kernels.compile import device, kernel

__all__ = [
    "GROUND_COLUMNS",
    "GROUND_INKS",
    "TILE",
    "claim_ground",
    "colour_ground",
    "pack_tile",
    "warp_tiles",
]

# Columns of ``points``.
X, Y = 0, 1  # [m]
TANGENT_X, TANGENT_Y = 2, 3
LEFT, RIGHT = 4, 5  # [m] to the edges of the asphalt
WALL_LEFT, WALL_RIGHT = 6, 7  # [m] to the walls, or to where nothing is drawn any more
Z = 8  # [m]
S = 9  # [m]
PAINT_LEFT, PAINT_RIGHT = 10, 11  # 0 to 1: how much the kerb is red and white
VERGE_LEFT, VERGE_RIGHT = 12, 13  # the ink of what lies beyond the kerb
GROUND_COLUMNS = 14

# Rows of ``inks``.
FIELD, GRASS, ASPHALT, LINE, KERB_DARK, KERB_LIGHT, CONCRETE, WALL, WALL_TOP, GRAVEL = range(10)
GROUND_INKS = 10

# Items of ``pit``; without a pit lane its length is 0.
PIT_ENTRY, PIT_LENGTH = 0, 1  # [m] along the track
PIT_LOW, PIT_HIGH = 2, 3  # [m] offsets of its edges, the right one first
PIT_ITEMS = 4

BOX_DEPTH = 0.6  # of the width of the pit lane, on the side of the wall

TILE = 256  # pixels; a tile has one row and one column more, shared with its neighbours

WALL_WIDTH = 0.7  # [m]
LINE_WIDTH = 0.16  # [m]
KERB_PERIOD = 2.4  # [m] of a red and a white piece
CHEQUER = 0.6  # [m] side of a square of the start line
CHEQUERS = 3  # rows of squares
MOWN = 7.0  # [m] width of a stripe of mown grass


@device
def clipped(low, high, value, slope):
    """Return the part of [low, high] where value + slope * c >= 0."""
    if slope > 0.0:
        return max(low, -value / slope), high
    if slope < 0.0:
        return low, min(high, -value / slope)
    return (low, high) if value >= 0.0 else (inf, -inf)


@kernel
def claim_ground(claim, west, north, scale, points, least):
    """Find which place of the track each pixel belongs to.

    Args:
        claim: (height, width, 4) float32; written: the row of ``points``, the share of the
            way to the next, the offset to the left [m], and the claim's weight. A row of
            -1 is beyond all that is drawn.
        west, north: [m] map coordinates of the upper left corner.
        scale: [pixels/m].
        points: (n, GROUND_COLUMNS) float64.
        least: [m] half of the asphalt's width, at least.
    """
    height, width, n = claim.shape[0], claim.shape[1], points.shape[0]
    claim[:, :, 0] = -1.0
    claim[:, :, 3] = inf
    for k in range(n):
        j = k + 1 if k + 1 < n else 0
        px, py, tx, ty = points[k, X], points[k, Y], points[k, TANGENT_X], points[k, TANGENT_Y]
        qx, qy, ux, uy = points[j, X], points[j, Y], points[j, TANGENT_X], points[j, TANGENT_Y]
        left = max(min(points[k, WALL_LEFT], points[j, WALL_LEFT]), least) + WALL_WIDTH
        right = max(min(points[k, WALL_RIGHT], points[j, WALL_RIGHT]), least) + WALL_WIDTH
        reach = max(left, right) + abs(px - qx) + abs(py - qy)
        x, y = (px - west) * scale, (north - py) * scale  # [pixels]
        far = reach * scale + 1.0
        if x + far < 0.0 or x - far > width or y + far < 0.0 or y - far > height:
            continue
        step = 1.0 / scale
        for r in range(int(max(0.0, floor(y - far))), int(min(float(height), ceil(y + far)))):
            # Offsets of the pixel in column 0, and what they gain from column to column.
            dx, dy = west + 0.5 * step - px, north - (r + 0.5) * step - py
            ex, ey = dx + px - qx, dy + py - qy
            after, before = dx * tx + dy * ty, ex * ux + ey * uy
            off, next_off = dy * tx - dx * ty, ey * ux - ex * uy
            low, high = 0.0, width - 1.0
            low, high = clipped(low, high, after, tx * step)
            low, high = clipped(low, high, -before, -ux * step)
            low, high = clipped(low, high, left - off, ty * step)
            low, high = clipped(low, high, off + right, -ty * step)
            if not low <= high:
                continue
            for c in range(int(ceil(low)), int(floor(high)) + 1):
                a, b = after + c * tx * step, before + c * ux * step
                share = a / (a - b) if a > b else 0.0
                d0, d1 = off - c * ty * step, next_off - c * uy * step
                d = d0 + share * (d1 - d0)
                side = LEFT if d > 0.0 else RIGHT
                edge = points[k, side] + share * (points[j, side] - points[k, side])
                beyond = abs(d) - max(edge, least)
                if beyond <= 0.0:
                    beyond = -1.0e4 - points[k, Z]
                place = claim[np.uintp(r), np.uintp(c)]
                if beyond < place[3]:
                    place[0], place[1], place[2], place[3] = k, share, d, beyond


@device
def hashed(x, y):
    """Return noise in [0, 1) for a whole place."""
    h = np.uint32(np.uint32(x) * np.uint32(374761393) + np.uint32(y) * np.uint32(668265263))
    h = np.uint32((h ^ (h >> np.uint32(13))) * np.uint32(1274126177))
    return np.float64((h ^ (h >> np.uint32(16))) & np.uint32(0xFFFF)) / 65536.0


@device
def cloud(x, y):
    """Return smooth noise in [0, 1] with a wavelength of 1."""
    i, j = floor(x), floor(y)
    u, v = x - i, y - j
    u, v = u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v)
    a, b = hashed(int(i), int(j)), hashed(int(i) + 1, int(j))
    c, d = hashed(int(i), int(j) + 1), hashed(int(i) + 1, int(j) + 1)
    return (a + u * (b - a)) * (1.0 - v) + (c + u * (d - c)) * v


@device
def wave(place, period, scale):
    """Return how much of a pixel is in the first half of each period."""
    u = place / period
    u = (u - floor(u)) * period
    inside = min(u, 0.5 * period - u) if u < 0.5 * period else -min(u - 0.5 * period, period - u)
    faded = min(1.0, 0.25 * period * scale)  # too fine to be seen: even
    return 0.5 + faded * (min(max(0.5 + inside * scale, 0.0), 1.0) - 0.5)


@device
def within(edge, place, scale):
    """Return how much of a pixel is within ``edge``."""
    return min(max((edge - place) * scale + 0.5, 0.0), 1.0)


@device
def pit_marks(s, d, lap, scale, line, pit, boxes):
    """Return how much of a pixel at ``s``, ``d`` [m] is a white line of the pit lane."""
    after = s - pit[PIT_ENTRY]
    after = after + lap if after < 0.0 else after
    half = 0.5 * line
    low, high = pit[PIT_LOW], pit[PIT_HIGH]
    if d < low - line or d > high + line or after > pit[PIT_LENGTH] + line:
        return 0.0
    white = max(within(half, abs(d - low), scale), within(half, abs(d - high), scale))
    white = max(white, within(half, after, scale))
    white = max(white, within(half, abs(after - pit[PIT_LENGTH]), scale))
    depth = BOX_DEPTH * (high - low)
    inner, outer = (high - depth, high) if low > 0.0 else (low, low + depth)
    for k in range(boxes.shape[0]):
        place = s - boxes[k, 0]
        place = place - lap if place > 0.5 * lap else place
        place = place + lap if place < -0.5 * lap else place
        rim = abs(abs(place) - 0.5 * boxes[k, 1])
        if rim < line and inner - line < d < outer + line:
            white = max(white, within(half, rim, scale))
        if abs(place) < 0.5 * boxes[k, 1]:
            edge = inner if low > 0.0 else outer
            white = max(white, within(half, abs(d - edge), scale))
    return white


@kernel(allocates=True)
def colour_ground(
    picture, claim, west, north, scale, points, least, kerb, walled, pit, boxes, inks
):
    """Colour pixels by the place that they belong to.

    Args:
        picture: (height, width, 3) uint8; written.
        claim: what ``claim_ground`` found.
        west, north, scale, points, least: as there.
        kerb: [m] width of the kerbs.
        walled: whether there are walls.
        pit: (PIT_ITEMS,) float64.
        boxes: (k, 2) float64 [m], s and length of each pit box.
        inks: (GROUND_INKS, 3) float64.
    """
    height, width, n = picture.shape[0], picture.shape[1], points.shape[0]
    step = 1.0 / scale
    line = max(LINE_WIDTH, 1.2 * step)
    fine = min(1.0, 0.3 * scale)  # how much of fine noise can be seen
    lap = points[n - 1, S] + points[1, S] - points[0, S]
    ink = np.empty(3)
    for r in range(height):
        y = north - (r + 0.5) * step
        for c in range(width):
            x = west + (c + 0.5) * step
            place = claim[np.uintp(r), np.uintp(c)]
            k = int(place[0])
            speck = (hashed(int(floor(4.0 * x)), int(floor(4.0 * y))) - 0.5) * fine
            tone = 0.94 + 0.12 * cloud(x / 23.0, y / 23.0) + 0.07 * speck
            if k < 0:
                for i in range(3):
                    ink[i] = inks[FIELD, i] * tone
            else:
                j = k + 1 if k + 1 < n else 0
                share, d = float(place[1]), float(place[2])
                s = points[k, S] + share * (points[1, S] - points[0, S])
                side = LEFT if d > 0.0 else RIGHT
                edge = max(points[k, side] + share * (points[j, side] - points[k, side]), least)
                side += WALL_LEFT - LEFT
                wall = points[k, side] + share * (points[j, side] - points[k, side])
                side += PAINT_LEFT - WALL_LEFT
                paint = points[k, side] + share * (points[j, side] - points[k, side])
                away = abs(d)
                mown = 1.0 + 0.035 * (2.0 * wave(s, 2.0 * MOWN, scale) - 1.0)
                rim = max(kerb, 1.6 * step)
                wall = max(wall, edge + rim)
                for i in range(3):
                    ink[i] = inks[FIELD, i] * tone
                if walled:
                    thick = within(wall + max(WALL_WIDTH, 1.2 * step), away, scale)
                    top = within(wall + 0.65 * WALL_WIDTH, away, scale)
                    top *= within(-wall - 0.25 * WALL_WIDTH, -away, scale)
                    for i in range(3):
                        ink[i] += thick * (inks[WALL, i] - ink[i])
                        ink[i] += top * (inks[WALL_TOP, i] - ink[i])
                verge = within(wall, away, scale)
                striped = wave(s, KERB_PERIOD, scale)
                rough = within(edge + rim, away, scale)
                marked = within(edge, away, scale)
                road = within(edge - line, away, scale)
                side += VERGE_LEFT - PAINT_LEFT
                beside = int(points[k, side])
                painted = pit_marks(s, d, lap, scale, line, pit, boxes) if pit[1] > 0.0 else 0.0
                worn = 0.97 + 0.06 * cloud(x / 5.0, y / 5.0) + 0.10 * speck
                grown = tone * mown if beside == GRASS else worn
                grown += 0.2 * speck if beside == GRAVEL else 0.0
                start = 0.0
                past = (
                    s
                    if s < 0.5 * points[n - 1, S]
                    else s - points[n - 1, S] - (points[1, S] - points[0, S])
                )
                if abs(past) < CHEQUERS * CHEQUER + 2.0 * step:
                    across = wave(d, 2.0 * CHEQUER, scale)
                    along = wave(past, 2.0 * CHEQUER, scale)
                    long = max(0.5 * CHEQUERS * CHEQUER, 0.8 * step)
                    start = within(long, abs(past), scale)
                    square = across * along + (1.0 - across) * (1.0 - along)
                for i in range(3):
                    ink[i] += verge * (inks[beside, i] * grown - ink[i])
                    ink[i] += verge * painted * (inks[LINE, i] - ink[i])
                    stone = inks[KERB_DARK, i] * striped + inks[KERB_LIGHT, i] * (1.0 - striped)
                    stone = inks[CONCRETE, i] + paint * (stone - inks[CONCRETE, i])
                    ink[i] += rough * (stone - ink[i])
                    ink[i] += marked * (inks[LINE, i] - ink[i])
                    ink[i] += road * (inks[ASPHALT, i] * worn - ink[i])
                    if start > 0.0:
                        shade = 30.0 + 215.0 * square
                        ink[i] += start * marked * (shade - ink[i])
            for i in range(3):
                picture[r, c, i] = np.uint8(min(max(ink[i], 0.0), 255.0))


@kernel
def pack_tile(tile, picture):
    """Copy a picture into a tile, where three colours are mixed in one multiplication.

    Args:
        tile: (height, width) uint64; written: 16 bits a colour, red in the lowest.
        picture: (height, width, 3) uint8.
    """
    for r in range(tile.shape[0]):
        for c in range(tile.shape[1]):
            red, green, blue = picture[r, c, 0], picture[r, c, 1], picture[r, c, 2]
            tile[r, c] = np.uint64(red) | (np.uint64(green) << 16) | (np.uint64(blue) << 32)


@device
def between(a, b, share):
    """Return two packed colours mixed, ``share`` / 256 of the way from one to the other."""
    mixed = a * (np.uint64(256) - share) + b * share
    return (mixed >> np.uint64(8)) & np.uint64(0x00FF00FF00FF)


@kernel
def warp_tiles(picture, tiles, table, u0, v0, u_right, v_right, u_down, v_down):
    """Fill a picture from tiles that may lie at an angle to it.

    Args:
        picture: (height, width, 3) uint8; written.
        tiles: (slots, TILE + 1, TILE + 1) uint64.
        table: (rows, columns) int64, the slot of each tile.
        u0, v0: [pixels of tiles] right and down from the table's corner: where the middle of
            the picture's first pixel is, less half a pixel.
        u_right, v_right, u_down, v_down: what they gain with each column and each row.
    """
    height, width = picture.shape[0], picture.shape[1]
    one = np.uintp(1)
    gain_u, gain_v = int(65536.0 * u_right), int(65536.0 * v_right)
    for r in range(height):
        u, v = int(65536.0 * (u0 + r * u_down)), int(65536.0 * (v0 + r * v_down))
        line = picture[np.uintp(r)]
        for c in range(width):
            tile = tiles[np.uintp(table[np.uintp(v >> 24), np.uintp(u >> 24)])]
            i, j = np.uintp((v >> 16) & 255), np.uintp((u >> 16) & 255)
            across, down = np.uint64((u >> 8) & 255), np.uint64((v >> 8) & 255)
            upper = between(tile[i, j], tile[i, j + one], across)
            lower = between(tile[i + one, j], tile[i + one, j + one], across)
            mixed = between(upper, lower, down)
            pixel = line[np.uintp(c)]
            pixel[0] = np.uint8(mixed & np.uint64(255))
            pixel[1] = np.uint8((mixed >> np.uint64(16)) & np.uint64(255))
            pixel[2] = np.uint8((mixed >> np.uint64(32)) & np.uint64(255))
            u += gain_u
            v += gain_v
