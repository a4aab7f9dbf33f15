"""How far maps are from what is to be found on pages.

As in Panoptic-DeepLab (Cheng et al., "Panoptic-DeepLab: A Simple, Strong, and Fast Baseline for
Bottom-Up Panoptic Segmentation", 2020), with the ink and the centres of digits for its classes and
centres. Where a page asks for nothing, no map is wrong.
"""

from typing import Any

import tensorflow as tf
from targets import GRID

from mnistcli.pictures.parameters import PARAMETERS

INK_SCALE = 8
"""Brings the loss of ink, of which pages have little, to the size of the others."""

INK_EXTRA = 2
"""How much more a pixel of ink counts than one of paper, of which there are more."""

CENTRE_EXPONENT, NEAR_EXPONENT = 2, 4
"""Alpha and beta in CenterNet."""

ANGLE_UNIT = 0.25
"""Error of an angle, in radians, that costs as much as a unit of the other losses."""

FEW_PIXELS, FEW_CENTRES = 100, 5
"""Added to what a batch has of ink and centres, lest batches with little weigh as much."""


def compute_losses(maps: Any, targets: Any) -> Any:
    """Return the losses of ink, offsets, centres and angles, [4].

    Args:
        maps: fine [N, H, W, 3] and coarse [N, H / 4, W / 4, 2], as the network returns them.
        targets: the fields of :class:`pages.Page` after its picture, each of N pages.
    """
    (fine, coarse), (ink, offsets, heat, ignored, angles) = maps, targets
    ink, heat = tf.cast(ink, tf.float32) / 255, tf.cast(heat, tf.float32) / 255
    asked = 1 - tf.cast(ignored, tf.float32)
    asked_pixels = tf.repeat(tf.repeat(asked, GRID, 1), GRID, 2)
    return tf.stack(
        [
            compute_ink_loss(fine[..., 0], ink, asked_pixels),
            compute_offset_loss(fine[..., 1:], offsets, ink * asked_pixels),
            compute_centre_loss(coarse[..., 0], heat, asked),
            compute_angle_loss(coarse[..., 1], angles, heat * asked),
        ]
    )


def compute_ink_loss(logits: Any, ink: Any, asked: Any) -> Any:
    """Return the cross-entropy of ink, all [N, H, W]."""
    cross = tf.nn.sigmoid_cross_entropy_with_logits(ink, logits)
    weighted = cross * asked * (1 + INK_EXTRA * ink)
    return tf.reduce_sum(weighted) / tf.reduce_sum(asked) * INK_SCALE


def compute_offset_loss(votes: Any, offsets: Any, weights: Any) -> Any:
    """Return the mean absolute error, with weights [N, H, W], of votes [N, H, W, 2].

    Votes are in units of ``PARAMETERS.vote_unit``, offsets in pixels.
    """
    errors = tf.abs(votes - tf.cast(offsets, tf.float32) / PARAMETERS.vote_unit)
    return tf.reduce_sum(errors * weights[..., None]) / (tf.reduce_sum(weights) + FEW_PIXELS)


def compute_centre_loss(logits: Any, heat: Any, asked: Any) -> Any:
    """Return the focal loss of centres, all [N, H / 4, W / 4].

    As in CenterNet (Zhou, Wang and Krähenbühl, "Objects as Points", 2019): a cell counts the more,
    the less it is right, and the less, the nearer it is to a centre without being it.
    """
    chance = tf.sigmoid(logits)
    is_centre = tf.cast(heat > 0.99, tf.float32)
    positive = is_centre * (1 - chance) ** CENTRE_EXPONENT * tf.nn.softplus(-logits)
    is_other = (1 - is_centre) * (1 - heat) ** NEAR_EXPONENT
    negative = is_other * chance**CENTRE_EXPONENT * tf.nn.softplus(logits)
    count = tf.reduce_sum(is_centre) + FEW_CENTRES
    return tf.reduce_sum((positive + negative) * asked) / count


def compute_angle_loss(found: Any, angles: Any, weights: Any) -> Any:
    """Return the mean squared error, with weights, of angles found, both [N, H / 4, W / 4].

    ``angles``, [N], are those of the pages, in radians. Where a digit may be turned or not, the
    mean of both is best; with the absolute error it would be no turn at all.
    """
    errors = ((found - angles[:, None, None]) / ANGLE_UNIT) ** 2
    return tf.reduce_sum(errors * weights) / (tf.reduce_sum(weights) + FEW_CENTRES)
