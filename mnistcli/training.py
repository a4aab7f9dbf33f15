"""The training loop (TensorFlow): saved on the way, and when stopped."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli.checkpoint import from_weights, read_weights, restore, save
from mnistcli.curve import Point
from mnistcli.errors import ModelError, StoppedError
from mnistcli.network import Network
from mnistcli.plan import Plan
from mnistcli.pretrained import read_weights as read_pretrained
from mnistcli.quiet import silenced_stderr
from mnistcli.run import Checkpoint, remove_old
from mnistcli.settings import Settings
from mnistcli.steps import Steps, average, compile_steps, run_calls

THREADS = 2
"""A fixed number: sums in another order differ in their last bits, and a run must repeat."""

Progress = Callable[[int, float, float], None]
"""Called with the step reached, and images' mean loss and accuracy since the last to be logged."""


class Logger(Protocol):
    """What looks at the network of a run now and then."""

    def begin(self, plan: Plan, network: Network) -> None:
        """Make ready for a run."""

    def log(self, network: Network, step: int, loss: float, accuracy: float) -> Point:
        """Look at the network, given images' mean loss and accuracy since it looked last."""


def train(
    plan: Plan,
    images: NDArray[np.uint8],
    targets: NDArray[np.float32],
    progress: Progress,
    logger: Logger | None = None,
) -> tuple[Checkpoint, float]:
    """Carry out a plan that has steps left; return the last checkpoint and the steps' seconds.

    The images are [N, 28, 28], and the targets [N, 10] are each digit's probability. The logger
    looks every ``log_every`` steps and at the last, and the checkpoints keep what it finds.

    Raises:
        StoppedError: by SIGINT or SIGTERM; what was reached is saved.
        ModelError: the loss is no longer finite; the last checkpoint is as it was.
        OSError: a checkpoint can't be written.
    """
    settings = plan.settings
    # A small step is over before a second thread has woken up to share its operations.
    fix_devices(side_by_side=THREADS if settings.recipe.layers else 1)
    network = begin(plan)
    saved, curve = plan.start, plan.resumed.curve if plan.resumed else ()
    if logger:
        logger.begin(plan, network)
    since: list[Steps] = []  # the last multiple of log_every
    started = time.perf_counter()
    run_steps = compile_steps(network, images, targets, settings.seed)
    seconds = time.perf_counter() - started
    with catch_signals() as caught:
        for steps, call_seconds in run_calls(run_steps, network, len(images), plan):
            seconds += call_seconds
            step = steps.last
            if (first := steps.find_diverged()) is not None:
                raise diverged(f"the loss of step {first}", saved, settings)
            since.append(steps)
            loss, accuracy = average(since)
            progress(step, loss, accuracy)
            if step == plan.steps or step % plan.log_every == 0:
                if logger:
                    curve = (*curve, logger.log(network, step, loss, accuracy))
                since.clear()
            if caught or step == plan.steps or step % plan.save_every == 0:
                if not network.is_finite():
                    raise diverged(f"a weight after step {step}", saved, settings)
                saved = save(network, plan, step, curve)
                remove_old(saved, plan.keep)
            if saved and caught:
                raise stopped(saved, caught[0])
    assert saved  # at the last step
    return saved, seconds


def stopped(saved: Checkpoint, number: int) -> StoppedError:
    """Return the error of training that a signal has ended."""
    return StoppedError(
        f"stopped at step {saved.step}, saved as {saved.path}; "
        "the same command, without --restart, goes on from there",
        number,
    )


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
    if plan.resumed:
        return restore(plan.resumed)
    if not settings.pictures:
        return Network(settings.recipe, settings.seed)
    weights = read_weights(restore(start)) if start else read_pretrained()
    return from_weights(settings.recipe, weights, settings.seed, plan.first_step)


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
