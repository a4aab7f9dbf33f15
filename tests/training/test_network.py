import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.runs.recipes import RECIPES

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture
def batches() -> list[Batch]:
    """200 batches of 64 that a linear model can fit: x in [0, 1], labels one-hot."""
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


def test_every_digit_is_equally_probable_at_first(tensorflow: None, batches: list[Batch]) -> None:
    from mnistcli.training.network import Network

    network = Network(RECIPES["softmax"], seed=0)

    assert network.w.shape == (784, 10)
    assert network.b.shape == (10,)
    np.testing.assert_allclose(network.y(batches[0][0]), np.full((64, 10), 0.1), rtol=1e-6)
    assert float(network.loss(*batches[0])) == pytest.approx(64 * np.log(10), rel=1e-6)


def test_loss_and_training_step_equal_numpys(tensorflow: None, batches: list[Batch]) -> None:
    from mnistcli.training.network import Network

    network = Network(RECIPES["softmax"], seed=0)
    random = np.random.default_rng(2)
    w, b = random.normal(size=(784, 10)) / 10, random.normal(size=10)
    network.w.assign(w)
    network.b.assign(b)
    x, label = batches[0]
    y = softmax(x @ w + b)

    loss, logits = network.train(x, label, 0.01)

    np.testing.assert_allclose(logits, x @ w + b, atol=1e-4)
    assert float(loss) == pytest.approx(-(label * np.log(y)).sum(), rel=1e-5)
    # The gradient of the summed cross-entropy by the logits is y - label.
    np.testing.assert_allclose(network.w.numpy(), w - 0.01 * x.T @ (y - label), atol=1e-5)
    np.testing.assert_allclose(network.b.numpy(), b - 0.01 * (y - label).sum(axis=0), atol=1e-5)


def test_accuracy_is_the_share_of_right_answers(tensorflow: None) -> None:
    from mnistcli.training.network import Network

    network = Network(RECIPES["softmax"], seed=0)
    network.b.assign(np.eye(10)[3])
    label = np.eye(10, dtype=np.float32)[[3, 3, 3, 5]]

    assert float(network.accuracy(np.zeros((4, 784), np.float32), label)) == 0.75


def test_the_temperature_divides_the_logits_of_answers_alone(
    tensorflow: None, batches: list[Batch]
) -> None:
    from mnistcli.training.network import Network

    networks = [Network(RECIPES["softmax"]._replace(temperature=t), seed=0) for t in (1.0, 0.5)]
    for network in networks:
        network.w.assign(np.random.default_rng(2).normal(size=(784, 10)) / 10)
    x, label = batches[0]
    usual, calibrated = networks

    np.testing.assert_allclose(usual.y(x), softmax(usual.logits(x).numpy()), atol=1e-6)
    np.testing.assert_allclose(calibrated.y(x), softmax(2 * usual.logits(x).numpy()), atol=1e-6)
    assert float(usual.loss(x, label)) == float(calibrated.loss(x, label))


@pytest.mark.parametrize(("is_fast", "tolerance"), [(True, 0.02), (False, 1e-5)])
def test_layers_train_in_bfloat16_where_it_is_fast(
    is_fast: bool,
    tolerance: float,
    tensorflow: None,
    batches: list[Batch],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """bfloat16 has 8 bits, so features differ by up to 2⁻⁸ a layer from those in float32."""
    from mnistcli.training import network as module

    monkeypatch.setattr(module, "has_bfloat16", lambda: is_fast)
    recipe = RECIPES["deepcnn"]._replace(is_bfloat16=True)
    layers = tuple(layer for layer in recipe.layers if hasattr(layer, "kernel_size"))
    network = module.Network(recipe._replace(layers=layers), seed=0)
    exact = module.Network(recipe._replace(layers=layers, is_bfloat16=False), seed=0)
    x, _ = batches[0]

    features, expected = (one.features(x, one.step).numpy() for one in (network, exact))

    difference = np.abs(features - expected).mean() / np.abs(expected).mean()
    assert difference < tolerance
    assert (difference > 1e-4) == is_fast
    assert features.dtype == np.float32
    np.testing.assert_array_equal(network.y(x), exact.y(x))  # answers are computed in float32


@pytest.mark.slow
def test_equals_the_tutorials_graph(tensorflow: None, batches: list[Batch]) -> None:
    import tensorflow as tf

    from mnistcli.training.network import Network

    network = Network(RECIPES["softmax"], seed=0)
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

    assert np.abs(expected_w).max() > 0.01  # both have learned something
    np.testing.assert_allclose(network.w.numpy(), expected_w, rtol=0, atol=1e-5)
    np.testing.assert_allclose(network.b.numpy(), expected_b, rtol=0, atol=1e-5)


def log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(softmax(logits))


@pytest.mark.parametrize(("model", "smoothing"), [("cnn", 0.1), ("deepcnn", 0.05)])
def test_loss_uses_smoothed_labels(
    model: str, smoothing: float, tensorflow: None, batches: list[Batch]
) -> None:
    from mnistcli.training.network import Network

    network = Network(RECIPES[model], seed=0)
    network.w.assign(np.random.default_rng(3).normal(size=network.w.shape) / 10)
    x, label = batches[0]
    logits = network.logits(x, network.step).numpy().astype(np.float64)

    smoothed = label * (1 - smoothing) + smoothing / 10
    expected = -(smoothed * log_softmax(logits)).sum()
    assert float(network.loss(x, label)) == pytest.approx(expected, rel=1e-4)


def test_loss_uses_batch_statistics_and_dropout(tensorflow: None, batches: list[Batch]) -> None:
    from mnistcli.training.network import Network

    network = Network(RECIPES["deepcnn"], seed=0)
    network.w.assign(np.random.default_rng(3).normal(size=network.w.shape) / 10)
    x, label = batches[0]
    normalized = next(layer for layer in network.layers if hasattr(layer, "mean"))
    before = normalized.mean.numpy()

    losses = []
    for step in (0, 0, 1):
        network.step.assign(step)
        losses.append(float(network.loss(x, label)))

    assert np.abs(normalized.mean.numpy() - before).max() > 0
    assert losses[0] == losses[1] != losses[2]  # dropout depends on the step


def test_averaged_weights_answer(tensorflow: None, batches: list[Batch]) -> None:
    from mnistcli.training.network import Network

    network = Network(RECIPES["deepcnn"], seed=0)
    x, label = batches[0]
    network.b.assign(np.eye(10)[3] * 5)
    network.average.b.assign(np.eye(10)[7] * 5)

    assert network.y(x).numpy().argmax(axis=1).tolist() == [7] * 64
    assert float(network.accuracy(x, np.eye(10, dtype=np.float32)[[7] * 64])) == 1

    network.step.assign(1_000_000)
    kernels = [network.layers[0].kernel, network.average.layers[0].kernel]
    average = kernels[1].numpy()
    network.train(x, label, 0.01)
    moved = RECIPES["deepcnn"].ema_decay * average
    moved += (1 - RECIPES["deepcnn"].ema_decay) * kernels[0].numpy()
    np.testing.assert_allclose(kernels[1].numpy(), moved, rtol=1e-5, atol=1e-7)
    assert int(network.step) == 1_000_001


@pytest.mark.parametrize("model", ["cnn", "deepcnn"])
def test_initial_kernels_depend_on_layer_and_seed(model: str, tensorflow: None) -> None:
    from mnistcli.training.network import Network

    def initial_kernels(seed: int) -> list[NDArray[np.float32]]:
        kernels = [
            layer.kernel.numpy().ravel()
            for layer in Network(RECIPES[model], seed).layers
            if hasattr(layer, "kernel")
        ]
        return [kernel[:100] / kernel.std() for kernel in kernels]

    first, other = initial_kernels(1), initial_kernels(2)
    for one, two in (*itertools.combinations(first, 2), *zip(first, other, strict=True)):
        assert np.abs(one - two).mean() > 0.5
    np.testing.assert_array_equal(np.concatenate(initial_kernels(1)), np.concatenate(first))
