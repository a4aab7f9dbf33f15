"""The trained model that answers, and the network that detects what is no digit."""

from dataclasses import dataclass

from mnistcli import pretrained
from mnistcli.inference.interpreter import Predictor
from mnistcli.runs.checkpoints import Checkpoint


@dataclass(frozen=True)
class Model:
    """A trained model, and how results describe it."""

    predictor: Predictor
    export: bytes  # the .tflite that the predictor runs
    checkpoint: Checkpoint | None  # None for the pretrained model
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


def open_export(checkpoint: Checkpoint, tflite: bytes) -> Model:
    """Open the export of a checkpoint.

    Raises:
        ModelError: it is no such model.
    """
    settings, source = checkpoint.settings, str(checkpoint.path)
    known = (settings.model, checkpoint.step, settings.trained_on, source)
    return Model(Predictor(tflite, source), tflite, checkpoint, *known)


def open_pretrained() -> Model:
    """Open the model that comes with the package.

    Raises:
        ModelError: it is missing or damaged.
    """
    record, tflite = pretrained.read_record(), pretrained.read_export()
    known = (record.model, record.step, record.dataset, pretrained.PRETRAINED_SOURCE)
    return Model(Predictor(tflite, pretrained.PRETRAINED_SOURCE), tflite, None, *known)


def open_detector() -> Predictor:
    """Open the network that gives the probability that an image is no digit at all.

    Raises:
        ModelError: it is missing or damaged.
    """
    return Predictor(pretrained.read_detector(), "the detector of the package", outputs=1)
