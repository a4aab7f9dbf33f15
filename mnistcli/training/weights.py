"""A network's tensors: saved, restored, and read from other weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli import pretrained
from mnistcli.errors import ModelError
from mnistcli.runs.checkpoints import WEIGHTS, Checkpoint, write_checkpoint
from mnistcli.runs.history import Point
from mnistcli.runs.plan import Plan
from mnistcli.runs.recipes import RECIPES, Recipe
from mnistcli.runs.record import Record
from mnistcli.system.native import silenced_stderr
from mnistcli.training.network import Network

RAM_DIRECTORY = "ram://mnistcli"
"""Where TensorFlow reads and writes files; only this project's own code writes to the disk."""


def save(network: Network, plan: Plan, step: int, curve: tuple[Point, ...] = ()) -> Checkpoint:
    """Save a network, with its settings and history, as the newest checkpoint of a run.

    Raises:
        OSError: it can't be written; the directory's other checkpoints are unchanged.
    """
    with silenced_stderr():
        tf.train.Checkpoint(network=network).write(f"{RAM_DIRECTORY}/{WEIGHTS}")
    record = Record(plan.settings, plan.run, step, curve)
    return write_checkpoint(plan.request.checkpoint_dir, record, take_files())


def restore(checkpoint: Checkpoint) -> Network:
    """Return the network of a checkpoint, with the state of its optimizer.

    Raises:
        ModelError: its tensors are not those of its model.
    """
    for name, content in checkpoint.weights.items():
        with tf.io.gfile.GFile(f"{RAM_DIRECTORY}/{name}", "wb") as stream:
            stream.write(content)
    try:
        with silenced_stderr():  # TensorFlow looks for devices at its first tensor
            network = Network(checkpoint.settings.recipe, checkpoint.settings.seed)
            reader = tf.train.Checkpoint(network=network).read(f"{RAM_DIRECTORY}/{WEIGHTS}")
            reader.assert_consumed()
    except (AssertionError, ValueError, tf.errors.OpError) as error:
        model = checkpoint.settings.model
        raise ModelError(
            f"{checkpoint.path}: does not hold the weights of {model}, as this version has it"
        ) from error
    finally:
        for name in checkpoint.weights:
            tf.io.gfile.remove(f"{RAM_DIRECTORY}/{name}")
    return network


def open_network(checkpoint: Checkpoint | None) -> Network:
    """Return the network of a checkpoint, or of the pretrained model for None.

    Raises:
        ModelError: it is damaged.
    """
    if checkpoint:
        return restore(checkpoint)
    record = pretrained.read_record()
    return from_weights(RECIPES[record.model], pretrained.read_weights(), record.seed)


def from_weights(
    recipe: Recipe, weights: Mapping[str, NDArray[Any]], seed: int, step: int = 0
) -> Network:
    """Return a network with given weights, as :func:`read_weights` returns them.

    They include the temperature, so the network has none.

    Raises:
        ModelError: they are not those of the recipe's model.
    """
    with silenced_stderr():
        network = Network(recipe._replace(temperature=1.0), seed)
    network.step.assign(step)
    for classifier in filter(None, (network, network.average)):
        variables = classifier.name_variables()
        shapes = {name: tuple(variable.shape) for name, variable in variables.items()}
        if shapes != {name: weight.shape for name, weight in weights.items()}:
            raise ModelError("these weights are those of another model")
        for name, variable in variables.items():
            variable.assign(weights[name].astype(np.float32))
    return network


def read_weights(network: Network) -> dict[str, NDArray[np.float32]]:
    """Return the weights that answer, by the names of :meth:`Classifier.name_variables`.

    ``w`` and ``b`` include the temperature.
    """
    variables = network.answering.name_variables()
    weights = {name: variable.numpy() for name, variable in variables.items()}
    for name in ("w", "b"):
        weights[name] /= network.recipe.temperature
    return weights


def take_files() -> dict[str, bytes]:
    """Return the files that TensorFlow wrote to RAM_DIRECTORY, by their paths, and remove them."""
    contents = {}
    for folder, _, names in tf.io.gfile.walk(RAM_DIRECTORY):
        for name in names:
            path = f"{folder}/{name}"
            with tf.io.gfile.GFile(path, "rb") as stream:
                contents[path.removeprefix(f"{RAM_DIRECTORY}/")] = stream.read()
            tf.io.gfile.remove(path)
    return contents
