"""What a trained model goes on with: a few labelled pictures, and what it must not forget.

Images drawn from strokes are taught the answers that the model has given so far: Li and Hoiem,
"Learning without Forgetting", 2016, arXiv 1606.09282. So none of its own training data is needed.
"""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli import strokes
from mnistcli.augmentation import augment
from mnistcli.dataset import Dataset
from mnistcli.predictor import Predictor
from mnistcli.recipe import Warp

DRAWN = 7000
"""Images drawn."""

OWN_SEEDS = 1 << 32
"""Added to the seed, so that the strokes are of no data set, whose seeds are smaller."""

WARPED = 1000
"""Images that the pictures are warped to; one of each, where there are more pictures."""

AT_ONCE = 500
"""Images warped in one call."""

WARP = Warp(rotation=6, scale=0.08, shear=0.08, shift=1, bend=0.5, stroke=0.4)


def make_lessons(
    pictures: Dataset, base: Predictor, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return images [N, 28, 28] and the probabilities [N, 10] to teach, a function of the seed."""
    count = max(WARPED, len(pictures.labels))
    chosen = np.resize(np.arange(len(pictures.labels)), count)
    warped = warp(pictures.images[chosen], seed)
    drawn, _ = strokes.make(OWN_SEEDS + seed, DRAWN)
    images = np.concatenate([warped, drawn])
    return images, np.concatenate([pictures.targets[chosen], base.predict(drawn)])


def warp(images: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Warp images [N, 28, 28], each in its own way."""
    warped = [
        augment(
            tf.constant(images[start : start + AT_ONCE], tf.float32),
            WARP,
            seed,
            tf.constant(start, tf.int64),
        ).numpy()
        for start in range(0, len(images), AT_ONCE)
    ]
    rounded: NDArray[np.uint8] = np.rint(np.concatenate(warped)).astype(np.uint8)
    return rounded
