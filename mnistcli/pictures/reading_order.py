"""The order in which digits are read: row by row, each from left to right, also on turned pages."""

from collections.abc import Sequence

import numpy as np

from mnistcli.pictures.geometry import Box
from mnistcli.pictures.parameters import PARAMETERS


def find_rows(boxes: Sequence[Box], angle: float = 0) -> list[list[int]]:
    """Return the indices of boxes row by row from the top, each from left to right.

    A box continues the row whose last box it is beside, so rows may rise or fall. On a page that is
    turned clockwise by an angle, in radians, so are the rows.
    """
    if not boxes:
        return []
    edges = np.array(boxes, float)
    x, y = (edges[:, 0] + edges[:, 2]) / 2, (edges[:, 1] + edges[:, 3]) / 2
    half = (edges[:, 3] - edges[:, 1]) / 2
    along = np.cos(angle) * x + np.sin(angle) * y
    middle = np.cos(angle) * y - np.sin(angle) * x
    top, bottom = middle - half, middle + half
    rows: list[list[int]] = []
    for index in np.argsort(along, kind="stable").tolist():
        last = [row[-1] for row in rows]
        shared = np.minimum(bottom[last], bottom[index]) - np.maximum(top[last], top[index])
        overlaps = shared / (2 * np.minimum(half[last], half[index]))
        if len(last) and overlaps.max() >= PARAMETERS.min_row_overlap:
            rows[int(overlaps.argmax())].append(index)
        else:
            rows.append([index])
    return sorted(rows, key=lambda row: float(middle[row].mean()))


def measure_turn(boxes: Sequence[Box]) -> float | None:
    """Return the angle by which the rows of boxes are turned clockwise, in radians.

    It is the median direction from a digit to its nearest neighbour on its right, as in the
    docstrum (O'Gorman, "The Document Spectrum for Page Layout Analysis", 1993). None if fewer
    digits than ``min_neighbours`` have one nearby, or if the directions differ.
    """
    if len(boxes) < PARAMETERS.min_neighbours:
        return None
    edges = np.array(boxes, float)
    reach = PARAMETERS.max_neighbour_distance * np.array([box.longer_side for box in boxes])
    x, y = (edges[:, 0] + edges[:, 2]) / 2, (edges[:, 1] + edges[:, 3]) / 2
    right, down = x - x[:, np.newaxis], y - y[:, np.newaxis]
    is_beside = (right > 0) & (np.abs(down) < PARAMETERS.max_slope * right)
    distances = np.where(is_beside, np.hypot(right, down), np.inf)
    nearest = distances.argmin(axis=1)
    number = np.flatnonzero(distances.min(axis=1) <= reach)
    if len(number) < PARAMETERS.min_neighbours:
        return None
    nearest = nearest[number]
    directions = np.arctan2(down[number, nearest], right[number, nearest])
    median = np.median(directions)
    difference = np.median(np.abs(directions - median))
    return float(median) if difference <= PARAMETERS.max_row_difference else None
