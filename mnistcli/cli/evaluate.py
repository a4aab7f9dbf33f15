"""``mnistcli eval``."""

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mnistcli.cli import options, output
from mnistcli.cli.console import Console

if TYPE_CHECKING:
    from pathlib import Path

    from mnistcli.evaluation.metrics import AnsweredImages, Evaluation
    from mnistcli.inference.model import Model
    from mnistcli.pictures.pipeline import PictureOptions


EVAL_SYNONYMS = {
    **dict.fromkeys(("--checkpoint", "--model", "--weights"), "--checkpoint-dir"),
    **dict.fromkeys(("--file", "--image", "--images", "--input", "--pictures"), "PICTURES"),
    "--format": "--json",
    **dict.fromkeys(("--out", "--output", "--plot"), "--report"),
    "--threshold": "--min-accuracy",
}
"""What other programs, or other commands, call an option, and what does the same here."""


@click.command("eval", cls=options.HintingCommand, synonyms=EVAL_SYNONYMS)
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
    help="Write plots, and report.html with the plots and a table of the digits.",
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

    Without PICTURES, the model is scored on the test images of --dataset. PICTURES are files or
    directories, labelled by their names: the label of 8_3.png is 8, and so is that of all pictures
    in a folder 8, eight or class_8. They may also be files of arrays with labels: .npz, IDX, or
    .csv as in Kaggle's contest.
    """
    from mnistcli.cli.models import choose_model
    from mnistcli.evaluation.metrics import evaluate

    for option in ("split", "dataset") if pictures else ("preprocess", "invert"):
        if ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            without = "with" if pictures else "without"
            raise click.UsageError(f"--{option} can't be used {without} PICTURES", ctx)
    console: Console = ctx.obj
    if report:
        from mnistcli.evaluation.report import refuse_others

        refuse_others(report)
    model = choose_model(ctx, checkpoint_dir, pretrained)
    if pictures:
        from mnistcli.pictures.pipeline import PictureOptions  # loads OpenCV

        picture_options = PictureOptions(preprocess, invert)
        data = _answer_pictures(pictures, model, picture_options, console)
    else:
        data = _answer_dataset(dataset, split, data_dir, model, console)
    evaluation = evaluate(data.probabilities, data.labels)
    if evaluation.calibration_error is not None:
        console.info(f"calibration error {evaluation.calibration_error:.4f}")
    if report:
        console.info(f"report: {_write_report(report, model, data, evaluation)}")
    if json:
        where = {"dataset": data.dataset, "split": data.split}
        output.echo_json(
            {
                "model": model.describe(),
                **where,
                **output.describe_score(evaluation),
                "confusion": evaluation.confusion,
            }
        )
    else:
        output.echo_accuracy(evaluation, data.dataset, data.split)
    output.check_accuracy(evaluation, min_accuracy)
    if console.error_count:
        ctx.exit(1)


def _answer_dataset(
    dataset: str, split: str, data_dir: "Path", model: "Model", console: Console
) -> "AnsweredImages":
    """Answer the images of a data set."""
    from mnistcli.datasets.dataset import load
    from mnistcli.evaluation.metrics import AnsweredImages

    data = load(dataset, split, data_dir, console)
    if {model.dataset.split("+")[0], data.name} == {"mnist", "kaggle"}:
        console.warn("Kaggle's images are MNIST's: the model has been trained on some of these")
    names = [f"{data.name} {data.split} {number}" for number in range(len(data.labels))]
    return AnsweredImages(
        dataset=data.name,
        split=data.split,
        names=names,
        images=data.images,
        labels=data.labels,
        probabilities=model.predictor.predict(data.images),
    )


def _answer_pictures(
    pictures: tuple[str, ...], model: "Model", options: "PictureOptions", console: Console
) -> "AnsweredImages":
    """Answer the pictures that can be read and have a label."""
    import numpy as np

    from mnistcli.datasets.labelled_pictures import PICTURES
    from mnistcli.evaluation.metrics import AnsweredImages
    from mnistcli.images import CLASSES, SIDE
    from mnistcli.inference.model import open_detector
    from mnistcli.inference.recognition import recognize
    from mnistcli.pictures.labels import explain_guesses, explain_unlabelled

    names, labels, readings = [], [], []
    guessed, unlabelled = [], []
    for answer in recognize(pictures, model.predictor, open_detector(), options):
        console.report(answer)
        if answer.error:
            continue
        if answer.label is None:
            unlabelled.append(answer.file)
            continue
        if answer.label.is_guess:
            guessed.append((answer.file, answer.label.digit))
        names.append(answer.file)
        labels.append(answer.label.digit)
        readings.append(answer.readings[0])
    if unlabelled:
        console.error(explain_unlabelled(unlabelled))
    if guessed:
        console.warn(explain_guesses(guessed))
    images = np.array([reading.digit.image for reading in readings], np.uint8)
    probabilities = np.array([reading.probabilities for reading in readings], np.float32)
    return AnsweredImages(
        dataset=PICTURES,
        split=None,
        names=names,
        images=images.reshape(-1, SIDE, SIDE),
        labels=np.array(labels, np.uint8),
        probabilities=probabilities.reshape(-1, CLASSES),
    )


def _write_report(
    directory: "Path", model: "Model", data: "AnsweredImages", evaluation: "Evaluation"
) -> "Path":
    from mnistcli.evaluation import report
    from mnistcli.runs.recipes import RECIPES

    recipe = RECIPES.get(model.name)
    is_linear = recipe is not None and not recipe.layers
    return report.write(
        directory,
        model.describe(),
        data,
        evaluation,
        curve=model.checkpoint.curve if model.checkpoint else (),
        w=report.find_weights(model.predictor) if is_linear else None,
    )
