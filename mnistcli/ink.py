"""Ink told from what it is on by local contrast, however that is lit; one small function a step."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.framing import Gray
from mnistcli.picture import Planes

TRACE = 2
"""Least contrast, in gray levels of 255, that is more than rounding."""

NOISE = 4
"""Least contrast, in standard deviations of the background's noise."""

WINDOW = 0.34
"""Side of the window that must show some background wherever it lies, as a share of the longer side
of the picture: wider than strokes, narrower than most shadows."""

SURROUNDINGS = 0.5
"""Side of the window whose median is background, as a share of the longer side."""

SMALL, SMALLER = 96, 48
"""Longer sides, in pixels, of the copies that are enough to see a picture's light on."""

EVEN = 4
"""Greatest difference, in gray levels, of a background's parts in even light."""

COLOURED = 4
"""How many times more contrast, squared, a colour must show than luminance to be looked at."""

GRAY = 4
"""Greatest difference of a colour from luminance, in gray levels, in a picture without colours."""

BAND, STEP, ALL = 0.25, 20, 0.92
"""Greatest share of a side that a band of another tone takes, the least step in gray levels at its
edge, and the least share of its length that has it."""

CORNER = 0.1
"""Greatest share of a side that a frame's corners take."""

DIMMEST = 64
"""Least light, in gray levels, that contrast is taken relative to."""

Levels = NDArray[np.float32]
"""Gray levels [H, W], or what is computed of them."""


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


def is_light_on_dark(gray: Gray) -> bool:
    """Tell the polarity: ink is what differs from the median of its surroundings.

    The median follows shadows with edges as it is; soft ones are taken away before, if that leaves
    less to be ink.
    """
    small = _shrink(gray, SMALL)
    median = _take_median(small)
    difference = small - median
    if np.ptp(median) > EVEN:
        light = fit_light(_shrink(small, SMALLER), 2)
        flat = small - _evaluate(light, small.shape) + 128
        flattened = flat - _take_median(flat)
        if np.abs(flattened).sum() * 1.1 < np.abs(difference).sum():
            difference = flattened
    return _square(difference) > _square(-difference)


def separate(gray: Gray) -> Ink:
    """Separate dark ink [H, W] from its background.

    The background is a morphological closing: the darkest that is as light as some part of every
    window around a place. Contrast is taken relative to it, so that ink is as strong in the shade.
    """
    light = estimate_light(gray)
    levels = gray.astype(np.float32)
    flat = (_blur(levels) - light) * FINE
    np.clip(flat, 0, 255 * FINE, out=flat)  # what is clipped is ink
    background = _close(flat.astype(np.uint16)) * np.float32(1 / FINE) + light
    contrast = np.subtract(background, levels, out=levels)
    some = contrast[:: 1 + len(gray) // 256, :: 1 + gray.shape[1] // 256]
    lower, low = (take_percentile(some, share) for share in (12.5, 25))  # of background alone
    noise = 1.4826 * 1.5 * (low - lower)  # as a standard deviation, were it normal
    background = np.maximum(np.subtract(background, low, out=background), DIMMEST, out=background)
    contrast = np.maximum(np.subtract(contrast, low, out=contrast), 0, out=contrast)
    smooth = _blur(contrast)
    is_ink = smooth > max(TRACE, NOISE * noise)
    return Ink(contrast, background, smooth / background, is_ink, noise)


def estimate_light(gray: Gray) -> Levels:
    """Return how light [H, W] changes softly over dark ink's background, 0 where it is darkest.

    Of no change, a plane, and a surface of second order, it is the one that leaves least ink.
    """
    small = _shrink(gray, SMALLER)
    if np.ptp(_close(small)) <= EVEN:
        return np.zeros(gray.shape, np.float32)
    lights = [np.zeros_like(small), *(_evaluate(fit_light(small, n), small.shape) for n in (1, 2))]
    ink = [
        penalty * float((_close(small - light) - small + light).sum())
        for light, penalty in zip(lights, (1, 1.1, 1.2), strict=True)
    ]
    height, width = gray.shape
    least = lights[int(np.argmin(ink))]
    light: Levels = cv2.resize(least - least.min(), (width, height))
    return light


def fit_light(levels: Levels, order: int) -> NDArray[np.float32]:
    """Fit a plane (order 1) or a surface of second order to most levels [H, W].

    Least absolute deviations, by iteratively reweighted least squares; the border, where ink is
    rare, counts three times.
    """
    terms, values = _make_terms(levels.shape, order), levels.ravel()
    weights = np.ones(levels.shape, np.float32)
    weights[[0, -1]] = weights[:, [0, -1]] = 3
    residuals = values - take_percentile(values, 50)
    for _ in range(6):
        weighted = terms * (weights.ravel() / np.maximum(np.abs(residuals), 1))[:, np.newaxis]
        ridge = np.eye(terms.shape[1], dtype=np.float32) / 100
        light = np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ values)
        residuals = values - terms @ light
    return light


def take_percentile(values: NDArray[np.generic], share: float) -> float:
    """Return the value that a share, in percent, of the others is below; not to load numpy.ma."""
    place = round((values.size - 1) * share / 100)
    return float(np.partition(values, place, axis=None)[place])


def _evaluate(light: NDArray[np.float32], shape: tuple[int, ...]) -> Levels:
    surface: Levels = (_make_terms(shape, 1 if len(light) == 3 else 2) @ light).reshape(shape)
    return surface


def _make_terms(shape: tuple[int, ...], order: int) -> NDArray[np.float32]:
    """Return 1, x, y and, of second order, xy, x² and y² of each pixel, within -1 to 1."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = (2 * y + 1) / height - 1, (2 * x + 1) / width - 1
    terms = [np.ones_like(x), x, y, *([x * y, x * x, y * y] if order == 2 else [])]
    return np.stack(terms, axis=-1).reshape(height * width, -1)


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
    small = _shrink(plane, SMALL)
    difference = small - _take_median(small)
    return _square(difference) + _square(-difference)


def _square(difference: Levels) -> float:
    """Return the sum of squares of what is greater than a little noise."""
    return float((np.maximum(difference - 4, 0) ** 2).sum())


def _take_median(levels: Levels) -> Levels:
    """Return the median of the surroundings of each place [H, W], rounded."""
    rounded = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    size = int(SURROUNDINGS * max(levels.shape)) | 1
    median: Levels = cv2.medianBlur(rounded, size).astype(np.float32)
    return median


def _close(levels: Levels | NDArray[np.uint16]) -> Levels:
    size = max(3, int(WINDOW * max(levels.shape))) | 1
    closed: Levels = cv2.morphologyEx(levels, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return closed


def _blur(levels: Levels) -> Levels:
    """Take away noise that is finer than strokes, of pictures whose strokes are not that fine."""
    longest = max(levels.shape)
    if longest < 64:
        return levels
    blurred: Levels = cv2.GaussianBlur(levels, (0, 0), max(0.4, longest * 0.0016))
    return blurred


def _shrink(levels: Gray | Levels, longest: int) -> Levels:
    scale = longest / max(levels.shape)
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in levels.shape)
        levels = cv2.resize(levels, (width, height), interpolation=cv2.INTER_AREA)
    return levels.astype(np.float32)
