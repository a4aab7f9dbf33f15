"""The digits on one level: each one's ink, gathered around its centre by the ink's votes."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.pictures.geometry import Box
from mnistcli.pictures.locator import Levels, Maps
from mnistcli.pictures.parameters import PARAMETERS


class Instance(NamedTuple):
    """A digit on a level."""

    ink: Levels  # [h, w], in [0, 1], its alone
    left: int  # of the ink's array, on the level
    top: int
    box: Box  # of its strong ink, on the level
    score: float  # probability of its centre
    angle: float  # by which it is turned clockwise, in radians

    @property
    def is_probable(self) -> bool:
        """Whether it is more than a candidate."""
        return self.score >= PARAMETERS.min_centre


def find_instances(maps: Maps) -> list[Instance]:
    """Return the digits that maps show, of the sizes that belong to a level.

    Each pixel of ink votes for a place, and belongs to the centre nearest to it.
    """
    rows, columns = find_centres(maps.centres)
    if not len(rows):
        return []
    half = PARAMETERS.cell // 2
    y, x = rows * PARAMETERS.cell + half, columns * PARAMETERS.cell + half
    ink_y, ink_x = np.nonzero(maps.ink >= PARAMETERS.min_ink)
    owners, distances = find_nearest(maps, (y, x), (ink_y, ink_x))
    order = np.argsort(owners, kind="stable")
    limits = np.searchsorted(owners[order], np.arange(len(rows) + 1))
    found = []
    for number, (row, column) in enumerate(zip(rows, columns, strict=True)):
        mine = order[limits[number] : limits[number + 1]]
        ink = gather(maps.ink, ink_y[mine], ink_x[mine], distances[mine])
        if ink is not None:
            score, angle = maps.centres[row, column], maps.angles[row, column]
            found.append(ink._replace(score=float(score), angle=float(angle)))
    return found


def find_centres(centres: Levels) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and columns of the cells that are local maxima."""
    highest = cv2.dilate(centres, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((centres == highest) & (centres >= PARAMETERS.min_candidate))
    return rows, columns


def find_nearest(
    maps: Maps,
    centres: tuple[NDArray[np.intp], NDArray[np.intp]],
    ink: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> tuple[NDArray[np.intp], Levels]:
    """Return the centre nearest to the vote of each pixel of ink, and its distance, in pixels.

    They are looked up in a Voronoi diagram of the centres, (rows, columns), which comes with a
    distance transform (Borgefors, "Distance Transformations in Digital Images", 1986).
    """
    height, width = maps.ink.shape
    is_elsewhere = np.ones((height, width), np.uint8)
    is_elsewhere[centres] = 0
    distances, labels = cv2.distanceTransformWithLabels(
        is_elsewhere, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    numbers = np.zeros(labels.max() + 1, np.intp)
    numbers[labels[centres]] = np.arange(len(centres[0]))
    right, down = np.moveaxis(maps.offsets[ink], -1, 0)
    vote_y = np.clip(np.rint(ink[0] + down), 0, height - 1).astype(np.intp)
    vote_x = np.clip(np.rint(ink[1] + right), 0, width - 1).astype(np.intp)
    nearest: NDArray[np.intp] = numbers[labels[vote_y, vote_x]]
    return nearest, distances[vote_y, vote_x]


def gather(
    ink: Levels, rows: NDArray[np.intp], columns: NDArray[np.intp], distances: Levels
) -> Instance | None:
    """Return the digit that some pixels form, without score, or None if it has not the size.

    Args:
        ink: of the level, [H, W].
        rows: of the pixels, [N].
        columns: of the pixels, [N].
        distances: of their votes to the centre, [N].
    """
    is_strong = ink[rows, columns] >= PARAMETERS.strong_ink
    if not is_strong.any():
        return None
    side = min(_find_box(rows[is_strong], columns[is_strong]).longer_side, PARAMETERS.max_side)
    is_near = distances <= max(PARAMETERS.max_vote_distance * side, PARAMETERS.cell)
    is_strong &= is_near
    if not is_strong.any():
        return None
    box = _find_box(rows[is_strong], columns[is_strong])
    if not PARAMETERS.min_side <= box.longer_side <= PARAMETERS.max_side:
        return None
    rows, columns = rows[is_near], columns[is_near]
    area = _find_box(rows, columns)
    gathered = np.zeros((area.height, area.width), np.float32)
    gathered[rows - area.top, columns - area.left] = ink[rows, columns]
    return Instance(gathered, area.left, area.top, box, 0, 0)


def _find_box(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Box:
    """Return the smallest box around pixels."""
    left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return Box(int(left), int(top), int(right), int(bottom))
