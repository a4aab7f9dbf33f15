"""A picture, as people have it, to images, as MNIST has them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mnistcli.cutout import Digit, cut_out, enlarge
from mnistcli.digit import SIDE
from mnistcli.framing import Gray, is_framed
from mnistcli.ink import Ink, choose_plane, find_sheet, is_light_on_dark, lift_sheet, separate
from mnistcli.light import take_percentile
from mnistcli.parts import (
    PARTS,
    Box,
    Piece,
    Pieces,
    find_main,
    find_pieces,
    find_rows,
    gather,
    join_boxes,
)
from mnistcli.picture import read_plainly, read_planes

FAINTEST = 8
"""Least contrast, in gray levels of 255, of the strongest ink."""

PALE = 48
"""Contrast of the strongest ink below which all that is not noise is ink, too."""

LEVELS = (0.25, 0.4, 0.55, 0.7)
"""Least ink that is looked at, as a share of the strongest; the later ones against shadows."""

ALONG = 0.4
"""Share of its length, along the border, at which ink is taken for a shadow or an edge."""

BLANK = "no ink found: is it blank?"
SEVERAL = "more than one digit? --several reads all of them"


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
    gray = lift_sheet(gray[sheet]) if invert == "auto" else gray[sheet]
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
        found = Found(pieces, [[group]], is_more_than_one(pieces, group))
        along = sum(piece.contact for piece in group) / join_boxes(group).longest
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
    groups = group_all(pieces)
    rows = find_rows([join_boxes(group) for group in groups])
    return Found(pieces, [[groups[index] for index in row] for row in rows])


def group_all(pieces: Pieces) -> list[list[Piece]]:
    """Group the pieces of all digits, but for what is too small beside the others to be one."""
    inner = [piece for piece in pieces.by_mass if piece.contact_share <= ALONG]
    highest = max((piece.box.height for piece in inner), default=0)
    heights = [piece.box.height for piece in inner if piece.box.height >= highest / 2]
    usual = sorted(heights)[len(heights) // 2] if heights else 0
    groups = []
    while inner:
        left = Pieces(pieces.labels, tuple(inner))
        group = gather(left, inner[0], beside=0.05, largest=1.3 * usual)
        inner = [piece for piece in inner if piece not in group]
        if join_boxes(group).longest >= 0.4 * usual:
            groups.append(group)
    return groups


def is_more_than_one(pieces: Pieces, group: list[Piece]) -> bool:
    """Tell whether there is other ink as heavy as a group, or it is as wide as no digit is."""
    heavy = [piece for piece in pieces.by_mass if piece.mass >= 0.2 * group[0].mass]
    if any(piece not in group and not piece.contact for piece in heavy):
        return True
    box = join_boxes(group)
    is_wide = box.width > 1.2 * box.height and sum(piece in group for piece in heavy) > 1
    return is_wide or len(group) >= PARTS
