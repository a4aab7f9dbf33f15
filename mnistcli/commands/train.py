"""``mnistcli train``."""

import shlex
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mnistcli.commands import options, results
from mnistcli.commands.console import Console
from mnistcli.recipe import DEFAULT_MODEL, RECIPES, TUNING

if TYPE_CHECKING:
    from pathlib import Path

    from mnistcli.commands.lessons import Outcome

COUNT = click.IntRange(min=1)


def _by_model(name: str) -> str:
    """Tell a setting's default for each model."""
    return "; ".join(f"{model} {getattr(recipe, name):g}" for model, recipe in RECIPES.items())


def _tell_tuning(model: str) -> str:
    """Tell a model's defaults with pictures."""
    recipe = TUNING[model]
    shown = f"{recipe.steps} more steps of {recipe.batch_size} at {recipe.learning_rate:g}"
    return f"{model} {shown}"


def _need_tensorboard(
    ctx: click.Context, parameter: click.Parameter, value: "Path | None"
) -> "Path | None":
    """Refuse a directory of logs where they couldn't be written."""
    if value and not find_spec("tensorboard"):
        raise click.UsageError(
            "--log-dir needs TensorBoard, which is missing: pip install 'mnistcli[tensorboard]'",
            ctx,
        )
    return value


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
    type=options.Number(0, min_open=True),
    metavar="X",
    show_default=f"the run's, or {_by_model('learning_rate')}",
    help="Of the loss summed over a batch; of cnn and deepcnn, and with --pictures, the peak of "
    "its cycle.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    metavar="N",
    show_default="the run's, or 0",
    help="Decides all that is random.",
)
@options.dataset
@click.option(
    "--pictures",
    type=options.Directory(),
    metavar="DIR",
    help="Go on with labelled pictures, in place of a data set: "
    f"{'; '.join(_tell_tuning(model) for model in RECIPES)}.",
)
@options.data_dir
@options.checkpoint_dir
@click.option(
    "--save-every", type=COUNT, metavar="N", default=1000, help="Steps between checkpoints."
)
@click.option(
    "--keep", type=COUNT, metavar="N", default=5, help="How many of the newest checkpoints to keep."
)
@click.option(
    "--restart",
    is_flag=True,
    help="Begin anew, with --pictures from the pretrained model, replacing the run that is there.",
)
@click.option(
    "--log-every", type=COUNT, metavar="N", default=100, help="Steps between lines of progress."
)
@click.option(
    "--log-dir",
    type=options.Directory(),
    callback=_need_tensorboard,
    metavar="DIR",
    help="Write curves, weights, the graph and answers for TensorBoard, every --log-every steps.",
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

    Goes on from the newest checkpoint in --checkpoint-dir until --steps is reached, then scores
    the model on the data set's 10,000 test images. A run goes on with its own settings and data
    set. MNIST is downloaded, and strokes are drawn, if they aren't in --data-dir yet.

    With --pictures, what is in --checkpoint-dir, or the pretrained model where nothing is, goes on
    with pictures of your own, labelled by names like 8_3.png or by folders like 8/, and is scored
    on some of them that are held out, before and after.
    """
    from mnistcli.commands.lessons import train_on_dataset, train_on_pictures
    from mnistcli.dataset import AUTO
    from mnistcli.lock import hold
    from mnistcli.plan import Request, make_plan

    console: Console = ctx.obj
    asked = None if dataset == AUTO else dataset
    if pictures:
        asked, pictures = _choose(ctx, asked, pictures)
    plan = partial(
        make_plan,
        checkpoint_dir,
        Request(model, asked, seed, batch_size, learning_rate),
        steps=steps,
        save_every=save_every,
        keep=keep,
        log_every=log_every,
        restart=restart,
        warn=console.warn,
    )
    with hold(checkpoint_dir):
        if pictures:
            outcome = train_on_pictures(
                pictures, lambda digest: plan(pictures=digest), log_dir, console
            )
        else:
            outcome = train_on_dataset(asked, data_dir, plan, log_dir, console)
    _echo(outcome, json)
    if outcome.seconds:
        for hint in _find_hints(outcome, checkpoint_dir):
            console.info(hint)
    results.check_accuracy(outcome.score, min_accuracy)
    if console.errors:
        ctx.exit(1)


def _choose(
    ctx: click.Context, dataset: str | None, pictures: "Path"
) -> "tuple[str | None, None] | tuple[None, Path]":
    """Return the one that was given on the command line, where the other is a variable's."""
    given = [ctx.get_parameter_source(name) for name in ("dataset", "pictures")]
    if given[0] is given[1]:
        raise click.UsageError("--dataset and --pictures can't be used together", ctx)
    return (dataset, None) if given[0] is ParameterSource.COMMANDLINE else (None, pictures)


def _find_hints(outcome: "Outcome", checkpoint_dir: "Path") -> list[str]:
    """Return what can be done next."""
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
        results.echo_json(
            {
                "model": outcome.model.describe(),
                "dataset": test.name,
                "step": outcome.model.step,
                **results.describe(score),
                **({"before": results.describe(before)} if before else {}),
                "seconds": outcome.seconds,
                "checkpoint": outcome.model.source,
            }
        )
        return
    if before:
        results.echo_accuracy(before, test.name, f"{test.split}, before")
    results.echo_accuracy(score, test.name, test.split)
