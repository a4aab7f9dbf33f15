"""``mnistcli predict``."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from mnistcli.commands import options, results
from mnistcli.commands.console import ESCAPES, Console

if TYPE_CHECKING:
    from pathlib import Path

    from mnistcli.recognition import Answer


@click.command()
@click.argument("pictures", nargs=-1, required=True)
@options.preprocess
@options.invert
@options.checkpoint_dir
@options.pretrained
@click.option(
    "--top",
    type=click.IntRange(1, 10),
    metavar="K",
    help="Add the K most probable digits with their probabilities.",
)
@click.option(
    "--format",
    "output_format",
    envvar="MNISTCLI_PREDICT_FORMAT",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    help="Lines of FILE, DIGIT and PROBABILITY separated by tabs, a JSON document, or CSV.",
)
@click.pass_context
def predict(
    ctx: click.Context,
    pictures: tuple[str, ...],
    preprocess: str,
    invert: str,
    checkpoint_dir: "Path",
    pretrained: bool,
    top: int | None,
    output_format: str,
) -> None:
    """Read the digit on each picture.

    PICTURES are files, directories, or - for standard input. One that can't be read is
    reported, the others are answered, and the exit code is 1.
    """
    from mnistcli.commands.inputs import choose_model
    from mnistcli.recognition import recognise

    console: Console = ctx.obj
    model = choose_model(ctx, checkpoint_dir, pretrained)
    answers = _report(recognise(pictures, model.predictor, preprocess, invert), console)
    if output_format == "json":
        described = [_describe(answer, top) for answer in answers]
        results.echo_json({"model": model.describe(), "results": described})
    else:
        lines = _as_csv(answers, top) if output_format == "csv" else _as_text(answers, top)
        for line in lines:
            click.echo(line.encode(errors="surrogateescape"))  # a file's name is any bytes
    if console.errors:
        ctx.exit(1)


def _report(answers: "Iterable[Answer]", console: Console) -> "Iterator[Answer]":
    """Pass answers on, and what is wrong with them to the console."""
    for answer in answers:
        console.report(answer)
        yield answer


def _describe(answer: "Answer", top: int | None) -> dict[str, Any]:
    if answer.probabilities is None:
        return {"file": answer.file, "error": answer.error}
    ((digit, probability),) = answer.best(1)
    described = {
        "file": answer.file,
        "digit": digit,
        "probability": probability,
        "probabilities": answer.probabilities.tolist(),
        "warnings": list(answer.warnings),
    }
    return {**described, "top": answer.best(top)} if top else described


def _as_text(answers: "Iterable[Answer]", top: int | None) -> Iterator[str]:
    for answer in answers:
        if not answer.error:
            columns = [answer.file.translate(ESCAPES), *_columns(answer, top)]
            yield "\t".join(columns)


def _as_csv(answers: "Iterable[Answer]", top: int | None) -> Iterator[str]:
    ranks = range(1, (top or 0) + 1)
    further = [column for rank in ranks for column in (f"digit_{rank}", f"probability_{rank}")]
    yield _csv_line(["file", "digit", "probability", "warnings", "error", *further])
    for answer in answers:
        digit, probability, *rest = _columns(answer, top) or ("", "")
        notes = ["; ".join(answer.warnings), answer.error]
        yield _csv_line([answer.file, digit, probability, *notes, *rest])


def _columns(answer: "Answer", top: int | None) -> list[str]:
    """Return the digit and its probability, then those of the ``top`` best; nothing of an error."""
    pairs = answer.best(1) + answer.best(top or 0)
    return [column for digit, probability in pairs for column in (str(digit), f"{probability:.4f}")]


def _csv_line(fields: list[str]) -> str:
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(fields)  # so that both are quoted in names
    return line.getvalue().removesuffix("\r\n")
