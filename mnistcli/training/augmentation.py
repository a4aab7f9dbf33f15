"""Data augmentation: images distorted as handwriting varies, differently at every step."""

import math

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli.images import SIDE
from mnistcli.runs.recipes import Augmentation

CONTROL_POINTS = 6
"""Control points of the elastic distortion, along a side."""

MIDDLE = (SIDE - 1) / 2
"""Row and column of an image's middle."""


def augment(images: tf.Tensor, limits: Augmentation, seed: int, step: tf.Tensor) -> tf.Tensor:
    """Distort images, float32 [N, 28, 28], at random, as a function of the seed and the step.

    An affine map, an elastic distortion (Simard et al., "Best Practices for Convolutional Neural
    Networks Applied to Visual Document Analysis", 2003) and a change of the strokes' width.
    """
    count = tf.shape(images)[0]
    key, bends_key = tf.unstack(
        tf.random.experimental.stateless_split([tf.constant(seed, tf.int64), step], 2, "philox")
    )
    uniform = tf.random.stateless_uniform([7, count, 1, 1], key, -1.0, 1.0, alg="philox")
    angle, wide, high, shear, down, right, stroke = tf.unstack(uniform)
    bends = tf.random.stateless_normal(
        [2, count, CONTROL_POINTS, CONTROL_POINTS], bends_key, stddev=limits.elastic, alg="philox"
    )
    rows, columns = affine_grid(
        math.radians(limits.rotation) * angle,
        tf.exp(limits.scale * high),
        tf.exp(limits.scale * wide),
        limits.shear * shear,
    )
    bend_down, bend_right = tf.unstack(smooth(bends))
    return sample(
        change_strokes(images, limits.stroke * stroke),
        rows + limits.shift * down + bend_down,
        columns + limits.shift * right + bend_right,
    )


def change_strokes(images: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Thicken or thin the strokes of images [N, 28, 28] by amounts [N, 1, 1] in [-1, 1] pixels."""
    x = images[..., tf.newaxis]
    thick = tf.nn.max_pool2d(x, 3, 1, "SAME")[..., 0]
    thin = -tf.nn.max_pool2d(-x, 3, 1, "SAME")[..., 0]
    return images + tf.nn.relu(amount) * (thick - images) - tf.nn.relu(-amount) * (images - thin)


def affine_grid(
    angle: tf.Tensor, height: tf.Tensor, width: tf.Tensor, shear: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the rows and columns, each [N, 28, 28], to which an affine map takes the pixels.

    Pixels are sheared and rotated about the middle, then both axes are scaled.
    """
    offsets = tf.range(SIDE, dtype=tf.float32) - MIDDLE
    row, column = offsets[:, tf.newaxis], offsets[tf.newaxis, :]
    sheared = column + shear * row
    rows = height * (tf.sin(angle) * sheared + tf.cos(angle) * row)
    columns = width * (tf.cos(angle) * sheared - tf.sin(angle) * row)
    return rows + MIDDLE, columns + MIDDLE


def smooth(nodes: tf.Tensor) -> tf.Tensor:
    """Interpolate control points [..., n, n] at the pixels, [..., 28, 28], by cubic B-splines."""
    basis = tf.constant(spline_basis(nodes.shape[-1]))
    return tf.einsum("ij,...jk,lk->...il", basis, nodes, basis)


def spline_basis(nodes: int) -> NDArray[np.float32]:
    """Return the weight of each control point at each pixel, [28, nodes]; rows sum to 1.

    Source: uniform cubic B-splines, de Boor, "A Practical Guide to Splines", 1978.
    """
    distance = np.linspace(1, nodes - 2, SIDE)[:, np.newaxis] - np.arange(nodes)
    near, far = np.abs(distance), 2 - np.abs(distance)
    weights = np.where(near < 1, 2 / 3 - near**2 + near**3 / 2, np.maximum(far, 0) ** 3 / 6)
    return weights.astype(np.float32)


def sample(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Interpolate images bilinearly at rows and columns between pixels; outside, they are 0.

    All arguments and the result are float32 [N, 28, 28].
    """
    count, side = tf.shape(images)[0], SIDE + 1
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1]])
    corners = [padded[:, i : i + side, j : j + side] for i in (0, 1) for j in (0, 1)]
    squares = tf.reshape(tf.stack(corners, axis=-1), [-1, 4])
    rows, columns = (tf.clip_by_value(places + 1, 0, side) for places in (rows, columns))
    top, left = (tf.minimum(tf.floor(places), side - 1) for places in (rows, columns))
    down, right = rows - top, columns - left
    first = tf.range(count)[:, tf.newaxis, tf.newaxis] * side * side
    found = tf.gather(squares, first + tf.cast(top * side + left, tf.int32))
    weights = [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right]
    return tf.reduce_sum(found * tf.stack(weights, axis=-1), axis=-1)
