"""Train the network that detects what is no digit, put it into the package, and print its rates.

usage: PYTHONPATH=tools:tools/locator python tools/detector/train.py DATA_DIR

DATA_DIR holds MNIST's files.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import outliers
from forms import draw_forms
from glyphs import NO_DIGIT
from located import locate_all
from numpy.typing import NDArray
from records import describe
from signs import print_sign
from variations import vary_all

from mnistcli import pretrained
from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.datasets.synthetic import dataset as synthetic
from mnistcli.images import PIXELS, SIDE, Gray
from mnistcli.inference.interpreter import Predictor
from mnistcli.inference.recognition import MAX_DOUBT
from mnistcli.pictures.normalization import normalize

SEED = 1
HELD_OUT = 5000
"""The last of MNIST's training images, which are not trained on."""

VARIANTS = 3
"""Variations of each of MNIST's images."""

STROKES, WORLDLY, PRINTS, OUTLIERS, LOCATED = 40_000, 20_000, 12_000, 210_000, 80_000
"""Digits drawn as in the data set of strokes, in forms of all the world, digits printed, images of
what is no digit, and what the locator finds on pages."""

COPIES = 3
"""Copies of what the locator finds that is no digit."""

CONVOLUTIONS = ((16, 5, 2), (32, 3, 2), (48, 3, 1))
"""Channels, kernel size and stride of each."""

EPOCHS = 12
BATCH_SIZE = 256
RATE = 2e-3

COMMAND = "make detector"


def make_data(
    seed: int, digits: Gray, labels: NDArray[np.uint8]
) -> tuple[Gray, NDArray[np.float32]]:
    """Make images, uint8 [N, 28, 28], and targets [N, 1]: 1 for what is no digit, 0 for digits."""
    random = np.random.default_rng(seed)
    strokes, forms = synthetic.draw_images(seed, STROKES)[0], draw_forms(seed, WORLDLY)[0]
    drawn = np.concatenate([strokes, forms])
    printed = np.stack([normalize(print_sign(random, "0123456789")).image for _ in range(PRINTS)])
    varied = vary_all(seed, np.concatenate([*[digits] * VARIANTS, drawn, printed]))
    found, answers = locate_all(seed, digits, labels, LOCATED)
    mistaken = outliers.drop_bars(found[answers == NO_DIGIT])
    others = np.concatenate([outliers.make(seed, OUTLIERS, digits), *[mistaken] * COPIES])
    images = np.concatenate([digits, drawn, varied, found[answers != NO_DIGIT], others])
    targets = np.arange(len(images)) >= len(images) - len(others)
    return images, targets[:, np.newaxis].astype(np.float32)


def make_network(seed: int) -> Any:
    """Return a network from [N, 784] in [0, 1] to logits [N, 1]."""
    import keras

    keras.utils.set_random_seed(seed)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((PIXELS,)),
            layers.Reshape((SIDE, SIDE, 1)),
            *[layers.Conv2D(*shape, "same", activation="relu") for shape in CONVOLUTIONS],
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(48, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(1),
        ]
    )


def fit(network: Any, images: Gray, targets: NDArray[np.float32]) -> None:
    """Train a network with cosine decay of the learning rate, and average its weights (EMA)."""
    import keras
    import tensorflow as tf

    steps = EPOCHS * (len(images) // BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3, use_ema=True, ema_momentum=0.999)
    network.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True))
    pixels, answers = tf.constant(images.reshape(-1, PIXELS)), tf.constant(targets)

    def look_up(rows: Any) -> Any:
        return tf.cast(tf.gather(pixels, rows), tf.float32) / 255, tf.gather(answers, rows)

    rows = tf.data.Dataset.range(len(images)).shuffle(len(images), seed=SEED)
    batches = rows.batch(BATCH_SIZE, drop_remainder=True).map(look_up).prefetch(4)
    network.fit(batches, epochs=EPOCHS, shuffle=False, verbose=2)


def to_tflite(network: Any) -> bytes:
    """Convert a network to a ``.tflite``: from float32 [N, 784] in [0, 1] to P(no digit) [N, 1]."""
    import tensorflow as tf

    *convolutions, dense, last = zip(*[iter(network.get_weights())] * 2, strict=True)

    def detect(x: Any) -> Any:
        y = tf.reshape(x, [-1, SIDE, SIDE, 1])
        for (_, _, stride), (kernel, bias) in zip(CONVOLUTIONS, convolutions, strict=True):
            y = tf.nn.relu(tf.nn.conv2d(y, kernel, stride, "SAME") + bias)
        y = tf.nn.relu(tf.reshape(y, [-1, len(dense[0])]) @ dense[0] + dense[1])
        return tf.sigmoid(y @ last[0] + last[1])

    module = tf.Module()
    module.detect = tf.function(detect, [tf.TensorSpec([None, PIXELS], tf.float32, name="x")])
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.detect.get_concrete_function()], module
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def flag(tflite: bytes, images: Gray) -> float:
    """Return the share of images [N, 28, 28] that an export flags as no digits."""
    doubts = Predictor(tflite, "the export", outputs=1).predict(images)
    return float((doubts > MAX_DOUBT).mean())


def report(tflite: bytes, digits: Gray, seed: int) -> None:
    """Print the shares of digits, and of each kind of outlier, that an export flags."""
    random = np.random.default_rng(seed)
    sets = {"MNIST": digits, "strokes": synthetic.draw_images(seed, HELD_OUT)[0]}
    sets |= {f"{name}, varied": vary_all(seed, images) for name, images in sets.items()}
    sets |= {name: outliers.make_kind(random, name, 1000, digits) for name in outliers.KINDS}
    for name, images in sets.items():
        print(f"{name:16} {flag(tflite, images):7.2%}")


def main() -> None:
    """Make the data, train, export and report."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    given = dataset.load("mnist", "train", Path(sys.argv[1]), Console(is_quiet=False))
    digits = given.images
    images, targets = make_data(SEED, digits[:-HELD_OUT], given.labels[:-HELD_OUT])
    print(f"{len(images)} images, {targets.mean():.2f} of them no digits")
    network = make_network(SEED)
    fit(network, images, targets)
    record = describe(SEED, COMMAND, "train")
    tflite = to_tflite(network)
    pretrained.write_detector(record, tflite)
    report(tflite, digits[-HELD_OUT:], SEED + 1)


if __name__ == "__main__":
    main()
