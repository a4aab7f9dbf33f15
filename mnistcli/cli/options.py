"""The options that several commands share."""

import math
import os
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path


class HintingCommand(click.Command):
    """A command whose options have other names in other programs."""

    def __init__(self, *args: Any, synonyms: dict[str, str], **kwargs: Any) -> None:
        """Take the name here of each option from elsewhere."""
        super().__init__(*args, **kwargs)
        self.synonyms = synonyms

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Suggest the name here; Click suggests only options that are spelt alike."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            name = error.option_name
            known = self.synonyms.get(name.replace("_", "-"))
            if known is None:
                raise
            message = f"No such option {name!r}. Did you mean {known!r}?"
            raise click.NoSuchOption(name, message, ctx=ctx) from error


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


def to_digits(
    ctx: click.Context, parameter: click.Parameter, value: str | None
) -> frozenset[int] | None:
    """Return the digits that an option lists, such as 38, 3,8 or 1-9."""
    if value is None:
        return None
    listed = re.fullmatch(r"(?:[0-9](?:-[0-9])?[, ]*)+", value)
    found = re.findall("([0-9])(?:-([0-9]))?", value) if listed else []
    ranges = [range(int(first), int(last or first) + 1) for first, last in found]
    if not ranges or not all(ranges):  # none, or one like 9-1
        raise click.BadParameter(f"{value!r} is not a list of digits, such as 38, 3,8 or 1-9.")
    return frozenset(chain.from_iterable(ranges))


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
    type=click.Choice(["auto", "mnist", "strokes", "kaggle"]),
    default="auto",
    help="MNIST, digits drawn from strokes, or Kaggle's train.csv in --data-dir. auto means MNIST, "
    "or strokes if MNIST is unavailable.",
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
