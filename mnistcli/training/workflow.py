"""The two ways to train, from the request to the score: on a data set, or on labelled pictures.

Importing this module does not load TensorFlow, so data can be read while it loads.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistcli import pretrained
from mnistcli.datasets.dataset import Dataset, load, read
from mnistcli.errors import DataError, ModelError
from mnistcli.evaluation.metrics import Evaluation, evaluate
from mnistcli.images import Gray
from mnistcli.inference.model import Model, open_export, open_pretrained
from mnistcli.runs.checkpoints import Checkpoint, add_export, find_base
from mnistcli.runs.lock import lock_directory
from mnistcli.runs.plan import Plan, Request, make_plan
from mnistcli.system.listener import Listener
from mnistcli.training.export import open_model
from mnistcli.training.runtime import THREADS, start_tensorflow

if TYPE_CHECKING:
    from mnistcli.training.tensorboard import Board


@dataclass(frozen=True)
class Outcome:
    """A trained model, and its score."""

    model: Model
    seconds: float  # of the steps
    test: Dataset
    score: Evaluation
    before: Evaluation | None = None  # the score on pictures before fine-tuning


def train(request: Request, listener: Listener) -> Outcome:
    """Carry out a request, with its checkpoint directory locked.

    Raises:
        StoppedError: a signal ended training; the state is saved.
        DataError: the data is missing or damaged.
        ModelError: the request does not fit the directory's run, or training diverged.
        OSError: a file can't be written.
    """
    with lock_directory(request.checkpoint_dir):
        if request.pictures:
            return fine_tune_on_pictures(request, request.pictures, listener)
        return train_on_dataset(request, listener)


def train_on_dataset(request: Request, listener: Listener) -> Outcome:
    """Train on the requested data set, or on the run's, and score on its test images."""
    # Whether the requested data can be had at all comes first.
    asked = request.dataset
    test = load(asked, "test", request.data_dir, listener) if asked else None
    plan = make_plan(request, listener)
    test = test or load(plan.settings.dataset, "test", request.data_dir, listener)
    if plan.reached:
        model, seconds = _open_reached(plan.reached, request, listener), 0.0
    else:
        data, test = _load_training_data(plan, test, listener)
        plan = plan.with_dataset(data.name)
        model, seconds = _train_and_export(plan, data.images, data.targets, test, listener)
    return Outcome(model, seconds, test, _score(model, test))


def fine_tune_on_pictures(request: Request, directory: Path, listener: Listener) -> Outcome:
    """Fine-tune a trained model on a directory's labelled pictures; score it on those held out."""
    from mnistcli.datasets import labelled_pictures  # loads OpenCV, which a data set doesn't need

    pictures, held_out = labelled_pictures.load(directory, listener)
    plan = make_plan(request, listener, labelled_pictures.digest_dataset(pictures))
    base = _open_base(plan, listener)
    before = _score(base, held_out)
    if plan.reached:
        model, seconds = _open_reached(plan.reached, request, listener), 0.0
    else:
        start_tensorflow()
        from mnistcli.training.finetuning import make_examples

        images, targets = make_examples(pictures, base.predictor, plan.settings.seed)
        counts = f"{len(pictures.labels)} pictures; {len(held_out.labels)} are held out"
        listener.info(f"fine-tuning {base.source} on {counts}")
        model, seconds = _train_and_export(plan, images, targets, held_out, listener)
    return Outcome(model, seconds, held_out, _score(model, held_out), before)


def _open_base(plan: Plan, listener: Listener) -> Model:
    """Open the model that is fine-tuned."""
    base = plan.settings.base
    if base is None or base == pretrained.PRETRAINED_SOURCE:
        return open_pretrained()
    try:
        return open_model(find_base(plan.request.checkpoint_dir, base), listener)
    except ModelError as error:
        raise ModelError(
            f"the model that was fine-tuned can't be used: {error}; "
            "with --restart, the pretrained model is"
        ) from error


def _open_reached(checkpoint: Checkpoint, request: Request, listener: Listener) -> Model:
    """Open the model of a run that has no steps left."""
    listener.info(f"{checkpoint.path}: step {checkpoint.step} is reached, nothing to train")
    if request.log_dir:
        listener.warn(f"{request.log_dir}: nothing to log; --steps or --restart trains further")
    return open_model(checkpoint, listener)


def _score(model: Model, data: Dataset) -> Evaluation:
    return evaluate(model.predictor.predict(data.images), data.labels)


def _load_training_data(plan: Plan, test: Dataset, listener: Listener) -> tuple[Dataset, Dataset]:
    """Load TensorFlow, and the training images for test images; return training and test data.

    With ``auto``, MNIST's training images may turn out to be damaged while no source has them:
    then both are strokes.
    """
    data_dir, name = plan.request.data_dir, test.name
    data = _read_while_tensorflow_loads(name, plan)
    if data is None:
        asked = plan.settings.dataset if name == "mnist" else name
        data = load(asked, "train", data_dir, listener)
    if data.name != name:
        test = load(data.name, "test", data_dir, listener)
    return data, test


def _read_while_tensorflow_loads(name: str, plan: Plan) -> Dataset | None:
    """Read the training images, if they are there, while TensorFlow loads, which takes seconds."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor() as pool:
        reading = pool.submit(read, name, "train", plan.request.data_dir)
        # A small step ends before a second thread has woken up to share its operations.
        start_tensorflow(inter_op_threads=THREADS if plan.settings.recipe.layers else 1)
    try:
        return reading.result()
    except DataError:
        return None


def _train_and_export(
    plan: Plan, images: Gray, targets: NDArray[np.float32], test: Dataset, listener: Listener
) -> tuple[Model, float]:
    """Train, and export the network; return the model and the seconds of the steps."""
    from mnistcli.training import loop
    from mnistcli.training.conversion import to_tflite

    _announce(plan, listener)
    trained = loop.train(plan, images, targets, listener, _open_board(plan, test))
    steps = plan.steps - plan.first_step
    listener.info(f"{steps} steps in {trained.seconds:.2f} s, saved as {trained.checkpoint.path}")
    tflite = to_tflite(trained.network)
    return open_export(add_export(trained.checkpoint, tflite), tflite), trained.seconds


def _open_board(plan: Plan, test: Dataset) -> "Board | None":
    if not plan.request.log_dir:
        return None
    from mnistcli.training.tensorboard import Board

    return Board(plan.request.log_dir, test)


def _announce(plan: Plan, listener: Listener) -> None:
    """Report the model, the data and the settings of training."""
    settings = plan.settings
    former = plan.start.settings if plan.start else settings
    if settings.pictures == former.pictures and settings.cycles[:-1] == former.cycles != ():
        end = settings.cycles[-2]
        listener.info(f"the learning rate's cycle ends at step {end}: a new one starts there")
    data = "pictures" if settings.pictures else settings.dataset
    listener.info(
        f"training {settings.model} on {data} from step {plan.first_step} to {plan.steps}, "
        f"batch size {settings.batch_size}, learning rate {settings.learning_rate}, "
        f"seed {settings.seed}"
    )
