"""Pictures as cameras, scanners, files and screens make them of a page."""

import cv2
import numpy as np
from canvas import PAGE_SIDE, Levels, Random
from numpy.typing import NDArray

from mnistcli.pictures.decoding import Colours
from mnistcli.pictures.geometry import take_border

ENLARGED, BLURRED, GRAINY, COMPRESSED, UNCOLOURED, SCANNED = 0.25, 0.5, 0.45, 0.35, 0.25, 0.04
"""Shares of the pictures with each property."""

MAX_GRAIN = 0.25
"""Greatest standard deviation of grain, in the ink's contrast."""

MAX_INSET = 44
"""Pixels, exclusive, of a page that a margin may cover on a side."""


def photograph(random: Random, picture: NDArray[np.floating], contrast: float) -> Colours:
    """Take a picture of a page [PAGE_SIDE, PAGE_SIDE, 3].

    Grain is in proportion to the ink's ``contrast``, in gray levels.
    """
    if random.random() < ENLARGED:
        side = round(PAGE_SIDE * random.uniform(0.4, 0.9))
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (PAGE_SIDE, PAGE_SIDE), interpolation=cv2.INTER_CUBIC)
    if random.random() < BLURRED:
        picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.3, 1.3))
    if random.random() < GRAINY:
        picture = picture + make_grain(random, MAX_GRAIN * contrast)
    taken = np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
    if random.random() < COMPRESSED:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(25, 96))]
        _, data = cv2.imencode(".jpg", taken, quality)
        taken = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if random.random() < UNCOLOURED:
        taken = to_colours(cv2.cvtColor(taken, cv2.COLOR_RGB2GRAY))
    if random.random() < SCANNED:
        taken = scan(random, taken, contrast)
    return taken


def make_grain(random: Random, most: float) -> NDArray[np.floating]:
    """Return noise to be added, [PAGE_SIDE, PAGE_SIDE, 1 or 3], in gray levels, fine or coarse.

    Its standard deviation is at most ``most``.
    """
    deviation = min(np.exp(random.uniform(np.log(0.7), np.log(20))), most)
    channels = random.choice([1, 3])
    grain = random.standard_normal((PAGE_SIDE, PAGE_SIDE, channels)) * deviation
    if random.random() >= 0.3:
        return grain
    coarse = cv2.GaussianBlur(grain.astype(np.float32), (0, 0), 0.8)
    return coarse.reshape(grain.shape) * 2  # the blur halves the deviation


def scan(random: Random, taken: Colours, contrast: float) -> Colours:
    """Part a picture in black and white, by a threshold below the mean of the surroundings."""
    gray = taken.mean(axis=2, dtype=np.float32)
    is_light = cv2.blur(gray, (41, 41)) - gray < random.uniform(0.2, 0.4) * contrast
    return to_colours(np.where(is_light, 255, 0).astype(np.uint8))


def to_colours(gray: NDArray[np.uint8]) -> Colours:
    """Convert gray levels [H, W] to colours [H, W, 3]."""
    return np.repeat(gray[..., np.newaxis], 3, axis=2)


def add_margin(random: Random, taken: Colours) -> tuple[Colours, Levels]:
    """Cut a picture off on some sides, and add a margin of the median of its border.

    Levels of a pyramid have such a margin. Return the picture, and a layer of what is still seen.
    """
    insets = random.integers(2, MAX_INSET, 4) * (random.random(4) < 0.5)
    top, bottom, left, right = insets.tolist()
    rows, columns = slice(top, PAGE_SIDE - bottom), slice(left, PAGE_SIDE - right)
    inner = taken[rows, columns]
    framed = np.empty_like(taken)
    framed[:] = [np.median(take_border(inner[..., channel])) for channel in range(3)]
    framed[rows, columns] = inner
    is_inside = np.zeros(taken.shape[:2], np.float32)
    is_inside[rows, columns] = 1
    return framed, is_inside
