"""Ink told from what it is on by local contrast, however that is lit; one small function a step."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.framing import Gray
from mnistcli.light import (
    EVEN,
    SMALL,
    SMALLER,
    Levels,
    close,
    estimate_light,
    evaluate_light,
    fit_light,
    shrink,
    take_median,
    take_percentile,
)
from mnistcli.picture import Planes

TRACE = 2
"""Least contrast, in gray levels of 255, that is more than rounding."""

NOISE = 4
"""Least contrast, in standard deviations of the background's noise."""

COLOURED = 4
"""How many times more contrast, squared, a colour must show than luminance to be looked at."""

GRAY = 4
"""Greatest difference of a colour from luminance, in gray levels, in a picture without colours."""

BAND, STEP, ALL = 0.25, 20, 0.92
"""Greatest share of a side that a band of another tone takes, the least step in gray levels at its
edge, and the least share of its length that has it."""

CORNER = 0.1
"""Greatest share of a side that a frame's corners take."""

RECTANGLE = 0.9
"""Least share of a rectangle around it that a sheet of paper covers."""

LEAST = 0.15
"""Least share of a picture that a sheet covers, which has none of its corners."""

UNWRITTEN = 0.7
"""Least share of a sheet without ink."""

DIMMEST = 64
"""Least light, in gray levels, that contrast is taken relative to."""

FINE = 256
"""Parts of a gray level that integers, which are closed faster, are counted in."""


class Ink(NamedTuple):
    """What in a picture is darker than its background."""

    contrast: Levels  # [H, W], in gray levels, 0 for background
    background: Levels  # in gray levels
    smooth: Levels  # contrast as a share of the background, with less noise: how strong the ink is
    is_ink: NDArray[np.bool_]  # where it is more than noise
    noise: float  # standard deviation of the background, in gray levels

    def measure_strength(self, place: tuple[slice, slice]) -> Levels:
        """Return how strong the ink is in some rows and columns, with edges as they are."""
        strength: Levels = np.maximum(self.contrast[place] - 1.5 * self.noise, 0)
        return strength / self.background[place]


def choose_plane(planes: Planes) -> Gray:
    """Return luminance [H, W], or red, green or blue if that shows much more, as of yellow ink."""
    best = 0
    some = planes[:, ::8, ::8].astype(np.int16)
    if (np.abs(some - some[0]) > GRAY).any():
        energies = [_measure_energy(plane) for plane in planes]
        if max(energies) > COLOURED * energies[0]:
            best = int(np.argmax(energies))
    plane: Gray = planes[best]
    return plane


def find_sheet(gray: Gray) -> tuple[slice, slice]:
    """Return the rows and columns within bands of another tone along the picture's sides.

    Such are the edges of a scan or of a table, and frames around screenshots.
    """
    height, width = gray.shape
    sides = _measure_bands(gray, CORNER)
    if not all(sides):  # no frame: each must be all along its side
        sides = _measure_bands(gray, 0)
    top, bottom, left, right = sides
    if top and bottom and top + bottom > height * 0.45:  # rather a stroke across all
        top = bottom = 0
    if left and right and left + right > width * 0.45:
        left = right = 0
    return slice(top, height - bottom), slice(left, width - right)


def lift_sheet(gray: Gray) -> Gray:
    """Return gray levels [H, W] with a sheet of paper, lying on something darker, all over.

    A sheet is light and nearly a rectangle, turned by any angle, and something darker is on it.
    """
    small = shrink(gray, SMALL).astype(np.uint8)
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
    is_rectangle = area >= RECTANGLE * width * height
    is_within = not filled[[0, 0, -1, -1], [0, -1, 0, -1]].any() and area >= LEAST * filled.size
    if not (is_rectangle and is_within and UNWRITTEN * area <= is_sheet.sum() < area):
        return gray
    inside = cv2.erode(filled, np.ones((3, 3), np.uint8), borderValue=1)
    rows, columns = gray.shape
    outside = cv2.resize(inside, (columns, rows), interpolation=cv2.INTER_NEAREST) == 0
    return np.where(outside, np.uint8(take_percentile(small[is_sheet > 0], 50)), gray)


def is_light_on_dark(gray: Gray) -> bool:
    """Tell the polarity: ink is what differs from its surroundings."""
    difference = measure_difference(gray)
    return _square(difference) > _square(-difference)


def measure_difference(gray: Gray) -> Levels:
    """Return how much lighter than the median of its surroundings is each place of a small copy.

    The median follows shadows with edges as it is; soft ones are taken away before, if that leaves
    less to be ink.
    """
    small = shrink(gray, SMALL)
    median = take_median(small)
    difference = small - median
    if np.ptp(median) > EVEN:
        light = fit_light(shrink(small, SMALLER), 2)
        flat = small - evaluate_light(light, small.shape) + 128
        flattened = flat - take_median(flat)
        if np.abs(flattened).sum() * 1.1 < np.abs(difference).sum():
            difference = flattened
    return difference


def separate(gray: Gray) -> Ink:
    """Separate dark ink [H, W] from its background.

    The background is a morphological closing: the darkest that is as light as some part of every
    window around a place. Contrast is taken relative to it, so that ink is as strong in the shade.
    """
    light = estimate_light(gray)
    levels = gray.astype(np.float32)
    flat = (_blur(levels) - light) * FINE
    np.clip(flat, 0, 255 * FINE, out=flat)  # what is clipped is ink
    background = close(flat.astype(np.uint16)) * np.float32(1 / FINE) + light
    contrast = np.subtract(background, levels, out=levels)
    some = contrast[:: 1 + len(gray) // 256, :: 1 + gray.shape[1] // 256]
    lower, low = (take_percentile(some, share) for share in (12.5, 25))  # of background alone
    noise = 1.4826 * 1.5 * (low - lower)  # as a standard deviation, were it normal
    background = np.maximum(np.subtract(background, low, out=background), DIMMEST, out=background)
    contrast = np.maximum(np.subtract(contrast, low, out=contrast), 0, out=contrast)
    smooth = _blur(contrast)
    is_ink = smooth > max(TRACE, NOISE * noise)
    return Ink(contrast, background, smooth / background, is_ink, noise)


def _measure_bands(gray: Gray, corner: float) -> list[int]:
    """Return the widths of bands at the top, at the bottom, on the left and on the right.

    They are lighter or darker than what follows, but for a share of their length in the corners.
    """
    bands = []
    for side in (gray, gray[::-1], gray.T, gray.T[::-1]):
        skipped = int(side.shape[1] * corner)
        bands.append(_measure_band(side[:, skipped : side.shape[1] - skipped]))
    return bands


def _measure_band(gray: Gray) -> int:
    """Return how many rows at the top are a band."""
    rows = int(len(gray) * BAND)
    across = min(3, rows)  # a blurred edge's rows
    if not rows:
        return 0
    some = gray[: rows + across, :: 1 + gray.shape[1] // 128].astype(np.int16)
    steps = some[across:] - some[:rows]
    shares = np.maximum((steps > STEP).mean(axis=1), (steps < -STEP).mean(axis=1))
    edges = np.flatnonzero(shares > ALL)
    return int(edges[-1]) + across if len(edges) else 0


def _measure_energy(plane: Gray) -> float:
    small = shrink(plane, SMALL)
    difference = small - take_median(small)
    return _square(difference) + _square(-difference)


def _square(difference: Levels) -> float:
    """Return the sum of squares of what is greater than a little noise."""
    return float((np.maximum(difference - 4, 0) ** 2).sum())


def _blur(levels: Levels) -> Levels:
    """Take away noise that is finer than strokes, of pictures whose strokes are not that fine."""
    longest = max(levels.shape)
    if longest < 64:
        return levels
    blurred: Levels = cv2.GaussianBlur(levels, (0, 0), max(0.4, longest * 0.0016))
    return blurred
