"""``mnistcli eval``."""

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mnistcli.commands import options, results
from mnistcli.commands.console import Console

if TYPE_CHECKING:
    from pathlib import Path

    from mnistcli.commands.inputs import Model
    from mnistcli.evaluation import Evaluation


@click.command("eval")
@click.argument("pictures", nargs=-1, type=options.pictures)
@options.preprocess
@options.invert
@options.checkpoint_dir
@options.pretrained
@options.dataset
@options.data_dir
@options.split
@options.min_accuracy
@options.as_json
@click.pass_context
def evaluate(
    ctx: click.Context,
    pictures: tuple[str, ...],
    preprocess: str,
    invert: str,
    checkpoint_dir: "Path",
    pretrained: bool,
    dataset: str,
    data_dir: "Path",
    split: str,
    min_accuracy: float | None,
    json: bool,
) -> None:
    """Score the model on a data set or on pictures.

    Without PICTURES, on the 10,000 test images of --dataset. PICTURES are files or directories,
    labelled by their names: the label of 8_3.png is 8, and that of all pictures in a directory's
    folder 8.
    """
    from mnistcli.commands.inputs import choose_model
    from mnistcli.dataset import load
    from mnistcli.evaluation import evaluate

    for option in ("split", "dataset") if pictures else ("preprocess", "invert"):
        if ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            without = "with" if pictures else "without"
            raise click.UsageError(f"--{option} can't be used {without} PICTURES", ctx)
    console: Console = ctx.obj
    model = choose_model(ctx, checkpoint_dir, pretrained)
    if pictures:
        scored, named_split = "pictures", None
        evaluation = _score_pictures(pictures, model, preprocess, invert, console)
    else:
        data = load(dataset, split, data_dir, console)
        scored, named_split = data.name, data.split
        evaluation = evaluate(model.predictor.predict(data.images), data.labels)
    if json:
        where = {"dataset": scored, "split": named_split}
        results.echo_json(
            {
                "model": model.describe(),
                **where,
                **results.describe(evaluation),
                "confusion": evaluation.confusion,
            }
        )
    else:
        results.echo_accuracy(evaluation, scored, named_split)
    results.check_accuracy(evaluation, min_accuracy)
    if console.errors:
        ctx.exit(1)


def _score_pictures(
    pictures: tuple[str, ...], model: "Model", preprocess: str, invert: str, console: Console
) -> "Evaluation":
    """Score the pictures that can be read and have a label."""
    import numpy as np

    from mnistcli.commands.inputs import open_detector
    from mnistcli.digit import CLASSES
    from mnistcli.evaluation import evaluate
    from mnistcli.recognition import recognise
    from mnistcli.sources import UNLABELLED

    labels, probabilities = [], []
    for answer in recognise(pictures, model.predictor, open_detector(), preprocess, invert):
        console.report(answer)
        if answer.error:
            continue
        if answer.label is None:
            console.error(f"{answer.file}: {UNLABELLED}")
            continue
        labels.append(answer.label)
        probabilities.append(answer.readings[0].probabilities)
    scored = np.array(probabilities, np.float32).reshape(-1, CLASSES)
    return evaluate(scored, np.array(labels, np.uint8))
