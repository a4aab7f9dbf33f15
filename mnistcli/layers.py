"""The layers of the recipes, computed (TensorFlow).

A layer is called with the training step, counted from 0, or with None when it is to answer.
"""

import math
from typing import Any

import tensorflow as tf

from mnistcli import recipe

MEMORY = 0.9
"""Share of the batches' statistics so far in their moving average; the rest is the newest's."""

SMALLEST_VARIANCE = 1e-3
"""Added to a channel's variance, of which the root is divided by."""


class Crop(tf.Module):
    """The central pixels."""

    def __init__(self, layer: recipe.Crop, shape: tf.TensorShape, seed: list[int]) -> None:
        """Make the layer for inputs of a shape, [N, rows, columns, channels]."""
        super().__init__()
        self.rows = slice((shape[1] - layer.side) // 2, (shape[1] + layer.side) // 2)

    def __call__(self, x: tf.Tensor, step: tf.Tensor | None) -> tf.Tensor:
        """Return [N, side, side, channels]."""
        return x[:, self.rows, self.rows]


class Convolution(tf.Module):
    """ReLU(normalise(pool(x * kernel)) + bias).

    The maximum of a pool is taken first, of fewer values for the rest: it has the same place
    after a bias and a ReLU.
    """

    def __init__(self, layer: recipe.Convolution, shape: tf.TensorShape, seed: list[int]) -> None:
        """Make the layer for inputs of a shape, [N, rows, columns, channels]."""
        super().__init__()
        self.layer = layer
        self.kernel = he_normal([layer.side, layer.side, shape[-1], layer.channels], seed)
        self.bias = tf.Variable(tf.zeros([layer.channels]))
        if layer.is_normalised:
            self.scale = tf.Variable(tf.ones([layer.channels]))
            self.mean = tf.Variable(tf.zeros([layer.channels]), trainable=False)
            self.variance = tf.Variable(tf.ones([layer.channels]), trainable=False)

    def __call__(self, x: tf.Tensor, step: tf.Tensor | None) -> tf.Tensor:
        """Return [N, rows, columns, channels]."""
        padding = "SAME" if self.layer.is_padded else "VALID"
        x = tf.nn.conv2d(x, self.kernel, self.layer.stride, padding)
        if self.layer.pool > 1:
            x = tf.nn.max_pool2d(x, self.layer.pool, self.layer.pool, "VALID")
        if self.layer.is_normalised:
            x = self.normalise(x, is_training=step is not None)
        else:
            x = tf.nn.bias_add(x, self.bias)
        return tf.nn.relu(x)

    def normalise(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
        """Normalise each channel, by its batch in training and by all batches so far otherwise.

        Ioffe and Szegedy, "Batch Normalization", 2015, arXiv 1502.03167.
        """
        result = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=self.scale,
            offset=self.bias,
            mean=[] if is_training else self.mean,
            variance=[] if is_training else self.variance,
            epsilon=SMALLEST_VARIANCE,
            is_training=is_training,
        )
        if is_training:
            self.mean.assign_sub((1 - MEMORY) * (self.mean - result.batch_mean))
            self.variance.assign_sub((1 - MEMORY) * (self.variance - result.batch_variance))
        return result.y


class Dense(tf.Module):
    """ReLU(x · kernel + bias)."""

    def __init__(self, layer: recipe.Dense, shape: tf.TensorShape, seed: list[int]) -> None:
        """Make the layer for inputs of a shape; all values of an image are taken in a row."""
        super().__init__()
        self.kernel = he_normal([math.prod(shape[1:]), layer.units], seed)
        self.bias = tf.Variable(tf.zeros([layer.units]))

    def __call__(self, x: tf.Tensor, step: tf.Tensor | None) -> tf.Tensor:
        """Return [N, units]."""
        return tf.nn.relu(flatten(x) @ self.kernel + self.bias)


class Dropout(tf.Module):
    """Values without a random share of them, in training."""

    def __init__(self, layer: recipe.Dropout, shape: tf.TensorShape, seed: list[int]) -> None:
        """Make the layer; what it drops is a function of the two seeds and the step."""
        super().__init__()
        self.share, self.seed = layer.share, seed

    def __call__(self, x: tf.Tensor, step: tf.Tensor | None) -> tf.Tensor:
        """Return a tensor of the same shape.

        Srivastava et al., "Dropout", 2014; scaled in training, so that answering needs nothing.
        """
        if step is None:
            return x
        key = tf.random.experimental.stateless_fold_in(self.seed, step, alg="philox")
        return tf.nn.experimental.stateless_dropout(x, self.share, key, rng_alg="philox")


def make_layer(layer: recipe.Layer, shape: tf.TensorShape, seed: list[int]) -> Any:
    """Make a recipe's layer for inputs of a shape, its weights a function of the two seeds."""
    kinds: dict[type, Any] = {
        recipe.Crop: Crop,
        recipe.Convolution: Convolution,
        recipe.Dense: Dense,
        recipe.Dropout: Dropout,
    }
    return kinds[type(layer)](layer, shape, seed)


def flatten(x: tf.Tensor) -> tf.Tensor:
    """Put all values of an image in a row, [N, values]."""
    return tf.reshape(x, [-1, math.prod(x.shape[1:])])


def he_normal(shape: list[int], seed: list[int]) -> tf.Variable:
    """Return normal weights of variance 2 / inputs; the last dimension is the outputs.

    He et al., "Delving Deep into Rectifiers", 2015, arXiv 1502.01852, equation 10.
    """
    deviation = math.sqrt(2 / math.prod(shape[:-1]))
    return tf.Variable(tf.random.stateless_normal(shape, seed, stddev=deviation, alg="philox"))
