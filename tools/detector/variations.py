"""Images varied as pens, paper and scanners vary them, and normalized again."""

from collections.abc import Iterable
from functools import partial

import cv2
import numpy as np
from PIL import Image, ImageFilter

from mnistcli.images import SIDE, Gray
from mnistcli.pictures.normalization import normalize
from mnistcli.system.parallel import map_ahead

cv2.setNumThreads(1)  # each core has a process of its own

SCALE = 2
PAPER = 34 * SCALE
"""Rows and columns that an image is varied on, enlarged."""

AFAR, LIKE = 17, 0.8
"""Rows and columns of ink seen from afar, and the least correlation of similar ink there."""

BLOCK = 1000
"""Images varied together, as a function of the seed and the block's number."""

RESAMPLINGS = (
    *(Image.Resampling.NEAREST, Image.Resampling.BOX),
    *(Image.Resampling.BILINEAR, Image.Resampling.BICUBIC),
)


def vary_all(seed: int, images: Gray) -> Gray:
    """Vary normalized images, uint8 [N, 28, 28], on all cores."""
    blocks = enumerate(np.array_split(images, max(1, len(images) // BLOCK)))
    return np.concatenate([*map_ahead(partial(vary_block, seed), blocks)])


def vary_block(seed: int, numbered: tuple[int, Gray]) -> Gray:
    """Vary a numbered block of normalized images, uint8 [N, 28, 28]."""
    number, images = numbered
    return vary(np.random.default_rng([seed, number]), images)


def vary(random: np.random.Generator, images: Iterable[Gray]) -> Gray:
    """Vary normalized images, uint8 [N, 28, 28], independently, and normalize them again."""
    return np.stack([vary_one(random, image) for image in images])


def vary_one(random: np.random.Generator, image: Gray) -> Gray:
    """Vary a normalized image [28, 28], and normalize it again."""
    bent = ink = bend(random, image)
    for share, change in CHANGES:
        if random.random() < share:
            changed = change(random, ink)
            ink = changed if is_legible(bent, changed) else ink
    return normalize(ink).image


def is_legible(ink: Gray, changed: Gray) -> bool:
    """Tell whether changed ink, seen from afar, is still similar."""
    size, resampling = (AFAR, AFAR), Image.Resampling.BOX
    before, after = (
        np.asarray(Image.fromarray(each).resize(size, resampling)).ravel()
        for each in (ink, changed)
    )
    return np.ptp(after) > 0 and bool(np.corrcoef(before, after)[0, 1] > LIKE)


def bend(random: np.random.Generator, image: Gray) -> Gray:
    """Turn, slant and widen an image [28, 28] a little, on paper [PAPER, PAPER]."""
    angle = np.deg2rad(np.clip(random.normal(0, 7), -15, 15))
    slant, width = random.normal(0, 0.1), np.exp(random.normal(0, 0.1))
    sine, cosine = np.sin(angle), np.cos(angle)
    matrix = np.array([[cosine, -sine], [sine, cosine]]) @ [[1 / width, slant], [0, 1]] / SCALE
    offset = SIDE / 2 - matrix @ [PAPER / 2, PAPER / 2]
    values = (*matrix[0], offset[0], *matrix[1], offset[1])
    method, resampling = Image.Transform.AFFINE, Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(image).transform((PAPER, PAPER), method, values, resampling))


def thicken(random: np.random.Generator, ink: Gray) -> Gray:
    """Make the strokes bolder, by up to 2 pixels of a normalized image."""
    return np.asarray(Image.fromarray(ink).filter(ImageFilter.MaxFilter(random.choice([3, 3, 5]))))


def thin(random: np.random.Generator, ink: Gray) -> Gray:
    """Make the strokes thinner, by up to 2 pixels of a normalized image."""
    return np.asarray(Image.fromarray(ink).filter(ImageFilter.MinFilter(random.choice([3, 3, 5]))))


def soften(random: np.random.Generator, ink: Gray) -> Gray:
    """Blur, as out of focus."""
    radius = random.uniform(0.3, 1) * SCALE
    return np.asarray(Image.fromarray(ink).filter(ImageFilter.GaussianBlur(radius)))


def coarsen(random: np.random.Generator, ink: Gray) -> Gray:
    """Make small, with 9 to 16 pixels for a digit, and large again."""
    picture = Image.fromarray(ink)
    side = round(random.uniform(9, 16) / 20 * len(ink) / SCALE)
    small = picture.resize((side, side), RESAMPLINGS[random.integers(1, 4)])
    return np.asarray(small.resize(picture.size, RESAMPLINGS[random.integers(4)]))


def fade(random: np.random.Generator, ink: Gray) -> Gray:
    """Make the ink fainter here and there, down to a half."""
    coarse = Image.fromarray(random.uniform(0.5, 1, (5, 5)).astype(np.float32))
    strength = coarse.resize(ink.shape[::-1], Image.Resampling.BICUBIC)
    faded: Gray = np.clip(ink * np.asarray(strength), 0, 255).astype(np.uint8)
    return faded


def sharpen(random: np.random.Generator, ink: Gray) -> Gray:
    """Separate ink and background by a threshold; the edges have steps if the pixels are large."""
    side = round(len(ink) / SCALE * random.choice([1, 1.5, SCALE]))
    small = Image.fromarray(ink).resize((side, side), Image.Resampling.BOX)
    is_ink = np.asarray(small) > random.uniform(0.25, 0.6) * ink.max()
    return np.where(is_ink, 255, 0).astype(np.uint8)


CHANGES = (
    (0.35, thicken),
    (0.35, thin),
    (0.2, soften),
    (0.15, coarsen),
    (0.15, fade),
    (0.2, sharpen),
)
