"""NumPy's archives of arrays, ``.npz``, read with bounded memory."""

import io
import tokenize
import warnings
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import DataError
from mnistcli.system.files import MAX_FILE_BYTES

SUFFIX = ".npz"

MEMBER_SUFFIX = ".npy"
"""In an archive, an array is a file of this kind."""

MAX_ENTRIES = 100
"""Arrays of an archive; Keras's MNIST has four."""

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


def list_names(data: bytes, where: str) -> list[str]:
    """Return the names of an archive's arrays.

    Raises:
        DataError: it is damaged, or has too many.
    """
    if data.count(ENTRY_SIGNATURE) > MAX_ENTRIES:
        raise DataError(f"{where}: more than {MAX_ENTRIES} arrays")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except ARCHIVE_ERRORS as error:
        raise DataError(f"{where}: {error}") from error
    return [name.removesuffix(MEMBER_SUFFIX) for name in names if name.endswith(MEMBER_SUFFIX)]


def read(data: bytes, name: str, where: str) -> NDArray[Any]:
    """Return an array of an archive.

    Raises:
        DataError: the archive is damaged, or does not have the array, or it is no array of numbers
            or too large.
    """
    if name not in list_names(data, where):
        raise DataError(f"{where}: has no array {name}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = archive.getinfo(name + MEMBER_SUFFIX)
            if entry.compress_type not in ZIP_METHODS:
                raise ValueError(f"compressed by method {entry.compress_type}")
            if entry.file_size > MAX_FILE_BYTES:
                raise ValueError(f"larger than {MAX_FILE_BYTES >> 20} MiB")
            with archive.open(entry) as member:
                content = member.read(MAX_FILE_BYTES)
    except ARCHIVE_ERRORS as error:
        raise DataError(f"{where}: {name} can't be read: {error}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a header that Python 2 wrote
            array: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    except ARRAY_ERRORS as error:
        raise DataError(f"{where}: {name} is damaged, or no array of numbers") from error
    return array
