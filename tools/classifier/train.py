"""Train the model that comes with the package, or resume its training, and put it there.

usage: PYTHONPATH=tools:tools/locator python tools/classifier/train.py CHECKPOINT_DIR DATA_DIR

DATA_DIR holds MNIST's files.
"""

import sys
from pathlib import Path

import numpy as np
from mixture import LOCATED, PRINTS, STROKES, WORLDLY, make_mixture
from records import describe

from mnistcli import pretrained
from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.datasets.dataset import Dataset
from mnistcli.evaluation.metrics import evaluate
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.lock import lock_directory
from mnistcli.runs.plan import Plan, Request, make_plan
from mnistcli.training import loop
from mnistcli.training.conversion import to_tflite
from mnistcli.training.runtime import start_tensorflow
from mnistcli.training.weights import from_weights, read_weights, restore

MODEL = "deepcnn"
SEED = 0
STEPS = 44_000
SAVE_EVERY = 1000
"""Steps."""

COMMAND = "make pretrained"


def plan(directory: Path, data_dir: Path, console: Console) -> Plan:
    """Plan a run on the mixture, with the model's recipe and more steps."""
    request = Request(
        checkpoint_dir=directory,
        data_dir=data_dir,
        pictures=None,
        model=MODEL,
        dataset="mnist",
        seed=SEED,
        batch_size=None,
        learning_rate=None,
        steps=STEPS,
        save_every=SAVE_EVERY,
        keep=1,
        restart=False,
        log_every=100,
        log_dir=None,
    )
    return make_plan(request, console)


def main() -> None:
    """Train, then write the weights, the export made from them, and how they came to be."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    directory, data_dir = map(Path, sys.argv[1:])
    console = Console(is_quiet=False)
    given = dataset.load("mnist", "train", data_dir, console)
    with lock_directory(directory):
        run = plan(directory, data_dir, console)
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
    calibrated = settings.recipe._replace(temperature=1.0)  # the weights include it
    tflite = to_tflite(from_weights(calibrated, weights, settings.seed))

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
