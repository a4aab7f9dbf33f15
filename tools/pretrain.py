"""Train the model that comes with the package, and put it there.

usage: python tools/pretrain.py [--data-dir DIR] [--checkpoint-dir DIR]

Stopped and run again, it goes on from its last checkpoint.
"""

import argparse
import hashlib
import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from mnistcli import __version__, dataset, download, pretrained
from mnistcli.checkpoint import restore, resume, to_tflite
from mnistcli.commands.console import Console
from mnistcli.evaluation import evaluate
from mnistcli.plan import Plan, Request, make_plan
from mnistcli.predictor import Predictor
from mnistcli.training import train

COMMAND = "make pretrained"
MODEL, SEED, STEPS = "deepcnn", 0, 20_000
STROKES = 20_000
"""Images drawn from strokes, beside MNIST's 60,000."""


def plan_pretraining(directory: Path, data: dataset.Dataset, console: Console) -> Plan:
    """Return the plan of a run that differs from ``train``'s in its data and in wider strokes."""
    plan = make_plan(
        directory,
        Request(MODEL, data.name, SEED),
        steps=STEPS,
        save_every=1000,
        keep=2,
        log_every=100,
        restart=False,
        warn=console.warn,
    )
    assert plan.recipe.warp
    return replace(plan, recipe=plan.recipe._replace(warp=plan.recipe.warp._replace(stroke=0.5)))


def take_first(data: dataset.Dataset, count: int) -> dataset.Dataset:
    """Return the first images alone."""
    return replace(data, images=data.images[:count], labels=data.labels[:count])


def digest_content(directory: Path, strokes: dataset.Dataset) -> dict[str, str]:
    """Return the SHA-256 of what was trained on: MNIST's, as it was verified, and the strokes'."""
    digests = {file.name: file.sha256 for file in download.FILES if file.name.startswith("train")}
    for name, array in (("images", strokes.images), ("labels", strokes.labels)):
        digests[f"strokes {name}"] = hashlib.sha256(array.tobytes()).hexdigest()
    return digests


def main() -> None:
    """Train, and write the three files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, default=Path("MNIST_data"))
    parser.add_argument("--checkpoint-dir", type=Path, default=Path("build/pretraining"))
    arguments = parser.parse_args()
    console = Console(is_quiet=False)

    mnist = dataset.load("mnist", "train", arguments.data_dir, console)
    strokes = take_first(dataset.load("strokes", "train", arguments.data_dir, console), STROKES)
    data = dataset.join(mnist, strokes)
    plan = plan_pretraining(arguments.checkpoint_dir, data, console)
    checkpoint = plan.start
    if checkpoint is None or checkpoint.step < plan.steps:
        step = checkpoint.step if checkpoint else 0
        with console.show_training(step, plan.steps, plan.log_every) as progress:
            checkpoint, _ = train(plan, data, progress)

    trained = restore(checkpoint)
    averaged = (trained.average or trained).name_variables()
    weights = {name: value.numpy().astype(np.float16) for name, value in averaged.items()}
    tflite = to_tflite(resume(MODEL, weights, SEED))

    test = dataset.load("mnist", "test", arguments.data_dir, console)
    scored = evaluate(Predictor(tflite, "the export").predict(test.images), test.labels)
    record = {
        "model": MODEL,
        "step": checkpoint.step,
        "seed": SEED,
        "dataset": data.name,
        "accuracy": scored.accuracy,
        "command": COMMAND,
        "data": digest_content(arguments.data_dir, strokes),
        "versions": {
            "mnistcli": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("tensorflow", "numpy")},
        },
    }
    pretrained.write(record, tflite, weights)
    print(f"accuracy {scored.accuracy:.4f} over {scored.total} images (mnist test)")


if __name__ == "__main__":
    main()
