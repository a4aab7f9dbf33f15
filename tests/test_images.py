import numpy as np
import pytest

from mnistcli.images import scale_pixels, to_input


def test_pixels_become_floats_from_0_to_1() -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    images[1, 0, 1], images[1, 27, 27] = 255, 51

    x = to_input(images)

    assert x.shape == (2, 784)
    assert x.dtype == np.float32
    assert x[1, 1] == 1
    assert x[1, 783] == pytest.approx(0.2)
    assert np.count_nonzero(x) == 2


def test_tensorflow_gets_the_same_bits(tensorflow: None) -> None:
    import tensorflow as tf

    images = np.arange(784, dtype=np.uint16).astype(np.uint8).reshape(1, 28, 28)
    scale = tf.function(lambda pixels: scale_pixels(tf.cast(pixels, tf.float32)))

    np.testing.assert_array_equal(scale(images.reshape(1, 784)).numpy(), to_input(images))
