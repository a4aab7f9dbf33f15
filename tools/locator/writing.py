"""The digits and signs of a page, written one over the other."""

from typing import NamedTuple

import numpy as np
from canvas import Levels, Random, lay_on, make_layer
from numpy.typing import NDArray
from paper import Colours, make_noise
from placing import Placed

FADING, TWO_INKS = 0.3, 0.15
"""Shares of the pages whose ink is uneven, or of two colours."""

FAINT = 0.05
"""Level up to which a pixel belongs to no glyph."""


class Written(NamedTuple):
    """A page with glyphs on it."""

    picture: Levels  # [PAGE_SIDE, PAGE_SIDE, 3], in [0, 255]
    ink: Levels  # [PAGE_SIDE, PAGE_SIDE], coverage by ink of any glyph, in [0, 1]
    owners: NDArray[np.int32]  # [PAGE_SIDE, PAGE_SIDE], numbers of the strongest glyphs, or -1
    contrast: float  # of the ink, in gray levels


def write_on(random: Random, picture: Levels, placed: list[Placed], colours: Colours) -> Written:
    """Write glyphs on a picture. Where strokes cross, they do not add up: the stronger wins."""
    is_fading = random.random() < FADING
    opacity = random.uniform(0.6, 1)
    has_two = random.random() < TWO_INKS
    ink, covered = make_layer(), make_layer()
    owners = np.full(ink.shape, -1, np.int32)
    for number, one in enumerate(placed):
        colour = colours.inks[int(random.integers(2))] if has_two else colours.inks[0]
        strength = one.levels * opacity
        if is_fading:
            strength = strength * np.clip(0.75 + 0.3 * make_noise(random, 5), 0.35, 1)
        gain = np.clip((strength - covered) / np.maximum(1 - covered, 1e-3), 0, 1)
        picture = lay_on(picture, colour, gain)
        covered = np.maximum(covered, strength)
        owners[one.levels > np.maximum(ink, FAINT)] = number
        ink = np.maximum(ink, one.levels)
    return Written(picture, ink, owners, opacity * colours.contrast)
