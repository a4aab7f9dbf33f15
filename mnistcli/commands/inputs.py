"""What several commands open: the data set, and the trained model that answers."""

from dataclasses import dataclass
from pathlib import Path

from mnistcli.commands.console import Console
from mnistcli.dataset import Dataset, load_mnist
from mnistcli.errors import ModelError
from mnistcli.predictor import Predictor
from mnistcli.quiet import undisturbed_import
from mnistcli.run import Checkpoint, add_export, find_newest


def load_data(split: str, data_dir: Path, console: Console) -> Dataset:
    """Load a split of MNIST, downloading what is missing."""
    with console.show_download() as progress:
        return load_mnist(split, data_dir, console.info, progress)


@dataclass(frozen=True)
class Model:
    """A predictor, and what every result says of it."""

    predictor: Predictor
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


def open_newest(checkpoint_dir: Path, console: Console) -> Model:
    """Open the newest model of a checkpoint directory.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    checkpoint = find_newest(checkpoint_dir, console.warn)
    if checkpoint is None:
        raise ModelError(f"{checkpoint_dir}: no trained model here; 'mnistcli train' makes one")
    return open_model(checkpoint, console)


def open_model(checkpoint: Checkpoint, console: Console) -> Model:
    """Open a checkpoint's export, after making it if there is none yet."""
    export = checkpoint.export or _export(checkpoint, console)
    source = str(checkpoint.path)
    settings = checkpoint.settings
    predictor = Predictor(export, source)
    return Model(predictor, settings.model, checkpoint.step, settings.dataset, source)


def _export(checkpoint: Checkpoint, console: Console) -> bytes:
    console.info(f"{checkpoint.path} has no export yet: making it")
    with undisturbed_import():
        from mnistcli.checkpoint import restore, to_tflite  # TensorFlow: seconds to import

    tflite = to_tflite(restore(checkpoint))
    try:
        add_export(checkpoint, tflite)
    except OSError as error:
        console.warn(f"the export is not kept: {error}")
    return tflite
