import numpy as np
import pytest
from numpy.typing import NDArray

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture
def batches() -> list[Batch]:
    """200 batches of 64 that can be learnt: x in [0, 1], labels one-hot."""
    random = np.random.default_rng(1)
    truth = random.normal(size=(784, 10))
    made = []
    for _ in range(200):
        x = (random.random((64, 784)) * (random.random((64, 784)) < 0.2)).astype(np.float32)
        made.append((x, np.eye(10, dtype=np.float32)[(x @ truth).argmax(axis=1)]))
    return made


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_begins_at_zero(tensorflow: None, batches: list[Batch]) -> None:
    from mnistcli.network import Network

    network = Network("softmax", seed=0)

    assert network.w.shape == (784, 10)
    assert network.b.shape == (10,)
    np.testing.assert_allclose(network.y(batches[0][0]), np.full((64, 10), 0.1), rtol=1e-6)
    assert float(network.loss(*batches[0])) == pytest.approx(64 * np.log(10), rel=1e-6)


def test_loss_and_step_equal_numpys(tensorflow: None, batches: list[Batch]) -> None:
    from mnistcli.network import Network

    network = Network("softmax", seed=0)
    random = np.random.default_rng(2)
    w, b = random.normal(size=(784, 10)) / 10, random.normal(size=10)
    network.w.assign(w)
    network.b.assign(b)
    x, label = batches[0]
    y = softmax(x @ w + b)

    loss = network.train(x, label, 0.01)

    assert float(loss) == pytest.approx(-(label * np.log(y)).sum(), rel=1e-5)
    # The gradient of the summed cross-entropy by the logits is y - label.
    np.testing.assert_allclose(network.w.numpy(), w - 0.01 * x.T @ (y - label), atol=1e-5)
    np.testing.assert_allclose(network.b.numpy(), b - 0.01 * (y - label).sum(axis=0), atol=1e-5)


def test_accuracy_is_the_share_of_right_answers(tensorflow: None) -> None:
    from mnistcli.network import Network

    network = Network("softmax", seed=0)
    network.b.assign(np.eye(10)[3])
    label = np.eye(10, dtype=np.float32)[[3, 3, 3, 5]]

    assert float(network.accuracy(np.zeros((4, 784), np.float32), label)) == 0.75


def test_equals_the_tutorials_graph(tensorflow: None, batches: list[Batch]) -> None:
    import tensorflow as tf

    from mnistcli.network import Network

    network = Network("softmax", seed=0)
    for x, label in batches:
        network.train(x, label, 0.001)

    tf1 = tf.compat.v1  # geektutu's model.py, as it stands there
    with tf.Graph().as_default(), tf1.Session() as session:
        images = tf1.placeholder(tf.float32, [None, 784])
        labels = tf1.placeholder(tf.float32, [None, 10])
        w = tf1.Variable(tf.zeros([784, 10]))
        b = tf1.Variable(tf.zeros([10]))
        y = tf.nn.softmax(tf.matmul(images, w) + b)
        loss = -tf.reduce_sum(labels * tf1.log(y + 1e-10))
        step = tf1.train.GradientDescentOptimizer(0.001).minimize(loss)
        session.run(tf1.global_variables_initializer())
        for x, label in batches:
            session.run(step, {images: x, labels: label})
        expected_w, expected_b = session.run([w, b])

    assert np.abs(expected_w).max() > 0.01  # both have learnt something
    np.testing.assert_allclose(network.w.numpy(), expected_w, rtol=0, atol=1e-5)
    np.testing.assert_allclose(network.b.numpy(), expected_b, rtol=0, atol=1e-5)
