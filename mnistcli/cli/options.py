"""The options that several commands share."""

import math
import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

FROM_ELSEWHERE = {
    **dict.fromkeys(("--epoch", "--epochs", "--iterations", "--max-steps"), "--steps"),
    **dict.fromkeys(("--lr", "--rate"), "--learning-rate"),
    **dict.fromkeys(("--batch", "--bs"), "--batch-size"),
    **dict.fromkeys(("--data", "--data-path", "--root"), "--data-dir"),
    **dict.fromkeys(("--checkpoint", "--ckpt", "--model", "--weights"), "--checkpoint-dir"),
    **dict.fromkeys(("--model-dir", "--model-path", "--load"), "--checkpoint-dir"),
    **dict.fromkeys(("--out", "--output", "--output-dir", "--save-dir"), "--checkpoint-dir"),
    **dict.fromkeys(("--arch", "--architecture", "--network"), "--model"),
    **dict.fromkeys(("--save-freq", "--save-interval", "--save-steps"), "--save-every"),
    **dict.fromkeys(("--log-interval", "--log-steps"), "--log-every"),
    **dict.fromkeys(("--logdir", "--tensorboard"), "--log-dir"),
    **dict.fromkeys(("--fresh", "--no-resume", "--overwrite"), "--restart"),
}
"""What other programs call an option, and its name here."""


def explain(error: click.UsageError) -> str:
    """Return the message of an error; that of an option from elsewhere says what it is called here.

    Click suggests only options that are spelt alike.
    """
    if isinstance(error, click.NoSuchOption) and error.ctx:
        name = error.option_name
        known = FROM_ELSEWHERE.get(name.replace("_", "-"))
        if any(known in parameter.opts for parameter in error.ctx.command.params):
            return f"No such option {name!r}. Did you mean {known!r}?"
    return error.format_message()


class Directory(click.Path):
    """A directory, existing or to be created, as a ``Path``."""

    def __init__(self) -> None:
        """Refuse a file."""
        super().__init__(file_okay=False)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Path":
        """Return the path."""
        from pathlib import Path  # takes a moment to load

        if not value:
            self.fail("The name of a directory is empty.", param, ctx)

        return Path(os.fsdecode(super().convert(value, param, ctx)))


class Number(click.FloatRange):
    """A finite number in a range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


pictures = click.Path(readable=False)
"""Files and directories: shells complete them; they are checked one by one later."""

data_dir = click.option(
    "--data-dir",
    type=Directory(),
    metavar="DIR",
    default="MNIST_data",
    envvar="MNISTCLI_DATA_DIR",
    help="Directory of the data; what is missing is downloaded or drawn there.",
)
dataset = click.option(
    "--dataset",
    type=click.Choice(["auto", "mnist", "strokes"]),
    default="auto",
    help="MNIST, or digits drawn from strokes. auto means MNIST, or strokes if MNIST is "
    "unavailable.",
)
checkpoint_dir = click.option(
    "--checkpoint-dir",
    type=Directory(),
    metavar="DIR",
    default="checkpoints",
    envvar="MNISTCLI_CHECKPOINT_DIR",
    help="Directory of the run's checkpoints.",
)
pretrained = click.option(
    "--pretrained",
    is_flag=True,
    help="Use the model that comes with mnistcli; the default if no --checkpoint-dir is given and "
    "checkpoints/ holds no run.",
)
preprocess = click.option(
    "--preprocess",
    type=click.Choice(["mnist", "plain"]),
    default="mnist",
    help="Normalize the ink as MNIST does, or only resize as the tutorials do.",
)
invert = click.option(
    "--invert",
    type=click.Choice(["auto", "yes", "no"]),
    default="auto",
    help="Polarity: yes for dark ink on light, no for light on dark, auto to detect it. With "
    "--preprocess plain, auto means yes.",
)
split = click.option(
    "--split",
    type=click.Choice(["test", "train"]),
    default="test",
    help="Split of the data set.",
)
min_accuracy = click.option(
    "--min-accuracy",
    type=Number(0, 1),
    metavar="X",
    help="Exit with 1 if the accuracy is below X.",
)
as_json = click.option("--json", is_flag=True, help="Print one JSON document.")
