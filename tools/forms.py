"""Forms of digits that MNIST has few of, and people in much of the world write."""

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.datasets.synthetic.glyphs import GLYPHS, Glyph
from mnistcli.datasets.synthetic.handwriting import Hand
from mnistcli.images import Gray

CALM = Hand(jitter=(0.008, 0.035), warp=0.05, slant=(0.12, 0.2), rotation=0.12)
"""Hands that keep a 1 with a long upstroke apart from a 7."""

# fmt: off
WORLD = (
    *GLYPHS,
    # 1 with a long upstroke, without and with a foot
    Glyph(1, 5, (
        "0,52 36,0! 35,50 34,100",
        "4,30 34,0! 32,50 28,100",
        "0,72 44,0! 42,50 40,100",
    )),
    Glyph(1, 2, (
        "0,44 20,30 38,0! 36,50 34,100",
        "2,28 20,18 34,0! 33,50 32,100",
        "0,62 24,42 46,0! 44,50 42,100",
    )),
    Glyph(1, 2.5, (
        "4,46 36,0! 36,50 36,100 / 12,100 36,100 60,100",
        "10,26 36,0! 35,50 34,100 / 6,99 34,99 62,98",
        "0,60 40,0! 40,50 40,100 / 18,100 40,100 62,99",
    )),
    Glyph(1, 0.8, (
        "8,36 30,8 40,0 38,30 36,60 36,100",
        "4,24 24,8 34,2 34,30 34,60 32,100",
    )),
    # 4 with a loop, and 4 open and slanted, whose short stroke crosses low
    Glyph(4, 1, (
        "36,0 18,30 2,62! 34,58 70,54 / 44,32 40,66 36,100",
        "44,0 22,34 4,66! 34,64 66,62 / 48,38 44,68 42,100",
        "26,0 12,30 0,60! 34,60 72,58 / 42,36 42,68 42,100",
    )),
    Glyph(4, 0.8, (
        "20,0 8,30 6,48 20,56 42,44 56,16 54,8 50,50 46,100",
        "30,4 8,36 4,54 18,60 40,48 54,20 54,10 48,54 42,100",
    )),
    Glyph(4, 0.6, (
        "46,0 22,30 4,58 8,66 30,62 68,58 / 48,34 44,66 40,100",
        "38,0 16,32 0,62 6,70 32,64 70,56 / 44,30 42,64 38,100",
    )),
    # 6 with a hook, 7 crossed, with a wave and with a serif
    Glyph(6, 1, (
        "56,14 46,2 30,4 10,32 4,66 14,96 40,98 52,76 40,58 20,62 8,76",
        "60,18 54,4 36,4 12,36 6,72 20,98 46,94 54,72 40,56 20,64 10,80",
    )),
    Glyph(7, 3.5, (
        "4,8 30,6 58,4! 42,50 28,100 / 18,52 38,50 58,48",
        "2,6 30,6 60,4! 46,50 38,100 / 24,50 42,50 62,50",
        "8,12 32,8 56,2! 34,50 16,98 / 8,46 34,48 60,50",
    )),
    Glyph(7, 2, (
        "4,22 8,4! 30,8 60,2! 42,48 28,100 / 14,56 36,52 60,46",
        "2,16 4,4! 30,6 58,4! 44,50 36,100 / 18,48 40,50 64,52",
        "0,30 8,6! 32,10 62,0! 44,50 34,100 / 16,54 38,52 62,48",
    )),
    Glyph(7, 1.5, (
        "2,16 14,4 30,10 44,10 60,0! 44,46 32,100 / 16,54 36,50 58,44",
        "0,20 12,4 28,8 44,12 62,2! 46,50 38,100 / 20,50 40,50 62,50",
        "4,12 16,2 30,8 46,8 58,0! 36,50 20,100 / 10,50 32,48 56,46",
    )),
    Glyph(7, 1, (
        "2,18 14,4 30,10 44,12 60,2! 44,48 32,100",
        "0,24 10,6 28,8 44,14 64,0! 46,50 38,100",
    )),
    # 9 whose stem is short and straight, or ends in a hook
    Glyph(9, 1, (
        "50,14 28,0 8,16 10,40 32,48 50,30 52,10! 52,60 44,92 24,100 6,90",
        "46,10 26,2 6,20 10,42 30,48 48,30 50,8! 52,60 50,90 34,100 12,92",
    )),
)
# fmt: on
"""The forms of the data set of strokes, and these; their shares are guesses."""


def draw_forms(seed: int, count: int) -> tuple[Gray, NDArray[np.uint8]]:
    """Return digits drawn in forms of all the world, [count, 28, 28], and their labels."""
    return draw_images(seed, count, hand=CALM, glyphs=WORLD)
