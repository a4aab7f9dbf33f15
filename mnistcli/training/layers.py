"""The layers of the recipes.

A layer is called with the training step, counted from 0, or with None in inference. It computes in
the dtype of its input, float32 or bfloat16; its weights are float32.
"""

import math
from typing import Any

import tensorflow as tf

from mnistcli.runs import recipes

BATCH_NORM_MOMENTUM = 0.9
"""Share of the former statistics in the moving average; the rest is the batch's."""

BATCH_NORM_EPSILON = 1e-3
"""Added to a channel's variance before the square root."""


class Crop(tf.Module):
    """The central pixels."""

    def __init__(self, layer: recipes.Crop, shape: tf.TensorShape, seed: list[int]) -> None:
        """Make the layer for inputs [N, rows, columns, channels]."""
        super().__init__()
        self.rows = slice((shape[1] - layer.size) // 2, (shape[1] + layer.size) // 2)

    def __call__(self, x: tf.Tensor, step: tf.Tensor | None) -> tf.Tensor:
        """Return [N, size, size, channels]."""
        return x[:, self.rows, self.rows]


class Convolution(tf.Module):
    """ReLU(batch_norm(max_pool(x * kernel)) + bias).

    Pooling comes first and leaves fewer values to the rest; a bias and a ReLU keep the order of
    values, so the result is the same.
    """

    def __init__(self, layer: recipes.Convolution, shape: tf.TensorShape, seed: list[int]) -> None:
        """Make the layer for inputs [N, rows, columns, channels]."""
        super().__init__()
        self.layer = layer
        self.kernel = he_normal(
            [layer.kernel_size, layer.kernel_size, shape[-1], layer.channels], seed
        )
        self.bias = tf.Variable(tf.zeros([layer.channels]))
        if layer.has_batch_norm:
            self.scale = tf.Variable(tf.ones([layer.channels]))
            self.mean = tf.Variable(tf.zeros([layer.channels]), trainable=False)
            self.variance = tf.Variable(tf.ones([layer.channels]), trainable=False)

    def __call__(self, x: tf.Tensor, step: tf.Tensor | None) -> tf.Tensor:
        """Return [N, rows, columns, channels]."""
        x = self.convolve(x, tf.cast(self.kernel, x.dtype))
        if self.layer.pool_size > 1:
            x = tf.nn.max_pool2d(x, self.layer.pool_size, self.layer.pool_size, "VALID")
        if self.layer.has_batch_norm:
            x = self.normalize(x, is_training=step is not None)
        else:
            x = tf.nn.bias_add(x, tf.cast(self.bias, x.dtype))
        return tf.nn.relu(x)

    def convolve(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolve x with the kernel.

        A kernel of x's size has one place only: a product of two matrices, which takes less time.
        """
        if x.shape[1:3] == kernel.shape[:2] and not self.layer.is_padded:
            kernel = tf.reshape(kernel, [-1, kernel.shape[-1]])
            return (flatten(x) @ kernel)[:, tf.newaxis, tf.newaxis]
        padding = "SAME" if self.layer.is_padded else "VALID"
        return tf.nn.conv2d(x, kernel, self.layer.stride, padding)

    def normalize(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
        """Normalize each channel: by the batch in training, by the moving average in inference.

        Ioffe and Szegedy, "Batch Normalization", 2015, arXiv 1502.03167.
        """
        result = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=self.scale,
            offset=self.bias,
            mean=[] if is_training else self.mean,
            variance=[] if is_training else self.variance,
            epsilon=BATCH_NORM_EPSILON,
            is_training=is_training,
        )
        if is_training:
            self.mean.assign_sub((1 - BATCH_NORM_MOMENTUM) * (self.mean - result.batch_mean))
            self.variance.assign_sub(
                (1 - BATCH_NORM_MOMENTUM) * (self.variance - result.batch_variance)
            )
        return result.y


class Dense(tf.Module):
    """ReLU(x · kernel + bias)."""

    def __init__(self, layer: recipes.Dense, shape: tf.TensorShape, seed: list[int]) -> None:
        """Make the layer for inputs of a shape; an image's values are flattened."""
        super().__init__()
        self.kernel = he_normal([math.prod(shape[1:]), layer.units], seed)
        self.bias = tf.Variable(tf.zeros([layer.units]))

    def __call__(self, x: tf.Tensor, step: tf.Tensor | None) -> tf.Tensor:
        """Return [N, units]."""
        kernel, bias = tf.cast(self.kernel, x.dtype), tf.cast(self.bias, x.dtype)
        return tf.nn.relu(flatten(x) @ kernel + bias)


class Dropout(tf.Module):
    """Values set to zero at random, in training only."""

    def __init__(self, layer: recipes.Dropout, shape: tf.TensorShape, seed: list[int]) -> None:
        """Make the layer; the values it drops are a function of the two seeds and the step."""
        super().__init__()
        self.rate, self.seed = layer.rate, seed

    def __call__(self, x: tf.Tensor, step: tf.Tensor | None) -> tf.Tensor:
        """Return a tensor of the same shape.

        Srivastava et al., "Dropout", 2014. The values are scaled in training, not in inference.
        """
        if step is None:
            return x
        key = tf.random.experimental.stateless_fold_in(self.seed, step, alg="philox")
        return tf.nn.experimental.stateless_dropout(x, self.rate, key, rng_alg="philox")


def make_layer(layer: recipes.Layer, shape: tf.TensorShape, seed: list[int]) -> Any:
    """Make a recipe's layer for inputs of a shape; its weights are a function of two seeds."""
    kinds: dict[type, Any] = {
        recipes.Crop: Crop,
        recipes.Convolution: Convolution,
        recipes.Dense: Dense,
        recipes.Dropout: Dropout,
    }
    return kinds[type(layer)](layer, shape, seed)


def flatten(x: tf.Tensor) -> tf.Tensor:
    """Flatten each image, to [N, values]."""
    return tf.reshape(x, [-1, math.prod(x.shape[1:])])


def he_normal(shape: list[int], seed: list[int]) -> tf.Variable:
    """Return weights of a normal distribution of variance 2 / inputs; the last axis is the outputs.

    He et al., "Delving Deep into Rectifiers", 2015, arXiv 1502.01852, equation 10.
    """
    deviation = math.sqrt(2 / math.prod(shape[:-1]))
    return tf.Variable(tf.random.stateless_normal(shape, seed, stddev=deviation, alg="philox"))
