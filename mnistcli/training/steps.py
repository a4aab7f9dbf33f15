"""Training steps, many in one call of TensorFlow."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli.images import PIXELS, scale_pixels
from mnistcli.runs.plan import Plan
from mnistcli.training.augmentation import augment
from mnistcli.training.network import Network
from mnistcli.training.sampling import batch_indices
from mnistcli.training.schedule import learning_rates


class Steps(NamedTuple):
    """The losses and accuracies of the steps of one call, float32 [steps]."""

    last: int  # the step that the call reached
    losses: NDArray[np.float32]  # of each step, mean over its images
    accuracies: NDArray[np.float32]

    def find_diverged(self) -> int | None:
        """Return the first step whose loss is not finite."""
        is_finite = np.isfinite(self.losses)
        return None if is_finite.all() else self.last + 1 - len(is_finite) + int(is_finite.argmin())


def average(calls: list[Steps]) -> tuple[float, float]:
    """Return the mean loss and accuracy of the steps of several calls."""
    losses = np.concatenate([call.losses for call in calls])
    accuracies = np.concatenate([call.accuracies for call in calls])
    return float(losses.mean()), float(accuracies.mean())


def run_calls(
    run_steps: Any, network: Network, count: int, plan: Plan
) -> Iterator[tuple[Steps, float]]:
    """Train on ``count`` images; yield the steps and the seconds of each call."""
    settings = plan.settings
    peak = settings.learning_rate
    last = peak * network.recipe.final_lr_fraction
    step = int(network.step)
    while step < plan.steps:
        end = next_end(step, plan)
        indices = batch_indices(settings.seed, step, end - step, settings.batch_size, count)
        rates = learning_rates(peak, last, settings.cycles, step, end - step)
        started = time.perf_counter()
        losses, accuracies = run_steps(tf.constant(indices), tf.constant(rates))
        steps = Steps(end, losses.numpy() / settings.batch_size, accuracies.numpy())
        yield steps, time.perf_counter() - started
        step = end


def next_end(step: int, plan: Plan) -> int:
    """Return the last step of the next call: one to save or log at, or the most per call."""
    settings = plan.settings
    most = max(1, settings.recipe.images_per_call // settings.batch_size)
    every = (plan.request.save_every, plan.request.log_every, most)
    return min(plan.steps, *(step - step % interval + interval for interval in every))


def compile_steps(
    network: Network, images: NDArray[np.uint8], targets: NDArray[np.float32], seed: int
) -> Any:
    """Trace a function that takes one step for each row of indices, int32 [steps, batch size].

    Its second argument is the steps' learning rates, float32 [steps]. It returns their losses, each
    summed over the batch, and their accuracies, both float32 [steps]. The images, [N, 28, 28], stay
    in memory as uint8; ``targets`` are float32 [N, 10].
    """
    all_images, all_targets = tf.constant(images), tf.constant(targets)

    def take_step(given: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        rows, rate = given
        x = scale_pixels(tf.cast(tf.gather(all_images, rows), tf.float32))
        if network.recipe.augmentation:
            x = augment(x, network.recipe.augmentation, seed, network.step)
        label = tf.gather(all_targets, rows)
        return network.train(tf.reshape(x, [-1, PIXELS]), label, rate)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None], tf.float32),
        ],
        autograph=False,
    )
    def run_steps(indices: tf.Tensor, rates: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        losses, logits = tf.map_fn(
            take_step,
            (indices, rates),
            parallel_iterations=1,
            fn_output_signature=(tf.float32, tf.float32),
        )
        right = tf.argmax(logits, axis=-1) == tf.argmax(tf.gather(all_targets, indices), axis=-1)
        return losses, tf.reduce_mean(tf.cast(right, tf.float32), axis=-1)

    return run_steps.get_concrete_function()
