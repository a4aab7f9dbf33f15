"""``mnistcli predict``."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from mnistcli.commands import answers, options, results
from mnistcli.commands.console import Console
from mnistcli.errors import GateError

if TYPE_CHECKING:
    from pathlib import Path

    from mnistcli.recognition import Answer


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
    help="Exit with 1 if an answer is less probable than P, also for being of no digit.",
)
@click.option(
    "--format",
    "output_format",
    envvar="MNISTCLI_PREDICT_FORMAT",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    help="Lines of FILE, DIGIT and PROBABILITY separated by tabs, a JSON document, or CSV.",
)
@click.option("--show", is_flag=True, help="Draw on standard error what the network sees.")
@click.option(
    "--save-preprocessed",
    type=options.Directory(),
    metavar="DIR",
    help="Save what the network sees, as PNG.",
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

    PICTURES are files, directories, or - for standard input. One that can't be read is
    reported, the others are answered, and the exit code is 1.
    """
    from mnistcli.commands.inputs import choose_model, open_detector
    from mnistcli.recognition import recognise

    if several and (top or preprocess == "plain"):
        other = "--top" if top else "--preprocess plain"
        raise click.UsageError(f"--several and {other} can't be used together", ctx)
    console: Console = ctx.obj
    model = choose_model(ctx, checkpoint_dir, pretrained)
    answered = recognise(
        pictures, model.predictor, open_detector(), preprocess, invert, several=several
    )
    if save_preprocessed:
        from mnistcli.commands.saving import save_images

        answered = save_images(answered, save_preprocessed, console.error)
    if show:
        answered = _show(answered, console)
    gate = _Gate(min_confidence)
    answered = gate.watch(_report(answered, console))
    if output_format == "json":
        described = [answers.describe(answer, several, top) for answer in answered]
        results.echo_json({"model": model.describe(), "results": described})
    else:
        to_lines = answers.to_csv if output_format == "csv" else answers.to_text
        for line in to_lines(answered, top):
            results.echo_line(line)
    gate.check()
    if console.errors:
        ctx.exit(1)


def _report(answered: "Iterable[Answer]", console: Console) -> "Iterator[Answer]":
    """Pass answers on, and what is wrong with them to the console."""
    for answer in answered:
        console.report(answer)
        yield answer


def _show(answered: "Iterable[Answer]", console: Console) -> "Iterator[Answer]":
    """Pass answers on, and their images to the console."""
    from mnistcli.commands.display import choose_paint, draw

    paint = choose_paint()
    for answer in answered:
        for reading in answer.readings:
            console.info(answer.file)
            console.show(draw(reading, paint))
        yield answer


class _Gate:
    """``--min-confidence``."""

    def __init__(self, least: float | None) -> None:
        self.least = least
        self.failures: list[str] = []

    def watch(self, answered: "Iterable[Answer]") -> "Iterator[Answer]":
        """Pass answers on, and remember the unsure ones."""
        for answer in answered:
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
