"""``mnistcli eval``."""

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mnistcli.commands import options, results
from mnistcli.commands.console import Console

if TYPE_CHECKING:
    from pathlib import Path

    from mnistcli.commands.inputs import Model
    from mnistcli.evaluation import Answered, Evaluation


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
@click.option(
    "--report",
    type=options.Directory(),
    metavar="DIR",
    help="Write plots, and report.html with all of them and a table of the digits.",
)
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
    report: "Path | None",
    json: bool,
) -> None:
    """Score the model on a data set or on pictures.

    Without PICTURES, on the 10,000 test images of --dataset. PICTURES are files or directories,
    labelled by their names: the label of 8_3.png is 8, and that of all pictures in a directory's
    folder 8.
    """
    from mnistcli.commands.inputs import choose_model
    from mnistcli.evaluation import evaluate

    for option in ("split", "dataset") if pictures else ("preprocess", "invert"):
        if ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            without = "with" if pictures else "without"
            raise click.UsageError(f"--{option} can't be used {without} PICTURES", ctx)
    console: Console = ctx.obj
    if report:
        from mnistcli.report import refuse_others

        refuse_others(report)
    model = choose_model(ctx, checkpoint_dir, pretrained)
    if pictures:
        data = _read_pictures(pictures, model, preprocess, invert, console)
    else:
        data = _read_dataset(dataset, split, data_dir, model, console)
    evaluation = evaluate(data.probabilities, data.labels)
    if report:
        console.info(f"report: {_write_report(report, model, data, evaluation)}")
    if json:
        where = {"dataset": data.dataset, "split": data.split}
        results.echo_json(
            {
                "model": model.describe(),
                **where,
                **results.describe(evaluation),
                "confusion": evaluation.confusion,
            }
        )
    else:
        results.echo_accuracy(evaluation, data.dataset, data.split)
    results.check_accuracy(evaluation, min_accuracy)
    if console.errors:
        ctx.exit(1)


def _read_dataset(
    dataset: str, split: str, data_dir: "Path", model: "Model", console: Console
) -> "Answered":
    """Answer the images of a data set."""
    from mnistcli.dataset import load
    from mnistcli.evaluation import Answered

    data = load(dataset, split, data_dir, console)
    names = [f"{data.name} {data.split} {number}" for number in range(len(data.labels))]
    probabilities = model.predictor.predict(data.images)
    return Answered(data.name, data.split, names, data.images, data.labels, probabilities)


def _read_pictures(
    pictures: tuple[str, ...], model: "Model", preprocess: str, invert: str, console: Console
) -> "Answered":
    """Answer the pictures that can be read and have a label."""
    import numpy as np

    from mnistcli.commands.inputs import open_detector
    from mnistcli.digit import CLASSES, SIDE
    from mnistcli.evaluation import Answered
    from mnistcli.recognition import recognise
    from mnistcli.sources import UNLABELLED

    names, labels, readings = [], [], []
    for answer in recognise(pictures, model.predictor, open_detector(), preprocess, invert):
        console.report(answer)
        if answer.error:
            continue
        if answer.label is None:
            console.error(f"{answer.file}: {UNLABELLED}")
            continue
        names.append(answer.file)
        labels.append(answer.label)
        readings.append(answer.readings[0])
    images = np.array([reading.digit.image for reading in readings], np.uint8)
    probabilities = np.array([reading.probabilities for reading in readings], np.float32)
    return Answered(
        "pictures",
        None,
        names,
        images.reshape(-1, SIDE, SIDE),
        np.array(labels, np.uint8),
        probabilities.reshape(-1, CLASSES),
    )


def _write_report(
    directory: "Path", model: "Model", data: "Answered", evaluation: "Evaluation"
) -> "Path":
    from mnistcli import report
    from mnistcli.recipe import DEFAULT_MODEL

    is_linear = model.name == DEFAULT_MODEL
    return report.write(
        directory,
        model.describe(),
        data,
        evaluation,
        curve=model.checkpoint.curve if model.checkpoint else (),
        w=report.find_weights(model.predictor) if is_linear else None,
    )
