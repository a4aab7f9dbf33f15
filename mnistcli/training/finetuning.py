"""The examples of fine-tuning: labelled pictures, and images that keep a model from forgetting.

The targets of synthetic digits are the model's own answers before fine-tuning: Li and Hoiem,
"Learning without Forgetting", 2016, arXiv 1606.09282. So none of the model's training data is
needed.
"""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli.datasets.dataset import Dataset
from mnistcli.datasets.synthetic.dataset import draw_images
from mnistcli.images import Gray
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.recipes import Augmentation
from mnistcli.training.augmentation import augment

SYNTHETIC_IMAGES = 7000
"""Number of synthetic images."""

SEED_OFFSET = 1 << 32
"""Added to the seed: the seeds of the data sets of strokes are smaller."""

MIN_PICTURE_IMAGES = 1000
"""Images that the pictures are augmented to; one of each if there are more pictures."""

AUGMENTED_PER_CALL = 500
"""Images augmented in one call."""

AUGMENTATION = Augmentation(rotation=6, scale=0.08, shear=0.08, shift=1, elastic=0.5, stroke=0.4)


def make_examples(
    pictures: Dataset, base: Predictor, seed: int
) -> tuple[Gray, NDArray[np.float32]]:
    """Return images, uint8 [N, 28, 28], and targets, float32 [N, 10], a function of the seed."""
    count = max(MIN_PICTURE_IMAGES, len(pictures.labels))
    chosen = np.resize(np.arange(len(pictures.labels)), count)
    augmented = augment_images(pictures.images[chosen], seed)
    synthetic, _ = draw_images(SEED_OFFSET + seed, SYNTHETIC_IMAGES)
    images = np.concatenate([augmented, synthetic])
    return images, np.concatenate([pictures.targets[chosen], base.predict(synthetic)])


def augment_images(images: Gray, seed: int) -> Gray:
    """Augment images, uint8 [N, 28, 28], each in its own way."""
    augmented = [
        augment(
            tf.constant(images[start : start + AUGMENTED_PER_CALL], tf.float32),
            AUGMENTATION,
            seed,
            tf.constant(start, tf.int64),
        ).numpy()
        for start in range(0, len(images), AUGMENTED_PER_CALL)
    ]
    rounded: Gray = np.rint(np.concatenate(augmented)).astype(np.uint8)
    return rounded
