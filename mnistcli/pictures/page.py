"""The page that a digit is written on: without the edges of a scan, and without a table."""

import cv2
import numpy as np

from mnistcli.images import Gray
from mnistcli.pictures.filters import COPY_SIDE, find_percentile, shrink
from mnistcli.pictures.geometry import Box

MAX_BAND_SHARE = 0.25
"""Greatest share of a side that a band of another tone takes."""

MIN_TONE_DIFFERENCE = 20
"""Least difference, in gray levels of 255, across a band's edge."""

MIN_EDGE_SHARE = 0.92
"""Least share of a band's edge with such a difference."""

MAX_CORNER_SHARE = 0.1
"""Greatest share of a side that the corners of a frame take."""

MIN_RECTANGULARITY = 0.9
"""Least share of its minimum-area rectangle that a sheet of paper covers."""

MIN_SHEET_SHARE = 0.15
"""Least share of a picture that a sheet of paper covers, if it has none of the corners."""

MIN_UNWRITTEN_SHARE = 0.7
"""Least share of a sheet that has no ink."""


def find_page(gray: Gray) -> Box:
    """Return the box within the bands of another tone along the sides of gray levels [H, W].

    Such bands are the edges of a scan or of a table, and the frames around screenshots. The rules
    are this project's own.
    """
    height, width = gray.shape
    bands = _measure_bands(gray, MAX_CORNER_SHARE)
    if not all(bands):  # no frame: each band must run all along its side
        bands = _measure_bands(gray, 0)
    top, bottom, left, right = bands
    if top and bottom and top + bottom > height * 0.45:  # rather a stroke across everything
        top = bottom = 0
    if left and right and left + right > width * 0.45:
        left = right = 0
    return Box(left, top, width - right, height - bottom)


def fill_around_sheet(gray: Gray) -> Gray:
    """Fill gray levels [H, W] around a sheet of paper with its tone.

    A sheet is light and nearly a rectangle, turned by any angle, on something darker, and has ink
    on it. It is found by Otsu's threshold ("A Threshold Selection Method from Gray-Level
    Histograms", 1979) and measured by its minimum-area rectangle (Toussaint, "Solving Geometric
    Problems with the Rotating Calipers", 1983). Without a sheet, the levels are returned unchanged.
    """
    small = shrink(gray, COPY_SIDE).astype(np.uint8)
    _, is_bright = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(is_bright)
    if count < 2:
        return gray
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    is_sheet = (labels == largest).astype(np.uint8)
    contours, _ = cv2.findContours(is_sheet, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(is_sheet), contours, -1, 1, cv2.FILLED)
    _, (width, height), _ = cv2.minAreaRect(contours[0])
    area = int(filled.sum())
    is_rectangle = area >= MIN_RECTANGULARITY * width * height
    has_corner = filled[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    is_large = area >= MIN_SHEET_SHARE * filled.size
    is_written = MIN_UNWRITTEN_SHARE * area <= is_sheet.sum() < area
    if has_corner or not (is_rectangle and is_large and is_written):
        return gray
    inside = cv2.erode(filled, np.ones((3, 3), np.uint8), borderValue=1)
    rows, columns = gray.shape
    is_outside = cv2.resize(inside, (columns, rows), interpolation=cv2.INTER_NEAREST) == 0
    return np.where(is_outside, np.uint8(find_percentile(small[is_sheet > 0], 50)), gray)


def _measure_bands(gray: Gray, corner: float) -> list[int]:
    """Return the widths, in pixels, of the bands at the top, bottom, left and right.

    A band is lighter or darker than what follows, except for a share of its length in the corners.
    """
    bands = []
    for side in (gray, gray[::-1], gray.T, gray.T[::-1]):
        skipped = int(side.shape[1] * corner)
        bands.append(_measure_band(side[:, skipped : side.shape[1] - skipped]))
    return bands


def _measure_band(gray: Gray) -> int:
    """Return how many rows at the top of gray levels [H, W] are a band."""
    rows = int(len(gray) * MAX_BAND_SHARE)
    edge = min(3, rows)  # rows of a blurred edge
    if not rows:
        return 0
    sampled = gray[: rows + edge, :: 1 + gray.shape[1] // 128].astype(np.int16)
    differences = sampled[edge:] - sampled[:rows]
    is_lighter, is_darker = differences > MIN_TONE_DIFFERENCE, differences < -MIN_TONE_DIFFERENCE
    shares = np.maximum(is_lighter.mean(axis=1), is_darker.mean(axis=1))
    edges = np.flatnonzero(shares > MIN_EDGE_SHARE)
    return int(edges[-1]) + edge if len(edges) else 0
