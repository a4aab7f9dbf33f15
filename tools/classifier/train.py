"""Train the model that comes with the package, or resume its training, and put it there.

usage: PYTHONPATH=tools:tools/locator python tools/classifier/train.py CHECKPOINT_DIR DATA_DIR

DATA_DIR holds MNIST's files. First, an ensemble is trained on MNIST alone, as ``mnistcli train``
does it; then the model learns the ensemble's answers to MNIST's images, and digits of other hands.
"""

import sys
from pathlib import Path

import numpy as np
from distillation import Targets, answer, distort, smooth
from mixture import COPIES, LOCATED, PRINTS, STROKES, WORLDLY, make_mixture
from planning import plan_run
from records import describe

from mnistcli import pretrained
from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.datasets.dataset import Dataset
from mnistcli.evaluation.metrics import evaluate
from mnistcli.images import Gray
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.lock import lock_directory
from mnistcli.runs.recipes import RECIPES
from mnistcli.training import loop
from mnistcli.training.conversion import to_tflite
from mnistcli.training.network import Network
from mnistcli.training.runtime import start_tensorflow
from mnistcli.training.weights import from_weights, read_weights, restore

MODEL = "deepcnn"
SEED = 0
STEPS = 36_000
DISTORTIONS = 10
"""Of each image; the steps see each of them twice."""

TEACHERS = (0, 1, 2)
"""Seeds of the networks of the ensemble."""

COMMAND = "make pretrained"


def make_teacher(directory: Path, seed: int, given: Dataset, console: Console) -> Network:
    """Train a network on MNIST by its recipe, or resume its training."""
    run = plan_run(directory, MODEL, seed, None, "mnist", console)
    if run.reached:
        return restore(run.reached)
    return loop.train(run, given.images, given.targets, console).network


def make_lessons(teachers: list[Network], given: Dataset) -> tuple[Gray, Targets]:
    """Return the images that the model learns, uint8 [N, 28, 28], and its targets [N, 10]."""
    images, labels = make_mixture(SEED, given.images, given.labels)
    recipe = RECIPES[MODEL]
    assert recipe.augmentation
    distorted = distort(SEED, images, recipe.augmentation, DISTORTIONS)
    targets = np.tile(smooth(labels, recipe.label_smoothing), (DISTORTIONS, 1))
    known = COPIES * len(given.images)  # the first of the mixture
    for first in range(0, len(distorted), len(images)):
        targets[first : first + known] = answer(teachers, distorted[first : first + known])
    return distorted, targets


def main() -> None:
    """Train, then write the weights, the export made from them, and how they came to be."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    directory, data_dir = map(Path, sys.argv[1:])
    console = Console(is_quiet=False)
    given = dataset.load("mnist", "train", data_dir, console)
    start_tensorflow()
    with lock_directory(directory):
        run = plan_run(directory, MODEL, SEED, STEPS, "mnist", console)
        checkpoint = run.reached
        if checkpoint is None:
            teachers = [
                make_teacher(directory / f"teacher-{seed}", seed, given, console)
                for seed in TEACHERS
            ]
            images, targets = make_lessons(teachers, given)
            print(f"{len(images)} images", flush=True)
            # The images are distorted already, and the targets smooth.
            RECIPES[MODEL] = RECIPES[MODEL]._replace(augmentation=None, label_smoothing=0.0)
            checkpoint = loop.train(run, images, targets, console).checkpoint
    settings = checkpoint.settings
    trained = read_weights(restore(checkpoint))
    weights = {name: weight.astype(np.float16) for name, weight in trained.items()}
    tflite = to_tflite(from_weights(settings.recipe, weights, settings.seed))

    test = dataset.load("mnist", "test", data_dir, console)
    scored = evaluate(Predictor(tflite, "the export").predict(test.images), test.labels)
    record = {
        **describe(settings.seed, COMMAND),
        "model": settings.model,
        "step": checkpoint.step,
        "dataset": settings.dataset,
        "also": {
            "strokes": STROKES,
            "worldly strokes": WORLDLY,
            "prints": PRINTS,
            "located": LOCATED,
        },
        "accuracy": scored.accuracy,
    }
    pretrained.write(record, tflite, weights)
    print(f"{scored.correct} of {scored.total} test images are read right")


if __name__ == "__main__":
    main()
