"""``mnistcli train``."""

import sys
from typing import TYPE_CHECKING

import click

from mnistcli.commands import options, results
from mnistcli.commands.console import Console
from mnistcli.recipe import DEFAULT_MODEL, RECIPES

if TYPE_CHECKING:
    from pathlib import Path

    from mnistcli.dataset import Dataset
    from mnistcli.plan import Plan
    from mnistcli.run import Checkpoint

COUNT = click.IntRange(min=1)


def _by_model(name: str) -> str:
    """Tell a setting's default for each model."""
    return "; ".join(f"{model} {getattr(recipe, name):g}" for model, recipe in RECIPES.items())


@click.command()
@click.option(
    "--model",
    type=click.Choice(list(RECIPES)),
    show_default=f"the run's, or {DEFAULT_MODEL}",
    help="What to train.",
)
@click.option(
    "--steps",
    type=COUNT,
    metavar="N",
    show_default=f"the run's, or {_by_model('steps')}",
    help="The step to reach.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1, 60_000),
    metavar="N",
    show_default=f"the run's, or {_by_model('batch_size')}",
    help="Images a step.",
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, sys.float_info.max, min_open=True),
    metavar="X",
    show_default=f"the run's, or {_by_model('learning_rate')}",
    help="Of the loss summed over a batch; of cnn and deepcnn, the peak of its cycle.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    metavar="N",
    show_default="the run's, or 0",
    help="Decides all that is random.",
)
@options.dataset
@options.data_dir
@options.checkpoint_dir
@click.option(
    "--save-every", type=COUNT, metavar="N", default=1000, help="Steps between checkpoints."
)
@click.option(
    "--keep", type=COUNT, metavar="N", default=5, help="How many of the newest checkpoints to keep."
)
@click.option("--restart", is_flag=True, help="Begin anew, replacing the run that is there.")
@click.option(
    "--log-every", type=COUNT, metavar="N", default=100, help="Steps between lines of progress."
)
@options.min_accuracy
@options.as_json
@click.pass_obj
def train(
    console: Console,
    model: str | None,
    steps: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    seed: int | None,
    dataset: str,
    data_dir: "Path",
    checkpoint_dir: "Path",
    save_every: int,
    keep: int,
    restart: bool,
    log_every: int,
    min_accuracy: float | None,
    json: bool,
) -> None:
    """Train a model and score the result.

    Goes on from the newest checkpoint in --checkpoint-dir until --steps is reached, then scores
    the model on the data set's 10,000 test images. A run goes on with its own settings and data
    set. MNIST is downloaded, and strokes are drawn, if they aren't in --data-dir yet.
    """
    from mnistcli.commands.inputs import open_model
    from mnistcli.dataset import AUTO, load
    from mnistcli.evaluation import evaluate
    from mnistcli.plan import Request, make_plan

    asked = None if dataset == AUTO else dataset
    # Whether the data that was asked for can be had at all comes before what it is wanted for.
    test = load(asked, "test", data_dir, console) if asked else None
    plan = make_plan(
        checkpoint_dir,
        Request(model, asked, seed, batch_size, learning_rate),
        steps=steps,
        save_every=save_every,
        keep=keep,
        log_every=log_every,
        restart=restart,
        warn=console.warn,
    )
    test = test or load(plan.settings.dataset, "test", data_dir, console)
    if plan.reached:
        console.info(f"{plan.reached.path}: step {plan.reached.step} is reached, nothing to train")
        checkpoint, seconds = plan.reached, 0.0
    else:
        data, test = _load_beside(test, plan.settings.dataset, data_dir, console)
        checkpoint, seconds = _carry_out(plan.on(data.name), data, console)
    trained = open_model(checkpoint, console)
    evaluation = evaluate(trained.predictor.predict(test.images), test.labels)
    if json:
        results.echo_json(
            {
                "model": trained.describe(),
                "dataset": test.name,
                "step": checkpoint.step,
                **results.describe(evaluation),
                "seconds": seconds,
                "checkpoint": trained.source,
            }
        )
    else:
        results.echo_accuracy(evaluation, test.name, test.split)
    results.check_accuracy(evaluation, min_accuracy)


def _load_beside(
    test: "Dataset", asked: str, data_dir: "Path", console: Console
) -> "tuple[Dataset, Dataset]":
    """Load the training images that go with test images; return those that belong together.

    Of ``auto``, MNIST's may turn out to be damaged where no source has them: then both are strokes.
    """
    from mnistcli.dataset import load

    data = _read_beside_tensorflow(test.name, data_dir)
    if data is None:
        data = load(asked if test.name == "mnist" else test.name, "train", data_dir, console)
    if data.name != test.name:
        test = load(data.name, "test", data_dir, console)
    return data, test


def _read_beside_tensorflow(name: str, data_dir: "Path") -> "Dataset | None":
    """Read the training images, if they are there, while TensorFlow is imported in seconds."""
    from concurrent.futures import ThreadPoolExecutor

    from mnistcli.dataset import read
    from mnistcli.errors import DataError
    from mnistcli.quiet import undisturbed_import

    with ThreadPoolExecutor() as pool, undisturbed_import():
        reading = pool.submit(read, name, "train", data_dir)
        import mnistcli.training  # noqa: F401

    try:
        return reading.result()
    except DataError:
        return None


def _carry_out(plan: "Plan", data: "Dataset", console: Console) -> "tuple[Checkpoint, float]":
    """Train, and say what is done."""
    from mnistcli.training import train

    settings = plan.settings
    first_step = plan.start.step if plan.start else 0
    if plan.start and settings.cycles != plan.start.settings.cycles:
        end = max(plan.start.settings.cycles)
        console.info(f"the learning rate's cycle ends at step {end}: a new one goes on from there")
    console.info(
        f"training {settings.model} on {settings.dataset} from step {first_step} to {plan.steps}, "
        f"batch size {settings.batch_size}, learning rate {settings.learning_rate}, "
        f"seed {settings.seed}"
    )
    with console.show_training(first_step, plan.steps, plan.log_every) as progress:
        checkpoint, seconds = train(plan, data, progress)
    console.info(f"{plan.steps - first_step} steps in {seconds:.2f} s, saved as {checkpoint.path}")
    return checkpoint, seconds
