"""Which pieces of ink make a digit, and in what order digits are read."""

import math
from collections.abc import Iterable, Sequence
from functools import reduce
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.framing import take_border

SPECK = 0.004
"""Least ink of a piece that is looked at, as a share of the heaviest's."""

MOST = 300
"""Pieces that are looked at, the heaviest first."""

PARTS = 24
"""Most pieces of a digit: what has more, such as a page of text, is none."""

FAR = 0.25
"""Greatest gap in a digit, as a share of its longer side, as between a 5 and its bar."""


class Box(NamedTuple):
    """A rectangle of pixels, its ends exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def place(self) -> tuple[slice, slice]:
        """Its rows and columns, to index an array [H, W]."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def longest(self) -> int:
        """The longer side."""
        return max(self.width, self.height)

    def join(self, other: "Box") -> "Box":
        """Return the smallest box around both."""
        return Box(*map(min, self[:2], other[:2]), *map(max, self[2:], other[2:]))

    def measure_gap(self, other: "Box") -> float:
        """Return the distance between both, 0 where they overlap."""
        across = max(self.left, other.left) - min(self.right, other.right)
        down = max(self.top, other.top) - min(self.bottom, other.bottom)
        return math.hypot(max(0, across), max(0, down))

    def share_columns(self, other: "Box") -> float:
        """Return how much of the narrower one's width lies above or below the other."""
        shared = min(self.right, other.right) - max(self.left, other.left)
        return max(0, shared) / min(self.width, other.width)

    def share_rows(self, other: "Box") -> float:
        """Return how much of the lower one's height lies beside the other."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0, shared) / min(self.height, other.height)


class Piece(NamedTuple):
    """Ink that hangs together."""

    number: int
    box: Box
    mass: float  # sum of its ink's strength
    contact: int  # pixels on the picture's border

    @property
    def contact_share(self) -> float:
        """How much of its length is on the picture's border."""
        return self.contact / self.box.longest


def join_boxes(group: Iterable[Piece]) -> Box:
    """Return the smallest box around some pieces."""
    return reduce(Box.join, (piece.box for piece in group))


class Pieces(NamedTuple):
    """The pieces of ink in a picture, without specks."""

    labels: NDArray[np.int32]  # [H, W], each pixel's piece, 0 for background
    by_mass: tuple[Piece, ...]  # the heaviest first

    def select(
        self, group: Iterable[Piece], place: tuple[slice, slice] = np.s_[:, :]
    ) -> NDArray[np.bool_]:
        """Return where the ink of some pieces is, in a part of the picture."""
        labels = self.labels[place]
        selected: NDArray[np.bool_]
        selected = np.logical_or.reduce([labels == piece.number for piece in group])
        return selected


def find_pieces(strength: NDArray[np.float32], is_ink: NDArray[np.bool_]) -> Pieces:
    """Find the pieces of ink, also diagonally connected, of some strength [H, W]."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(is_ink.astype(np.uint8))
    masses = np.bincount(labels[is_ink], strength[is_ink], count)
    contacts = np.bincount(take_border(labels), minlength=count)
    order = np.argsort(-masses, kind="stable")[:MOST]
    return Pieces(
        labels,
        tuple(
            Piece(int(i), Box(x, y, x + width, y + height), float(masses[i]), int(contacts[i]))
            for i in order
            for x, y, width, height in [stats[i, :4].tolist()]
            if i and masses[i] >= SPECK * masses[order[0]]
        ),
    )


def find_main(pieces: Pieces) -> Piece:
    """Return the heaviest piece; one along the picture's border weighs less."""

    def weigh(piece: Piece) -> float:
        if not piece.contact:
            return piece.mass
        return piece.mass * min(max(1 - 1.5 * piece.contact_share, 0.02), 0.8)

    return max(pieces.by_mass, key=weigh)


def gather(
    pieces: Pieces, seed: Piece, beside: float = 0.1, largest: float = math.inf
) -> list[Piece]:
    """Return the pieces of the digit that a piece is part of, that piece first.

    Args:
        pieces: of which some may be part of it.
        seed: its main piece.
        beside: greatest gap between strokes side by side, as a share of the digit's longer side.
        largest: greatest height and width of a digit, in pixels.
    """
    group, box = [seed], seed.box
    remaining = [piece for piece in pieces.by_mass if piece is not seed]
    while len(group) < PARTS:
        for piece in remaining:
            joined = box.join(piece.box)
            if joined.longest <= max(largest, seed.box.longest) and _belongs(
                pieces, piece, group, box, beside
            ):
                break
        else:
            break
        group.append(piece)
        box = joined
        remaining.remove(piece)
    return group


def _belongs(pieces: Pieces, piece: Piece, group: Sequence[Piece], box: Box, beside: float) -> bool:
    """Tell whether a piece is part of the digit of a group."""
    joined = box.join(piece.box)
    share = piece.mass / group[0].mass
    if joined == box and not piece.contact:
        return True
    if share < 0.012 or box.measure_gap(piece.box) > FAR * joined.longest:
        return False
    gap = _measure_distance(pieces, piece, group, joined) / joined.longest
    columns = box.share_columns(piece.box)
    if piece.contact:  # cut off by the border: a part that is near, or a bar above
        height, width = pieces.labels.shape
        is_band = piece.box.width >= 0.95 * width or piece.box.height >= 0.95 * height
        is_above = columns >= 0.2 and gap <= 0.2 and share < 0.8
        return not is_band and (gap <= 0.05 or is_above)
    if share < 0.04:  # a stray dot, unless very near
        return gap <= 0.06
    return gap <= (FAR if columns >= 0.5 else beside)


def find_rows(boxes: Sequence[Box]) -> list[list[int]]:
    """Return the indices of boxes row by row, each from left to right.

    A box continues the row whose last one it is beside, so rows may rise or fall.
    """
    rows: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda i: boxes[i].left):
        shares = [boxes[row[-1]].share_rows(boxes[index]) for row in rows]
        if shares and max(shares) >= 0.5:
            rows[shares.index(max(shares))].append(index)
        else:
            rows.append([index])
    return sorted(rows, key=lambda row: sum(sum(boxes[i][1::2]) for i in row) / len(row))


def _measure_distance(pieces: Pieces, piece: Piece, group: Iterable[Piece], around: Box) -> float:
    """Return how many pixels, at least, lie between a piece and a group's."""
    is_elsewhere = ~pieces.select(group, around.place)
    distances = cv2.distanceTransform(is_elsewhere.astype(np.uint8), cv2.DIST_L2, 5)
    return float(distances[pieces.select([piece], around.place)].min()) - 1
