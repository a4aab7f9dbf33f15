"""The training loop (TensorFlow): many steps a call, saved on the way and when stopped."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli.augmentation import augment
from mnistcli.batches import batch_indices
from mnistcli.checkpoint import from_weights, read_weights, restore, save
from mnistcli.digit import PIXELS, scale_pixels
from mnistcli.errors import ModelError, StoppedError
from mnistcli.network import Network
from mnistcli.plan import Plan
from mnistcli.pretrained import read_weights as read_pretrained
from mnistcli.quiet import silenced_stderr
from mnistcli.run import Checkpoint, remove_old
from mnistcli.schedule import learning_rates
from mnistcli.settings import Settings

THREADS = 2
"""A fixed number: sums in another order differ in their last bits, and a run must repeat."""

Progress = Callable[[int, float], None]
"""Called with the step reached and the mean loss of an image since the last call."""


def train(
    plan: Plan, images: NDArray[np.uint8], targets: NDArray[np.float32], progress: Progress
) -> tuple[Checkpoint, float]:
    """Carry out a plan that has steps left; return the last checkpoint and the steps' seconds.

    The images are [N, 28, 28], and the targets [N, 10] are each digit's probability.

    Raises:
        StoppedError: by SIGINT or SIGTERM; what was reached is saved.
        ModelError: the loss is no longer finite; the last checkpoint is as it was.
        OSError: a checkpoint can't be written.
    """
    settings = plan.settings
    # A small step is over before a second thread has woken up to share its operations.
    fix_devices(side_by_side=THREADS if settings.recipe.layers else 1)
    network = begin(plan)
    saved = plan.start
    started = time.perf_counter()
    run_steps = compile_steps(network, images, targets, settings.seed)
    seconds = time.perf_counter() - started
    with catch_signals() as caught:
        for step, losses, call_seconds in run_calls(run_steps, network, len(images), plan):
            seconds += call_seconds
            if not np.isfinite(losses).all():
                first = step - len(losses) + 1 + int(np.isfinite(losses).argmin())
                raise diverged(f"the loss of step {first}", saved, settings)
            progress(step, float(losses.mean()) / settings.batch_size)
            if caught or step == plan.steps or step % plan.save_every == 0:
                if not network.is_finite():
                    raise diverged(f"a weight after step {step}", saved, settings)
                saved = save(network, plan, step)
                remove_old(saved, plan.keep)
            if saved and caught:
                raise StoppedError(
                    f"stopped at step {step}, saved as {saved.path}; "
                    "the same command, without --restart, goes on from there",
                    caught[0],
                )
    assert saved  # at the last step
    return saved, seconds


def diverged(what: str, saved: Checkpoint | None, settings: Settings) -> ModelError:
    """Return the error of training in which ``what`` is not finite any more."""
    kept = f"{saved.path} is as it was" if saved else "nothing was saved"
    return ModelError(
        f"{what} is not finite: --learning-rate {settings.learning_rate} is too high; {kept}, and "
        f"a lower one with --restart begins anew (by default {settings.recipe.learning_rate:g})"
    )


def begin(plan: Plan) -> Network:
    """Return the network of the plan's first step.

    What goes on with pictures begins from the weights that answered before them.
    """
    settings, start = plan.settings, plan.start
    if start and start.settings.pictures == settings.pictures:
        return restore(start)
    if not settings.pictures:
        return Network(settings.recipe, settings.seed)
    weights = read_weights(restore(start)) if start else read_pretrained()
    return from_weights(settings.recipe, weights, settings.seed, plan.first_step)


def run_calls(
    run_steps: Any, network: Network, count: int, plan: Plan
) -> Iterator[tuple[int, NDArray[np.float32], float]]:
    """Train on ``count`` images, yielding after each call its last step, losses and seconds."""
    settings = plan.settings
    peak = settings.learning_rate
    last = peak * network.recipe.last_rate
    step = int(network.step)
    while step < plan.steps:
        end = next_end(step, plan)
        indices = batch_indices(settings.seed, step, end - step, settings.batch_size, count)
        rates = learning_rates(peak, last, settings.cycles, step, end - step)
        started = time.perf_counter()
        losses = run_steps(tf.constant(indices), tf.constant(rates)).numpy()
        yield end, losses, time.perf_counter() - started
        step = end


def fix_devices(side_by_side: int = THREADS) -> None:
    """Make TensorFlow compute on the CPU with two threads, so that a run can be repeated.

    To be called before anything else of TensorFlow's; called again, it does nothing. How many
    operations run ``side_by_side`` decides the speed alone.
    """
    with silenced_stderr(), suppress(RuntimeError):  # of what can't be changed any more
        tf.config.set_visible_devices([], "GPU")
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(side_by_side)
        tf.config.list_logical_devices()


def next_end(step: int, plan: Plan) -> int:
    """Return the step that the next call ends at: where to save or report, or soon enough."""
    settings = plan.settings
    at_once = max(1, settings.recipe.images_per_call // settings.batch_size)
    every = (plan.save_every, plan.log_every, at_once)
    return min(plan.steps, *(step - step % interval + interval for interval in every))


def compile_steps(
    network: Network, images: NDArray[np.uint8], targets: NDArray[np.float32], seed: int
) -> Any:
    """Trace a function that takes one step for each row of indices, int32 [steps, batch size].

    Its second argument is the steps' learning rates, float32 [steps]; it gives their losses, each
    summed over the batch, float32 [steps]. The images stay in memory as uint8.
    """
    all_images, all_targets = tf.constant(images), tf.constant(targets)

    def take_step(given: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        rows, rate = given
        x = scale_pixels(tf.cast(tf.gather(all_images, rows), tf.float32))
        if network.recipe.warp:
            x = augment(x, network.recipe.warp, seed, network.step)
        label = tf.gather(all_targets, rows)
        return network.train(tf.reshape(x, [-1, PIXELS]), label, rate)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None], tf.float32),
        ],
        autograph=False,
    )
    def run_steps(indices: tf.Tensor, rates: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(
            take_step, (indices, rates), parallel_iterations=1, fn_output_signature=tf.float32
        )

    return run_steps.get_concrete_function()


@contextmanager
def catch_signals() -> Iterator[list[int]]:
    """Yield a list that SIGINT and SIGTERM are put into; the second one acts as usual."""
    caught: list[int] = []

    def catch(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        restore_handlers()

    def restore_handlers() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)

    former = {
        number: signal.signal(number, catch)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN  # as in a shell's background jobs
    }
    try:
        yield caught
    finally:
        restore_handlers()
