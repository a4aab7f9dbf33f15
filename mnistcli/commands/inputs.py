"""The trained model that answers, and the network that doubts."""

from dataclasses import dataclass
from pathlib import Path

import click
from click.core import ParameterSource

from mnistcli import pretrained
from mnistcli.commands.console import Console
from mnistcli.errors import ModelError
from mnistcli.predictor import Predictor
from mnistcli.quiet import preload
from mnistcli.run import Checkpoint, add_export, find_newest


@dataclass(frozen=True)
class Model:
    """A predictor, and what every result says of it."""

    predictor: Predictor
    export: bytes  # the .tflite that it runs
    checkpoint: Checkpoint | None  # None of the pretrained model
    name: str
    step: int
    dataset: str  # trained on
    source: str

    def describe(self) -> dict[str, str | int]:
        """Return the ``model`` object of the JSON documents."""
        return {
            "name": self.name,
            "step": self.step,
            "dataset": self.dataset,
            "source": self.source,
        }


def choose_model(ctx: click.Context, checkpoint_dir: Path, is_pretrained: bool) -> Model:
    """Open the model that ``--checkpoint-dir`` and ``--pretrained`` mean, and tell which it is.

    Raises:
        ModelError: a directory was named and holds no model, or a damaged one.
        click.UsageError: both options were given.
    """
    console: Console = ctx.obj
    checkpoint = _choose_checkpoint(ctx, checkpoint_dir, is_pretrained)
    model = open_model(checkpoint, console) if checkpoint else open_pretrained()
    console.info(f"model: {model.source}, {model.name} after {model.step} steps on {model.dataset}")
    return model


def _choose_checkpoint(
    ctx: click.Context, checkpoint_dir: Path, is_pretrained: bool
) -> Checkpoint | None:
    """Find the checkpoint that the options mean, None where they mean the pretrained model."""
    console: Console = ctx.obj
    named = ctx.get_parameter_source("checkpoint_dir")
    if is_pretrained:
        if named is not ParameterSource.COMMANDLINE:
            return None
        if ctx.get_parameter_source("pretrained") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--checkpoint-dir and --pretrained can't be used together", ctx)
    checkpoint = find_newest(checkpoint_dir, console.warn)
    if not checkpoint:
        if named is not ParameterSource.DEFAULT:
            raise ModelError(f"{checkpoint_dir}: no trained model here; 'mnistcli train' makes one")
        console.info(f"{checkpoint_dir}: no trained model here yet, so the pretrained one answers")
    return checkpoint


def open_pretrained() -> Model:
    """Open the model that comes with the package."""
    record, export = pretrained.read_record(), pretrained.read_export()
    predictor = Predictor(export, pretrained.SOURCE)
    known = (record.model, record.step, record.dataset, pretrained.SOURCE)
    return Model(predictor, export, None, *known)


def open_detector() -> Predictor:
    """Open the network that tells, whichever model answers, what is no digit at all."""
    return Predictor(pretrained.read_detector(), "the detector of the package", outputs=1)


def open_model(checkpoint: Checkpoint, console: Console) -> Model:
    """Open a checkpoint's export, after making it if there is none yet."""
    export = checkpoint.export or _export(checkpoint, console)
    source = str(checkpoint.path)
    settings = checkpoint.settings
    predictor = Predictor(export, source)
    known = (settings.model, checkpoint.step, settings.trained_on, source)
    return Model(predictor, export, checkpoint, *known)


def _export(checkpoint: Checkpoint, console: Console) -> bytes:
    console.info(f"{checkpoint.path} has no export yet: making it")
    preload("mnistcli.training")  # TensorFlow: seconds
    from mnistcli.checkpoint import restore, to_tflite
    from mnistcli.training import fix_devices

    fix_devices()
    tflite = to_tflite(restore(checkpoint))
    try:
        add_export(checkpoint, tflite)
    except OSError as error:
        console.warn(f"the export is not kept: {error.filename}: {error.strerror}")
    return tflite
