"""What a page is written with: digits of MNIST, of strokes and of fonts, letters, signs, marks."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from canvas import FRACTION_BITS, Random, to_fixed
from numpy.typing import NDArray
from prints import EDGE, GLYPH_SIDE, print_digit, print_glyphs
from signs import LETTERS, PRINTED, SYMBOLS, write_signs

from mnistcli.datasets.synthetic.handwriting import HANDS, Points, write
from mnistcli.images import CLASSES, Gray
from mnistcli.pictures.geometry import find_bounds
from mnistcli.pictures.normalization import INK_SIDE

NO_DIGIT = -1
"""In place of a label."""

PATHS, LETTER_PATHS, SYMBOL_PATHS = 1500, 500, 300
"""Digits, letters and symbols that are written for a pool."""

MNIST_EDGE = 40
"""Gray level above which soft edges belong to a digit of MNIST."""

FROM_MNIST, FROM_STROKES = 0.55, 0.3
"""Shares of the digits; the others are printed."""

WRITTEN_SIGNS = 0.7
"""Share of the letters and symbols that are written; the others are printed letters."""

MAX_PEN = 0.22
"""Greatest width of a pen, as a share of what it writes."""

JUMP = 6
"""Pixels between places of a path beyond which the pen was lifted."""


class Glyph(NamedTuple):
    """Ink to be placed on a page."""

    ink: Gray  # [h, w], cropped
    side: float  # of the digit that it is, or stands beside: the longer one, in pixels of the ink
    label: int  # of a digit, or NO_DIGIT


class Pool(NamedTuple):
    """What glyphs are taken from."""

    digits: Gray  # [N, 28, 28], of MNIST
    labels: NDArray[np.uint8]  # [N]
    paths: Points  # [M, S, 2], of digits
    path_labels: NDArray[np.int64]  # [M]
    signs: Points  # [K, S, 2], of letters and symbols
    prints: list[list[Gray]]  # printed digits, of each class
    letters: tuple[Gray, ...]  # printed letters


class Mark(NamedTuple):
    """A punctuation mark."""

    draw: Callable[[Gray, int, int, int], None]  # on ink, with ends indented, by a width
    least: float  # longer side, in digits' sides
    most: float


def make_pool(random: Random, digits: Gray, labels: NDArray[np.uint8]) -> Pool:
    """Write and print glyphs for some hundreds of pages.

    Args:
        random: the source of all variation.
        digits: of MNIST, [N, 28, 28].
        labels: of the digits, [N].
    """
    path_labels = random.integers(0, CLASSES, PATHS)
    paths = write(random, path_labels, HANDS)
    letters = write_signs(random, LETTERS, LETTER_PATHS)
    symbols = write_signs(random, SYMBOLS, SYMBOL_PATHS)
    prints = [print_digit(random, digit) for digit in range(CLASSES)]
    signs = np.concatenate([letters, symbols])
    return Pool(digits, labels, paths, path_labels, signs, prints, print_glyphs(PRINTED))


def take_digit(random: Random, pool: Pool) -> Glyph:
    """Take a digit: of MNIST, of strokes or printed."""
    kind = random.random()
    if kind < FROM_MNIST:
        number = random.integers(len(pool.digits))
        image = pool.digits[number]
        ink = image[find_bounds(image > MNIST_EDGE).slices]
        return Glyph(ink, INK_SIDE, int(pool.labels[number]))
    if kind < FROM_MNIST + FROM_STROKES:
        number = random.integers(len(pool.paths))
        ink = draw_path(random, pool.paths[number])
        return Glyph(ink, max(ink.shape), int(pool.path_labels[number]))
    digit = int(random.integers(CLASSES))
    ink = pool.prints[digit][random.integers(len(pool.prints[digit]))]
    return Glyph(ink, max(ink.shape), digit)


def take_sign(random: Random, pool: Pool) -> Glyph:
    """Take a letter or a symbol, written or printed."""
    if random.random() < WRITTEN_SIGNS:
        ink = draw_path(random, pool.signs[random.integers(len(pool.signs))])
    else:
        ink = pool.letters[random.integers(len(pool.letters))]
    return Glyph(ink, max(ink.shape), NO_DIGIT)


def take_mark(random: Random) -> Glyph:
    """Draw a punctuation mark."""
    ink = np.zeros((GLYPH_SIDE, GLYPH_SIDE), np.uint8)
    width = int(random.integers(3, 11))
    mark = MARKS[random.integers(len(MARKS))]
    left, right = random.integers(4, 16, 2).tolist()
    mark.draw(ink, left, right, width)
    size = random.uniform(mark.least, mark.most)
    cropped = ink[find_bounds(ink > EDGE).slices]
    return Glyph(cropped, max(cropped.shape) / size, NO_DIGIT)


def draw_path(random: Random, points: Points) -> Gray:
    """Draw a path [S, 2] with a pen whose width varies, cropped up to a narrow margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = GLYPH_SIDE / (high - low).max()
    share = float(np.exp(random.normal(-2.5, 0.45)))  # the median is 0.08
    width = max(1, round(min(share, MAX_PEN) * GLYPH_SIDE))
    margin = width // 2 + 2
    placed = (points - low) * scale + margin
    columns, rows = np.ceil((high - low) * scale).astype(int) + 2 * margin + 1
    ink = np.zeros((rows, columns), np.uint8)
    steps = np.linalg.norm(np.diff(placed, axis=0), axis=1)
    strokes = np.split(to_fixed(placed), np.flatnonzero(steps > JUMP) + 1)
    cv2.polylines(ink, strokes, False, 255, width, cv2.LINE_AA, FRACTION_BITS)
    return ink


def draw_dash(ink: Gray, left: int, right: int, width: int) -> None:
    """Draw a line across, which may slope."""
    start, end = (left, 22 + right), (GLYPH_SIDE - right, 22 + left)
    cv2.line(ink, start, end, 255, width, cv2.LINE_AA)


def draw_slash(ink: Gray, left: int, right: int, width: int) -> None:
    """Draw a line upwards."""
    cv2.line(ink, (left, GLYPH_SIDE - 4), (GLYPH_SIDE - right, 3), 255, width, cv2.LINE_AA)


def draw_point(ink: Gray, left: int, right: int, width: int) -> None:
    """Draw a disc."""
    cv2.circle(ink, (32, 32), 12, 255, -1, cv2.LINE_AA)


def draw_comma(ink: Gray, left: int, right: int, width: int) -> None:
    """Draw a disc with a tail."""
    draw_point(ink, left, right, width)
    cv2.line(ink, (34, 32), (26, 60), 255, 8, cv2.LINE_AA)


def draw_equals(ink: Gray, left: int, right: int, width: int) -> None:
    """Draw two lines across."""
    for y in (22, 42):
        cv2.line(ink, (left, y), (GLYPH_SIDE - right, y + 2), 255, width, cv2.LINE_AA)


def draw_tick(ink: Gray, left: int, right: int, width: int) -> None:
    """Draw a short line down and a long one up."""
    corners = [[left, 40], [24, GLYPH_SIDE - 4], [GLYPH_SIDE - right, 4]]
    cv2.polylines(ink, [np.array(corners, np.int32)], False, 255, width, cv2.LINE_AA)


MARKS = (
    Mark(draw_dash, 0.35, 0.9),
    Mark(draw_slash, 1.0, 1.6),
    Mark(draw_point, 0.08, 0.3),
    Mark(draw_comma, 0.08, 0.3),
    Mark(draw_equals, 0.4, 0.8),
    Mark(draw_tick, 0.6, 1.4),
)
