"""The two ways to train: on a data set, or going on with labelled pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnistcli import pretrained
from mnistcli.commands.console import Console
from mnistcli.commands.inputs import Model, open_model, open_pretrained
from mnistcli.dataset import Dataset, load, read
from mnistcli.errors import DataError, ModelError
from mnistcli.evaluation import Evaluation, evaluate
from mnistcli.quiet import preload
from mnistcli.run import Checkpoint, add_export, find_base

if TYPE_CHECKING:
    from mnistcli.board import Board
    from mnistcli.plan import Plan


@dataclass(frozen=True)
class Outcome:
    """A model that was trained, and its score."""

    model: Model
    seconds: float  # of the steps
    test: Dataset
    score: Evaluation
    before: Evaluation | None = None  # of pictures, the score of what was there before


def train_on_dataset(
    asked: str | None,
    data_dir: Path,
    make_plan: "Callable[[], Plan]",
    log_dir: Path | None,
    console: Console,
) -> Outcome:
    """Train on the data set that was asked for, or on the run's, and score on its test images."""
    # Whether the data that was asked for can be had at all comes before what it is wanted for.
    test = load(asked, "test", data_dir, console) if asked else None
    plan = make_plan()
    test = test or load(plan.settings.dataset, "test", data_dir, console)
    if plan.reached:
        checkpoint, seconds = _report_reached(plan.reached, log_dir, console), 0.0
    else:
        data, test = _load_beside(test, plan.settings.dataset, data_dir, console)
        plan = plan.on(data.name)
        board = _open_board(log_dir, test)
        checkpoint, seconds = _carry_out(plan, data.images, data.targets, board, console)
    model = open_model(checkpoint, console)
    return Outcome(model, seconds, test, _score(model, test))


def train_on_pictures(
    directory: Path,
    make_plan: "Callable[[str], Plan]",
    log_dir: Path | None,
    console: Console,
) -> Outcome:
    """Go on with labelled pictures, and score on those held out."""
    from mnistcli import labelled  # and with it OpenCV, which a data set doesn't need

    pictures, held_out = labelled.load(directory, console.warn, console.error)
    plan = make_plan(labelled.digest(pictures))
    base = _open_base(plan, console)
    before = _score(base, held_out)
    if plan.reached:
        checkpoint, seconds = _report_reached(plan.reached, log_dir, console), 0.0
    else:
        preload("mnistcli.tuning")
        from mnistcli.training import fix_devices
        from mnistcli.tuning import make_lessons

        fix_devices()
        images, targets = make_lessons(pictures, base.predictor, plan.settings.seed)
        counts = f"{len(pictures.labels)} pictures; {len(held_out.labels)} are held out"
        console.info(f"going on from {base.source} with {counts}")
        board = _open_board(log_dir, held_out)
        checkpoint, seconds = _carry_out(plan, images, targets, board, console)
    model = open_model(checkpoint, console)
    return Outcome(model, seconds, held_out, _score(model, held_out), before)


def _open_base(plan: "Plan", console: Console) -> Model:
    """Open what goes on with the pictures."""
    base = plan.settings.base
    if base is None or base == pretrained.SOURCE:
        return open_pretrained()
    try:
        return open_model(find_base(plan.directory, base), console)
    except ModelError as error:
        raise ModelError(
            f"what went on with the pictures can't be used: {error}; "
            "with --restart, the pretrained model does"
        ) from error


def _score(model: Model, data: Dataset) -> Evaluation:
    return evaluate(model.predictor.predict(data.images), data.labels)


def _report_reached(checkpoint: Checkpoint, log_dir: Path | None, console: Console) -> Checkpoint:
    console.info(f"{checkpoint.path}: step {checkpoint.step} is reached, nothing to train")
    if log_dir:
        console.warn(f"{log_dir}: nothing is logged; more --steps, or --restart, would be")
    return checkpoint


def _load_beside(
    test: Dataset, asked: str, data_dir: Path, console: Console
) -> tuple[Dataset, Dataset]:
    """Load the training images that go with test images; return those that belong together.

    Of ``auto``, MNIST's may turn out to be damaged where no source has them: then both are strokes.
    """
    data = _read_beside_tensorflow(test.name, data_dir)
    if data is None:
        data = load(asked if test.name == "mnist" else test.name, "train", data_dir, console)
    if data.name != test.name:
        test = load(data.name, "test", data_dir, console)
    return data, test


def _read_beside_tensorflow(name: str, data_dir: Path) -> Dataset | None:
    """Read the training images, if they are there, while TensorFlow is imported in seconds."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor() as pool:
        reading = pool.submit(read, name, "train", data_dir)
        preload("mnistcli.training")

    try:
        return reading.result()
    except DataError:
        return None


def _open_board(log_dir: Path | None, held_out: Dataset) -> "Board | None":
    if not log_dir:
        return None
    from mnistcli.board import Board

    return Board(log_dir, held_out)


def _carry_out(
    plan: "Plan",
    images: NDArray[np.uint8],
    targets: NDArray[np.float32],
    board: "Board | None",
    console: Console,
) -> tuple[Checkpoint, float]:
    """Train, export what comes of it, and say what is done."""
    from mnistcli.checkpoint import restore, to_tflite
    from mnistcli.training import train

    settings = plan.settings
    first_step = plan.first_step
    former = plan.start.settings if plan.start else settings
    if settings.pictures == former.pictures and settings.cycles[:-1] == former.cycles != ():
        end = settings.cycles[-2]
        console.info(f"the learning rate's cycle ends at step {end}: a new one goes on from there")
    what = "pictures" if settings.pictures else settings.dataset
    console.info(
        f"training {settings.model} on {what} from step {first_step} to {plan.steps}, "
        f"batch size {settings.batch_size}, learning rate {settings.learning_rate}, "
        f"seed {settings.seed}"
    )
    with console.show_training(first_step, plan.steps, plan.log_every) as progress:
        checkpoint, seconds = train(plan, images, targets, progress, board)
    console.info(f"{plan.steps - first_step} steps in {seconds:.2f} s, saved as {checkpoint.path}")
    return add_export(checkpoint, to_tflite(restore(checkpoint))), seconds
