"""Where people have MNIST's files: as published, and as other programs and archives leave them."""

import io
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np

from mnistcli.datasets import idx
from mnistcli.errors import DataError, OtherDataError
from mnistcli.system.files import MAX_FILE_BYTES

FOLDERS = ("", "MNIST/raw", "raw")
"""Where torchvision stores the files below its root directory, and below ``MNIST/``."""

ARCHIVE_SUFFIX = ".npz"

ARCHIVE = f"mnist{ARCHIVE_SUFFIX}"
"""Keras's file, which has all four as arrays."""

ARRAYS = {
    "train-images-idx3-ubyte": "x_train",
    "train-labels-idx1-ubyte": "y_train",
    "t10k-images-idx3-ubyte": "x_test",
    "t10k-labels-idx1-ubyte": "y_test",
}
"""Names of the arrays in Keras's archive, by the names of MNIST's files."""

MAX_ENTRIES = 100
"""Entries of an archive, of which Keras's has four."""

ENTRY_SIGNATURE = b"PK\x01\x02"
"""Begins each entry in the directory of a zip archive."""

ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How NumPy stores arrays. zipfile unpacks other methods without a limit."""

ARCHIVE_ERRORS = (
    *(EOFError, KeyError, NotImplementedError, OSError, RuntimeError, ValueError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What zipfile raises for damaged data."""

ARRAY_ERRORS = (EOFError, MemoryError, OSError, SyntaxError, ValueError, tokenize.TokenError)
"""What NumPy raises for damaged data, or for more than there is memory."""


def list_places(directory: Path, name: str) -> Iterator[Path]:
    """Return the paths at which a directory may hold MNIST's file of a name, the usual one first.

    The file is raw or compressed, under its name or with a dot in it, as on MNIST's home page
    (``train-images.idx3-ubyte``), maybe in a folder of its own, as archives unpack; or in Keras's
    archive, which may also be given in place of the directory.
    """
    dotted = name.replace("-idx", ".idx")
    files = (f"{name}.gz", name, f"{dotted}.gz", dotted)
    for folder, own, file in product(FOLDERS, ("", name, dotted), files):
        yield directory / folder / own / file
    yield directory if directory.suffix == ARCHIVE_SUFFIX else directory / ARCHIVE


def extract(data: bytes, name: str, path: Path) -> bytes:
    """Return MNIST's file of a name, raw or compressed, from the data at one of its places.

    Raises:
        OtherDataError: the archive has an array that no IDX file can hold.
        DataError: the archive is damaged, or does not have the array.
    """
    return _extract_array(data, ARRAYS[name], path) if path.suffix == ARCHIVE_SUFFIX else data


def _extract_array(data: bytes, name: str, path: Path) -> bytes:
    """Return an array of an archive as IDX."""
    if data.count(ENTRY_SIGNATURE) > MAX_ENTRIES:
        raise DataError(f"{path}: more than {MAX_ENTRIES} arrays")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = archive.getinfo(f"{name}.npy")
            if entry.compress_type not in ZIP_METHODS:
                raise ValueError(f"compressed by method {entry.compress_type}")
            with archive.open(entry) as member:
                content = member.read(MAX_FILE_BYTES)
    except ARCHIVE_ERRORS as error:
        raise DataError(f"{path}: {name} can't be read: {error}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a header that Python 2 wrote
            array = np.load(io.BytesIO(content), allow_pickle=False)
    except ARRAY_ERRORS as error:
        raise DataError(f"{path}: {name} is damaged, or no array of numbers") from error
    try:
        return idx.serialize(array)
    except ValueError as error:
        raise OtherDataError(f"{path}: {name}: {error}") from error
