"""``mnistcli train``."""

import shlex
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mnistcli.cli import options, output
from mnistcli.cli.console import Console
from mnistcli.runs.recipes import DEFAULT_MODEL, FINE_TUNING, RECIPES

if TYPE_CHECKING:
    from pathlib import Path

    from mnistcli.training.workflow import Outcome

POSITIVE = click.IntRange(min=1)


def _by_model(name: str) -> str:
    """Return a setting's default for each model, in words."""
    return "; ".join(f"{model} {getattr(recipe, name):g}" for model, recipe in RECIPES.items())


def _describe_fine_tuning(model: str) -> str:
    """Return a model's defaults for fine-tuning, in words."""
    recipe = FINE_TUNING[model]
    shown = f"{recipe.steps} more steps of {recipe.batch_size} at {recipe.learning_rate:g}"
    return f"{model} {shown}"


def _need_tensorboard(
    ctx: click.Context, parameter: click.Parameter, value: "Path | None"
) -> "Path | None":
    """Refuse ``--log-dir`` if TensorBoard's package is missing."""
    if value and not find_spec("tensorboard"):
        raise click.UsageError(
            "--log-dir needs TensorBoard, which is missing: pip install '.[tensorboard]' in the "
            "checkout of mnistcli",
            ctx,
        )
    return value


TRAIN_SYNONYMS = {
    **dict.fromkeys(("--epoch", "--epochs", "--iterations", "--max-steps"), "--steps"),
    **dict.fromkeys(("--lr", "--rate"), "--learning-rate"),
    **dict.fromkeys(("--batch", "--bs"), "--batch-size"),
    **dict.fromkeys(("--data", "--data-path", "--root"), "--data-dir"),
    **dict.fromkeys(("--checkpoint", "--ckpt", "--weights", "--load"), "--checkpoint-dir"),
    **dict.fromkeys(("--model-dir", "--model-path", "--save-dir"), "--checkpoint-dir"),
    **dict.fromkeys(("--out", "--output", "--output-dir"), "--checkpoint-dir"),
    **dict.fromkeys(("--arch", "--architecture", "--network"), "--model"),
    **dict.fromkeys(("--save-freq", "--save-interval", "--save-steps"), "--save-every"),
    **dict.fromkeys(("--log-interval", "--log-steps"), "--log-every"),
    **dict.fromkeys(("--logdir", "--tensorboard"), "--log-dir"),
    **dict.fromkeys(("--fresh", "--no-resume", "--overwrite"), "--restart"),
}
"""What other programs call an option, and its name here."""


@click.command(cls=options.HintingCommand, synonyms=TRAIN_SYNONYMS)
@click.option(
    "--model",
    type=click.Choice(list(RECIPES)),
    show_default=f"the run's, or {DEFAULT_MODEL}",
    help="The model to train.",
)
@click.option(
    "--steps",
    type=POSITIVE,
    metavar="N",
    show_default=f"the run's, or {_by_model('steps')}",
    help="The step to reach; an epoch is 60,000 / batch size steps.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1, 60_000),
    metavar="N",
    show_default=f"the run's, or {_by_model('batch_size')}",
    help="Images per step.",
)
@click.option(
    "--learning-rate",
    type=options.Number(0, min_open=True),
    metavar="X",
    show_default=f"the run's, or {_by_model('learning_rate')}",
    help="Learning rate for the loss summed over a batch; for cnn and deepcnn, and with "
    "--pictures, the peak of the one-cycle schedule.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    metavar="N",
    show_default="the run's, or 0",
    help="Seed of all random numbers.",
)
@options.dataset
@click.option(
    "--pictures",
    type=options.Directory(),
    metavar="DIR",
    help="Fine-tune on labelled pictures, instead of training on a data set: "
    f"{'; '.join(_describe_fine_tuning(model) for model in RECIPES)}.",
)
@options.data_dir
@options.checkpoint_dir
@click.option(
    "--save-every",
    type=POSITIVE,
    metavar="N",
    default=1000,
    help="Steps between checkpoints.",
)
@click.option(
    "--keep",
    type=POSITIVE,
    metavar="N",
    default=5,
    help="How many of the newest checkpoints to keep.",
)
@click.option(
    "--restart",
    is_flag=True,
    help="Start a new run, with --pictures from the pretrained model, that replaces the one in the "
    "directory.",
)
@click.option(
    "--log-every",
    type=POSITIVE,
    metavar="N",
    default=100,
    help="Steps between lines of progress, and between points of the curves.",
)
@click.option(
    "--log-dir",
    type=options.Directory(),
    callback=_need_tensorboard,
    metavar="DIR",
    help="Write curves, weights, the graph and answers for TensorBoard.",
)
@options.min_accuracy
@options.as_json
@click.pass_context
def train(
    ctx: click.Context,
    model: str | None,
    steps: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    seed: int | None,
    dataset: str,
    pictures: "Path | None",
    data_dir: "Path",
    checkpoint_dir: "Path",
    save_every: int,
    keep: int,
    restart: bool,
    log_every: int,
    log_dir: "Path | None",
    min_accuracy: float | None,
    json: bool,
) -> None:
    """Train a model and score the result.

    Training resumes from the newest checkpoint in --checkpoint-dir, with the run's own settings and
    data set, until --steps is reached. Then the model is scored on the data set's test images:
    10,000, or a tenth of Kaggle's. MNIST is downloaded, and strokes are drawn, if they aren't in
    --data-dir yet.

    With --pictures, the model in --checkpoint-dir, or the pretrained model if there is none, is
    fine-tuned on pictures of your own, labelled by names like 8_3.png or by folders like 8/. Some
    of them are held out, and the model is scored on these, before and after.
    """
    from mnistcli.datasets.dataset import AUTO
    from mnistcli.runs.plan import Request
    from mnistcli.training import workflow

    console: Console = ctx.obj
    asked = None if dataset == AUTO else dataset
    if pictures:
        asked, pictures = _choose(ctx, asked, pictures)
    request = Request(
        checkpoint_dir=checkpoint_dir,
        data_dir=data_dir,
        pictures=pictures,
        model=model,
        dataset=asked,
        seed=seed,
        batch_size=batch_size,
        learning_rate=learning_rate,
        steps=steps,
        save_every=save_every,
        keep=keep,
        restart=restart,
        log_every=log_every,
        log_dir=log_dir,
    )
    outcome = workflow.train(request, console)
    _echo(outcome, json)
    if outcome.seconds:
        for hint in _find_hints(outcome, checkpoint_dir):
            console.info(hint)
    output.check_accuracy(outcome.score, min_accuracy)
    if console.error_count:
        ctx.exit(1)


def _choose(
    ctx: click.Context, dataset: str | None, pictures: "Path"
) -> "tuple[str | None, None] | tuple[None, Path]":
    """Return the one that was given on the command line, if a variable sets the other."""
    given = [ctx.get_parameter_source(name) for name in ("dataset", "pictures")]
    if given[0] is given[1]:
        raise click.UsageError("--dataset and --pictures can't be used together", ctx)
    return (dataset, None) if given[0] is ParameterSource.COMMANDLINE else (None, pictures)


def _find_hints(outcome: "Outcome", checkpoint_dir: "Path") -> list[str]:
    """Return the commands to try next, in words."""
    place = shlex.quote(str(checkpoint_dir))
    hints = [f"to read pictures with it: mnistcli predict --checkpoint-dir {place} PICTURES"]
    if (outcome.model.name, outcome.test.name) == (DEFAULT_MODEL, "mnist"):
        better = "cnn"
        hints.append(
            f"a better one: mnistcli train --model {better} --checkpoint-dir {better} reaches "
            f"{RECIPES[better].accuracy:.3f} of MNIST's test images"
        )
    return hints


def _echo(outcome: "Outcome", json: bool) -> None:
    test, score, before = outcome.test, outcome.score, outcome.before
    if json:
        output.echo_json(
            {
                "model": outcome.model.describe(),
                "dataset": test.name,
                "step": outcome.model.step,
                **output.describe_score(score),
                **({"before": output.describe_score(before)} if before else {}),
                "seconds": outcome.seconds,
                "checkpoint": outcome.model.source,
            }
        )
        return
    if before:
        output.echo_accuracy(before, test.name, f"{test.split}, before")
    output.echo_accuracy(score, test.name, test.split)
