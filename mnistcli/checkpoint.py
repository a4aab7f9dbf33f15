"""A network's tensors on disk, and its export (TensorFlow)."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli import run
from mnistcli.curve import Point
from mnistcli.errors import ModelError
from mnistcli.network import IMAGES, Network
from mnistcli.plan import Plan
from mnistcli.quiet import call_aside, silenced_stderr
from mnistcli.recipe import Recipe

MEMORY = "ram://mnistcli"
"""Where TensorFlow reads and writes its files: on disk they are this project's own matter."""


def save(network: Network, plan: Plan, step: int, curve: tuple[Point, ...] = ()) -> run.Checkpoint:
    """Save a network, and how it came to be, as the newest checkpoint of a run.

    Raises:
        OSError: it can't be written; the directory's other checkpoints are as they were.
    """
    with silenced_stderr():
        tf.train.Checkpoint(network=network).write(f"{MEMORY}/{run.WEIGHTS}")
    record = run.Record(plan.settings, plan.run, step, curve)
    return run.write_checkpoint(plan.directory, record, _take_files())


def restore(checkpoint: run.Checkpoint) -> Network:
    """Return the network of a checkpoint, as it was when it was saved.

    Raises:
        ModelError: they are not those of its model.
    """
    for name, content in checkpoint.weights.items():
        with tf.io.gfile.GFile(f"{MEMORY}/{name}", "wb") as stream:
            stream.write(content)
    try:
        with silenced_stderr():  # TensorFlow looks for devices at its first tensor
            network = Network(checkpoint.settings.recipe, checkpoint.settings.seed)
            tf.train.Checkpoint(network=network).read(f"{MEMORY}/{run.WEIGHTS}").assert_consumed()
    except (AssertionError, ValueError, tf.errors.OpError) as error:
        model = checkpoint.settings.model
        raise ModelError(f"{checkpoint.path}: does not hold the weights of {model}") from error
    finally:
        for name in checkpoint.weights:
            tf.io.gfile.remove(f"{MEMORY}/{name}")
    return network


def from_weights(
    recipe: Recipe, weights: Mapping[str, NDArray[Any]], seed: int, step: int = 0
) -> Network:
    """Return a network that starts from a :class:`Classifier`'s weights, by their names.

    Raises:
        ModelError: they are not those of the recipe.
    """
    with silenced_stderr():
        network = Network(recipe, seed)
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
    """Return the weights that answer, by the names of :func:`from_weights`."""
    variables = network.answering.name_variables()
    return {name: variable.numpy() for name, variable in variables.items()}


def to_tflite(network: Network) -> bytes:
    """Export ``Network.y`` as a TensorFlow Lite model, float32 [N, 784] to float32 [N, 10].

    Its weights have as many bits as the network's recipe says.
    """

    def convert() -> bytes:
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [network.y.get_concrete_function()], network
        )
        if network.recipe.export_bits == 16:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        return bytes(converter.convert())

    with _leaving_nothing():
        return call_aside(convert)


def to_saved_model(network: Network) -> dict[str, bytes]:
    """Export ``Network.y`` as a SavedModel, float32 [N, 784] to float32 [N, 10].

    It holds the weights that answer, and nothing of the optimizer's.

    Returns:
        Its files' contents by their paths.
    """
    answering, model = network.answering, tf.Module()
    model.layers, model.w, model.b = answering.layers, answering.w, answering.b
    model.y = tf.function(
        lambda x: tf.nn.softmax(answering.logits(x)), input_signature=[IMAGES], autograph=False
    )
    with _leaving_nothing():
        call_aside(lambda: tf.saved_model.save(model, MEMORY, signatures=model.y))
    return _take_files()


@contextmanager
def _leaving_nothing() -> Iterator[None]:
    """Remove TensorFlow's temporary files: it does so itself only where a process ends slowly."""
    former = tempfile.tempdir
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as tempfile.tempdir:
            yield
    finally:
        tempfile.tempdir = former


def _take_files() -> dict[str, bytes]:
    """Return what TensorFlow has written in memory by its path, and remove it there."""
    contents = {}
    for folder, _, names in tf.io.gfile.walk(MEMORY):
        for name in names:
            path = f"{folder}/{name}"
            with tf.io.gfile.GFile(path, "rb") as stream:
                contents[path.removeprefix(f"{MEMORY}/")] = stream.read()
            tf.io.gfile.remove(path)
    return contents
