"""``mnistcli predict``."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from mnistcli.cli import options, output
from mnistcli.cli.console import Console
from mnistcli.errors import GateError

if TYPE_CHECKING:
    from pathlib import Path

    from mnistcli.inference.recognition import Answer

EXCLUDING = (
    ("--several", "--top"),
    ("--several", "--preprocess plain"),
    ("--several", "--format kaggle"),
    ("--top", "--format digits"),
    ("--top", "--format kaggle"),
)
"""Options that can't be used together."""

PREDICT_SYNONYMS = {
    **dict.fromkeys(("--checkpoint", "--model", "--weights"), "--checkpoint-dir"),
    "--csv": "--format csv",
    "--json": "--format json",
    "--kaggle": "--format kaggle",
    **dict.fromkeys(("--out", "--output"), "--format csv > FILE"),
    **dict.fromkeys(("--confidence", "--min-conf", "--threshold"), "--min-confidence"),
    **dict.fromkeys(("--all", "--many", "--multi", "--multiple"), "--several"),
    **dict.fromkeys(("--allow", "--allowlist", "--classes", "--digits", "--whitelist"), "--only"),
    **dict.fromkeys(("--top-k", "--topk"), "--top"),
    **dict.fromkeys(("--file", "--image", "--images", "--input", "--pictures"), "PICTURES"),
    **dict.fromkeys(("--plot", "--view"), "--show"),
}
"""What other programs call an option, and what does the same here."""


@click.command(cls=options.HintingCommand, synonyms=PREDICT_SYNONYMS)
@click.argument("pictures", nargs=-1, required=True, type=options.pictures)
@options.preprocess
@options.invert
@click.option("--several", is_flag=True, help="Read any number of digits on each picture.")
@click.option(
    "--only",
    callback=options.to_digits,
    metavar="DIGITS",
    help="Answer with these digits only, such as 1-9 or 0,5-7, as forms and sudokus need. The "
    "probabilities of the others are left out, and those of these divided by their sum.",
)
@options.checkpoint_dir
@options.pretrained
@click.option(
    "--top",
    type=click.IntRange(1, 10),
    metavar="K",
    help="Add the K most probable digits with their probabilities.",
)
@click.option(
    "--min-confidence",
    type=options.Number(0, 1),
    metavar="P",
    help="Exit with 1 if an answer's confidence is below P. Confidence is the digit's probability "
    "times the probability that the image is a digit.",
)
@click.option(
    "--format",
    "output_format",
    envvar="MNISTCLI_PREDICT_FORMAT",
    type=click.Choice(["text", "json", "csv", "digits", "kaggle"]),
    default="text",
    help="Lines of FILE, DIGIT and CONFIDENCE separated by tabs, a JSON document, CSV of a row for "
    "each picture, CSV of a row for each digit with its box, or a submission to Kaggle.",
)
@click.option("--show", is_flag=True, help="Draw each normalized image on standard error.")
@click.option(
    "--save-preprocessed",
    type=options.Directory(),
    metavar="DIR",
    help="Save each normalized image as PNG.",
)
@click.pass_context
def predict(
    ctx: click.Context,
    pictures: tuple[str, ...],
    preprocess: str,
    invert: str,
    several: bool,
    only: frozenset[int] | None,
    checkpoint_dir: "Path",
    pretrained: bool,
    top: int | None,
    min_confidence: float | None,
    output_format: str,
    show: bool,
    save_preprocessed: "Path | None",
) -> None:
    """Read the digit on each picture.

    PICTURES are files, directories, or - for standard input; also files of arrays, which hold many
    images: .npy, .npz, IDX, or .csv as in Kaggle's contest. A picture that can't be read is
    reported, the others are answered, and the exit code is 1.
    """
    from mnistcli.cli.models import choose_model
    from mnistcli.inference.model import open_detector
    from mnistcli.inference.recognition import recognize
    from mnistcli.pictures.pipeline import PictureOptions

    asked = {
        "--several": several,
        "--top": top,
        "--preprocess plain": preprocess == "plain",
        "--format digits": output_format == "digits",
        "--format kaggle": output_format == "kaggle",
    }
    for one, other in EXCLUDING:
        if asked[one] and asked[other]:
            raise click.UsageError(f"{one} and {other} can't be used together", ctx)
    console: Console = ctx.obj
    model = choose_model(ctx, checkpoint_dir, pretrained)
    predictor = model.predictor.restrict(only) if only else model.predictor
    picture_options = PictureOptions(preprocess, invert, several)
    answers = recognize(pictures, predictor, open_detector(), picture_options)
    if save_preprocessed:
        from mnistcli.cli.png import save_images

        answers = save_images(answers, save_preprocessed, console)
    if show:
        answers = _show(answers, console)
    gate = _Gate(min_confidence)
    answers = gate.watch(_report(answers, console))
    if output_format == "json":
        described = [output.describe_answer(answer, several, top) for answer in answers]
        output.echo_json({"model": model.describe(), "results": described})
    else:
        for line in _to_lines(answers, output_format, top):
            output.echo_line(line)
    gate.check()
    if console.error_count:
        ctx.exit(1)


def _to_lines(answers: "Iterable[Answer]", output_format: str, top: int | None) -> "Iterator[str]":
    """Return the lines of a format."""
    if output_format == "digits":
        return output.to_digit_rows(answers)
    if output_format == "kaggle":
        return output.to_kaggle(answers)
    return output.to_csv(answers, top) if output_format == "csv" else output.to_text(answers, top)


def _report(answers: "Iterable[Answer]", console: Console) -> "Iterator[Answer]":
    """Pass answers on, and print their errors and warnings."""
    for answer in answers:
        console.report(answer)
        yield answer


def _show(answers: "Iterable[Answer]", console: Console) -> "Iterator[Answer]":
    """Pass answers on, and draw their images."""
    from mnistcli.cli.preview import choose_paint, draw

    paint = choose_paint()
    for answer in answers:
        for reading in answer.readings:
            console.info(answer.file)
            console.show(draw(reading, paint))
        yield answer


class _Gate:
    """``--min-confidence``."""

    def __init__(self, least: float | None) -> None:
        self.least = least
        self.failures: list[str] = []

    def watch(self, answers: "Iterable[Answer]") -> "Iterator[Answer]":
        """Pass answers on, and remember those below the least confidence."""
        for answer in answers:
            confidence = answer.confidence
            if not (answer.error or self.least is None or confidence >= self.least):
                self.failures.append(f"{answer.file}: confidence {confidence:.4f}")
            yield answer

    def check(self) -> None:
        """Raise :class:`GateError` if there was one."""
        if self.failures:
            first, *others = self.failures
            more = f", and {len(others)} more" if others else ""
            raise GateError(f"{first} is below --min-confidence {self.least}{more}")
