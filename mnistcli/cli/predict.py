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


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=options.pictures)
@options.preprocess
@options.invert
@click.option("--several", is_flag=True, help="Read any number of digits on each picture.")
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
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    help="Lines of FILE, DIGIT and CONFIDENCE separated by tabs, a JSON document, or CSV.",
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
    checkpoint_dir: "Path",
    pretrained: bool,
    top: int | None,
    min_confidence: float | None,
    output_format: str,
    show: bool,
    save_preprocessed: "Path | None",
) -> None:
    """Read the digit on each picture.

    PICTURES are files, directories, or - for standard input. A picture that can't be read is
    reported, the others are answered, and the exit code is 1.
    """
    from mnistcli.cli.models import choose_model
    from mnistcli.inference.model import open_detector
    from mnistcli.inference.recognition import recognize
    from mnistcli.pictures.pipeline import PictureOptions

    if several and (top or preprocess == "plain"):
        other = "--top" if top else "--preprocess plain"
        raise click.UsageError(f"--several and {other} can't be used together", ctx)
    console: Console = ctx.obj
    model = choose_model(ctx, checkpoint_dir, pretrained)
    picture_options = PictureOptions(preprocess, invert, several)
    answers = recognize(pictures, model.predictor, open_detector(), picture_options)
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
        to_lines = output.to_csv if output_format == "csv" else output.to_text
        for line in to_lines(answers, top):
            output.echo_line(line)
    gate.check()
    if console.error_count:
        ctx.exit(1)


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
