"""The trained model that answers, and the network that detects what is no digit."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock

from mnistcli import pretrained
from mnistcli.errors import PictureError
from mnistcli.inference.interpreter import Predictor
from mnistcli.inference.metadata import read_model
from mnistcli.inference.recognition import Answer, answer_batch
from mnistcli.inference.results import Page, Result, to_page, to_result
from mnistcli.pictures.files import Picture
from mnistcli.pictures.pipeline import PictureOptions, prepare
from mnistcli.pictures.sources import Source, load, name_source
from mnistcli.runs.checkpoints import Checkpoint
from mnistcli.system.files import read_whole

ONE_AT_A_TIME = Lock()
"""Held while LiteRT is used, which several threads can't do at once."""


@dataclass(frozen=True)
class Model:
    """A trained model, and how results describe it."""

    predictor: Predictor = field(repr=False)
    export: bytes = field(repr=False)  # the .tflite that the predictor runs
    checkpoint: Checkpoint | None = field(repr=False)  # None for the pretrained model or a file
    name: str
    step: int
    dataset: str  # trained on
    source: str

    def read(self, picture: Source) -> Result:
        """Read the digit on a picture, the main one if there are several.

        Args:
            picture: a file's path or its content in bytes; an array of numbers from 0 to 255, or
                from 0 to 1, gray [H, W], RGB [H, W, 3] or RGBA [H, W, 4]; or a picture of
                Pillow's. Ink may be dark or light. A MNIST image [28, 28] is taken as it is.

        Raises:
            PictureError: it can't be read, or is no picture.
            ModelError: a network of the package is damaged.
        """
        return to_result(self._answer(picture, PictureOptions()))

    def read_all(self, picture: Source) -> Page:
        """Read all digits of a picture, such as a number or a page: as :meth:`read`."""
        return to_page(self._answer(picture, PictureOptions(several=True)))

    def _answer(self, picture: Source, options: PictureOptions) -> Answer:
        name = name_source(picture)
        try:
            loaded = load(picture)
            with ONE_AT_A_TIME:
                batch = [(Picture(name), prepare(loaded, options))]
                (answer,) = answer_batch(batch, self.predictor, open_detector(), options)
        except PictureError as error:
            raise PictureError(f"{name}: {error}") from error
        return answer

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


def open_file(path: Path) -> Model:
    """Open a ``.tflite`` file, with what its metadata says of the model, if it has any.

    Raises:
        ModelError: it is no such model, or its metadata is damaged.
        DataError: it can't be read.
    """
    tflite, source = read_whole(path), str(path)
    predictor = Predictor(tflite, source)
    name, step, dataset = read_model(tflite, source)
    return Model(predictor, tflite, None, name, step, dataset, source)


@cache
def open_detector() -> Predictor:
    """Open the network that gives the probability that an image is no digit at all.

    Raises:
        ModelError: it is missing or damaged.
    """
    return Predictor(pretrained.read_detector(), "the detector of the package", outputs=1)
