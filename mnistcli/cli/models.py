"""The model that ``--checkpoint-dir`` and ``--pretrained`` select."""

from pathlib import Path

import click
from click.core import ParameterSource

from mnistcli.cli.console import Console
from mnistcli.errors import ModelError
from mnistcli.inference.model import Model, open_pretrained
from mnistcli.runs.checkpoints import Checkpoint, find_newest
from mnistcli.system.wording import count
from mnistcli.training.export import open_model


def choose_model(ctx: click.Context, checkpoint_dir: Path, is_pretrained: bool) -> Model:
    """Open the model that the options select, and print which it is.

    Raises:
        ModelError: a directory was named that holds no model, or a damaged one.
        click.UsageError: both options were given.
    """
    console: Console = ctx.obj
    checkpoint = _choose_checkpoint(ctx, checkpoint_dir, is_pretrained)
    model = open_model(checkpoint, console) if checkpoint else open_pretrained()
    steps = count(model.step, "steps")
    console.info(f"model: {model.source}, {model.name} after {steps} on {model.dataset}")
    return model


def _choose_checkpoint(
    ctx: click.Context, checkpoint_dir: Path, is_pretrained: bool
) -> Checkpoint | None:
    """Find the checkpoint that the options select; None stands for the pretrained model."""
    console: Console = ctx.obj
    named = ctx.get_parameter_source("checkpoint_dir")
    if is_pretrained:
        if named is not ParameterSource.COMMANDLINE:
            return None
        if ctx.get_parameter_source("pretrained") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--checkpoint-dir and --pretrained can't be used together", ctx)
    checkpoint = find_newest(checkpoint_dir, console)
    if not checkpoint:
        if named is not ParameterSource.DEFAULT:
            raise ModelError(f"{checkpoint_dir}: no trained model here; 'mnistcli train' makes one")
        console.info(f"{checkpoint_dir}: no trained model here yet, so the pretrained one answers")
    return checkpoint
