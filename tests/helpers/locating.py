"""Maps as a perfect locator would make them."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.pictures.locator import Maps
from mnistcli.pictures.parameters import PARAMETERS

SURE = 0.9
"""Probability of ink, and of a centre, unless something else is said."""


class Shown(NamedTuple):
    """A digit to be shown by maps."""

    mask: NDArray[np.bool_]  # [H, W], its ink
    centre: tuple[int, int]  # (x, y)
    score: float = SURE
    angle: float = 0


def show_block(
    shape: tuple[int, int], box: tuple[int, int, int, int], score: float = SURE, angle: float = 0
) -> Shown:
    """A digit that fills a box (left, top, right, bottom), its centre in the middle."""
    left, top, right, bottom = box
    mask = np.zeros(shape, bool)
    mask[top:bottom, left:right] = True
    return Shown(mask, ((left + right) // 2, (top + bottom) // 2), score, angle)


def make_maps(shape: tuple[int, int], *digits: Shown) -> Maps:
    """Return the maps of a level [H, W]; ink that several digits have is the last one's."""
    owners = np.full(shape, -1)
    for number, digit in enumerate(digits):
        owners[digit.mask] = number
    middles = np.array([digit.centre for digit in digits]).reshape(-1, 2)
    scores, angles = ([digit[field] for digit in digits] for field in (2, 3))
    return _make_maps(owners, middles, scores, angles)


class PerfectLocator:
    """Takes each connected dark area on light paper for a digit; remembers the sides it saw.

    An area that is gray instead of black has the score ``doubtful``.
    """

    def __init__(self, doubtful: float = SURE) -> None:
        self.doubtful = doubtful
        self.sides: list[int] = []

    def locate(self, picture: NDArray[np.uint8]) -> Maps:
        """Return the maps of a picture [H, W, 3]."""
        self.sides.append(max(picture.shape))
        is_dark = (picture < 128).all(axis=2).astype(np.uint8)
        count, labels, boxes, _ = cv2.connectedComponentsWithStats(is_dark)
        middles = boxes[1:, :2] + boxes[1:, 2:4] // 2
        darkest = np.full(count, 255, np.uint8)
        np.minimum.at(darkest, labels, picture.max(axis=2))
        scores = [SURE if level < 50 else self.doubtful for level in darkest[1:]]
        return _make_maps(labels - 1, middles, scores, [0] * (count - 1))


def _make_maps(
    owners: NDArray[np.int64],
    middles: NDArray[np.int64],
    scores: list[float],
    angles: list[float],
) -> Maps:
    """Return maps, given which digit each pixel [H, W] belongs to, -1 if to none."""
    cell = PARAMETERS.cell
    height, width = owners.shape
    is_ink = owners >= 0
    maps = Maps(
        np.where(is_ink, np.float32(SURE), np.float32(0)),
        np.zeros((height, width, 2), np.float32),
        *np.zeros((2, height // cell, width // cell), np.float32),
    )
    maps.offsets[is_ink] = middles[owners[is_ink]] - np.argwhere(is_ink)[:, ::-1]
    for (x, y), score, angle in zip(middles, scores, angles, strict=True):
        row, column = y // cell, x // cell
        around = maps.centres[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        np.maximum(around, score / 2, out=around)
        maps.centres[row, column], maps.angles[row, column] = score, angle
    return maps
