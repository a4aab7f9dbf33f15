"""Exports of trained models; TensorFlow is loaded only to make one."""

from typing import TYPE_CHECKING

from mnistcli.inference.model import Model, open_export
from mnistcli.runs.checkpoints import Checkpoint, add_export
from mnistcli.system.listener import Listener
from mnistcli.training.runtime import start_tensorflow

if TYPE_CHECKING:
    from mnistcli.training.network import Network


def open_model(checkpoint: Checkpoint, listener: Listener) -> Model:
    """Open the export of a checkpoint, after making it if there is none yet.

    Raises:
        ModelError: the checkpoint does not hold the weights of its model.
    """
    return open_export(checkpoint, checkpoint.export or _make_export(checkpoint, listener))


def make_saved_model(checkpoint: Checkpoint | None) -> dict[str, bytes]:
    """Return the contents of a SavedModel's files, of a checkpoint or of the pretrained model.

    Raises:
        ModelError: the checkpoint or the pretrained model is damaged.
    """
    network = _load_network(checkpoint)
    from mnistcli.training.conversion import to_saved_model

    return to_saved_model(network)


def _make_export(checkpoint: Checkpoint, listener: Listener) -> bytes:
    listener.info(f"{checkpoint.path} has no export yet: making it")
    network = _load_network(checkpoint)
    from mnistcli.training.conversion import to_tflite

    tflite = to_tflite(network)
    try:
        add_export(checkpoint, tflite)
    except OSError as error:
        listener.warn(f"the export is not kept: {error.filename}: {error.strerror}")
    return tflite


def _load_network(checkpoint: Checkpoint | None) -> "Network":
    """Load TensorFlow, and the network of a checkpoint or of the pretrained model."""
    start_tensorflow()
    from mnistcli.training.weights import open_network

    return open_network(checkpoint)
