"""Drawing into a picture for people: boxes, polygons, strokes, rings and letters, smooth at edges.

A picture is (height, width, 3) uint8, row 0 at the top; pixel (r, c) covers the square from
(c, r) to (c + 1, r + 1). Colours are 0 to 255 for red, green and blue; ``alpha`` 0 to 1 is how
much of what was there a shape covers. At its edge a shape covers a pixel by how far the pixel's
middle is inside, so that edges are smooth at any angle.
"""

from __future__ import annotations

from math import ceil, floor, sqrt

import numpy as np

from racegym.kernels.compile import device, kernel

__all__ = ["draw_letters", "draw_ring", "draw_strokes", "fill_box", "fill_polygons"]


@device
def mix(picture, r, c, red, green, blue, share):
    """Cover a share of a pixel with a colour."""
    pixel = picture[np.uintp(r), np.uintp(c)]
    pixel[0] = np.uint8(pixel[0] + share * (red - pixel[0]) + 0.5)
    pixel[1] = np.uint8(pixel[1] + share * (green - pixel[1]) + 0.5)
    pixel[2] = np.uint8(pixel[2] + share * (blue - pixel[2]) + 0.5)


@device
def span(low, high, most):
    """Return the first pixel and the one after the last that [low, high] may touch."""
    first = int(floor(min(max(low - 1.0, 0.0), float(most))))
    stop = int(ceil(min(max(high + 1.0, 0.0), float(most))))
    return first, stop


@kernel
def fill_box(picture, x0, y0, x1, y1, radius, red, green, blue, alpha):
    """Fill a box with round corners.

    Args:
        picture: (height, width, 3) uint8; written.
        x0, y0, x1, y1: [pixels] its left, upper, right and lower edge.
        radius: [pixels] of its corners; half its size makes a disc.
        red, green, blue, alpha: float64.
    """
    top, bottom = span(y0, y1, picture.shape[0])
    left, right = span(x0, x1, picture.shape[1])
    middle_x, middle_y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    half_x, half_y = 0.5 * (x1 - x0) - radius, 0.5 * (y1 - y0) - radius
    # Where no edge is near, all pixels are covered alike, and whole numbers will do.
    plain_left = min(max(int(ceil(middle_x - half_x)), left), right)
    plain_right = min(max(int(floor(middle_x + half_x)), plain_left), right)
    part = int(256.0 * alpha + 0.5)
    inks = (int(red), int(green), int(blue))
    for r in range(top, bottom):
        y = abs(r + 0.5 - middle_y) - half_y
        skip_from, skip_to = right, right
        if y <= radius - 0.5:
            skip_from, skip_to = plain_left, plain_right
            for c in range(plain_left, plain_right):
                pixel = picture[np.uintp(r), np.uintp(c)]
                for i in range(3):
                    old = int(pixel[np.uintp(i)])
                    pixel[np.uintp(i)] = np.uint8(old + ((inks[i] - old) * part + 128 >> 8))
        for place in range(right - left - (skip_to - skip_from)):
            c = left + place
            if c >= skip_from:
                c += skip_to - skip_from
            x = abs(c + 0.5 - middle_x) - half_x
            outside = (sqrt(x * x + y * y) if x > 0.0 and y > 0.0 else max(x, y)) - radius
            share = min(max(0.5 - outside, 0.0), 1.0) * alpha
            if share > 0.0:
                mix(picture, r, c, red, green, blue, share)


@kernel
def draw_ring(picture, x, y, radius, width, red, green, blue, alpha):
    """Draw a circle.

    Args:
        picture: (height, width, 3) uint8; written.
        x, y, radius: [pixels] of the middle of its line.
        width: [pixels] of its line.
        red, green, blue, alpha: float64.
    """
    reach = radius + 0.5 * width
    top, bottom = span(y - reach, y + reach, picture.shape[0])
    left, right = span(x - reach, x + reach, picture.shape[1])
    for r in range(top, bottom):
        for c in range(left, right):
            away = sqrt((c + 0.5 - x) ** 2 + (r + 0.5 - y) ** 2)
            share = min(max(0.5 * width - abs(away - radius) + 0.5, 0.0), 1.0) * alpha
            if share > 0.0:
                mix(picture, r, c, red, green, blue, share)


@kernel
def fill_polygons(picture, corners, counts, colours):
    """Fill convex polygons, one after the other.

    Args:
        picture: (height, width, 3) uint8; written.
        corners: (n, most, 2) float64 [pixels], right and down, in order either way round.
        counts: (n,) int64, how many corners of each count.
        colours: (n, 4) float64: red, green, blue, alpha.
    """
    height, width = picture.shape[0], picture.shape[1]
    for k in range(corners.shape[0]):
        count = counts[k]
        low_x, high_x = corners[k, 0, 0], corners[k, 0, 0]
        low_y, high_y = corners[k, 0, 1], corners[k, 0, 1]
        area = 0.0
        for i in range(count):
            j = i + 1 if i + 1 < count else 0
            ax, ay = corners[k, i, 0], corners[k, i, 1]
            bx, by = corners[k, j, 0], corners[k, j, 1]
            area += ax * by - bx * ay
            low_x, high_x = min(low_x, ax), max(high_x, ax)
            low_y, high_y = min(low_y, ay), max(high_y, ay)
        if not (high_x > -1.0 and low_x < width + 1.0 and high_y > -1.0 and low_y < height + 1.0):
            continue  # out of the picture, or not a number
        side = 1.0 if area > 0.0 else -1.0
        top, bottom = span(low_y, high_y, height)
        left, right = span(low_x, high_x, width)
        for r in range(top, bottom):
            for c in range(left, right):
                inside = 1.0
                for i in range(count):
                    j = i + 1 if i + 1 < count else 0
                    ax, ay = corners[k, i, 0], corners[k, i, 1]
                    ux, uy = corners[k, j, 0] - ax, corners[k, j, 1] - ay
                    size = sqrt(ux * ux + uy * uy)
                    if size > 0.0:
                        depth = side * (ux * (r + 0.5 - ay) - uy * (c + 0.5 - ax)) / size
                        inside = min(inside, depth + 0.5)
                        if inside <= 0.0:
                            break
                if inside > 0.0:
                    red, green, blue = colours[k, 0], colours[k, 1], colours[k, 2]
                    mix(picture, r, c, red, green, blue, inside * colours[k, 3])


@kernel
def draw_strokes(picture, points, colours, radius, beyond):
    """Draw a line through points, each piece in a colour of its own.

    Pieces end square. Translucent ones must not reach beyond their ends, or they would cover
    their joints twice; opaque ones should, to leave no gap at the outside of a bend.

    Args:
        picture: (height, width, 3) uint8; written.
        points: (n, 2) float64 [pixels]; one that is not a number breaks the line.
        colours: (n, 4) float64 of the piece that begins at each point; an alpha of 0 leaves
            it out.
        radius: [pixels] half of its width.
        beyond: [pixels] how far pieces reach beyond their ends.
    """
    height, width = picture.shape[0], picture.shape[1]
    for k in range(points.shape[0] - 1):
        alpha = colours[k, 3]
        ax, ay = points[k, 0], points[k, 1]
        ux, uy = points[k + 1, 0] - ax, points[k + 1, 1] - ay
        size = sqrt(ux * ux + uy * uy)
        if not (alpha > 0.0 and size > 0.0):
            continue
        reach = radius + beyond
        low_x, high_x = min(ax, ax + ux) - reach, max(ax, ax + ux) + reach
        low_y, high_y = min(ay, ay + uy) - reach, max(ay, ay + uy) + reach
        if not (high_x > 0.0 and low_x < width and high_y > 0.0 and low_y < height):
            continue
        ux, uy = ux / size, uy / size
        top, bottom = span(low_y, high_y, height)
        left, right = span(low_x, high_x, width)
        red, green, blue = colours[k, 0], colours[k, 1], colours[k, 2]
        for r in range(top, bottom):
            for c in range(left, right):
                x, y = c + 0.5 - ax, r + 0.5 - ay
                along = x * ux + y * uy
                if along < -beyond or along >= size + beyond:
                    continue
                share = min(max(radius - abs(x * uy - y * ux) + 0.5, 0.0), 1.0) * alpha
                if share > 0.0:
                    mix(picture, r, c, red, green, blue, share)


@kernel
def draw_letters(picture, letters, codes, places, first, top, red, green, blue, alpha):
    """Draw a line of text.

    Args:
        picture: (height, width, 3) uint8; written.
        letters: (n, rows, columns) uint8, how much of each pixel a letter covers, 0 to 255.
        codes: (k,) int64, which letters.
        places: (k,) int64 [pixels], the left edge of each, from that of the first.
        first, top: [pixels] the left edge of the line and the upper edge of all.
        red, green, blue, alpha: float64.
    """
    height, width = picture.shape[0], picture.shape[1]
    for k in range(codes.shape[0]):
        letter = letters[codes[k]]
        for row in range(letter.shape[0]):
            r = top + row
            if r < 0 or r >= height:
                continue
            for column in range(letter.shape[1]):
                c = first + places[k] + column
                cover = letter[row, column]
                if cover > 0 and 0 <= c < width:
                    mix(picture, r, c, red, green, blue, alpha * cover / 255.0)
