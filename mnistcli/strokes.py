"""A data set in MNIST's form, drawn from pen strokes: for a machine without a network."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnistcli.digit import CLASSES
from mnistcli.framing import Gray, frame
from mnistcli.hand import HANDS, Hand, write
from mnistcli.parallel import map_ahead
from mnistcli.pen import PENS, Pen, draw

VERSION = 1
"""Of what is drawn, to be raised by a change of glyphs, hands or pens."""

BLOCK = 1000
"""Images drawn together, as a function of the seed and the block's number."""


def make(
    seed: int, count: int, progress: Callable[[int], None] = lambda made: None
) -> tuple[Gray, NDArray[np.uint8]]:
    """Make ``count`` images, uint8 [N, 28, 28], and labels, uint8 [N], by all cores.

    A larger count has the same images first. ``progress`` is called with how many are made.
    """
    blocks = []
    for block in map_ahead(partial(make_block, seed), range(-(-count // BLOCK))):
        blocks.append(block)
        progress(min(len(blocks) * BLOCK, count))
    images, labels = (np.concatenate(arrays)[:count] for arrays in zip(*blocks, strict=True))
    return images, labels


def make_block(
    seed: int, block: int, hand: Hand = HANDS, pen: Pen = PENS
) -> tuple[Gray, NDArray[np.uint8]]:
    """Make the images, uint8 [BLOCK, 28, 28], and labels, uint8 [BLOCK], of one block."""
    random = np.random.Generator(np.random.Philox(key=[seed, block]))
    digits = random.integers(0, CLASSES, BLOCK)
    ink = draw(random, write(random, digits, hand), pen)
    return np.stack([frame(drawn).image for drawn in ink]), digits.astype(np.uint8)
