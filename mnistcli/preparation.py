"""A picture, as people have it, to images, as MNIST has them."""

from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.digit import SIDE
from mnistcli.framing import BOX, Gray, find_bounds, frame, is_framed
from mnistcli.ink import (
    Ink,
    choose_plane,
    find_sheet,
    is_light_on_dark,
    separate,
    take_percentile,
)
from mnistcli.parts import Box, Piece, Pieces, find_main, find_pieces, find_rows, gather
from mnistcli.picture import read_plainly, read_planes

FAINTEST = 8
"""Least contrast, in gray levels of 255, of the strongest ink."""

PALE = 48
"""Contrast of the strongest ink below which all that is not noise is ink, too."""

LEVELS = (0.25, 0.4, 0.55, 0.7)
"""Least ink that is looked at, as a share of the strongest; the later ones against shadows."""

ALONG = 0.4
"""Share of its length, along the border, at which ink is taken for a shadow or an edge."""

FULL = 60
"""Percentile of a digit's ink that becomes 255: most of MNIST's strokes are full."""

THINNEST = 2.4
"""Width, in pixels of an image, that thinner strokes are brought to."""

LITTLE = 20
"""Contrast, in gray levels, below which an answer is warned of."""

BLANK = "no ink found: is it blank?"
SEVERAL = "more than one digit? --several reads all of them"
FAINT = "little contrast: the ink differs by {:.0f} of 255 gray levels from the background"


@dataclass(frozen=True)
class Digit:
    """A digit's ink, cut out of a picture and framed."""

    image: Gray  # [28, 28], 0 background, 255 ink
    box: Box | None = None  # in pixels of the upright picture
    scale: float = 1  # pixels of the image per pixel of the picture
    shift: tuple[float, float] = (0, 0)
    """What was at (x, y) of the picture is at scale * (x, y) + shift of the image."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """The digits of a picture, in reading order."""

    digits: tuple[Digit, ...]
    polarity: str | None = None  # "dark_on_light" or "light_on_dark"
    rows: tuple[int, ...] = ()  # digits in each row
    warnings: tuple[str, ...] = ()


def prepare(
    data: bytes, preprocess: str = "mnist", invert: str = "auto", *, several: bool = False
) -> Prepared:
    """Turn a picture file's bytes into images of its digit, or of its digits.

    Args:
        data: in any format that Pillow reads.
        preprocess: ``mnist`` finds the ink and frames it as MNIST does; ``plain`` only resizes, as
            the tutorials do.
        invert: ``yes`` for dark ink on a light background, ``no`` for light on dark, ``auto``
            to look (``mnist``), or for ``yes`` (``plain``).
        several: look for any number of digits, rather than for one.

    Raises:
        PictureError: it can't be read, or has more pixels than Pillow's limit.
    """
    if preprocess == "plain":
        return Prepared((Digit(read_plainly(data, is_inverted=invert != "no")),), rows=(1,))
    planes, enlargement = read_planes(data)
    if framed := find_framed(planes[0], invert):
        return framed
    gray = choose_plane(planes)
    sheet = find_sheet(gray)
    gray = gray[sheet]
    is_light = is_light_on_dark(gray) if invert == "auto" else invert == "no"
    ink = separate(~gray if is_light else gray)
    found = find_digits(ink) if several else find_digit(ink)
    if not found.rows:
        blank = () if several else (Digit(np.zeros((SIDE, SIDE), np.uint8)),)
        return Prepared(blank, warnings=(BLANK,))
    corner = sheet[1].start, sheet[0].start
    digits = (
        enlarge(cut_out(ink, found.pieces, group), corner, enlargement)
        for row in found.rows
        for group in row
    )
    return Prepared(
        tuple(digits),
        "light_on_dark" if is_light else "dark_on_light",
        tuple(len(row) for row in found.rows),
        (SEVERAL,) if found.is_more else (),
    )


def find_framed(gray: Gray, invert: str) -> Prepared | None:
    """Return an image that is framed as MNIST's are as it is, be it light on dark or inverted."""
    if gray.shape != (SIDE, SIDE):
        return None
    for image, polarity, meant in (
        (gray, "light_on_dark", ("auto", "no")),
        (~gray, "dark_on_light", ("auto", "yes")),
    ):
        if invert in meant and is_framed(image):
            return Prepared((Digit(image, Box(0, 0, SIDE, SIDE)),), polarity, (1,))
    return None


class Found(NamedTuple):
    """Pieces of ink, grouped into digits."""

    pieces: Pieces
    rows: list[list[list[Piece]]]  # of digits
    is_more: bool = False  # than what was looked for


def find_digit(ink: Ink) -> Found:
    """Find the ink of one digit, the main thing in a picture."""
    pieces = find_pieces(ink.smooth, ink.is_ink)
    if not pieces.by_mass:
        return Found(pieces, [])
    main = find_main(pieces)
    is_main, place = pieces.select([main], main.box.place), main.box.place
    strongest, contrast = (
        take_percentile(levels[place][is_main], 98) for levels in (ink.smooth, ink.contrast)
    )
    if contrast < FAINTEST:
        return Found(pieces, [])
    best: Found | None = None
    for level in (0, *LEVELS) if contrast < PALE else LEVELS:
        pieces = find_pieces(ink.smooth, ink.is_ink & (ink.smooth > level * strongest))
        if not pieces.by_mass:
            break
        group = gather(pieces, find_main(pieces))
        found = Found(pieces, [[group]], _is_more(pieces, group))
        along = sum(piece.contact for piece in group) / _join(group).longest
        if best is None and along <= ALONG:
            return found
        is_strong = pieces.select(group) & (ink.smooth > 0.7 * strongest)
        if best is None:
            best, whole, at_first = found, is_strong, along
        elif along < 0.2 * at_first and is_strong[whole].mean() > 0.8:
            return found
    return best or Found(pieces, [])


def find_digits(ink: Ink) -> Found:
    """Find the ink of each digit in a picture with any number of them, row by row."""
    is_ink = ink.is_ink
    if is_ink.any():
        is_ink = is_ink & (ink.smooth > LEVELS[0] * take_percentile(ink.smooth[is_ink], 98))
    pieces = find_pieces(ink.smooth, is_ink)
    inner = [piece for piece in pieces.by_mass if piece.contact_share <= ALONG]
    if not inner:
        return Found(pieces, [])
    tallest = max(piece.box.height for piece in inner)
    usual = np.median([p.box.height for p in inner if p.box.height >= tallest / 2])
    groups = []
    while inner:
        left = Pieces(pieces.labels, tuple(inner))
        group = gather(left, inner[0], beside=0.05, tallest=1.4 * usual)
        inner = [piece for piece in inner if piece not in group]
        if _join(group).longest >= 0.4 * usual:
            groups.append(group)
    rows = find_rows([_join(group) for group in groups])
    return Found(pieces, [[groups[index] for index in row] for row in rows])


def _is_more(pieces: Pieces, group: list[Piece]) -> bool:
    """Tell whether there is more than a group that may be a digit, too."""
    return any(
        piece.mass >= 0.2 * group[0].mass and not piece.contact
        for piece in pieces.by_mass
        if piece not in group
    )


def _join(group: list[Piece]) -> Box:
    return reduce(Box.join, (piece.box for piece in group))


def cut_out(ink: Ink, pieces: Pieces, group: list[Piece]) -> Digit:
    """Cut out and frame the pieces of a digit, with their soft edges."""
    box = _join(group)
    margin = box.longest // 20 + 2
    left, top = max(0, box.left - margin), max(0, box.top - margin)
    place = slice(top, box.bottom + margin), slice(left, box.right + margin)
    is_digit = pieces.select(group, place)
    is_other = (pieces.labels[place] > 0) & ~is_digit
    strokes = soften(ink.measure_strength(place), is_digit, is_other)
    padding = margin
    framed = frame(thicken(np.pad(strokes, padding), np.pad(is_digit, padding)))
    scale, (across, down) = framed.scale, framed.shift
    shift = across - scale * (left - padding), down - scale * (top - padding)
    contrast = take_percentile(ink.contrast[place][is_digit], 90)
    warnings = (FAINT.format(contrast),) if contrast < LITTLE else ()
    return Digit(framed.image, box, scale, shift, warnings)


def soften(
    strength: NDArray[np.float32], is_digit: NDArray[np.bool_], is_other: NDArray[np.bool_]
) -> Gray:
    """Return a digit's ink [H, W], most of it 255, with the fainter ink at its edges."""
    reach = max(is_digit.shape) // 60 + 1
    is_near = cv2.dilate(is_digit.astype(np.uint8), _make_disc(2 * reach + 1)) > 0
    strokes = np.where(is_near & ~is_other, strength, 0)
    full = max(take_percentile(strokes[is_digit], FULL), 1e-6)
    softened: Gray = np.rint(np.minimum(strokes / full, 1) * 255).astype(np.uint8)
    return softened


def thicken(strokes: Gray, is_digit: NDArray[np.bool_]) -> Gray:
    """Bring hairlines near the width of MNIST's strokes.

    The mean distance from a long stroke's edge is a quarter of its width.
    """
    top, bottom, left, right = find_bounds(is_digit)
    longest = max(bottom - top, right - left)
    distances = cv2.distanceTransform(is_digit.astype(np.uint8), cv2.DIST_L2, 5)
    width = 4 * (float(distances[is_digit].mean()) - 0.5)
    missing = round(THINNEST * longest / BOX - width)
    if missing < 1:
        return strokes
    thicker: Gray = cv2.dilate(strokes, _make_disc(missing | 1))
    return thicker


def enlarge(digit: Digit, corner: tuple[int, int], enlargement: float) -> Digit:
    """Tell a digit's place in a picture from that in a part of a smaller copy.

    Args:
        digit: of the part.
        corner: the part's first column and row.
        enlargement: how many times larger the picture is than the copy.
    """
    if digit.box is None:
        return digit
    column, row = corner
    left, top, right, bottom = digit.box
    ends = (left + column, top + row, right + column, bottom + row)
    shift = digit.shift[0] - digit.scale * column, digit.shift[1] - digit.scale * row
    box = Box(*(round(end * enlargement) for end in ends))
    return replace(digit, box=box, scale=digit.scale / enlargement, shift=shift)


def _make_disc(size: int) -> NDArray[np.uint8]:
    disc: NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(
        np.uint8
    )
    return disc
