"""What the pretrained model is trained on: MNIST, and digits of other hands and of printers."""

import numpy as np
from canvas import Random
from forms import draw_forms
from located import locate_all
from numpy.typing import NDArray
from prints import print_digit

from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.images import CLASSES, Gray
from mnistcli.pictures.normalization import normalize

COPIES = 5
"""Copies of MNIST's images."""

STROKES, WORLDLY, PRINTS, LOCATED = 60_000, 40_000, 10_000, 80_000
"""Digits drawn as in the data set of strokes, in forms of all the world, digits printed, and at
least so many that the locator finds on pages."""

MARGIN = 8
"""Pixels around a printed digit."""

Labels = NDArray[np.uint8]


def make_mixture(seed: int, digits: Gray, labels: Labels) -> tuple[Gray, Labels]:
    """Return images, uint8 [N, 28, 28], and labels [N], given MNIST's."""
    found, answers = locate_all(seed, digits, labels, LOCATED)
    is_digit = answers >= 0
    parts = (
        *[(digits, labels)] * COPIES,
        draw_images(seed, STROKES),
        draw_forms(seed, WORLDLY),
        print_digits(np.random.default_rng(seed), PRINTS),
        (found[is_digit], answers[is_digit].astype(np.uint8)),
    )
    images, targets = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(targets)


def print_digits(random: Random, count: int) -> tuple[Gray, Labels]:
    """Return printed digits, normalized, [count, 28, 28], and their labels."""
    prints = [print_digit(random, digit) for digit in range(CLASSES)]
    answers = random.integers(0, CLASSES, count)
    chosen = [prints[answer][random.integers(len(prints[answer]))] for answer in answers]
    images = [normalize(np.pad(ink, MARGIN)).image for ink in chosen]
    return np.stack(images), answers.astype(np.uint8)
