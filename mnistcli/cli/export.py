"""``mnistcli export``."""

from typing import TYPE_CHECKING

import click

from mnistcli.cli import options, output
from mnistcli.cli.console import Console

if TYPE_CHECKING:
    from pathlib import Path


OTHER_FORMATS = (".h5", ".keras", ".onnx", ".pb", ".pt", ".pth")


@click.group()
def export() -> None:
    """Write a trained model, or a data set's images, for other programs."""


@export.command("model")
@click.argument("out", type=click.Path())
@options.checkpoint_dir
@options.pretrained
@click.pass_context
def export_model(ctx: click.Context, out: str, checkpoint_dir: "Path", pretrained: bool) -> None:
    """Write the trained model for other programs.

    OUT is a file whose name ends in .tflite, for TensorFlow Lite, or a directory, for TensorFlow's
    SavedModel. The metadata says how to prepare the input: see it with unzip -p FILE.tflite
    metadata.json, or in DIRECTORY/assets.extra/metadata.json.
    """
    from pathlib import Path

    from mnistcli.cli.models import choose_model
    from mnistcli.inference import metadata
    from mnistcli.system.files import naming, write_directory, write_whole

    path = Path(out).resolve()
    if not out or out.lower().endswith(OTHER_FORMATS):
        raise click.UsageError(f"{out}: expected FILE.tflite, or a directory for a SavedModel", ctx)
    model = choose_model(ctx, checkpoint_dir, pretrained)
    described = metadata.describe(model.describe())
    is_file = out.lower().endswith(".tflite")
    with naming(Path(out)):
        metadata.refuse_foreign_export(path, is_file=is_file)
    if is_file:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, metadata.attach(model.export, described))
    else:
        from mnistcli.training.export import make_saved_model

        contents = make_saved_model(model.checkpoint)
        contents[str(metadata.SAVED_MODEL_METADATA)] = metadata.serialize(described)
        write_directory(path, contents)
    output.echo_row(out, model.name, model.source)


@export.command("images")
@click.argument("out_dir", type=options.Directory())
@options.dataset
@options.data_dir
@options.split
@click.option(
    "--count", type=click.IntRange(min=1), metavar="N", help="Write only the first N images."
)
@click.option(
    "--digits",
    callback=options.to_digits,
    metavar="DIGITS",
    help="Write only images of these digits, such as 38, 3,8 or 1-9.",
)
@click.option("--invert", is_flag=True, help="Write dark ink on white, as on paper.")
@click.pass_obj
def export_images(
    console: Console,
    out_dir: "Path",
    dataset: str,
    data_dir: "Path",
    split: str,
    count: int | None,
    digits: frozenset[int] | None,
    invert: bool,
) -> None:
    """Write a data set's images as PNG files into OUT_DIR.

    Their names are DIGIT_NUMBER.png, after the label and the image's place in the data set, counted
    from 0. So predict and eval read them as pictures.
    """
    from mnistcli.cli.png import save_image
    from mnistcli.datasets.dataset import load
    from mnistcli.system.files import remove_stale

    data = load(dataset, split, data_dir, console)
    labels = data.labels.tolist()
    chosen = (index for index, label in enumerate(labels) if digits is None or label in digits)
    indices = list(chosen)[:count]
    out_dir.mkdir(parents=True, exist_ok=True)
    remove_stale(out_dir)
    with console.progress(str(out_dir), len(indices), "images") as advance:
        for made, index in enumerate(indices, start=1):
            image = data.images[index]
            save_image(out_dir / f"{labels[index]}_{index:05}.png", ~image if invert else image)
            advance(made)
    output.echo_row(out_dir, len(indices), data.name, data.split)
