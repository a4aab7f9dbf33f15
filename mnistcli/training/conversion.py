"""A network converted to the formats that run without this project."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from mnistcli.system.native import call_in_thread
from mnistcli.training.network import INPUT, Network
from mnistcli.training.weights import RAM_DIRECTORY, take_files


def to_tflite(network: Network) -> bytes:
    """Convert ``Network.y`` to a TensorFlow Lite model, float32 [N, 784] to float32 [N, 10].

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

    with _own_temporary_directory():
        return call_in_thread(convert)


def to_saved_model(network: Network) -> dict[str, bytes]:
    """Convert ``Network.y`` to a SavedModel, float32 [N, 784] to float32 [N, 10].

    It has the weights that answer, without the state of the optimizer.

    Returns:
        The contents of its files, by their paths.
    """
    answering, model = network.answering, tf.Module()
    model.layers, model.w, model.b = answering.layers, answering.w, answering.b
    model.y = tf.function(lambda x: network.y(x), input_signature=[INPUT], autograph=False)
    with _own_temporary_directory():
        call_in_thread(lambda: tf.saved_model.save(model, RAM_DIRECTORY, signatures=model.y))
    return take_files()


@contextmanager
def _own_temporary_directory() -> Iterator[None]:
    """Remove TensorFlow's temporary files, which it does itself only when a process ends slowly."""
    former = tempfile.tempdir
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as tempfile.tempdir:
            yield
    finally:
        tempfile.tempdir = former
