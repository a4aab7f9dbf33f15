"""The models, in the tutorials' own names and equations."""

import tensorflow as tf

from mnistcli.digit import CLASSES, PIXELS

IMAGES = tf.TensorSpec([None, PIXELS], tf.float32, name="x")


class Network(tf.Module):
    """Softmax regression, y = softmax(x w + b), as in "MNIST For ML Beginners".

    In every method ``x`` is float32 [N, 784] in [0, 1] and ``label`` one-hot float32 [N, 10].
    """

    def __init__(self, learning_rate: float) -> None:
        """Start from zero weights, which answer every digit with probability 0.1."""
        super().__init__()
        self.learning_rate = learning_rate
        self.w = tf.Variable(tf.zeros([PIXELS, CLASSES]), name="w")
        self.b = tf.Variable(tf.zeros([CLASSES]), name="b")

    def features(self, x: tf.Tensor) -> tf.Tensor:
        """Return what the last layer sees of an image: of softmax regression, its pixels."""
        return x

    def logits(self, x: tf.Tensor) -> tf.Tensor:
        """Return the unnormalised log-probabilities, [N, 10]."""
        return self.features(x) @ self.w + self.b

    @tf.function(input_signature=[IMAGES], autograph=False)
    def y(self, x: tf.Tensor) -> tf.Tensor:
        """Return each digit's probability, [N, 10]; this is what is exported."""
        return tf.nn.softmax(self.logits(x))

    def loss(self, x: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Return the cross-entropy, -Σ label log y, summed over the batch."""
        return tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(label, self.logits(x)))

    def train(self, x: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Take one step of gradient descent and return the loss before it."""
        with tf.GradientTape() as tape:
            loss = self.loss(x, label)
        gradients = tape.gradient(loss, self.trainable_variables)
        for variable, gradient in zip(self.trainable_variables, gradients, strict=True):
            variable.assign_sub(self.learning_rate * gradient)
        return loss

    def is_finite(self) -> bool:
        """Tell whether the weights' squares have a sum; once training diverges, they have none."""
        return all(bool(tf.math.is_finite(tf.nn.l2_loss(weight))) for weight in self.variables)

    def accuracy(self, x: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Return the share of right answers, a float32 in [0, 1]."""
        right = tf.argmax(self.logits(x), axis=1) == tf.argmax(label, axis=1)
        return tf.reduce_mean(tf.cast(right, tf.float32))
