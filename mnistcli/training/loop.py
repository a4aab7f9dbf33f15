"""The training loop: it logs, saves, and stops at signals."""

import time
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import ModelError, StoppedError
from mnistcli.images import Gray
from mnistcli.runs.checkpoints import Checkpoint, remove_old
from mnistcli.runs.config import Settings
from mnistcli.runs.history import Point
from mnistcli.runs.plan import Plan
from mnistcli.system.listener import Listener
from mnistcli.training.network import Network
from mnistcli.training.runtime import catch_signals
from mnistcli.training.steps import Steps, average, compile_steps, run_calls
from mnistcli.training.weights import from_weights, open_network, read_weights, restore, save


class Logger(Protocol):
    """Looks at the network of a run every ``log_every`` steps."""

    def begin(self, plan: Plan, network: Network) -> None:
        """Prepare for a run."""

    def log(self, network: Network, step: int, loss: float, accuracy: float) -> Point:
        """Score the network; ``loss`` and ``accuracy`` are training's since the last call."""


class Trained(NamedTuple):
    """The result of training."""

    network: Network
    checkpoint: Checkpoint
    seconds: float  # of the steps, tracing included


def train(
    plan: Plan,
    images: Gray,
    targets: NDArray[np.float32],
    listener: Listener,
    logger: Logger | None = None,
) -> Trained:
    """Carry out a plan that has steps left.

    The images are uint8 [N, 28, 28], the targets are probabilities, float32 [N, 10]. The logger is
    called every ``log_every`` steps and at the last; the checkpoints store its points.

    Raises:
        StoppedError: by SIGINT or SIGTERM; the state is saved.
        ModelError: the loss or a weight is no longer finite; the last checkpoint is unchanged.
        OSError: a checkpoint can't be written.
    """
    save_every, log_every = plan.request.save_every, plan.request.log_every
    network = start_network(plan)
    saved, curve = plan.start, plan.resumed.curve if plan.resumed else ()
    if logger:
        logger.begin(plan, network)
    since: list[Steps] = []  # the last multiple of log_every
    with listener.progress(
        "training", plan.steps, "step", done=plan.first_step, log_every=log_every
    ) as advance:
        started = time.perf_counter()
        run_steps = compile_steps(network, images, targets, plan.settings.seed)
        seconds = time.perf_counter() - started
        with catch_signals() as caught:
            for steps, call_seconds in run_calls(run_steps, network, len(images), plan):
                seconds += call_seconds
                step = steps.last
                if (first := steps.find_diverged()) is not None:
                    raise make_diverged_error(f"the loss of step {first}", saved, plan.settings)
                since.append(steps)
                loss, accuracy = average(since)
                advance(step, f"loss {loss:.4f}  accuracy {accuracy:.4f}")
                if step == plan.steps or step % log_every == 0:
                    if logger:
                        curve = (*curve, logger.log(network, step, loss, accuracy))
                    since.clear()
                if caught or step == plan.steps or step % save_every == 0:
                    saved = _save(network, plan, step, curve, saved)
                if saved and caught:
                    raise make_stopped_error(saved, caught[0])
    assert saved  # at the last step
    return Trained(network, saved, seconds)


def _save(
    network: Network, plan: Plan, step: int, curve: tuple[Point, ...], former: Checkpoint | None
) -> Checkpoint:
    """Save a network if its weights are finite, and remove old checkpoints."""
    if not network.is_finite():
        raise make_diverged_error(f"a weight after step {step}", former, plan.settings)
    saved = save(network, plan, step, curve)
    remove_old(saved, plan.request.keep)
    return saved


def start_network(plan: Plan) -> Network:
    """Return the network before a plan's first step: resumed, new, or a base to fine-tune."""
    settings = plan.settings
    if plan.resumed:
        return restore(plan.resumed)
    if not settings.pictures:
        return Network(settings.recipe, settings.seed)
    weights = read_weights(open_network(plan.start))
    return from_weights(settings.recipe, weights, settings.seed, plan.first_step)


def make_stopped_error(saved: Checkpoint, number: int) -> StoppedError:
    """Return the error of training that a signal ended."""
    return StoppedError(
        f"stopped at step {saved.step}, saved as {saved.path}; "
        "the same command, without --restart, resumes from there",
        number,
    )


def make_diverged_error(what: str, saved: Checkpoint | None, settings: Settings) -> ModelError:
    """Return the error of training in which ``what`` is no longer finite."""
    kept = f"{saved.path} is unchanged" if saved else "nothing was saved"
    return ModelError(
        f"{what} is not finite: --learning-rate {settings.learning_rate} is too high; {kept}; "
        f"--restart with a lower one starts over (default {settings.recipe.learning_rate:g})"
    )
