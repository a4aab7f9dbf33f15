"""A data set in MNIST's form that is drawn from pen strokes, for machines without a network."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.synthetic.glyphs import GLYPHS, Glyph
from mnistcli.datasets.synthetic.handwriting import HANDS, Hand, write
from mnistcli.datasets.synthetic.rasterizer import PENS, Pen, draw
from mnistcli.images import CLASSES, Gray
from mnistcli.pictures.normalization import normalize
from mnistcli.system.listener import Advance, ignore_progress
from mnistcli.system.parallel import map_ahead

STROKES_VERSION = 1
"""Version of the data set; a change of the glyphs, hands or pens raises it."""

BLOCK_IMAGES = 1000
"""Images that are drawn together, as a function of the seed and the block's number."""


def draw_images(
    seed: int,
    count: int,
    advance: Advance = ignore_progress,
    hand: Hand = HANDS,
    glyphs: Sequence[Glyph] = GLYPHS,
) -> tuple[Gray, NDArray[np.uint8]]:
    """Draw ``count`` images, uint8 [N, 28, 28], with labels, uint8 [N], on all cores.

    A larger count has the same images first. ``advance`` is told how many are drawn.
    """
    blocks = []
    draw_one = partial(draw_block, seed, hand=hand, glyphs=glyphs)
    for block in map_ahead(draw_one, range(-(-count // BLOCK_IMAGES))):
        blocks.append(block)
        advance(min(len(blocks) * BLOCK_IMAGES, count))
    images, labels = (np.concatenate(arrays)[:count] for arrays in zip(*blocks, strict=True))
    return images, labels


def draw_block(
    seed: int,
    block: int,
    hand: Hand = HANDS,
    pen: Pen = PENS,
    glyphs: Sequence[Glyph] = GLYPHS,
) -> tuple[Gray, NDArray[np.uint8]]:
    """Draw one block: images, uint8 [BLOCK_IMAGES, 28, 28], and labels, uint8 [BLOCK_IMAGES]."""
    random = np.random.Generator(np.random.Philox(key=[seed, block]))
    digits = random.integers(0, CLASSES, BLOCK_IMAGES)
    ink = draw(random, write(random, digits, hand, glyphs), pen)
    return np.stack([normalize(drawn).image for drawn in ink]), digits.astype(np.uint8)
