"""The locator's network: a U-Net that is small, and whose operators LiteRT runs at any size.

Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation",
2015; with residual blocks (He et al., "Deep Residual Learning for Image Recognition", 2016), and
enlarged by sub-pixel convolutions (Shi et al., "Real-Time Single Image and Video Super-Resolution
Using an Efficient Sub-Pixel Convolutional Neural Network", 2016).
"""

from functools import partial
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from mnistcli.pictures.locator import CHANNELS, COARSE_CHANNELS, FINE_CHANNELS

WIDTHS = (24, 48, 64, 88)
"""Channels at 1/2, 1/4, 1/8 and 1/16 of the page's resolution."""


def make_network() -> Any:
    """Return a network from enhanced pictures [N, H, W, 6] to maps.

    H and W are multiples of 16. The maps are [N, H, W, 3], the logit of ink and the offset to the
    digit's centre in units of 16 pixels, and [N, H / 4, W / 4, 2], the logit of a centre and the
    angle in radians. All operators have static shapes, so that LiteRT can hand them to XNNPACK.
    """
    half, quarter, eighth, sixteenth = WIDTHS
    pictures = keras.Input((None, None, CHANNELS), name="x")
    a = convolve(pictures, half, stride=2)
    b = refine(convolve(a, quarter, stride=2))
    c = refine(convolve(b, eighth, stride=2))
    d = refine(refine(convolve(c, sixteenth, stride=2)))
    c = convolve(enlarge(d, c), eighth)
    b = refine(convolve(enlarge(c, b), quarter))
    a = convolve(convolve(enlarge(b, a), half), half)
    pixels = layers.Conv2D(4 * FINE_CHANNELS, 3, padding="same", dtype="float32")(a)
    coarse = layers.Conv2D(COARSE_CHANNELS, 1, dtype="float32")(convolve(b, quarter))
    return keras.Model(pictures, [shuffle(pixels), coarse])


def convolve(x: Any, channels: int, stride: int = 1) -> Any:
    """Convolve [N, H, W, C] to [N, H / stride, W / stride, channels], without negative values."""
    convolution = layers.Conv2D(channels, 3, stride, "same", kernel_initializer="he_normal")
    return layers.ReLU()(convolution(x))


def refine(x: Any) -> Any:
    """Add what two convolutions find to [N, H, W, C]; at first, nothing."""
    y = convolve(x, x.shape[-1])
    y = layers.Conv2D(x.shape[-1], 3, padding="same", kernel_initializer="zeros")(y)
    return layers.ReLU()(layers.Add()([x, y]))


def enlarge(x: Any, skipped: Any) -> Any:
    """Bring [N, H, W, C] to twice the resolution, and add what was there, [N, 2 H, 2 W, D]."""
    y = shuffle(layers.Conv2D(4 * skipped.shape[-1], 1)(x))
    return layers.ReLU()(layers.Add()([y, skipped]))


def shuffle(x: Any) -> Any:
    """Spread channels of [N, H, W, 4 C] over pixels, [N, 2 H, 2 W, C]."""
    spread = partial(tf.nn.depth_to_space, block_size=2)
    shape = (None, None, x.shape[-1] // 4)
    return layers.Lambda(spread, output_shape=shape, dtype=x.dtype)(x)


def to_tflite(network: Any) -> bytes:
    """Convert a network to a ``.tflite`` of 8-bit weights, for pictures of any size.

    It is made in float32, whatever the network was trained in; so are networks made later.
    Convolutions round what they are given to 8 bits, too, by its range in each picture (dynamic
    range quantization), which takes less than half of the time.
    """
    keras.mixed_precision.set_global_policy("float32")
    exact = make_network()
    exact.set_weights(network.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(exact)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())
