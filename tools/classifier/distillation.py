"""What the pretrained model learns: distorted images, with an ensemble's answers to MNIST's.

Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv 1503.02531.
The ensemble and the network see the same distortions, as in Beyer et al., "Knowledge Distillation:
A Good Teacher Is Patient and Consistent", 2022, arXiv 2106.05237.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli.images import CLASSES, SIDE, Gray, scale_pixels
from mnistcli.runs.recipes import Augmentation
from mnistcli.training.augmentation import augment
from mnistcli.training.layers import flatten
from mnistcli.training.network import Network

BLOCK = 512
"""Images distorted, or answered, together."""

Targets = NDArray[np.float32]
"""Probabilities of each digit, [N, 10]."""


def distort(seed: int, images: Gray, limits: Augmentation, times: int) -> Gray:
    """Return each of the images [N, 28, 28] distorted several times, [times · N, 28, 28]."""

    @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE]), tf.TensorSpec([], tf.int64)])
    def distort_block(block: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.round(255 * augment(block, limits, seed, number)), tf.uint8)

    distorted = np.empty((times * len(images), SIDE, SIDE), np.uint8)
    for number, first in enumerate(range(0, len(distorted), BLOCK)):
        chosen = np.arange(first, min(first + BLOCK, len(distorted))) % len(images)
        block = scale_pixels(images[chosen].astype(np.float32))
        distorted[first : first + BLOCK] = distort_block(block, number)
    return distorted


def answer(teachers: Sequence[Network], images: Gray) -> Targets:
    """Return the mean answer of teachers to images [N, 28, 28], as sure as they were trained to be.

    That is without the temperature, which undoes the smoothing of the labels.
    """

    @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE])])
    def answer_block(block: tf.Tensor) -> tf.Tensor:
        answers = []
        for teacher in teachers:
            x = tf.cast(block[..., tf.newaxis], teacher.training_dtype)
            for layer in teacher.answering.layers:
                x = layer(x, step=None)
            x = tf.cast(flatten(x), tf.float32)
            answers.append(tf.nn.softmax(x @ teacher.answering.w + teacher.answering.b))
        return tf.reduce_mean(answers, axis=0)

    answers = np.empty((len(images), CLASSES), np.float32)
    for first in range(0, len(images), BLOCK):
        block = images[first : first + BLOCK].astype(np.float32)
        answers[first : first + BLOCK] = answer_block(scale_pixels(block))
    return answers


def smooth(labels: NDArray[np.uint8], smoothing: float) -> Targets:
    """Return smoothed labels: a share of each is spread over all ten digits."""
    one_hot = np.eye(CLASSES, dtype=np.float32)[labels]
    return one_hot * np.float32(1 - smoothing) + np.float32(smoothing / CLASSES)
