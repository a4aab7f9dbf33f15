"""The models, in the tutorials' own names and equations."""

from typing import Any

import tensorflow as tf

from mnistcli.images import CLASSES, PIXELS, SIDE
from mnistcli.runs.recipes import Recipe
from mnistcli.training.layers import flatten, make_layer
from mnistcli.training.optimizer import Adam, GradientDescent, update_ema
from mnistcli.training.runtime import has_bfloat16

INPUT = tf.TensorSpec([None, PIXELS], tf.float32, name="x")


class Classifier(tf.Module):
    """Layers that compute features of an image, and the weights that classify them.

    In every method ``x`` is float32 [N, 784] in [0, 1], and ``step`` is the training step, counted
    from 0, or None in inference.
    """

    def __init__(self, recipe: Recipe, seed: int) -> None:
        """Initialise the layers at random, from the seed, and ``w`` and ``b`` with zeros."""
        super().__init__()
        self.training_dtype = tf.bfloat16 if recipe.is_bfloat16 and has_bfloat16() else tf.float32
        self.layers: list[Any] = []
        x = tf.zeros([1, SIDE, SIDE, 1])
        for number, layer in enumerate(recipe.layers, start=1):
            # Negative: the random numbers of a step have the seed and the step as their key.
            self.layers.append(make_layer(layer, x.shape, [seed, -number]))
            x = self.layers[-1](x, step=None)
        self.w = tf.Variable(tf.zeros([flatten(x).shape[1], CLASSES]))
        self.b = tf.Variable(tf.zeros([CLASSES]))

    def name_variables(self) -> dict[str, tf.Variable]:
        """Return all variables by name: ``w``, ``b``, and the layers' as ``NUMBER.NAME``."""
        return {"w": self.w, "b": self.b} | {
            f"{number}.{name}": value
            for number, layer in enumerate(self.layers, start=1)
            for name, value in vars(layer).items()
            if isinstance(value, tf.Variable)
        }

    def features(self, x: tf.Tensor, step: tf.Tensor | None = None) -> tf.Tensor:
        """Return the output of the last layer, [N, features]; for softmax regression, ``x``."""
        x = tf.reshape(x, [-1, SIDE, SIDE, 1])
        if step is not None:
            x = tf.cast(x, self.training_dtype)
        for layer in self.layers:
            x = layer(x, step)
        return tf.cast(flatten(x), tf.float32)

    def logits(self, x: tf.Tensor, step: tf.Tensor | None = None) -> tf.Tensor:
        """Return the logits, features(x) w + b, [N, 10]."""
        return self.features(x, step) @ self.w + self.b


class Network(Classifier):
    """y = softmax(features(x) w + b); features(x) = x is the model of "MNIST For ML Beginners".

    In every method ``x`` is float32 [N, 784] in [0, 1] and ``label`` one-hot float32 [N, 10].
    """

    def __init__(self, recipe: Recipe, seed: int) -> None:
        """Initialise the weights, so that every digit has the probability 0.1."""
        self.recipe = recipe
        super().__init__(recipe, seed)
        self.weights, self.followed = self.trainable_variables, self.variables
        self.average = Classifier(recipe, seed) if recipe.ema_decay else None
        self.optimizer = (
            Adam(self.weights, *recipe.adam_betas) if recipe.adam_betas else GradientDescent()
        )
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)

    @property
    def answering(self) -> Classifier:
        """The classifier of inference: that of the averaged weights, if the recipe has an EMA."""
        return self.average or self

    @tf.function(input_signature=[INPUT], autograph=False)
    def y(self, x: tf.Tensor) -> tf.Tensor:
        """Return each digit's probability, [N, 10]; this method is exported."""
        return tf.nn.softmax(self.answering.logits(x) / self.recipe.temperature)

    def loss(self, x: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Return the cross-entropy of a training step, -Σ label log y, summed over the batch.

        The labels are smoothed as the recipe says.
        """
        return self.cross_entropy(self.training_logits(x), label)

    def training_logits(self, x: tf.Tensor) -> tf.Tensor:
        """Return the logits of a training step, [N, 10].

        Batch normalization updates its statistics, unless the recipe freezes it.
        """
        return self.logits(x, None if self.recipe.freeze_batch_norm else self.step)

    def cross_entropy(self, logits: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Return the loss of logits [N, 10]."""
        smoothing = self.recipe.label_smoothing
        with tf.name_scope("loss"):
            smooth = label * (1 - smoothing) + smoothing / CLASSES
            return tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(smooth, logits))

    def train(
        self, x: tf.Tensor, label: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Take one step of gradient descent; return the loss and the logits before it."""
        with tf.GradientTape() as tape:
            logits = self.training_logits(x)
            loss = self.cross_entropy(logits, label)
        gradients = tape.gradient(loss, self.weights)
        with tf.name_scope("train"):
            self.optimizer.apply(gradients, self.weights, learning_rate, self.step)
            if self.average:
                decay = self.recipe.ema_decay
                update_ema(self.average.variables, self.followed, decay, self.step)
            self.step.assign_add(1)
        return loss, logits

    def is_finite(self) -> bool:
        """Tell whether the L2 norms of all weights are finite; divergence makes them not so."""
        return all(bool(tf.math.is_finite(tf.nn.l2_loss(weight))) for weight in self.weights)

    def accuracy(self, x: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Return the share of right answers, a float32 in [0, 1]."""
        right = tf.argmax(self.y(x), axis=1) == tf.argmax(label, axis=1)
        return tf.reduce_mean(tf.cast(right, tf.float32))
