"""The Python interface: what ``import mnistcli`` offers, loaded when it is first used."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from mnistcli.errors import DataError as DataError
from mnistcli.errors import MnistError as MnistError
from mnistcli.errors import ModelError as ModelError
from mnistcli.errors import PictureError as PictureError
from mnistcli.inference.model import Model as Model
from mnistcli.inference.model import open_file, open_pretrained
from mnistcli.inference.results import Page as Page
from mnistcli.inference.results import Result as Result
from mnistcli.pictures.geometry import Box as Box
from mnistcli.pictures.sources import Source as Source
from mnistcli.runs.checkpoints import find_newest
from mnistcli.system.listener import Advance, ignore_progress
from mnistcli.training.export import open_model


def read(picture: Source) -> Result:
    """Read the digit on a picture with the pretrained model; see :meth:`Model.read`."""
    return load_pretrained().read(picture)


def read_all(picture: Source) -> Page:
    """Read all digits of a picture with the pretrained model; see :meth:`Model.read_all`."""
    return load_pretrained().read_all(picture)


@cache
def load_pretrained() -> Model:
    """Open the model that comes with the package, once.

    Raises:
        ModelError: it is missing or damaged.
    """
    return open_pretrained()


def load_model(path: str | os.PathLike[str] | None = None) -> Model:
    """Open a trained model.

    TensorFlow is loaded only if a run was stopped before its model was exported.

    Args:
        path: the directory of a run, whose newest checkpoint is opened; that of one checkpoint; or
            a ``.tflite`` file that ``mnistcli export model`` wrote. By default, the model that
            comes with the package is opened.

    Raises:
        ModelError: there is no model, or it is damaged.
        DataError: the file can't be read.
    """
    if path is None:
        return load_pretrained()
    place = Path(path)
    if place.is_file():
        return open_file(place)
    if checkpoint := find_newest(place, Log()):
        return open_model(checkpoint, Log())
    raise ModelError(f"{place}: no trained model here; 'mnistcli train' makes one")


class Log:
    """The :class:`mnistcli.system.listener.Listener` of Python programs: the logger "mnistcli"."""

    def __init__(self) -> None:
        """Log messages, and no progress."""
        log = logging.getLogger("mnistcli")
        self.info, self.warn, self.error = log.info, log.warning, log.error

    @contextmanager
    def progress(
        self, label: str, total: int, unit: str, *, done: int = 0, log_every: int = 0
    ) -> Iterator[Advance]:
        """Show nothing."""
        yield ignore_progress
