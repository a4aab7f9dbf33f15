"""Train the network that locates digits, put it into the package, and print what it finds.

usage: PYTHONPATH=tools python tools/locator/train.py DATA_DIR

DATA_DIR holds MNIST's files.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from losses import compute_losses
from network import make_network, to_tflite
from pages import Arrays, compose_all
from records import describe
from scoring import score_all

from mnistcli import pretrained
from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.pictures.locator import CHANNELS, Locator, enhance

SEED = 1
HELD_OUT = 5000
"""The last of MNIST's training images, which are not trained on."""

PAGES, REPORT_PAGES = 60_000, 2_000
"""Pages to train on, of the other images, and to report on, of those held out."""

EPOCHS = 10
BATCH_SIZE = 24

FIRST_RATE, RATE, WARM_UP_STEPS = 1e-4, 2e-3, 200
"""The learning rate at first, its maximum, and the steps until then."""

LOSS_WEIGHTS = (1.0, 1.0, 0.5, 0.5)
"""Of ink, offsets, centres and angles."""

INVERTED = 0.25
"""Share of the pages that are inverted, in each epoch others."""

STEPS_PER_LINE = 200
"""Steps whose mean losses are printed together."""

COMMAND = "make locator"


def make_batches(arrays: Arrays) -> Any:
    """Return a data set of batches, the pages in random order in each epoch.

    Their pictures are enhanced, after their colours were permuted and some were inverted.
    """
    random = np.random.default_rng(SEED)

    def look_up() -> Iterator[Arrays]:
        for _ in range(EPOCHS):
            order = random.permutation(len(arrays[0]))
            for start in range(0, len(order) - BATCH_SIZE + 1, BATCH_SIZE):
                pictures, *targets = (array[order[start : start + BATCH_SIZE]] for array in arrays)
                pictures = pictures[..., random.permutation(3)]
                is_inverted = random.random((BATCH_SIZE, 1, 1, 1)) < INVERTED
                varied = np.where(is_inverted, ~pictures, pictures)
                yield np.stack([enhance(picture) for picture in varied]), *targets

    height, width = arrays[0].shape[1:3]
    enhanced = tf.TensorSpec([BATCH_SIZE, height, width, CHANNELS], tf.float32)
    targets = [tf.TensorSpec([BATCH_SIZE, *array.shape[1:]], array.dtype) for array in arrays[1:]]
    batches = tf.data.Dataset.from_generator(look_up, output_signature=(enhanced, *targets))
    return batches.prefetch(8)


def make_optimizer(steps: int) -> Any:
    """Return AdamW with warm-up and cosine decay of the rate, which averages the weights (EMA).

    Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, and "SGDR: Stochastic
    Gradient Descent with Warm Restarts", 2017; Polyak and Juditsky, "Acceleration of Stochastic
    Approximation by Averaging", 1992.
    """
    rate = keras.optimizers.schedules.CosineDecay(
        FIRST_RATE, steps, warmup_target=RATE, warmup_steps=WARM_UP_STEPS
    )
    return keras.optimizers.AdamW(
        rate, weight_decay=1e-3, clipnorm=1.0, use_ema=True, ema_momentum=0.998
    )


def fit(network: Any, arrays: Arrays) -> None:
    """Train a network on pages; leave it with the averages of its weights."""
    steps = EPOCHS * (len(arrays[0]) // BATCH_SIZE)
    optimizer = make_optimizer(steps)
    optimizer.build(network.trainable_variables)

    @tf.function(autograph=False)
    def step(pictures: Any, *targets: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = compute_losses(network(pictures, training=True), targets)
            loss = tf.reduce_sum(losses * LOSS_WEIGHTS)
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return losses

    recent = []
    for number, batch in enumerate(make_batches(arrays), 1):
        recent.append(step(*batch))
        if number % STEPS_PER_LINE == 0:
            means = np.mean([losses.numpy() for losses in recent], axis=0)
            print(f"step {number}/{steps} losses {np.round(means, 4)}", flush=True)
            recent = []
    optimizer.finalize_variable_values(network.trainable_variables)


def train(arrays: Arrays) -> bytes:
    """Train a network on pages, mostly in bfloat16, and return its export.

    Kalamkar et al., "A Study of BFLOAT16 for Deep Learning Training", 2019.
    """
    keras.utils.set_random_seed(SEED)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    network = make_network()
    print(f"{network.count_params()} weights", flush=True)
    fit(network, arrays)
    return to_tflite(network)


def main() -> None:
    """Compose, train, export and report."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    given = dataset.load("mnist", "train", Path(sys.argv[1]), Console(is_quiet=False))
    arrays = compose_all(SEED, given.images[:-HELD_OUT], given.labels[:-HELD_OUT], PAGES)
    print(f"{len(arrays[0])} pages", flush=True)
    tflite = train(arrays)
    record = describe(SEED, COMMAND, "train")
    pretrained.write_locator(record, tflite)
    others = given.images[-HELD_OUT:], given.labels[-HELD_OUT:]
    scores = score_all(Locator(tflite, "the export"), compose_all(SEED + 1, *others, REPORT_PAGES))
    print(f"{scores.recall:.2%} of the digits found")
    print(f"{scores.false_per_page:.3f} false digits per page")
    print(f"{scores.ink_iou:.3f} mean IoU of ink")


if __name__ == "__main__":
    main()
