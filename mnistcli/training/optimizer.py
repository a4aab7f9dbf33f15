"""Optimizers: how gradients change the weights."""

from collections.abc import Sequence

import tensorflow as tf

ADAM_EPSILON = 1e-7
"""Keeps Adam from dividing by zero."""


class GradientDescent(tf.Module):
    """w ← w - learning rate · gradient."""

    def apply(
        self,
        gradients: Sequence[tf.Tensor],
        weights: Sequence[tf.Variable],
        learning_rate: tf.Tensor,
        step: tf.Tensor,
    ) -> None:
        """Change the weights; ``step`` is counted from 0."""
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.assign_sub(learning_rate * gradient)


class Adam(tf.Module):
    """Kingma and Ba, "Adam", 2015, arXiv 1412.6980, in the form at the end of its section 2.

    Unlike in algorithm 1, ε is added before the bias correction.
    """

    def __init__(self, weights: Sequence[tf.Variable], beta1: float, beta2: float) -> None:
        """Start with zero moments for each weight."""
        super().__init__()
        self.beta1, self.beta2 = beta1, beta2
        self.mean = [tf.Variable(tf.zeros_like(weight)) for weight in weights]
        self.square = [tf.Variable(tf.zeros_like(weight)) for weight in weights]

    def apply(
        self,
        gradients: Sequence[tf.Tensor],
        weights: Sequence[tf.Variable],
        learning_rate: tf.Tensor,
        step: tf.Tensor,
    ) -> None:
        """Change the weights; ``step`` is counted from 0."""
        count = tf.cast(step + 1, tf.float32)
        powers = (tf.pow(self.beta1, count), tf.pow(self.beta2, count))
        for weight, gradient, mean, square in zip(
            weights, gradients, self.mean, self.square, strict=True
        ):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=learning_rate,
                beta1=self.beta1,
                beta2=self.beta2,
                epsilon=ADAM_EPSILON,
                grad=gradient,
            )


def update_ema(
    averages: Sequence[tf.Variable],
    variables: Sequence[tf.Variable],
    decay: float,
    step: tf.Tensor,
) -> None:
    """Update exponential moving averages (EMA) of variables, faster in the first steps.

    Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992; the first
    steps are those of TensorFlow's ``tf.train.ExponentialMovingAverage``.
    """
    count = tf.cast(step, tf.float32)
    share = 1 - tf.minimum(decay, (1 + count) / (10 + count))
    for average, variable in zip(averages, variables, strict=True):
        average.assign_sub(share * (average - variable))
