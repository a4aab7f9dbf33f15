"""Exports of trained models; TensorFlow is loaded only to make one."""

from mnistcli.inference.model import Model, open_export
from mnistcli.runs.checkpoints import Checkpoint, add_export
from mnistcli.system.listener import Listener
from mnistcli.training.runtime import start_tensorflow


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
    start_tensorflow()
    from mnistcli.training.conversion import to_saved_model
    from mnistcli.training.weights import open_network

    return to_saved_model(open_network(checkpoint))


def _make_export(checkpoint: Checkpoint, listener: Listener) -> bytes:
    listener.info(f"{checkpoint.path} has no export yet: making it")
    start_tensorflow()
    from mnistcli.training.conversion import to_tflite
    from mnistcli.training.weights import open_network

    tflite = to_tflite(open_network(checkpoint))
    try:
        add_export(checkpoint, tflite)
    except OSError as error:
        listener.warn(f"the export is not kept: {error.filename}: {error.strerror}")
    return tflite
