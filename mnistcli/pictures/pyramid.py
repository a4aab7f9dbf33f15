"""Copies of a picture at several scales, in one of which each digit has the size to be found.

Adelson et al., "Pyramid Methods in Image Processing", 1984.
"""

from typing import NamedTuple

import cv2
import numpy as np

from mnistcli.pictures.decoding import Colours
from mnistcli.pictures.geometry import take_border
from mnistcli.pictures.parameters import PARAMETERS


class Level(NamedTuple):
    """A scaled copy of a picture, with a margin of its paper."""

    picture: Colours  # [H, W, 3], multiples of the stride
    scale: float  # pixels of the level in one of the picture
    margin: int  # pixels around the copy, or more to the right and below


def list_scales(shape: tuple[int, ...]) -> list[float]:
    """Return the scales of the levels of a picture [H, W, …], the coarsest first.

    Its longer side doubles from level to level.
    """
    longer_side = max(shape[:2])
    most = min(PARAMETERS.finest_side, PARAMETERS.max_enlargement * longer_side)
    sides = [PARAMETERS.coarsest_side]
    while 2 * sides[-1] <= most:
        sides.append(2 * sides[-1])
    return [side / longer_side for side in sides]


def make_level(picture: Colours, scale: float) -> Level:
    """Scale a picture [H, W, 3], and put it on a margin of the median of its border."""
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, (width, height), interpolation=method)
    margin, stride = PARAMETERS.margin, PARAMETERS.stride
    rows, columns = (-(-(side + 2 * margin) // stride) * stride for side in (height, width))
    level = np.empty((rows, columns, 3), np.uint8)
    level[:] = [np.median(take_border(scaled[..., channel])) for channel in range(3)]
    level[margin : margin + height, margin : margin + width] = scaled
    return Level(level, scale, margin)
