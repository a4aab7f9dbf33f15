"""Train the model that comes with the package, or resume its training, and put it there.

usage: PYTHONPATH=tools:tools/locator python tools/classifier/train.py CHECKPOINT_DIR DATA_DIR

DATA_DIR holds MNIST's files.
"""

import sys
from pathlib import Path

import numpy as np
from mixture import LOCATED, PRINTS, STROKES, WORLDLY, make_mixture
from planning import plan_run
from records import describe

from mnistcli import pretrained
from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.datasets.dataset import Dataset
from mnistcli.evaluation.metrics import evaluate
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.lock import lock_directory
from mnistcli.training import loop
from mnistcli.training.conversion import to_tflite
from mnistcli.training.runtime import start_tensorflow
from mnistcli.training.weights import from_weights, read_weights, restore

MODEL = "deepcnn"
SEED = 0
STEPS = 44_000
COMMAND = "make pretrained"


def main() -> None:
    """Train, then write the weights, the export made from them, and how they came to be."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    directory, data_dir = map(Path, sys.argv[1:])
    console = Console(is_quiet=False)
    given = dataset.load("mnist", "train", data_dir, console)
    with lock_directory(directory):
        run = plan_run(directory, MODEL, SEED, STEPS, "mnist", console)
        checkpoint = run.reached
        if checkpoint is None:
            images, labels = make_mixture(SEED, given.images, given.labels)
            print(f"{len(images)} images", flush=True)
            start_tensorflow()
            mixture = Dataset("mnist", "train", images, labels)
            checkpoint = loop.train(run, images, mixture.targets, console).checkpoint
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
