"""Put the newest checkpoint of a directory into the package as its pretrained model.

usage: python tools/pretrain.py CHECKPOINT_DIR DATA_DIR
"""

import platform
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from mnistcli import __version__, pretrained
from mnistcli.cli.console import Console
from mnistcli.datasets import dataset, mnist
from mnistcli.evaluation.metrics import evaluate
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.checkpoints import find_newest
from mnistcli.training.conversion import to_tflite
from mnistcli.training.weights import from_weights, read_weights, restore

COMMAND = "make pretrained"


def main() -> None:
    """Write the weights, the export made from them, and the record of how they came to be."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    directory, data_dir = map(Path, sys.argv[1:])
    console = Console(is_quiet=False)
    checkpoint = find_newest(directory, console)
    if checkpoint is None:
        sys.exit(f"{directory}: no trained model here")
    settings = checkpoint.settings
    if settings.trained_on != "mnist":
        sys.exit(f"{directory}: trained on {settings.trained_on}, not on mnist")

    trained = read_weights(restore(checkpoint))
    weights = {name: weight.astype(np.float16) for name, weight in trained.items()}
    tflite = to_tflite(from_weights(settings.recipe, weights, settings.seed))

    test = dataset.load("mnist", "test", data_dir, console)
    scored = evaluate(Predictor(tflite, "the export").predict(test.images), test.labels)
    record = {
        "model": settings.model,
        "step": checkpoint.step,
        "seed": settings.seed,
        "dataset": settings.dataset,
        "data": {file.name: file.sha256 for file in mnist.FILES},
        "accuracy": scored.accuracy,
        "command": COMMAND,
        "versions": {
            "mnistcli": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("tensorflow", "numpy", "ai-edge-litert")},
        },
    }
    pretrained.write(record, tflite, weights)
    print(f"{scored.correct} of {scored.total} test images are read right")


if __name__ == "__main__":
    main()
