"""Fit the temperature of a model's recipe on training images that it has not seen.

usage: python tools/temperature.py MODEL DATA_DIR

DATA_DIR holds MNIST's files. The model is trained on all but the last of the training images.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from planning import plan_run

from mnistcli.cli.console import Console
from mnistcli.datasets import dataset
from mnistcli.datasets.dataset import Dataset
from mnistcli.evaluation.metrics import evaluate
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.recipes import RECIPES
from mnistcli.training import loop
from mnistcli.training.conversion import to_tflite
from mnistcli.training.runtime import start_tensorflow

SEED = 0
HELD_OUT = 5000
"""The last of MNIST's training images, which are not trained on."""

TEMPERATURES = np.linspace(0.3, 1.5, 241)
"""Those that are tried."""


def train(model: str, data: Dataset, directory: Path, console: Console) -> Predictor:
    """Return the export of a model that is trained by its recipe."""
    plan = plan_run(directory, model, SEED, None, data.name, console)
    start_tensorflow()
    network = loop.train(plan, data.images, data.targets, console).network
    return Predictor(to_tflite(network), "the export")


def heat(probabilities: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Return probabilities [N, 10] whose logits are divided by a factor."""
    logits = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny)) / factor
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    heated: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return heated


def main() -> None:
    """Train, and print the temperature with the least loss on the held-out images."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    model, data_dir = sys.argv[1], Path(sys.argv[2])
    console = Console(is_quiet=False)
    given = dataset.load("mnist", "train", data_dir, console)
    kept, others = slice(None, -HELD_OUT), slice(-HELD_OUT, None)
    data = Dataset(given.name, given.split, given.images[kept], given.labels[kept])
    with TemporaryDirectory() as directory:
        predictor = train(model, data, Path(directory), console)
    labels, former = given.labels[others], RECIPES[model].temperature
    probabilities = predictor.predict(given.images[others])
    scores = [evaluate(heat(probabilities, t / former), labels) for t in TEMPERATURES]
    losses = [score.loss for score in scores if score.loss is not None]
    best = int(np.argmin(losses))
    error = scores[best].calibration_error or 0
    print(f"{model}: temperature {TEMPERATURES[best]:.3f}, calibration error {error:.2%}")


if __name__ == "__main__":
    main()
