"""Where people have MNIST's files: as published, and as other programs and archives leave them."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from mnistcli.datasets import idx, npz
from mnistcli.errors import OtherDataError

FOLDERS = ("", "MNIST/raw", "raw")
"""Where torchvision stores the files below its root directory, and below ``MNIST/``."""

ARCHIVE = f"mnist{npz.SUFFIX}"
"""Keras's file, which has all four as arrays."""

ARRAYS = {
    "train-images-idx3-ubyte": "x_train",
    "train-labels-idx1-ubyte": "y_train",
    "t10k-images-idx3-ubyte": "x_test",
    "t10k-labels-idx1-ubyte": "y_test",
}
"""Names of the arrays in Keras's archive, by the names of MNIST's files."""


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
    yield directory if directory.suffix == npz.SUFFIX else directory / ARCHIVE


def extract(data: bytes, name: str, path: Path) -> bytes:
    """Return MNIST's file of a name, raw or compressed, from the data at one of its places.

    Raises:
        OtherDataError: the archive has an array that no IDX file can hold.
        DataError: the archive is damaged, or does not have the array.
    """
    if path.suffix != npz.SUFFIX:
        return data
    array = npz.read(data, ARRAYS[name], str(path))
    try:
        return idx.serialize(array)
    except ValueError as error:
        raise OtherDataError(f"{path}: {ARRAYS[name]}: {error}") from error
