import numpy as np
import pytest

from mnistcli.runs.recipes import Convolution, Crop, Dense, Dropout

pytestmark = pytest.mark.usefixtures("tensorflow")
RANDOM = np.random.default_rng(12)


def make(layer: object, x: np.ndarray) -> object:
    """A layer with random weights in place of those it starts with."""
    import tensorflow as tf

    from mnistcli.training.layers import make_layer

    made = make_layer(layer, tf.TensorShape([None, *x.shape[1:]]), [0, -1])
    for variable in made.variables:
        variable.assign(RANDOM.uniform(0.2, 1, variable.shape))
    return made


def correlate(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Move kernels [side, side, inputs, outputs] over images, without padding."""
    side = len(kernel)
    windows = np.lib.stride_tricks.sliding_window_view(x, (side, side), axis=(1, 2))
    return np.einsum("nrcikl,klio->nrco", windows[:, ::stride, ::stride], kernel)


@pytest.mark.parametrize(("side", "rows"), [(24, slice(2, 26)), (20, slice(4, 24))])
def test_crop_keeps_the_central_pixels(side: int, rows: slice) -> None:
    x = RANDOM.random((2, 28, 28, 1)).astype(np.float32)

    np.testing.assert_array_equal(make(Crop(side), x)(x, None), x[:, rows, rows])


@pytest.mark.parametrize(("side", "stride", "pool"), [(3, 1, 1), (5, 2, 1), (3, 1, 2), (10, 1, 1)])
def test_convolution_and_pooling_equal_numpys(side: int, stride: int, pool: int) -> None:
    x = RANDOM.normal(size=(2, 10, 10, 3)).astype(np.float32)
    layer = make(Convolution(side, 4, stride=stride, pool_size=pool), x)
    layer.bias.assign([-1, 0, 1, 2])

    y = np.maximum(correlate(x, layer.kernel.numpy(), stride) + layer.bias.numpy(), 0)
    if pool == 2:
        y = np.max([y[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], axis=0)

    np.testing.assert_allclose(layer(x, 0), y, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(layer(x, None), y, rtol=1e-4, atol=1e-4)
    assert 0 < (y == 0).mean() < 0.9


def test_padding_is_zero() -> None:
    x = RANDOM.normal(size=(2, 9, 9, 3)).astype(np.float32)
    layer = make(Convolution(5, 4, is_padded=True), x)

    padded = np.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)])
    y = np.maximum(correlate(padded, layer.kernel.numpy(), 1) + layer.bias.numpy(), 0)

    np.testing.assert_allclose(layer(x, None), y, rtol=1e-4, atol=1e-4)


def test_batch_norm_uses_batch_statistics_in_training_and_averages_in_inference() -> None:
    x = RANDOM.normal(size=(6, 10, 10, 3)).astype(np.float32)
    layer = make(Convolution(3, 4, has_batch_norm=True), x)
    mean, variance = layer.mean.numpy(), layer.variance.numpy()
    z = correlate(x, layer.kernel.numpy(), 1)
    axes, count = (0, 1, 2), z[..., 0].size

    def normalize(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        scaled = (z - mean) / np.sqrt(variance + 1e-3)
        return np.maximum(layer.scale.numpy() * scaled + layer.bias.numpy(), 0)

    np.testing.assert_allclose(layer(x, None), normalize(mean, variance), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        layer(x, 0), normalize(z.mean(axes), z.var(axes)), rtol=1e-3, atol=1e-3
    )
    np.testing.assert_allclose(layer.mean, 0.9 * mean + 0.1 * z.mean(axes), rtol=1e-4)
    unbiased = z.var(axes) * count / (count - 1)
    np.testing.assert_allclose(layer.variance, 0.9 * variance + 0.1 * unbiased, rtol=1e-4)


def test_dense_layer_flattens_its_input() -> None:
    x = RANDOM.normal(size=(5, 2, 3, 4)).astype(np.float32)
    layer = make(Dense(7), x)

    y = np.maximum(x.reshape(5, 24) @ layer.kernel.numpy() + layer.bias.numpy(), 0)

    np.testing.assert_allclose(layer(x, 0), y, rtol=1e-5, atol=1e-5)


def test_dropout_is_a_function_of_seed_and_step() -> None:
    from tensorflow import constant, int64

    from mnistcli.training.layers import make_layer

    x = np.ones((10, 30, 30, 4), np.float32)
    first, again, other_step, other_seed = (
        make_layer(Dropout(0.3), x.shape, seed)(x, constant(step, int64)).numpy()
        for seed, step in (([1, -2], 5), ([1, -2], 5), ([1, -2], 6), ([1, -3], 5))
    )

    assert (first == 0).mean() == pytest.approx(0.3, abs=0.01)
    np.testing.assert_allclose(first[first > 0], 1 / 0.7, rtol=1e-6)
    np.testing.assert_array_equal(first, again)
    for other in (other_step, other_seed):
        assert ((first == 0) & (other == 0)).mean() == pytest.approx(0.09, abs=0.01)
    np.testing.assert_array_equal(make(Dropout(0.3), x)(x, None), x)


def test_initial_weights_have_he_variance() -> None:
    from mnistcli.training.layers import he_normal

    weights = he_normal([5, 5, 32, 64], [3, -1]).numpy()

    assert weights.mean() == pytest.approx(0, abs=1e-3)
    assert weights.std() == pytest.approx(np.sqrt(2 / (5 * 5 * 32)), rel=0.01)
    np.testing.assert_array_equal(weights, he_normal([5, 5, 32, 64], [3, -1]).numpy())
    for seed in ([3, -2], [4, -1]):
        assert np.abs(weights - he_normal([5, 5, 32, 64], seed).numpy()).max() > 0.1
